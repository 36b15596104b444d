//! The aging of each of some accounts.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use sea_orm::{
    ConnectionTrait, DerivePartialModel, EntityTrait, FromQueryResult, QueryFilter, QueryResult,
};

use super::moves::{DATED, Template};
use super::params::{Params, Slice};
use super::{At, Whose};
use crate::domain::aging::{Aging, Column, Edges};
use crate::domain::error::Result;
use crate::domain::ledger::Narrow;
use crate::domain::money::Currency;
use crate::store::entity::account;
use crate::store::{ReadTx, Store, rows, sql};

/// The columns of a report by due date with the usual edges, in the order of the statement.
const CELLS: [Column; 11] = [
    Column::NotDue,
    Column::Bucket(0),
    Column::Bucket(1),
    Column::Bucket(2),
    Column::Bucket(3),
    Column::Bucket(4),
    Column::Retention,
    Column::DuePending,
    Column::Bills,
    Column::UnappliedCash,
    Column::OpenCredits,
];
const AMOUNTS: [&str; 11] = ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10"];
const ITEMS: [&str; 11] = ["i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7", "i8", "i9", "i10"];

/// What an account has open in one currency.
#[derive(Debug, Clone)]
pub struct CurrencyCells {
    pub currency: Currency,
    pub aging: Aging,
    /// The day the oldest overdue item ages from.
    pub oldest: Option<NaiveDate>,
}

#[derive(DerivePartialModel)]
#[sea_orm(entity = "account::Entity")]
struct Named {
    id: String,
    display_name: String,
}

impl Store {
    /// What each of these accounts has open, by its id; those that have nothing are not there.
    pub async fn account_cells(
        &self,
        narrow: &Narrow,
        at: At,
        ids: Vec<String>,
    ) -> Result<BTreeMap<String, Vec<CurrencyCells>>> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut params = Params::default();
        let slice = Slice::bind(&self.reader(), &mut params, &Whose::Accounts(ids), narrow);
        let template = Template::bind(&mut params, &slice, at);
        let cell = cell(&template, &mut params, at.as_of);
        let within = |column: &str| slice.account(column);
        let text = by_account(&template, &slice, within, |rows| cells(rows, &cell));
        let rows: Vec<Row> = sql::all(&self.reader(), text, params.into_values()).await?;
        let mut accounts: BTreeMap<String, Vec<CurrencyCells>> = BTreeMap::new();
        for row in rows {
            let (account, cells) = row.into_cells();
            accounts.entry(account).or_default().push(cells);
        }
        Ok(accounts)
    }

    /// The names for people of these accounts, by id.
    pub async fn display_names(&self, ids: &[String]) -> Result<BTreeMap<String, String>> {
        display_names(&self.reader(), ids).await
    }
}

impl ReadTx {
    /// As [`Store::display_names`].
    pub async fn display_names(&self, ids: &[String]) -> Result<BTreeMap<String, String>> {
        display_names(&self.conn, ids).await
    }
}

async fn display_names(
    conn: &impl ConnectionTrait,
    ids: &[String],
) -> Result<BTreeMap<String, String>> {
    let these = rows::among(conn.get_database_backend(), account::Column::Id, ids);
    let named: Vec<Named> = rows::parts(conn, account::Entity::find().filter(these)).await?;
    Ok(named.into_iter().map(|account| (account.id, account.display_name)).collect())
}

/// The number in [`CELLS`] of a row with a class and a date: the rule of
/// `domain::aging::Column::of` for due dates, with its edges as days on the calendar.
fn cell(template: &Template, params: &mut Params, as_of: NaiveDate) -> String {
    let buckets: Vec<String> = (1..)
        .zip(Edges::default().days())
        .map(|(bucket, edge)| {
            let first = Days::new(u64::from(edge.unsigned_abs()));
            let first = as_of.checked_sub_days(first).unwrap_or(NaiveDate::MIN);
            format!("WHEN date >= {} THEN {bucket}", params.bind(first))
        })
        .collect();
    format!(
        "CASE WHEN class = 'ORDINARY' OR (class = 'RETENTION' AND date <= {as_of}) THEN \
         CASE WHEN date >= {as_of} THEN 0 {buckets} ELSE 5 END \
         WHEN class = 'RETENTION' THEN 6 WHEN class = 'DUE_PENDING' THEN 7 \
         WHEN class = 'BILL' THEN 8 WHEN class IN ('UNAPPLIED_CASH', 'ORDER_ADVANCE') THEN 9 \
         ELSE 10 END",
        as_of = template.as_of(),
        buckets = buckets.join(" "),
    )
}

/// The columns of each account and currency. The column of a row is told once and not in each of the sums.
fn cells(rows: &str, cell: &str) -> String {
    let sums: Vec<String> = (0..CELLS.len())
        .map(|n| {
            let (amount, items) = (AMOUNTS[n], ITEMS[n]);
            format!(
                "CAST(SUM(CASE WHEN cell = {n} THEN amount ELSE 0 END) AS BIGINT) AS {amount}, \
                 CAST(SUM(CASE WHEN cell = {n} THEN items ELSE 0 END) AS BIGINT) AS {items}"
            )
        })
        .collect();
    format!(
        "SELECT account_id, currency, {sums}, \
         MIN(CASE WHEN cell BETWEEN 1 AND 5 THEN date END) AS oldest \
         FROM (WITH c AS MATERIALIZED (\
             SELECT account_id, currency, date, amount, items, {cell} AS cell FROM {rows}) \
           SELECT * FROM c) c GROUP BY account_id, currency",
        sums = sums.join(", ")
    )
}

/// What `aggregate` makes of the rows of each account within: with an account, a currency, a class, the date
/// they age from, an amount and a number of items.
///
/// Most accounts have no entry that is late: their projection is summed as it lies. The others
/// are first put right by date, for an oldest item that is not there yet must not count.
pub(super) fn by_account(
    template: &Template,
    slice: &Slice,
    within: impl Fn(&str) -> String,
    aggregate: impl Fn(&str) -> String,
) -> String {
    format!(
        "WITH late AS MATERIALIZED ({late}), \
         off AS MATERIALIZED (SELECT i.account_id, i.currency, i.class, \
           CASE WHEN i.class IN {DATED} THEN i.due_date ELSE '9999-12-31' END \
           AS date, -l.amount AS amount, \
           CASE WHEN i.open = l.amount THEN 0 ELSE 1 END - CASE WHEN i.open = 0 THEN 0 ELSE 1 END \
           AS items FROM late l JOIN item i ON i.id = l.item_id \
           WHERE {item_within}{narrow_item}), \
         present AS (SELECT d.account_id, d.currency, d.class, d.due_date AS date, d.amount, \
           d.items FROM account_due d WHERE {due_within}{narrow_due} \
           AND (d.amount <> 0 OR d.items <> 0)), \
         mended AS (SELECT account_id, currency, class, date, SUM(amount) AS amount, \
           SUM(items) AS items FROM (\
             SELECT * FROM present WHERE account_id IN (SELECT account_id FROM off) \
             UNION ALL SELECT * FROM off) m \
           GROUP BY account_id, currency, class, date \
           HAVING SUM(amount) <> 0 OR SUM(items) <> 0) \
         {plain} UNION ALL {mended}",
        late = template.late(),
        item_within = within("i.account_id"),
        due_within = within("d.account_id"),
        narrow_item = slice.narrow("i"),
        narrow_due = slice.narrow("d"),
        plain = aggregate("present WHERE account_id NOT IN (SELECT account_id FROM off)"),
        mended = aggregate("mended"),
    )
}

struct Row {
    account_id: String,
    currency: Currency,
    oldest: Option<NaiveDate>,
    cells: Vec<(i64, i64)>,
}

impl FromQueryResult for Row {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, sea_orm::DbErr> {
        let cells = AMOUNTS
            .iter()
            .zip(ITEMS)
            .map(|(amount, items)| Ok((row.try_get(prefix, amount)?, row.try_get(prefix, items)?)))
            .collect::<Result<_, sea_orm::DbErr>>()?;
        Ok(Self {
            account_id: row.try_get(prefix, "account_id")?,
            currency: row.try_get(prefix, "currency")?,
            oldest: row.try_get(prefix, "oldest")?,
            cells,
        })
    }
}

impl Row {
    fn into_cells(self) -> (String, CurrencyCells) {
        let Self { account_id, currency, oldest, cells } = self;
        let mut aging = Aging::new(&Edges::default());
        for (column, (amount, items)) in CELLS.into_iter().zip(cells) {
            aging.add(column, amount.into(), items);
        }
        (account_id, CurrencyCells { currency, aging, oldest })
    }
}
