//! Rows of what was said, promised and given.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::row::Row;
use crate::cli::import::value::date::serial_time;
use crate::domain::text::quote;
use crate::pb;
use crate::pb::record::Content;

pub(super) fn interaction(row: &mut Row<'_>) -> Vec<Content> {
    let ours: Vec<String> =
        row.parts("actor").iter().map(|id| row.member_of("actor", id)).collect();
    let minutes = minutes(row);
    let effort = |member: &String| pb::InteractionEffort { member: member.clone(), minutes };
    let efforts = if minutes == 0 { Vec::new() } else { ours.iter().map(effort).collect() };
    let interaction = pb::Interaction {
        source_key: row.source_key("interaction_id"),
        channel: row.choice("channel", "INTERACTION_CHANNEL_", pb::InteractionChannel::as_str_name),
        direction: row.choice(
            "direction",
            "INTERACTION_DIRECTION_",
            pb::InteractionDirection::as_str_name,
        ),
        two_way: row.flag("two_way"),
        ours,
        efforts,
        theirs: theirs(row),
        purpose: row.lines("purpose"),
        notes: row.lines("notes"),
        response: row.choice(
            "outcome",
            "INTERACTION_RESPONSE_",
            pb::InteractionResponse::as_str_name,
        ),
        cost: row.money("cost"),
        campaign: row.text("campaign"),
        next_hook: next_hook(row),
        ..pb::Interaction::default()
    };
    vec![Content::Interaction(pb::InteractionRecord {
        account: row.account("account_id"),
        interaction: Some(interaction),
        local_start: local_start(row),
    })]
}

/// The time of day that stands behind a day in one cell; midnight is what systems write of a day
/// alone. One with a zone is no time of the business.
fn time_behind(cell: &str) -> Result<Option<String>, String> {
    let Some(colon) = cell.find(':') else { return Ok(None) };
    let from = cell[..colon].rfind([' ', 'T', 't']).map_or(0, |at| at + 1);
    let time = cell[from..].trim();
    if !time.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.')) {
        return Err(format!("{} is no time of day: put it into the column time", quote(time)));
    }
    let is_midnight = time.chars().all(|c| matches!(c, '0' | ':' | '.'));
    let time = time.split('.').next().unwrap_or_default();
    Ok((!is_midnight).then(|| time.to_owned()))
}

/// The day, and the time of it where there is one.
fn local_start(row: &mut Row<'_>) -> String {
    let half_width = crate::cli::import::value::half_width;
    let written = half_width(row.get("date"));
    let behind = match serial_time(&written) {
        Some(time) => Ok(Some(time.to_string())),
        None => time_behind(&written),
    };
    let (date, mut time) = (row.date("date"), half_width(row.get("time")));
    if time.is_empty() {
        match behind {
            Ok(behind) => time = behind.unwrap_or_default(),
            Err(fault) => row.fault("date", fault),
        }
    }
    match (date, time.as_str()) {
        (None, "") => String::new(),
        (None, _) => {
            row.need("date", "of which day is the time?");
            String::new()
        }
        (Some(date), "") => date.to_string(),
        (Some(date), time) => {
            let time = if time.find(':') == Some(1) { format!("0{time}") } else { time.to_owned() };
            format!("{date}T{time}")
        }
    }
}

fn minutes(row: &mut Row<'_>) -> i32 {
    let Some(hours) = row.number("hours") else { return 0 };
    let minutes = hours.parse::<Decimal>().ok().and_then(|hours| {
        (hours.checked_mul(Decimal::from(60))?).round().to_i32().filter(|minutes| *minutes > 0)
    });
    if minutes.is_none() {
        row.fault("hours", format!("{} are no hours", quote(&hours)));
    }
    minutes.unwrap_or_default()
}

/// Theirs, each with how satisfied he was.
fn theirs(row: &mut Row<'_>) -> Vec<pb::InteractionContact> {
    let contacts = row.parts("contact_ids");
    let scores: Vec<String> = match row.get("satisfaction") {
        "" => Vec::new(),
        written => written.split([';', '；']).map(|part| part.trim().to_owned()).collect(),
    };
    if !scores.is_empty() && scores.len() != contacts.len() {
        let what = format!("says {} for {} contacts", scores.len(), contacts.len());
        row.fault("satisfaction", what);
        return Vec::new();
    }
    let mut theirs = Vec::new();
    for (at, id) in contacts.iter().enumerate() {
        let score = scores.get(at).filter(|score| !score.is_empty());
        let satisfaction = match score.map(|score| score.parse::<i32>()) {
            None => None,
            Some(Ok(score)) => Some(score),
            Some(Err(_)) => {
                row.fault("satisfaction", "is a number from 0 to 10");
                None
            }
        };
        let contact = row.contact_of("contact_ids", id);
        theirs.push(pb::InteractionContact {
            contact,
            satisfaction,
            ..pb::InteractionContact::default()
        });
    }
    theirs
}

fn next_hook(row: &mut Row<'_>) -> Option<pb::NextHook> {
    if !row.has("next_topic") && !row.has("next_by") {
        return None;
    }
    row.need("next_by", "until when is it an occasion?");
    Some(pb::NextHook {
        topic: row.text("next_topic"),
        by: row.day("next_by"),
        contact: row.contact("next_contact_id"),
        ..pb::NextHook::default()
    })
}

pub(super) fn commitment(row: &mut Row<'_>) -> Vec<Content> {
    let settlement =
        row.choice("settlement", "COMMITMENT_SETTLEMENT_", pb::CommitmentSettlement::as_str_name);
    let settle_date = row.day("settle_date");
    let is_kept = settlement == i32::from(pb::CommitmentSettlement::Kept);
    if is_kept {
        row.need("settle_date", "when was it kept?");
        row.need("evidence", "what shows that it was kept?");
    }
    let says = |row: &Row<'_>, fields: &[&str]| fields.iter().any(|field| row.has(field));
    if says(row, &["settle_date", "settle_reason", "evidence"]) {
        row.need("settlement", "how was it settled?");
    }
    if says(row, &["member_id", "contact_id", "text", "amount", "made_date", "due_date"]) {
        row.need("side", "who promised it?");
    }
    let evidence = is_kept.then(|| pb::CommitmentEvidence {
        date: settle_date,
        interaction: String::new(),
        note: row.lines("evidence"),
    });
    let commitment = row.has("side").then(|| pb::Commitment {
        side: row.choice("side", "COMMITMENT_SIDE_", pb::CommitmentSide::as_str_name),
        member: row.member("member_id"),
        contact: row.contact("contact_id"),
        text: row.lines("text"),
        amount: row.money("amount"),
        made_date: row.day("made_date"),
        due_date: row.day("due_date"),
        ..pb::Commitment::default()
    });
    vec![Content::Commitment(pb::CommitmentRecord {
        source_key: row.source_key("commitment_id"),
        account: row.account("account_id"),
        commitment,
        interaction_key: row.reference("interaction_id"),
        settlement,
        evidence: evidence.into_iter().collect(),
        withdraw_date: settle_date.filter(|_| settlement != 0 && !is_kept),
        settle_reason: row.lines("settle_reason"),
    })]
}

pub(super) fn gift(row: &mut Row<'_>) -> Vec<Content> {
    let gift = pb::Gift {
        kind: row.choice("kind", "GIFT_KIND_", pb::GiftKind::as_str_name),
        value: row.money("value"),
        heads: row.whole("heads"),
        date: row.day("date"),
        occasion: row.text("occasion"),
        member: row.member("member_id"),
        contact: row.contact("contact_id"),
        ..pb::Gift::default()
    };
    vec![Content::Gift(pb::GiftRecord {
        source_key: row.source_key("gift_id"),
        account: row.account("account_id"),
        gift: Some(gift),
        interaction_key: row.reference("interaction_id"),
    })]
}

#[cfg(test)]
mod tests {
    use super::time_behind;

    #[test]
    fn a_time_behind_a_day_counts_and_midnight_is_none() {
        let read = |cell: &str| time_behind(cell).map(Option::unwrap_or_default);
        for (cell, time) in [
            ("2024-03-01", ""),
            ("2024-03-01 22:30", "22:30"),
            ("1.3.2024 9:05:07", "9:05:07"),
            ("2024-03-01T22:30:00.000", "22:30:00"),
            ("2024-03-01 00:00:00", ""),
            ("2024-03-01T00:00:00.000", ""),
        ] {
            assert_eq!(read(cell).as_deref(), Ok(time), "{cell}");
        }
        for cell in ["2024-03-01T23:30:00Z", "2024-03-01T22:30+08:00", "2024-03-01 10:30 PM"] {
            read(cell).expect_err(cell);
        }
    }
}
