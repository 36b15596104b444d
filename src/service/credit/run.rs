//! One batch: its transaction, from the kept answers to the rows it leaves.

mod kept;
mod pending;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

pub(super) use self::kept::recall;
use self::kept::{Kept, encode};
use self::pending::Batch;

use super::command::{Answer, Command, Work, missing};
use super::{LastRuling, event, evidence};
use crate::domain::credit::decide::{Amend, Caller, Changes, Decider, Referral, Reserve};
use crate::domain::credit::decision::Decision;
use crate::domain::credit::reservation::{Now, Reservation};
use crate::domain::credit::standing::Standing;
use crate::domain::error::{Error, Result};
use crate::domain::merge_sets::MergeSets;
use crate::domain::names::{AccountRef, ReservationRef};
use crate::service::{Settings, resolve};
use crate::store::account::KnownAccount;
use crate::store::credit::KnownReservation;
use crate::store::{Answered, CallRecord, WriteTx};

/// Decides the commands in their order. An error of one leaves the others alone; an error of the
/// whole is the database's.
pub(super) async fn all(
    tx: &mut WriteTx,
    settings: &Settings,
    policy: &LastRuling,
    work: &[Work],
) -> Result<Vec<Result<Answer>>> {
    let mut batch = Batch::new(work);
    batch.recall(tx, &batch.open()).await?;
    batch.find_twins();
    let found = batch.resolve(tx).await?;
    if found.is_empty() {
        return batch.finish();
    }
    let ids: BTreeSet<String> = found.values().map(|account| account.id.clone()).collect();
    let merged = found.values().any(|account| account.merge_set.is_some());
    let locked = sets(tx, &ids, merged).await?.with(&ids);
    let heads = tx.lock_roots(&locked).await?;
    let head = heads.values().map(|head| head.head_us).max().unwrap_or_default();
    let us = tx.record_after(head).await?;
    let now = Now { us, today: tx.clock().business_date() };
    // Whoever held the locks before us may have merged an account: look again.
    let found = again(tx, found).await?;
    let merged = found.values().any(|account| account.merge_set.is_some());
    let sets = sets(tx, &ids, merged).await?;
    resolve::check_locked(&sets, &locked)?;
    let accounts = batch.homes(tx, &found, &sets).await?;
    let ids = accounts.values().cloned().collect();
    let known = tx.credit_standing(&batch.query(settings, policy, ids, now)).await?;
    policy.saw(&known);
    let roots = roots(&known.standing);
    let basis = known.basis.clone();
    let mut decider = batch.decider(tx, known, &accounts).await?;
    let (mut made, mut refused) = (Vec::new(), Vec::new());
    for n in batch.open() {
        let Some(account) = accounts.get(&n) else { continue };
        match decide(&mut decider, &work[n], account) {
            Ok(done) => made.push((n, done)),
            Err(error) => {
                batch.answers[n] = Some(Err(error));
                refused.push(n);
            }
        }
    }
    // The same call may have committed before this one had the lock, and be why this one is
    // refused: then it is answered as that one was.
    batch.recall(tx, &refused).await?;
    let decided: HashMap<Uuid, Decision> = made
        .iter()
        .filter_map(|(_, done)| match done {
            Done::Decision(id) => Some((*id, decider.decision(*id)?.clone())),
            Done::Reservation(_) => None,
        })
        .collect();
    let (mut changes, standing) = decider.close();
    evidence::look_up(tx, &mut changes).await?;
    let decided = with_evidence(decided, &changes);
    let mut kept = Vec::new();
    for (n, done) in made {
        let (answer, record) = answered(done, &decided, &work[n], now)?;
        kept.push(record);
        batch.answers[n] = Some(Ok(answer));
    }
    let next_changes = write(tx, changes, &roots, now).await?;
    let accounts: BTreeSet<String> = accounts.into_values().collect();
    tx.keep_standings(standing, basis, &next_changes, &accounts.into_iter().collect::<Vec<_>>());
    let kept: Vec<Answered<'_>> =
        kept.iter().map(|(record, answer)| Answered { record, answer: answer.clone() }).collect();
    tx.keep_answers(&kept).await?;
    batch.finish()
}

/// The accounts that were found by their names, as they are by now.
async fn again(
    tx: &WriteTx,
    mut found: HashMap<AccountRef, KnownAccount>,
) -> Result<HashMap<AccountRef, KnownAccount>> {
    let mut ids: Vec<AccountRef> =
        found.values().map(|account| AccountRef::Id(account.id.clone())).collect();
    ids.sort_unstable();
    ids.dedup();
    let now = tx.find_accounts(&ids).await?;
    for account in found.values_mut() {
        if let Some(now) = now.get(&AccountRef::Id(account.id.clone())) {
            account.clone_from(now);
        }
    }
    Ok(found)
}

/// What these accounts were ever merged with, if one of them was.
async fn sets(tx: &WriteTx, ids: &BTreeSet<String>, merged: bool) -> Result<MergeSets> {
    match merged {
        true => resolve::merge_sets(tx, ids).await,
        false => Ok(MergeSets::default()),
    }
}

/// The answer to a command, and what is kept of it and audited.
fn answered(
    done: Done,
    decided: &HashMap<Uuid, Decision>,
    work: &Work,
    now: Now,
) -> Result<(Answer, (CallRecord, String))> {
    let (answer, kept, resource, detail) = match done {
        Done::Decision(id) => {
            let decision = decided.get(&id).cloned();
            let decision = decision.ok_or_else(|| Error::internal("a decision is gone"))?;
            let (resource, detail) = event::audited(&decision);
            (Answer::Decision(Box::new(decision)), Kept::Decision(id), resource, detail)
        }
        Done::Reservation(reservation) => {
            let Now { us, today } = now;
            let kept = Kept::Reservation { reservation: reservation.clone(), us, today };
            let resource = crate::domain::credit::decide::name(&reservation);
            (Answer::Reservation(reservation, now), kept, resource, String::new())
        }
    };
    let mut record = work.record.clone();
    (record.audit.resource, record.audit.detail) = (resource, detail);
    Ok((answer, (record, encode(&kept)?)))
}

/// What a command came to: a decision, or a changed reservation.
enum Done {
    Decision(Uuid),
    Reservation(Box<Reservation>),
}

fn decide(decider: &mut Decider, work: &Work, account: &str) -> Result<Done> {
    let principal = work.record.audit.principal.clone();
    let caller = Caller { principal: &principal, may_override: work.may_override };
    if let Command::Reserve(c) = &*work.command {
        let ask = Reserve {
            account,
            amount: c.amount,
            order: &c.order,
            expire_us: c.expire_us,
            override_reason: &c.override_reason,
        };
        return decider.reserve(&ask, &caller).map(Done::Decision);
    }
    let name = work.command.reservation();
    let name = name.ok_or_else(|| Error::internal("a command names no reservation"))?;
    let reservation = match &name.reservation {
        ReservationRef::Id(id) => decider.reservation(account, *id),
        ReservationRef::Key(key) => decider.reservation_of(account, key),
    };
    let reservation = reservation.cloned().ok_or_else(|| missing(name))?;
    let done = |reservation| Done::Reservation(Box::new(reservation));
    match &*work.command {
        Command::Reserve(_) => Err(Error::internal("decided above")),
        Command::Amend(c) => {
            let ask = Amend {
                amount: c.amount,
                expire_us: c.expire_us,
                override_reason: &c.override_reason,
            };
            decider.amend(reservation, &ask, &caller).map(Done::Decision)
        }
        Command::Decide(c) => {
            let how = Referral {
                approve: c.approve,
                approver: &c.approver,
                reason: &c.reason,
                maximum: c.maximum,
                valid_until_us: c.valid_until_us,
            };
            decider.decide_referral(reservation, &how, &caller).map(Done::Decision)
        }
        Command::Deliver(c) => decider.deliver(reservation, c.amount).map(done),
        Command::Commit(c) => decider.commit(reservation, &c.documents, c.complete).map(done),
        Command::Cancel(c) => decider.cancel(reservation, c.returned, &c.reason).map(done),
    }
}

/// The decisions just made, with what was looked up for their reasons.
fn with_evidence(
    mut decided: HashMap<Uuid, Decision>,
    changes: &Changes,
) -> HashMap<Uuid, Decision> {
    for decision in &changes.decisions {
        if let Some(of) = decided.get_mut(&decision.id) {
            of.reasons.clone_from(&decision.reasons);
        }
    }
    decided
}

/// The group of each account.
pub(super) fn roots(standing: &Standing) -> HashMap<String, String> {
    standing.nodes.iter().map(|(id, node)| (id.clone(), node.root_id.clone())).collect()
}

/// Writes what the decisions changed, as sets; answers when the first of the reservations counts
/// otherwise by itself, by root.
pub(super) async fn write(
    tx: &mut WriteTx,
    changes: Changes,
    roots: &HashMap<String, String>,
    now: Now,
) -> Result<HashMap<String, i64>> {
    let clock = tx.clock().clone();
    let known = |reservation: &Reservation| KnownReservation {
        root_id: roots.get(&reservation.account_id).cloned().unwrap_or_default(),
        next_change_us: reservation.next_change(now, |day| clock.start_of(day)),
        reservation: reservation.clone(),
    };
    let new: Vec<KnownReservation> = changes.new.iter().map(known).collect();
    let changed: Vec<KnownReservation> = changes.changed.iter().map(known).collect();
    tx.insert_reservations(&new).await?;
    tx.update_reservations(&changed).await?;
    tx.link_documents(&changes.links).await?;
    tx.insert_decisions(&changes.decisions).await?;
    let touched: BTreeSet<String> =
        changes.told.iter().map(|told| told.account_id.clone()).collect();
    tx.publish(event::events(&changes.told)).await?;
    tx.add_exposure(changes.moves.into_iter().collect::<BTreeMap<_, _>>()).await?;
    tx.raise_heads(&touched).await?;
    // What changed and is told to nobody counts, too.
    let written = || new.iter().chain(&changed);
    let accounts = written().map(|known| known.reservation.account_id.clone());
    tx.raise_groups(&accounts.filter(|id| !touched.contains(id)).collect()).await?;
    let mut next_changes: HashMap<String, i64> = HashMap::new();
    for KnownReservation { root_id, next_change_us, .. } in written() {
        let next = next_changes.entry(root_id.clone()).or_insert(*next_change_us);
        *next = (*next).min(*next_change_us);
    }
    Ok(next_changes)
}
