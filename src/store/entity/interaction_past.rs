//! What versions of interactions were that were amended since.

use sea_orm::entity::prelude::*;

use crate::domain::error::Result;
use crate::domain::interaction::{Amended, Interaction};
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
    pub notes: Personal,
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
            notes: was.notes.clone(),
            amend_reason: was.amended.as_ref().map(|amended| amended.reason.clone()),
        })
    }

    pub fn into_interaction(self) -> Result<Interaction> {
        let Self { content, notes, amend_reason, .. } = self;
        let was: Interaction = from_json("a version of an interaction", &content)?;
        let reason = amend_reason.unwrap_or_default();
        let amended = was.amended.map(|amended| Amended { reason, ..amended });
        Ok(Interaction { notes, amended, ..was })
    }
}
