//! A package of its own in a temporary directory, and what cargo does with it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use crate::usage;

/// The package's name: the same on every side, so that cargo has as much to print and to hash.
const NAME: &str = "hello";

/// A package outside of every workspace.
pub(super) struct Package {
    directory: PathBuf,
    source: PathBuf,
    target: PathBuf,
}

/// What a run of cargo took.
#[derive(Clone, Copy)]
pub(super) struct Took {
    pub(super) time: Duration,
    /// The CPU time of cargo and of all that it started.
    pub(super) cpu: Duration,
}

impl Package {
    /// Writes a package of one source file, with the versions that this repository is locked to, and downloads them.
    pub(super) fn new(directory: PathBuf, file: &str, source: &str, dependencies: &str) -> Self {
        let this = Self { source: directory.join(file), target: directory.join("target"), directory };
        let manifest = format!(
            "[package]\nname = \"{NAME}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [workspace]\n\n[dependencies]\n{dependencies}"
        );
        fs::create_dir_all(this.source.parent().expect("a source has a directory")).expect(WRITES);
        fs::write(this.directory.join("Cargo.toml"), manifest).expect(WRITES);
        fs::copy(repository().join("Cargo.lock"), this.directory.join("Cargo.lock")).expect(WRITES);
        fs::write(&this.source, source).expect(WRITES);
        this.cargo(&["fetch"]);
        this
    }

    /// Builds it and all that it depends on from nothing.
    pub(super) fn build_cold(&self) -> Took {
        if let Err(error) = fs::remove_dir_all(&self.target) {
            assert!(error.kind() == ErrorKind::NotFound, "what was built cannot be removed: {error}");
        }
        let (began, cpu) = (Instant::now(), usage::cpu_of_children());
        let said = self.cargo(&["build", "--offline"]);
        let took = Took { time: began.elapsed(), cpu: usage::cpu_of_children().saturating_sub(cpu) };
        // A first one and a last one: nothing was there before.
        assert!(said.err.contains("Compiling libc ") && said.err.contains(&format!("Compiling {NAME} ")));
        took
    }

    /// Checks it once more, and nothing that it depends on if that was checked before.
    pub(super) fn check_again(&self) -> Duration {
        let source = File::options().append(true).open(&self.source).expect("the source is there");
        source.set_modified(SystemTime::now()).expect("its time can be set");
        let began = Instant::now();
        let said = self.cargo(&["check", "--offline"]);
        let took = began.elapsed();
        assert!(said.err.contains(&format!("Checking {NAME} ")), "it was checked again");
        assert!(!said.err.contains("warning"), "what is declared is as the lints like it: {}", said.err);
        took
    }

    /// The crates that are compiled for this machine, itself among them, as `name v1.2.3`.
    pub(super) fn crates(&self) -> BTreeSet<String> {
        let said = self.cargo(&["tree", "--offline", "--prefix", "none", "--edges", "normal,build"]);
        let name_and_version = |line: &str| {
            let mut words = line.split(' ');
            Some(format!("{} {}", words.next()?, words.next()?))
        };
        said.out.lines().filter_map(name_and_version).collect()
    }

    /// Runs cargo, and gives back what it says.
    fn cargo(&self, arguments: &[&str]) -> Said {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .current_dir(&self.directory)
            .args(arguments)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_TERM_COLOR", "never")
            // Nothing between cargo and the compiler that could have kept a result.
            .env("RUSTC_WRAPPER", "")
            .env("RUSTC_WORKSPACE_WRAPPER", "");
        let output = cargo.output().expect("cargo starts");
        let said = Said {
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        assert!(output.status.success(), "cargo {arguments:?} ends with {}:\n{}", output.status, said.err);
        said
    }
}

/// What cargo has printed.
struct Said {
    out: String,
    err: String,
}

/// The directory of this repository.
pub(super) fn repository() -> &'static Path {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    directory.expect("this package is two directories below")
}

const WRITES: &str = "a temporary directory can be written";
