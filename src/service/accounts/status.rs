//! The composite answer about an account.

use super::Accounts;
use super::waiting::{Waiting, covered};
use crate::ctx::Ctx;
use crate::domain::account::Account;
use crate::domain::bond::Relationship;
use crate::domain::cadence::NextTouch;
use crate::domain::credit::profile::Profile;
use crate::domain::error::{Error, Result};
use crate::domain::finding::found::Told;
use crate::domain::group::{GroupAt, Kin};
use crate::domain::ledger::PointQuery;
use crate::domain::money::Currency;
use crate::domain::names::{AccountRef, account_name};
use crate::domain::portfolio::rhythm::Rhythm;
use crate::domain::receivables::{Risk, RiskView};
use crate::domain::team::status::TeamStatus;
use crate::domain::tier::ruling::AccountTier;
use crate::domain::trust::TrustLedger;
use crate::service::credit::Credit;
use crate::service::findings::{Asked, Findings, Point, ToldOf};
use crate::service::receivables::Receivables;
use crate::service::teams::{TeamPoint, Teams};
use crate::service::tiers::Tiers;
use crate::service::trust::Trust;

/// Everything about one account in one answer.
#[derive(Debug, Clone)]
pub struct AccountStatus {
    pub account: Account,
    /// From the direct parent to the root of the group.
    pub above: Kin,
    pub service: AccountTier,
    pub team: TeamStatus,
    pub credit: Profile,
    pub risk: Risk,
    pub findings: Told,
    /// `None` before its first invoice.
    pub rhythm: Option<Rhythm>,
    /// How we stand with its people; `None` of a deleted one.
    pub relationship: Option<Relationship>,
    /// Who kept his word.
    pub trust: TrustLedger,
    /// When it is to be seen next; `None` where no class says how often.
    pub next_touch: Option<NextTouch>,
    /// `None` of a deleted one, and of what was before.
    pub waiting: Option<Waiting>,
}

/// Who knows the parts of a status that are not the account's own.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    pub receivables: &'a Receivables,
    pub credit: &'a Credit,
    pub teams: &'a Teams,
    pub findings: &'a Findings,
    pub tiers: &'a Tiers,
    pub trust: &'a Trust,
}

impl Accounts {
    /// The status of accounts in the order of their names, all or none. Receivables and group
    /// are those of the point asked for, and so are class and team, but for which of our people are active
    /// and whom they report to; the account itself and its credit are as they are now.
    ///
    /// # Errors
    /// NotFound with every missing name, KNOWN_AT_NOT_SETTLED, RATE_MISSING.
    pub async fn statuses(
        &self,
        ctx: &Ctx,
        sources: Sources<'_>,
        names: Vec<AccountRef>,
        point: PointQuery,
        display: Option<Currency>,
    ) -> Result<Vec<AccountStatus>> {
        let risks = sources.receivables.risk(ctx, &names, point, display, RiskView::Full).await?;
        // By id: a key may have gone to another account since the risks were read.
        let points = risks.iter().map(|risk| {
            let Risk { account_id, point, .. } = risk;
            (account_id.clone(), ctx.clock.group_at(point.as_of, point.known_at))
        });
        let (accounts, above) = self.with_above(ctx, points.collect()).await?;
        let ids: Vec<AccountRef> =
            risks.iter().map(|risk| AccountRef::Id(risk.account_id.clone())).collect();
        let at = Point {
            day: point.as_of.unwrap_or_else(|| ctx.business_date()),
            known_us: point.known_at.unwrap_or(i64::MAX),
        };
        let known: Vec<String> = risks.iter().map(|risk| risk.account_id.clone()).collect();
        let words = sources.trust.of_accounts(ctx, known.clone(), at.day, point.known_at).await?;
        let tiers = sources.tiers.recorded(ctx, known, at.known_us).await?;
        let tier = |risk: &Risk| tiers.account(&risk.account_id).told(&risk.account_id, at.day);
        let services: Vec<AccountTier> = risks.iter().map(tier).collect();
        let trust = |risk: &Risk| match words.get(&risk.account_id) {
            None => Ok(TrustLedger::default()),
            Some(words) => words.on(at.day),
        };
        let trusts = risks.iter().map(trust).collect::<Result<Vec<TrustLedger>>>()?;
        let day = |((risk, above), service): ((&Risk, &Kin), &AccountTier)| TeamPoint {
            account_id: risk.account_id.clone(),
            above: above.accounts.clone(),
            day: risk.point.as_of,
            // What is recorded of teams stands in no account's order of recorded times.
            known_us: at.known_us,
            sponsor_required: service.service.as_ref().map(|service| service.sponsor_required),
        };
        let days = risks.iter().zip(&above).zip(&services).map(day).collect();
        let teams = sources.teams.statuses(ctx, days).await?;
        let profiles = sources.credit.profiles(ctx, &ids, "").await?;
        let asked = asked(&accounts, &profiles, &risks);
        let findings = sources.findings.told(ctx, &asked, at, &tiers).await?;
        let there = self.there(ctx, &asked, at).await?;
        let all = accounts.into_iter().zip(above).zip(teams).zip(profiles).zip(risks);
        let all = all.zip(findings).zip(services).zip(trusts);
        let status = |(((((((account, above), team), credit), risk), told), service), trust)| {
            let account: Account = account;
            let ToldOf { findings, rhythm, relationship, hooks_expired } = told;
            let there = there.get(&account.id);
            let of = relationship.as_ref();
            AccountStatus {
                next_touch: of.and_then(|of| covered(&service, of.people.last_touch, there)),
                waiting: of.and_then(|of| Waiting::of(there?, of, hooks_expired)),
                account,
                above,
                service,
                team,
                credit,
                risk,
                findings,
                rhythm,
                relationship,
                trust,
            }
        };
        Ok(all.map(status).collect())
    }

    /// The accounts and who is above each, at a day and as known at an instant of its own.
    async fn with_above(
        &self,
        ctx: &Ctx,
        points: Vec<(String, GroupAt)>,
    ) -> Result<(Vec<Account>, Vec<Kin>)> {
        let whose = ctx.clone();
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let ids: Vec<&str> = points.iter().map(|(id, ..)| id.as_str()).collect();
                    let found = tx.accounts(&ids).await?;
                    let account = |id: &&str| {
                        let gone = || Error::not_found("account", account_name(id));
                        found.get(*id).cloned().ok_or_else(gone)
                    };
                    let accounts = ids.iter().map(account).collect::<Result<_>>()?;
                    let above = tx.ancestors_of(&points).await?;
                    let named = || above.iter().flat_map(|kin| &kin.accounts).map(String::as_str);
                    let seen = tx.seen(named()).await?;
                    match named().all(|id| seen.has(id)) {
                        true => Ok((accounts, above)),
                        false => Err(whose.restricted("who was above an account")),
                    }
                })
            })
            .await
    }
}

/// Of which accounts findings are asked for, with what is known of them by now.
fn asked(accounts: &[Account], profiles: &[Profile], risks: &[Risk]) -> Vec<Asked> {
    let asked = accounts.iter().zip(profiles).zip(risks);
    let asked = asked.map(|((account, profile), risk)| Asked {
        account_id: account.id.clone(),
        is_deleted: account.delete_us.is_some(),
        credit: profile.reasons.clone(),
        owes: Some(risk.owes()),
    });
    asked.collect()
}
