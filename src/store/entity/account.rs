//! Accounts. Their keys in other systems are in [`super::account_ref`].

use sea_orm::entity::prelude::*;

use crate::domain::account::{Account, AccountState, display_key};
use crate::domain::error::{Error, Result};
use crate::domain::external_ref::ExternalRef;
use crate::domain::personal::Personal;
use crate::store::columns::{from_json, to_json};

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
    pub block_reason: Personal,
    pub create_us: i64,
    pub update_us: i64,
    pub delete_us: i64,
    pub version: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&Account> for Model {
    type Error = Error;

    fn try_from(account: &Account) -> Result<Self> {
        let Account {
            id,
            display_name,
            legal_name,
            region_code,
            tax_id,
            external_refs: _,
            parent_id,
            related_party,
            labels,
            blocked,
            block_reason,
            create_us,
            update_us,
            delete_us,
            version,
        } = account.clone();
        Ok(Self {
            id,
            display_key: display_key(&display_name),
            display_name,
            legal_name,
            region_code,
            tax_id,
            parent_id: parent_id.unwrap_or_default(),
            related_party,
            labels: to_json("labels", &labels)?,
            state: if blocked { AccountState::Blocked } else { AccountState::Active },
            block_reason,
            create_us,
            update_us,
            delete_us: delete_us.unwrap_or_default(),
            version,
        })
    }
}

impl Model {
    /// The account with these keys in other systems.
    pub fn into_account(self, external_refs: Vec<ExternalRef>) -> Result<Account> {
        let Self {
            id,
            display_name,
            display_key: _,
            legal_name,
            region_code,
            tax_id,
            parent_id,
            related_party,
            labels,
            state,
            block_reason,
            create_us,
            update_us,
            delete_us,
            version,
        } = self;
        Ok(Account {
            id,
            display_name,
            legal_name,
            region_code,
            tax_id,
            external_refs,
            parent_id: Some(parent_id).filter(|id| !id.is_empty()),
            related_party,
            labels: from_json("labels of an account", &labels)?,
            blocked: state == AccountState::Blocked,
            block_reason,
            create_us,
            update_us,
            delete_us: Some(delete_us).filter(|us| *us != 0),
            version,
        })
    }
}
