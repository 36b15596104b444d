//! The lock and the last recorded time of an account. The root is the lock of its credit group.

use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_head")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: String,
    pub root_id: String,
    pub head_us: i64,
    /// Another after each transaction that records anything in the account; of a root, also after each change
    /// of what decisions about its group look at.
    pub group_revision: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The head of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub account_id: String,
    /// The topmost account of its group; its own id if it stands alone.
    pub root_id: String,
    /// The last recorded time of the account, microseconds since the epoch; 0 for none.
    pub head_us: i64,
}

impl From<Head> for Model {
    fn from(Head { account_id, root_id, head_us }: Head) -> Self {
        Self { account_id, root_id, head_us, group_revision: 0 }
    }
}

impl From<Model> for Head {
    fn from(Model { account_id, root_id, head_us, group_revision: _ }: Model) -> Self {
        Self { account_id, root_id, head_us }
    }
}
