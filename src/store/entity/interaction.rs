//! What was said between our people and those of accounts, or is planned. Who took part is in
//! [`super::interaction_member`] and [`super::interaction_contact`].

use sea_orm::entity::prelude::*;

use sea_orm::sea_query::Expr;

use crate::domain::error::{Error, Result};
use crate::domain::external_ref::ExternalRef;
use crate::domain::interaction::{
    Amended, Attendee, Channel, Direction, Effort, Interaction, NextHook, Response, Stage,
};
use crate::domain::money::{Currency, Money};
use crate::domain::personal::Personal;
use crate::store::columns::{from_json, to_json};
use crate::store::rows;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "interaction")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub stage: Stage,
    pub channel: Channel,
    pub direction: Direction,
    pub two_way: bool,
    pub start_us: i64,
    pub end_us: Option<i64>,
    pub day: Date,
    pub purpose: Personal,
    pub notes: Personal,
    pub private_to: Option<String>,
    pub campaign: Option<String>,
    pub response: Option<Response>,
    pub cost: Option<i64>,
    pub cost_currency: Option<Currency>,
    pub hook_topic: Option<Personal>,
    pub hook_by: Option<Date>,
    pub hook_contact_id: Option<String>,
    pub uses_hook: Option<Uuid>,
    /// JSON.
    pub checklist: String,
    pub source_system: Option<String>,
    pub source_id: Option<String>,
    pub recorded_by: String,
    pub recorded_us: i64,
    pub version: i64,
    pub amended_by: Option<String>,
    pub amended_us: Option<i64>,
    pub amend_reason: Option<Personal>,
    pub imported: bool,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Those that are planned or missed, in the words of the partial index `interaction_planned`.
pub fn planned() -> Expr {
    rows::constant(Column::Stage, Stage::Planned)
}

impl TryFrom<&Interaction> for Model {
    type Error = Error;

    fn try_from(interaction: &Interaction) -> Result<Self> {
        let Interaction {
            id,
            account_id,
            stage,
            channel,
            direction,
            two_way,
            start_us,
            end_us,
            day,
            ours: _,
            efforts: _,
            theirs: _,
            purpose,
            notes,
            private_to,
            campaign,
            response,
            cost,
            next_hook,
            uses_hook,
            checklist,
            source_key,
            recorded_by,
            recorded_us,
            version,
            amended,
            imported,
        } = interaction.clone();
        let (cost, cost_currency) = cost.map(|of| (of.minor, of.currency)).unzip();
        let (source_system, source_id) =
            source_key.map(|ExternalRef { system, id }| (system, id)).unzip();
        Ok(Self {
            id,
            account_id,
            stage,
            channel,
            direction,
            two_way,
            start_us,
            end_us,
            day,
            purpose,
            notes,
            private_to,
            campaign,
            response,
            cost,
            cost_currency,
            hook_by: next_hook.as_ref().map(|hook| hook.by),
            hook_contact_id: next_hook.as_ref().and_then(|hook| hook.contact_id.clone()),
            hook_topic: next_hook.map(|hook| hook.topic),
            uses_hook,
            checklist: to_json("the checklist of an interaction", &checklist)?,
            source_system,
            source_id,
            recorded_by,
            recorded_us,
            version,
            amended_by: amended.as_ref().map(|amended| amended.by.clone()),
            amended_us: amended.as_ref().map(|amended| amended.us),
            amend_reason: amended.map(|amended| amended.reason),
            imported,
        })
    }
}

impl Model {
    /// The interaction with those who took part in it, ours with how long they worked on it, and with what was held for its hook.
    pub fn into_interaction(
        self,
        ours: Vec<(String, Option<i32>)>,
        theirs: Vec<Attendee>,
        used_by: Option<Uuid>,
    ) -> Result<Interaction> {
        let Self {
            id,
            account_id,
            stage,
            channel,
            direction,
            two_way,
            start_us,
            end_us,
            day,
            purpose,
            notes,
            private_to,
            campaign,
            response,
            cost,
            cost_currency,
            hook_topic,
            hook_by,
            hook_contact_id,
            uses_hook,
            checklist,
            source_system,
            source_id,
            recorded_by,
            recorded_us,
            version,
            amended_by,
            amended_us,
            amend_reason,
            imported,
        } = self;
        let source_key = source_system.zip(source_id);
        let amended = amended_by.zip(amended_us).map(|(by, us)| Amended {
            by,
            us,
            reason: amend_reason.unwrap_or_default(),
        });
        let next_hook = hook_by.map(|by| NextHook {
            topic: hook_topic.unwrap_or_default(),
            by,
            contact_id: hook_contact_id,
            used_by,
        });
        let cost = cost.zip(cost_currency).map(|(minor, currency)| Money { minor, currency });
        let effort = |(id, minutes): &(String, Option<i32>)| {
            Some(Effort { member_id: id.clone(), minutes: (*minutes)? })
        };
        let efforts = ours.iter().filter_map(effort).collect();
        Ok(Interaction {
            id,
            account_id,
            stage,
            channel,
            direction,
            two_way,
            start_us,
            end_us,
            day,
            ours: ours.into_iter().map(|(id, _)| id).collect(),
            efforts,
            theirs,
            purpose,
            notes,
            private_to,
            campaign,
            response,
            cost,
            next_hook,
            uses_hook,
            checklist: from_json("the checklist of an interaction", &checklist)?,
            source_key: source_key.map(|(system, id)| ExternalRef { system, id }),
            recorded_by,
            recorded_us,
            version,
            amended,
            imported,
        })
    }
}
