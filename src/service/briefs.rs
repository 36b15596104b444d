//! What to know before an interaction that is planned.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::ctx::{ACCOUNTS_READ, Ctx};
use crate::domain::commitment::{Commitment, CommitmentSide};
use crate::domain::coverage::measure::Coverage;
use crate::domain::coverage::{Peer, Score};
use crate::domain::credit::profile::Profile;
use crate::domain::error::{Error, Result};
use crate::domain::gift::{ContactHeadroom, GetGiftHeadroom};
use crate::domain::interaction::{Attendee, Interaction, InteractionVerb};
use crate::domain::names::{AccountRef, ContactRef};
use crate::domain::personal::Personal;
use crate::domain::position::PositionKey;
use crate::domain::work::facts::Owed;
use crate::service::contacts::{People, PeopleAt, people};
use crate::service::credit::Credit;
use crate::service::interactions::Interactions;
use crate::service::receivables::Receivables;
use crate::store::{ReadTx, Store};

/// The use case; cheap to clone.
#[derive(Debug, Clone)]
pub struct Briefs {
    store: Store,
    receivables: Receivables,
    credit: Credit,
    interactions: Interactions,
}

/// What to know of an account and those who are to be met there, on a day.
#[derive(Debug)]
pub struct Brief {
    pub on: NaiveDate,
    pub plan: Interaction,
    pub attendees: Vec<BriefAttendee>,
    /// What was held and left a hook that is open.
    pub hooks: Vec<Interaction>,
    pub ours: Vec<Commitment>,
    pub theirs: Vec<Commitment>,
    pub owed: Owed,
    pub credit: Profile,
    pub coverage: Coverage,
    /// What each of those who are to be met may be given.
    pub gifts: Vec<ContactHeadroom>,
}

/// One of theirs who is to be met.
#[derive(Debug)]
pub struct BriefAttendee {
    pub attendee: Attendee,
    pub display_name: Personal,
    /// The position that he has now.
    pub position: Option<PositionKey>,
    pub best: Option<Peer>,
    pub satisfaction: Option<i32>,
}

/// What one read tells of it.
struct Known {
    people: People,
    hooks: Vec<Interaction>,
    ours: Vec<Commitment>,
    theirs: Vec<Commitment>,
    names: Vec<(String, Personal)>,
}

impl Briefs {
    pub fn new(
        store: Store,
        receivables: Receivables,
        credit: Credit,
        interactions: Interactions,
    ) -> Self {
        Self { store, receivables, credit, interactions }
    }

    /// What to know before what is planned.
    ///
    /// # Errors
    /// STATE_WRONG, SCOPE_MISSING.
    pub async fn of(&self, ctx: &Ctx, plan: Interaction) -> Result<Brief> {
        ctx.check_scope(ACCOUNTS_READ)?;
        let on = ctx.business_date();
        plan.check(InteractionVerb::Brief, on)?;
        let account_id = plan.account_id.clone();
        let mut owed = self.receivables.owed(ctx, vec![account_id.clone()], on).await?;
        let names = [AccountRef::Id(account_id.clone())];
        let credit = self.credit.profiles(ctx, &names, "").await?.pop();
        let credit = credit.ok_or_else(|| Error::internal("a profile for each account"))?;
        let contacts = plan.theirs.iter().map(|one| ContactRef::Id(one.contact_id.clone()));
        let [account] = names;
        let asked = GetGiftHeadroom { account, contacts: contacts.collect(), day: None };
        let gifts = self.interactions.gift_headroom(ctx, asked).await?;
        let asked = plan.clone();
        let read =
            self.store.read(ctx, move |tx| Box::pin(async move { known(tx, &asked, on).await }));
        let Known { people, hooks, ours, theirs, names } = read.await?;
        let coverage = Coverage::of(&account_id, &people.facts);
        let attendee = |one: &Attendee| {
            let named = names.iter().find(|(id, _)| *id == one.contact_id);
            let called = named.map(|(_, name)| name.clone()).unwrap_or_default();
            attendee(one, called, &people, &coverage)
        };
        let attendees = plan.theirs.iter().map(attendee).collect();
        let owed = owed.remove(&account_id).unwrap_or_default();
        Ok(Brief { on, plan, attendees, hooks, ours, theirs, owed, credit, coverage, gifts })
    }
}

async fn known(tx: &ReadTx, plan: &Interaction, on: NaiveDate) -> Result<Known> {
    let id = plan.account_id.as_str();
    let these = BTreeSet::from([id]);
    let at = PeopleAt::of(on, i64::MAX, on);
    let gone = || Error::internal(format!("accounts/{id} is gone"));
    let people = people(tx, &these, at).await?.remove(id).ok_or_else(gone)?;
    let to_meet: Vec<&str> = plan.theirs.iter().map(|one| one.contact_id.as_str()).collect();
    let contacts = tx.contacts_among(&to_meet).await?.into_iter();
    Ok(Known {
        people,
        hooks: tx.hooks_open(&these, on).await?,
        ours: tx.unsettled(&these, CommitmentSide::Ours).await?,
        theirs: tx.unsettled(&these, CommitmentSide::Theirs).await?,
        names: contacts.map(|one| (one.id.clone(), one.called().clone())).collect(),
    })
}

fn attendee(
    one: &Attendee,
    display_name: Personal,
    people: &People,
    coverage: &Coverage,
) -> BriefAttendee {
    let his = |id: &str| id == one.contact_id;
    let seats = people.facts.seats.iter();
    let seats = seats.filter(|seat| seat.contact_id.as_deref().is_some_and(his));
    // At the account where he is met, if he sits there too.
    let seat = seats.min_by_key(|seat| seat.position.account_id != coverage.account_id);
    let ties = coverage.peers.iter().filter(|peer| his(&peer.contact_id));
    let best = ties.max_by(|a, b| a.sum.cmp(&b.sum).then(b.member_id.cmp(&a.member_id)));
    let mut scores = people.facts.scores.iter().filter(|score| his(&score.contact_id));
    BriefAttendee {
        attendee: one.clone(),
        display_name,
        position: seat.map(|seat| seat.position.clone()),
        best: best.cloned(),
        satisfaction: scores.next_back().map(|Score { score, .. }| *score),
    }
}
