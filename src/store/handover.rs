//! Accounts that pass from one of ours to another. Whoever starts one or takes a step holds the team of
//! the account ([`WriteTx::lock_team`]), as does whoever gives it another owner.

use std::collections::BTreeSet;

use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};
use uuid::Uuid;

use super::entity::handover::{Column, Entity, Model};
use super::entity::handover_item;
use super::once::Fact;
use super::{ReadTx, Store, WriteTx, keyset, rows};
use crate::domain::error::{Error, Result};
use crate::domain::handover::{Carried, Handover, HandoverState};
use crate::domain::page::{Page, PageOf};

/// Which handovers to list: ids, all of which have to fit.
#[derive(Debug, Clone, Default)]
pub struct HandoversOf {
    pub account_id: Option<String>,
    /// From him or to him.
    pub member_id: Option<String>,
    pub state: Option<HandoverState>,
}

/// That one is under way, in the words of the partial indexes.
fn under_way() -> Condition {
    let is = |state: HandoverState| rows::constant(Column::State, state);
    Condition::any().add(is(HandoverState::Started)).add(is(HandoverState::Accepted))
}

async fn of_accounts(conn: &impl ConnectionTrait, ids: &BTreeSet<&str>) -> Result<Vec<Handover>> {
    let backend = conn.get_database_backend();
    let these = rows::among(backend, Column::AccountId, ids.iter().copied());
    let found = Entity::find().filter(these).filter(under_way()).order_by_asc(Column::Id);
    Ok(rows::all(conn, found).await?.into_iter().map(Handover::from).collect())
}

async fn carried(conn: &impl ConnectionTrait, id: Uuid) -> Result<Vec<Carried>> {
    use handover_item::{Column, Entity};
    let found = Entity::find()
        .filter(Column::HandoverId.eq(id))
        .order_by_asc(Column::Kind)
        .order_by_asc(Column::Subject);
    Ok(rows::all(conn, found).await?.into_iter().map(Carried::from).collect())
}

async fn one(conn: &impl ConnectionTrait, account_id: &str, id: Uuid) -> Result<Option<Handover>> {
    let found = rows::one(conn, Entity::find_by_id(id)).await?.map(Handover::from);
    Ok(found.filter(|handover| handover.account_id == account_id))
}

impl WriteTx {
    /// What is under way at these accounts.
    pub async fn handovers_under_way(&self, account_ids: &BTreeSet<&str>) -> Result<Vec<Handover>> {
        of_accounts(&self.conn, account_ids).await
    }

    pub async fn handover(&self, account_id: &str, id: Uuid) -> Result<Option<Handover>> {
        one(&self.conn, account_id, id).await
    }

    pub async fn carried(&self, id: Uuid) -> Result<Vec<Carried>> {
        carried(&self.conn, id).await
    }

    /// Keeps handovers, each with what was open as it was started.
    pub async fn insert_handovers(&self, started: &[(Handover, Vec<Carried>)]) -> Result<()> {
        rows::insert(&self.conn, started.iter().map(|(one, _)| Model::from(one)).collect()).await?;
        let items = started.iter().flat_map(|(of, carried)| {
            carried.iter().map(|one| handover_item::Model::of(of.id, one))
        });
        rows::insert(&self.conn, items.collect()).await?;
        Ok(())
    }

    /// Writes what became of it, and what of it is acknowledged.
    pub async fn update_handover(
        &self,
        handover: &Handover,
        acknowledged: &[Carried],
    ) -> Result<()> {
        rows::update(&self.conn, vec![Model::from(handover)]).await?;
        let item = |one: &Carried| handover_item::Model::of(handover.id, one);
        rows::upsert(&self.conn, acknowledged.iter().map(item).collect(), "").await?;
        Ok(())
    }
}

impl ReadTx {
    /// What is under way at these accounts.
    pub async fn handovers_under_way(&self, account_ids: &BTreeSet<&str>) -> Result<Vec<Handover>> {
        let read = of_accounts(&self.conn, account_ids);
        self.answered.once(Fact::Handovers, (account_ids, i64::MAX), read).await
    }

    pub async fn handover(&self, account_id: &str, id: Uuid) -> Result<Option<Handover>> {
        one(&self.conn, account_id, id).await
    }

    pub async fn carried(&self, id: Uuid) -> Result<Vec<Carried>> {
        carried(&self.conn, id).await
    }

    /// A page of handovers, in the order they were started.
    pub async fn handovers(&self, of: &HandoversOf, page: &PageOf) -> Result<Page<Handover>> {
        let HandoversOf { account_id, member_id, state } = of;
        let backend = self.conn.get_database_backend();
        let found = Entity::find()
            .apply_if(self.visible.as_ref(), |of, visible| {
                of.filter(visible.account(backend, Column::AccountId))
            })
            .apply_if(account_id.as_ref(), |of, id| of.filter(Column::AccountId.eq(id)))
            .apply_if(member_id.as_ref(), |of, id| {
                of.filter(Column::FromId.eq(id).or(Column::ToId.eq(id)))
            })
            .apply_if(*state, |of, state| of.filter(Column::State.eq(state)))
            .apply_if(page.after, |of, after| {
                of.filter(keyset::behind([Column::Id], [after.into()], false))
            })
            .order_by_asc(Column::Id)
            .limit(page.to_read());
        let found = rows::all(&self.conn, found).await?.into_iter().map(Handover::from).collect();
        Ok(page.cut(found, |last| last.id))
    }
}

impl Store {
    /// A handover as answered before, with what people wrote about it as it is now.
    pub async fn handover_with_text(&self, answered: Handover) -> Result<Handover> {
        let gone = || Error::internal(format!("{} is gone", answered.name()));
        let now = one(&self.reader(), &answered.account_id, answered.id).await?.ok_or_else(gone)?;
        let end_reason = match answered.end_date {
            Some(_) => now.end_reason,
            None => answered.end_reason.clone(),
        };
        Ok(Handover { reason: now.reason, end_reason, ..answered })
    }
}
