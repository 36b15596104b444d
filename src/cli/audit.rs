//! `ballast audit verify`.

use std::process::ExitCode;

use super::options::{Opened, Options};
use crate::cli::say::say;
use crate::ctx::Ctx;
use crate::store::{AuditCheck, ChainEnd};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Audit {
    /// Recompute the chain of the audit: exit status 1 if a row was changed, taken out or added.
    Verify(Args),
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where the chain ended when it was verified before, as this command says it: whoever keeps that
    /// elsewhere finds out if all of the chain was made anew since.
    #[arg(long, value_name = "POSITION:HASH", value_parser = known_end)]
    known: Option<ChainEnd>,
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Output {
    Text,
    Json,
}

fn known_end(text: &str) -> Result<ChainEnd, String> {
    let parts = text.split_once(':').and_then(|(position, hash)| {
        let position = position.parse().ok().filter(|position| *position > 0)?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        is_hash.then(|| ChainEnd { position, hash: hash.to_ascii_lowercase() })
    });
    parts.ok_or_else(|| "must be a position and 64 hexadecimal digits, as 17:0f3a…".to_owned())
}

pub(super) async fn run(command: Audit) -> Result<ExitCode, String> {
    let Audit::Verify(Args { known, output, options }) = command;
    let Opened { clock, store, url, .. } = options.open_read_only().await?;
    let looked = store.verify_audit(&Ctx::system(clock), known).await;
    store.close().await;
    let looked = looked.map_err(|e| format!("cannot read the database {url}: {e}"))?;
    match output {
        Output::Text => print(&looked),
        Output::Json => {
            say!("{}", serde_json::to_string_pretty(&looked).map_err(|e| e.to_string())?);
        }
    }
    Ok(if looked.check.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(AuditCheck { check, end }: &AuditCheck) {
    for example in &check.examples {
        say!("{example}");
    }
    let more = check.differences - check.examples.len() as i64;
    if more > 0 {
        say!("and {more} more");
    }
    let (sealed, differences) = (check.checked, check.differences);
    say!("{sealed} sealed rows, {differences} differences");
    if end.position > 0 {
        say!("the chain ends at {}:{}", end.position, end.hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_chain_is_read_as_it_is_said() {
        let hash = "0F".repeat(32);
        let end = ChainEnd { position: 17, hash: hash.to_ascii_lowercase() };
        assert_eq!(known_end(&format!("17:{hash}")), Ok(end));
        for wrong in ["", "17", "0:", &format!("0:{hash}"), "17:0f", &format!("x:{hash}")] {
            assert!(known_end(wrong).is_err(), "{wrong}");
        }
    }
}
