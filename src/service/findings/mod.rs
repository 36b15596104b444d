//! Use cases of findings: ListFindings, SnoozeFinding, and what an account tells with its status.

mod bonds;
mod duplicates;
mod facts;
pub(in crate::service) mod in_force;
mod people;
mod snooze;
mod stakes;
mod visits;

pub use self::facts::Facts;

use std::collections::BTreeSet;

use chrono::NaiveDate;

use self::duplicates::Duplicates;
use self::facts::{SponsorRule, Teams};
use self::visits::Visits;
use crate::ctx::Ctx;
use crate::domain::bond::Relationship;
use crate::domain::credit::decision::Reason as CreditReason;
use crate::domain::error::{Error, Result};
use crate::domain::finding::found::{BOOK, FindingKey, ListFindings, Listed, Told};
use crate::domain::finding::{Code, Finding, Scope, State};
use crate::domain::names::{AccountRef, MemberRef};
use crate::domain::page::Page;
use crate::domain::portfolio::rhythm::Rhythm;
use crate::domain::severity::Severity;
use crate::domain::tier::ruling::{Recorded, Ruling};
use crate::service::credit::Credit;
use crate::service::receivables::Receivables;
use crate::service::resolve;
use crate::service::teams::TeamSettings;
use crate::service::tiers::Tiers;
use crate::store::{ReadTx, Store, SuspectRule, Suspects};

/// What the installation decides about findings.
#[derive(Debug, Clone, Copy)]
pub struct FindingSettings {
    /// Whether an account is to have a sponsor where no class says.
    pub sponsor_required: bool,
    /// How many days before it ends a calendar is found to end.
    pub calendar_notice_days: u32,
}

/// The use cases; cheap to clone.
#[derive(Clone)]
pub struct Findings {
    store: Store,
    tiers: Tiers,
    credit: Credit,
    receivables: Receivables,
    teams: TeamSettings,
    settings: FindingSettings,
}

/// An account whose findings are asked for with its status.
#[derive(Debug, Clone)]
pub struct Asked {
    pub account_id: String,
    pub is_deleted: bool,
    /// What its credit says, now.
    pub credit: Vec<CreditReason>,
    /// Whether it owes anything at the point asked about; `None`: to be looked up.
    pub owes: Option<bool>,
}

/// How it is with every rule about an account.
#[derive(Debug, Default)]
struct Evaluated {
    found: Vec<Finding>,
    rhythm: Option<Rhythm>,
    relationship: Option<Relationship>,
    hooks_expired: Option<usize>,
}

/// What an account tells with its status.
#[derive(Debug)]
pub struct ToldOf {
    pub findings: Told,
    /// In which rhythm it is invoiced.
    pub rhythm: Option<Rhythm>,
    /// How we stand with its people; `None` of a deleted one.
    pub relationship: Option<Relationship>,
    /// How many occasions to meet are over without anybody having met; `None`: not known.
    pub hooks_expired: Option<usize>,
}

/// A day, as known at an instant in microseconds since the epoch.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    pub day: NaiveDate,
    pub known_us: i64,
}

/// What is told of a rule that is evaluated on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// How it is, and since when and until when if it is so: what is older decides nothing.
    WhatIsSo,
    /// Since when it is not so as well.
    Whole,
}

type List = ListFindings<AccountRef, MemberRef>;

/// Of findings of accounts, the place of each severity in a list; the book's come before.
const PLACES: [(i64, Severity); 2] = [(1, Severity::Red), (2, Severity::Amber)];
const PLACE_OF_BOOK: i64 = 0;

impl Findings {
    pub fn new(
        store: Store,
        tiers: Tiers,
        credit: Credit,
        receivables: Receivables,
        teams: TeamSettings,
        settings: FindingSettings,
    ) -> Self {
        Self { store, tiers, credit, receivables, teams, settings }
    }

    /// A page of findings: of the book and of accounts, or of one account.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`; in the order of stakes `DATE_INVALID`, `TOO_MANY_ELEMENTS`,
    /// `RATE_MISSING`.
    pub async fn list(&self, ctx: &Ctx, list: List) -> Result<Listed> {
        if let Some(account) = list.account.clone() {
            return Ok(self.of_account(ctx, list, account).await?.into());
        }
        ctx.check_all_accounts("the whole book")?;
        let owner = match &list.owner {
            None => None,
            Some(name) => Some(self.owner(ctx, name.clone()).await?),
        };
        match (list.by_stake, &owner) {
            (Some(to), Some(owner)) => self.by_stake(ctx, &list, owner, to).await,
            _ => Ok(self.of_all(ctx, list, owner).await?.into()),
        }
    }

    /// What rules read of accounts, for [`Findings::told`]. The number of statements does not depend on
    /// how many they are.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn facts(tx: &ReadTx, ctx: &Ctx, ids: &BTreeSet<&str>, at: Point) -> Result<Facts> {
        Facts::read(tx, ctx, ids, at, Reach::WhatIsSo).await
    }

    /// What accounts tell with their status, by the facts of one point, as known at which `tiers` tells
    /// their classes, in the order asked.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn told(
        &self,
        ctx: &Ctx,
        asked: &[Asked],
        at: Point,
        (tiers, facts): (&Recorded, Facts),
    ) -> Result<Vec<ToldOf>> {
        let all = self.by_facts(ctx, asked, at, tiers, facts).await?.into_iter();
        let told = all.map(|Evaluated { found, rhythm, relationship, hooks_expired }| ToldOf {
            findings: Told::of(found),
            rhythm,
            relationship,
            hooks_expired,
        });
        Ok(told.collect())
    }

    /// All that is found of accounts at one point and not hidden, and how we stand with their people, in
    /// the order asked. The number of statements does not depend on how many they are.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn shown(
        &self,
        ctx: &Ctx,
        asked: &[Asked],
        at: Point,
        tiers: &Recorded,
    ) -> Result<Vec<(Vec<Finding>, Option<Relationship>)>> {
        let all = self.evaluate(ctx, asked, at, tiers, Reach::WhatIsSo).await?.into_iter();
        let shown = all.map(|Evaluated { mut found, relationship, .. }| {
            found.retain(Finding::counts);
            (found, relationship)
        });
        Ok(shown.collect())
    }

    async fn of_account(
        &self,
        ctx: &Ctx,
        list: List,
        account: AccountRef,
    ) -> Result<Page<Finding, FindingKey>> {
        let found = self.store.find_accounts(ctx, std::slice::from_ref(&account)).await?;
        let known = resolve::only(&account, found)?;
        let ids = [AccountRef::Id(known.id.clone())];
        let profile = self.credit.profiles(ctx, &ids, "").await?.into_iter().next();
        let asked = Asked {
            is_deleted: known.is_deleted(),
            account_id: known.id,
            credit: profile.map(|profile| profile.reasons).unwrap_or_default(),
            owes: None,
        };
        let day = list.as_of.unwrap_or_else(|| ctx.business_date());
        let at = Point { day, known_us: i64::MAX };
        let tiers = self.tiers.recorded(ctx, vec![asked.account_id.clone()], at.known_us).await?;
        let all = self.evaluate(ctx, &[asked], at, &tiers, Reach::Whole).await?.pop();
        let mut all = all.unwrap_or_default().found;
        all.retain(|found| list.takes(found));
        all.sort_by_key(Finding::rank);
        let key = |found: &Finding| (place(found), format!("{:02}", found.code as u8));
        if let Some(after) = &list.page.after {
            all.retain(|found| key(found) > *after);
        }
        Ok(list.page.cut(all, key))
    }

    async fn of_all(
        &self,
        ctx: &Ctx,
        list: List,
        owner: Option<String>,
    ) -> Result<Page<Finding, FindingKey>> {
        let day = list.as_of.unwrap_or_else(|| ctx.business_date());
        let mut found = Vec::new();
        let book_follows = |(place, _): &FindingKey| *place == PLACE_OF_BOOK;
        if list.owner.is_none() && list.page.after.as_ref().is_none_or(book_follows) {
            found = self.of_book(ctx, &list, day).await?;
        }
        let wanted = list.page.size + 1;
        for (place, severity) in PLACES {
            let after = list.page.after.clone().unwrap_or((PLACE_OF_BOOK, String::new()));
            let none_more = found.len() >= wanted || after.0 > place;
            if none_more || !list.states.contains(&State::Yes) {
                continue;
            }
            let after = if after.0 == place { after.1 } else { String::new() };
            let room = wanted - found.len();
            let of = Behind { owner: owner.as_ref(), severity, after: &after, wanted: room };
            let mut here = self.of_teams_behind(ctx, &list, &of).await?;
            here.extend(self.of_people_behind(ctx, &list, &of).await?);
            here.sort_by_key(|found| key_of(&found.account_id, found.code));
            here.truncate(room);
            found.extend(here);
        }
        let key = |found: &Finding| match &*found.account_id {
            BOOK => (PLACE_OF_BOOK, found.code.to_string()),
            id => (place(found), key_of(id, found.code)),
        };
        Ok(list.page.cut(found, key))
    }

    /// The id of the member whose accounts are asked for.
    async fn owner(&self, ctx: &Ctx, name: MemberRef) -> Result<String> {
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let id = tx.find_member(&name).await?;
                id.ok_or_else(|| Error::not_found("member", name.to_string()))
            })
        });
        read.await
    }

    async fn of_teams_behind(
        &self,
        ctx: &Ctx,
        list: &List,
        of: &Behind<'_>,
    ) -> Result<Vec<Finding>> {
        let (list, by_default) = (list.clone(), self.settings.sponsor_required);
        let Behind { owner, severity, after, wanted } = *of;
        let (owner, after) = (owner.cloned(), after.to_owned());
        let day = list.as_of.unwrap_or_else(|| ctx.business_date());
        let is_now = day == ctx.business_date();
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let of = Behind { owner: owner.as_ref(), severity, after: &after, wanted };
                of_teams(tx, &list, of, by_default, (day, is_now)).await
            })
        });
        read.await
    }

    /// The findings of the book that a page may begin with.
    async fn of_book(&self, ctx: &Ctx, list: &List, day: NaiveDate) -> Result<Vec<Finding>> {
        let mut found = Vec::new();
        if list.asks(Code::CalendarEnds) {
            found.push(self.calendar_ends(ctx, day).await?);
        }
        if list.asks(Code::Concentration) {
            found.push(self.concentration(ctx, day).await?);
        }
        if list.asks(Code::EffortOverBudget) {
            found.push(self.effort_over_budget(ctx, day).await?);
        }
        let read = self.store.read(ctx, |tx| Box::pin(tx.snoozes_of_book()));
        let snoozes = read.await?;
        let hides = |code| snoozes.iter().find(|snooze| snooze.code == code && snooze.hides(day));
        for of in &mut found {
            of.snooze = hides(of.code).cloned();
        }
        found.retain(|of| list.takes(of));
        if let Some((_, after)) = &list.page.after {
            found.retain(|of| of.code.as_str() > after.as_str());
        }
        Ok(found)
    }
}

/// Which findings of accounts follow on a page.
#[derive(Debug, Clone, Copy)]
struct Behind<'a> {
    /// Only of accounts that this member owns on the day.
    owner: Option<&'a String>,
    severity: Severity,
    /// Their keys come behind this one.
    after: &'a str,
    /// As many of them there is room for.
    wanted: usize,
}

/// The findings about teams that follow on a page, by what statements find.
async fn of_teams(
    tx: &ReadTx,
    list: &List,
    of: Behind<'_>,
    by_default: bool,
    (day, is_now): (NaiveDate, bool),
) -> Result<Vec<Finding>> {
    let Behind { owner, severity, after, wanted } = of;
    let is_asked = |code: Code| code.severity() == Some(severity) && list.asks(code);
    // Classes say who is to have a sponsor, and how often who is visited.
    let by_class = [Code::SponsorMissing, Code::OverContact];
    let ruling = match by_class.into_iter().any(is_asked) {
        true => tx.tiers_ruling(day).await?,
        false => Ruling::default(),
    };
    let mut keys = BTreeSet::new();
    for code in Code::ALL.iter().copied() {
        // What others were called on another day is not known.
        let is_known = is_now || code != Code::DuplicateSuspected;
        if code.scope() != Scope::Accounts || !is_asked(code) || !is_known {
            continue;
        }
        let Some(rule) = suspect_rule(code, &ruling, day, by_default) else { continue };
        let suspects = Suspects {
            rule,
            day,
            from: after.split(' ').next().unwrap_or_default().to_owned(),
            owner: owner.cloned(),
            unless_snoozed: !list.show_snoozed,
            limit: wanted + 1,
        };
        let ids = tx.suspects(&suspects).await?;
        keys.extend(ids.into_iter().map(|id| (key_of(&id, code), id, code)));
    }
    let behind = keys.into_iter().filter(|(key, ..)| **key > *after);
    let asked: Vec<_> = behind.take(wanted).map(|(_, id, code)| (id, code)).collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let ids: BTreeSet<&str> = asked.iter().map(|(id, _)| id.as_str()).collect();
    let teams = Teams::read(tx, &ids, i64::MAX).await?;
    let visits = match asked.iter().any(|(_, code)| is_of_visits(*code)) {
        true => {
            let customers = tx.customers(&ids, i64::MAX).await?.on(day);
            Visits::read(tx, &ids, &customers, day, i64::MAX).await?
        }
        false => Visits::default(),
    };
    let duplicates = match asked.iter().any(|(_, code)| *code == Code::DuplicateSuspected) {
        true => Duplicates::read(tx, &ids, is_now).await?,
        false => Duplicates::default(),
    };
    let by_class = asked.iter().filter(|(_, code)| by_class.contains(code));
    let by_class: BTreeSet<&str> = by_class.map(|(id, _)| id.as_str()).collect();
    let tiers = match by_class.is_empty() {
        true => Recorded::default(),
        false => tx.tiers(&by_class, i64::MAX).await?,
    };
    let rule = SponsorRule { tiers: &tiers, by_default };
    let all = asked.iter().map(|(id, code)| match is_of_visits(*code) {
        true => teams.hidden(visits.finding(id, *code, &tiers, day), day),
        false if *code == Code::DuplicateSuspected => {
            teams.hidden(duplicates.finding(id, day), day)
        }
        false => teams.finding(id, *code, rule, day),
    });
    Ok(all.filter(|of| list.takes(of)).collect())
}

fn is_of_visits(code: Code) -> bool {
    matches!(code, Code::HookExpired | Code::OverContact)
}

/// What a statement looks for; `None` where nobody can lack it.
fn suspect_rule(
    code: Code,
    ruling: &Ruling,
    day: NaiveDate,
    by_default: bool,
) -> Option<SuspectRule> {
    match code {
        Code::OwnerMissing => Some(SuspectRule::Owner),
        Code::HookExpired => Some(SuspectRule::Hook),
        Code::OverContact => Some(SuspectRule::Visits(visits::most_of_classes(ruling, day))),
        Code::DuplicateSuspected => Some(SuspectRule::Duplicate),
        _ => facts::sponsor_of(ruling, day, by_default).map(SuspectRule::Sponsor),
    }
}

fn place(found: &Finding) -> i64 {
    let of = |(_, severity): &&(i64, Severity)| found.severity == Some(*severity);
    PLACES.iter().find(of).map_or(3, |(place, _)| *place)
}

/// By account, then by code: what stands between them sorts before all that ids consist of.
fn key_of(account_id: &str, code: Code) -> String {
    format!("{account_id} {code}")
}
