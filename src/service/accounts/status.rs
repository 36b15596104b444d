//! The composite answer about an account.

use std::collections::{BTreeSet, HashMap};

use super::Accounts;
use super::waiting::{There, Waiting, covered, there};
use crate::ctx::Ctx;
use crate::domain::account::Account;
use crate::domain::bond::Relationship;
use crate::domain::cadence::NextTouch;
use crate::domain::credit::profile::Profile;
use crate::domain::error::{Error, Result};
use crate::domain::finding::found::Told;
use crate::domain::group::Kin;
use crate::domain::ledger::{LedgerPoint, PointQuery};
use crate::domain::money::Currency;
use crate::domain::names::{AccountRef, account_name};
use crate::domain::portfolio::rhythm::Rhythm;
use crate::domain::receivables::{Risk, RiskView};
use crate::domain::team::status::TeamStatus;
use crate::domain::tier::ruling::{AccountTier, Recorded};
use crate::domain::trust::{TrustLedger, Words};
use crate::service::credit::Credit;
use crate::service::findings::{Asked, Facts, Findings, Point, ToldOf};
use crate::service::receivables::Receivables;
use crate::service::teams::{TeamPoint, Teams};
use crate::service::tiers::Tiers;
use crate::service::trust::{Trust, add_commitments};
use crate::store::ReadTx;

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
    /// and whom they report to; the account itself and its credit are as they are now. All that is not about
    /// money is of one picture.
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
        let ids: Vec<String> = risks.iter().map(|risk| risk.account_id.clone()).collect();
        let at = Point {
            day: point.as_of.unwrap_or_else(|| ctx.business_date()),
            known_us: point.known_at.unwrap_or(i64::MAX),
        };
        let words = sources.trust.about_money(ids.clone(), at.day, at.known_us).await?;
        let asked =
            Asking { points: risks.iter().map(|risk| risk.point).collect(), ids, words, at };
        let Picture { accounts, above, tiers, services, words, teams, facts, there } =
            self.picture(ctx, sources.teams, asked).await?;
        let names: Vec<AccountRef> =
            accounts.iter().map(|account| AccountRef::Id(account.id.clone())).collect();
        let profiles = sources.credit.profiles(ctx, &names, "").await?;
        let asked = asked_of(&accounts, &profiles, &risks);
        let findings = sources.findings.told(ctx, &asked, at, (&tiers, facts)).await?;
        let all = accounts.into_iter().zip(above).zip(teams).zip(profiles).zip(risks);
        let all = all.zip(findings).zip(services);
        let status = |((((((account, above), team), credit), risk), told), service)| {
            let account: Account = account;
            let ToldOf { findings, rhythm, relationship, hooks_expired } = told;
            let there = there.get(&account.id);
            let of = relationship.as_ref();
            let trust = words.get(&account.id).map(|words| words.on(at.day)).transpose()?;
            Ok(AccountStatus {
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
                trust: trust.unwrap_or_default(),
            })
        };
        all.map(status).collect()
    }

    async fn picture(&self, ctx: &Ctx, teams: &Teams, asked: Asking) -> Result<Picture> {
        let (of_call, teams) = (ctx.clone(), teams.clone());
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move { Picture::read(tx, &of_call, &teams, asked).await })
        });
        read.await
    }
}

/// Of which accounts what is not about money is asked for, with what was promised of money.
struct Asking {
    ids: Vec<String>,
    /// At which point each is asked about.
    points: Vec<LedgerPoint>,
    words: HashMap<String, Words>,
    at: Point,
}

/// What is known of accounts that is not about money, each in the order asked.
struct Picture {
    accounts: Vec<Account>,
    above: Vec<Kin>,
    tiers: Recorded,
    services: Vec<AccountTier>,
    words: HashMap<String, Words>,
    teams: Vec<TeamStatus>,
    facts: Facts,
    there: HashMap<String, There>,
}

impl Picture {
    async fn read(tx: &ReadTx, ctx: &Ctx, teams: &Teams, asked: Asking) -> Result<Self> {
        let Asking { ids, points, mut words, at } = asked;
        let (accounts, above) = with_above(tx, ctx, &ids, &points).await?;
        let these: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        add_commitments(tx, &mut words, &these, (at.day, at.known_us)).await?;
        let tiers = tx.tiers(&these, at.known_us).await?;
        let tier = |id: &String| tiers.account(id).told(id, at.day);
        let services: Vec<AccountTier> = ids.iter().map(tier).collect();
        let of_team = |(((id, point), above), service): (((&String, &LedgerPoint), &Kin), _)| {
            let service: &AccountTier = service;
            TeamPoint {
                account_id: id.clone(),
                above: above.accounts.clone(),
                day: point.as_of,
                // What is recorded of teams stands in no account's order of recorded times.
                known_us: at.known_us,
                sponsor_required: service.service.as_ref().map(|service| service.sponsor_required),
            }
        };
        let of_teams: Vec<TeamPoint> =
            ids.iter().zip(&points).zip(&above).zip(&services).map(of_team).collect();
        Ok(Self {
            teams: teams.statuses(tx, &of_teams).await?,
            facts: Findings::facts(tx, ctx, &these, at).await?,
            there: there(tx, ctx, &accounts, at).await?,
            accounts,
            above,
            tiers,
            services,
            words,
        })
    }
}

/// The accounts and who is above each, at a day and as known at an instant of its own.
async fn with_above(
    tx: &ReadTx,
    ctx: &Ctx,
    ids: &[String],
    points: &[LedgerPoint],
) -> Result<(Vec<Account>, Vec<Kin>)> {
    let these: Vec<&str> = ids.iter().map(String::as_str).collect();
    let found = tx.accounts(&these).await?;
    let account = |id: &&str| {
        let gone = || Error::not_found("account", account_name(id));
        found.get(*id).cloned().ok_or_else(gone)
    };
    let accounts = these.iter().map(account).collect::<Result<_>>()?;
    let points = ids
        .iter()
        .zip(points)
        .map(|(id, point)| (id.clone(), ctx.clock.group_at(point.as_of, point.known_at)));
    let above = tx.ancestors_of(&points.collect::<Vec<_>>()).await?;
    let named = || above.iter().flat_map(|kin| &kin.accounts).map(String::as_str);
    let seen = tx.seen(named()).await?;
    match named().all(|id| seen.has(id)) {
        true => Ok((accounts, above)),
        false => Err(ctx.restricted("who was above an account")),
    }
}

/// Of which accounts findings are asked for, with what is known of them by now.
fn asked_of(accounts: &[Account], profiles: &[Profile], risks: &[Risk]) -> Vec<Asked> {
    let asked = accounts.iter().zip(profiles).zip(risks);
    let asked = asked.map(|((account, profile), risk)| Asked {
        account_id: account.id.clone(),
        is_deleted: account.delete_us.is_some(),
        credit: profile.reasons.clone(),
        owes: Some(risk.owes()),
    });
    asked.collect()
}
