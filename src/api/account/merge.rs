//! MergeRecords and UndoMerge to and from the wire. All faults of a request are named at once.

use crate::api::convert::closed_set::one_way;
use crate::api::convert::request::{Identified, all, check_reason};
use crate::api::convert::{read, write};
use crate::domain::account_merge::{MergeAccounts, UndoAccountMerge};
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::merge::{
    Conflict, Counted, LOSERS_MAX, MergeRecords, Merged, MovedKind, Side, UndoMerge,
};
use crate::domain::names::{account_name, contact_name};
use crate::pb;

one_way! {
    write_kind: MovedKind = MergedRecordKind {
        Position, Tie, Interaction, Commitment, Promise, Gift, Advice, Item, Reservation, Hold
    }
}

/// A call about records of one of the kinds that are merged.
pub enum Of<C, A> {
    Contacts(C),
    Accounts(A),
}

/// The kind of what a name names; whatever is no account is read as a contact.
fn is_account(name: &str) -> bool {
    name.starts_with("accounts/")
}

/// The command, and whether it is only to be looked at.
pub fn merge(
    request: pb::MergeRecordsRequest,
) -> Result<(Identified<Of<MergeRecords, MergeAccounts>>, bool)> {
    let validate_only = request.validate_only;
    let (request_id, command) = match is_account(&request.survivor) {
        true => {
            let (id, survivor, losers, reason) = named(request, read::account)?;
            (id, Of::Accounts(MergeAccounts { survivor, losers, reason }))
        }
        false => {
            let (id, survivor, losers, reason) = named(request, read::contact)?;
            (id, Of::Contacts(MergeRecords { survivor, losers, reason }))
        }
    };
    Ok(((request_id, command), validate_only))
}

/// The request id, the survivor, the losers and the reason, all of one kind.
fn named<N>(
    request: pb::MergeRecordsRequest,
    read: impl Fn(&str, &str) -> std::result::Result<N, Violation>,
) -> Result<(String, N, Vec<N>, String)> {
    let pb::MergeRecordsRequest { survivor, losers, reason, validate_only: _, request_id } =
        request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    check_reason(&reason, &mut violations);
    let survivor = violations.keep(read("survivor", &survivor));
    if losers.is_empty() {
        violations.add("losers", Reason::FieldRequired, "names who counts as the survivor");
    }
    if losers.len() > LOSERS_MAX {
        let what = format!("{} are named, at most {LOSERS_MAX} may be", losers.len());
        violations.add("losers", Reason::TooManyElements, what);
    }
    let mut named = Vec::with_capacity(losers.len());
    for (at, name) in losers.iter().enumerate().take(LOSERS_MAX) {
        named.extend(violations.keep(read(&format!("losers[{at}]"), name)));
    }
    let survivor = all(violations, survivor)?;
    Ok((request_id, survivor, named, reason))
}

pub fn undo(request: pb::UndoMergeRequest) -> Result<Identified<Of<UndoMerge, UndoAccountMerge>>> {
    let pb::UndoMergeRequest { loser, reason, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    check_reason(&reason, &mut violations);
    let command = match is_account(&loser) {
        true => {
            let loser = violations.keep(read::account("loser", &loser));
            let loser = all(violations, loser)?;
            Of::Accounts(UndoAccountMerge { loser, reason })
        }
        false => {
            let loser = violations.keep(read::contact("loser", &loser));
            let loser = all(violations, loser)?;
            Of::Contacts(UndoMerge { loser, reason })
        }
    };
    Ok((request_id, command))
}

pub fn merged(merged: Of<Merged, Merged>) -> pb::MergeRecordsResponse {
    let (merged, name): (Merged, fn(&str) -> String) = match merged {
        Of::Contacts(merged) => (merged, contact_name),
        Of::Accounts(merged) => (merged, account_name),
    };
    let Merged { survivor_id, loser_ids, merge_us, moved, folded, conflicts, sides } = merged;
    let conflict = |Conflict { loser_id, field }: Conflict| pb::MergeConflict {
        loser: name(&loser_id),
        field,
    };
    let side = |Side { account_id, open }: Side| pb::MergeSide {
        account: name(&account_id),
        open: open.into_iter().map(|of| write::money(of.minor, of.currency)).collect(),
    };
    let merge = pb::RecordMerge {
        survivor: name(&survivor_id),
        losers: loser_ids.iter().map(|id| name(id)).collect(),
        merge_time: merge_us.map(write::recorded),
        moved: moved.into_iter().map(counted).collect(),
        folded: folded.into_iter().map(counted).collect(),
        conflicts: conflicts.into_iter().map(conflict).collect(),
        sides: sides.into_iter().map(side).collect(),
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

/// The ids of the loser and of the survivor.
pub fn undone(undone: Of<(String, String), (String, String)>) -> pb::UndoMergeResponse {
    let ((loser_id, survivor_id), name): (_, fn(&str) -> String) = match undone {
        Of::Contacts(ids) => (ids, contact_name),
        Of::Accounts(ids) => (ids, account_name),
    };
    pb::UndoMergeResponse { loser: name(&loser_id), survivor: name(&survivor_id) }
}
