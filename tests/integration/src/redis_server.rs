//! A Redis server of a test's own, which it can kill, freeze, restart and empty.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Once, mpsc};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use tempfile::TempDir;

/// While this is set, a test that finds no `redis-server` fails.
pub const REQUIRED: &str = "WECHAT_TESTS_REQUIRE_REDIS";

/// How long a server may take to be ready: far more than it takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many ports are tried. Others look for some at the same time.
const PORTS_TRIED: usize = 20;

/// The ports of these servers. No connection out is given one of them while its server is down.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// By what the server is asked and told things past the settings of a test.
const ADMIN: (&str, &str) = ("admin-of-the-tests", "admin-password");

/// That it was said what is skipped.
static SAID: Once = Once::new();

/// A server of this test's own with the usual settings: it keeps nothing on disk. `None` where none is installed, which
/// is said in one line, unless [`REQUIRED`] is set.
pub fn start() -> Option<RedisServer> {
    with().start()
}

/// A server with settings: go on with [`start`](Settings::start).
pub fn with() -> Settings {
    Settings::default()
}

/// What is special about a server.
#[derive(Default)]
#[must_use = "there is no server until it is started"]
pub struct Settings {
    lines: Vec<String>,
    password: Option<String>,
    tls: bool,
}

impl Settings {
    /// It writes each change to disk before it answers, and has it again after a restart.
    pub fn appendonly(self) -> Self {
        self.line("appendonly yes").line("appendfsync always")
    }

    /// It is asked for this password.
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self.line(format!("requirepass {password}"))
    }

    /// It has this user besides, with rules such as `on >password ~* +@all`.
    pub fn user(self, name: &str, rules: &str) -> Self {
        self.line(format!("user {name} {rules}"))
    }

    /// It speaks TLS on a port of its own, by a certificate for `localhost` of an authority of this test's own.
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Any other line of its configuration.
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// Starts it, and waits until it answers.
    pub fn start(self) -> Option<RedisServer> {
        let Some(program) = program() else {
            assert!(
                std::env::var_os(REQUIRED).is_none(),
                "{REQUIRED} is set, and no redis-server is on PATH"
            );
            SAID.call_once(|| {
                let line = format!("skipped: the tests on Redis, because no redis-server is on PATH ({REQUIRED}=1 forbids it)\n");
                // Past what catches the output of tests that pass.
                let _ = std::io::stderr().write_all(line.as_bytes());
            });
            return None;
        };
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let authority = self.tls.then(|| write_certificates(&directory));
        let mut server =
            RedisServer { program, directory, settings: self, port: 0, tls_port: 0, authority, child: None };
        for _ in 0..PORTS_TRIED {
            server.port = fastrand::u16(PORTS);
            server.tls_port = fastrand::u16(PORTS);
            if server.spawned().is_ok() {
                return Some(server);
            }
        }
        panic!("no redis-server could be started: {}", server.spawned().unwrap_err());
    }
}

/// A Redis server of a test's own. It is killed when this is dropped, also by a test that panics.
pub struct RedisServer {
    program: PathBuf,
    directory: TempDir,
    settings: Settings,
    port: u16,
    tls_port: u16,
    authority: Option<String>,
    child: Option<Child>,
}

impl RedisServer {
    /// `redis://127.0.0.1:port`, with the password if it is asked for one.
    pub fn url(&self) -> String {
        match &self.settings.password {
            Some(password) => self.url_of("", password),
            None => format!("redis://127.0.0.1:{}", self.port),
        }
    }

    /// The URL of one of its users.
    pub fn url_of(&self, user: &str, password: &str) -> String {
        format!("redis://{user}:{password}@127.0.0.1:{}", self.port)
    }

    /// `rediss://localhost:port`.
    pub fn tls_url(&self) -> String {
        format!("rediss://localhost:{}", self.tls_port)
    }

    /// The certificate of the authority that vouches for it, as PEM.
    pub fn authority(&self) -> &str {
        self.authority.as_deref().expect("it was started with TLS")
    }

    /// Its own certificate and private key, as PEM: good for a client that is asked for one, too.
    pub fn host_certificate(&self) -> (String, String) {
        let read = |name| {
            std::fs::read_to_string(self.directory.path().join(name)).expect("it was started with TLS")
        };
        (read("host.pem"), read("host.key"))
    }

    /// The port, which stays the same when it is restarted.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills it (SIGKILL), and waits until it is gone. Also where it is frozen.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again after [`kill`](Self::kill), on the same port and with the same directory, and waits until it answers.
    pub fn restart(&mut self) {
        self.kill();
        self.spawned().unwrap_or_else(|log| panic!("redis-server does not start again: {log}"));
    }

    /// Stops it (SIGSTOP), and waits until it stands still: its connections stay open, and nothing is answered.
    pub fn freeze(&self) {
        kill_process(self.pid(), Signal::STOP).expect("it runs");
        waitpid(Some(self.pid()), WaitOptions::UNTRACED).expect("it stops");
    }

    /// Has it go on after [`freeze`](Self::freeze).
    pub fn resume(&self) {
        kill_process(self.pid(), Signal::CONT).expect("it runs");
    }

    /// Empties it (FLUSHALL), of its scripts, too.
    pub fn flush(&self) {
        let _: () = self.tell(&["FLUSHALL"]);
        let _: () = self.tell(&["SCRIPT", "FLUSH"]);
    }

    /// All that it has on disk.
    pub fn files(&self) -> Vec<u8> {
        fn read(directory: &Path, bytes: &mut Vec<u8>) {
            for entry in std::fs::read_dir(directory).expect("it can be read").map_while(Result::ok) {
                if entry.path().is_dir() {
                    read(&entry.path(), bytes);
                } else if entry.path().is_file() {
                    bytes.extend(std::fs::read(entry.path()).expect("it can be read"));
                }
            }
        }
        let mut bytes = Vec::new();
        read(self.directory.path(), &mut bytes);
        bytes
    }

    /// Gives it a command as its administrator, past the settings of the test.
    pub fn tell<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        self.query(&command).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    /// As [`tell`](Self::tell), for a command with bytes in it.
    pub fn query<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> redis::RedisResult<T> {
        command.query(&mut self.admin())
    }

    /// A connection of its administrator's.
    pub fn admin(&self) -> redis::Connection {
        let socket = self.directory.path().join("admin.sock");
        let (user, password) = ADMIN;
        let url = format!("redis+unix://{}?user={user}&pass={password}", socket.display());
        let client = redis::Client::open(url).expect("it is a URL");
        let connection = client.get_connection_with_timeout(PATIENCE).expect("its administrator can connect");
        connection.set_read_timeout(Some(PATIENCE)).expect("it can be limited");
        connection
    }

    fn pid(&self) -> Pid {
        Pid::from_child(self.child.as_ref().expect("it runs"))
    }

    /// Spawns it, and waits until it is ready; or answers with what it has said before it ended.
    fn spawned(&mut self) -> Result<(), String> {
        let settings = self.directory.path().join("redis.conf");
        std::fs::write(&settings, self.configuration()).expect("its settings can be written");
        let mut command = Command::new(&self.program);
        command.arg(settings).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("redis-server can be run");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        self.child = Some(child);
        let (tx, lines) = mpsc::channel();
        // Ends with the process. What it says later is read and forgotten, so that it can say it.
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).for_each(|line| drop(tx.send(line)));
        });
        let mut log = String::new();
        while let Ok(line) = lines.recv_timeout(PATIENCE) {
            if line.contains("Ready to accept connections") {
                return Ok(());
            }
            let _ = writeln!(log, "{line}");
        }
        self.kill();
        Err(log)
    }

    fn configuration(&self) -> String {
        let directory = self.directory.path().display();
        let (admin, admin_password) = ADMIN;
        let mut lines = format!(
            "port {}\nbind 127.0.0.1\ndir {directory}\nsave \"\"\nappendonly no\ndaemonize no\n\
             unixsocket {directory}/admin.sock\nuser {admin} on >{admin_password} ~* &* +@all\n",
            self.port
        );
        if self.settings.tls {
            let _ = write!(
                lines,
                "tls-port {}\ntls-cert-file {directory}/host.pem\ntls-key-file {directory}/host.key\n\
                 tls-ca-cert-file {directory}/authority.pem\ntls-auth-clients no\n",
                self.tls_port
            );
        }
        // The later line of two counts.
        self.settings.lines.iter().fold(lines, |lines, line| lines + line + "\n")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where the server is on PATH.
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join("redis-server")).find(|file| file.is_file())
}

/// Writes the certificate of a host that a new authority vouches for; answers with the authority's.
fn write_certificates(directory: &TempDir) -> String {
    let mut params = CertificateParams::default();
    // Of two certificates with one name, each is taken for the one that vouches for itself.
    params.distinguished_name.push(DnType::CommonName, "the authority of a test");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let host = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let host = host.signed_by(&key, &authority).unwrap();
    let vouches = pem("CERTIFICATE", authority.der());
    let files = [
        ("authority.pem", vouches.clone()),
        ("host.pem", pem("CERTIFICATE", host.der())),
        ("host.key", pem("PRIVATE KEY", &key.serialize_der())),
    ];
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).expect("a certificate can be written");
    }
    vouches
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        let _ = writeln!(pem, "{}", String::from_utf8_lossy(line));
    }
    pem + &format!("-----END {label}-----\n")
}
