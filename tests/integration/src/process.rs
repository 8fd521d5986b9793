//! A process that a test spawns, tells what to do and ends.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

#[cfg(unix)]
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// How long a test waits for anything: far more than all of it takes, so that only what hangs is cut off.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A process of one of this package's programs. It is killed when this is dropped, also by a test that panics.
pub struct Process {
    name: String,
    child: Child,
    /// It ends with its standard input.
    input: Option<ChildStdin>,
    lines: mpsc::UnboundedReceiver<String>,
    told: String,
}

impl Process {
    /// Starts a program, and tells it the first thing.
    pub fn start(program: &str, settings: &impl Serialize) -> Self {
        Self::start_by(Command::new(program), program, settings)
    }

    /// As [`start`](Self::start), by a command that becomes the program.
    pub fn start_by(mut command: Command, program: &str, settings: &impl Serialize) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{program} does not start: {error}"));
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (tx, lines) = mpsc::unbounded_channel();
        // Ends with the process.
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| tx.send(line).ok());
        });
        let name = program.rsplit(['/', '\\']).next().unwrap_or(program).to_owned();
        let input = child.stdin.take();
        let mut this = Self { name, child, input, lines, told: String::new() };
        this.tell(settings);
        this
    }

    /// Tells it something, and does not wait.
    pub fn tell(&mut self, order: &impl Serialize) {
        self.told = serde_json::to_string(order).expect("an order can be written as JSON");
        let input = self.input.as_mut().expect("its standard input is open until it ends");
        let sent = writeln!(input, "{}", self.told).and_then(|()| input.flush());
        sent.unwrap_or_else(|error| panic!("{} takes no orders any more: {error}", self.name));
    }

    /// The next thing that it says.
    pub async fn says<T: DeserializeOwned>(&mut self) -> T {
        let (name, told) = (&self.name, &self.told);
        let line = timeout(PATIENCE, self.lines.recv()).await;
        let line = line.unwrap_or_else(|_| panic!("{name} says nothing within {PATIENCE:?} to {told}"));
        let line = line.unwrap_or_else(|| panic!("{name} ended without an answer to {told}"));
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{name} says {line}: {error}"))
    }

    /// Tells it something, and waits for the answer.
    pub async fn ask<T: DeserializeOwned>(&mut self, order: &impl Serialize) -> T {
        self.tell(order);
        self.says().await
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, and answers with what else it has said until then; less the last line, where that is not whole.
    pub async fn last_words<T: DeserializeOwned>(mut self) -> Vec<T> {
        self.kill();
        let mut words = Vec::new();
        while let Some(line) = self.lines.recv().await {
            words.extend(serde_json::from_str(&line).ok());
        }
        words
    }

    /// Kills it, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Stops it where it is, as by `SIGSTOP`, and waits until it stands still.
    #[cfg(unix)]
    pub fn freeze(&self) {
        signal(&self.child, Signal::STOP);
        let stands = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(Pid::from_child(&self.child)), stands).expect("it is a child of this process");
    }

    /// Lets it go on.
    #[cfg(unix)]
    pub fn resume(&self) {
        signal(&self.child, Signal::CONT);
    }

    /// Waits until it has ended by itself.
    pub async fn ended(mut self) -> ExitStatus {
        // What it says ends when it does.
        let silence = async { while self.lines.recv().await.is_some() {} };
        timeout(PATIENCE, silence).await.unwrap_or_else(|_| panic!("{} does not end", self.name));
        self.child.wait().expect("it can be waited for")
    }

    /// Closes its standard input, with which it ends.
    pub async fn end(mut self) -> ExitStatus {
        drop(self.input.take());
        self.ended().await
    }
}

/// Sends a signal to a process that has not been waited for.
#[cfg(unix)]
fn signal(child: &Child, signal: Signal) {
    let sent = rustix::process::kill_process(Pid::from_child(child), signal);
    sent.unwrap_or_else(|error| panic!("a process takes no signal: {error}"));
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
