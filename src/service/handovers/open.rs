//! What passes over with accounts: what is open there, and whom the successor has to meet.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use super::{Handovers, Owned};
use crate::ctx::Ctx;
use crate::domain::commitment::{Commitment, CommitmentSide, CommitmentState};
use crate::domain::coverage::{Facts, Seat};
use crate::domain::error::{Precondition, Result};
use crate::domain::handover::{Handover, ItemKind, Open, Progress, ToMeet};
use crate::domain::interaction::{Interaction, InteractionState};
use crate::domain::names::{DISPUTES, PROMISES, account_name, child_name};
use crate::domain::promise::PromiseState;
use crate::domain::team::Team;
use crate::service::contacts::{PeopleAt, known_to, people};
use crate::store::{ReadTx, WriteTx};

impl Handovers {
    /// Who owns these accounts today, and what is open there; those that nobody owns are missing.
    pub(super) async fn owned(
        &self,
        ctx: &Ctx,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Owned>> {
        let day = ctx.business_date();
        let asked: BTreeSet<String> = ids.into_iter().collect();
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let these = asked.iter().map(String::as_str).collect();
                let teams = tx.teams(&these).await?.into_iter();
                let owner = |(id, team): (String, Team)| Some((id, team.on(day, i64::MAX).owner?));
                Ok(teams.filter_map(owner).collect::<BTreeMap<String, String>>())
            })
        });
        let owners = read.await?;
        let mut open = self.open(ctx, owners.clone(), day).await?;
        let owned = owners.into_iter().map(|(id, owner_id)| {
            let open = open.remove(&id).unwrap_or_default();
            (id, Owned { owner_id, open })
        });
        Ok(owned.collect())
    }

    /// What is open at accounts on a day; of what names somebody, what names the member given for the
    /// account.
    pub(super) async fn open(
        &self,
        ctx: &Ctx,
        whose: BTreeMap<String, String>,
        day: NaiveDate,
    ) -> Result<HashMap<String, Open>> {
        if whose.is_empty() {
            return Ok(HashMap::new());
        }
        let owed = self.receivables.owed(ctx, whose.keys().cloned().collect(), day).await?;
        let read = self
            .store
            .read(ctx, move |tx| Box::pin(async move { talked_of(tx, &whose, day).await }));
        let mut open = read.await?;
        for (id, owed) in owed {
            let open = open.entry(id.clone()).or_default();
            if !owed.overdue.is_empty() {
                open.insert((ItemKind::Receivables, account_name(&id)));
            }
            let promises = owed.promises.iter().filter(|one| one.state == PromiseState::Open);
            open.extend(promises.map(|one| (ItemKind::Promise, child_name(&id, PROMISES, one.id))));
            open.extend(
                owed.disputes
                    .iter()
                    .map(|one| (ItemKind::Dispute, child_name(&id, DISPUTES, one.dispute.id))),
            );
        }
        Ok(open)
    }
}

/// What was said at accounts and is open: what the member of each has to keep, where he is to be, and
/// every hook.
async fn talked_of(
    tx: &ReadTx,
    whose: &BTreeMap<String, String>,
    day: NaiveDate,
) -> Result<HashMap<String, Open>> {
    let these = whose.keys().map(String::as_str).collect();
    let his = |account_id: &str| whose.get(account_id).map(String::as_str);
    let mut open: HashMap<String, Open> = HashMap::new();
    for one in tx.unsettled(&these, CommitmentSide::Ours).await? {
        if is_his_word(&one, his(&one.account_id), day) {
            let thing = (ItemKind::Commitment, one.name());
            open.entry(one.account_id).or_default().insert(thing);
        }
    }
    for one in tx.plans(&these).await? {
        if is_his_plan(&one, his(&one.account_id), day) {
            let thing = (ItemKind::PlannedVisit, one.name());
            open.entry(one.account_id).or_default().insert(thing);
        }
    }
    for one in tx.gifts_waiting(&these).await? {
        let thing = (ItemKind::Gift, one.name());
        open.entry(one.account_id).or_default().insert(thing);
    }
    for one in tx.hooks_open(&these, day).await? {
        let thing = (ItemKind::Hook, one.name());
        open.entry(one.account_id).or_default().insert(thing);
    }
    Ok(open)
}

/// Whether a member has to keep it on a day.
fn is_his_word(of: &Commitment, member: Option<&str>, day: NaiveDate) -> bool {
    let is_open = of.state_on(day) == CommitmentState::Open;
    is_open && member.is_some() && of.responsible_on(day) == member
}

/// Whether a member is to be there, on the day or later.
fn is_his_plan(of: &Interaction, member: Option<&str>, day: NaiveDate) -> bool {
    let is_planned = of.state_on(day) == InteractionState::Planned;
    is_planned && of.ours.iter().any(|id| member == Some(id))
}

/// What stands in the way of completing a handover on a day, of an account whose people are held:
/// nobody promises or plans anything there meanwhile. `before` was open just before.
pub(super) async fn missing(
    tx: &WriteTx,
    of: &Handover,
    before: &Open,
    day: NaiveDate,
) -> Result<Vec<Precondition>> {
    let Handover { account_id, from_id, to_id, .. } = of;
    let (these, his) = ([account_id.as_str()].into(), Some(from_id.as_str()));
    // What names nobody holds nothing up; how far the handover is tells of it as it was read.
    let others = before.iter().filter(|(kind, _)| !kind.names_somebody());
    let mut open: Open = others.cloned().collect();
    let words = tx.unsettled(&these, CommitmentSide::Ours).await?.into_iter();
    let words = words.filter(|one| is_his_word(one, his, day));
    open.extend(words.map(|one| (ItemKind::Commitment, one.name())));
    let plans = tx.plans(&these).await?.into_iter().filter(|one| is_his_plan(one, his, day));
    open.extend(plans.map(|one| (ItemKind::PlannedVisit, one.name())));
    let contacts = asked_to_meet(&known_to(tx, account_id, to_id, day).await?, of);
    Ok(Progress::of(contacts, &tx.carried(of.id).await?, &open).missing(of))
}

/// Whom the successor has to meet, and whether he did since the handover was started.
pub(super) async fn to_meet(tx: &ReadTx, of: &Handover, day: NaiveDate) -> Result<Vec<ToMeet>> {
    let id = of.account_id.as_str();
    let at = PeopleAt::of(day, i64::MAX, day);
    let known = people(tx, &[id].into(), at).await?;
    Ok(known.get(id).map_or_else(Vec::new, |known| asked_to_meet(&known.facts, of)))
}

/// Whom the successor has to meet, by who sits there and whom he knows.
fn asked_to_meet(facts: &Facts, of: &Handover) -> Vec<ToMeet> {
    let met: HashMap<&str, NaiveDate> = {
        let his = facts.ties.iter().filter(|tie| tie.member_id == of.to_id);
        let touched = his.filter_map(|tie| Some((tie.contact_id.as_str(), tie.edge.last_touch?)));
        touched.filter(|(_, day)| *day >= of.start_date).collect()
    };
    let Facts { cells, seats, .. } = facts;
    let is_required = |seat: &&Seat| {
        let site = seat.site.as_deref();
        cells.iter().any(|cell| cell.fits(seat.function, seat.level, site))
    };
    let mut asked: Vec<ToMeet> = Vec::new();
    for seat in seats.iter().filter(is_required) {
        let Some(contact_id) = seat.contact_id.clone() else { continue };
        if asked.iter().all(|one| one.contact_id != contact_id) {
            let met = met.get(contact_id.as_str()).copied();
            asked.push(ToMeet { contact_id, position: seat.position.clone(), met });
        }
    }
    asked
}
