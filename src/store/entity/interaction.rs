//! What was said between our people and those of accounts. Who took part is in
//! [`super::interaction_member`] and [`super::interaction_contact`].

use sea_orm::entity::prelude::*;

use crate::domain::external_ref::ExternalRef;
use crate::domain::interaction::{Amended, Attendee, Channel, Direction, Interaction};
use crate::domain::personal::Personal;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "interaction")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub channel: Channel,
    pub direction: Direction,
    pub two_way: bool,
    pub start_us: i64,
    pub end_us: Option<i64>,
    pub day: Date,
    pub notes: Personal,
    pub source_system: Option<String>,
    pub source_id: Option<String>,
    pub recorded_by: String,
    pub recorded_us: i64,
    pub version: i64,
    pub amended_by: Option<String>,
    pub amended_us: Option<i64>,
    pub amend_reason: Option<Personal>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&Interaction> for Model {
    fn from(interaction: &Interaction) -> Self {
        let Interaction {
            id,
            account_id,
            channel,
            direction,
            two_way,
            start_us,
            end_us,
            day,
            ours: _,
            theirs: _,
            notes,
            source_key,
            recorded_by,
            recorded_us,
            version,
            amended,
        } = interaction.clone();
        let (source_system, source_id) =
            source_key.map(|ExternalRef { system, id }| (system, id)).unzip();
        Self {
            id,
            account_id,
            channel,
            direction,
            two_way,
            start_us,
            end_us,
            day,
            notes,
            source_system,
            source_id,
            recorded_by,
            recorded_us,
            version,
            amended_by: amended.as_ref().map(|amended| amended.by.clone()),
            amended_us: amended.as_ref().map(|amended| amended.us),
            amend_reason: amended.map(|amended| amended.reason),
        }
    }
}

impl Model {
    /// The interaction with those who took part in it.
    pub fn into_interaction(self, ours: Vec<String>, theirs: Vec<Attendee>) -> Interaction {
        let Self {
            id,
            account_id,
            channel,
            direction,
            two_way,
            start_us,
            end_us,
            day,
            notes,
            source_system,
            source_id,
            recorded_by,
            recorded_us,
            version,
            amended_by,
            amended_us,
            amend_reason,
        } = self;
        let source_key = source_system.zip(source_id);
        let amended = amended_by.zip(amended_us).map(|(by, us)| Amended {
            by,
            us,
            reason: amend_reason.unwrap_or_default(),
        });
        Interaction {
            id,
            account_id,
            channel,
            direction,
            two_way,
            start_us,
            end_us,
            day,
            ours,
            theirs,
            notes,
            source_key: source_key.map(|(system, id)| ExternalRef { system, id }),
            recorded_by,
            recorded_us,
            version,
            amended,
        }
    }
}
