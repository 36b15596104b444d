//! Memory of a process: what it allocated, without the pages of mapped files.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Watches the anonymous memory of a process until it is asked for the peak.
pub struct Peak {
    stop: Arc<AtomicBool>,
    highest: Arc<AtomicU64>,
    watcher: JoinHandle<()>,
}

impl Peak {
    pub fn watch(process: u32) -> Self {
        let (stop, highest) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, top) = (stop.clone(), highest.clone());
        let watcher = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                top.fetch_max(status(process, "RssAnon:"), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        Self { stop, highest, watcher }
    }

    /// The most it was, in MiB.
    pub fn finish(self) -> f64 {
        self.stop.store(true, Ordering::Relaxed);
        self.watcher.join().expect("the watcher ends when told");
        mib(self.highest.load(Ordering::Relaxed))
    }
}

/// All resident memory of a process in MiB, mapped files included.
pub fn resident_mib(process: u32) -> f64 {
    mib(status(process, "VmRSS:"))
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

fn status(process: u32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
