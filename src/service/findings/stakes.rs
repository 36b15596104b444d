//! Findings of the accounts of one member in the order of what is at stake.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Behind, Findings, List, PLACES, place};
use crate::ctx::Ctx;
use crate::domain::account::AccountFilter;
use crate::domain::coverage::measure::Coverage;
use crate::domain::error::{Error, Reason, Result};
use crate::domain::finding::found::{FindingKey, Listed};
use crate::domain::finding::people::PeopleFacts;
use crate::domain::finding::stake::{ACCOUNTS_MAX, Exposure, FINDINGS_MAX, Lost, Stake};
use crate::domain::finding::{Finding, State};
use crate::domain::ledger::PointQuery;
use crate::domain::money::{Currency, Money, to_minor};
use crate::domain::names::AccountRef;
use crate::domain::page::PageOf;
use crate::domain::position::Position;
use crate::domain::receivables::{Risk, RiskView};
use crate::service::contacts::{Left, People, PeopleAt, counterparts, people};
use crate::service::teams::{TeamSettings, accountable_on};
use crate::store::ReadTx;

/// Accounts that are looked at together.
const ACCOUNTS_AT_ONCE: usize = 500;

impl Findings {
    /// A page of what is found of the accounts of a member, those first that owe most.
    ///
    /// # Errors
    /// `DATE_INVALID` of days to come, `TOO_MANY_ELEMENTS`, `RATE_MISSING`.
    pub(super) async fn by_stake(
        &self,
        ctx: &Ctx,
        list: &List,
        owner: &String,
        to: Currency,
    ) -> Result<Listed> {
        let today = ctx.business_date();
        let day = list.as_of.unwrap_or(today);
        if day > today {
            let what =
                format!("{day} lies ahead of the business date, {today}: nothing is owed yet");
            return Err(Error::invalid("as_of", Reason::DateInvalid, what));
        }
        let ids = self.owned_by(ctx, owner, day).await?;
        let stakes = self.stakes(ctx, &ids, day, to).await?;
        let found = self.all_of(ctx, list, owner).await?;
        let blind: BTreeSet<&str> = found.iter().map(|found| found.account_id.as_str()).collect();
        let exposure = Exposure::of(&stakes, to, |id| blind.contains(id))?;
        let mut by_account: HashMap<String, Stake> =
            stakes.into_iter().map(|stake| (stake.account_id.clone(), stake)).collect();
        let at_stake = |id: &str| by_account.get(id).map_or(0, |stake| stake.converted);
        let mut keyed = Vec::new();
        for one in found {
            // The most comes first, and of one account the worst.
            let first = to_minor(-at_stake(&one.account_id))?;
            let of = format!("{} {} {}", one.account_id, place(&one), one.code);
            keyed.push(((first, of), one));
        }
        if let Some(after) = &list.page.after {
            keyed.retain(|(key, _)| key > after);
        }
        keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
        let page = list.page.cut(keyed, |(key, _): &(FindingKey, Finding)| key.clone());
        let told: BTreeSet<String> =
            page.items.iter().map(|(_, found)| found.account_id.clone()).collect();
        let mut stakes: Vec<Stake> = told.iter().filter_map(|id| by_account.remove(id)).collect();
        for some in stakes.chunks_mut(ACCOUNTS_AT_ONCE) {
            ctx.check_deadline()?;
            self.with_whose(ctx, some, day).await?;
        }
        Ok(Listed { page: page.map(|(_, found)| found), stakes, exposure: Some(exposure) })
    }

    /// The accounts that a member owns on a day.
    async fn owned_by(&self, ctx: &Ctx, owner: &str, day: NaiveDate) -> Result<Vec<String>> {
        let filter = AccountFilter::owned_by(owner);
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let page = PageOf { size: ACCOUNTS_MAX, after: None };
                tx.account_ids(&filter, &page, day).await
            })
        });
        let page = read.await?;
        if page.next.is_some() {
            return Err(too_many(format!("owns more than {ACCOUNTS_MAX} accounts")));
        }
        Ok(page.items)
    }

    /// What these accounts owe on a day, in their order.
    async fn stakes(
        &self,
        ctx: &Ctx,
        ids: &[String],
        day: NaiveDate,
        to: Currency,
    ) -> Result<Vec<Stake>> {
        let mut stakes = Vec::new();
        for some in ids.chunks(ACCOUNTS_AT_ONCE) {
            ctx.check_deadline()?;
            let names: Vec<AccountRef> = some.iter().cloned().map(AccountRef::Id).collect();
            let point = PointQuery { as_of: Some(day), known_at: None };
            let risks = self.receivables.risk(ctx, &names, point, None, RiskView::Basic).await?;
            let these = some.to_vec();
            let read = self.store.read(ctx, move |tx| {
                Box::pin(async move {
                    let these: Vec<&str> = these.iter().map(String::as_str).collect();
                    tx.reserved_of(&these).await
                })
            });
            let mut reserved = read.await?;
            for risk in &risks {
                let reserved = reserved.remove(&risk.account_id).unwrap_or_default();
                stakes.push(Stake { reserved, ..owed(risk)? });
            }
        }
        let open = stakes.iter().map(|stake| stake.open.as_slice());
        let converted = self.receivables.in_currency(ctx, open, to, day).await?;
        for (stake, converted) in stakes.iter_mut().zip(converted) {
            stake.converted = converted.max(0);
        }
        Ok(stakes)
    }

    /// Adds the class of each on a day, who answers for it, and who left there.
    async fn with_whose(&self, ctx: &Ctx, stakes: &mut [Stake], day: NaiveDate) -> Result<()> {
        let ids: Vec<String> = stakes.iter().map(|stake| stake.account_id.clone()).collect();
        let (whose, settings) = (ctx.clone(), self.teams.clone());
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move { Whose::read(tx, &whose, &settings, &ids, day).await })
        });
        for (stake, whose) in stakes.iter_mut().zip(read.await?) {
            let Whose { class, accountable, lost } = whose;
            *stake = Stake { class, accountable, lost, ..std::mem::take(stake) };
        }
        Ok(())
    }

    /// All that is found of the accounts of a member.
    async fn all_of(&self, ctx: &Ctx, list: &List, owner: &String) -> Result<Vec<Finding>> {
        let mut found = Vec::new();
        if !list.states.contains(&State::Yes) {
            return Ok(found);
        }
        for (_, severity) in PLACES {
            let of = Behind { owner: Some(owner), severity, after: "", wanted: FINDINGS_MAX + 1 };
            found.extend(self.of_teams_behind(ctx, list, &of).await?);
            found.extend(self.of_people_behind(ctx, list, &of).await?);
        }
        if found.len() > FINDINGS_MAX {
            return Err(too_many(format!(
                "has more than {FINDINGS_MAX} findings: ask for some codes"
            )));
        }
        Ok(found)
    }
}

/// In which class an account is, who answers for it, and who left there.
struct Whose {
    class: Option<String>,
    accountable: String,
    lost: Vec<Lost>,
}

impl Whose {
    /// Of these accounts, in their order.
    async fn read(
        tx: &ReadTx,
        ctx: &Ctx,
        settings: &TeamSettings,
        ids: &[String],
        day: NaiveDate,
    ) -> Result<Vec<Self>> {
        let these: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        let tiers = tx.tiers_on(&these, day, i64::MAX).await?;
        let at = PeopleAt::of(day, i64::MAX, ctx.business_date());
        let there = people(tx, &these, at).await?;
        let answering = accountable_on(tx, ctx, settings, ids, day).await?;
        let vacated = |id: &String| there.get(id).map(|of| vacated(id, of)).unwrap_or_default();
        let vacated: Vec<Vec<(Uuid, Left)>> = ids.iter().map(vacated).collect();
        let left: Vec<&Left> = vacated.iter().flatten().map(|(_, left)| left).collect();
        let mut looks_after = counterparts(tx, &left).await?.into_iter();
        let mut told = Vec::with_capacity(ids.len());
        for ((id, vacated), answers) in ids.iter().zip(vacated).zip(answering) {
            let accountable = answers.member_id;
            let lost = |(position_id, left): (Uuid, Left)| Lost {
                position_id,
                since: left.since,
                contact_left: left.contact_id,
                interim: looks_after.next().flatten().unwrap_or_else(|| accountable.clone()),
            };
            let lost = vacated.into_iter().map(lost).collect();
            let decided = tiers.account(id).told(id, day).decided;
            let class = decided.map(|decided| decided.class().to_owned());
            told.push(Self { class, accountable, lost });
        }
        Ok(told)
    }
}

/// The positions of whom we should know from which somebody left, and nobody met whoever came.
fn vacated(account_id: &str, of: &People) -> Vec<(Uuid, Left)> {
    let coverage = Coverage::of(account_id, &of.facts);
    let known = PeopleFacts {
        facts: &of.facts,
        coverage: &coverage,
        positions: &of.positions,
        sat: &of.sat,
        ties: None,
    };
    let left = |(since, position): (NaiveDate, &Position)| {
        let contact_id = known.left(position, since)?.to_owned();
        Some((position.id, Left { contact_id, since }))
    };
    known.vacancies().into_iter().filter_map(left).collect()
}

fn too_many(what: String) -> Error {
    Error::invalid("owner", Reason::TooManyElements, what)
}

/// What an account owes.
fn owed(risk: &Risk) -> Result<Stake> {
    let mut stake = Stake { account_id: risk.account_id.clone(), ..Stake::default() };
    for of in &risk.currencies {
        for (amounts, minor) in
            [(&mut stake.open, of.aging.balance()), (&mut stake.overdue, of.aging.overdue())]
        {
            if minor != 0 {
                amounts.push(Money { minor: to_minor(minor)?, currency: of.currency });
            }
        }
    }
    Ok(stake)
}
