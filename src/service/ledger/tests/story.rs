//! Whatever happens, in any order: what counts is what the entries, the orders and the tree
//! say, after every step.

use chrono::{Days, NaiveDate};
use fastrand::Rng;
use uuid::Uuid;

use super::harness::{ACCOUNTS, Harness, advance, harnesses, invoice};
use crate::domain::credit::reservation::{NEVER, ReservationState};
use crate::domain::ledger::command::ClearItems;
use crate::domain::names::AccountRef;
use crate::store::seed::day;

const STEPS: usize = 60;
const ORDERS: [&str; 3] = ["o1", "o2", "o3"];

struct Story {
    harness: Harness,
    rng: Rng,
    today: NaiveDate,
    /// Number, version, account and id of what was posted.
    posted: Vec<(String, i64, &'static str, Uuid)>,
    reserved: Vec<&'static str>,
}

#[tokio::test]
async fn whatever_happens_what_counts_is_what_the_ledger_and_the_orders_say() {
    for seed in 0..4 {
        for harness in harnesses().await {
            let mut story = Story {
                harness,
                rng: Rng::with_seed(seed),
                today: day(6, 15),
                posted: Vec::new(),
                reserved: Vec::new(),
            };
            for _ in 0..STEPS {
                story.step().await;
                story.harness.holds().await;
            }
        }
    }
}

impl Story {
    async fn step(&mut self) {
        match self.rng.u32(..14) {
            0..=2 => self.post(false).await,
            3..=4 => self.post(true).await,
            5 => self.revise().await,
            6 => self.reverse().await,
            7..=8 => self.clear().await,
            9 => self.reserve().await,
            10..=11 => self.change().await,
            12 => self.reparent_account().await,
            _ => {
                self.today = self.today + Days::new(self.rng.u64(1..4));
                let (month, date) = (chrono::Datelike::month(&self.today), &self.today);
                self.harness.wait_until(month, chrono::Datelike::day(date)).await;
            }
        }
    }

    fn account(&mut self) -> &'static str {
        ACCOUNTS[self.rng.usize(..ACCOUNTS.len())]
    }

    /// One of the orders, or none.
    fn order_ref(&mut self) -> &'static str {
        ORDERS.get(self.rng.usize(..=ORDERS.len())).copied().unwrap_or_default()
    }

    fn around_today(&mut self) -> NaiveDate {
        self.today - Days::new(5) + Days::new(self.rng.u64(..12))
    }

    async fn post(&mut self, money: bool) {
        let (account, order, gross) = (self.account(), self.order_ref(), self.rng.i64(1..80));
        let no = format!("{}", self.posted.len());
        let make = if money { advance } else { invoice };
        let mut draft = make(&no, account, order, gross);
        draft.posting_date = self.around_today();
        draft.document_date = draft.posting_date;
        let id = self.harness.post(draft).await;
        if !money {
            self.posted.push((no, 0, account, id));
        } else {
            self.posted.push((no, -1, account, id));
        }
    }

    async fn revise(&mut self) {
        let Some(at) = self.any() else { return };
        let (no, version, account, _) = self.posted[at].clone();
        if version < 0 {
            return;
        }
        let mut draft = invoice(&no, account, self.order_ref(), self.rng.i64(1..80));
        draft.source_version = version + 1;
        draft.posting_date = self.around_today();
        draft.document_date = draft.posting_date;
        let id = self.harness.post(draft).await;
        self.posted[at] = (no, version + 1, account, id);
    }

    async fn reverse(&mut self) {
        let Some(at) = self.any() else { return };
        let (_, _, account, id) = self.posted[at].clone();
        // Refused where it takes effect before the document, or was reversed before.
        let _ = self.harness.try_reverse(account, id).await;
    }

    fn any(&mut self) -> Option<usize> {
        (!self.posted.is_empty()).then(|| self.rng.usize(..self.posted.len()))
    }

    /// Money settles the oldest due first, from a day on.
    async fn clear(&mut self) {
        let credits: Vec<_> = self.posted.iter().filter(|p| p.1 < 0).cloned().collect();
        if credits.is_empty() {
            return;
        }
        let (_, _, account, document) = credits[self.rng.usize(..credits.len())].clone();
        let Some(item) = self.harness.item_of(document).await else { return };
        let command = ClearItems {
            account: AccountRef::Id(account.into()),
            allocations: vec![],
            oldest_first_credits: vec![item],
            apply_date: Some(self.around_today() + Days::new(3)),
            elsewhere: vec![],
        };
        // Refused where nothing is open, or too early.
        let request = Uuid::now_v7().to_string();
        let _ = self.harness.ledger.clear(&self.harness.db.ctx, &request, command).await;
    }

    async fn reserve(&mut self) {
        let left: Vec<_> =
            ORDERS.into_iter().filter(|order| !self.reserved.contains(order)).collect();
        let Some(order) = left.first().copied() else { return };
        let (account, amount) = (self.account(), self.rng.i64(1..200));
        self.harness.reserve(account, order, amount).await;
        self.reserved.push(order);
    }

    async fn change(&mut self) {
        if self.reserved.is_empty() {
            return;
        }
        let order = self.reserved[self.rng.usize(..self.reserved.len())];
        let (what, part) = (self.rng.u32(..5), self.rng.i64(1..60));
        let expires = self.harness.db.ctx.clock.start_of(self.today + Days::new(2));
        self.harness
            .change(order, move |reservation| match what {
                0 | 1 => reservation.delivered += part.min(reservation.ordered_open()),
                2 => reservation.delivered -= part.min(reservation.delivered_open()),
                3 => {
                    reservation.expire_us =
                        if reservation.expire_us == NEVER { expires } else { NEVER }
                }
                _ => reservation.state = ReservationState::Canceled,
            })
            .await;
    }

    async fn reparent_account(&mut self) {
        let (account, parent) = (self.account(), self.account());
        let parent = if self.rng.u32(..3) == 0 { "" } else { parent };
        // Refused where it would stand above itself.
        let _ = self.harness.try_stand(account, parent).await;
    }
}
