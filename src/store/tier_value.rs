//! What accounts are worth on a day by another system.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, EntityTrait};

use super::entity::tier_value::{Entity, Model};
use super::entity::tier_value_set;
use super::portfolio::takes_part;
use super::{ReadTx, WriteTx, rows, sql};
use crate::domain::error::Result;
use crate::domain::tier::values::{ValueSet, Worth};

/// Rows of one statement.
const ROWS_MAX: usize = 5_000;

async fn set(conn: &impl ConnectionTrait, id: &str) -> Result<Option<ValueSet>> {
    let row = rows::one(conn, tier_value_set::Entity::find_by_id(id)).await?;
    Ok(row.map(ValueSet::from))
}

impl WriteTx {
    pub async fn tier_value_set(&self, id: &str) -> Result<Option<ValueSet>> {
        set(&self.conn, id).await
    }

    /// Adds a set with its values, by the ids of accounts.
    pub async fn add_tier_values(
        &self,
        set: &ValueSet,
        values: &BTreeMap<String, Worth>,
    ) -> Result<()> {
        rows::insert_one(&self.conn, tier_value_set::Model::from(set.clone())).await?;
        let mut models = values.iter().map(|(account_id, Worth { value, contribution })| Model {
            set_id: set.id.clone(),
            account_id: account_id.clone(),
            value: *value,
            contribution: *contribution,
        });
        loop {
            let some: Vec<Model> = models.by_ref().take(ROWS_MAX).collect();
            if some.is_empty() {
                return Ok(());
            }
            rows::insert(&self.conn, some).await?;
        }
    }
}

impl ReadTx {
    pub async fn tier_value_set(&self, id: &str) -> Result<Option<ValueSet>> {
        set(&self.conn, id).await
    }

    /// The values of a set of the accounts that take part in its day, which is over at `ends_us`.
    pub async fn tier_values(&self, set_id: &str, ends_us: i64) -> Result<Vec<(String, Worth)>> {
        let text = format!(
            "SELECT {} FROM tier_value v JOIN account a ON a.id = v.account_id \
             WHERE v.set_id = $1 AND {} ORDER BY v.account_id",
            rows::columns::<Entity>("v"),
            takes_part("a", "$2")
        );
        let values = vec![set_id.into(), ends_us.into()];
        let found: Vec<Model> = sql::all(&self.conn, text, values).await?;
        let worth = |row: Model| {
            let Model { set_id: _, account_id, value, contribution } = row;
            (account_id, Worth { value, contribution })
        };
        Ok(found.into_iter().map(worth).collect())
    }
}
