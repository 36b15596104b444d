//! Classes that people gave to accounts for some days.

use chrono::NaiveDate;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::entity::tier_override::{ActiveModel, Column, Entity, Model};
use super::{ReadTx, Store, WriteTx, rows};
use crate::domain::error::{Error, Result};
use crate::domain::page::Page;
use crate::domain::tier::overrides::{ListOverrides, TierOverride};

/// Those that hold on a day, as it is known now.
fn hold_on(day: NaiveDate) -> Condition {
    Condition::all()
        .add(Column::FirstDay.lte(day))
        .add(Column::LastDay.gte(day))
        .add(Column::EndDay.is_null().or(Column::EndDay.gte(day)))
}

impl WriteTx {
    pub async fn add_tier_override(&mut self, given: &TierOverride) -> Result<()> {
        self.rules_change();
        rows::insert_one(&self.conn, Model::from(given)).await
    }

    /// All that an account was ever given.
    pub async fn tier_overrides_of(&self, account_id: &str) -> Result<Vec<TierOverride>> {
        let all = Entity::find().filter(Column::AccountId.eq(account_id)).order_by_asc(Column::Id);
        Ok(rows::all(&self.conn, all).await?.into_iter().map(TierOverride::from).collect())
    }

    /// Writes how one ends.
    pub async fn end_tier_override(&mut self, given: &TierOverride) -> Result<()> {
        self.rules_change();
        let end = given.days.end;
        let change = ActiveModel {
            end_day: Set(end.map(|end| end.last_day)),
            end_us: Set(end.map(|end| end.recorded_us)),
            end_reason: Set(given.end_reason.clone()),
            ..Default::default()
        };
        rows::change(&self.conn, change, Column::Id.eq(given.id)).await?;
        Ok(())
    }
}

impl Store {
    /// An override with what people wrote about it, which is kept in its row alone.
    pub async fn tier_override_with_text(&self, given: TierOverride) -> Result<TierOverride> {
        let row = rows::one(&self.reader(), Entity::find_by_id(given.id)).await?;
        let row = row.ok_or_else(|| Error::internal(format!("{} is gone", given.name())))?;
        let end_reason = given.days.end.and(row.end_reason);
        Ok(TierOverride { reason: row.reason, end_reason, ..given })
    }
}

impl ReadTx {
    /// A page of them, in the order in which they were recorded.
    pub async fn tier_overrides(
        &self,
        list: ListOverrides<String>,
    ) -> Result<Page<TierOverride, Uuid>> {
        let ListOverrides { account, as_of, page } = list;
        let all = Entity::find()
            .apply_if(account, |all, id| all.filter(Column::AccountId.eq(id)))
            .apply_if(as_of, |all, day| all.filter(hold_on(day)))
            .apply_if(page.after, |all, id| all.filter(Column::Id.gt(id)))
            .order_by_asc(Column::Id)
            .limit(page.to_read());
        let read = rows::all(&self.conn, all).await?;
        Ok(page.cut(read, |row| row.id).map(TierOverride::from))
    }
}
