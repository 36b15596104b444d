//! Disputes that count, with what is open of their items.

use sea_orm::{DbErr, FromQueryResult, QueryResult};

use super::super::disputes::{COLUMNS, DisputeRow, active, end};
use super::super::moves::Template;
use super::super::params::{Params, Slice};
use super::super::{At, Whose};
use super::DisputedOpen;
use crate::domain::error::Result;
use crate::domain::ledger::Narrow;
use crate::store::{Store, sql};

impl Store {
    /// A dispute is told for each version of its item; of one version at most anything is open.
    pub(super) async fn disputed(&self, whose: &Whose, at: At) -> Result<Vec<DisputedOpen>> {
        let mut params = Params::default();
        let slice = Slice::bind(&self.reader(), &mut params, whose, &Narrow::default());
        let template = Template::bind(&mut params, &slice, at);
        let text = format!(
            "SELECT {COLUMNS}, {open} AS open FROM dispute s \
             JOIN dispute_item m ON m.dispute_id = s.id JOIN item i ON i.id = m.item_id {end} \
             WHERE {account} AND {active}",
            open = template.open_of("i"),
            end = end(template.known_at()),
            account = slice.account("s.account_id"),
            active = active(template.as_of(), template.known_at()),
        );
        sql::all(&self.reader(), text, params.into_values()).await
    }
}

impl FromQueryResult for DisputedOpen {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let dispute = DisputeRow::from_query_result(row, prefix)?.into_domain();
        Ok(Self { dispute, open: row.try_get(prefix, "open")? })
    }
}
