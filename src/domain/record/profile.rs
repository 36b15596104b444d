//! Who they are: profiles of accounts, of our people and of theirs, and of who looks after whom.
//! A record changes what it carries; lists are added to.

use chrono::NaiveDate;

use super::merge::{Lists, merged, with_key};
use crate::domain::account::command::{AccountChange, ParentChange, SizeChange};
use crate::domain::account::profile::{FORMER_NAMES_MAX as ACCOUNT_NAMES_MAX, Site};
use crate::domain::account::{Account, LABELS_MAX, SITES_MAX};
use crate::domain::contact::address::{ADDRESSES_MAX, Address};
use crate::domain::contact::command::{AddressTerms, ContactChange, PreferenceTerms};
use crate::domain::contact::occasion::OCCASIONS_MAX;
use crate::domain::contact::{Contact, FORMER_NAMES_MAX, PREFERENCES_MAX, Preference};
use crate::domain::error::Result;
use crate::domain::external_ref::{EXTERNAL_REFS_MAX, ExternalRef};
use crate::domain::member::command::{ManagerChange, MemberChange};
use crate::domain::member::{Competencies, Member};
use crate::domain::money::Money;
use crate::domain::names::{AccountRef, MemberRef};
use crate::domain::personal::Personal;
use crate::domain::team::TeamRole;

/// The profile of an account.
#[derive(Debug, Clone)]
pub struct AccountRecord {
    pub source_key: ExternalRef,
    /// Of a new one.
    pub id: Option<String>,
    pub change: AccountChange,
    pub parent: Option<ParentChange>,
    pub size: Option<SizeChange>,
}

/// One of our people, with what is said of him.
#[derive(Debug, Clone)]
pub struct MemberRecord {
    pub source_key: ExternalRef,
    /// Of a new one.
    pub id: Option<String>,
    pub change: MemberChange,
    pub manager: Option<ManagerChange>,
}

/// One of our people in a role for an account.
#[derive(Debug, Clone)]
pub struct TeamRecord {
    pub account: AccountRef,
    pub member: MemberRef,
    pub role: TeamRole,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub site: Option<String>,
    pub cost_per_day: Option<Money>,
    pub reason: String,
}

/// A person at a customer.
#[derive(Debug, Clone)]
pub struct ContactRecord {
    pub source_key: ExternalRef,
    pub change: ContactChange,
}

impl AccountRecord {
    /// What a new account is made of.
    pub fn of_new(&self) -> AccountChange {
        let keys = with_key(&self.source_key, self.change.external_refs.as_deref());
        AccountChange { external_refs: Some(keys), ..self.change.clone() }
    }

    /// What it changes of an account that is there.
    ///
    /// # Errors
    /// TOO_MANY_ELEMENTS: with what is there a list is too long.
    pub fn change_of(&self, account: &Account) -> Result<AccountChange> {
        let AccountChange { external_refs, labels, sites, former_names, .. } = &self.change;
        let mut lists = Lists::new("account");
        let change = AccountChange {
            external_refs: lists.add(
                "external_refs",
                EXTERNAL_REFS_MAX,
                external_refs.as_ref().map(|said| {
                    merged(&account.external_refs, said, ExternalRef::clone, |_, new| new.clone())
                }),
            ),
            sites: lists.add(
                "sites",
                SITES_MAX,
                sites.as_ref().map(|said| {
                    merged(&account.sites, said, |site: &Site| site.id.clone(), site_now)
                }),
            ),
            former_names: lists.add(
                "former_names",
                ACCOUNT_NAMES_MAX,
                former_names.as_ref().map(|said| {
                    merged(&account.former_names, said, String::clone, |_, new| new.clone())
                }),
            ),
            labels: lists.labels(&account.labels, labels.as_ref(), LABELS_MAX),
            ..self.change.clone()
        };
        lists.finish()?;
        Ok(change)
    }
}

/// What is said of a site; a region that is not said stays.
fn site_now(was: &Site, said: &Site) -> Site {
    let mut site = said.clone();
    if site.region.is_empty() {
        site.region.clone_from(&was.region);
    }
    site
}

impl MemberRecord {
    /// What it changes of a member who is there: keys are added, and what is not rated keeps its
    /// rating.
    pub fn change_of(&self, member: &Member) -> MemberChange {
        let keys = self.change.external_refs.as_ref().map(|keys| {
            let mut all = member.external_refs.clone();
            all.extend(keys.iter().filter(|key| !member.external_refs.contains(key)).cloned());
            all
        });
        let competencies = self.change.competencies.map(|said| {
            let known = member.competencies;
            Competencies {
                negotiation: said.negotiation.or(known.negotiation),
                product: said.product.or(known.product),
                responsibility: said.responsibility.or(known.responsibility),
                resources: said.resources.or(known.resources),
            }
        });
        MemberChange { external_refs: keys, competencies, ..self.change.clone() }
    }

    /// What a new member is made of.
    pub fn of_new(&self) -> MemberChange {
        let keys = with_key(&self.source_key, self.change.external_refs.as_deref());
        MemberChange { external_refs: Some(keys), ..self.change.clone() }
    }
}

impl ContactRecord {
    /// What a new contact is made of.
    pub fn of_new(&self) -> ContactChange {
        let keys = with_key(&self.source_key, self.change.external_refs.as_deref());
        ContactChange { external_refs: Some(keys), ..self.change.clone() }
    }

    /// What it changes of a contact who is there.
    ///
    /// # Errors
    /// TOO_MANY_ELEMENTS: with what is there a list is too long.
    pub fn change_of(&self, contact: &Contact) -> Result<ContactChange> {
        let said = &self.change;
        let mut lists = Lists::new("contact");
        let mut addresses = |field, known: &[Address], said: &Option<Vec<AddressTerms>>| {
            let said = said.as_ref().map(|said| {
                let known: Vec<AddressTerms> = known.iter().map(address_terms).collect();
                merged(&known, said, |one| one.value.clone(), address_now)
            });
            lists.add(field, ADDRESSES_MAX, said)
        };
        let phones = addresses("phones", &contact.phones, &said.phones);
        let emails = addresses("emails", &contact.emails, &said.emails);
        let handles = addresses("handles", &contact.handles, &said.handles);
        let known_names: Vec<String> =
            contact.former_names.iter().map(|name| name.expose().to_owned()).collect();
        let known_preferences: Vec<PreferenceTerms> =
            contact.preferences.iter().map(preference_terms).collect();
        let change = ContactChange {
            phones,
            emails,
            handles,
            former_names: lists.add(
                "former_names",
                FORMER_NAMES_MAX,
                said.former_names
                    .as_ref()
                    .map(|said| merged(&known_names, said, String::clone, |_, new| new.clone())),
            ),
            external_refs: lists.add(
                "external_refs",
                EXTERNAL_REFS_MAX,
                said.external_refs.as_ref().map(|said| {
                    merged(&contact.external_refs, said, ExternalRef::clone, |_, new| new.clone())
                }),
            ),
            preferences: lists.add(
                "preferences",
                PREFERENCES_MAX,
                said.preferences.as_ref().map(|said| {
                    merged(&known_preferences, said, |one| one.key.clone(), |_, new| new.clone())
                }),
            ),
            occasions: lists.add(
                "occasions",
                OCCASIONS_MAX,
                said.occasions.as_ref().map(|said| {
                    merged(&contact.occasions, said, |one| one.kind.clone(), |_, new| new.clone())
                }),
            ),
            labels: lists.labels(&contact.labels, said.labels.as_ref(), LABELS_MAX),
            ..said.clone()
        };
        lists.finish()?;
        Ok(change)
    }
}

fn address_terms(of: &Address) -> AddressTerms {
    let Address { value, kind, valid_to } = of;
    AddressTerms { value: value.expose().to_owned(), kind: kind.clone(), valid_to: *valid_to }
}

/// An address that is there, with what is said of it now.
fn address_now(was: &AddressTerms, said: &AddressTerms) -> AddressTerms {
    let kind = if said.kind.is_empty() { &was.kind } else { &said.kind };
    AddressTerms {
        value: was.value.clone(),
        kind: kind.clone(),
        valid_to: said.valid_to.or(was.valid_to),
    }
}

fn preference_terms(of: &Preference) -> PreferenceTerms {
    let Preference { key, value, source, consent, expire_date } = of;
    let text = |of: &Personal| of.expose().to_owned();
    PreferenceTerms {
        key: key.clone(),
        value: text(value),
        source: text(source),
        consent: *consent,
        expire_date: *expire_date,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> ExternalRef {
        ExternalRef { system: "CRM".into(), id: id.into() }
    }

    fn phone(value: &str, kind: &str) -> AddressTerms {
        AddressTerms { value: value.into(), kind: kind.into(), valid_to: None }
    }

    fn record(change: ContactChange) -> ContactRecord {
        ContactRecord { source_key: key("7"), change }
    }

    #[test]
    fn what_is_said_of_a_contact_is_added_and_the_same_again_changes_nothing() {
        let mut contact = Contact::new("li".into(), 0);
        let first = ContactChange {
            display_name: Some("Li".into()),
            phones: Some(vec![phone("1", "work")]),
            labels: Some([("a".to_owned(), "1".to_owned())].into()),
            ..ContactChange::default()
        };
        record(first).of_new().apply(&mut contact);
        let second = record(ContactChange {
            phones: Some(vec![phone("2", ""), phone("1", "")]),
            labels: Some([("b".to_owned(), "2".to_owned())].into()),
            ..ContactChange::default()
        });
        let changed = second.change_of(&contact).unwrap().apply(&mut contact);
        assert_eq!(changed, ["phones", "labels"]);
        let phones: Vec<_> =
            contact.phones.iter().map(|one| (one.value.expose(), one.kind.as_str())).collect();
        assert_eq!(phones, [("1", "work"), ("2", "")]);
        assert_eq!((contact.labels.len(), contact.external_refs.len()), (2, 1));
        assert!(second.change_of(&contact).unwrap().apply(&mut contact).is_empty());
    }

    #[test]
    fn an_empty_list_that_is_carried_empties_and_one_that_is_not_erases_nothing() {
        let mut contact = Contact::new("li".into(), 0);
        record(ContactChange { phones: Some(vec![phone("1", "")]), ..ContactChange::default() })
            .of_new()
            .apply(&mut contact);
        let silent = record(ContactChange::default());
        assert!(silent.change_of(&contact).unwrap().apply(&mut contact).is_empty());
        let emptied = record(ContactChange { phones: Some(vec![]), ..ContactChange::default() });
        assert_eq!(emptied.change_of(&contact).unwrap().apply(&mut contact), ["phones"]);
        assert!(contact.phones.is_empty());
    }

    #[test]
    fn a_list_that_grows_too_long_is_refused_by_its_name() {
        let mut contact = Contact::new("li".into(), 0);
        let phones = |from: usize| {
            let said = (from..from + ADDRESSES_MAX).map(|n| phone(&n.to_string(), "")).collect();
            record(ContactChange { phones: Some(said), ..ContactChange::default() })
        };
        phones(0).of_new().apply(&mut contact);
        let refused = phones(10).change_of(&contact).unwrap_err();
        assert!(refused.to_string().contains("contact.phones"), "{refused}");
    }
}
