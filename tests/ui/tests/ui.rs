//! Runs the cases: `pass/*.rs` compile and run, `fail/*.rs` give the messages beside them.

#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

/// The compiler whose words the `.stderr` files hold.
const COMPILER: &str = "1.95.0";

/// Set where this program runs itself to overwrite copies of the `.stderr` files.
const UNCOMPARED: &str = "WECHAT_UI_UNCOMPARED";

#[test]
fn what_is_right_compiles() {
    trybuild::TestCases::new().pass("pass/*.rs");
}

#[test]
fn what_is_wrong_is_explained() {
    if let Some(copies) = env::var_os(UNCOMPARED) {
        trybuild::TestCases::new().compile_fail(Path::new(&copies).join("*.rs"));
        return;
    }
    let compiler = compiler();
    if compiler == COMPILER {
        trybuild::TestCases::new().compile_fail("fail/*.rs");
    } else {
        fail_without_comparing(&compiler);
    }
}

/// The version of the compiler that builds the cases.
fn compiler() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    line.split_whitespace().nth(1).unwrap_or_default().to_owned()
}

/// Each compiler words its messages in its own way; with another one, the cases must still not compile.
fn fail_without_comparing(compiler: &str) {
    let copies = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("uncompared");
    let cases = copy_cases(&copies);
    let notice = format!(
        "\nthe messages of {cases} fail cases are NOT compared: they are those of rustc {COMPILER}, and this is \
         rustc {compiler}; that the cases do not compile is checked\n\n"
    );
    // not by a macro: the test harness would keep the line of a test that passes
    io::stderr().write_all(notice.as_bytes()).unwrap();
    // trybuild compares, unless it is told to write, which it does beside the copies
    let status = Command::new(env::current_exe().unwrap())
        .args(["--exact", "what_is_wrong_is_explained"])
        .env(UNCOMPARED, &copies)
        .env("TRYBUILD", "overwrite")
        .status()
        .unwrap();
    assert!(status.success(), "a case that must not compile does");
}

fn copy_cases(copies: &Path) -> usize {
    if copies.exists() {
        fs::remove_dir_all(copies).unwrap();
    }
    fs::create_dir_all(copies).unwrap();
    let mut cases = 0;
    for case in fs::read_dir("fail").unwrap() {
        let case = case.unwrap().path();
        if case.extension().is_some_and(|extension| extension == "rs") {
            fs::copy(&case, copies.join(case.file_name().unwrap())).unwrap();
            cases += 1;
        }
    }
    cases
}
