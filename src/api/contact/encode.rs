//! People at customers, to the wire.

use chrono::NaiveDate;

use super::parse::write_official;
use super::position::{write_function, write_level, write_role};
use crate::api::convert::closed_set::one_way;
use crate::api::convert::parts;
use crate::api::convert::people::invoices;
use crate::api::convert::{write, year_day};
use crate::api::etag;
use crate::api::list::PageRequest;
use crate::ctx::{ACCOUNTS_READ, Ctx};
use crate::domain::contact::address::Address;
use crate::domain::contact::merge::{Merge, MergedRecord, Undone};
use crate::domain::contact::occasion::Occasion;
use crate::domain::contact::{Contact, ContactState, Placed, Preference};
use crate::domain::festival::YearCalendar;
use crate::domain::names::{POSITIONS, child_name, contact_name, member_name};
use crate::domain::page::Page;
use crate::domain::personal::Personal;
use crate::domain::position::incumbency::{
    Incumbency, IncumbencyKey, Moved, Reconnect, UncontactedInvoices, Vacancy,
};
use crate::domain::position::{Position, PositionTerms};
use crate::pb;
use crate::service::contacts::{ClosedSeat, Seat};

one_way! {
    write_state: ContactState = ContactState { Active, Deleted, Erased, Merged }
}

pub fn contact(ctx: &Ctx, placed: Placed) -> pb::Contact {
    let Placed { contact, positions, merged } = placed;
    let name = contact.name();
    let today = ctx.business_date();
    let preferences = contact.preferences_on(today).cloned().map(preference).collect();
    let Contact {
        id: _,
        display_name,
        latin_name,
        former_names,
        phones,
        emails,
        handles,
        external_refs,
        preferences: _,
        occasions,
        official,
        labels,
        state,
        create_us,
        update_us,
        delete_us,
        erase_us,
        merged_into: _,
        version,
    } = contact;
    pb::Contact {
        name,
        display_name: display_name.into_exposed(),
        latin_name: latin_name.into_exposed(),
        former_names: former_names.into_iter().map(Personal::into_exposed).collect(),
        phones: addresses(phones),
        emails: addresses(emails),
        handles: addresses(handles),
        external_refs: parts::write_external_refs(external_refs),
        preferences,
        occasions: occasions.into_iter().map(occasion).collect(),
        official: official.map_or(pb::OfficialStatus::Unspecified, write_official).into(),
        labels: labels.into_iter().collect(),
        state: write_state(state).into(),
        positions,
        masked: false,
        create_time: Some(write::recorded(create_us)),
        update_time: Some(write::recorded(update_us)),
        delete_time: delete_us.map(write::recorded),
        erase_time: erase_us.map(write::recorded),
        etag: etag::encode(version),
        merged: merged.into_iter().map(|one| merged_record(one, today)).collect(),
    }
}

fn merged_record(record: MergedRecord, today: NaiveDate) -> pb::MergedContact {
    let MergedRecord { contact, us, by, reason } = record;
    let name = contact.name();
    let preferences = contact.preferences_on(today).cloned().map(preference).collect();
    let Contact {
        display_name,
        latin_name,
        former_names,
        phones,
        emails,
        handles,
        external_refs,
        occasions,
        official,
        labels,
        ..
    } = contact;
    pb::MergedContact {
        name,
        display_name: display_name.into_exposed(),
        latin_name: latin_name.into_exposed(),
        former_names: former_names.into_iter().map(Personal::into_exposed).collect(),
        phones: addresses(phones),
        emails: addresses(emails),
        handles: addresses(handles),
        external_refs: parts::write_external_refs(external_refs),
        merge_time: Some(write::recorded(us)),
        merged_by: by,
        reason: reason.into_exposed(),
        preferences,
        occasions: occasions.into_iter().map(occasion).collect(),
        official: official.map_or(pb::OfficialStatus::Unspecified, write_official).into(),
        labels: labels.into_iter().collect(),
    }
}

/// A merge, standing or undone.
pub fn merge(merge: Merge) -> pb::ContactMerge {
    let Merge { id: _, survivor_id, loser_id, us, by, reason, undone } = merge;
    let (undo_time, undone_by, undo_reason) = match undone {
        None => (None, String::new(), String::new()),
        Some(Undone { us, by, reason }) => (Some(write::recorded(us)), by, reason.into_exposed()),
    };
    pb::ContactMerge {
        survivor: contact_name(&survivor_id),
        loser: contact_name(&loser_id),
        merge_time: Some(write::recorded(us)),
        merged_by: by,
        reason: reason.into_exposed(),
        undo_time,
        undone_by,
        undo_reason,
    }
}

fn addresses(addresses: Vec<Address>) -> Vec<pb::ContactAddress> {
    let address = |Address { value, kind, valid_to }| pb::ContactAddress {
        value: Personal::into_exposed(value),
        kind,
        valid_to: valid_to.map(write::date),
    };
    addresses.into_iter().map(address).collect()
}

pub fn preference(preference: Preference) -> pb::ContactPreference {
    let Preference { key, value, source, consent, expire_date } = preference;
    pb::ContactPreference {
        key,
        value: value.into_exposed(),
        source: source.into_exposed(),
        consent,
        expire_date: expire_date.map(write::date),
    }
}

fn occasion(Occasion { kind, on, consent }: Occasion) -> pb::ContactOccasion {
    let ([month, day], lunar) = (year_day::write(on), on.calendar == YearCalendar::Chinese);
    pb::ContactOccasion { kind, month, day, lunar, consent }
}

pub fn page(
    ctx: &Ctx,
    answer: Page<Placed, String>,
    request: &PageRequest,
) -> pb::ListContactsResponse {
    let (contacts, next_page_token) = request.answer(answer, |placed| contact(ctx, placed));
    pb::ListContactsResponse { contacts, next_page_token }
}

pub fn position(seat: Seat) -> pb::Position {
    let Seat { position, incumbent, vacant_since } = seat;
    let name = position.name();
    let Position { id: _, account_id, terms, first_day, last_day, create_us, update_us, version } =
        position;
    let PositionTerms { site, function, function_text, level, title, buying_roles, reports_to } =
        terms;
    let above = reports_to.map(|id| child_name(&account_id, POSITIONS, id));
    pb::Position {
        name,
        site: site.unwrap_or_default(),
        function: write_function(function).into(),
        function_text,
        level: write_level(level).into(),
        title,
        buying_roles: buying_roles.into_iter().map(|role| write_role(role).into()).collect(),
        reports_to: above.unwrap_or_default(),
        valid_from: Some(write::date(first_day)),
        valid_to: last_day.map(write::date),
        incumbent: incumbent.as_deref().map(contact_name).unwrap_or_default(),
        vacant_since: vacant_since.map(write::date),
        create_time: Some(write::recorded(create_us)),
        update_time: Some(write::recorded(update_us)),
        etag: etag::encode(version),
    }
}

pub fn positions(answer: Page<Seat>, request: &PageRequest) -> pb::ListPositionsResponse {
    let (positions, next_page_token) = request.answer(answer, position);
    pb::ListPositionsResponse { positions, next_page_token }
}

pub fn incumbencies(
    answer: Page<Incumbency, IncumbencyKey>,
    request: &PageRequest,
) -> pb::ListIncumbenciesResponse {
    let (incumbencies, next_page_token) = request.answer(answer, incumbency);
    pb::ListIncumbenciesResponse { incumbencies, next_page_token }
}

pub fn incumbency(one: Incumbency) -> pb::Incumbency {
    pb::Incumbency {
        position: one.position_name(),
        contact: contact_name(&one.contact_id),
        valid_from: Some(write::date(one.first_day)),
        valid_to: one.last_day.map(write::date),
        reason: one.reason.into_exposed(),
        leave_reason: one.leave_reason.into_exposed(),
        recorded_by: one.recorded_by,
        create_time: Some(write::recorded(one.recorded_us)),
    }
}

pub fn closed(ctx: &Ctx, closed: ClosedSeat) -> pb::ClosePositionResponse {
    let ClosedSeat { seat, left, uncontacted } = closed;
    pb::ClosePositionResponse {
        position: Some(position(seat)),
        left: left.iter().map(|id| contact_name(id)).collect(),
        uncontacted_invoices: readable(ctx, uncontacted),
    }
}

pub fn moved(ctx: &Ctx, moved: Moved) -> pb::MoveContactResponse {
    let Moved { placed, opened, closed, uncontacted } = moved;
    pb::MoveContactResponse {
        contact: Some(contact(ctx, placed)),
        vacancy_opened: opened.map(vacancy),
        vacancy_closed: closed.map(vacancy),
        uncontacted_invoices: readable(ctx, uncontacted),
    }
}

/// What an account owes is told to those who may read it; the move is theirs who keep contacts.
fn readable(
    ctx: &Ctx,
    uncontacted: Option<UncontactedInvoices>,
) -> Option<pb::UncontactedInvoices> {
    uncontacted.filter(|_| ctx.scopes.allows(ACCOUNTS_READ)).map(invoices)
}

fn vacancy(vacancy: Vacancy) -> pb::Vacancy {
    let Vacancy { position, since, until, reconnect } = vacancy;
    let (deadline, deadline_provisional, interim) = match reconnect {
        None => (None, false, String::new()),
        Some(Reconnect { deadline, provisional, interim }) => {
            (Some(write::date(deadline)), provisional, member_name(&interim))
        }
    };
    pb::Vacancy {
        position,
        since: Some(write::date(since)),
        until: until.map(write::date),
        deadline,
        deadline_provisional,
        interim,
    }
}
