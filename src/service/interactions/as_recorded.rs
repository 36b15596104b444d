//! By which records an interaction names people of whom there are several.

use super::known;
use crate::domain::error::Result;
use crate::domain::interaction::{Attendee, Interaction};
use crate::store::WriteTx;

/// An interaction that names whoever was in it before by the records of him that it named. What is said now of
/// somebody of whom there were several is said of the first of them; of the others what was said stays.
pub(super) async fn as_recorded(
    tx: &WriteTx,
    (was, told): (&Interaction, &Interaction),
    mut now: Interaction,
) -> Result<Interaction> {
    let before = known(Some(was));
    let into = tx.merged_into(&before).await?;
    if into.is_empty() {
        return Ok(now);
    }
    let counts_as = |id: &String| into.get(id).unwrap_or(id).clone();
    let mut theirs = Vec::with_capacity(was.theirs.len());
    for one in std::mem::take(&mut now.theirs) {
        let is_told = told.theirs.contains(&one);
        let id = one.contact_id.clone();
        let mut records = was.theirs.iter().filter(|of| counts_as(&of.contact_id) == id);
        match records.next() {
            None => theirs.push(one),
            Some(first) if is_told => theirs.push(first.clone()),
            Some(first) => theirs.push(Attendee { contact_id: first.contact_id.clone(), ..one }),
        }
        theirs.extend(records.cloned());
    }
    now.theirs = theirs;
    if let Some(hook) = &mut now.next_hook
        && let Some(id) = &mut hook.contact_id
        && let Some(record) = before.iter().find(|record| counts_as(record) == *id)
    {
        let of_hook = was.next_hook.as_ref().and_then(|hook| hook.contact_id.as_ref());
        let same = of_hook.filter(|record| counts_as(record) == *id);
        id.clone_from(same.unwrap_or(record));
    }
    Ok(now)
}
