//! How every account stands among the others, a window of accounts at a time: what a list of the worst
//! ones is chosen from. The memory it takes follows the window, not the book.

use chrono::NaiveDate;
use sea_orm::FromQueryResult;

use super::cells::by_account;
use super::moves::{DATED, Template};
use super::params::{Params, Slice};
use super::{At, Whose};
use crate::domain::error::Result;
use crate::domain::ledger::Narrow;
use crate::domain::money::Currency;
use crate::store::{Store, sql};

/// Accounts read at a time.
const WINDOW: i64 = 10_000;

/// What an account has open in one currency, as far as its place among the others goes.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Standing {
    pub account_id: String,
    pub currency: Currency,
    /// All columns of its aging, and those that are overdue.
    pub balance: i64,
    pub overdue: i64,
    /// The day the oldest overdue item ages from.
    pub oldest: Option<NaiveDate>,
}

/// A window of accounts.
#[derive(Debug, Default)]
pub struct AccountWindow {
    /// Of the accounts that have anything open, by account and currency.
    pub standings: Vec<Standing>,
    /// The last account looked at; the next window begins after it. `None`: nothing was left.
    pub last: Option<String>,
}

impl Store {
    /// How the accounts after `after` stand, as many of them as are read at a time.
    pub async fn account_window(
        &self,
        narrow: &Narrow,
        at: At,
        after: &str,
    ) -> Result<AccountWindow> {
        let last = sql::scalar::<Option<String>>(
            &self.reader(),
            "SELECT MAX(account_id) AS v FROM (SELECT account_id FROM account_head \
             WHERE account_id > $1 ORDER BY account_id LIMIT $2) w",
            vec![after.into(), WINDOW.into()],
        )
        .await?
        .flatten();
        let Some(last) = last else { return Ok(AccountWindow::default()) };
        let mut params = Params::default();
        let slice = Slice::bind(&self.reader(), &mut params, &Whose::Book, narrow);
        let template = Template::bind(&mut params, &slice, at);
        let (after, until) = (params.bind(after), params.bind(last.as_str()));
        let within = |column: &str| format!("{column} > {after} AND {column} <= {until}");
        let text = by_account(&template, &slice, within, |rows| standings(&template, rows));
        let text = format!("{text} ORDER BY account_id, currency");
        let standings = sql::all(&self.reader(), text, params.into_values()).await?;
        Ok(AccountWindow { standings, last: Some(last) })
    }
}

/// What counts as overdue is the rule of `domain::aging::Column::of` for due dates.
fn standings(template: &Template, rows: &str) -> String {
    let overdue = format!("class IN {DATED} AND date < {as_of}", as_of = template.as_of());
    format!(
        "SELECT account_id, currency, CAST(SUM(amount) AS BIGINT) AS balance, \
         CAST(SUM(CASE WHEN {overdue} THEN amount ELSE 0 END) AS BIGINT) AS overdue, \
         MIN(CASE WHEN {overdue} THEN date END) AS oldest \
         FROM {rows} GROUP BY account_id, currency"
    )
}
