//! Commands about contacts, as the service takes them. They are hashed for idempotency: two that
//! mean different things must differ in their JSON.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::address::Address;
use super::occasion::Occasion;
use super::{Contact, Official, Preference};
use crate::domain::change::Changed;
use crate::domain::external_ref::ExternalRef;
use crate::domain::names::{CanonicalForm, ContactRef};
use crate::domain::personal::Personal;

#[derive(Debug, Clone, Serialize)]
pub struct CreateContact {
    /// From a contact of whom nothing is known.
    pub change: ContactChange,
    /// How ids of the systems in `external_refs` are compared, where a system is new.
    pub form: Option<CanonicalForm>,
}

#[derive(Debug, Clone, Serialize)]
pub struct UpdateContact {
    pub contact: ContactRef,
    /// The version that was read.
    pub version: i64,
    pub change: ContactChange,
    /// How ids of systems that the contact had no key of are compared.
    pub form: Option<CanonicalForm>,
}

#[derive(Debug, Clone, Serialize)]
pub struct DeleteContact {
    pub contact: ContactRef,
    pub version: Option<i64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct UndeleteContact {
    pub contact: ContactRef,
}

/// An address as it is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AddressTerms {
    pub value: String,
    pub kind: String,
    pub valid_to: Option<NaiveDate>,
}

/// A preference as it is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreferenceTerms {
    pub key: String,
    pub value: String,
    pub source: String,
    pub consent: bool,
    pub expire_date: Option<NaiveDate>,
}

/// What changes of a contact; absent fields stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ContactChange {
    pub display_name: Option<String>,
    pub latin_name: Option<String>,
    pub former_names: Option<Vec<String>>,
    pub phones: Option<Vec<AddressTerms>>,
    pub emails: Option<Vec<AddressTerms>>,
    pub handles: Option<Vec<AddressTerms>>,
    pub external_refs: Option<Vec<ExternalRef>>,
    pub preferences: Option<Vec<PreferenceTerms>>,
    pub occasions: Option<Vec<Occasion>>,
    /// The inner `None`: as the account says that he works for.
    pub official: Option<Option<Official>>,
    pub labels: Option<BTreeMap<String, String>>,
}

impl ContactChange {
    /// Writes it into a contact; answers the fields that became different.
    pub fn apply(self, contact: &mut Contact) -> Vec<&'static str> {
        let personal =
            |texts: Vec<String>| texts.into_iter().map(Personal::from).collect::<Vec<_>>();
        let mut changed = Changed::default();
        changed.set("display_name", &mut contact.display_name, self.display_name.map(Into::into));
        changed.set("latin_name", &mut contact.latin_name, self.latin_name.map(Into::into));
        changed.set("former_names", &mut contact.former_names, self.former_names.map(personal));
        changed.set("phones", &mut contact.phones, self.phones.map(addresses));
        changed.set("emails", &mut contact.emails, self.emails.map(addresses));
        changed.set("handles", &mut contact.handles, self.handles.map(addresses));
        changed.set("external_refs", &mut contact.external_refs, self.external_refs);
        changed.set("preferences", &mut contact.preferences, self.preferences.map(preferences));
        changed.set("occasions", &mut contact.occasions, self.occasions);
        changed.set("official", &mut contact.official, self.official);
        changed.set("labels", &mut contact.labels, self.labels);
        changed.into_names()
    }
}

fn addresses(terms: Vec<AddressTerms>) -> Vec<Address> {
    let address = |AddressTerms { value, kind, valid_to }: AddressTerms| Address {
        value: value.into(),
        kind,
        valid_to,
    };
    terms.into_iter().map(address).collect()
}

fn preferences(terms: Vec<PreferenceTerms>) -> Vec<Preference> {
    let preference = |terms: PreferenceTerms| {
        let PreferenceTerms { key, value, source, consent, expire_date } = terms;
        Preference { key, value: value.into(), source: source.into(), consent, expire_date }
    };
    terms.into_iter().map(preference).collect()
}
