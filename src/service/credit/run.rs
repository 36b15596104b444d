//! One batch: its transaction, from the kept answers to the rows it leaves.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::batch::Work;
use super::{LastPolicy, event, evidence};
use crate::domain::credit::command::*;
use crate::domain::credit::decision::{Decision, OrderKey};
use crate::domain::credit::desk::{
    Amend, Caller, Changes, Desk, FoundKey, Loaded, Referral, Reserve,
};
use crate::domain::credit::order::{Now, Order};
use crate::domain::credit::standing::Standing;
use crate::domain::error::{Error, Result};
use crate::domain::money::Currency;
use crate::domain::names::AccountRef;
use crate::service::Settings;
use crate::service::accounts::resolve;
use crate::store::credit::{Known, KnownOrder, Link, StandingQuery};
use crate::store::{Answered, CallRecord, Store, WriteTx};

/// A command about an order.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Command {
    Reserve(ReserveCredit),
    Amend(AmendReservation),
    Deliver(DeliverReservation),
    Commit(CommitReservation),
    Cancel(CancelReservation),
    Decide(DecideReferral),
}

/// What a command is answered.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Decision(Box<Decision>),
    Reservation(Box<Order>, Now),
}

/// An answer as it is kept: a decision is kept once, in its own table.
#[derive(Debug, Serialize, Deserialize)]
enum Kept {
    Decision(Uuid),
    Reservation { order: Box<Order>, us: i64, today: chrono::NaiveDate },
}

impl Command {
    pub fn account(&self) -> &AccountRef {
        match self {
            Self::Reserve(c) => &c.account,
            _ => match self.reservation() {
                Some(name) => &name.account,
                None => unreachable!("every other command names its reservation"),
            },
        }
    }

    fn reservation(&self) -> Option<&ReservationName> {
        match self {
            Self::Reserve(_) => None,
            Self::Amend(c) => Some(&c.reservation),
            Self::Deliver(c) => Some(&c.reservation),
            Self::Commit(c) => Some(&c.reservation),
            Self::Cancel(c) => Some(&c.reservation),
            Self::Decide(c) => Some(&c.reservation),
        }
    }

    fn currency(&self) -> Option<Currency> {
        match self {
            Self::Reserve(c) => Some(c.amount.currency),
            Self::Amend(c) => Some(c.amount?.currency),
            Self::Deliver(_) | Self::Commit(_) | Self::Cancel(_) | Self::Decide(_) => None,
        }
    }
}

/// Decides the commands in their order. An error of one leaves the others alone; an error of the
/// whole is the database's.
pub(super) async fn all(
    tx: &mut WriteTx,
    settings: &Settings,
    policy: &LastPolicy,
    work: &[Work],
) -> Result<Vec<Result<Answer>>> {
    let mut batch = Batch { work, answers: work.iter().map(|_| None).collect(), twins: Vec::new() };
    batch.recall(tx, &batch.open()).await?;
    batch.find_twins();
    let accounts = batch.resolve(tx).await?;
    if accounts.is_empty() {
        return batch.finish();
    }
    let ids: BTreeSet<String> = accounts.values().cloned().collect();
    let heads = tx.lock_roots(&ids).await?;
    let head = heads.values().map(|head| head.head_us).max().unwrap_or_default();
    let us = tx.record_after(head).await?;
    let now = Now { us, today: tx.clock().business_date() };
    let known = tx.credit_standing(&batch.query(settings, policy, ids, now)).await?;
    policy.saw(&known);
    let roots = roots(&known.standing);
    let mut desk = batch.desk(tx, known, &accounts).await?;
    let (mut made, mut refused) = (Vec::new(), Vec::new());
    for n in batch.open() {
        let Some(account) = accounts.get(work[n].command.account()) else { continue };
        match decide(&mut desk, &work[n], account) {
            Ok(done) => made.push((n, done)),
            Err(error) => {
                batch.answers[n] = Some(Err(error));
                refused.push(n);
            }
        }
    }
    // A twin that committed before we had the lock may be the very thing that refuses us.
    batch.recall(tx, &refused).await?;
    let decided: HashMap<Uuid, Decision> = made
        .iter()
        .filter_map(|(_, done)| match done {
            Done::Decision(id) => Some((*id, desk.decision(*id)?.clone())),
            Done::Reservation(_) => None,
        })
        .collect();
    let mut changes = desk.close();
    evidence::look_up(tx, &mut changes).await?;
    let decided = with_evidence(decided, &changes);
    let mut kept = Vec::new();
    for (n, done) in made {
        let (answer, as_kept, resource, detail) = match done {
            Done::Decision(id) => {
                let decision = decided.get(&id).cloned();
                let decision = decision.ok_or_else(|| Error::internal("a decision is gone"))?;
                let (resource, detail) = event::audited(&decision);
                (Answer::Decision(Box::new(decision)), Kept::Decision(id), resource, detail)
            }
            Done::Reservation(order) => {
                let as_kept =
                    Kept::Reservation { order: order.clone(), us: now.us, today: now.today };
                let resource = crate::domain::credit::desk::name(&order);
                let detail = event::why(&work[n].command);
                (Answer::Reservation(order, now), as_kept, resource, detail)
            }
        };
        let mut record = work[n].record.clone();
        (record.audit.resource, record.audit.detail) = (resource, detail);
        kept.push((record, encode(&as_kept)?));
        batch.answers[n] = Some(Ok(answer));
    }
    write(tx, changes, &roots, now).await?;
    let kept: Vec<Answered<'_>> =
        kept.iter().map(|(record, answer)| Answered { record, answer: answer.clone() }).collect();
    tx.keep_answers(&kept).await?;
    batch.finish()
}

/// What was made of a command.
enum Done {
    Decision(Uuid),
    Reservation(Box<Order>),
}

fn decide(desk: &mut Desk, work: &Work, account: &str) -> Result<Done> {
    let principal = work.record.audit.principal.clone();
    let caller = Caller { principal: &principal, may_override: work.may_override };
    if let Command::Reserve(c) = &*work.command {
        let ask = Reserve {
            account,
            company: &c.company_code,
            amount: c.amount,
            order: &c.order,
            expire_us: c.expire_us,
            override_reason: &c.override_reason,
        };
        return desk.reserve(&ask, &caller).map(Done::Decision);
    }
    let name = work.command.reservation();
    let name = name.ok_or_else(|| Error::internal("a command names no reservation"))?;
    let order = match &name.order {
        OrderRef::Id(id) => desk.order(account, *id),
        OrderRef::Key(key) => desk.order_of(account, key),
    };
    let order = order.cloned().ok_or_else(|| super::orders::missing(name))?;
    let reservation = |order| Done::Reservation(Box::new(order));
    match &*work.command {
        Command::Reserve(_) => Err(Error::internal("decided above")),
        Command::Amend(c) => {
            let ask = Amend {
                amount: c.amount,
                expire_us: c.expire_us,
                override_reason: &c.override_reason,
            };
            desk.amend(order, &ask, &caller).map(Done::Decision)
        }
        Command::Decide(c) => {
            let how = Referral {
                approve: c.approve,
                approver: &c.approver,
                reason: &c.reason,
                maximum: c.maximum,
                valid_until_us: c.valid_until_us,
            };
            desk.decide_referral(order, &how, &caller).map(Done::Decision)
        }
        Command::Deliver(c) => desk.deliver(order, c.amount).map(reservation),
        Command::Commit(c) => desk.commit(order, &c.documents, c.complete).map(reservation),
        Command::Cancel(c) => desk.cancel(order, c.returned).map(reservation),
    }
}

/// The commands of a batch with their answers, as far as they have one.
struct Batch<'a> {
    work: &'a [Work],
    answers: Vec<Option<Result<Answer>>>,
    /// Commands that another one of the batch is the same call as, with that one.
    twins: Vec<(usize, usize)>,
}

impl Batch<'_> {
    /// Commands that are still to be decided.
    fn open(&self) -> Vec<usize> {
        let twins: HashSet<usize> = self.twins.iter().map(|(n, _)| *n).collect();
        (0..self.work.len()).filter(|n| self.answers[*n].is_none() && !twins.contains(n)).collect()
    }

    /// Answers those of the commands that were answered before.
    async fn recall(&mut self, tx: &WriteTx, commands: &[usize]) -> Result<()> {
        if commands.is_empty() {
            return Ok(());
        }
        let records: Vec<&CallRecord> = commands.iter().map(|n| &self.work[*n].record).collect();
        let mut decisions = Vec::new();
        for (place, kept) in tx.kept_answers(&records).await? {
            let n = commands[place];
            match kept.and_then(|text| decode(&text)) {
                Ok(Kept::Decision(id)) => decisions.push((n, id)),
                Ok(Kept::Reservation { order, us, today }) => {
                    self.answers[n] = Some(Ok(Answer::Reservation(order, Now { us, today })));
                }
                Err(refused) => self.answers[n] = Some(Err(refused)),
            }
        }
        let made = tx.decisions(decisions.iter().map(|(_, id)| *id)).await?;
        for (n, id) in decisions {
            let decision = made.iter().find(|decision| decision.id == id).cloned();
            let gone = || Error::internal(format!("decision {id} is gone"));
            let answer = decision.map(|d| Answer::Decision(Box::new(d))).ok_or_else(gone);
            self.answers[n] = Some(answer);
        }
        Ok(())
    }

    /// Finds commands that are the same call as another one of the batch.
    fn find_twins(&mut self) {
        let mut first: HashMap<(&str, &str, &str), usize> = HashMap::new();
        for n in self.open() {
            let audit = &self.work[n].record.audit;
            let call = (&*audit.principal, audit.method, &*audit.request_id);
            match first.get(&call).copied() {
                None => _ = first.insert(call, n),
                Some(before) if self.work[before].record.is_same(&self.work[n].record) => {
                    self.twins.push((n, before));
                }
                Some(_) => self.answers[n] = Some(Err(crate::store::reused())),
            }
        }
    }

    /// The accounts that open commands name; those that name none are refused.
    async fn resolve(&mut self, tx: &WriteTx) -> Result<HashMap<AccountRef, String>> {
        let open = self.open();
        let mut refs: Vec<AccountRef> =
            open.iter().map(|n| self.work[*n].command.account().clone()).collect();
        refs.sort_unstable();
        refs.dedup();
        if refs.is_empty() {
            return Ok(HashMap::new());
        }
        let found = tx.find_accounts(&refs).await?;
        for n in open {
            let name = self.work[n].command.account();
            if !found.contains_key(name) {
                self.answers[n] = Some(Err(resolve::missing([name])));
            }
        }
        Ok(found.into_iter().map(|(name, account)| (name, account.id)).collect())
    }

    fn query(
        &self,
        settings: &Settings,
        policy: &LastPolicy,
        ids: BTreeSet<String>,
        now: Now,
    ) -> StandingQuery {
        StandingQuery {
            accounts: ids.into_iter().collect(),
            now,
            policy: policy.get(),
            currencies: self.work.iter().filter_map(|work| work.command.currency()).collect(),
            base: settings.base_currency,
            rate_age_days_max: settings.rate_age_days_max,
        }
    }

    /// Loads what the open commands look at.
    async fn desk(
        &self,
        tx: &WriteTx,
        known: Known,
        accounts: &HashMap<AccountRef, String>,
    ) -> Result<Desk> {
        let commands: Vec<&Command> =
            self.open().into_iter().map(|n| &*self.work[n].command).collect();
        let (mut keys, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for command in &commands {
            match (command, command.reservation().map(|name| &name.order)) {
                (Command::Reserve(c), _) => _ = keys.insert(&c.order),
                (_, Some(OrderRef::Key(key))) => _ = keys.insert(key),
                (_, Some(OrderRef::Id(id))) => _ = ids.insert(*id),
                (_, None) => {}
            }
        }
        let mut orders: Vec<Order> = Vec::new();
        if !keys.is_empty() {
            let keys = keys.iter().map(|key| (&*key.system, &*key.order_ref));
            orders.extend(tx.orders_by_key(keys).await?.into_iter().map(|known| known.order));
        }
        if !ids.is_empty() {
            orders.extend(tx.orders_by_id(ids).await?.into_iter().map(|known| known.order));
        }
        let known_keys: BTreeSet<OrderKey> =
            orders.iter().map(crate::domain::credit::desk::key).collect();
        let (mut unknown, mut again) = (Vec::new(), Vec::new());
        for command in &commands {
            let Command::Reserve(c) = command else { continue };
            if known_keys.contains(&c.order) {
                again.extend(
                    orders
                        .iter()
                        .filter(|o| o.system == c.order.system && o.order_ref == c.order.order_ref)
                        .map(|order| order.decision),
                );
            } else if let Some(account_id) = accounts.get(&c.account) {
                let (account_id, order) = (account_id.clone(), c.order.clone());
                unknown.push(FoundKey { account_id, order, currency: c.amount.currency });
            }
        }
        unknown.sort_unstable();
        unknown.dedup();
        let documents: Vec<_> = commands
            .iter()
            .filter_map(|command| match command {
                Command::Commit(c) => Some(c.documents.iter().cloned()),
                _ => None,
            })
            .flatten()
            .collect();
        let Known { standing, due, policy: _ } = known;
        let loaded = Loaded {
            found: tx.order_histories(&unknown).await?,
            documents: tx.documents_to_commit(&documents).await?,
            decisions: tx.decisions(again).await?,
            due: due.into_iter().map(|known| known.order).collect(),
            orders,
        };
        Ok(Desk::open(standing, loaded))
    }

    /// The answers in the order of the commands; twins are answered alike, refused ones too.
    fn finish(mut self) -> Result<Vec<Result<Answer>>> {
        for (n, before) in std::mem::take(&mut self.twins) {
            self.answers[n] = self.answers[before].clone();
        }
        let unanswered = || Error::internal("a command was passed over");
        self.answers.into_iter().map(|answer| answer.ok_or_else(unanswered)).collect()
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

/// Writes what the desk left, as sets.
pub(super) async fn write(
    tx: &mut WriteTx,
    changes: Changes,
    roots: &HashMap<String, String>,
    now: Now,
) -> Result<()> {
    let clock = tx.clock().clone();
    let known = |order: &Order| KnownOrder {
        root_id: roots.get(&order.account_id).cloned().unwrap_or_default(),
        next_change_us: order.next_change(now, |day| clock.start_of(day)),
        order: order.clone(),
    };
    let new: Vec<KnownOrder> = changes.new.iter().map(known).collect();
    let changed: Vec<KnownOrder> = changes.changed.iter().map(known).collect();
    let links: Vec<Link> = changes
        .links
        .iter()
        .map(|&(order, document, amount)| Link { document, order, amount })
        .collect();
    tx.insert_orders(&new).await?;
    tx.update_orders(&changed).await?;
    tx.link_documents(&links).await?;
    tx.insert_decisions(&changes.decisions).await?;
    let touched: BTreeSet<String> =
        changes.told.iter().map(|told| told.account_id.clone()).collect();
    tx.publish(event::events(&changes.told)).await?;
    tx.add_used(changes.moves.into_iter().collect::<BTreeMap<_, _>>()).await?;
    tx.raise_heads(&touched).await
}

fn encode(kept: &Kept) -> Result<String> {
    serde_json::to_string(kept)
        .map_err(|e| Error::internal(format!("an answer cannot be encoded: {e}")))
}

fn decode(text: &str) -> Result<Kept> {
    serde_json::from_str(text)
        .map_err(|e| Error::internal(format!("a stored answer cannot be read: {e}")))
}

/// The answer that was kept.
pub(super) async fn recall(store: &Store, text: &str) -> Result<Answer> {
    match decode(text)? {
        Kept::Reservation { order, us, today } => Ok(Answer::Reservation(order, Now { us, today })),
        Kept::Decision(id) => {
            let made = store.credit_decisions_by_id(vec![id]).await?.into_iter().next();
            let gone = || Error::internal(format!("decision {id} is gone"));
            made.map(|decision| Answer::Decision(Box::new(decision))).ok_or_else(gone)
        }
    }
}
