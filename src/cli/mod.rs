//! The command line: one file per command. A command parses, calls the library and prints;
//! it decides nothing.

mod healthcheck;
mod options;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Key accounts and what they owe: a gRPC service for ERP and finance systems.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API until SIGTERM or SIGINT.
    Serve(serve::Args),
    /// Ask a running server whether it serves: exit status 0 if so, else 1.
    Healthcheck(healthcheck::Args),
}

/// Runs the command the process was started with.
pub fn run() -> ExitCode {
    let Cli { command } = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("no threads to work with: {error}")),
    };
    let done = runtime.block_on(async {
        match command {
            Command::Serve(args) => serve::run(args).await,
            Command::Healthcheck(args) => healthcheck::run(args).await,
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("ballast: {message}");
    ExitCode::FAILURE
}
