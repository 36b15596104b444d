//! Contacts, positions, who sits there, and ties, as records of another system say them: made,
//! changed, or there already.

mod seat;

use std::collections::BTreeSet;

use super::{change, create, ties};
use crate::ctx::Ctx;
use crate::domain::contact::command::{CreateContact, UpdateContact};
use crate::domain::contact::{Contact, ContactState};
use crate::domain::directory::{Kind, keys};
use crate::domain::error::{Error, Reason, Result};
use crate::domain::names::{ContactRef, contact_name};
use crate::domain::record::history::TieRecord;
use crate::domain::record::profile::ContactRecord;
use crate::domain::record::{DUPLICATES_MAX, Placed, RecordsMode};
use crate::domain::tie::{CreateTie, EndTie};
use crate::store::WriteTx;

pub(in crate::service) use seat::{place_incumbency, place_position};

/// Why something ended that a source says has a last day.
const REASON: &str = "as its source system says";

/// Brings a contact to what a record says.
///
/// # Errors
/// As CreateContact and UpdateContact; TOO_MANY_ELEMENTS.
pub(in crate::service) async fn place_contact(
    tx: &mut WriteTx,
    ctx: &Ctx,
    mode: RecordsMode,
    record: &ContactRecord,
) -> Result<Placed> {
    let key = &record.source_key;
    let name = ContactRef::External { system: key.system.clone(), id: key.id.clone() };
    let known = tx.find_contact_record(&name).await?;
    mode.check("contact", "source_key", &name.to_string(), known.is_some())?;
    let Some(id) = known else {
        if tx.key_was_erased(key).await? {
            let what = "was erased: take him out of the system that sends him";
            return Err(Error::precondition(Reason::StateWrong, name.to_string(), what));
        }
        let command = CreateContact { change: record.of_new(), form: None };
        let contact = create(tx, ctx, &command).await?;
        let duplicates = duplicates(tx, &contact).await?;
        return Ok(Placed { duplicates, ..Placed::created(contact.name()) });
    };
    let gone = || Error::internal(format!("{} is gone", contact_name(&id)));
    let before = tx.lock_contact(&id).await?.ok_or_else(gone)?;
    // What a source says of a record that counts as another is kept of that record: it is not what is
    // said of the other, and is his own again if he is.
    if before.state != ContactState::Merged {
        before.check_active()?;
    }
    let command = UpdateContact {
        contact: ContactRef::Id(before.id.clone()),
        version: before.version,
        change: record.change_of(&before)?,
        form: None,
    };
    let version = before.version;
    let after = change(tx, before, &command).await?;
    let counts_as = after.merged_into.as_ref().unwrap_or(&after.id);
    Ok(Placed::kept(contact_name(counts_as), after.version != version))
}

/// Who may be the same as a contact who is new: a name, or what he is reached by, is the same.
async fn duplicates(tx: &WriteTx, contact: &Contact) -> Result<Vec<String>> {
    let keys = keys::shared(&keys::of_contact(contact));
    let found = tx.sharing_key(&keys, Kind::Contact, DUPLICATES_MAX + 1).await?;
    let ids: BTreeSet<String> = found.into_iter().map(|subject| subject.id).collect();
    let into = tx.merged_into(&ids).await?;
    let counted = ids.into_iter().map(|id| into.get(&id).cloned().unwrap_or(id));
    let others: BTreeSet<String> = counted.filter(|id| *id != contact.id).collect();
    Ok(others.iter().take(DUPLICATES_MAX).map(|id| contact_name(id)).collect())
}

/// Brings a tie to what a record says.
///
/// # Errors
/// As CreateTie and EndTie; FIELD_INVALID: it has another weight.
pub(in crate::service) async fn place_tie(
    tx: &mut WriteTx,
    ctx: &Ctx,
    mode: RecordsMode,
    record: &TieRecord,
) -> Result<Placed> {
    let CreateTie { from, to, kind, weight_bp, .. } = &record.tie;
    let (from_name, to_name) = (ties::person(tx, from).await?, ties::person(tx, to).await?);
    tx.hold_pair(&from_name, &to_name).await?;
    let today = ctx.business_date();
    let of_kind = tx.ties_of_person(&from_name).await?;
    let mut of_kind = of_kind.into_iter().filter(|tie| tie.kind == *kind);
    let known =
        of_kind.find(|tie| tie.is_between(&from_name, &to_name) && record.is_of(tie, today));
    let told = format!("the tie of {from} to {to}");
    mode.check("tie", "tie.to", &told, known.is_some())?;
    let Some(known) = known else {
        let tie = ties::create(tx, ctx, &record.tie).await?;
        return Ok(Placed::created(tie.name()));
    };
    if *weight_bp != 0 && *weight_bp != known.weight_bp {
        let what =
            format!("is {} of {}: end it, and record another", known.weight_bp, known.name());
        return Err(Error::invalid("tie.weight_bp", Reason::FieldInvalid, what));
    }
    let begins = known.days.first_day;
    if record.tie.valid_from.is_some_and(|day| day != begins) {
        let what = format!("is {begins} of {}: end it, and record another", known.name());
        return Err(Error::invalid("tie.valid_from", Reason::FieldInvalid, what));
    }
    let ends = known.days.last_day_known(i64::MAX);
    match record.tie.valid_to {
        Some(last) if ends != Some(last) => {
            let command = EndTie { tie: known.id, last_day: Some(last), reason: REASON.to_owned() };
            let tie = ties::end(tx, ctx, &command).await?;
            Ok(Placed::kept(tie.name(), true))
        }
        _ => Ok(Placed::kept(known.name(), false)),
    }
}
