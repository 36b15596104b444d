//! The commands of a batch: which were answered before, which repeat another one of the batch,
//! which accounts they name, and what is loaded to decide them.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::kept::{Kept, canceled, decode};
use crate::domain::credit::decide::{Decider, FoundKey, Loaded, key};
use crate::domain::credit::reservation::{Now, Reservation};
use crate::domain::error::{Error, Result};
use crate::domain::merge_sets::MergeSets;
use crate::domain::names::{AccountRef, OrderKey, ReservationRef};
use crate::service::credit::LastRuling;
use crate::service::credit::command::{Answer, Command, Work};
use crate::service::{Settings, resolve};
use crate::store::account::KnownAccount;
use crate::store::credit::{Known, KnownReservation, StandingQuery};
use crate::store::{CallRecord, WriteTx};

/// The commands of a batch with their answers, as far as they have one.
pub(super) struct Batch<'a> {
    work: &'a [Work],
    pub answers: Vec<Option<Result<Answer>>>,
    /// Commands that another one of the batch is the same call as, with that one.
    twins: Vec<(usize, usize)>,
}

impl<'a> Batch<'a> {
    /// Those whose callers left while the batch waited for its transaction are not decided.
    pub fn new(work: &'a [Work]) -> Self {
        let left = |work: &Work| work.gone.is_cancelled().then_some(Err(Error::DeadlineExceeded));
        Self { work, answers: work.iter().map(left).collect(), twins: Vec::new() }
    }

    /// Commands that are still to be decided.
    pub fn open(&self) -> Vec<usize> {
        let twins: HashSet<usize> = self.twins.iter().map(|(n, _)| *n).collect();
        (0..self.work.len()).filter(|n| self.answers[*n].is_none() && !twins.contains(n)).collect()
    }

    /// Answers those of the commands that were answered before.
    pub async fn recall(&mut self, tx: &mut WriteTx, commands: &[usize]) -> Result<()> {
        if commands.is_empty() {
            return Ok(());
        }
        let records: Vec<&CallRecord> = commands.iter().map(|n| &self.work[*n].record).collect();
        let (mut decisions, mut reservations) = (Vec::new(), Vec::new());
        for (place, kept) in tx.kept_answers(&records).await? {
            let n = commands[place];
            match kept.and_then(|answer| decode(&answer.text)) {
                Ok(Kept::Decision(id)) => decisions.push((n, id)),
                Ok(Kept::Reservation { reservation, us, today }) => {
                    reservations.push((n, reservation, Now { us, today }));
                }
                Err(refused) => self.answers[n] = Some(Err(refused)),
            }
        }
        let ids = reservations.iter().filter_map(|(_, reservation, _)| canceled(reservation));
        let reasons = tx.cancel_reasons(ids.collect()).await?;
        for (n, mut reservation, now) in reservations {
            let reason = canceled(&reservation).and_then(|id| reasons.get(&id));
            reservation.cancel_reason = reason.cloned().unwrap_or_default();
            self.answers[n] = Some(Ok(Answer::Reservation(reservation, now)));
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
    pub fn find_twins(&mut self) {
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
    pub async fn resolve(&mut self, tx: &WriteTx) -> Result<HashMap<AccountRef, KnownAccount>> {
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
        Ok(found)
    }

    /// The account that each open command is about. A reservation is that of the account for which it was
    /// made, also if it was merged since; a new order is that of the account that the one named counts as.
    /// All of the sets are locked.
    pub async fn homes(
        &self,
        tx: &WriteTx,
        found: &HashMap<AccountRef, KnownAccount>,
        sets: &MergeSets,
    ) -> Result<HashMap<usize, String>> {
        let named = |n: &usize| {
            let id = &found.get(self.work[*n].command.account())?.id;
            Some((*n, id.clone()))
        };
        let mut homes: HashMap<usize, String> = self.open().iter().filter_map(named).collect();
        if sets.is_empty() {
            return Ok(homes);
        }
        let of = |n: &usize| self.work[*n].command.named();
        let (mut keys, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for name in homes.keys().map(of) {
            match name {
                ReservationRef::Key(key) => _ = keys.insert(key),
                ReservationRef::Id(id) => _ = ids.insert(id),
            }
        }
        let mut reserved = tx.reservations_by_key(&keys).await?;
        reserved.extend(tx.reservations_by_id(ids).await?);
        for (n, home) in &mut homes {
            let is_it = |known: &&KnownReservation| match of(n) {
                ReservationRef::Key(named) => key(&known.reservation) == named,
                ReservationRef::Id(id) => known.reservation.id == id,
            };
            let of = reserved.iter().find(is_it).map(|known| &known.reservation);
            let is_new = matches!(*self.work[*n].command, Command::Reserve(_));
            let is_one = |of: &&Reservation| sets.are_one(home, &of.account_id, of.create_us);
            *home = match of.filter(is_one) {
                Some(of) => of.account_id.clone(),
                None if is_new => sets.counts_as(home).to_owned(),
                None => home.clone(),
            };
        }
        Ok(homes)
    }

    pub fn query(
        &self,
        settings: &Settings,
        policy: &LastRuling,
        ids: BTreeSet<String>,
        now: Now,
    ) -> StandingQuery {
        StandingQuery {
            accounts: ids.into_iter().collect(),
            now,
            ruling: policy.get(),
            currencies: self.work.iter().filter_map(|work| work.command.currency()).collect(),
            base: settings.base_currency,
            rate_age_days_max: settings.rate_age_days_max,
        }
    }

    /// Loads what the open commands look at.
    pub async fn decider(
        &self,
        tx: &WriteTx,
        known: Known,
        homes: &HashMap<usize, String>,
    ) -> Result<Decider> {
        let commands: Vec<(usize, &Command)> =
            self.open().into_iter().map(|n| (n, &*self.work[n].command)).collect();
        let (mut keys, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for (_, command) in &commands {
            match (command, command.reservation().map(|name| &name.reservation)) {
                (Command::Reserve(c), _) => _ = keys.insert(&c.order),
                (_, Some(ReservationRef::Key(key))) => _ = keys.insert(key),
                (_, Some(ReservationRef::Id(id))) => _ = ids.insert(*id),
                (_, None) => {}
            }
        }
        let mut reservations: Vec<Reservation> = Vec::new();
        if !keys.is_empty() {
            reservations.extend(
                tx.reservations_by_key(keys).await?.into_iter().map(|known| known.reservation),
            );
        }
        if !ids.is_empty() {
            reservations.extend(
                tx.reservations_by_id(ids).await?.into_iter().map(|known| known.reservation),
            );
        }
        let known_keys: BTreeSet<OrderKey> = reservations.iter().map(key).collect();
        let (mut unknown, mut again) = (Vec::new(), Vec::new());
        for (n, command) in &commands {
            let Command::Reserve(c) = command else { continue };
            if known_keys.contains(&c.order) {
                again.extend(
                    reservations
                        .iter()
                        .filter(|o| key(o) == c.order)
                        .map(|reservation| reservation.decision),
                );
            } else if let Some(account_id) = homes.get(n) {
                let (account_id, order) = (account_id.clone(), c.order.clone());
                unknown.push(FoundKey { account_id, order, currency: c.amount.currency });
            }
        }
        unknown.sort_unstable();
        unknown.dedup();
        let documents: Vec<_> = commands
            .iter()
            .filter_map(|(_, command)| match command {
                Command::Commit(c) => Some(c.documents.iter().cloned()),
                _ => None,
            })
            .flatten()
            .collect();
        let Known { standing, due, ruling: _, basis: _ } = known;
        let loaded = Loaded {
            found: tx.reservation_histories(&unknown).await?,
            documents: tx.documents_to_commit(&documents).await?,
            decisions: tx.decisions(again).await?,
            due: due.into_iter().map(|known| known.reservation).collect(),
            reservations,
        };
        Ok(Decider::open(standing, loaded))
    }

    /// The answers in the order of the commands; twins are answered alike, refused ones too.
    pub fn finish(mut self) -> Result<Vec<Result<Answer>>> {
        for (n, before) in std::mem::take(&mut self.twins) {
            self.answers[n] = self.answers[before].clone();
        }
        let unanswered = || Error::internal("a command was passed over");
        self.answers.into_iter().map(|answer| answer.ok_or_else(unanswered)).collect()
    }
}
