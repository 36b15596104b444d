//! The facts that rules read, of many accounts at once, and what comes of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use super::bonds::{self, Bonds};
use super::duplicates::Duplicates;
use super::in_force::in_force;
use super::people::{Found, Read};
use super::visits::Visits;
use super::{Asked, Evaluated, Findings, Point, Reach};
use crate::ctx::Ctx;
use crate::domain::calendar::WorkCalendar;
use crate::domain::customers::Customers;
use crate::domain::dated::ChangePoint;
use crate::domain::effort::{self, Efforts};
use crate::domain::error::Result;
use crate::domain::finding::found::{BOOK, Snooze};
use crate::domain::finding::rules::{self, TeamFacts};
use crate::domain::finding::{Code, Finding, State, Turn};
use crate::domain::names::account_name;
use crate::domain::policy::Policy;
use crate::domain::portfolio::rhythm::{GAPS_MAX, InvoiceDay, Rhythm};
use crate::domain::team::Team;
use crate::domain::tier::policy::TierPolicy;
use crate::domain::tier::ruling::{Recorded, Ruling};
use crate::store::{ReadTx, SponsorOf};

/// What the rules about teams read of accounts.
pub(super) struct Teams {
    teams: HashMap<String, Team>,
    active: BTreeSet<String>,
    snoozes: BTreeMap<(String, Code), Snooze>,
    known_us: i64,
}

impl Teams {
    pub async fn read(tx: &ReadTx, ids: &BTreeSet<&str>, known_us: i64) -> Result<Self> {
        if ids.is_empty() {
            let (active, snoozes) = (BTreeSet::new(), BTreeMap::new());
            return Ok(Self { teams: HashMap::new(), active, snoozes, known_us });
        }
        let teams = tx.teams(ids).await?;
        let owners = teams.values().flat_map(|team| &team.owners);
        let owners = owners.filter_map(|point| point.value.as_deref());
        let others = teams.values().flat_map(|team| &team.others);
        let named: BTreeSet<&str> =
            owners.chain(others.map(|other| other.member_id.as_str())).collect();
        let active = match named.is_empty() {
            true => BTreeSet::new(),
            false => {
                let people = tx.people(&named).await?.into_iter();
                people.filter(|(_, person)| person.active).map(|(id, _)| id).collect()
            }
        };
        let snoozes = tx.snoozes(ids).await?;
        Ok(Self { teams, active, snoozes, known_us })
    }

    /// How it is with a rule about teams on a day.
    pub fn finding(&self, id: &str, code: Code, rule: SponsorRule<'_>, day: NaiveDate) -> Finding {
        let nobody = Team::default();
        let facts = TeamFacts {
            team: self.teams.get(id).unwrap_or(&nobody),
            active: &self.active,
            tier: rule.tiers.account(id),
            sponsor_by_default: rule.by_default,
            known_us: self.known_us,
        };
        let turns = match code {
            Code::OwnerMissing => facts.owner_missing(),
            _ => facts.sponsor_missing(),
        };
        self.hidden(Finding::on(id, code, turns, day), day)
    }

    /// Whether somebody of ours works at the customer on a day.
    pub fn is_embedded(&self, id: &str, day: NaiveDate) -> bool {
        self.teams.get(id).is_some_and(|team| !team.on(day, self.known_us).embedded.is_empty())
    }

    pub fn hidden(&self, found: Finding, day: NaiveDate) -> Finding {
        let snooze = self.snoozes.get(&(found.account_id.clone(), found.code));
        let hides = |snooze: &&Snooze| snooze.hides(day) && snooze.recorded_us <= self.known_us;
        Finding { snooze: snooze.filter(hides).cloned(), ..found }
    }
}

/// Which accounts are to have a sponsor: by their classes, and where none says by the installation.
#[derive(Debug, Clone, Copy)]
pub(super) struct SponsorRule<'a> {
    pub tiers: &'a Recorded,
    pub by_default: bool,
}

/// The classes whose accounts are looked through for those without a sponsor; `None` where nobody
/// is to have one.
pub(super) fn sponsor_of(ruling: &Ruling, day: NaiveDate, by_default: bool) -> Option<SponsorOf> {
    let classes = ruling.version_on(day).map(|version| version.terms.classes.as_slice());
    let of = classes.unwrap_or_default().iter();
    let of = of.filter(|class| class.service.sponsor_required != by_default);
    let codes: BTreeSet<String> = of.map(|class| class.code.clone()).collect();
    match by_default {
        true => Some(SponsorOf::AllBut(codes)),
        false => Some(SponsorOf::These(codes)).filter(|of| *of != SponsorOf::These([].into())),
    }
}

/// What all rules read of accounts that are asked for.
pub struct Facts {
    customers: Customers,
    teams: Teams,
    /// On which an account was invoiced, and those that count as it, the latest first.
    days: HashMap<String, Vec<InvoiceDay>>,
    visits: Visits,
    bonds: Bonds,
    duplicates: Duplicates,
    people: Read,
}

impl Facts {
    pub(super) async fn read(
        tx: &ReadTx,
        ctx: &Ctx,
        ids: &BTreeSet<&str>,
        at: Point,
        reach: Reach,
    ) -> Result<Self> {
        let max = (reach == Reach::WhatIsSo).then_some(GAPS_MAX + 1);
        let customers = tx.customers(ids, at.known_us).await?.on(at.day);
        let all = customers.with_losers(ids).into_iter().map(str::to_owned).collect::<Vec<_>>();
        let days = tx.invoice_days(&all, at.day, at.known_us, max).await?;
        let mut days = customers.united(days.into_iter().collect());
        days.values_mut().for_each(InvoiceDay::settle);
        Ok(Self {
            teams: Teams::read(tx, ids, at.known_us).await?,
            days,
            visits: Visits::read(tx, ids, &customers, at.day, at.known_us).await?,
            bonds: Bonds::read(tx, ids, at).await?,
            duplicates: Duplicates::read(tx, ids, is_now(ctx, at)).await?,
            people: Read::all(tx, ctx, ids, at).await?,
            customers,
        })
    }
}

/// What credit says, and what accounts are called, is of now, and of no instant before.
fn is_now(ctx: &Ctx, at: Point) -> bool {
    at.day == ctx.business_date() && at.known_us == i64::MAX
}

impl Findings {
    /// How it is with every rule about accounts, of which `tiers` tells the classes, in which rhythm
    /// each is invoiced, and how we stand with its people, in the order asked.
    pub(super) async fn evaluate(
        &self,
        ctx: &Ctx,
        asked: &[Asked],
        at: Point,
        tiers: &Recorded,
        reach: Reach,
    ) -> Result<Vec<Evaluated>> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = asked.iter().map(|one| one.account_id.clone()).collect();
        let of_call = ctx.clone();
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let these: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
                Facts::read(tx, &of_call, &these, at, reach).await
            })
        });
        self.by_facts(ctx, asked, at, tiers, read.await?).await
    }

    /// As [`Findings::evaluate`], by what was read of the accounts at this point.
    pub(super) async fn by_facts(
        &self,
        ctx: &Ctx,
        asked: &[Asked],
        at: Point,
        tiers: &Recorded,
        facts: Facts,
    ) -> Result<Vec<Evaluated>> {
        let Facts { customers, teams, days, visits, bonds, duplicates, people } = facts;
        let people = self.people_of(asked, at, &people).await?;
        let rule = SponsorRule { tiers, by_default: self.settings.sponsor_required };
        let of = |(one, people): (&Asked, Found)| {
            let id = one.account_id.as_str();
            let days = days.get(id).map_or(&[][..], Vec::as_slice);
            let rhythm = Rhythm::on(days, at.day);
            if one.is_deleted {
                return Evaluated { rhythm, ..Evaluated::default() };
            }
            let mut found = [Code::OwnerMissing, Code::SponsorMissing]
                .map(|code| teams.finding(id, code, rule, at.day))
                .to_vec();
            found.extend(
                [Code::HookExpired, Code::OverContact]
                    .map(|code| visits.finding(id, code, tiers, at.day)),
            );
            found.push(duplicates.finding(id, at.day));
            found.push(Finding::on(id, Code::LapseRisk, rules::lapse_risk(days), at.day));
            found.extend(people.findings);
            let is_embedded = teams.is_embedded(id, at.day);
            let relationship = bonds.relationship(id, people.people, is_embedded, at.day);
            found.extend(bonds::mode_mismatch(id, relationship.as_ref(), tiers, at.day));
            found.extend(rules::credit(id, &one.credit, is_now(ctx, at)));
            // What speaks of the customer is told of the account that it counts as.
            let is_loser = customers.is_loser(id);
            found.retain(|found| !is_loser || !found.code.is_of_customer());
            let found = found.into_iter().map(|found| teams.hidden(found, at.day)).collect();
            let hooks_expired = visits.hooks_expired(id);
            Evaluated { found, rhythm, relationship, hooks_expired }
        };
        Ok(asked.iter().zip(people).map(of).collect())
    }

    pub(super) async fn calendar_ends(&self, ctx: &Ctx, day: NaiveDate) -> Result<Finding> {
        let read = self.store.read(ctx, |tx| Box::pin(in_force::<WorkCalendar>(tx, i64::MAX)));
        let named = |point: ChangePoint<Policy<WorkCalendar>>| {
            let ChangePoint { from_date, recorded_us, value } = point;
            ChangePoint { from_date, recorded_us, value: (value.name(), value.terms) }
        };
        let points: Vec<_> = read.await?.into_iter().map(named).collect();
        let turns = rules::calendar_ends(&points, self.settings.calendar_notice_days);
        Ok(Finding::on(BOOK, Code::CalendarEnds, turns, day))
    }

    /// Of a day to come nothing is known.
    pub(super) async fn effort_over_budget(&self, ctx: &Ctx, day: NaiveDate) -> Result<Finding> {
        let efforts = match day > ctx.business_date() {
            true => None,
            false => {
                let read = self.store.read(ctx, move |tx| {
                    Box::pin(async move {
                        let ruling = tx.tiers_ruling(day).await?;
                        let terms = ruling.version_on(day).map(|of| &of.terms);
                        if !terms.is_some_and(TierPolicy::has_effort_budgets) {
                            return Ok(Efforts::default());
                        }
                        let spent = tx.effort_by_account(effort::first_day(day), day).await?;
                        Ok(Efforts::of(spent, terms))
                    })
                });
                Some(read.await?)
            }
        };
        let found = rules::effort_over_budget(day, efforts.as_ref());
        let found = Finding::on(BOOK, Code::EffortOverBudget, found, day);
        Ok(Finding { since: None, until: None, ..found })
    }

    /// Of a day to come nothing is known, nor where no currency to compare in is decided.
    pub(super) async fn concentration(&self, ctx: &Ctx, day: NaiveDate) -> Result<Finding> {
        let sides = match day > ctx.business_date() {
            true => None,
            false => self.tiers.concentrations(ctx, day).await?,
        };
        let unknown = || Turn {
            from_date: NaiveDate::MIN,
            state: State::Unknown,
            severity: None,
            evidence: vec![],
        };
        let turns = match sides {
            None => vec![unknown()],
            Some(sides) => {
                let sides = sides.map(|(side, largest)| {
                    (side.concentration, side.unknown, largest.map(|id| account_name(&id)))
                });
                rules::concentration(day, &sides)
            }
        };
        let found = Finding::on(BOOK, Code::Concentration, turns, day);
        // It is computed of the day alone: since when and how long it is so is not known.
        Ok(Finding { since: None, until: None, ..found })
    }
}
