//! Accounts. Their keys in other systems are in [`super::account_ref`].

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::account::profile::{PartyKind, SizePoint};
use crate::domain::account::{Account, AccountState, display_key};
use crate::domain::dated;
use crate::domain::error::{Error, Result};
use crate::domain::external_ref::ExternalRef;
use crate::domain::personal::Personal;
use crate::store::columns::{OrEmpty, from_json, to_json};

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
    pub industry_code: String,
    pub sales_region: String,
    pub party_kind: OrEmpty<PartyKind>,
    /// Change points.
    pub size_classes: String,
    pub sites: String,
    pub former_names: String,
    pub state: AccountState,
    pub block_reason: Personal,
    pub create_us: i64,
    pub update_us: i64,
    pub delete_us: i64,
    pub version: i64,
    /// As which it counts; `None`: as itself.
    pub merged_into: Option<String>,
    /// What those have in common that were ever merged with each other. Written by merges alone.
    pub merge_set: Option<String>,
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
            industry_code,
            sales_region,
            party_kind,
            // Told by the change points and the day.
            size_class: _,
            size_classes,
            sites,
            former_names,
            blocked,
            block_reason,
            create_us,
            update_us,
            delete_us,
            version,
            merged_into,
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
            industry_code,
            sales_region,
            party_kind: OrEmpty(party_kind),
            size_classes: to_json("size classes", &size_classes)?,
            sites: to_json("sites", &sites)?,
            former_names: to_json("former names", &former_names)?,
            state: if blocked { AccountState::Blocked } else { AccountState::Active },
            block_reason,
            create_us,
            update_us,
            delete_us: delete_us.unwrap_or_default(),
            version,
            merged_into,
            merge_set: None,
        })
    }
}

impl Model {
    /// The account with these keys in other systems, as of a day.
    pub fn into_account(
        self,
        external_refs: Vec<ExternalRef>,
        today: NaiveDate,
    ) -> Result<Account> {
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
            industry_code,
            sales_region,
            party_kind: OrEmpty(party_kind),
            size_classes,
            sites,
            former_names,
            state,
            block_reason,
            create_us,
            update_us,
            delete_us,
            version,
            merged_into,
            merge_set: _,
        } = self;
        let size_classes: Vec<SizePoint> = from_json("size classes of an account", &size_classes)?;
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
            industry_code,
            sales_region,
            party_kind,
            size_class: dated::at(&size_classes, today, i64::MAX).and_then(|point| point.value),
            size_classes,
            sites: from_json("sites of an account", &sites)?,
            former_names: from_json("former names of an account", &former_names)?,
            blocked: state == AccountState::Blocked,
            block_reason,
            create_us,
            update_us,
            delete_us: Some(delete_us).filter(|us| *us != 0),
            version,
            merged_into,
        })
    }
}
