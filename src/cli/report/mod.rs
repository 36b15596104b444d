//! `ballast report`: answers of the service, printed.

mod aging;
mod portfolio;
mod power_map;

/// What to report.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Report {
    /// What is owed by how long it is overdue, per currency.
    Aging(aging::Args),
    /// On how few customers revenue and receivables rest, and a picture of it.
    Portfolio(portfolio::Args),
    /// Who moves whom at a customer, how those who decide are reached, and a picture of it.
    PowerMap(power_map::Args),
}

pub(super) async fn run(report: Report) -> Result<(), String> {
    match report {
        Report::Aging(args) => aging::run(args).await,
        Report::Portfolio(args) => portfolio::run(args).await,
        Report::PowerMap(args) => power_map::run(args).await,
    }
}
