//! Rows of people at customers, of their seats, and of ties. One row is several records.

use super::row::Row;
use crate::pb;
use crate::pb::incumbency_record::Seat;
use crate::pb::position_selector::By;
use crate::pb::record::Content;

pub(super) fn contact(row: &mut Row<'_>) -> Vec<Content> {
    let address = |value: String| pb::ContactAddress { value, ..pb::ContactAddress::default() };
    let addresses = |row: &Row<'_>, fields: &[&str]| {
        let all = fields.iter().map(|field| row.text(field)).filter(|value| !value.is_empty());
        all.map(address).collect()
    };
    let contact = pb::Contact {
        display_name: row.text("name"),
        latin_name: row.text("latin_name"),
        former_names: row.parts("former_names"),
        phones: addresses(row, &["phone", "phone2"]),
        emails: addresses(row, &["email", "email2"]),
        handles: addresses(row, &["handle"]),
        official: row.choice("official", "OFFICIAL_STATUS_", pb::OfficialStatus::as_str_name),
        labels: row.labels("labels"),
        ..pb::Contact::default()
    };
    let source_key = row.source_key("contact_id");
    let name = row.contact("contact_id");
    let record = pb::ContactRecord { source_key, contact: Some(contact), update_mask: None };
    let mut records = vec![Content::Contact(record)];
    if row.has("account_id") {
        let (seat, expected) = seat(row);
        records.push(Content::Incumbency(pb::IncumbencyRecord {
            account: row.account("account_id"),
            contact: name.clone(),
            seat: Some(seat),
            expected,
            valid_from: row.day("since"),
            valid_to: row.day("until"),
            reason: String::new(),
        }));
    } else {
        for field in ["function", "title", "position_id", "since", "until"] {
            if row.has(field) {
                row.need("account_id", "where does he sit?");
                break;
            }
        }
    }
    if row.has("owner_member") {
        let tie = pb::Tie {
            from: row.member("owner_member"),
            to: name,
            kind: pb::TieKind::Counterpart.into(),
            ..pb::Tie::default()
        };
        records.push(Content::Tie(pb::TieRecord { tie: Some(tie) }));
    }
    records
}

/// Where he sits: in a seat that a list of positions has a key for, with what the row says that it is,
/// or in one that is described.
fn seat(row: &mut Row<'_>) -> (Seat, Option<pb::Position>) {
    match row.reference("position_id") {
        Some(key) => {
            let seat = Seat::Position(pb::PositionSelector { by: Some(By::SourceKey(key)) });
            let said = described(row);
            (seat, (said != pb::Position::default()).then_some(said))
        }
        None => {
            row.need("function", "what does he do at the account?");
            (Seat::Described(described(row)), None)
        }
    }
}

fn described(row: &mut Row<'_>) -> pb::Position {
    let roles: Vec<i32> = row
        .parts("buying_roles")
        .iter()
        .map(|role| {
            row.choice_of("buying_roles", role, "BUYING_ROLE_", pb::BuyingRole::as_str_name)
        })
        .collect();
    pb::Position {
        site: row.text("site"),
        function: row.choice("function", "POSITION_FUNCTION_", pb::PositionFunction::as_str_name),
        function_text: row.text("function_text"),
        level: row.choice("level", "POSITION_LEVEL_", pb::PositionLevel::as_str_name),
        title: row.text("title"),
        buying_roles: roles,
        ..pb::Position::default()
    }
}

pub(super) fn position(row: &mut Row<'_>) -> Vec<Content> {
    row.need("function", "what does it do?");
    row.need("level", "how high does it stand?");
    let (since, vacant) = (row.date("since"), row.date("vacant_since"));
    let begin = row.date("valid_from");
    // A seat is vacant from its first day, or from the day that somebody left it.
    if vacant.is_some() && begin.is_some_and(|begin| vacant != Some(begin)) {
        row.need("incumbent_contact_id", "who sat there until vacant_since?");
    }
    let first = [begin, since, vacant].into_iter().flatten().min();
    let source_key = row.reference("position_id");
    let position =
        pb::Position { valid_from: first.map(crate::api::convert::write::date), ..described(row) };
    let reports_to = match (row.reference("reports_to_id"), row.text("reports_to_title")) {
        (Some(key), _) => Some(By::SourceKey(key)),
        (None, title) if !title.is_empty() => Some(By::Title(title)),
        (None, _) => None,
    };
    let account = row.account("account_id");
    let mut records = vec![Content::Position(pb::PositionRecord {
        source_key: source_key.clone(),
        account: account.clone(),
        position: Some(position.clone()),
        update_mask: None,
        reports_to: reports_to.map(|by| pb::PositionSelector { by: Some(by) }),
        valid_to: row.day("valid_to"),
    })];
    if row.has("incumbent_contact_id") {
        let seat = match source_key {
            Some(key) => Seat::Position(pb::PositionSelector { by: Some(By::SourceKey(key)) }),
            None => Seat::Described(pb::Position { valid_from: None, ..position }),
        };
        records.push(Content::Incumbency(pb::IncumbencyRecord {
            account,
            contact: row.contact("incumbent_contact_id"),
            seat: Some(seat),
            expected: None,
            valid_from: row.day("since"),
            valid_to: vacant
                .filter(|vacant| since.is_none_or(|since| since < *vacant))
                .map(crate::domain::dated::day_before)
                .map(crate::api::convert::write::date),
            reason: String::new(),
        }));
    }
    records
}

pub(super) fn tie(row: &mut Row<'_>) -> Vec<Content> {
    row.need("kind", "what have they to do with each other?");
    let mut person = |field: &str| match row.get(field) {
        name if name.starts_with("members/") => row.member(field),
        _ => row.contact(field),
    };
    let (from, to) = (person("from"), person("to"));
    let tie = pb::Tie {
        from,
        to,
        kind: row.choice("kind", "TIE_KIND_", pb::TieKind::as_str_name),
        weight_bp: row.whole("weight_bp"),
        valid_from: row.day("valid_from"),
        valid_to: row.day("valid_to"),
        source: row.lines("source"),
        ..pb::Tie::default()
    };
    vec![Content::Tie(pb::TieRecord { tie: Some(tie) })]
}
