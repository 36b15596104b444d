//! Findings of the accounts of one member in the order of what is at stake.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use super::{Behind, Findings, List, PLACES, place};
use crate::ctx::Ctx;
use crate::domain::account::AccountFilter;
use crate::domain::error::{Error, Reason, Result};
use crate::domain::finding::found::{FindingKey, Listed};
use crate::domain::finding::stake::{ACCOUNTS_MAX, Exposure, FINDINGS_MAX, Stake};
use crate::domain::finding::{Finding, State};
use crate::domain::ledger::PointQuery;
use crate::domain::money::{Currency, Money, to_minor};
use crate::domain::names::AccountRef;
use crate::domain::page::PageOf;
use crate::domain::receivables::{Risk, RiskView};

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
        let stakes = told.iter().filter_map(|id| by_account.remove(id)).collect();
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
