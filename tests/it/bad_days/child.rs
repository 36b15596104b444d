//! The service as a process that can be killed.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// A running `ballast serve`, killed when it is dropped.
pub struct Served {
    process: Process,
    pub address: String,
}

/// `ballast serve`, however far its start has come.
pub struct Process(Child);

/// `ballast serve` on a database, on a port of its own.
pub fn command(database_url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ballast"));
    command
        .args(["serve", "--insecure", "--listen", "127.0.0.1:0", "--log-level", "warn"])
        .env("BALLAST_DATABASE_URL", database_url)
        .env("BALLAST_DATABASE_POSTGRES_CONNECTIONS_MAX", "6")
        .env_remove("BALLAST_CONFIG")
        .stdin(Stdio::null());
    command
}

impl Served {
    /// Starts the server and waits until it listens.
    pub async fn start(database_url: &str) -> Self {
        let mut process = Process::spawn(database_url);
        let stdout = process.0.stdout.take().expect("a pipe");
        let first_line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).map(|_| line)
        });
        let line = tokio::time::timeout(Duration::from_secs(30), first_line).await;
        let line = line.expect("it listens in time").expect("read").expect("a line");
        let address = line.trim().strip_prefix("ballast listening on ").expect(&line).to_owned();
        Self { process, address }
    }

    /// Its number among the processes.
    pub fn process(&self) -> u32 {
        self.process.0.id()
    }

    /// `kill -9`, and gone when this returns.
    pub fn kill(self) {
        self.process.kill();
    }
}

impl Process {
    /// Starts the server, and waits for nothing.
    pub fn spawn(database_url: &str) -> Self {
        Self(command(database_url).stdout(Stdio::piped()).spawn().expect("spawned"))
    }

    /// `kill -9`, and gone when this returns.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be dead already; then there is nothing to wait for either.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs the server where it cannot run, to its end.
pub async fn refused(database_url: &str) -> Output {
    let mut command = command(database_url);
    tokio::task::spawn_blocking(move || command.output().expect("spawned")).await.expect("ended")
}
