//! What passes over with accounts: what is open there, and whom the successor has to meet.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use super::{Handovers, Owned};
use crate::ctx::Ctx;
use crate::domain::commitment::{CommitmentSide, CommitmentState};
use crate::domain::coverage::{Facts, Seat};
use crate::domain::error::Result;
use crate::domain::handover::{Handover, ItemKind, Open, ToMeet};
use crate::domain::interaction::InteractionState;
use crate::domain::names::{DISPUTES, PROMISES, account_name, child_name};
use crate::domain::promise::PromiseState;
use crate::domain::team::Team;
use crate::service::contacts::{PeopleAt, people};
use crate::store::ReadTx;

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
        let responsible = one.responsible_on(day);
        let is_open = one.state_on(day) == CommitmentState::Open;
        if is_open && responsible.is_some() && responsible == his(&one.account_id) {
            let thing = (ItemKind::Commitment, one.name());
            open.entry(one.account_id).or_default().insert(thing);
        }
    }
    for one in tx.plans(&these).await? {
        let is_planned = one.state_on(day) == InteractionState::Planned;
        if is_planned && one.ours.iter().any(|id| his(&one.account_id) == Some(id)) {
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

/// Whom the successor has to meet, and whether he did since the handover was started.
pub(super) async fn to_meet(
    tx: &ReadTx,
    ctx: &Ctx,
    of: &Handover,
    day: NaiveDate,
) -> Result<Vec<ToMeet>> {
    let id = of.account_id.as_str();
    let at = PeopleAt::of(day, i64::MAX, day);
    let known = people(tx, &[id].into(), at, ctx.row_scope()).await?;
    let Some(known) = known.get(id) else { return Ok(Vec::new()) };
    let met: HashMap<&str, NaiveDate> = {
        let his = known.facts.ties.iter().filter(|tie| tie.member_id == of.to_id);
        let touched = his.filter_map(|tie| Some((tie.contact_id.as_str(), tie.edge.last_touch?)));
        touched.filter(|(_, day)| *day >= of.start_date).collect()
    };
    let Facts { cells, seats, .. } = &known.facts;
    let is_required = |seat: &&Seat| {
        let site = seat.site.as_deref();
        cells.iter().any(|cell| cell.fits(seat.function, seat.level, site))
    };
    let mut asked: Vec<ToMeet> = Vec::new();
    for seat in seats.iter().filter(is_required) {
        let Some(contact_id) = seat.contact_id.clone() else { continue };
        if asked.iter().all(|one| one.contact_id != contact_id) {
            let met = met.get(contact_id.as_str()).copied();
            asked.push(ToMeet { contact_id, position_id: seat.position_id, met });
        }
    }
    Ok(asked)
}
