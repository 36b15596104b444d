//! How the ids of a source system compare, fixed at its first use.

use sea_orm::entity::prelude::*;

use crate::domain::names::CanonicalForm;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "source_system")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub system: String,
    pub canonical_form: CanonicalForm,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
