//! CreateTie, EndTie, ClearTieReview and ListTies.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Contacts, event, found};
use crate::ctx::Ctx;
use crate::domain::dated::Interval;
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::event::EventType;
use crate::domain::names::contact_name;
use crate::domain::page::Page;
use crate::domain::position::incumbency;
use crate::domain::tie::{
    ClearTieReview, CreateTie, EndTie, ListTies, Person, PersonRef, Review, Side, Tie, decides,
    tie_name,
};
use crate::domain::timeline::fact;
use crate::store::{Call, Outcome, ReadTx, WriteTx};

impl Contacts {
    /// Records a tie.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, DATE_INVALID, FIELD_INVALID, RESOURCE_ALREADY_EXISTS.
    pub async fn create_tie(&self, ctx: &Ctx, request_id: &str, c: CreateTie) -> Result<Tie> {
        let call = Call::new("ContactService.CreateTie", request_id, "");
        self.with_text(self.store.mutate(ctx, call, c, create).await?).await
    }

    /// Ends a tie.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, DATE_INVALID.
    pub async fn end_tie(&self, ctx: &Ctx, request_id: &str, c: EndTie) -> Result<Tie> {
        let call = Call::new("ContactService.EndTie", request_id, tie_name(c.tie));
        self.with_text(self.store.mutate(ctx, call, c, end).await?).await
    }

    /// Says that a tie was looked into.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG.
    pub async fn clear_review(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: ClearTieReview,
    ) -> Result<Tie> {
        let call = Call::new("ContactService.ClearTieReview", request_id, tie_name(c.tie));
        self.with_text(self.store.mutate(ctx, call, c, clear).await?).await
    }

    async fn with_text(&self, answer: Outcome<Tie>) -> Result<Tie> {
        let told = match answer {
            Outcome::Done(tie) => tie,
            Outcome::Replayed(answered) => self.store.tie_with_text(answered).await?,
        };
        self.store.as_told(told).await
    }

    /// A page of ties.
    ///
    /// # Errors
    /// NotFound for the person of the filter.
    pub async fn ties(&self, ctx: &Ctx, list: ListTies) -> Result<Page<Tie>> {
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let person = match &list.person {
                        Some(name) => Some(read_person(tx, name).await?),
                        None => None,
                    };
                    tx.ties(&list, person.as_ref()).await
                })
            })
            .await
    }
}

pub(super) async fn create(tx: &mut WriteTx, ctx: &Ctx, c: &CreateTie) -> Result<Tie> {
    let first_day = c.valid_from.unwrap_or_else(|| ctx.business_date());
    if c.valid_to.is_some_and(|last| last < first_day) {
        let what = format!("lies before {first_day}");
        return Err(Error::invalid("tie.valid_to", Reason::DateInvalid, what));
    }
    let (from, to) = (person(tx, &c.from).await?, person(tx, &c.to).await?);
    if from == to {
        return Err(Error::invalid("tie.to", Reason::FieldInvalid, "is the one that has it"));
    }
    tx.hold_pair(&from, &to).await?;
    check_active(tx, [&from, &to]).await?;
    let mut tie = Tie {
        id: Uuid::now_v7(),
        from,
        to,
        kind: c.kind,
        weight_bp: c.weight_bp,
        days: Interval { first_day, last_day: c.valid_to, recorded_us: 0, end: None },
        source: c.source.as_str().into(),
        review: Review::None,
        review_reason: None,
        reviewed_by: None,
        reviewed_us: None,
        end_reason: None,
        recorded_by: ctx.principal.to_string(),
    };
    check_new(&tie, &tx.ties_of_person(&tie.from).await?)?;
    // What is over by now is history, and nobody has to look into it.
    if let Some(contact_id) = tie.personal_contact()
        && tie.lasts_on(ctx.business_date())
        && decides_from(tx, contact_id, first_day).await?
    {
        tie.open_review();
    }
    tie.days.recorded_us = tx.recorded_at().await?;
    tx.insert_tie(&tie).await?;
    tx.publish(vec![event::tie(EventType::TieCreated, &tie).telling([fact::tie(&tie)])]).await?;
    Ok(tie)
}

/// Refuses a tie that is there on one of its days.
fn check_new(new: &Tie, known: &[Tie]) -> Result<()> {
    let overlaps = |other: &Interval| {
        let holds_by = |last: NaiveDate| new.days.first_day <= last && other.first_day <= last;
        other.last_day_known(i64::MAX).is_none_or(holds_by)
            && new.days.last_day.is_none_or(|last| other.first_day <= last)
    };
    let same = |one: &&Tie| {
        one.kind == new.kind && one.is_between(&new.from, &new.to) && overlaps(&one.days)
    };
    match known.iter().find(same) {
        None => Ok(()),
        Some(same) => Err(Error::AlreadyExists {
            reason: Reason::ResourceAlreadyExists,
            description: "the two have that tie on one of these days".into(),
            resource: Resource { kind: "tie", name: same.name() },
        }),
    }
}

pub(super) async fn end(tx: &mut WriteTx, ctx: &Ctx, c: &EndTie) -> Result<Tie> {
    let mut tie = tx.lock_tie(c.tie).await?.ok_or_else(|| missing(c.tie))?;
    let last_day = c.last_day.unwrap_or_else(|| ctx.business_date());
    let same = told_with(tx, &tie).await?;
    let us = tx.record_after(tie.days.recorded_us).await?;
    tie.end(last_day, us, c.reason.as_str().into())?;
    let mut ended = vec![tie.clone()];
    for mut other in same {
        other.end(last_day, us, c.reason.as_str().into())?;
        ended.push(other);
    }
    tx.update_ties(&ended).await?;
    let event = |tie: &Tie| {
        event::tie(EventType::TieEnded, tie).telling(fact::tie_ended(tie, &ctx.principal))
    };
    tx.publish(ended.iter().map(event).collect()).await?;
    Ok(tie)
}

/// The others that are told as one with a tie, since people that they name are one; as they were recorded.
async fn told_with(tx: &WriteTx, tie: &Tie) -> Result<Vec<Tie>> {
    let told = tx.as_told(tie.clone()).await?;
    let all = tx.ties_of_person(&told.from).await?.into_iter();
    let ids: Vec<Uuid> =
        all.filter(|other| other.id != tie.id && other.is_same(&told)).map(|one| one.id).collect();
    let mut same = Vec::with_capacity(ids.len());
    for id in ids {
        same.extend(tx.lock_tie(id).await?);
    }
    Ok(same)
}

async fn clear(tx: &mut WriteTx, ctx: &Ctx, c: &ClearTieReview) -> Result<Tie> {
    let mut tie = tx.lock_tie(c.tie).await?.ok_or_else(|| missing(c.tie))?;
    let us = tx.record_after(tie.days.recorded_us).await?;
    let same = told_with(tx, &tie).await?;
    let mut cleared = Vec::with_capacity(1 + same.len());
    tie.clear(c.reason.as_str().into(), ctx.principal.to_string(), us)?;
    cleared.push(tie.clone());
    for mut other in same.into_iter().filter(|other| other.review == Review::Open) {
        other.clear(c.reason.as_str().into(), ctx.principal.to_string(), us)?;
        cleared.push(other);
    }
    tx.update_ties(&cleared).await?;
    let event =
        |tie: &Tie| event::tie(EventType::TieReviewCleared, tie).telling(fact::tie_cleared(tie));
    tx.publish(cleared.iter().map(event).collect()).await?;
    Ok(tie)
}

/// Opens the reviews of personal ties of one of theirs who decides from now on.
pub(in crate::service) async fn open_reviews(
    tx: &mut WriteTx,
    today: NaiveDate,
    contact_id: &str,
) -> Result<()> {
    let person = Person { side: Side::Contact, id: contact_id.to_owned() };
    let opened: Vec<Tie> = tx
        .ties_of_person(&person)
        .await?
        .into_iter()
        .filter(|tie| tie.personal_contact() == Some(contact_id) && tie.lasts_on(today))
        .filter_map(|mut tie| tie.open_review().then_some(tie))
        .collect();
    tx.update_ties(&opened).await?;
    let event = |tie| event::tie(EventType::TieReviewOpened, tie);
    tx.publish(opened.iter().map(event).collect()).await
}

/// Whether a contact sits, on a day or later, where somebody decides or approves.
pub(in crate::service) async fn decides_from(
    tx: &WriteTx,
    contact_id: &str,
    day: NaiveDate,
) -> Result<bool> {
    let told = incumbency::told(tx.seatings_of_contacts(&[contact_id]).await?);
    for seat in told.into_iter().filter(|one| one.contact_id == contact_id) {
        let lasts = seat.last_day.is_none_or(|last| day <= last);
        let position = tx.position(&seat.account_id, seat.position_id).await?;
        if lasts && position.is_some_and(|position| decides(&position.terms.buying_roles)) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) async fn person(tx: &WriteTx, name: &PersonRef) -> Result<Person> {
    match name {
        PersonRef::Member(name) => {
            let id = tx.find_member(name).await?;
            let id = id.ok_or_else(|| Error::not_found("member", name.to_string()))?;
            Ok(Person { side: Side::Member, id })
        }
        PersonRef::Contact(name) => {
            let id = found(name, tx.find_contact(name).await?)?;
            Ok(Person { side: Side::Contact, id })
        }
    }
}

/// Refuses those of theirs who are deleted, and locks the others in the order of ids: whoever deletes
/// one waits.
async fn check_active(tx: &WriteTx, of: [&Person; 2]) -> Result<()> {
    let theirs = of.into_iter().filter(|one| one.side == Side::Contact);
    let theirs: BTreeSet<&str> = theirs.map(|one| one.id.as_str()).collect();
    for id in theirs {
        let gone = || Error::internal(format!("{} is gone", contact_name(id)));
        tx.lock_contact(id).await?.ok_or_else(gone)?.check_active()?;
    }
    Ok(())
}

pub(in crate::service) async fn read_person(tx: &ReadTx, name: &PersonRef) -> Result<Person> {
    match name {
        PersonRef::Member(name) => {
            let id = tx.find_member(name).await?;
            let id = id.ok_or_else(|| Error::not_found("member", name.to_string()))?;
            Ok(Person { side: Side::Member, id })
        }
        PersonRef::Contact(name) => {
            let id = found(name, tx.find_contact(name).await?)?;
            Ok(Person { side: Side::Contact, id })
        }
    }
}

fn missing(id: Uuid) -> Error {
    Error::not_found("tie", tie_name(id))
}
