//! What is known of accounts when it is asked what is to be done there, of many of them at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use uuid::Uuid;

use super::WorkItems;
use crate::ctx::{CONTACTS_PERSONAL, Ctx};
use crate::domain::account::Account;
use crate::domain::bond::FirstPaid;
use crate::domain::calendar::WorkCalendar;
use crate::domain::commitment::{Commitment, CommitmentSide};
use crate::domain::coverage::measure::Coverage;
use crate::domain::coverage::{Facts, Peer};
use crate::domain::customers::Customers;
use crate::domain::dates::{add_days, days_before};
use crate::domain::error::Result;
use crate::domain::festival::{Greeting, NOTICE_DAYS};
use crate::domain::finding::people::PeopleFacts;
use crate::domain::interaction::Interaction;
use crate::domain::job::Function;
use crate::domain::position::Position;
use crate::domain::position::incumbency::{self, Incumbency};
use crate::domain::tie::{self, Tie};
use crate::domain::tier::ruling::Recorded;
use crate::domain::work::WorkKind;
use crate::domain::work::facts::{
    AccountFacts, Class, Deadlines, GivenOn, Made, PassingOn, PersonGreeting, Planned, Referral,
    Review, Vacant, WaitingGift,
};
use crate::service::contacts::{People, PeopleAt, people, ties_under_review};
use crate::service::findings::in_force::in_force;
use crate::service::teams::{TeamSettings, accountable_on};
use crate::store::{Greeted, ReadTx};

/// Accounts that are looked at together.
const ACCOUNTS_AT_ONCE: usize = 500;

impl WorkItems {
    /// What is known of these accounts on a day; deleted ones are left out. The number of statements
    /// follows the number of hundreds of them.
    pub(super) async fn facts(
        &self,
        ctx: &Ctx,
        ids: &[String],
        day: NaiveDate,
        kinds: &[WorkKind],
    ) -> Result<Vec<AccountFacts>> {
        let mut known = Vec::new();
        for chunk in ids.chunks(ACCOUNTS_AT_ONCE) {
            ctx.check_deadline()?;
            let mut owed = self.receivables.owed(ctx, chunk.to_vec(), day).await?;
            let (these, settings, whose) = (chunk.to_vec(), self.teams.clone(), ctx.clone());
            let kinds = kinds.to_vec();
            let read = self.store.read(ctx, move |tx| {
                Box::pin(async move { read(tx, &whose, &settings, &these, day, &kinds).await })
            });
            for mut facts in read.await? {
                facts.owed = owed.remove(&facts.account_id).unwrap_or_default();
                known.push(facts);
            }
        }
        Ok(known)
    }

    pub(super) async fn deadlines(&self, ctx: &Ctx) -> Result<Deadlines> {
        let read = self.store.read(ctx, |tx| Box::pin(in_force::<WorkCalendar>(tx, i64::MAX)));
        Ok(Deadlines(read.await?))
    }
}

async fn read(
    tx: &ReadTx,
    ctx: &Ctx,
    settings: &TeamSettings,
    ids: &[String],
    day: NaiveDate,
    kinds: &[WorkKind],
) -> Result<Vec<AccountFacts>> {
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    let these: BTreeSet<&str> = all.iter().copied().collect();
    let accounts = tx.accounts(&all).await?;
    let customers = tx.customers(&these, i64::MAX).await?.on(day);
    // Whoever answers for a customer does for all of its accounts.
    let survivors: Vec<String> = ids.iter().map(|id| customers.of(id).to_owned()).collect();
    let answering = accountable_on(tx, ctx, settings, &survivors, day).await?;
    let tiers = tx.tiers_on(&these, day, i64::MAX).await?;
    let at = PeopleAt::of(day, i64::MAX, ctx.business_date());
    let mut there = people(tx, &customers.with_losers(&these), at).await?;
    let promised = promised(tx, &these, day).await?;
    let mut referrals = referrals(tx, ctx, &these).await?;
    let mut gifts = gifts(tx, ctx, &these).await?;
    let mut reviews = reviews(tx, ctx, &there, day).await?;
    let mut commitments: HashMap<String, Vec<(Commitment, Option<String>)>> = HashMap::new();
    for (commitment, member_id) in promised {
        let of = commitments.entry(commitment.account_id.clone()).or_default();
        of.push((commitment, member_id));
    }
    let plans = planned(tx, ctx, &customers.all_of(&these)).await?;
    let mut hooks: HashMap<String, Vec<Interaction>> = HashMap::new();
    for of in tx.hooks_open(&these, day).await? {
        hooks.entry(of.account_id.clone()).or_default().push(of);
    }
    let mut handovers = passing_on(tx, &these).await?;
    let (mut given, mut paid) = attended(tx, &these, &customers, day, kinds).await?;
    let mut greeted = people_greeted(tx, ctx, &there, &customers, day, kinds).await?;
    let mut known = Vec::new();
    for (id, answers) in ids.iter().zip(answering) {
        let Some(account) = accounts.get(id).filter(|one| one.delete_us.is_none()) else {
            continue;
        };
        let accountable = answers.member_id;
        let mut facts = facts(account, day, accountable, &tiers, there.remove(id));
        facts.is_loser = customers.is_loser(id);
        let made = |(commitment, member_id): (Commitment, Option<String>)| {
            let member_id = member_id.unwrap_or_else(|| facts.accountable.clone());
            Made { commitment, member_id }
        };
        let his = commitments.remove(id).unwrap_or_default();
        facts.commitments = his.into_iter().map(made).collect();
        facts.referrals = referrals.remove(id).unwrap_or_default();
        facts.reviews = reviews.remove(id).unwrap_or_default();
        facts.plans = plans.get(id).cloned().unwrap_or_default();
        let elsewhere = customers.same_as(id).filter(|other| other != id);
        let elsewhere = elsewhere.filter_map(|other| plans.get(other)).flatten();
        facts.planned_elsewhere = elsewhere.map(|plan| plan.interaction.clone()).collect();
        facts.handover = handovers.remove(id);
        facts.hooks = hooks.remove(id).unwrap_or_default();
        facts.first_paid = paid.remove(id);
        facts.greeted = greeted.remove(id).unwrap_or_default();
        facts.gift_days = customers.shared(&mut given, id);
        facts.gifts = gifts.remove(id).unwrap_or_default();
        known.push(facts);
    }
    Ok(known)
}

/// The orders that wait for a person, by account.
async fn referrals(
    tx: &ReadTx,
    ctx: &Ctx,
    ids: &BTreeSet<&str>,
) -> Result<HashMap<String, Vec<Referral>>> {
    let mut referrals: HashMap<String, Vec<Referral>> = HashMap::new();
    for one in tx.referred(ids).await? {
        let since = ctx.clock.date_of(one.us);
        let of = referrals.entry(one.reservation.account_id.clone()).or_default();
        of.push(Referral { reservation: one.reservation, since });
    }
    Ok(referrals)
}

/// The gifts that wait for approval, by account.
async fn gifts(
    tx: &ReadTx,
    ctx: &Ctx,
    ids: &BTreeSet<&str>,
) -> Result<HashMap<String, Vec<WaitingGift>>> {
    let mut gifts: HashMap<String, Vec<WaitingGift>> = HashMap::new();
    for gift in tx.gifts_waiting(ids).await? {
        let since = ctx.clock.date_of(gift.recorded_us);
        gifts.entry(gift.account_id.clone()).or_default().push(WaitingGift { gift, since });
    }
    Ok(gifts)
}

/// The days around this one on which somebody was given something, and when accounts and those that count as them first paid,
/// as far as what is asked for rests on it: the second looks through the payments of each account.
async fn attended(
    tx: &ReadTx,
    ids: &BTreeSet<&str>,
    customers: &Customers,
    day: NaiveDate,
    kinds: &[WorkKind],
) -> Result<(HashMap<String, Vec<NaiveDate>>, HashMap<String, FirstPaid>)> {
    let around = [days_before(day, NOTICE_DAYS), add_days(day, NOTICE_DAYS)];
    let given = match kinds.contains(&WorkKind::Occasion) {
        true => tx.gift_days(&customers.all_of(ids), around).await?,
        false => HashMap::new(),
    };
    let paid = match kinds.contains(&WorkKind::Care) {
        true => {
            let paid = tx.first_paid(&customers.with_losers(ids), day, i64::MAX).await?;
            FirstPaid::of_customers(paid, customers)
        }
        false => HashMap::new(),
    };
    Ok((given, paid))
}

/// Whether a caller is told when people at customers are greeted.
pub(super) fn tells_people(ctx: &Ctx) -> bool {
    ctx.scopes.allows(CONTACTS_PERSONAL)
}

/// Who is greeted soon, by account: each at the one where he took his last position, or that it counts as. Nobody, where
/// that is not asked for or not told.
async fn people_greeted(
    tx: &ReadTx,
    ctx: &Ctx,
    there: &HashMap<String, People>,
    customers: &Customers,
    day: NaiveDate,
    kinds: &[WorkKind],
) -> Result<HashMap<String, Vec<PersonGreeting>>> {
    if !kinds.contains(&WorkKind::Occasion) || !tells_people(ctx) {
        return Ok(HashMap::new());
    }
    let seats = there.values().flat_map(|people| &people.facts.seats);
    let sit: BTreeSet<&str> = seats.filter_map(|seat| seat.contact_id.as_deref()).collect();
    let sit: Vec<&str> = sit.into_iter().collect();
    let mut days: BTreeMap<(String, NaiveDate), Vec<String>> = BTreeMap::new();
    for Greeted { contact_id, day, kind } in tx.greeted_soon(day, Some(&sit)).await? {
        days.entry((contact_id, day)).or_default().push(kind);
    }
    let contacts: BTreeSet<&str> = days.keys().map(|(contact_id, _)| contact_id.as_str()).collect();
    let last = last_seats(tx, &contacts, day, |_| true).await?;
    // Wherever he was met or given something.
    let of_these: Vec<&str> = contacts.iter().copied().collect();
    let around = [days_before(day, NOTICE_DAYS), add_days(day, NOTICE_DAYS)];
    let mut given: HashMap<String, Vec<NaiveDate>> = HashMap::new();
    for GivenOn { contact_id, day } in tx.gifts_to(&of_these, around).await? {
        given.entry(contact_id).or_default().push(day);
    }
    let mut met: HashMap<String, NaiveDate> = HashMap::new();
    for (pair, edge) in tx.edges_of_contacts(&of_these).await? {
        if let Some(touch) = edge.last_touch {
            let last = met.entry(pair.contact_id).or_insert(touch);
            *last = touch.max(*last);
        }
    }
    let mut greeted: HashMap<String, Vec<PersonGreeting>> = HashMap::new();
    for ((contact_id, day), mut codes) in days {
        let Some(seat) = last.get(&contact_id) else { continue };
        codes.sort();
        let last_touch = met.get(&contact_id).copied();
        let gift_days = given.get(&contact_id).cloned().unwrap_or_default();
        let greeting = Greeting { day, codes };
        let of = greeted.entry(customers.of(&seat.account_id).to_owned()).or_default();
        of.push(PersonGreeting { contact_id, greeting, last_touch, gift_days });
    }
    Ok(greeted)
}

/// Of the positions that each of these contacts has on a day at accounts that are not deleted, and that
/// are accepted, the one that he took last.
pub(super) async fn last_seats(
    tx: &ReadTx,
    contact_ids: &BTreeSet<&str>,
    day: NaiveDate,
    accepts: impl Fn(&Position) -> bool,
) -> Result<HashMap<String, Incumbency>> {
    if contact_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let contacts: Vec<&str> = contact_ids.iter().copied().collect();
    let mut seats = incumbency::told(tx.seatings_of_contacts(&contacts).await?);
    seats.retain(|seat| seat.holds(day) && contact_ids.contains(seat.contact_id.as_str()));
    let accounts: BTreeSet<&str> = seats.iter().map(|seat| seat.account_id.as_str()).collect();
    let positions = tx.positions_known(&accounts, i64::MAX).await?;
    let all: Vec<&str> = accounts.into_iter().collect();
    let there = tx.accounts(&all).await?;
    let is_live = |id: &str| there.get(id).is_some_and(|of| of.delete_us.is_none());
    let accepted: BTreeSet<Uuid> = positions
        .iter()
        .filter(|position| position.holds(day) && accepts(position))
        .filter(|position| is_live(&position.account_id))
        .map(|position| position.id)
        .collect();
    seats.retain(|seat| accepted.contains(&seat.position_id));
    // Of one contact the last one stays.
    seats.sort_by_key(|seat| (seat.first_day, seat.position_id));
    Ok(seats.into_iter().map(|seat| (seat.contact_id.clone(), seat)).collect())
}

/// The ties that somebody has to look into, by account: each at one of those where the one of theirs
/// decides, wherever he did so last.
async fn reviews(
    tx: &ReadTx,
    ctx: &Ctx,
    there: &HashMap<String, People>,
    day: NaiveDate,
) -> Result<HashMap<String, Vec<Review>>> {
    let mut ties = ties_under_review(tx, there).await?;
    ties.retain(|tie| tie.days.holds(day, i64::MAX));
    let contacts: BTreeSet<&str> = ties.iter().filter_map(Tie::personal_contact).collect();
    let decides = |position: &Position| tie::decides(&position.terms.buying_roles);
    let decide = last_seats(tx, &contacts, day, decides).await?;
    let mut reviews: HashMap<String, Vec<Review>> = HashMap::new();
    for tie in ties {
        let Some(last) = tie.personal_contact().and_then(|contact| decide.get(contact)) else {
            continue;
        };
        let since = ctx.clock.date_of(tie.days.recorded_us).max(last.first_day);
        reviews.entry(last.account_id.clone()).or_default().push(Review { tie, since });
    }
    Ok(reviews)
}

/// What is to be kept at these accounts, and who has to: who is responsible, if he is active, or who
/// promised; `None`: whoever answers for the account.
async fn promised(
    tx: &ReadTx,
    ids: &BTreeSet<&str>,
    day: NaiveDate,
) -> Result<Vec<(Commitment, Option<String>)>> {
    let unsettled = tx.unsettled(ids, CommitmentSide::Ours).await?;
    let named =
        unsettled.iter().flat_map(|of| std::iter::once(&of.member_id).chain(&of.delegated_to));
    let named = named.map(String::as_str).collect();
    let active = active(tx, &named).await?;
    let is_active = |id: &&str| active.contains(*id);
    let keeps = |commitment: Commitment| {
        let responsible = commitment.responsible_on(day).into_iter();
        let asked = responsible.chain(std::iter::once(commitment.member_id.as_str()));
        let keeps = { asked }.find(is_active).map(str::to_owned);
        (commitment, keeps)
    };
    Ok(unsettled.into_iter().map(keeps).collect())
}

/// What is planned at these accounts, by account, and who is to see to it: the first of ours in it who
/// is active.
async fn planned(
    tx: &ReadTx,
    ctx: &Ctx,
    ids: &BTreeSet<&str>,
) -> Result<HashMap<String, Vec<Planned>>> {
    let plans = tx.plans(ids).await?;
    let named = plans.iter().flat_map(|plan| &plan.ours).map(String::as_str).collect();
    let active = active(tx, &named).await?;
    let mut by_account: HashMap<String, Vec<Planned>> = HashMap::new();
    for interaction in plans {
        let since = ctx.clock.date_of(interaction.recorded_us);
        let member_id = interaction.ours.iter().find(|id| active.contains(*id)).cloned();
        let of = by_account.entry(interaction.account_id.clone()).or_default();
        of.push(Planned { interaction, since, member_id });
    }
    Ok(by_account)
}

/// Which accounts pass to another, by account.
async fn passing_on(tx: &ReadTx, ids: &BTreeSet<&str>) -> Result<HashMap<String, PassingOn>> {
    let under_way = tx.handovers_under_way(ids).await?;
    let named = under_way.iter().map(|of| of.to_id.as_str()).collect();
    let active = active(tx, &named).await?;
    let passing_on = under_way.into_iter().map(|handover| {
        let member_id = Some(handover.to_id.clone()).filter(|id| active.contains(id));
        (handover.account_id.clone(), PassingOn { handover, member_id })
    });
    Ok(passing_on.collect())
}

/// Who of these is active.
async fn active(tx: &ReadTx, named: &BTreeSet<&str>) -> Result<BTreeSet<String>> {
    if named.is_empty() {
        return Ok(BTreeSet::new());
    }
    let people = tx.people(named).await?;
    Ok(people.into_iter().filter(|(_, person)| person.active).map(|(id, _)| id).collect())
}

/// What is known of an account, without what is owed, promised, planned and asked.
fn facts(
    account: &Account,
    day: NaiveDate,
    accountable: String,
    tiers: &Recorded,
    people: Option<People>,
) -> AccountFacts {
    let tier = tiers.account(&account.id);
    let service = tier.service_policy(day);
    let place = service
        .and_then(|of| of.version.terms.classes.iter().position(|class| class.code == of.class));
    let class = tier.told(&account.id, day).decided.map(|decided| Class {
        code: decided.class().to_owned(),
        place,
        since: decided.since(),
        cadence: service.and_then(|of| of.policy.cadence),
    });
    let occasions = service.map(|of| of.version.terms.greetings(of.class, day)).unwrap_or_default();
    let mut facts = AccountFacts {
        account_id: account.id.clone(),
        display_name: account.display_name.clone(),
        on: day,
        is_loser: false,
        accountable,
        class,
        owed: Default::default(),
        referrals: Vec::new(),
        commitments: Vec::new(),
        vacancies: Vec::new(),
        plans: Vec::new(),
        planned_elsewhere: Vec::new(),
        hooks: Vec::new(),
        handover: None,
        reviews: Vec::new(),
        gifts: Vec::new(),
        first_paid: None,
        occasions,
        greeted: Vec::new(),
        gift_days: Vec::new(),
        proposal: tier.proposal(day).cloned(),
        last_touch: None,
        finance_contact: None,
        closest_contact: None,
    };
    if let Some(people) = people {
        facts.vacancies = vacancies(&account.id, &people);
        facts.last_touch = people.last_touch;
        facts.finance_contact = finance_contact(&people.facts);
        facts.closest_contact = closest(&people.facts, |_| true);
    }
    facts
}

fn vacancies(account_id: &str, people: &People) -> Vec<Vacant> {
    let coverage = Coverage::of(account_id, &people.facts);
    let known = PeopleFacts {
        facts: &people.facts,
        coverage: &coverage,
        positions: &people.positions,
        sat: &people.sat,
        ties: None,
    };
    let vacant = |(since, position): (NaiveDate, &Position)| {
        let seat = people.facts.seats.iter().find(|seat| seat.position.id == position.id);
        let contact_id = seat.and_then(|seat| seat.contact_id.clone());
        Vacant { position_id: position.id, since, contact_id }
    };
    known.vacancies().into_iter().map(vacant).collect()
}

/// Whom of theirs we know best, of those who are asked for.
fn closest(facts: &Facts, is_asked: impl Fn(&Peer) -> bool) -> Option<String> {
    let peers = facts.peers().into_iter().filter(is_asked);
    let best = peers.max_by(|a, b| a.sum.cmp(&b.sum).then(b.contact_id.cmp(&a.contact_id)));
    best.map(|peer| peer.contact_id)
}

/// Whoever answers for money: whom we know best, or else whoever sits there.
fn finance_contact(facts: &Facts) -> Option<String> {
    let known = closest(facts, |peer| peer.function == Function::Finance);
    known.or_else(|| {
        let seats = facts.seats.iter().filter(|seat| seat.function == Function::Finance);
        seats.filter_map(|seat| seat.contact_id.clone()).min()
    })
}
