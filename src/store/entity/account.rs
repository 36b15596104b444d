//! `account`.

use sea_orm::entity::prelude::*;

use crate::domain::account::AccountState;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub display_name: String,
    /// Lower case of the ASCII letters, for the prefix filter.
    pub display_key: String,
    pub legal_name: String,
    pub region_code: String,
    pub tax_id: String,
    pub parent_id: String,
    pub related_party: bool,
    pub labels: String,
    pub state: AccountState,
    pub block_reason: String,
    pub create_us: i64,
    pub update_us: i64,
    pub delete_us: i64,
    pub version: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
