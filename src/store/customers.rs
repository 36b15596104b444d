//! Which accounts are one customer, as known at an instant.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, FromQueryResult, Value};

use crate::domain::customers::{CountsAs, Customers};
use crate::domain::error::Result;
use crate::store::once::Fact;
use crate::store::rows::Set;
use crate::store::{ReadTx, Store, WriteTx, sql};

/// That the merge of this alias stands, as known at `$1`.
fn stands(m: &str) -> String {
    format!("{m}.merge_us <= $1 AND ({m}.undo_us IS NULL OR {m}.undo_us > $1)")
}

/// That account `a` counts as itself on a day that is over at `ends_us`, as known now. Of an account that
/// counts as itself nothing else is looked up.
pub(super) fn counts_as_itself(a: &str, ends_us: &str) -> String {
    format!(
        "({a}.merged_into IS NULL OR NOT EXISTS (SELECT 1 FROM account_merge m \
           WHERE m.loser_id = {a}.id AND m.undo_us IS NULL AND m.merge_us < {ends_us}))"
    )
}

/// As which account `a` counts on a day that is over at `ends_us`, as known now.
pub(super) fn counts_as(a: &str, ends_us: &str) -> String {
    format!(
        "COALESCE((SELECT m.survivor_id FROM account_merge m WHERE m.loser_id = {a}.id \
           AND m.undo_us IS NULL AND m.merge_us < {ends_us}), {a}.id)"
    )
}

/// As which of these accounts, or of all, those count that count as another, and whichever counts as one
/// of these or as the same one.
pub(super) async fn customers(
    conn: &impl ConnectionTrait,
    store: &Store,
    ids: Option<&BTreeSet<&str>>,
    known_us: i64,
) -> Result<Customers> {
    #[derive(FromQueryResult)]
    struct Row {
        loser_id: String,
        survivor_id: String,
        merge_us: i64,
    }
    let mut values: Vec<Value> = vec![known_us.into()];
    let mut text = format!(
        "SELECT m.loser_id, m.survivor_id, m.merge_us FROM account_merge m WHERE {}",
        stands("m")
    );
    if let Some(ids) = ids {
        if ids.is_empty() {
            return Ok(Customers::default());
        }
        let backend = conn.get_database_backend();
        let these = Set::one(ids.iter().copied());
        text += &format!(
            " AND m.survivor_id IN (SELECT v FROM {these} UNION \
               SELECT n.survivor_id FROM account_merge n WHERE {} AND n.loser_id IN {})",
            stands("n"),
            these.subquery(backend, 2),
            these = these.table(backend, "s", 2)
        );
        values.extend(these.into_values(backend));
    }
    let rows: Vec<Row> = sql::all(conn, text, values).await?;
    let counts = |Row { loser_id, survivor_id, merge_us }| {
        (loser_id, CountsAs { survivor_id, from: store.clock.date_of(merge_us) })
    };
    Ok(rows.into_iter().map(counts).collect())
}

impl WriteTx {
    /// Which of these accounts are one customer with others, and those others, as known now.
    pub async fn customers(&self, ids: &BTreeSet<&str>) -> Result<Customers> {
        customers(&self.conn, &self.store, Some(ids), i64::MAX).await
    }
}

impl ReadTx {
    /// Which of these accounts are one customer with others, and those others, as known at an instant in
    /// microseconds since the epoch.
    ///
    /// To a caller who does not see all accounts only those are one that he sees: of the others nothing is told.
    pub async fn customers(&self, ids: &BTreeSet<&str>, known_us: i64) -> Result<Customers> {
        let all = self.recorded_customers(ids, known_us).await?;
        if !self.is_restricted() {
            return Ok(all);
        }
        let named: BTreeSet<&str> = all.losers().flat_map(|(one, other)| [one, other]).collect();
        let seen = self.seen(named.iter().copied()).await?;
        Ok(all.clone().among(|id| seen.has(id)))
    }

    /// As [`ReadTx::customers`], whoever asks.
    pub(super) async fn recorded_customers(
        &self,
        ids: &BTreeSet<&str>,
        known_us: i64,
    ) -> Result<Customers> {
        let read = customers(&self.conn, &self.store, Some(ids), known_us);
        self.answered.once(Fact::Customers, (ids, known_us), read).await
    }

    /// Which accounts are one customer, as known now.
    pub async fn all_customers(&self) -> Result<Customers> {
        customers(&self.conn, &self.store, None, i64::MAX).await
    }
}
