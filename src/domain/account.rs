//! Accounts: the companies and persons who owe us, their keys in other systems, and what may
//! become of them.

pub mod command;
pub mod lifecycle;
pub mod profile;
mod region;
#[cfg(test)]
mod tests;
pub mod validate;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::external_ref::ExternalRef;
use super::names::{AccountRef, MemberRef};
use super::page::{Page, PageOf};
use super::personal::Personal;
use super::stored::stored_enum;
use super::team::accountable::Accountable;
use profile::{PartyKind, Site, SizeClass, SizePoint};

pub const DISPLAY_NAME_CHARS_MAX: usize = 200;
pub const LEGAL_NAME_CHARS_MAX: usize = 200;
pub const TAX_ID_CHARS_MAX: usize = 64;
pub const BLOCK_REASON_CHARS_MAX: usize = 500;
pub const LABELS_MAX: usize = 32;
pub const LABEL_KEY_CHARS_MAX: usize = 63;
pub const LABEL_VALUE_CHARS_MAX: usize = 200;
pub const INDUSTRY_CODE_CHARS_MAX: usize = 32;
pub const SALES_REGION_CHARS_MAX: usize = 64;
pub const SITES_MAX: usize = 200;
pub const SITE_REGION_CHARS_MAX: usize = 64;
/// Most labels that a list may ask for.
pub const LABEL_FILTERS_MAX: usize = 8;
/// Most accounts one call may name.
pub const BATCH_MAX: usize = 500;

stored_enum! {
    /// What a caller sees of an account's lifecycle.
    pub enum AccountState {
        Active => "ACTIVE",
        /// Takes no new debits.
        Blocked => "BLOCKED",
        /// Soft-deleted; whether it was blocked before is kept beside it.
        Deleted => "DELETED",
    }
}

/// A customer. Instants are microseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: String,
    pub display_name: String,
    pub legal_name: String,
    pub region_code: String,
    pub tax_id: String,
    pub external_refs: Vec<ExternalRef>,
    /// Id of the account it is controlled by.
    pub parent_id: Option<String>,
    pub related_party: bool,
    pub labels: BTreeMap<String, String>,
    /// By a list of the caller's.
    pub industry_code: String,
    pub sales_region: String,
    pub party_kind: Option<PartyKind>,
    /// That of the day on which the account was read or written.
    pub size_class: Option<SizeClass>,
    /// In the order they were recorded.
    pub size_classes: Vec<SizePoint>,
    pub sites: Vec<Site>,
    /// The latest last.
    pub former_names: Vec<String>,
    /// The block stays while it is deleted, and is there again when it comes back.
    pub blocked: bool,
    /// Empty unless blocked.
    pub block_reason: Personal,
    pub create_us: i64,
    pub update_us: i64,
    pub delete_us: Option<i64>,
    pub version: i64,
    /// Id of the account that it counts as; `None`: it counts as itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
}

impl Account {
    /// A new account of which nothing is known but how it is called; its times are not set.
    pub fn named_only(id: String, display_name: String) -> Self {
        Self {
            id,
            display_name,
            legal_name: String::new(),
            region_code: String::new(),
            tax_id: String::new(),
            external_refs: Vec::new(),
            parent_id: None,
            related_party: false,
            labels: BTreeMap::new(),
            industry_code: String::new(),
            sales_region: String::new(),
            party_kind: None,
            size_class: None,
            size_classes: Vec::new(),
            sites: Vec::new(),
            former_names: Vec::new(),
            blocked: false,
            block_reason: Personal::default(),
            create_us: 0,
            update_us: 0,
            delete_us: None,
            version: 1,
            merged_into: None,
        }
    }

    pub fn state(&self) -> AccountState {
        match (self.delete_us, self.blocked) {
            (Some(_), _) => AccountState::Deleted,
            (None, true) => AccountState::Blocked,
            (None, false) => AccountState::Active,
        }
    }
}

/// Which accounts to list; `None` is no restriction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountFilter<A, M> {
    /// Direct members of this account only.
    pub parent: Option<A>,
    /// Those only that this member owns today.
    pub owner: Option<M>,
    pub state: Option<AccountState>,
    /// In any case of ASCII letters.
    pub display_name_prefix: String,
    /// Empty for no restriction.
    pub region_code: String,
    /// Empty for no restriction.
    pub sales_region: String,
    /// Each of these, key and value.
    pub labels: Vec<(String, String)>,
    /// Deleted ones too; the state DELETED asks for them by itself.
    pub show_deleted: bool,
}

impl<A> AccountFilter<A, OwnedBy> {
    /// What a member owns, whatever it is.
    pub fn owned_by(member_id: &str) -> Self {
        Self {
            parent: None,
            owner: Some(OwnedBy { member_id: member_id.to_owned(), or_nobody: false }),
            state: None,
            display_name_prefix: String::new(),
            region_code: String::new(),
            sales_region: String::new(),
            labels: Vec::new(),
            show_deleted: false,
        }
    }
}

/// What to sort accounts by; the id comes last in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountOrder {
    Id,
    DisplayName,
    CreateTime,
    /// The id of who owns it today; nobody comes first.
    Owner,
}

/// The values to sort by of the last account of a page: the next page begins behind them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountKey {
    Id(String),
    DisplayName(String, String),
    CreateTime(i64, String),
    /// The owner is empty where there is none.
    Owner(String, String),
}

impl AccountKey {
    /// `owner_id` is that of its owner today, empty for none.
    pub fn of(account: &Account, order: AccountOrder, owner_id: &str) -> Self {
        let id = account.id.clone();
        match order {
            AccountOrder::Owner => Self::Owner(owner_id.to_owned(), id),
            AccountOrder::Id => Self::Id(id),
            AccountOrder::DisplayName => Self::DisplayName(account.display_name.clone(), id),
            AccountOrder::CreateTime => Self::CreateTime(account.create_us, id),
        }
    }
}

/// A page of accounts as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountList<A = AccountRef, M = MemberRef> {
    pub filter: AccountFilter<A, M>,
    pub order: AccountOrder,
    pub descending: bool,
    pub page: PageOf<AccountKey>,
}

/// Whose accounts to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnedBy {
    pub member_id: String,
    /// Those that nobody owns too: he is the one who does then.
    pub or_nobody: bool,
}

/// A page of accounts, and who is accountable for each of them.
#[derive(Debug)]
pub struct AccountPage {
    pub page: Page<Account, AccountKey>,
    pub accountable: Vec<Accountable>,
}

/// The name to search by prefix: ASCII letters in lower case.
pub fn display_key(display_name: &str) -> String {
    display_name.to_ascii_lowercase()
}
