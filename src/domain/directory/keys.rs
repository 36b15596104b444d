//! By which keys a record is found.

use std::collections::BTreeSet;

use super::{Key, KeyKind, normal};
use crate::domain::account::{Account, AccountState};
use crate::domain::contact::address::{folded, phone_end, phone_key};
use crate::domain::contact::{Contact, ContactState};
use crate::domain::external_ref::ExternalRef;
use crate::domain::member::{Member, UNASSIGNED};
use crate::domain::position::{Position, PositionState, PositionTerms};

/// A key, and what the record itself has for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<'a> {
    pub key: Key,
    pub text: &'a str,
    /// Of an external reference; else empty.
    pub system: &'a str,
}

/// The keys of an account; none of a deleted one.
pub fn of_account(account: &Account) -> Vec<Told<'_>> {
    if account.state() == AccountState::Deleted {
        return Vec::new();
    }
    let mut told = vec![name(KeyKind::Name, &account.display_name)];
    if !account.legal_name.is_empty() {
        told.push(name(KeyKind::Name, &account.legal_name));
    }
    told.extend(account.former_names.iter().map(|former| name(KeyKind::FormerName, former)));
    let tax_id = normal::tax_id(&account.tax_id);
    if !tax_id.is_empty() {
        let key = Key { kind: KeyKind::TaxId, value: tax_id };
        told.push(Told { key, text: &account.tax_id, system: "" });
    }
    told.extend(account.external_refs.iter().map(external));
    told
}

/// The keys of a member, active or not; none of him who stands for nobody.
pub fn of_member(member: &Member) -> Vec<Told<'_>> {
    if member.id == UNASSIGNED {
        return Vec::new();
    }
    let mut told = vec![name(KeyKind::Name, member.display_name.expose())];
    told.extend(member.external_refs.iter().map(external));
    told
}

/// The keys of a contact, by old addresses too, and of one that counts as another; none of one who is
/// deleted or erased.
pub fn of_contact(contact: &Contact) -> Vec<Told<'_>> {
    if !matches!(contact.state, ContactState::Active | ContactState::Merged) {
        return Vec::new();
    }
    let names = [&contact.display_name, &contact.latin_name];
    let names = names.into_iter().filter(|name| !name.is_empty());
    let mut told: Vec<Told<'_>> = names.map(|one| name(KeyKind::Name, one.expose())).collect();
    told.extend(contact.former_names.iter().map(|one| name(KeyKind::FormerName, one.expose())));
    for address in &contact.phones {
        told.extend(phone(address.value.expose()));
    }
    told.extend(contact.emails.iter().map(|one| address(KeyKind::Email, one.value.expose())));
    told.extend(contact.handles.iter().map(|one| address(KeyKind::Handle, one.value.expose())));
    told.extend(contact.external_refs.iter().map(external));
    told
}

/// The keys of a position: its title, and what it does; none of one that is closed.
pub fn of_position(position: &Position) -> Vec<Told<'_>> {
    if position.state() == PositionState::Closed {
        return Vec::new();
    }
    let PositionTerms { title, function, function_text, .. } = &position.terms;
    let does = if function_text.is_empty() { function.as_str() } else { function_text };
    let function = Key { kind: KeyKind::Function, value: normal::name(does) };
    let title = (!title.is_empty()).then(|| name(KeyKind::Name, title));
    title.into_iter().chain([Told { key: function, text: does, system: "" }]).collect()
}

/// The keys alone, each once.
pub fn alone(told: &[Told<'_>]) -> BTreeSet<Key> {
    told.iter().map(|one| one.key.clone()).collect()
}

/// The keys by which two records may be the same: one of a name, a tax number, or what somebody is
/// reached by.
pub fn shared(told: &[Told<'_>]) -> Vec<Key> {
    let tells = |key: &Key| match key.kind {
        KeyKind::Name | KeyKind::TaxId | KeyKind::Handle | KeyKind::Email | KeyKind::Phone => true,
        KeyKind::FormerName | KeyKind::ExternalRef | KeyKind::Function | KeyKind::PhoneEnd => false,
    };
    alone(told).into_iter().filter(tells).collect()
}

/// The keys of anything that has this text for one.
pub fn of_text(text: &str) -> Vec<Key> {
    let name = normal::name(text);
    let key = |kind, value: &str| Key { kind, value: value.to_owned() };
    let mut keys = vec![
        key(KeyKind::Name, &name),
        key(KeyKind::FormerName, &name),
        key(KeyKind::Function, &name),
        key(KeyKind::TaxId, &normal::tax_id(text)),
        key(KeyKind::ExternalRef, &normal::external_id(text)),
        key(KeyKind::Handle, &folded(text)),
    ];
    if text.contains('@') {
        keys.push(key(KeyKind::Email, &folded(text)));
    }
    keys.extend(phone(text).into_iter().map(|told| told.key));
    keys.retain(|key| !key.value.is_empty());
    keys
}

fn name(kind: KeyKind, text: &str) -> Told<'_> {
    Told { key: Key { kind, value: normal::name(text) }, text, system: "" }
}

fn address(kind: KeyKind, text: &str) -> Told<'_> {
    Told { key: Key { kind, value: folded(text) }, text, system: "" }
}

/// The number, and its end.
fn phone(text: &str) -> Vec<Told<'_>> {
    let Some(number) = phone_key(text) else { return Vec::new() };
    let end = phone_end(&number).map(|value| Key { kind: KeyKind::PhoneEnd, value });
    let keys = [Some(Key { kind: KeyKind::Phone, value: number }), end].into_iter().flatten();
    keys.map(|key| Told { key, text, system: "" }).collect()
}

fn external(ExternalRef { system, id }: &ExternalRef) -> Told<'_> {
    let key = Key { kind: KeyKind::ExternalRef, value: normal::external_id(id) };
    Told { key, text: id, system }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_an_account_has_is_a_key_of_it_until_it_is_deleted() {
        let mut account = Account {
            legal_name: "Acme Ltd".into(),
            tax_id: "DE 1".into(),
            former_names: vec!["Apex".into()],
            external_refs: vec![ExternalRef { system: "SAP".into(), id: "0047".into() }],
            ..Account::named_only("a".into(), "ACME".into())
        };
        let key = |kind, value: &str| Key { kind, value: value.into() };
        let keys = [
            key(KeyKind::Name, "acme"),
            key(KeyKind::FormerName, "apex"),
            key(KeyKind::TaxId, "DE1"),
            key(KeyKind::ExternalRef, "47"),
        ];
        assert_eq!(alone(&of_account(&account)), keys.clone().into());
        for text in ["Acme Limited", "apex", "de1", "47"] {
            assert!(of_text(text).iter().any(|key| keys.contains(key)), "{text}");
        }
        account.delete_us = Some(1);
        assert!(of_account(&account).is_empty());
    }
}
