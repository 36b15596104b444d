//! Who promised to pay, as it was written of somebody who is no contact.

use sea_orm::entity::prelude::*;

use crate::domain::personal::Personal;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "promise_said")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub promise_id: Uuid,
    pub account_id: String,
    pub promised_by: Personal,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
