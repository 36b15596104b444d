//! `ballast report`: answers of the service, printed.

mod aging;

/// What to report.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Report {
    /// What is owed by how long it is overdue, per currency.
    Aging(aging::Args),
}

pub(super) async fn run(report: Report) -> Result<(), String> {
    match report {
        Report::Aging(args) => aging::run(args).await,
    }
}
