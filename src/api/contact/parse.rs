//! Requests about contacts, to commands. What a mask leaves out is not looked at.

use std::collections::HashSet;

use crate::api::convert::closed_set::both_ways;
use crate::api::convert::parts::{self, label_filters};
use crate::api::convert::read::{self, missing, within};
use crate::api::convert::request::{Identified, all, at_most};
use crate::api::convert::year_day;
use crate::api::etag;
use crate::api::list::PageRequest;
use crate::api::mask::{self, Field, Mask};
use crate::domain::account::validate;
use crate::domain::contact::address::{ADDRESSES_MAX, Family, KIND_CHARS_MAX};
use crate::domain::contact::command::{
    AddressTerms, ContactChange, CreateContact, DeleteContact, PreferenceTerms, UndeleteContact,
    UpdateContact,
};
use crate::domain::contact::occasion::{self, OCCASIONS_MAX, Occasion};
use crate::domain::contact::{
    ContactList, FORMER_NAMES_MAX, NAME_CHARS_MAX, Official, PREFERENCE_KEY_CHARS_MAX,
    PREFERENCE_SOURCE_CHARS_MAX, PREFERENCE_VALUE_CHARS_MAX, PREFERENCES_MAX,
};
use crate::domain::error::{Reason, Result, Violations};
use crate::domain::festival::YearCalendar;
use crate::domain::names::ContactRef;
use crate::domain::text;
use crate::pb;

const CONTACT: &str = "contact";

both_ways! {
    read_official, write_official: Official = OfficialStatus { Official, Private }
}

/// The fields of a contact, and who may change them.
const FIELDS: &[Field<pb::Contact>] = &[
    // Says which contact; not a change.
    Field::output_only("name"),
    Field::mutable("display_name", |c| !c.display_name.is_empty()),
    Field::mutable("latin_name", |c| !c.latin_name.is_empty()),
    Field::mutable("former_names", |c| !c.former_names.is_empty()),
    Field::mutable("phones", |c| !c.phones.is_empty()),
    Field::mutable("emails", |c| !c.emails.is_empty()),
    Field::mutable("handles", |c| !c.handles.is_empty()),
    Field::mutable("external_refs", |c| !c.external_refs.is_empty()),
    Field::mutable("preferences", |c| !c.preferences.is_empty()),
    Field::mutable("occasions", |c| !c.occasions.is_empty()),
    Field::mutable("official", |c| c.official != 0),
    Field::mutable("labels", |c| !c.labels.is_empty()),
    Field::output_only("state"),
    Field::output_only("positions"),
    Field::output_only("masked"),
    Field::output_only("create_time"),
    Field::output_only("update_time"),
    Field::output_only("delete_time"),
    Field::output_only("etag"),
];

pub fn create(request: pb::CreateContactRequest) -> Result<Identified<CreateContact>> {
    let pb::CreateContactRequest { contact, canonical_form, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let form = violations.keep(parts::form(canonical_form)).flatten();
    if contact.is_none() {
        violations.push(missing(CONTACT));
    }
    let change = change(contact.unwrap_or_default(), &Mask::all(FIELDS), &mut violations);
    violations.finish()?;
    Ok((request_id, CreateContact { change, form }))
}

pub fn update(request: pb::UpdateContactRequest) -> Result<Identified<UpdateContact>> {
    let pb::UpdateContactRequest { contact, update_mask, canonical_form, request_id } = request;
    let Some(contact) = contact else { return Err(missing(CONTACT).into()) };
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let form = violations.keep(parts::form(canonical_form)).flatten();
    let name = violations.keep(read::contact("contact.name", &contact.name));
    let version = violations.keep(etag::required("contact.etag", &contact.etag));
    let mask = mask::resolve("update_mask", update_mask.as_ref(), FIELDS, &contact);
    let change = violations.keep(mask).map(|mask| change(contact, &mask, &mut violations));
    let ((contact, version), change) = all(violations, name.zip(version).zip(change))?;
    Ok((request_id, UpdateContact { contact, version, change, form }))
}

pub fn get(request: &pb::GetContactRequest) -> Result<ContactRef> {
    let pb::GetContactRequest { name } = request;
    Ok(read::contact("name", name)?)
}

pub fn delete(request: pb::DeleteContactRequest) -> Result<Identified<DeleteContact>> {
    let pb::DeleteContactRequest { name, etag, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let contact = violations.keep(read::contact("name", &name));
    let version = violations.keep(etag::optional("etag", &etag)).flatten();
    let contact = all(violations, contact)?;
    Ok((request_id, DeleteContact { contact, version }))
}

pub fn undelete(request: pb::UndeleteContactRequest) -> Result<Identified<UndeleteContact>> {
    let pb::UndeleteContactRequest { name, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let contact = violations.keep(read::contact("name", &name));
    let contact = all(violations, contact)?;
    Ok((request_id, UndeleteContact { contact }))
}

pub fn list(request: pb::ListContactsRequest) -> Result<(ContactList, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(&request, &mut violations);
    let pb::ListContactsRequest { page_size: _, page_token: _, account, labels, show_deleted } =
        request;
    let account = match account.as_str() {
        "" => None,
        name => violations.keep(read::account("account", name)),
    };
    let labels = label_filters("labels", labels, &mut violations);
    let of = page.of(&mut violations);
    violations.finish()?;
    Ok((ContactList { account, labels, show_deleted, page: of }, page))
}

/// What a record carries of a contact; without a mask, what is not empty.
pub fn record_change(
    contact: pb::Contact,
    update_mask: Option<&prost_types::FieldMask>,
    violations: &mut Violations,
) -> Option<ContactChange> {
    let mask = mask::resolve("update_mask", update_mask, FIELDS, &contact);
    let mask = violations.keep(mask)?;
    Some(change(contact, &mask, violations))
}

/// What a mask names of a contact; faults go to `violations`.
fn change(contact: pb::Contact, mask: &Mask, violations: &mut Violations) -> ContactChange {
    let pb::Contact {
        display_name,
        latin_name,
        former_names,
        phones,
        emails,
        handles,
        external_refs,
        preferences,
        occasions,
        official,
        labels,
        ..
    } = contact;
    let mut name = |path: &str, value: String| {
        let value = mask.pick(path, value)?;
        violations.keep(text::check(&within(CONTACT, path), &value, 0, NAME_CHARS_MAX));
        Some(value)
    };
    let (display_name, latin_name) =
        (name("display_name", display_name), name("latin_name", latin_name));
    let mut addresses = |path: &str, family, given: Vec<pb::ContactAddress>| {
        let given = mask.pick(path, given)?;
        Some(self::addresses(&within(CONTACT, path), family, given, violations))
    };
    let phones = addresses("phones", Family::Phone, phones);
    let emails = addresses("emails", Family::Email, emails);
    let handles = addresses("handles", Family::Handle, handles);
    ContactChange {
        display_name,
        latin_name,
        former_names: mask
            .pick("former_names", former_names)
            .map(|names| self::former_names("contact.former_names", names, violations)),
        phones,
        emails,
        handles,
        external_refs: mask
            .pick("external_refs", external_refs)
            .map(|refs| parts::external_refs("contact.external_refs", refs, violations)),
        preferences: mask
            .pick("preferences", preferences)
            .map(|all| self::preferences("contact.preferences", all, violations)),
        occasions: mask
            .pick("occasions", occasions)
            .map(|all| self::occasions("contact.occasions", all, violations)),
        official: mask.pick("official", official).and_then(|official| {
            violations.keep(read::optional_enum("contact.official", official, read_official))
        }),
        labels: mask.pick("labels", labels).map(|labels| {
            let labels = labels.into_iter().collect();
            validate::labels("contact.labels", &labels, violations);
            labels
        }),
    }
}

fn former_names(field: &str, names: Vec<String>, violations: &mut Violations) -> Vec<String> {
    if !at_most(FORMER_NAMES_MAX, names.len(), field, violations) {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    for (at, name) in names.iter().enumerate() {
        let at = format!("{field}[{at}]");
        violations.keep(text::check(&at, name, 1, NAME_CHARS_MAX));
        if !seen.insert(name) {
            violations.add(at, Reason::DuplicateElement, "is the same as one before it");
        }
    }
    names
}

fn addresses(
    field: &str,
    family: Family,
    given: Vec<pb::ContactAddress>,
    violations: &mut Violations,
) -> Vec<AddressTerms> {
    if !at_most(ADDRESSES_MAX, given.len(), field, violations) {
        return Vec::new();
    }
    let (mut seen, mut kept) = (HashSet::new(), Vec::new());
    for (at, pb::ContactAddress { value, kind, valid_to }) in given.into_iter().enumerate() {
        let at = format!("{field}[{at}]");
        violations.keep(text::check(&within(&at, "kind"), &kind, 0, KIND_CHARS_MAX));
        let valid_to = read::optional_date(&within(&at, "valid_to"), valid_to);
        let valid_to = violations.keep(valid_to).flatten();
        let place = within(&at, "value");
        let Some(value) = violations.keep(family.normal(&place, &value)) else { continue };
        if !seen.insert(value.clone()) {
            violations.add(place, Reason::DuplicateElement, "is the same as one before it");
        }
        kept.push(AddressTerms { value, kind, valid_to });
    }
    kept
}

fn preferences(
    field: &str,
    given: Vec<pb::ContactPreference>,
    violations: &mut Violations,
) -> Vec<PreferenceTerms> {
    if !at_most(PREFERENCES_MAX, given.len(), field, violations) {
        return Vec::new();
    }
    let (mut seen, mut kept) = (HashSet::new(), Vec::new());
    for (at, preference) in given.into_iter().enumerate() {
        let pb::ContactPreference { key, value, source, consent, expire_date } = preference;
        let at = format!("{field}[{at}]");
        let mut check = |of: &str, value: &str, min, max| {
            violations.keep(text::check_multiline(&within(&at, of), value, min, max));
        };
        check("key", &key, 1, PREFERENCE_KEY_CHARS_MAX);
        check("value", &value, 1, PREFERENCE_VALUE_CHARS_MAX);
        check("source", &source, 0, PREFERENCE_SOURCE_CHARS_MAX);
        let expire_date = read::optional_date(&within(&at, "expire_date"), expire_date);
        let expire_date = violations.keep(expire_date).flatten();
        if !seen.insert(key.clone()) {
            let what = "is the key of one before it";
            violations.add(within(&at, "key"), Reason::DuplicateElement, what);
        }
        kept.push(PreferenceTerms { key, value, source, consent, expire_date });
    }
    kept
}

fn occasions(
    field: &str,
    given: Vec<pb::ContactOccasion>,
    violations: &mut Violations,
) -> Vec<Occasion> {
    if !at_most(OCCASIONS_MAX, given.len(), field, violations) {
        return Vec::new();
    }
    let (mut seen, mut kept) = (HashSet::new(), Vec::new());
    for (at, occasion) in given.into_iter().enumerate() {
        let pb::ContactOccasion { kind, month, day, lunar, consent } = occasion;
        let at = format!("{field}[{at}]");
        violations.keep(text::check(&within(&at, "kind"), &kind, 1, occasion::KIND_CHARS_MAX));
        if !seen.insert(kind.clone()) {
            let what = "is the kind of one before it";
            violations.add(within(&at, "kind"), Reason::DuplicateElement, what);
        }
        let calendar = if lunar { YearCalendar::Chinese } else { YearCalendar::Gregorian };
        let on = year_day::read(|part| within(&at, part), calendar, month, day, violations);
        kept.extend(on.map(|on| Occasion { kind, on, consent }));
    }
    kept
}
