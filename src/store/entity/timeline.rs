//! What happened, on the timeline of each account, member and contact that it is about: a projection of
//! the facts.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use crate::domain::money::{Currency, Money};
use crate::domain::timeline::{Entry, TimelineType, Told};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "timeline")]
pub struct Model {
    /// Name of whose it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub parent: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: TimelineType,
    #[sea_orm(primary_key, auto_increment = false)]
    pub occur_us: i64,
    /// Of the fact.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Option<String>,
    pub member_id: Option<String>,
    pub contact_id: Option<String>,
    pub position_id: Option<Uuid>,
    pub detail: Option<String>,
    pub actor: Option<String>,
    /// In minor units; NULL with its currency.
    pub amount: Option<i64>,
    pub currency: Option<Currency>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The rows of an entry.
pub fn rows(entry: Entry) -> impl Iterator<Item = Model> {
    let Entry { of_type, occur_us, id, account_id, detail, actor, amount, on } = entry;
    on.into_iter().map(move |one| Model {
        parent: one.parent.name(),
        kind: of_type,
        occur_us,
        id,
        account_id: account_id.clone(),
        member_id: one.member_id,
        contact_id: one.contact_id,
        position_id: one.position_id,
        detail: detail.clone(),
        actor: actor.clone(),
        amount: amount.map(|amount| amount.minor),
        currency: amount.map(|amount| amount.currency),
    })
}

/// Their keys alone.
pub fn keys(entry: Entry) -> impl Iterator<Item = ActiveModel> {
    rows(entry).map(|row| ActiveModel {
        parent: Set(row.parent),
        kind: Set(row.kind),
        occur_us: Set(row.occur_us),
        id: Set(row.id),
        ..Default::default()
    })
}

impl From<Model> for Told {
    fn from(row: Model) -> Self {
        let Model {
            parent: _,
            kind,
            occur_us,
            id,
            account_id,
            member_id,
            contact_id,
            position_id,
            detail,
            actor,
            amount,
            currency,
        } = row;
        let amount = amount.zip(currency).map(|(minor, currency)| Money { minor, currency });
        Self {
            of_type: kind,
            occur_us,
            id,
            account_id,
            member_id,
            contact_id,
            position_id,
            detail,
            actor,
            amount,
        }
    }
}
