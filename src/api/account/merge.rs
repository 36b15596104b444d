//! MergeRecords and UndoMerge to and from the wire. All faults of a request are named at once.

use crate::api::convert::closed_set::one_way;
use crate::api::convert::request::{Identified, all, check_reason};
use crate::api::convert::{read, write};
use crate::domain::error::{Reason, Result, Violations};
use crate::domain::merge::{
    Conflict, Counted, LOSERS_MAX, MergeRecords, Merged, MovedKind, UndoMerge,
};
use crate::domain::names::contact_name;
use crate::pb;

one_way! {
    write_kind: MovedKind = MergedRecordKind {
        Position, Tie, Interaction, Commitment, Promise, Gift, Advice
    }
}

/// The command, and whether it is only to be looked at.
pub fn merge(request: pb::MergeRecordsRequest) -> Result<(Identified<MergeRecords>, bool)> {
    let pb::MergeRecordsRequest { survivor, losers, reason, validate_only, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    check_reason(&reason, &mut violations);
    let survivor = violations.keep(read::contact("survivor", &survivor));
    if losers.is_empty() {
        violations.add("losers", Reason::FieldRequired, "names who counts as the survivor");
    }
    if losers.len() > LOSERS_MAX {
        let what = format!("{} are named, at most {LOSERS_MAX} may be", losers.len());
        violations.add("losers", Reason::TooManyElements, what);
    }
    let mut named = Vec::with_capacity(losers.len());
    for (at, name) in losers.iter().enumerate().take(LOSERS_MAX) {
        named.extend(violations.keep(read::contact(&format!("losers[{at}]"), name)));
    }
    let survivor = all(violations, survivor)?;
    let command = MergeRecords { survivor, losers: named, reason };
    Ok(((request_id, command), validate_only))
}

pub fn undo(request: pb::UndoMergeRequest) -> Result<Identified<UndoMerge>> {
    let pb::UndoMergeRequest { loser, reason, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    check_reason(&reason, &mut violations);
    let loser = violations.keep(read::contact("loser", &loser));
    let loser = all(violations, loser)?;
    Ok((request_id, UndoMerge { loser, reason }))
}

pub fn merged(merged: Merged) -> pb::MergeRecordsResponse {
    let Merged { survivor_id, loser_ids, merge_us, moved, folded, conflicts } = merged;
    let conflict = |Conflict { loser_id, field }: Conflict| pb::MergeConflict {
        loser: contact_name(&loser_id),
        field,
    };
    let merge = pb::RecordMerge {
        survivor: contact_name(&survivor_id),
        losers: loser_ids.iter().map(|id| contact_name(id)).collect(),
        merge_time: merge_us.map(write::recorded),
        moved: moved.into_iter().map(counted).collect(),
        folded: folded.into_iter().map(counted).collect(),
        conflicts: conflicts.into_iter().map(conflict).collect(),
    };
    pb::MergeRecordsResponse { merge: Some(merge) }
}

fn counted(Counted { kind, records, names }: Counted) -> pb::MergedRecords {
    pb::MergedRecords {
        kind: write_kind(kind).into(),
        records: i64::try_from(records).unwrap_or(i64::MAX),
        names,
    }
}

pub fn undone((loser_id, survivor_id): (String, String)) -> pb::UndoMergeResponse {
    pb::UndoMergeResponse { loser: contact_name(&loser_id), survivor: contact_name(&survivor_id) }
}
