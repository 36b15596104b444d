//! For whom what is to be done is told, after any sequence of assignments, departures, promises and
//! days, on any day to come: each thing once, and to the one whom the facts name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};

use ballast::pb::{self, CommitmentSide, WorkItemKind as Kind};
use proptest::collection::vec;
use proptest::prelude::*;

use super::hold;
use super::teams::{self, ACCOUNTS, Case, MEMBERS, Tested, UNASSIGNED};
use crate::contact::person;
use crate::interaction::gifts::{gift, wish};
use crate::interaction::held;
use crate::support::TestServer;
use crate::support::ledger::{Desk, Settles as _, day, document, fresh};
use crate::tiers::policies;
use crate::work::give;
use crate::work::open::told_and_listed;

#[derive(Debug, Clone)]
enum Op {
    Team(teams::Op),
    Promise {
        account: usize,
        member: usize,
        due: i64,
    },
    Delegate {
        nth: usize,
        member: usize,
    },
    Keep {
        nth: usize,
    },
    /// Meets somebody, and leaves a hook for so many days.
    Meet {
        account: usize,
        member: usize,
        for_days: i64,
    },
    /// Plans a visit, for a hook if there is one that fits.
    Plan {
        account: usize,
        member: usize,
        ahead: i64,
        for_hook: bool,
    },
    Hold {
        nth: usize,
    },
    Cancel {
        nth: usize,
    },
    /// Buys something, and pays it at once.
    Buy {
        account: usize,
    },
    /// Gives somebody there something, today or in some days.
    Give {
        account: usize,
        member: usize,
        ahead: i64,
    },
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => teams::op().prop_map(Op::Team),
        3 => (0..ACCOUNTS, 0..MEMBERS, 0..6_i64)
            .prop_map(|(account, member, due)| Op::Promise { account, member, due }),
        2 => (any::<usize>(), 0..MEMBERS).prop_map(|(nth, member)| Op::Delegate { nth, member }),
        1 => any::<usize>().prop_map(|nth| Op::Keep { nth }),
        2 => (0..ACCOUNTS, 0..MEMBERS, 0..8_i64)
            .prop_map(|(account, member, for_days)| Op::Meet { account, member, for_days }),
        3 => (0..ACCOUNTS, 0..MEMBERS, 0..6_i64, any::<bool>()).prop_map(
            |(account, member, ahead, for_hook)| Op::Plan { account, member, ahead, for_hook }
        ),
        1 => any::<usize>().prop_map(|nth| Op::Hold { nth }),
        1 => any::<usize>().prop_map(|nth| Op::Cancel { nth }),
        2 => (0..ACCOUNTS).prop_map(|account| Op::Buy { account }),
        1 => (0..ACCOUNTS, 0..MEMBERS, 0..9_i64)
            .prop_map(|(account, member, ahead)| Op::Give { account, member, ahead }),
    ]
}

/// How many of the accounts are in the class that is greeted.
const GREETED: usize = 2;

/// Puts in force a policy with two festivals in each month for the class A.
async fn greet(server: &TestServer) {
    let classes = ["A", "B"].map(|code| policies::class(code, 4));
    let mut policy = policies::quantile(&[5_000], classes.into());
    let festival = |(month, on): (i32, i32)| pb::Festival {
        code: format!("F{month}-{on}"),
        calendar: pb::FestivalCalendar::Gregorian.into(),
        month,
        day: on,
        classes: vec!["A".into()],
    };
    policy.festivals = (1..=12).flat_map(|n| [(n, 10), (n, 25)]).map(festival).collect();
    let created = policies::create(server, "greeting", policy).await.expect("created");
    policies::activate(server, "greeting", Some(day(-9)), &created.etag).await.expect("in force");
}

struct Promised {
    name: String,
    account: usize,
    maker: usize,
    due: i64,
    delegate: Option<usize>,
}

struct Hook {
    name: String,
    account: usize,
    by: i64,
    used: bool,
}

struct Plan {
    name: String,
    account: usize,
    member: usize,
    on: i64,
    /// The name of the interaction that left it.
    hook: Option<String>,
}

struct World<'a> {
    case: Case<'a>,
    contact: String,
    promised: Vec<Promised>,
    hooks: Vec<Hook>,
    plans: Vec<Plan>,
    /// When they first paid.
    paid: [Option<i64>; ACCOUNTS],
    /// When anybody was met last.
    met: [Option<i64>; ACCOUNTS],
    /// Names of gifts, which wait for approval, and when they are given.
    gifts: Vec<(String, usize, i64)>,
}

impl<'a> World<'a> {
    /// Each account owes something from the start.
    async fn new(server: &'a TestServer, today: i64) -> Self {
        let case = Case::new(server, today).await;
        let invoice = |n: usize| pb::Document {
            payer: case.account(n),
            ..document(pb::DocumentKind::Invoice, &fresh(), day(today - 9), "100.00")
        };
        let invoices = (0..ACCOUNTS).map(invoice).collect();
        Desk::new(server).try_post(invoices).await.expect("posted");
        let contact = person(server, "Li").await;
        for n in 0..GREETED {
            let id = case.account(n).trim_start_matches("accounts/").to_owned();
            give(server, &id, "A", today).await;
        }
        let (paid, met) = ([None; ACCOUNTS], [None; ACCOUNTS]);
        Self {
            case,
            contact,
            promised: vec![],
            hooks: vec![],
            plans: vec![],
            paid,
            met,
            gifts: vec![],
        }
    }

    async fn buy(&mut self, account: usize) {
        let (today, no) = (self.case.today, fresh());
        let of = |kind, no: &str| pb::Document {
            payer: self.case.account(account),
            ..document(kind, no, day(today), "10.00")
        };
        let receipt = of(pb::DocumentKind::Receipt, &fresh()).settles(&no);
        let invoice = of(pb::DocumentKind::Invoice, &no);
        Desk::new(self.case.server).try_post(vec![invoice, receipt]).await.expect("posted");
        self.paid[account].get_or_insert(today);
    }

    async fn give(&mut self, account: usize, member: usize, on: i64) {
        let mut gift = gift(&self.case.member(member), &self.contact, "8");
        gift.date = Some(day(on));
        let id = self.case.account(account).trim_start_matches("accounts/").to_owned();
        let made = self.case.server.interactions().register_gift(wish(&id, gift)).await;
        let name = made.expect("registered").into_inner().gift.expect("one").name;
        self.gifts.push((name, account, on));
    }

    /// What is to be done at an account for its being new, or for a festival, on a day.
    fn attended(&self, account: usize, on: i64) -> Vec<Kind> {
        let met_since = |first: i64| self.met[account].is_some_and(|met| met >= first);
        let stretches = [(0, 7), (8, 30), (31, 90)];
        let cares = self.paid[account].filter(|paid| on < paid + 180).is_some_and(|paid| {
            stretches.iter().any(|(first, _)| paid + first <= on && !met_since(paid + first))
        });
        // Two festivals a month, which accounts of the class A are greeted on.
        let festivals =
            (on..=on + 7).filter(|n| account < GREETED && [10, 25].contains(&day(*n).day));
        let greets = festivals.filter(|n| {
            let given = |(_, of, given): &(String, usize, i64)| {
                *of == account && (n - 7..=*n).contains(given)
            };
            !met_since(n - 7) && !self.gifts.iter().any(given)
        });
        let greets = greets.map(|_| Kind::Occasion);
        cares.then_some(Kind::Care).into_iter().chain(greets).collect()
    }

    fn visit(&self, member: usize, on: i64) -> pb::Interaction {
        held(pb::InteractionChannel::Call, on, &[&self.case.member(member)], &[&self.contact])
    }

    async fn record(&self, account: usize, interaction: pb::Interaction, plan: &str) -> String {
        let request = pb::RecordInteractionRequest {
            account: self.case.account(account),
            interaction: Some(interaction),
            plan: plan.into(),
            request_id: fresh(),
            ..Default::default()
        };
        let made = self.case.server.interactions().record_interaction(request).await;
        made.expect("recorded").into_inner().interaction.expect("one").name
    }

    async fn meet(&mut self, account: usize, member: usize, for_days: i64) {
        let by = self.case.today + for_days;
        self.met[account] = Some(self.case.today);
        let mut visit = self.visit(member, self.case.today);
        visit.next_hook =
            Some(pb::NextHook { topic: "x".into(), by: Some(day(by)), ..Default::default() });
        let name = self.record(account, visit, "").await;
        self.hooks.push(Hook { name, account, by, used: false });
    }

    async fn plan(&mut self, account: usize, member: usize, on: i64, for_hook: bool) {
        let fits =
            |hook: &&Hook| for_hook && hook.account == account && !hook.used && hook.by >= on;
        let hook = self.hooks.iter().find(fits).map(|hook| hook.name.clone());
        let uses_hook = hook.clone().unwrap_or_default();
        let request = pb::PlanInteractionRequest {
            account: self.case.account(account),
            interaction: Some(pb::Interaction { uses_hook, ..self.visit(member, on) }),
            request_id: fresh(),
        };
        let planned = self.case.server.interactions().plan_interaction(request).await;
        let name = planned.expect("planned").into_inner().name;
        self.plans.push(Plan { name, account, member, on, hook });
    }

    async fn hold(&mut self, nth: usize) {
        let Some(nth) = nth.checked_rem(self.plans.len()) else { return };
        let plan = self.plans.swap_remove(nth);
        let today = self.case.today;
        let mut visit = self.visit(plan.member, today);
        let open = |hook: &&mut Hook| {
            Some(&hook.name) == plan.hook.as_ref() && !hook.used && hook.by >= today
        };
        if let Some(hook) = self.hooks.iter_mut().find(open) {
            hook.used = true;
            visit.uses_hook.clone_from(&hook.name);
        }
        self.met[plan.account] = Some(today);
        self.record(plan.account, visit, &plan.name).await;
    }

    async fn cancel(&mut self, nth: usize) {
        let Some(nth) = nth.checked_rem(self.plans.len()) else { return };
        let plan = self.plans.swap_remove(nth);
        let request = pb::CancelInteractionRequest {
            name: plan.name,
            reason: "no time".into(),
            request_id: fresh(),
            ..Default::default()
        };
        self.case.server.interactions().cancel_interaction(request).await.expect("canceled");
    }

    async fn apply(&mut self, op: Op) -> Tested {
        match op {
            Op::Team(op) => {
                let was = self.case.active;
                self.case.apply(op).await?;
                let today = self.case.today;
                for member in (0..MEMBERS).filter(|n| was[*n] && !self.case.active[*n]) {
                    let open = self.promised.iter_mut().filter(|one| one.due >= today);
                    // What he was given goes back as he leaves.
                    open.filter(|one| one.delegate == Some(member))
                        .for_each(|one| one.delegate = None);
                }
            }
            Op::Promise { account, member, due } => self.promise(account, member, due).await,
            Op::Delegate { nth, member } => self.delegate(nth, member).await?,
            Op::Keep { nth } => self.keep(nth).await,
            Op::Meet { account, member, for_days } => self.meet(account, member, for_days).await,
            Op::Plan { account, member, ahead, for_hook } => {
                self.plan(account, member, self.case.today + ahead, for_hook).await;
            }
            Op::Hold { nth } => self.hold(nth).await,
            Op::Cancel { nth } => self.cancel(nth).await,
            Op::Buy { account } => self.buy(account).await,
            Op::Give { account, member, ahead } => {
                self.give(account, member, self.case.today + ahead).await;
            }
        }
        Ok(())
    }

    async fn promise(&mut self, account: usize, maker: usize, due: i64) {
        let due = self.case.today + due;
        let commitment = pb::Commitment {
            side: CommitmentSide::Ours.into(),
            member: self.case.member(maker),
            contact: self.contact.clone(),
            text: "a report".into(),
            due_date: Some(day(due)),
            ..Default::default()
        };
        let request = pb::CreateCommitmentRequest {
            account: self.case.account(account),
            commitment: Some(commitment),
            request_id: fresh(),
        };
        let made = self.case.server.interactions().create_commitment(request).await;
        let name = made.expect("created").into_inner().commitment.expect("one").name;
        self.promised.push(Promised { name, account, maker, due, delegate: None });
    }

    async fn delegate(&mut self, nth: usize, member: usize) -> Tested {
        let Some(nth) = nth.checked_rem(self.promised.len()) else { return Ok(()) };
        let one = &mut self.promised[nth];
        let request = pb::DelegateCommitmentRequest {
            name: one.name.clone(),
            member: self.case.member(member),
            request_id: fresh(),
        };
        let answer = self.case.server.interactions().delegate_commitment(request).await;
        let may = self.case.active[member] && one.due >= self.case.today;
        prop_assert_eq!(answer.is_ok(), may);
        if may {
            one.delegate = Some(member).filter(|member| *member != one.maker);
        }
        Ok(())
    }

    async fn keep(&mut self, nth: usize) {
        let Some(nth) = nth.checked_rem(self.promised.len()) else { return };
        let one = self.promised.swap_remove(nth);
        let shown = pb::CommitmentEvidence {
            date: Some(day(self.case.today)),
            note: "sent".into(),
            ..Default::default()
        };
        let request = pb::SettleCommitmentRequest {
            name: one.name,
            settlement: pb::CommitmentSettlement::Kept.into(),
            evidence: vec![shown],
            request_id: fresh(),
            ..Default::default()
        };
        self.case.server.interactions().settle_commitment(request).await.expect("kept");
    }

    /// Who has to do what on a day, by the facts, one step after the other.
    fn expected(&self, on: i64) -> BTreeMap<String, BTreeSet<(Kind, String)>> {
        let mut expected: BTreeMap<String, BTreeSet<(Kind, String)>> = BTreeMap::new();
        for n in 0..ACCOUNTS {
            let (member, _) = self.case.expected(n, on);
            let owed = (Kind::OverdueReceivable, self.case.account(n));
            let attended =
                self.attended(n, on).into_iter().map(|kind| (kind, self.case.account(n)));
            expected.entry(member).or_default().extend(attended.chain([owed]));
        }
        for (name, account, _) in &self.gifts {
            let (member, _) = self.case.expected(*account, on);
            expected.entry(member).or_default().insert((Kind::GiftApproval, name.clone()));
        }
        for one in &self.promised {
            let is_active = |n: &usize| self.case.active[*n];
            let until_due = one.delegate.filter(|_| on <= one.due).filter(is_active);
            let keeps = until_due.or(Some(one.maker).filter(is_active));
            let member = match keeps {
                Some(member) => self.case.member(member),
                None => self.case.expected(one.account, on).0,
            };
            expected.entry(member).or_default().insert((Kind::Commitment, one.name.clone()));
        }
        for plan in &self.plans {
            let member = match self.case.active[plan.member] {
                true => self.case.member(plan.member),
                false => self.case.expected(plan.account, on).0,
            };
            expected.entry(member).or_default().insert((Kind::PlannedVisit, plan.name.clone()));
        }
        for hook in self.hooks.iter().filter(|hook| !hook.used && hook.by >= on) {
            let is_planned = |plan: &Plan| plan.hook.as_ref() == Some(&hook.name) && plan.on >= on;
            if !self.plans.iter().any(is_planned) {
                let (member, _) = self.case.expected(hook.account, on);
                expected.entry(member).or_default().insert((Kind::Hook, hook.name.clone()));
            }
        }
        expected
    }

    async fn told(&self, owner: &str, on: i64) -> Vec<pb::WorkItem> {
        let mut all = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListWorkItemsRequest {
                parent: "accounts/-".into(),
                owner: owner.into(),
                as_of: Some(day(on)),
                page_size: 7,
                page_token,
                ..Default::default()
            };
            let page = self.case.server.accounts().list_work_items(request).await;
            let page = page.expect("a page").into_inner();
            all.extend(page.work_items);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let prefix = format!("accounts/{}", self.case.prefix);
        all.retain(|item| item.account.starts_with(&prefix));
        all
    }

    async fn check(&self) -> Tested {
        for on in [0, 1, 4].map(|ahead| self.case.today + ahead) {
            let expected = self.expected(on);
            let book = self.told("", on).await;
            let mut of_book: BTreeMap<String, BTreeSet<(Kind, String)>> = BTreeMap::new();
            for item in &book {
                let thing = (item.kind(), item.subject.clone());
                let is_new = of_book.entry(item.member.clone()).or_default().insert(thing);
                prop_assert!(is_new, "twice: {:?}", item);
            }
            prop_assert_eq!(&of_book, &expected, "of the book on {}", on);
            let mut his_all = Vec::new();
            let members = (0..MEMBERS).map(|n| self.case.member(n)).chain([UNASSIGNED.into()]);
            for member in members {
                let his = self.told(&member, on).await;
                let things: BTreeSet<_> =
                    his.iter().map(|item| (item.kind(), item.subject.clone())).collect();
                prop_assert_eq!(things.len(), his.len(), "twice for {}", &member);
                let his_expected = expected.get(&member).cloned().unwrap_or_default();
                prop_assert_eq!(things, his_expected, "of {} on {}", &member, on);
                his_all.extend(his);
            }
            his_all.sort_by_key(|item| (item.kind, item.subject.clone()));
            let mut book = book;
            book.sort_by_key(|item| (item.kind, item.subject.clone()));
            prop_assert_eq!(his_all, book, "the same items, whoever is asked about");
        }
        for n in 0..ACCOUNTS {
            let account = self.case.account(n);
            let [told, listed] = told_and_listed(self.case.server, &account).await;
            prop_assert_eq!(told, listed, "what waits at {}", account);
        }
        Ok(())
    }
}

on_both_engines! {
    async fn whatever_is_to_be_done_is_told_once_and_to_whom_the_facts_name(server: TestServer) {
        let today = AtomicI64::new(0);
        greet(&server).await;
        hold(8, &vec(op(), 12..44), async |ops| {
            let mut world = World::new(&server, today.load(Ordering::Acquire)).await;
            for (n, op) in ops.into_iter().enumerate() {
                world.apply(op).await?;
                if n % 12 == 11 {
                    world.check().await?;
                }
            }
            world.check().await?;
            today.store(world.case.today + 1, Ordering::Release);
            Ok(())
        });
    }
}
