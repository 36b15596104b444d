//! What is to be done in the book, by due date: the kinds tell where there may be something, in the order
//! of days and of the accounts on each, and of the accounts they name so many are looked at as a page needs.

use std::collections::{BTreeSet, HashMap};

use chrono::{Days, NaiveDate};

use super::facts::{last_seats, tells_people};
use super::{List, WorkItems, cut};
use crate::ctx::Ctx;
use crate::domain::dates::days_before;
use crate::domain::error::Result;
use crate::domain::page::Page;
use crate::domain::tier::policy::Class;
use crate::domain::work::care;
use crate::domain::work::facts::Deadlines;
use crate::domain::work::{WorkItem, WorkKey, WorkKind, WorkOrder};
use crate::store::ReadTx;

/// Beginnings of each kind that are looked at first; as many times more, where they are not enough.
const LOOK_FIRST: usize = 100;
const LOOK_TIMES: usize = 4;

/// A day on which something is due, and the account at which it is.
type Place = (NaiveDate, String);

/// Accounts at which there may be something to do, and the place before which they are all.
struct Look {
    ids: BTreeSet<String>,
    /// `None`: whatever is due.
    whole_before: Option<Place>,
}

/// What is looked for.
#[derive(Debug, Clone)]
struct Asked {
    kinds: Vec<WorkKind>,
    /// The first place.
    from: Option<Place>,
    on: NaiveDate,
    limit: usize,
    /// The caller is told when people at customers are greeted.
    tells_people: bool,
}

impl WorkItems {
    /// A page of what is to be done in the book.
    pub(super) async fn of_book(
        &self,
        ctx: &Ctx,
        list: &List,
        day: NaiveDate,
    ) -> Result<Page<WorkItem, WorkKey>> {
        let kinds = list.asked();
        let deadlines = self.deadlines(ctx).await?;
        let wanted = list.page.size + 1;
        let from = list.page.after.as_ref().map(|after| (after.due, after.account_id.clone()));
        let (limit, tells_people) = (wanted.max(LOOK_FIRST), tells_people(ctx));
        let mut asked = Asked { kinds, from, on: day, limit, tells_people };
        loop {
            ctx.check_deadline()?;
            let (look, by) = (asked.clone(), deadlines.clone());
            let read =
                self.store.read(ctx, move |tx| Box::pin(async move { look.at(tx, &by).await }));
            let Look { ids, whole_before } = read.await?;
            let ids: Vec<String> = ids.into_iter().collect();
            let items = self.items(ctx, &ids, day, &asked.kinds, &deadlines).await?;
            let keyed = items.into_iter().map(|item| (item.key(WorkOrder::Due, 0), item));
            let is_asked = |key: &WorkKey| {
                list.due_before.is_none_or(|before| key.due < before)
                    && list.page.after.as_ref().is_none_or(|after| key > after)
            };
            let is_whole =
                |key: &WorkKey| whole_before.as_ref().is_none_or(|end| is_before(key, end));
            let keyed = keyed.filter(|(key, _)| is_asked(key) && is_whole(key));
            let keyed: Vec<(WorkKey, WorkItem)> = keyed.collect();
            // All that is asked for lies before the place that the kinds were seen up to.
            let is_all = match (&whole_before, list.due_before) {
                (None, _) => true,
                (Some((day, _)), Some(before)) => before <= *day,
                (Some(_), None) => false,
            };
            if keyed.len() >= wanted || is_all {
                return Ok(cut(&list.page, keyed));
            }
            asked.limit = asked.limit.saturating_mul(LOOK_TIMES);
        }
    }
}

fn is_before(key: &WorkKey, (day, account_id): &Place) -> bool {
    (key.due, &key.account_id) < (*day, account_id)
}

impl Asked {
    async fn at(&self, tx: &ReadTx, deadlines: &Deadlines) -> Result<Look> {
        let mut found: Vec<Place> = Vec::new();
        let mut whole_before: Option<Place> = None;
        for kind in self.kinds.iter().copied() {
            let here = match kind {
                WorkKind::Cadence => self.unmet(tx).await?,
                WorkKind::Occasion => self.greeted(tx).await?,
                WorkKind::Care => self.new_customers(tx).await?,
                _ => self.begun(tx, kind, deadlines).await?,
            };
            if here.len() >= self.limit {
                let last = here.last().map(|(due, account_id)| match kind.working_days() {
                    0 => (*due, account_id.clone()),
                    // Several days have one deadline, so that its accounts come in no order.
                    _ => (*due, String::new()),
                });
                whole_before = whole_before.into_iter().chain(last).min();
            }
            found.extend(here);
        }
        let is_whole = |place: &Place| whole_before.as_ref().is_none_or(|before| place < before);
        let ids = found.into_iter().filter(is_whole).map(|(_, id)| id).collect();
        Ok(Look { ids, whole_before })
    }

    /// Where something of a kind is, with a day before which it is not due, in the order of these.
    async fn begun(
        &self,
        tx: &ReadTx,
        kind: WorkKind,
        deadlines: &Deadlines,
    ) -> Result<Vec<Place>> {
        let days = kind.working_days();
        let from = self.from.as_ref().map(|(from, account_id)| match days {
            0 => (*from, account_id.as_str()),
            _ => (deadlines.first_with(*from, days), ""),
        });
        let found = tx.where_work_is(kind, from, self.on, self.limit).await?;
        let due = found.into_iter().map(|of| (deadlines.after(of.day, days), of.account_id));
        let mut due: Vec<_> = due.collect();
        due.sort();
        Ok(due)
    }

    /// The accounts that are greeted soon, and those where somebody is, in the order of the days on
    /// which they are.
    async fn greeted(&self, tx: &ReadTx) -> Result<Vec<Place>> {
        let mut first = Firsts::new(self);
        if self.tells_people {
            self.people_greeted(tx, &mut first).await?;
        }
        let ruling = tx.tiers_ruling(self.on).await?;
        let classes = ruling.version_on(self.on).map(|version| {
            let days = |class: &Class| {
                let greetings = version.terms.greetings(&class.code, self.on).into_iter();
                (class.code.clone(), greetings.map(|of| of.day).collect())
            };
            version.terms.classes.iter().map(days).collect()
        });
        let classes: HashMap<String, Vec<NaiveDate>> = classes.unwrap_or_default();
        // On most days no class is.
        if classes.values().any(|days| !days.is_empty()) {
            let take = |unmet: crate::store::Unmet| {
                let days = classes.get(&unmet.class).into_iter().flatten();
                days.for_each(|day| first.take(*day, &unmet.account_id));
            };
            tx.each_unmet(self.on, take).await?;
        }
        Ok(first.found.into_iter().collect())
    }

    /// Takes the accounts where somebody is greeted soon.
    async fn people_greeted(&self, tx: &ReadTx, first: &mut Firsts) -> Result<()> {
        let greeted = tx.greeted_soon(self.on, None).await?;
        let contacts = greeted.iter().map(|of| of.contact_id.as_str()).collect();
        let seats = last_seats(tx, &contacts, self.on, |_| true).await?;
        let customers = tx.all_customers().await?.on(self.on);
        for of in &greeted {
            if let Some(seat) = seats.get(&of.contact_id) {
                first.take(of.day, customers.of(&seat.account_id));
            }
        }
        Ok(())
    }

    /// The accounts that have just become customers, in the order of the days by which they are met.
    async fn new_customers(&self, tx: &ReadTx) -> Result<Vec<Place>> {
        let mut first = Firsts::new(self);
        let customers = tx.all_customers().await?.on(self.on);
        let take = |account_id: String, paid: NaiveDate| {
            let id = customers.of(&account_id);
            care::stretches(paid).iter().for_each(|one| first.take(one.due, id));
        };
        tx.each_first_paid(days_before(self.on, care::CARE_ENDS), self.on, take).await?;
        Ok(first.found.into_iter().collect())
    }

    /// The accounts that are to be seen, in the order of the days on which they are.
    async fn unmet(&self, tx: &ReadTx) -> Result<Vec<Place>> {
        let ruling = tx.tiers_ruling(self.on).await?;
        let version = ruling.version_on(self.on);
        let mut first = Firsts::new(self);
        let take = |unmet: crate::store::Unmet| {
            let policy = version.and_then(|of| of.terms.service_policy(&unmet.class));
            let Some(cadence) = policy.and_then(|of| of.cadence) else { return };
            let due = unmet.since + Days::new(cadence.target_days.unsigned_abs().into());
            first.take(due, &unmet.account_id);
        };
        tx.each_unmet(self.on, take).await?;
        Ok(first.found.into_iter().collect())
    }
}

/// The first of what is asked for, of what comes in no order.
struct Firsts {
    from: Option<Place>,
    limit: usize,
    found: BTreeSet<Place>,
}

impl Firsts {
    fn new(asked: &Asked) -> Self {
        Self { from: asked.from.clone(), limit: asked.limit, found: BTreeSet::new() }
    }

    fn take(&mut self, due: NaiveDate, account_id: &str) {
        let is_behind = |from: &Place| (due, account_id) < (from.0, from.1.as_str());
        let last = self.found.last().filter(|_| self.found.len() >= self.limit);
        // Most of a book comes behind the last that is wanted.
        let is_late = last.is_some_and(|(day, id)| (due, account_id) >= (*day, id.as_str()));
        if !is_late && !self.from.as_ref().is_some_and(is_behind) {
            self.found.insert((due, account_id.to_owned()));
        }
        if self.found.len() > self.limit {
            self.found.pop_last();
        }
    }
}
