//! What is to be done in the book, by due date: the kinds tell where there may be something, in the order
//! of days, and of the accounts they name so many are looked at as a page needs.

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

/// Accounts at which there may be something to do, and the day before whose dues they are all.
struct Look {
    ids: BTreeSet<String>,
    /// `None`: whatever is due.
    whole_before: Option<NaiveDate>,
}

/// What is looked for.
#[derive(Debug, Clone)]
struct Asked {
    kinds: Vec<WorkKind>,
    /// The first due date.
    from: Option<NaiveDate>,
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
        let from = list.page.after.as_ref().map(|after| after.due);
        let (limit, tells_people) = (wanted.max(LOOK_FIRST), tells_people(ctx));
        let mut asked = Asked { kinds, from, on: day, limit, tells_people };
        loop {
            ctx.check_deadline()?;
            let (look, by) = (asked.clone(), deadlines.clone());
            let read =
                self.store.read(ctx, move |tx| Box::pin(async move { look.at(tx, &by).await }));
            let Look { ids, whole_before } = read.await?;
            // The end of what is asked for, or of what all kinds were seen of.
            let end = [whole_before, list.due_before].into_iter().flatten().min();
            let ids: Vec<String> = ids.into_iter().collect();
            let items = self.items(ctx, &ids, day, &asked.kinds, &deadlines).await?;
            let keyed = items.into_iter().map(|item| (item.key(WorkOrder::Due, 0), item));
            let keyed = keyed.filter(|(key, _)| end.is_none_or(|end| key.due < end));
            let after = list.page.after.as_ref();
            let keyed = keyed.filter(|(key, _)| after.is_none_or(|after| key > after));
            let keyed: Vec<(WorkKey, WorkItem)> = keyed.collect();
            if keyed.len() >= wanted || whole_before.is_none() || end != whole_before {
                return Ok(cut(&list.page, keyed));
            }
            asked.limit = asked.limit.saturating_mul(LOOK_TIMES);
        }
    }
}

impl Asked {
    async fn at(&self, tx: &ReadTx, deadlines: &Deadlines) -> Result<Look> {
        let mut found: Vec<(NaiveDate, String)> = Vec::new();
        let mut whole_before: Option<NaiveDate> = None;
        for kind in self.kinds.iter().copied() {
            let here = match kind {
                WorkKind::Cadence => self.unmet(tx).await?,
                WorkKind::Occasion => self.greeted(tx).await?,
                WorkKind::Care => self.new_customers(tx).await?,
                _ => self.begun(tx, kind, deadlines).await?,
            };
            if here.len() >= self.limit {
                let last = here.last().map(|(due, _)| *due);
                whole_before = whole_before.into_iter().chain(last).min();
            }
            found.extend(here);
        }
        let is_whole = |due: NaiveDate| whole_before.is_none_or(|before| due < before);
        let ids = found.into_iter().filter(|(due, _)| is_whole(*due)).map(|(_, id)| id);
        Ok(Look { ids: ids.collect(), whole_before })
    }

    /// Where something of a kind is, with a day before which it is not due, in the order of these.
    async fn begun(
        &self,
        tx: &ReadTx,
        kind: WorkKind,
        deadlines: &Deadlines,
    ) -> Result<Vec<(NaiveDate, String)>> {
        let days = kind.working_days();
        let from = self.from.map(|from| deadlines.first_with(from, days));
        let found = tx.where_work_is(kind, from, self.on, self.limit).await?;
        let due = found.into_iter().map(|of| (deadlines.after(of.day, days), of.account_id));
        let mut due: Vec<_> = due.collect();
        due.sort();
        Ok(due)
    }

    /// The accounts that are greeted soon, and those where somebody is, in the order of the days on
    /// which they are.
    async fn greeted(&self, tx: &ReadTx) -> Result<Vec<(NaiveDate, String)>> {
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
        for of in &greeted {
            if let Some(seat) = seats.get(&of.contact_id) {
                first.take(of.day, &seat.account_id);
            }
        }
        Ok(())
    }

    /// The accounts that have just become customers, in the order of the days by which they are met.
    async fn new_customers(&self, tx: &ReadTx) -> Result<Vec<(NaiveDate, String)>> {
        let mut first = Firsts::new(self);
        let take = |account_id: String, paid: NaiveDate| {
            care::stretches(paid).iter().for_each(|one| first.take(one.due, &account_id));
        };
        tx.each_first_paid(days_before(self.on, care::CARE_ENDS), self.on, take).await?;
        Ok(first.found.into_iter().collect())
    }

    /// The accounts that are to be seen, in the order of the days on which they are.
    async fn unmet(&self, tx: &ReadTx) -> Result<Vec<(NaiveDate, String)>> {
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
    from: Option<NaiveDate>,
    limit: usize,
    found: BTreeSet<(NaiveDate, String)>,
}

impl Firsts {
    fn new(asked: &Asked) -> Self {
        Self { from: asked.from, limit: asked.limit, found: BTreeSet::new() }
    }

    fn take(&mut self, due: NaiveDate, account_id: &str) {
        if self.from.is_none_or(|from| due >= from) {
            self.found.insert((due, account_id.to_owned()));
        }
        if self.found.len() > self.limit {
            self.found.pop_last();
        }
    }
}
