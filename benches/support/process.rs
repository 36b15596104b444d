//! The service as a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tonic::Code;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::engine::channel;

/// The `ballast` of this build.
pub const BINARY: &str = env!("CARGO_BIN_EXE_ballast");

/// A server that was started; ended when it is dropped.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    /// From the start of the process until its health said SERVING.
    pub until_serving: Duration,
}

impl Process {
    /// Starts `ballast serve` and waits until it serves.
    pub async fn serve(database_url: &str) -> Self {
        Self::serve_of(BINARY, database_url).await
    }

    /// As [`Process::serve`], of another release of it.
    pub async fn serve_of(binary: impl AsRef<OsStr>, database_url: &str) -> Self {
        let start = Instant::now();
        let mut child = Command::new(binary)
            .args(["serve", "--insecure", "--listen", "127.0.0.1:0"])
            .args(["--database-url", database_url, "--log-level", "error"])
            .env("BALLAST_SERVER_SHUTDOWN_NOTICE_MS", "0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let line = output.lines().next().expect("it says where it listens").expect("text");
        let (_, address) = line.rsplit_once('/').expect("an address");
        let address = address.parse().expect("an address");
        let mut process = Self { child, address, until_serving: Duration::ZERO };
        process.wait_until_serving().await;
        process.until_serving = start.elapsed();
        process
    }

    async fn wait_until_serving(&self) {
        let mut health = HealthClient::new(channel(self.address).await);
        loop {
            match health.check(HealthCheckRequest::default()).await {
                Ok(answer) if answer.get_ref().status == ServingStatus::Serving as i32 => return,
                Ok(_) => tokio::time::sleep(Duration::from_millis(1)).await,
                Err(status) if status.code() == Code::Unavailable => {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                Err(status) => panic!("health: {status}"),
            }
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it in order.
    pub async fn end(mut self) {
        let asked = Command::new("kill").arg(self.id().to_string()).status();
        assert!(asked.is_ok_and(|status| status.success()), "asked to end");
        while self.child.try_wait().expect("its own child").is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Ended already, if all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How long the machine takes to start a process that does nothing.
pub fn start_of_nothing() -> Duration {
    let start = Instant::now();
    let done = Command::new(BINARY).arg("--version").stdout(Stdio::null()).status();
    assert!(done.is_ok_and(|status| status.success()), "--version");
    start.elapsed()
}
