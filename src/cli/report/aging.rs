//! `ballast report aging`.

use chrono::{DateTime, NaiveDate, Utc};
use comfy_table::{CellAlignment, Table};
use serde_json::json;

use crate::app;
use crate::cli::options::Options;
use crate::cli::say::say;
use crate::ctx::{Clock, Ctx};
use crate::domain::aging::{self, Aging, Basis, Edges};
use crate::domain::dates::BusinessDayConvention;
use crate::domain::error::Error;
use crate::domain::ledger::{LedgerPoint, Narrow, PointQuery, Scope};
use crate::domain::money::{Currency, digits};
use crate::domain::names;
use crate::domain::receivables::{AgingAnswer, AgingQuery};
use crate::service::receivables::Receivables;
use crate::store::Store;
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The day it describes (YYYY-MM-DD) [default: the business date].
    #[arg(long, value_name = "DATE")]
    as_of: Option<NaiveDate>,
    /// Only what was recorded by this instant (RFC 3339) [default: everything].
    #[arg(long, value_name = "TIME")]
    known_at: Option<DateTime<Utc>>,
    /// One account: its id, or SYSTEM~ID.
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// One company.
    #[arg(long, value_name = "CODE")]
    company: Option<String>,
    /// One currency.
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Last days of the buckets.
    #[arg(long, value_delimiter = ',', value_name = "DAYS", default_value = "30,60,90,120")]
    edges: Vec<i32>,
    /// The date that ages are counted from.
    #[arg(long, value_enum, default_value_t = From::Due)]
    basis: From,
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum From {
    Due,
    Document,
    Posting,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Output {
    Table,
    Json,
    Csv,
}

pub(super) async fn run(args: Args) -> Result<(), String> {
    let query = args.query().map_err(told)?;
    let config = args.options.load(Vec::new())?;
    telemetry::init(&config.log);
    let clock = Clock::system(config.business.time_zone);
    let url = config.database.url.redacted();
    let store = Store::connect_read_only(&config.database, clock.clone())
        .await
        .map_err(|e| format!("cannot open the database {url}: {e}"))?;
    let settings = app::settings(&config).map_err(|e| e.to_string())?;
    let ctx = Ctx::system(clock);
    let answer = async {
        let (basis, edges) = (query.basis, query.edges.clone());
        let answer = Receivables::new(store.clone(), settings).aging(&ctx, query).await?;
        Ok::<_, Error>((answer, Columns::new(basis, &edges)))
    };
    let answer = answer.await;
    store.close().await;
    let (answer, columns) = answer.map_err(|e| format!("{e} ({})", e.reason()))?;
    match args.output {
        Output::Table => columns.print_table(&answer),
        Output::Json => columns.print_json(&answer)?,
        Output::Csv => columns.print_csv(&answer)?,
    }
    Ok(())
}

impl Args {
    fn query(&self) -> Result<AgingQuery, Error> {
        let scope = match &self.account {
            None => Scope::Book,
            Some(id) => {
                let name =
                    if id.starts_with("accounts/") { id.clone() } else { names::account_name(id) };
                Scope::Account(names::parse_account("--account", &name)?)
            }
        };
        let currency = self.currency.as_deref().map(|code| {
            Currency::parse(code).ok_or_else(|| {
                let reason = crate::domain::error::Reason::CurrencyUnknown;
                Error::invalid("--currency", reason, format!("{code} is not a currency"))
            })
        });
        Ok(AgingQuery {
            scope,
            point: PointQuery {
                as_of: self.as_of,
                known_at: self.known_at.map(|instant| instant.timestamp_micros()),
            },
            narrow: Narrow { company_code: self.company.clone(), currency: currency.transpose()? },
            basis: match self.basis {
                From::Due => Basis::DueDate,
                From::Document => Basis::DocumentDate,
                From::Posting => Basis::PostingDate,
            },
            edges: Edges::new("--edges", &self.edges)?,
            convention: BusinessDayConvention::None,
            display_currency: None,
        })
    }
}

fn told(error: Error) -> String {
    error.to_string()
}

/// The columns of one report, and their amounts in an answer.
struct Columns {
    headings: Vec<String>,
    has_not_due: bool,
}

impl Columns {
    fn new(basis: Basis, edges: &Edges) -> Self {
        let has_not_due = basis == Basis::DueDate;
        let mut headings = Vec::new();
        if has_not_due {
            headings.push("not due".to_owned());
        }
        headings.extend(aging::labels(basis, edges));
        headings.extend(
            ["retention", "due pending", "bills", "unapplied cash", "open credits", "balance"]
                .map(str::to_owned),
        );
        Self { headings, has_not_due }
    }

    fn amounts(&self, aging: &Aging) -> Vec<i128> {
        let mut amounts = Vec::with_capacity(self.headings.len());
        if self.has_not_due {
            amounts.push(aging.not_due);
        }
        amounts.extend(&aging.buckets);
        amounts.extend([
            aging.retention,
            aging.due_pending,
            aging.bills,
            aging.unapplied_cash,
            aging.open_credits,
            aging.balance(),
        ]);
        amounts
    }

    fn rows(&self, answer: &AgingAnswer) -> Vec<Vec<String>> {
        let row = |(currency, aging): &(Currency, Aging)| {
            let amounts = self.amounts(aging).into_iter().map(|minor| digits(minor, *currency));
            [currency.code().to_owned(), aging.items().to_string()]
                .into_iter()
                .chain(amounts)
                .collect()
        };
        answer.currencies.iter().map(row).collect()
    }

    fn header(&self) -> Vec<String> {
        let first = ["currency", "items"].map(str::to_owned);
        first.into_iter().chain(self.headings.iter().cloned()).collect()
    }

    fn print_table(&self, answer: &AgingAnswer) {
        let mut table = Table::new();
        table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
        table.set_header(self.header());
        for row in self.rows(answer) {
            table.add_row(row);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        say!("{}\n{table}", heading(&answer.point));
        for check in &answer.control_totals {
            let difference = i128::from(check.ledger_balance) - i128::from(check.control_total);
            say!(
                "control total of {:?} on {}: {} {}, difference {}",
                check.company_code,
                check.date,
                digits(check.control_total.into(), check.currency),
                check.currency,
                digits(difference, check.currency),
            );
        }
    }

    fn print_json(&self, answer: &AgingAnswer) -> Result<(), String> {
        let row = |(currency, aging): &(Currency, Aging)| {
            let amounts = self.amounts(aging).into_iter().map(|minor| digits(minor, *currency));
            let columns: serde_json::Map<_, _> =
                self.headings.iter().cloned().zip(amounts.map(serde_json::Value::from)).collect();
            json!({ "currency": currency, "items": aging.items(), "columns": columns })
        };
        let report = json!({
            "as_of": answer.point.as_of,
            "known_at": instant(answer.point.known_at),
            "projected": answer.point.projected,
            "known": answer.point.known,
            "currencies": answer.currencies.iter().map(row).collect::<Vec<_>>(),
        });
        say!("{}", serde_json::to_string_pretty(&report).map_err(|e| e.to_string())?);
        Ok(())
    }

    fn print_csv(&self, answer: &AgingAnswer) -> Result<(), String> {
        let mut writer = csv::Writer::from_writer(std::io::stdout());
        writer.write_record(self.header()).map_err(|e| e.to_string())?;
        for row in self.rows(answer) {
            writer.write_record(row).map_err(|e| e.to_string())?;
        }
        writer.flush().map_err(|e| e.to_string())
    }
}

fn heading(point: &LedgerPoint) -> String {
    let projected = if point.projected { ", projected" } else { "" };
    let known = if point.known { "" } else { "; nothing was recorded by then" };
    format!("as of {}{projected}, known at {}{known}", point.as_of, instant(point.known_at))
}

fn instant(micros: i64) -> String {
    DateTime::<Utc>::from_timestamp_micros(micros)
        .map(|instant| instant.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::aging::Column;

    #[test]
    fn the_columns_shown_add_up_to_the_balance() {
        let edges = Edges::default();
        let mut aging = Aging::new(&edges);
        for (minor, (column, ..)) in (1..).zip(Aging::new(&edges).columns()) {
            aging.add(column, minor, 1);
        }
        let columns = Columns::new(Basis::DueDate, &edges);
        let mut amounts = columns.amounts(&aging);
        assert_eq!(amounts.len(), columns.headings.len());
        let balance = amounts.pop().unwrap();
        assert_eq!(amounts.iter().sum::<i128>(), balance);

        // By document date nothing is "not due".
        let mut aging = Aging::new(&edges);
        aging.add(Column::Bucket(0), 7, 1);
        let columns = Columns::new(Basis::DocumentDate, &edges);
        assert_eq!(columns.headings[0], "0-30");
        assert_eq!(columns.amounts(&aging)[0], 7);
    }
}
