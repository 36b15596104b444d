//! The template behind every balance: projection rows, and what has to come off them again to
//! be at a point in both times.

use super::At;
use super::params::{Params, Slice};
use crate::domain::aging::Basis;

/// The parts of a statement that reads balances at a point.
pub(super) struct Template<'a> {
    slice: &'a Slice,
    as_of: String,
    known_at: String,
}

/// The classes that are kept by date.
pub(super) const DATED: &str = "('ORDINARY', 'RETENTION')";

impl<'a> Template<'a> {
    pub fn bind(params: &mut Params, slice: &'a Slice, at: At) -> Self {
        Self { slice, as_of: params.bind(at.as_of), known_at: params.bind(at.known_at) }
    }

    /// Placeholder of the day.
    pub fn as_of(&self) -> &str {
        &self.as_of
    }

    /// Placeholder of the recorded time.
    pub fn known_at(&self) -> &str {
        &self.known_at
    }

    /// The entries that do not count yet, by item: `amount` is in the projection and not in
    /// the balance, `ahead` the part of it that is known and takes effect later, `posted` the
    /// part of that which postings and reversals make.
    ///
    /// Two scans of disjoint entries, each along an index. The plus keeps the second off the
    /// index by recorded time, which nearly every entry satisfies.
    pub fn late(&self) -> String {
        let (account, as_of, known_at) =
            (self.slice.account("account_id"), &self.as_of, &self.known_at);
        format!(
            "SELECT item_id, CAST(SUM(amount) AS BIGINT) AS amount, CAST(SUM(ahead) AS BIGINT) AS ahead, \
             CAST(SUM(posted) AS BIGINT) AS posted FROM (\
             SELECT item_id, amount, 0 AS ahead, 0 AS posted FROM entry \
             WHERE {account} AND recorded_us > {known_at} \
             UNION ALL \
             SELECT item_id, amount, amount AS ahead, \
             CASE WHEN kind IN ('POST', 'REVERSE') THEN amount ELSE 0 END AS posted FROM entry \
             WHERE {account} AND effective_date > {as_of} AND +recorded_us <= {known_at}\
             ) e GROUP BY item_id"
        )
    }

    /// What is open of one item: its few entries are looked up, not all that are late.
    pub fn open_of(&self, item: &str) -> String {
        format!(
            "CAST({item}.open - COALESCE((SELECT SUM(y.amount) FROM entry y \
             WHERE y.item_id = {item}.id \
             AND (y.effective_date > {as_of} OR y.recorded_us > {known_at})), 0) AS BIGINT)",
            as_of = self.as_of,
            known_at = self.known_at,
        )
    }

    /// What later entries will take off one item.
    pub fn expected_of(&self, item: &str) -> String {
        format!(
            "CAST(COALESCE((SELECT -SUM(y.amount) FROM entry y WHERE y.item_id = {item}.id \
             AND y.effective_date > {as_of} AND y.recorded_us <= {known_at}), 0) AS BIGINT)",
            as_of = self.as_of,
            known_at = self.known_at,
        )
    }

    /// Signed amounts and numbers of items by account (empty for the book), currency, company,
    /// class and the date they age from, not yet summed. `expected` is what receipts will bring.
    pub fn moves(&self, basis: Basis) -> String {
        let present = match basis {
            Basis::DueDate => self.projection(),
            Basis::DocumentDate | Basis::PostingDate => self.open_items(basis),
        };
        let (date, late, narrow) = (date(basis), self.late(), self.slice.narrow("i"));
        format!(
            "{present} UNION ALL \
             SELECT {account} AS account_id, i.currency, i.company_code, i.class, {date} AS date, \
             -l.amount AS amount, \
             CASE WHEN i.open = l.amount THEN 0 ELSE 1 END - CASE WHEN i.open = 0 THEN 0 ELSE 1 END \
             AS items, \
             CASE WHEN i.kind = 'RECEIPT' AND i.posting_date > {as_of} THEN -l.posted ELSE 0 END \
             AS expected \
             FROM ({late}) l JOIN item i ON i.id = l.item_id WHERE TRUE{narrow}",
            account = self.account("i"),
            as_of = self.as_of,
        )
    }

    /// The moves summed by whatever of account, company, currency, class and date is named.
    pub fn sums(&self, basis: Basis, by: &str) -> String {
        Self::summed(&self.moves(basis), by)
    }

    /// These moves summed likewise.
    pub fn summed(moves: &str, by: &str) -> String {
        format!(
            "SELECT {by}, CAST(SUM(amount) AS BIGINT) AS amount, \
             CAST(SUM(items) AS BIGINT) AS items, CAST(SUM(expected) AS BIGINT) AS expected \
             FROM ({moves}) m GROUP BY {by} \
             HAVING SUM(amount) <> 0 OR SUM(items) <> 0 OR SUM(expected) <> 0"
        )
    }

    fn account(&self, alias: &str) -> String {
        if self.slice.is_book() { "''".to_owned() } else { format!("{alias}.account_id") }
    }

    pub(super) fn narrow(&self, alias: &str) -> String {
        self.slice.narrow(alias)
    }

    pub(super) fn projection(&self) -> String {
        let table = if self.slice.is_book() { "book_due" } else { "account_due" };
        format!(
            "SELECT {account} AS account_id, d.currency, d.company_code, d.class, \
             d.due_date AS date, d.amount, d.items, 0 AS expected FROM {table} d \
             WHERE {whose}{narrow}",
            account = self.account("d"),
            whose = self.slice.account("d.account_id"),
            narrow = self.slice.narrow("d"),
        )
    }

    fn open_items(&self, basis: Basis) -> String {
        format!(
            "SELECT {account} AS account_id, i.currency, i.company_code, i.class, {date} AS date, \
             i.open AS amount, 1 AS items, 0 AS expected FROM item i \
             WHERE {whose} AND i.open <> 0{narrow}",
            account = self.account("i"),
            date = date(basis),
            whose = self.slice.account("i.account_id"),
            narrow = self.slice.narrow("i"),
        )
    }
}

/// The day item `i` ages from. Only an ordinary item follows the basis; a retention has its
/// release day under every basis, and the others do not age.
pub(super) fn date(basis: Basis) -> String {
    let ordinary = match basis {
        Basis::DueDate => "due_date",
        Basis::DocumentDate => "document_date",
        Basis::PostingDate => "posting_date",
    };
    format!(
        "CASE WHEN i.class = 'ORDINARY' THEN i.{ordinary} WHEN i.class IN {DATED} THEN i.due_date \
         ELSE '9999-12-31' END"
    )
}
