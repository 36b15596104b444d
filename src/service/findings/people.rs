//! The findings about whom we know at accounts, of many of them at once.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;

use super::in_force::in_force;
use super::{Asked, Behind, Findings, List, Point, key_of};
use crate::ctx::Ctx;
use crate::domain::aging::{Basis, Edges};
use crate::domain::calendar::WorkCalendar;
use crate::domain::coverage::finance::Signal;
use crate::domain::coverage::measure::{Acquaintance, Coverage};
use crate::domain::customers::Customers;
use crate::domain::dated::{self, ChangePoint};
use crate::domain::error::Result;
use crate::domain::finding::people::{PeopleFacts, no_live_finance_contact};
use crate::domain::finding::{Code, Finding, Scope};
use crate::domain::ledger::Narrow;
use crate::domain::policy::Policy;
use crate::domain::position::incumbency::RECONNECT_DAYS;
use crate::domain::tie::Tie;
use crate::service::contacts::{People, PeopleAt, people, ties_under_review};
use crate::store::receivables::{AccountPositions, At, PositionsQuery, Whose};
use crate::store::{PeopledAccounts, ReadTx};

/// Accounts that are looked at together when the book is gone through.
const ACCOUNTS_AT_ONCE: usize = 500;

/// What is found of the people of an account.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub findings: Vec<Finding>,
    /// And how they are known to us; `None` of an account that is not.
    pub people: Option<Acquaintance>,
}

/// What the rules read, of accounts by id.
pub(super) struct Read {
    people: HashMap<String, People>,
    signals: HashMap<String, Signal>,
    calendars: Vec<ChangePoint<Policy<WorkCalendar>>>,
    /// Of those who decide, under review; `None`: not known of that time.
    ties: Option<Vec<Tie>>,
    customers: Customers,
}

impl Read {
    /// For all rules about people.
    pub async fn all(tx: &ReadTx, ctx: &Ctx, ids: &BTreeSet<&str>, at: Point) -> Result<Self> {
        let people_at = PeopleAt::of(at.day, at.known_us, ctx.business_date());
        Self::of(tx, ids, people_at, Codes::of(&codes(), at)).await
    }

    async fn of(tx: &ReadTx, ids: &BTreeSet<&str>, at: PeopleAt, codes: Codes) -> Result<Self> {
        let calendars = match codes.vacancies {
            true => in_force::<WorkCalendar>(tx, at.known_us).await?,
            false => Vec::new(),
        };
        let signals = match codes.signals {
            true => tx.signals(ids).await?,
            false => HashMap::new(),
        };
        let customers = tx.customers(ids, at.known_us).await?.on(at.day);
        let people = match codes.coverage {
            true => people(tx, ids, at).await?,
            false => HashMap::new(),
        };
        let ties = match codes.reviews {
            true => Some(ties_under_review(tx, &people).await?),
            false => None,
        };
        Ok(Self { people, signals, calendars, ties, customers })
    }

    fn deadline(&self, since: NaiveDate) -> NaiveDate {
        let calendar = dated::at(&self.calendars, since, i64::MAX);
        let after = |of: &ChangePoint<Policy<WorkCalendar>>| {
            of.value.terms.working_days_after(since, RECONNECT_DAYS)
        };
        calendar.map_or(since, after)
    }

    fn found(&self, id: &str, at: Point, codes: &[Code], owes: bool) -> Found {
        let known = self.people.get(id).map(|of| (of, Coverage::of(id, &of.facts)));
        let facts = known.as_ref().map(|(of, coverage)| PeopleFacts {
            facts: &of.facts,
            coverage,
            positions: &of.positions,
            sat: &of.sat,
            ties: self.ties.as_deref(),
        });
        let finding = |code: &Code| match (code, facts) {
            (Code::NoLiveFinanceContact, Some(facts)) if at.known_us != i64::MAX => {
                Some(facts.no_live_finance_contact_then(owes))
            }
            (Code::NoLiveFinanceContact, _) => {
                Some(no_live_finance_contact(id, at.day, self.signals.get(id), owes))
            }
            (Code::VacancyOverdue, Some(facts)) => {
                Some(facts.vacancy_overdue(|since| self.deadline(since)))
            }
            (Code::CoverageGap, Some(facts)) => Some(facts.coverage_gap()),
            (Code::SingleThreaded, Some(facts)) => Some(facts.single_threaded()),
            (Code::TopHeavy, Some(facts)) => Some(facts.top_heavy()),
            (Code::KeyPersonDependency, Some(facts)) => Some(facts.key_person_dependency()),
            (Code::TieUnderReview, Some(facts)) => Some(facts.tie_under_review()),
            _ => None,
        };
        // What speaks of the customer is told of the account that it counts as.
        let is_loser = self.customers.is_loser(id);
        let codes = codes.iter().filter(|code| !is_loser || !code.is_of_customer());
        let findings = codes.filter_map(finding).collect();
        let counts = facts
            .map(|facts| (facts.vacancies().len(), facts.ties_to_review().map(|ties| ties.len())));
        let people = known.zip(counts).map(|((of, coverage), counts)| {
            let (vacancies, tie_reviews) = counts;
            Acquaintance { coverage, last_touch: of.last_touch, vacancies, tie_reviews }
        });
        Found { findings, people }
    }
}

/// What has to be read for some rules.
#[derive(Debug, Clone, Copy)]
struct Codes {
    coverage: bool,
    signals: bool,
    vacancies: bool,
    reviews: bool,
}

impl Codes {
    fn of(codes: &[Code], at: Point) -> Self {
        let is_now = at.known_us == i64::MAX;
        let of_money = |code: &Code| *code == Code::NoLiveFinanceContact && is_now;
        Self {
            coverage: codes.iter().any(|code| !of_money(code)),
            signals: codes.iter().any(of_money),
            vacancies: codes.contains(&Code::VacancyOverdue),
            reviews: codes.contains(&Code::TieUnderReview) && is_now,
        }
    }
}

/// All rules about people.
fn codes() -> Vec<Code> {
    Code::ALL.iter().copied().filter(|code| code.scope() == Scope::People).collect()
}

impl Findings {
    /// What is found of the people of accounts that are asked for, by what was read for all rules, in the
    /// order asked.
    pub(super) async fn people_of(
        &self,
        asked: &[Asked],
        at: Point,
        read: &Read,
    ) -> Result<Vec<Found>> {
        let ids: Vec<String> = asked.iter().map(|one| one.account_id.clone()).collect();
        let told: Option<Vec<bool>> = asked.iter().map(|one| one.owes).collect();
        let owing = told.map(|owes| {
            let owing = ids.iter().zip(owes).filter(|(_, owes)| *owes);
            owing.map(|(id, _)| id.clone()).collect()
        });
        self.found(read, &ids, at, &codes(), owing).await
    }

    /// What some rules find of the people of accounts, in the order asked.
    async fn of_people(
        &self,
        ctx: &Ctx,
        ids: &[String],
        at: Point,
        codes: &[Code],
    ) -> Result<Vec<Found>> {
        if ids.is_empty() || codes.is_empty() {
            return Ok(ids.iter().map(|_| Found::default()).collect());
        }
        let (these, of) = (ids.to_vec(), Codes::of(codes, at));
        let people_at = PeopleAt::of(at.day, at.known_us, ctx.business_date());
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let these = these.iter().map(String::as_str).collect();
                Read::of(tx, &these, people_at, of).await
            })
        });
        self.found(&read.await?, ids, at, codes, None).await
    }

    /// What is found by what was read, in the order asked. `owing`: those that owe anything; `None`: to be
    /// looked up.
    async fn found(
        &self,
        read: &Read,
        ids: &[String],
        at: Point,
        codes: &[Code],
        owing: Option<HashSet<String>>,
    ) -> Result<Vec<Found>> {
        let customers = &read.customers;
        // What a customer owes is at any of its accounts.
        let own: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        let all = customers.with_losers(&own);
        let asks = codes.contains(&Code::NoLiveFinanceContact);
        let unknown: Vec<String> = match &owing {
            _ if !asks => Vec::new(),
            Some(_) => all.difference(&own).map(|id| (*id).to_owned()).collect(),
            None => all.iter().map(|id| (*id).to_owned()).collect(),
        };
        let mut owing = owing.unwrap_or_default();
        if !unknown.is_empty() {
            owing.extend(self.owing(&unknown, at).await?);
        }
        let owes = |id: &str| {
            owing.contains(id) || customers.losers_of(id).any(|loser| owing.contains(loser))
        };
        Ok(ids.iter().map(|id| read.found(id, at, codes, owes(id))).collect())
    }

    /// Which of these accounts owe anything.
    async fn owing(&self, ids: &[String], at: Point) -> Result<HashSet<String>> {
        let query = PositionsQuery {
            whose: Whose::Accounts(ids.to_vec()),
            narrow: Narrow::default(),
            basis: Basis::DueDate,
            buckets: Some(Edges::default()),
            at: At { as_of: at.day, known_at: at.known_us },
        };
        let balances = self.store.account_positions(&query).await?.into_iter();
        let owing = balances.filter(owes).map(|account| account.account_id);
        Ok(owing.collect())
    }

    /// The findings about people of one severity that follow on a page behind a key, as far as it has
    /// room. All accounts of which anybody is known are gone through, until it is full.
    pub(super) async fn of_people_behind(
        &self,
        ctx: &Ctx,
        list: &List,
        of: &Behind<'_>,
    ) -> Result<Vec<Finding>> {
        let Behind { owner, severity, after, wanted } = *of;
        let day = list.as_of.unwrap_or_else(|| ctx.business_date());
        let at = Point { day, known_us: i64::MAX };
        let codes: Vec<Code> = Code::ALL
            .iter()
            .copied()
            .filter(|code| {
                let could_be = code.severity().is_none_or(|of| of == severity);
                code.scope() == Scope::People && could_be && list.asks(*code)
            })
            .collect();
        let mut found = Vec::new();
        let mut from = after.split(' ').next().unwrap_or_default().to_owned();
        let mut is_first = true;
        while !codes.is_empty() && found.len() < wanted {
            ctx.check_deadline()?;
            let those = PeopledAccounts {
                day,
                from: from.clone(),
                from_included: is_first,
                owner: owner.cloned(),
                limit: ACCOUNTS_AT_ONCE,
            };
            let read = self.store.read(ctx, move |tx| {
                Box::pin(async move {
                    let ids = tx.peopled_accounts(&those).await?;
                    let asked = ids.iter().map(String::as_str).collect();
                    let snoozes = tx.snoozes(&asked).await?;
                    Ok((ids, snoozes))
                })
            });
            let (ids, snoozes) = read.await?;
            let Some(last) = ids.last() else { break };
            (from, is_first) = (last.clone(), false);
            for of in self.of_people(ctx, &ids, at, &codes).await? {
                found.extend(of.findings.into_iter().filter_map(|found| {
                    let snooze = snoozes.get(&(found.account_id.clone(), found.code));
                    let snooze = snooze.filter(|snooze| snooze.hides(day)).cloned();
                    let found = Finding { snooze, ..found };
                    let behind = *key_of(&found.account_id, found.code) > *after;
                    let here = behind && found.severity == Some(severity) && list.takes(&found);
                    here.then_some(found)
                }));
            }
        }
        found.sort_by_key(|found| key_of(&found.account_id, found.code));
        found.truncate(wanted);
        Ok(found)
    }
}

/// Whether anything is open that it is to pay.
fn owes(account: &AccountPositions) -> bool {
    // Credits are negative.
    account.positions.iter().any(|of| of.amount > 0)
}
