//! Commands about accounts, as the service takes them. They are hashed for idempotency: two
//! that mean different things must differ in their JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::ExternalRef;
use crate::domain::names::{AccountRef, CanonicalForm};

#[derive(Debug, Clone, Serialize)]
pub struct CreateAccount {
    /// Absent: the service gives one.
    pub id: Option<String>,
    pub display_name: String,
    pub legal_name: String,
    pub region_code: String,
    pub tax_id: String,
    pub external_refs: Vec<ExternalRef>,
    pub parent: Option<AccountRef>,
    pub related_party: bool,
    pub labels: BTreeMap<String, String>,
    /// How ids of the systems in `external_refs` are compared, where a system is new.
    pub form: Option<CanonicalForm>,
}

/// Absent fields stay as they are.
#[derive(Debug, Clone, Serialize)]
pub struct UpdateAccount {
    pub account: AccountRef,
    /// The version that was read.
    pub version: i64,
    pub display_name: Option<String>,
    pub legal_name: Option<String>,
    pub region_code: Option<String>,
    pub tax_id: Option<String>,
    pub external_refs: Option<Vec<ExternalRef>>,
    pub parent: Option<ParentChange>,
    pub related_party: Option<bool>,
    pub labels: Option<BTreeMap<String, String>>,
    /// How ids of systems that the account had no key of are compared.
    pub form: Option<CanonicalForm>,
}

/// What becomes of the parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum ParentChange {
    None,
    Under(AccountRef),
}

#[derive(Debug, Clone, Serialize)]
pub struct DeleteAccount {
    pub account: AccountRef,
    /// The version that must be current, if given.
    pub version: Option<i64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct UndeleteAccount {
    pub account: AccountRef,
}

#[derive(Debug, Clone, Serialize)]
pub struct BlockAccount {
    pub account: AccountRef,
    pub reason: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct UnblockAccount {
    pub account: AccountRef,
}
