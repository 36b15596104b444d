//! What this process logs, in memory.

use std::io;
use std::sync::{Mutex, Once};

use tracing_subscriber::EnvFilter;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().expect("whole").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps what is logged from now on, in more detail than anybody runs a server with.
pub fn keep() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        // The clients of a test are in this process too, and no part of the server.
        let filter = EnvFilter::new("trace,h2=off,hyper=off,hyper_util=off,tower=off,tonic=off");
        let lines = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
        lines.with_writer(|| Lines).init();
    });
}

/// Lines with this text.
pub fn with(text: &str) -> Vec<String> {
    let kept = LINES.lock().expect("whole");
    let kept = String::from_utf8_lossy(&kept);
    kept.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
}
