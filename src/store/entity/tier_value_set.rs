//! Sets of what accounts are worth on a day.

use sea_orm::entity::prelude::*;

use crate::domain::money::Currency;
use crate::domain::tier::values::ValueSet;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tier_value_set")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub as_of: Date,
    pub currency: Currency,
    pub accounts: i64,
    pub digest: Vec<u8>,
    pub created_by: String,
    pub recorded_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<ValueSet> for Model {
    fn from(set: ValueSet) -> Self {
        let ValueSet { id, as_of, currency, accounts, digest, created_by, recorded_us } = set;
        Self { id, as_of, currency, accounts, digest, created_by, recorded_us }
    }
}

impl From<Model> for ValueSet {
    fn from(row: Model) -> Self {
        let Model { id, as_of, currency, accounts, digest, created_by, recorded_us } = row;
        Self { id, as_of, currency, accounts, digest, created_by, recorded_us }
    }
}
