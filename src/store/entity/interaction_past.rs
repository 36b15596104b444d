//! What versions of interactions were that were amended since.

use sea_orm::entity::prelude::*;

use crate::domain::error::Result;
use crate::domain::interaction::{Amended, Interaction, NextHook};
use crate::domain::personal::Personal;
use crate::store::columns::{from_json, to_json};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "interaction_past")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub interaction_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    /// The interaction as JSON, without what people wrote.
    pub content: String,
    pub purpose: Personal,
    pub notes: Personal,
    pub hook_topic: Option<Personal>,
    pub amend_reason: Option<Personal>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(was: &Interaction) -> Result<Self> {
        Ok(Self {
            interaction_id: was.id,
            version: was.version,
            content: to_json("a version of an interaction", was)?,
            purpose: was.purpose.clone(),
            notes: was.notes.clone(),
            hook_topic: was.next_hook.as_ref().map(|hook| hook.topic.clone()),
            amend_reason: was.amended.as_ref().map(|amended| amended.reason.clone()),
        })
    }

    pub fn into_interaction(self) -> Result<Interaction> {
        let Self { content, purpose, notes, hook_topic, amend_reason, .. } = self;
        let was: Interaction = from_json("a version of an interaction", &content)?;
        let reason = amend_reason.unwrap_or_default();
        let amended = was.amended.map(|amended| Amended { reason, ..amended });
        let topic = hook_topic.unwrap_or_default();
        let next_hook = was.next_hook.map(|hook| NextHook { topic, ..hook });
        Ok(Interaction { purpose, notes, next_hook, amended, ..was })
    }
}
