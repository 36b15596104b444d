//! Disputes that count at a point.

use chrono::NaiveDate;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::At;
use super::params::Params;
use crate::domain::error::Result;
use crate::domain::money::Currency;
use crate::domain::personal::Personal;
use crate::domain::receivables::{Dispute, DisputeOutcome};
use crate::store::rows::Set;
use crate::store::{Store, sql};

/// The columns of dispute `s` about item `i`, which `m` says, with its end `x`.
pub(super) const COLUMNS: &str = "s.id, s.account_id, m.item_id, i.currency, s.amount, \
     s.reason_code, s.note, s.open_date, x.resolve_date, x.outcome, s.recorded_us";

/// That dispute `s`, with its end `x` as far as it was known, counts at a point.
pub(super) fn active(as_of: &str, known_at: &str) -> String {
    format!(
        "s.open_date <= {as_of} AND s.recorded_us <= {known_at} \
         AND (x.dispute_id IS NULL OR x.resolve_date > {as_of})"
    )
}

/// The end of dispute `s`, as far as it was known.
pub(super) fn end(known_at: &str) -> String {
    format!("LEFT JOIN dispute_end x ON x.dispute_id = s.id AND x.recorded_us <= {known_at}")
}

impl Store {
    /// The disputes that count of these items, in the order they were opened.
    pub async fn disputes_of(
        &self,
        account_ids: &[&str],
        item_ids: &[Uuid],
        at: At,
    ) -> Result<Vec<Dispute>> {
        let conn = &self.reader();
        let mut params = Params::default();
        let (as_of, known_at) = (params.bind(at.as_of), params.bind(at.known_at));
        let accounts = params.table(conn, "a", Set::one(account_ids.iter().copied()));
        let items = params.table(conn, "b", Set::one(item_ids.iter().copied()));
        let text = format!(
            "SELECT {COLUMNS} \
             FROM dispute_item m JOIN dispute s ON s.id = m.dispute_id \
             JOIN item i ON i.id = m.item_id {end} \
             WHERE s.account_id IN (SELECT v FROM {accounts}) \
             AND m.item_id IN (SELECT v FROM {items}) AND {active} ORDER BY s.recorded_us, s.id",
            end = end(&known_at),
            active = active(&as_of, &known_at),
        );
        let rows: Vec<DisputeRow> = sql::all(conn, text, params.into_values()).await?;
        Ok(rows.into_iter().map(DisputeRow::into_domain).collect())
    }
}

#[derive(FromQueryResult)]
pub(super) struct DisputeRow {
    pub id: Uuid,
    pub account_id: String,
    pub item_id: Uuid,
    pub currency: Currency,
    pub amount: i64,
    pub reason_code: String,
    pub note: Personal,
    pub open_date: NaiveDate,
    pub resolve_date: Option<NaiveDate>,
    pub outcome: Option<DisputeOutcome>,
    pub recorded_us: i64,
}

impl DisputeRow {
    pub fn into_domain(self) -> Dispute {
        let Self {
            id,
            account_id,
            item_id,
            currency,
            amount,
            reason_code,
            note,
            open_date,
            resolve_date,
            outcome,
            recorded_us,
        } = self;
        Dispute {
            id,
            account_id,
            item_id,
            currency,
            amount,
            reason_code,
            note,
            open_date,
            resolved: resolve_date.zip(outcome),
            recorded_us,
        }
    }
}
