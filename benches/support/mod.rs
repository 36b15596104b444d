//! What the measuring programs share: databases, a server in this process, the limits it is
//! held against, a load generator, a book to ask about, and tables of what came out.

// Each program uses a part of it.
#![allow(dead_code)]

pub mod bare;
pub mod beside;
pub mod data;
pub mod engine;
pub mod limit;
pub mod load;
pub mod made;
pub mod memory;
pub mod process;
pub mod recorder;
pub mod samples;
pub mod table;

/// How much to do, from the command line.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    pub quick: bool,
}

impl Effort {
    /// `--quick`, or everything. What the test runner adds is passed over.
    pub fn from_args() -> Self {
        Self { quick: std::env::args().any(|argument| argument == "--quick") }
    }

    pub fn rounds(self) -> usize {
        5
    }

    /// How long one candidate is under load in one round.
    pub fn window(self) -> std::time::Duration {
        std::time::Duration::from_millis(if self.quick { 500 } else { 1_500 })
    }
}

/// Whether something is to be measured: by the parts of names on the command line, if there are any.
pub fn is_wanted(name: &str) -> bool {
    let parts = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let parts: Vec<String> = parts.collect();
    parts.is_empty() || parts.iter().any(|part| name.contains(part))
}

/// Runs a program on a runtime like that of the service.
pub fn run(program: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(program);
}
