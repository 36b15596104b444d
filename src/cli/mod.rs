//! The command line: one file per command. A command parses, calls the library and prints;
//! it decides nothing.

mod audit;
mod calendar;
mod config;
pub mod demo;
mod descriptors;
pub mod dynamic;
mod export;
mod healthcheck;
mod import;
mod migrate;
mod options;
mod report;
mod say;
mod serve;
mod server;
mod verify;

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
    /// Try it out: serve a made-up company, ask the usual questions and show how.
    Demo(demo::Args),
    /// Serve the API until SIGTERM or SIGINT.
    Serve(serve::Args),
    /// Print the configuration as it is in force, with where each setting comes from, and check it.
    Config(config::Args),
    /// Ask a running server whether it serves: exit status 0 if so, else 1.
    Healthcheck(healthcheck::Args),
    /// Write the contract as a file of descriptors, with the messages that its errors carry: for proxies
    /// and tools that ask no server for them.
    Descriptors(descriptors::Args),
    /// Bring the schema of the database up to date, and nothing else.
    Migrate(migrate::Args),
    /// Import documents or records of people from CSV and XLSX files, here or through a server.
    Import(import::Args),
    /// Write lists of accounts, of people and of what was between them, as an import reads them.
    Export(export::Args),
    /// Make a work calendar from files of the days that are not as their weekday.
    Calendar(calendar::Args),
    /// Print a report; reads only, also beside a running server.
    #[command(subcommand)]
    Report(report::Report),
    /// Rebuild what is derived from the ledger and compare: exit status 1 if anything differs.
    Verify(verify::Args),
    /// Look at the audit.
    #[command(subcommand)]
    Audit(audit::Audit),
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
            Command::Demo(args) => demo::run(args).await.map(|()| ExitCode::SUCCESS),
            Command::Serve(args) => serve::run(args).await.map(|()| ExitCode::SUCCESS),
            Command::Config(args) => config::run(args).map(|()| ExitCode::SUCCESS),
            Command::Healthcheck(args) => healthcheck::run(args).await.map(|()| ExitCode::SUCCESS),
            Command::Descriptors(args) => descriptors::run(&args).map(|()| ExitCode::SUCCESS),
            Command::Migrate(args) => migrate::run(args).await.map(|()| ExitCode::SUCCESS),
            Command::Import(args) => import::run(args).await,
            Command::Export(args) => export::run(args).await,
            Command::Calendar(args) => calendar::run(args).await,
            Command::Report(report) => report::run(report).await.map(|()| ExitCode::SUCCESS),
            Command::Verify(args) => verify::run(args).await,
            Command::Audit(command) => audit::run(command).await,
        }
    });
    match done {
        Ok(code) => code,
        Err(message) => fail(&message),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("ballast: {message}");
    ExitCode::FAILURE
}
