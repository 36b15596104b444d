//! Commands about accounts, as the service takes them. They are hashed for idempotency: two
//! that mean different things must differ in their JSON.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::Account;
use super::profile::{PartyKind, Site, SizeClass};
use crate::domain::change::Changed;
use crate::domain::external_ref::ExternalRef;
use crate::domain::names::{AccountRef, CanonicalForm};

#[derive(Debug, Clone, Serialize)]
pub struct CreateAccount {
    /// Absent: the service gives one.
    pub id: Option<String>,
    /// From an account of which nothing is known.
    pub change: AccountChange,
    pub parent: Option<AccountRef>,
    /// From when on it stands there; absent: the business date.
    pub parent_from: Option<NaiveDate>,
    pub size: Option<SizeChange>,
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
    /// `None`: its size stays what it is.
    pub size: Option<SizeChange>,
    /// How ids of systems that the account had no key of are compared.
    pub form: Option<CanonicalForm>,
}

/// What changes of an account by itself; absent fields stay as they are. A new account has what is
/// given of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AccountChange {
    pub display_name: Option<String>,
    pub legal_name: Option<String>,
    pub region_code: Option<String>,
    pub tax_id: Option<String>,
    pub external_refs: Option<Vec<ExternalRef>>,
    pub related_party: Option<bool>,
    pub labels: Option<BTreeMap<String, String>>,
    pub industry_code: Option<String>,
    pub sales_region: Option<String>,
    /// `Some(None)`: it is not known any more.
    pub party_kind: Option<Option<PartyKind>>,
    pub sites: Option<Vec<Site>>,
    pub former_names: Option<Vec<String>>,
}

impl AccountChange {
    /// Writes it into an account; answers the fields that became different.
    pub fn apply(self, account: &mut Account) -> Vec<&'static str> {
        let mut changed = Changed::default();
        changed.set("display_name", &mut account.display_name, self.display_name);
        changed.set("legal_name", &mut account.legal_name, self.legal_name);
        changed.set("region_code", &mut account.region_code, self.region_code);
        changed.set("tax_id", &mut account.tax_id, self.tax_id);
        changed.set("external_refs", &mut account.external_refs, self.external_refs);
        changed.set("related_party", &mut account.related_party, self.related_party);
        changed.set("labels", &mut account.labels, self.labels);
        changed.set("industry_code", &mut account.industry_code, self.industry_code);
        changed.set("sales_region", &mut account.sales_region, self.sales_region);
        changed.set("party_kind", &mut account.party_kind, self.party_kind);
        changed.set("sites", &mut account.sites, self.sites);
        changed.set("former_names", &mut account.former_names, self.former_names);
        changed.into_names()
    }
}

/// What becomes of the size class, from when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SizeChange {
    /// `None`: it is not known any more.
    pub class: Option<SizeClass>,
    /// Absent: the business date.
    pub from: Option<NaiveDate>,
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
