//! Records of people at customers, of an import, to those of the domain. Faults go to `violations`.

use super::{parse, position, tie};
use crate::api::convert::parts;
use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{MAX_REASON_CHARS, check_order, child};
use crate::domain::error::{Reason, Violations};
use crate::domain::external_ref::{ExternalRef, check_one};
use crate::domain::names::POSITIONS;
use crate::domain::position::TITLE_CHARS_MAX;
use crate::domain::record::history::TieRecord;
use crate::domain::record::profile::ContactRecord;
use crate::domain::record::seat::{IncumbencyRecord, PositionRecord, PositionRef, SeatRef};
use crate::domain::text;
use crate::pb;
use crate::pb::incumbency_record::Seat;
use crate::pb::position_selector::By;

pub fn contact(record: pb::ContactRecord, violations: &mut Violations) -> Option<ContactRecord> {
    let pb::ContactRecord { source_key, contact, update_mask } = record;
    let source_key = violations.keep(source_key.ok_or_else(|| missing("source_key")));
    let source_key = source_key.and_then(|key| {
        parts::external_refs("source_key", vec![key], violations).into_iter().next()
    });
    let contact = contact.unwrap_or_default();
    let change = parse::record_change(contact, update_mask.as_ref(), violations)?;
    Some(ContactRecord { source_key: source_key?, change })
}

pub fn position(record: pb::PositionRecord, violations: &mut Violations) -> Option<PositionRecord> {
    let pb::PositionRecord { source_key, account, position, update_mask, reports_to, valid_to } =
        record;
    let account = violations.keep(read::account("account", &account));
    let source_key = source_key.map(|key| self::key("source_key", key, violations));
    let position = position.unwrap_or_default();
    if !position.reports_to.is_empty() {
        let what = "is named by reports_to of the record";
        violations.add("position.reports_to", Reason::FieldInvalid, what);
    }
    let valid_from = read::optional_date("position.valid_from", position.valid_from);
    let valid_from = violations.keep(valid_from).flatten();
    let valid_to = violations.keep(read::optional_date("valid_to", valid_to)).flatten();
    let change = position::record_change(position, update_mask.as_ref(), violations);
    let reports_to = match reports_to {
        Some(to) => Some(selector("reports_to", to, violations)?),
        None => None,
    };
    if source_key.is_none() && change.as_ref().is_some_and(|change| change.function.is_none()) {
        violations.push(missing("position.function"));
    }
    Some(PositionRecord {
        source_key,
        account: account?,
        change: change?,
        reports_to,
        valid_from,
        valid_to,
    })
}

pub fn incumbency(
    record: pb::IncumbencyRecord,
    violations: &mut Violations,
) -> Option<IncumbencyRecord> {
    let pb::IncumbencyRecord { account, contact, seat, valid_from, valid_to, reason, expected } =
        record;
    let account = violations.keep(read::account("account", &account));
    let contact = violations.keep(read::contact("contact", &contact));
    let valid_from = violations.keep(read::optional_date("valid_from", valid_from)).flatten();
    let valid_to = violations.keep(read::optional_date("valid_to", valid_to)).flatten();
    check_order("valid_to", valid_from, valid_to, violations);
    violations.keep(text::check_multiline("reason", &reason, 0, MAX_REASON_CHARS));
    let seat = match seat {
        Some(Seat::Position(of)) => selector("position", of, violations).map(SeatRef::Known),
        Some(Seat::Described(of)) => {
            let change = position::record_change(of, None, violations);
            if change.as_ref().is_some_and(|change| change.function.is_none()) {
                violations.push(missing("position.function"));
            }
            change.map(SeatRef::Described)
        }
        None => {
            violations.push(missing("position"));
            None
        }
    };
    let expected = expected.and_then(|of| position::record_change(of, None, violations));
    if expected.is_some() && matches!(seat, Some(SeatRef::Described(_))) {
        let what = "is for a seat that is named";
        violations.add("expected", Reason::FieldInvalid, what);
    }
    let (account, contact, seat) = (account?, contact?, seat?);
    Some(IncumbencyRecord { account, contact, seat, expected, valid_from, valid_to, reason })
}

pub fn tie(record: pb::TieRecord, violations: &mut Violations) -> Option<TieRecord> {
    let tie = tie::terms(record.tie, violations)?;
    Some(TieRecord { tie })
}

fn selector(
    field: &str,
    selector: pb::PositionSelector,
    violations: &mut Violations,
) -> Option<PositionRef> {
    match selector.by {
        Some(By::Name(name)) => {
            violations.keep(child(field, &name, POSITIONS)).map(PositionRef::Name)
        }
        Some(By::SourceKey(key)) => Some(PositionRef::Key(self::key(field, key, violations))),
        Some(By::Title(title)) => {
            violations.keep(text::check(field, &title, 1, TITLE_CHARS_MAX))?;
            Some(PositionRef::Title(title))
        }
        None => {
            violations.push(missing(field));
            None
        }
    }
}

fn key(field: &str, key: pb::ExternalRef, violations: &mut Violations) -> ExternalRef {
    let pb::ExternalRef { system, id } = key;
    let key = ExternalRef { system, id };
    check_one(field, &key, violations);
    key
}
