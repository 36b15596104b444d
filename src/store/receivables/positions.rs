//! Balances by what they consist of: of accounts, of sets of them, of the book.

use chrono::{Days, NaiveDate};
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::Path;
use super::moves::Template;
use super::params::{Params, Slice};
use super::{At, Whose};
use crate::domain::aging::{Basis, Edges};
use crate::domain::error::Result;
use crate::domain::item::ItemClass;
use crate::domain::ledger::Narrow;
use crate::domain::money::Currency;
use crate::store::{Store, sql};

/// Which balances.
#[derive(Debug, Clone)]
pub struct PositionsQuery {
    pub whose: Whose,
    pub narrow: Narrow,
    pub basis: Basis,
    /// Puts together what falls into one bucket of these edges. What ages from different days
    /// within a bucket then has the earliest of them.
    pub buckets: Option<Edges>,
    pub at: At,
}

/// What is open in one currency and class with one date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Empty where companies were not told apart.
    pub company_code: String,
    pub currency: Currency,
    pub class: ItemClass,
    /// The day it ages from; `NO_DATE` where it does not age.
    pub date: NaiveDate,
    /// Signed minor units.
    pub amount: i64,
    pub items: i64,
    /// Receipts recorded that take effect after the day asked about, positive.
    pub expected: i64,
}

/// The balances of an account, and its head in the same picture of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPositions {
    pub account_id: String,
    pub related_party: bool,
    /// The last recorded time of the account, in microseconds; 0 for none.
    pub head_us: i64,
    /// Another number after each transaction that records anything in the account.
    pub revision: i64,
    pub positions: Vec<Position>,
}

impl Store {
    /// The balances of each account that exists, by account id. One statement, whatever the
    /// number of accounts.
    pub async fn account_positions(&self, query: &PositionsQuery) -> Result<Vec<AccountPositions>> {
        let conn = &self.reader();
        let mut params = Params::default();
        let slice = Slice::bind(conn, &mut params, &query.whose, &query.narrow);
        let template = Template::bind(&mut params, &slice, query.at);
        let by = "account_id, ";
        let by_date = template.sums(query.basis, &dated(by));
        let sums = bucketed(&mut params, &template, query, by, by_date);
        let text = format!(
            "SELECT a.id AS account_id, a.related_party, COALESCE(h.head_us, 0) AS head_us, \
             COALESCE(h.group_revision, 0) AS revision, \
             p.currency, p.class, p.date, p.amount, p.items, p.expected \
             FROM account a LEFT JOIN account_head h ON h.account_id = a.id \
             LEFT JOIN ({sums}) p ON p.account_id = a.id \
             WHERE {whose} ORDER BY a.id",
            whose = slice.account("a.id"),
        );
        let rows: Vec<AccountRow> = sql::all(conn, text, params.into_values()).await?;
        let mut accounts: Vec<AccountPositions> = Vec::new();
        for row in rows {
            let (account, position) = row.into_parts();
            match accounts.last_mut().filter(|last| last.account_id == account.account_id) {
                Some(last) => last.positions.extend(position),
                None => accounts.push(AccountPositions {
                    positions: position.into_iter().collect(),
                    ..account
                }),
            }
        }
        Ok(accounts)
    }

    /// The balances of all the accounts together, by company if asked for.
    pub async fn positions(
        &self,
        query: &PositionsQuery,
        by_company: bool,
    ) -> Result<Vec<Position>> {
        let of_book = query.whose == Whose::Book && query.basis == Basis::DueDate;
        let path = if of_book { self.book_path(query.at).await? } else { Path::Entries };
        self.positions_by(path, query, by_company).await
    }

    /// As [`Store::positions`]. By moves only those of the book, by when they fall due.
    pub(crate) async fn positions_by(
        &self,
        path: Path,
        query: &PositionsQuery,
        by_company: bool,
    ) -> Result<Vec<Position>> {
        let conn = &self.reader();
        let mut params = Params::default();
        let slice = Slice::bind(conn, &mut params, &query.whose, &query.narrow);
        let template = Template::bind(&mut params, &slice, query.at);
        let (by, company) = match by_company {
            true => ("company_code, ", "company_code"),
            false => ("", "''"),
        };
        let by_date = match path {
            Path::Entries => template.sums(query.basis, &dated(by)),
            Path::Moves => {
                let engine = ConnectionTrait::get_database_backend(conn);
                let moves = template.rolled_moves(engine, &mut params, query.at);
                Template::summed(&moves, &dated(by))
            }
        };
        let sums = bucketed(&mut params, &template, query, by, by_date);
        let text = format!(
            "SELECT {company} AS company_code, currency, class, date, amount, items, expected \
             FROM ({sums}) p"
        );
        let rows: Vec<Row> = sql::all(conn, text, params.into_values()).await?;
        Ok(rows.into_iter().map(Position::from).collect())
    }
}

/// What is summed by, with what `by` names before it.
fn dated(by: &str) -> String {
    format!("{by}currency, class, date")
}

/// Sums by date put into the buckets of a query, if it has any.
fn bucketed(
    params: &mut Params,
    template: &Template,
    query: &PositionsQuery,
    by: &str,
    by_date: String,
) -> String {
    let Some(edges) = &query.buckets else { return by_date };
    let first = |edge: i32| {
        let days = Days::new(edge.unsigned_abs().into());
        query.at.as_of.checked_sub_days(days).unwrap_or(NaiveDate::MIN)
    };
    // The days of a bucket follow each other, so it can be told by its first.
    let buckets: Vec<String> = (2..)
        .zip(edges.days())
        .map(|(bucket, edge)| format!("WHEN date >= {} THEN {bucket}", params.bind(first(*edge))))
        .collect();
    format!(
        "SELECT {by}currency, class, MIN(date) AS date, CAST(SUM(amount) AS BIGINT) AS amount, \
         CAST(SUM(items) AS BIGINT) AS items, CAST(SUM(expected) AS BIGINT) AS expected FROM (\
         SELECT s.*, CASE WHEN date > {as_of} THEN 0 WHEN date = {as_of} THEN 1 {buckets} \
         ELSE {oldest} END AS bucket FROM ({by_date}) s) b GROUP BY {by}currency, class, bucket",
        as_of = template.as_of(),
        buckets = buckets.join(" "),
        oldest = edges.bucket_count() + 1,
    )
}

#[derive(FromQueryResult)]
struct Row {
    company_code: String,
    currency: Currency,
    class: ItemClass,
    date: NaiveDate,
    amount: i64,
    items: i64,
    expected: i64,
}

impl From<Row> for Position {
    fn from(row: Row) -> Self {
        let Row { company_code, currency, class, date, amount, items, expected } = row;
        Self { company_code, currency, class, date, amount, items, expected }
    }
}

/// An account and one of its balances; without any, the balance is absent.
#[derive(FromQueryResult)]
struct AccountRow {
    account_id: String,
    related_party: bool,
    head_us: i64,
    revision: i64,
    currency: Option<Currency>,
    class: Option<ItemClass>,
    date: Option<NaiveDate>,
    amount: Option<i64>,
    items: Option<i64>,
    expected: Option<i64>,
}

impl AccountRow {
    fn into_parts(self) -> (AccountPositions, Option<Position>) {
        let Self {
            account_id,
            related_party,
            head_us,
            revision,
            currency,
            class,
            date,
            amount,
            items,
            expected,
        } = self;
        let position = match (currency, class, date) {
            (Some(currency), Some(class), Some(date)) => Some(Position {
                company_code: String::new(),
                currency,
                class,
                date,
                amount: amount.unwrap_or_default(),
                items: items.unwrap_or_default(),
                expected: expected.unwrap_or_default(),
            }),
            _ => None,
        };
        let account = AccountPositions {
            account_id,
            related_party,
            head_us,
            revision,
            positions: Vec::new(),
        };
        (account, position)
    }
}
