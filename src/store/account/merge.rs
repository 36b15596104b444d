//! Which accounts count as others: the pointer, each time it was set, and what each has open. Whoever
//! sets or takes one locks the groups of all that were ever merged with either.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::ActiveValue::Set as Value;
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter};

use super::lookup::KnownAccount;
use crate::domain::account_merge::AccountMerge;
use crate::domain::error::{Error, Result};
use crate::domain::merge::{Counted, MovedKind, Side};
use crate::domain::merge_sets::Lasting;
use crate::domain::money::{Currency, told};
use crate::domain::names::{CREDIT_HOLDS, CREDIT_RESERVATIONS, ITEMS};
use crate::store::entity::account::{ActiveModel, Column, Entity};
use crate::store::entity::account_merge::{self, Model};
use crate::store::moved::{self, Moved};
use crate::store::rows::{self, Set};
use crate::store::{ReadTx, WriteTx, sql};

/// The records that are open at accounts.
const OPEN: &[Moved] = &[
    Moved {
        kind: MovedKind::Item,
        collection: ITEMS,
        text: "SELECT i.id, i.account_id FROM item i WHERE i.open <> 0 AND i.account_id IN {them}",
    },
    Moved {
        kind: MovedKind::Reservation,
        collection: CREDIT_RESERVATIONS,
        text: "SELECT o.id, o.account_id FROM credit_reservation o \
             WHERE o.counted_order + o.counted_delivered > 0 AND o.account_id IN {them}",
    },
    Moved {
        kind: MovedKind::Hold,
        collection: CREDIT_HOLDS,
        text: "SELECT h.id, h.account_id FROM credit_hold h \
             WHERE h.release_us = 0 AND h.account_id IN {them}",
    },
];

async fn lasting(conn: &impl ConnectionTrait, losers: &BTreeSet<&str>) -> Result<Vec<Lasting>> {
    let backend = conn.get_database_backend();
    let these = rows::among(backend, account_merge::Column::LoserId, losers.iter().copied());
    let found = rows::all(conn, account_merge::Entity::find().filter(these)).await?;
    let lasting = |row: Model| Lasting {
        loser: row.loser_id,
        survivor: row.survivor_id,
        from_us: row.merge_us,
        until_us: row.undo_us,
    };
    Ok(found.into_iter().map(lasting).collect())
}

impl ReadTx {
    /// As [`WriteTx::lasting_merges`].
    pub async fn lasting_merges(&self, losers: &BTreeSet<&str>) -> Result<Vec<Lasting>> {
        lasting(&self.conn, losers).await
    }
}

impl WriteTx {
    /// The accounts that were ever merged with one of these, they among them, whoever may see them; of
    /// those that never were, none.
    pub async fn merge_sets_of(&self, ids: &BTreeSet<String>) -> Result<Vec<KnownAccount>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let backend = self.conn.get_database_backend();
        let these = Set::one(ids);
        let text = format!(
            "SELECT b.id, b.state, b.delete_us, b.related_party, b.parent_id, b.merged_into, \
               b.merge_set FROM account b WHERE b.merge_set IN \
               (SELECT a.merge_set FROM account a WHERE a.merge_set IS NOT NULL AND a.id IN {})",
            these.subquery(backend, 1)
        );
        sql::all(&self.conn, text, these.into_values(backend)).await
    }

    /// How many others count as each of these accounts, of those as which any does.
    pub async fn accounts_counting_as(
        &self,
        ids: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, usize>> {
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, Column::MergedInto, ids.iter().copied());
        let found: Vec<KnownAccount> =
            rows::parts(&self.conn, Entity::find().filter(these)).await?;
        let mut others: BTreeMap<String, usize> = BTreeMap::new();
        for survivor in found.into_iter().filter_map(|known| known.merged_into) {
            *others.entry(survivor).or_default() += 1;
        }
        Ok(others)
    }

    /// Writes as which an account counts, whose group is locked, and nothing else of it.
    pub async fn point_account(&self, id: &str, merged_into: Option<&str>) -> Result<()> {
        let change = ActiveModel {
            merged_into: Value(merged_into.map(str::to_owned)),
            ..Default::default()
        };
        rows::change(&self.conn, change, Column::Id.eq(id)).await?;
        Ok(())
    }

    /// Makes one set of these accounts, which are all that were ever merged with one of them and
    /// are locked.
    pub async fn join_merge_set(&self, set: &str, ids: &BTreeSet<String>) -> Result<()> {
        let change = ActiveModel { merge_set: Value(Some(set.to_owned())), ..Default::default() };
        let these = rows::among(self.conn.get_database_backend(), Column::Id, ids);
        rows::change(&self.conn, change, these).await?;
        Ok(())
    }

    pub async fn insert_account_merge(&self, merge: AccountMerge) -> Result<()> {
        rows::insert_one(&self.conn, Model::from(merge)).await
    }

    /// What the sets are called that these accounts are in.
    pub async fn merge_set_names(&self, ids: &BTreeSet<&str>) -> Result<BTreeSet<String>> {
        #[derive(FromQueryResult)]
        struct Row {
            merge_set: String,
        }
        let backend = self.conn.get_database_backend();
        // The single writer of SQLite holds every lock.
        if backend == DbBackend::Sqlite || ids.is_empty() {
            return Ok(BTreeSet::new());
        }
        let these = Set::one(ids.iter().copied());
        let text = format!(
            "SELECT DISTINCT a.merge_set FROM account a WHERE a.merge_set IS NOT NULL AND a.id IN {}",
            these.subquery(backend, 1)
        );
        let found: Vec<Row> = sql::all(&self.conn, text, these.into_values(backend)).await?;
        Ok(found.into_iter().map(|row| row.merge_set).collect())
    }

    /// When each of these accounts counted as another.
    pub async fn lasting_merges(&self, losers: &BTreeSet<&str>) -> Result<Vec<Lasting>> {
        lasting(&self.conn, losers).await
    }

    /// The merge by which an account counts as another.
    pub async fn account_merge_of(&self, loser_id: &str) -> Result<AccountMerge> {
        let found = account_merge::Entity::find()
            .filter(account_merge::Column::LoserId.eq(loser_id))
            .filter(account_merge::Column::UndoUs.is_null());
        let row = rows::one(&self.conn, found).await?;
        let gone = || Error::internal(format!("no merge of {loser_id} stands"));
        row.map(AccountMerge::from).ok_or_else(gone)
    }

    /// Writes that a merge was undone.
    pub async fn undo_account_merge(&self, merge: AccountMerge) -> Result<()> {
        rows::update(&self.conn, vec![Model::from(merge)]).await?;
        Ok(())
    }

    /// What each of these accounts has open by itself, whatever its day, in their order.
    pub async fn open_of_accounts(&self, ids: &[String]) -> Result<Vec<Side>> {
        #[derive(FromQueryResult)]
        struct Sum {
            account_id: String,
            currency: Currency,
            high: i64,
            low: i64,
        }
        let backend = self.conn.get_database_backend();
        let these = Set::one(ids);
        let [high, low] = sql::wide_sum("d.amount");
        let text = format!(
            "SELECT d.account_id, d.currency, {high} AS high, {low} AS low FROM account_due d \
             WHERE d.account_id IN {} GROUP BY d.account_id, d.currency HAVING {} \
             ORDER BY d.account_id, d.currency",
            these.subquery(backend, 1),
            sql::is_something("d.amount"),
        );
        let sums: Vec<Sum> = sql::all(&self.conn, text, these.into_values(backend)).await?;
        let mut open: HashMap<String, Vec<_>> = HashMap::new();
        for Sum { account_id, currency, high, low } in sums {
            open.entry(account_id).or_default().extend(told(sql::widened(high, low), currency));
        }
        let side = |id: &String| Side {
            account_id: id.clone(),
            open: open.remove(id).unwrap_or_default(),
        };
        Ok(ids.iter().map(side).collect())
    }

    /// How many records of each kind are open at these accounts, and the names of the first recorded.
    pub async fn open_at_accounts(&self, ids: &BTreeSet<&str>) -> Result<Vec<Counted>> {
        moved::counted(&self.conn, OPEN, ids).await
    }
}
