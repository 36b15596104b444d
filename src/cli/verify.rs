//! `ballast verify`.

use std::process::ExitCode;

use comfy_table::{CellAlignment, Table};

use super::options::{Opened, Options};
use crate::cli::say::say;
use crate::ctx::Ctx;
use crate::store::Check;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Output {
    Table,
    Json,
}

pub(super) async fn run(args: Args) -> Result<ExitCode, String> {
    let Opened { clock, store, url, .. } = args.options.open_read_only().await?;
    let checks = store.verify(&Ctx::system(clock)).await;
    store.close().await;
    let checks = checks.map_err(|e| format!("cannot read the database {url}: {e}"))?;
    match args.output {
        Output::Table => print_table(&checks),
        Output::Json => {
            say!("{}", serde_json::to_string_pretty(&checks).map_err(|e| e.to_string())?);
        }
    }
    let all_hold = checks.iter().all(Check::holds);
    Ok(if all_hold { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_table(checks: &[Check]) {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    table.set_header(vec!["check", "looked at", "differences"]);
    for check in checks {
        table.add_row(vec![
            check.name.to_owned(),
            check.checked.to_string(),
            check.differences.to_string(),
        ]);
    }
    for column in 1..=2 {
        if let Some(numbers) = table.column_mut(column) {
            numbers.set_cell_alignment(CellAlignment::Right);
        }
    }
    say!("{table}");
    for check in checks.iter().filter(|check| !check.holds()) {
        say!("{}:", check.name);
        for example in &check.examples {
            say!("  {example}");
        }
        let more = check.differences - check.examples.len() as i64;
        if more > 0 {
            say!("  and {more} more");
        }
    }
}
