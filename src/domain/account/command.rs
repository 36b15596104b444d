//! Commands about accounts, as the service takes them. They are hashed for idempotency: two
//! that mean different things must differ in their JSON.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::Account;
use crate::domain::change::Changed;
use crate::domain::external_ref::ExternalRef;
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
    /// From when on it stands there; absent: the business date.
    pub parent_from: Option<NaiveDate>,
    pub related_party: bool,
    pub labels: BTreeMap<String, String>,
    /// How ids of the systems in `external_refs` are compared, where a system is new.
    pub form: Option<CanonicalForm>,
}

#[derive(Debug, Clone, Serialize)]
pub struct UpdateAccount {
    pub account: AccountRef,
    /// The version that was read.
    pub version: i64,
    pub change: AccountChange,
    /// `None`: it stays where it is.
    pub parent: Option<ParentChange>,
    /// From when on it stands there; absent: the business date.
    pub parent_from: Option<NaiveDate>,
    /// How ids of systems that the account had no key of are compared.
    pub form: Option<CanonicalForm>,
}

/// What changes of an account by itself; absent fields stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AccountChange {
    pub display_name: Option<String>,
    pub legal_name: Option<String>,
    pub region_code: Option<String>,
    pub tax_id: Option<String>,
    pub external_refs: Option<Vec<ExternalRef>>,
    pub related_party: Option<bool>,
    pub labels: Option<BTreeMap<String, String>>,
}

impl AccountChange {
    /// Writes it into an account; answers the fields that became different.
    pub fn apply(self, account: &mut Account) -> Vec<&'static str> {
        let Self {
            display_name,
            legal_name,
            region_code,
            tax_id,
            external_refs,
            related_party,
            labels,
        } = self;
        let mut changed = Changed::default();
        changed.set("display_name", &mut account.display_name, display_name);
        changed.set("legal_name", &mut account.legal_name, legal_name);
        changed.set("region_code", &mut account.region_code, region_code);
        changed.set("tax_id", &mut account.tax_id, tax_id);
        changed.set("external_refs", &mut account.external_refs, external_refs);
        changed.set("related_party", &mut account.related_party, related_party);
        changed.set("labels", &mut account.labels, labels);
        changed.into_names()
    }
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
