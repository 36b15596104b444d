//! Records of what was said, promised and given, of an import, to those of the domain. Faults go to
//! `violations`.

use chrono::{NaiveDate, NaiveTime};

use super::{commitment, gift, parse};
use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{MAX_REASON_CHARS, check_reason_at};
use crate::domain::commitment::Settlement;
use crate::domain::dates::parse_iso;
use crate::domain::error::{Reason, Violations};
use crate::domain::external_ref::{ExternalRef, check_one};
use crate::domain::record::history::{
    CommitmentRecord, GiftRecord, InteractionRecord, Said, SettlingTerms,
};
use crate::domain::text;
use crate::pb;

pub fn interaction(
    record: pb::InteractionRecord,
    violations: &mut Violations,
) -> Option<InteractionRecord> {
    let pb::InteractionRecord { account, interaction, local_start } = record;
    let account = violations.keep(read::account("account", &account));
    let mut interaction = interaction.unwrap_or_default();
    let source_key = interaction.source_key.take();
    let source_key = source_key.ok_or_else(|| missing("interaction.source_key"));
    let source_key = violations.keep(source_key);
    let source_key = source_key.map(|key| self::key("interaction.source_key", key, violations));
    let is_dated = interaction.start_time.is_some();
    let mut said = parse::said(interaction, violations);
    if !local_start.is_empty() {
        let start = self::local_start(&local_start);
        if start.is_none() {
            let what = "is YYYY-MM-DD, YYYY-MM-DDThh:mm or YYYY-MM-DDThh:mm:ss";
            violations.add("local_start", Reason::DateInvalid, what);
        }
        if is_dated {
            let what = "stands instead of interaction.start_time";
            violations.add("local_start", Reason::FieldInvalid, what);
        }
        said = said.map(|said| Said { local_start: start, ..said });
    }
    Some(InteractionRecord { account: account?, source_key: source_key?, said: said? })
}

fn local_start(text: &str) -> Option<(NaiveDate, Option<NaiveTime>)> {
    let (day, time) = match text.split_once('T') {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    let day = parse_iso("local_start", day).ok()?;
    let time = match time {
        None => None,
        Some(time) => Some(
            NaiveTime::parse_from_str(time, "%H:%M:%S")
                .or_else(|_| NaiveTime::parse_from_str(time, "%H:%M"))
                .ok()?,
        ),
    };
    Some((day, time))
}

pub fn commitment(
    record: pb::CommitmentRecord,
    violations: &mut Violations,
) -> Option<CommitmentRecord> {
    let pb::CommitmentRecord {
        source_key,
        account,
        commitment,
        interaction_key,
        settlement,
        evidence,
        withdraw_date,
        settle_reason,
    } = record;
    let source_key = violations.keep(source_key.ok_or_else(|| missing("source_key")));
    let source_key = source_key.map(|key| self::key("source_key", key, violations));
    let account = match account.as_str() {
        "" => None,
        name => Some(violations.keep(read::account("account", name))?),
    };
    let is_said = commitment.is_some();
    let terms = commitment.and_then(|of| commitment::said_in_it(of, violations));
    let interaction_key = interaction_key.map(|key| self::key("interaction_key", key, violations));
    let settlement = read::optional_enum("settlement", settlement, commitment::read_settlement);
    let settlement = violations.keep(settlement).flatten();
    let evidence = commitment::evidence(evidence, settlement, violations);
    let withdraw_date = read::optional_date("withdraw_date", withdraw_date);
    let withdraw_date = violations.keep(withdraw_date).flatten();
    match settlement {
        Some(Settlement::Withdrawn) => {
            check_reason_at("settle_reason", &settle_reason, violations);
        }
        _ => {
            let checked =
                text::check_multiline("settle_reason", &settle_reason, 0, MAX_REASON_CHARS);
            violations.keep(checked);
        }
    }
    if settlement == Some(Settlement::Kept) && evidence.is_empty() {
        violations.push(missing("evidence"));
    }
    let is_withdrawn = settlement == Some(Settlement::Withdrawn);
    if withdraw_date.is_some() && !is_withdrawn {
        violations.add("withdraw_date", Reason::FieldInvalid, "goes with WITHDRAWN only");
    }
    let settling = settlement.map(|settlement| SettlingTerms {
        settlement,
        evidence,
        withdraw_date,
        reason: settle_reason,
    });
    if is_said != terms.is_some() {
        return None;
    }
    Some(CommitmentRecord { source_key: source_key?, account, terms, interaction_key, settling })
}

pub fn gift(record: pb::GiftRecord, violations: &mut Violations) -> Option<GiftRecord> {
    let pb::GiftRecord { source_key, account, gift, interaction_key } = record;
    let source_key = violations.keep(source_key.ok_or_else(|| missing("source_key")));
    let source_key = source_key.map(|key| self::key("source_key", key, violations));
    let account = violations.keep(read::account("account", &account));
    let terms = gift::given_in_it(gift.unwrap_or_default(), violations);
    let interaction_key = interaction_key.map(|key| self::key("interaction_key", key, violations));
    Some(GiftRecord { source_key: source_key?, account: account?, terms: terms?, interaction_key })
}

fn key(field: &str, key: pb::ExternalRef, violations: &mut Violations) -> ExternalRef {
    let pb::ExternalRef { system, id } = key;
    let key = ExternalRef { system, id };
    check_one(field, &key, violations);
    key
}
