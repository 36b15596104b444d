//! What only looked, or was refused, held against the writes of the groups it saw.
//!
//! The recorded times put the writes of a group in order; those of different groups may become
//! visible in another one, so that a look at one group says nothing of writes in others.

use std::collections::BTreeSet;

use super::model::{Ask, Book, Call};
use crate::support::linear::{Model as _, Timed};

/// Holds each of the reads against the states between the writes, which are in order.
#[track_caller]
pub fn assert_seen(start: &Book, writes: &[&Timed<Call>], reads: &[&Timed<Call>]) {
    let mut states = vec![start.clone()];
    let mut groups: Vec<BTreeSet<String>> = Vec::new();
    for write in writes {
        let before = states.last().expect("one");
        let after = before.after(&write.call).expect("in order");
        let touched = accounts(&write.call.ask);
        let roots = touched.iter().flat_map(|id| [before.root(id), after.root(id)]);
        groups.push(roots.collect());
        states.push(after);
    }
    for read in reads {
        let account = &accounts(&read.call.ask)[0];
        let touched = |n: usize| groups[n].contains(&states[n].root(account));
        let mut relevant = (0..writes.len()).filter(|n| touched(*n));
        let seen = relevant.clone().rfind(|n| writes[*n].to < read.from);
        let unseen = relevant.find(|n| read.to < writes[*n].from);
        let first = seen.map_or(0, |n| n + 1);
        let last = unseen.unwrap_or(writes.len());
        let due: Vec<_> = (first..=last).map(|n| states[n].after(&read.call).map(|_| ())).collect();
        assert!(due.iter().any(Result::is_ok), "{read:?}, due {first}..={last}: {due:#?}");
    }
}

/// The accounts that a call is about, the first one at least.
fn accounts(ask: &Ask) -> Vec<String> {
    match ask {
        Ask::Reserve { account, .. }
        | Ask::Check { account, .. }
        | Ask::SetLimit { account, .. }
        | Ask::Hold { account, .. }
        | Ask::Release { account, .. }
        | Ask::Move { account, .. } => vec![account.clone()],
        Ask::Amend { order, .. }
        | Ask::Deliver { order, .. }
        | Ask::Cancel { order, .. }
        | Ask::Complete { order } => {
            vec![order.split_once('-').expect("an account").0.to_owned()]
        }
        Ask::Post { documents } => documents.iter().map(|of| of.account.clone()).collect(),
        Ask::Reverse { document } => vec![document.account.clone()],
    }
}
