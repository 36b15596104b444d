//! DeactivateMember: what one of ours answers for is handed over where the class of the account wants
//! it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Before, Handovers, Said, begun, changed, deadline_from, event};
use crate::ctx::Ctx;
use crate::domain::account::AccountFilter;
use crate::domain::error::{Error, Reason, Result};
use crate::domain::event::EventType;
use crate::domain::leaving::{Deactivated, HANDOVERS_MAX, Left, Obstacle, Passing, heirs};
use crate::domain::member::Member;
use crate::domain::member::command::DeactivateMember;
use crate::domain::names::{MemberRef, member_name};
use crate::domain::page::PageOf;
use crate::domain::team::eligible::{AskedOwner, Candidate, OwnerRequirement};
use crate::service::teams::TeamSettings;
use crate::service::{Configured, members};
use crate::store::{Call, Carried, Lane, Outcome, WriteTx};

/// Accounts that are looked at together.
const ACCOUNTS_AT_ONCE: usize = 500;

/// What a deactivation would leave, and what is open there just before.
#[derive(Debug, Clone)]
struct Foreseen {
    left: Left,
    before: Before,
}

impl Handovers {
    /// Takes a member out of work, and begins to hand over those of his accounts whose class wants it.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, MEMBER_IS_DEFAULT_OWNER, FIELD_INVALID, CONCURRENT_CHANGE.
    pub async fn deactivate(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: DeactivateMember,
    ) -> Result<Deactivated> {
        let left = match self.would_deactivate(ctx, c.clone()).await {
            Ok(Deactivated { left, .. }) => left,
            // A call that is repeated is answered as before; any other is refused for the same.
            Err(Error::FailedPrecondition(_)) => Left::default(),
            Err(other) => return Err(other),
        };
        let started = left.passing.iter().filter(|one| one.obstacle.is_none());
        let ids = started.map(|one| one.account_id.clone()).collect();
        let owned = self.owned(ctx, ids).await?;
        let settings = Foreseen { left, before: Before { owned, settings: self.settings.clone() } };
        let call = Call::new("AccountService.DeactivateMember", request_id, &c.member);
        let command = Configured { command: c, settings };
        match self.store.mutate(ctx, call, command, deactivate).await? {
            Outcome::Done(done) => Ok(done),
            Outcome::Replayed(Deactivated { member, left }) => {
                Ok(Deactivated { member: self.store.member_with_text(member).await?, left })
            }
        }
    }

    /// What a deactivation would leave; changes nothing.
    ///
    /// # Errors
    /// As [`Handovers::deactivate`].
    pub async fn would_deactivate(&self, ctx: &Ctx, c: DeactivateMember) -> Result<Deactivated> {
        let (whose, settings) = (ctx.clone(), self.settings.clone());
        // It reads what the deactivation itself would, in a transaction that writes nothing.
        self.store
            .write(ctx, Lane::Interactive, move |tx| {
                let (c, settings, whose) = (c.clone(), settings.clone(), whose.clone());
                Box::pin(async move {
                    let member = found(tx, &c.member).await?;
                    let default_owner = tx.configured_member(&settings.default_owner).await?;
                    let is_default_owner = default_owner.as_ref() == Some(&member.id);
                    member.clone().deactivate(c.reason.clone(), is_default_owner)?;
                    let left = left(tx, &whose, &settings, &c, &member).await?;
                    Ok(Deactivated { member, left })
                })
            })
            .await
    }
}

async fn found(tx: &WriteTx, name: &MemberRef) -> Result<Member> {
    let missing = || Error::not_found("member", name.to_string());
    let id = tx.find_member(name).await?.ok_or_else(missing)?;
    tx.member(&id).await?.ok_or_else(missing)
}

async fn deactivate(
    tx: &mut WriteTx,
    ctx: &Ctx,
    c: &Configured<DeactivateMember, Foreseen>,
) -> Result<Deactivated> {
    let Configured { command: c, settings: Foreseen { left: foreseen, before } } = c;
    let settings = &before.settings;
    members::hold_ties(tx, &c.member).await?;
    let starts = foreseen.passing.iter().filter(|one| one.obstacle.is_none());
    let heads = tx.lock_teams(&starts.clone().map(|one| one.account_id.clone()).collect()).await?;
    let member = found(tx, &c.member).await?;
    let heirs = starts.filter_map(|one| one.to_id.clone());
    tx.lock_members(&heirs.chain([member.id.clone()]).collect()).await?;
    // Behind the locks: somebody may have given him an account, or taken one, since it was looked at.
    let mut left = left(tx, ctx, settings, c, &member).await?;
    let last = heads.values().map(|head| head.update_us).max().unwrap_or(0);
    let us = tx.record_after(last).await?;
    let member = members::deactivate_in(tx, ctx, c, &settings.default_owner).await?;
    if left != *foreseen {
        return Err(changed(
            &member.name(),
            "leaves other accounts, or to others, than just before",
        ));
    }
    let mut started = Vec::new();
    for one in left.passing.iter_mut().filter(|one| one.obstacle.is_none()) {
        let to_id = one.to_id.as_deref().unwrap_or_default();
        let said = Said {
            from_id: &member.id,
            to_id,
            deadline: deadline_from(ctx.business_date()),
            reason: &c.reason,
        };
        let carried = before.of(&one.account_id, &member.id)?;
        let handover = begun(ctx, one.account_id.clone(), &said, us);
        one.handover_id = Some(handover.id);
        started.push((handover, carried));
    }
    tx.insert_handovers(&started).await?;
    let events = started.iter().map(|(one, _)| event(EventType::HandoverStarted, one));
    tx.publish(events.collect()).await?;
    Ok(Deactivated { member, left })
}

/// What a member who is deactivated today leaves.
async fn left(
    tx: &WriteTx,
    ctx: &Ctx,
    settings: &TeamSettings,
    c: &DeactivateMember,
    member: &Member,
) -> Result<Left> {
    let named = match &c.successor {
        None => None,
        Some(name) => Some(found(tx, name).await?.id),
    };
    if named.as_ref() == Some(&member.id) {
        let what = format!("{} is deactivated", member_name(&member.id));
        return Err(Error::invalid("successor", Reason::FieldInvalid, what));
    }
    let Wanted { accounts, mut asked } = wanted(tx, ctx, settings, &member.id).await?;
    let all: Vec<String> = asked.keys().cloned().collect();
    let more = all.len().saturating_sub(HANDOVERS_MAX);
    all.iter().skip(HANDOVERS_MAX).for_each(|id| _ = asked.remove(id));
    let ids: BTreeSet<&str> = all.iter().take(HANDOVERS_MAX).map(String::as_str).collect();
    let under_way = tx.handovers_under_way(&ids).await?;
    let under_way = under_way.into_iter().map(|one| (one.account_id.clone(), one));
    let under_way: BTreeMap<String, _> = under_way.collect();
    asked.retain(|id, _| !under_way.contains_key(id));
    let mut heirs = successors(tx, ctx, &member.id, named.as_deref(), asked).await?;
    let passing = ids.into_iter().map(|id| {
        let to_id = heirs.remove(id).flatten();
        let obstacle = match (under_way.get(id), &to_id, &named) {
            (Some(_), ..) => Some(Obstacle::UnderWay),
            (None, Some(_), _) => None,
            (None, None, Some(_)) => Some(Obstacle::NotEligible),
            (None, None, None) => Some(Obstacle::NoSuccessor),
        };
        Passing {
            account_id: id.to_owned(),
            to_id: under_way.get(id).map(|one| one.to_id.clone()).or(to_id),
            handover_id: under_way.get(id).map(|one| one.id),
            obstacle,
        }
    });
    Ok(Left { accounts, passing: passing.collect(), more })
}

/// The accounts of a member, and what is asked of the owner of those whose class wants a handover.
struct Wanted {
    accounts: usize,
    asked: BTreeMap<String, AskedOwner>,
}

async fn wanted(
    tx: &WriteTx,
    ctx: &Ctx,
    settings: &TeamSettings,
    member_id: &str,
) -> Result<Wanted> {
    let today = ctx.business_date();
    let filter = AccountFilter::owned_by(member_id);
    let mut page = PageOf { size: ACCOUNTS_AT_ONCE, after: None };
    let mut wanted = Wanted { accounts: 0, asked: BTreeMap::new() };
    loop {
        let found = tx.account_ids(&filter, &page, today).await?;
        wanted.accounts += found.items.len();
        let these = found.items.iter().map(String::as_str).collect();
        let tiers = tx.tiers_on(&these, today).await?;
        for id in &found.items {
            let service = tiers.account(id).service_policy(today);
            if service.is_some_and(|of| of.policy.handover_required) {
                let asked = settings.requirements.owner_by(service);
                wanted.asked.insert(id.clone(), asked);
            }
        }
        page.after = found.next;
        if page.after.is_none() {
            return Ok(wanted);
        }
    }
}

/// Who is to own each of these accounts.
async fn successors(
    tx: &WriteTx,
    ctx: &Ctx,
    leaver: &str,
    named: Option<&str>,
    asked: BTreeMap<String, AskedOwner>,
) -> Result<BTreeMap<String, Option<String>>> {
    let mut found = BTreeMap::new();
    if asked.is_empty() {
        return Ok(found);
    }
    let but: BTreeSet<String> = asked.keys().cloned().collect();
    let mut all = tx.candidates().await?;
    if let Some(leaver) = all.get_mut(leaver) {
        leaver.person.active = false;
    }
    let mut by_class: BTreeMap<Option<String>, (OwnerRequirement, Vec<String>)> = BTreeMap::new();
    for (id, AskedOwner { requirement, class }) in asked {
        by_class.entry(class).or_insert((requirement, Vec::new())).1.push(id);
    }
    let mut given: HashMap<String, u32> = HashMap::new();
    // What the installation asks is about all that one owns: last, when what classes give is known.
    for (class, (requirement, ids)) in by_class.into_iter().rev() {
        let mut candidates = all.clone();
        if requirement.accounts_max.is_some() {
            let may = |(_, one): &(&String, &Candidate)| requirement.unmet(one).is_empty();
            let counted = candidates.iter().filter(may).map(|(id, _)| id.as_str()).collect();
            let which = Carried { but: &but, from: ctx.business_date(), class: class.as_deref() };
            for (id, owned) in tx.owned_by(&counted, &which).await? {
                candidates.entry(id).and_modify(|one| one.owned = owned);
            }
        }
        for (id, more) in given.iter().filter(|_| class.is_none()) {
            let owns = |one: &mut Candidate| one.owned = one.owned.saturating_add(*more);
            candidates.entry(id.clone()).and_modify(owns);
        }
        let heirs = heirs(requirement, leaver, named, &mut candidates, ids.len());
        heirs.iter().flatten().for_each(|id| *given.entry(id.clone()).or_default() += 1);
        found.extend(ids.into_iter().zip(heirs));
    }
    Ok(found)
}
