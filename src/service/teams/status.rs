//! Who looks after accounts, as their answers tell it.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use super::{TeamSettings, Teams};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Result};
use crate::domain::group::Kin;
use crate::domain::handover::Handover;
use crate::domain::team::accountable::Accountable;
use crate::domain::team::status::{TeamStatus, status};
use crate::domain::team::{Team, TeamOn};
use crate::store::ReadTx;

/// Of which account the team is asked for, and of when.
#[derive(Debug, Clone)]
pub struct TeamPoint {
    pub account_id: String,
    /// Who stood above it, the nearest first.
    pub above: Vec<String>,
    pub day: NaiveDate,
    /// As recorded by then, in microseconds since the epoch.
    pub known_us: i64,
    /// What its class says of a sponsor; `None` where none says.
    pub sponsor_required: Option<bool>,
}

impl Teams {
    /// Who looks after accounts, each on its own day, in the order asked.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn statuses(&self, tx: &ReadTx, points: &[TeamPoint]) -> Result<Vec<TeamStatus>> {
        let mut told = statuses(tx, &self.settings, points).await?;
        let ids = points.iter().map(|point| point.account_id.as_str()).collect();
        let under_way = tx.handovers_under_way(&ids).await?;
        for (told, point) in told.iter_mut().zip(points) {
            let of = under_way.iter().find(|one| one.account_id == point.account_id);
            told.handover = of.map(Handover::name);
        }
        Ok(told)
    }

    /// Who is accountable for accounts today, in the order asked.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn accountable(&self, ctx: &Ctx, ids: Vec<String>) -> Result<Vec<Accountable>> {
        let (ctx_of, settings) = (ctx.clone(), self.settings.clone());
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move { accountable(tx, &ctx_of, &settings, &ids).await })
            })
            .await
    }
}

/// Who is accountable for accounts today, in the order asked. The number of statements does not
/// depend on how many they are.
pub async fn accountable(
    tx: &ReadTx,
    ctx: &Ctx,
    settings: &TeamSettings,
    ids: &[String],
) -> Result<Vec<Accountable>> {
    accountable_on(tx, ctx, settings, ids, ctx.business_date()).await
}

/// As [`accountable`], on a day.
pub async fn accountable_on(
    tx: &ReadTx,
    ctx: &Ctx,
    settings: &TeamSettings,
    ids: &[String],
    day: NaiveDate,
) -> Result<Vec<Accountable>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let at = ctx.clock.group_at(day, i64::MAX);
    let asked: Vec<_> = ids.iter().map(|id| (id.clone(), at)).collect();
    let above = tx.ancestors_of(&asked).await?;
    let point = |((account_id, _), above): ((String, _), Kin)| TeamPoint {
        account_id,
        above: above.accounts,
        day,
        known_us: i64::MAX,
        // Who is accountable does not depend on it.
        sponsor_required: None,
    };
    let points: Vec<TeamPoint> = asked.into_iter().zip(above).map(point).collect();
    let told = statuses(tx, settings, &points).await?;
    Ok(told.into_iter().map(|told| told.accountable).collect())
}

async fn statuses(
    tx: &ReadTx,
    settings: &TeamSettings,
    points: &[TeamPoint],
) -> Result<Vec<TeamStatus>> {
    if points.is_empty() {
        return Ok(Vec::new());
    }
    let accounts =
        points.iter().flat_map(|point| std::iter::once(&point.account_id).chain(&point.above));
    let accounts: BTreeSet<&str> = accounts.map(String::as_str).collect();
    let recorded = tx.teams(&accounts).await?;
    let on = |point: &TeamPoint, id: &String| -> TeamOn {
        recorded.get(id).map(|team: &Team| team.on(point.day, point.known_us)).unwrap_or_default()
    };
    let teams: Vec<(TeamOn, Vec<TeamOn>)> = points
        .iter()
        .map(|point| {
            let above = point.above.iter().map(|id| on(point, id)).collect();
            (on(point, &point.account_id), above)
        })
        .collect();
    let named: BTreeSet<&str> = teams.iter().flat_map(|(team, above)| named(team, above)).collect();
    let people = match named.is_empty() {
        true => HashMap::new(),
        false => tx.people(&named).await?,
    };
    let default_owner = tx.configured_member(&settings.default_owner).await?;
    let gone = || Error::internal(format!("{} is gone", settings.default_owner));
    let default_owner = default_owner.ok_or_else(gone)?;
    let by_default = settings.requirements.sponsor_required;
    let told = |((team, above), point): ((TeamOn, Vec<TeamOn>), &TeamPoint)| {
        let required = point.sponsor_required.unwrap_or(by_default);
        status(&team, &above, &people, &default_owner, required)
    };
    Ok(teams.into_iter().zip(points).map(told).collect())
}

/// Whom the answer about a team may name.
fn named<'a>(team: &'a TeamOn, above: &'a [TeamOn]) -> impl Iterator<Item = &'a str> {
    // Whoever works there is told, active or not.
    let TeamOn { owner, last_owner, backups, sponsors, finance, embedded: _ } = team;
    let one = owner.iter().chain(last_owner);
    let several = backups.iter().chain(sponsors).chain(finance);
    let owners = above.iter().filter_map(|team| team.owner.as_ref());
    one.chain(several).chain(owners).map(String::as_str)
}
