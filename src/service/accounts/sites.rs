//! Which sites an account may give up: none that positions or staff name today or later.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::domain::account::Account;
use crate::domain::error::{Precondition, Reason, Result};
use crate::domain::names::account_name;
use crate::domain::position::Position;
use crate::domain::team::membership::{Membership, told};
use crate::store::WriteTx;

/// Names told of those that name a site.
const NAMED_MAX: usize = 20;

/// Refuses to take away a site that is named. Whoever names one holds the people or the team of the
/// account, as this does.
///
/// # Errors
/// SITE_IN_USE.
pub(super) async fn check_unused(
    tx: &WriteTx,
    before: &Account,
    after: &Account,
    today: NaiveDate,
) -> Result<()> {
    let mut gone: BTreeSet<&str> = before.sites.iter().map(|site| site.id.as_str()).collect();
    for site in &after.sites {
        gone.remove(site.id.as_str());
    }
    if gone.is_empty() {
        return Ok(());
    }
    tx.hold_people([&*after.id]).await?;
    tx.lock_team(&after.id).await?;
    let is_gone = |site: Option<&String>| site.is_some_and(|site| gone.contains(site.as_str()));
    let lasts = |last_day: Option<NaiveDate>| last_day.is_none_or(|last| today <= last);
    let positions = tx.positions_of(&after.id).await?;
    let there = |one: &&Position| is_gone(one.terms.site.as_ref()) && lasts(one.last_day);
    let positions = positions.iter().filter(there).map(|one| (one.terms.site.clone(), one.name()));
    let staff = told(tx.recorded_team(&after.id).await?);
    let works =
        |one: &&Membership| is_gone(one.site.as_ref()) && lasts(one.days.last_day_known(i64::MAX));
    let staff = staff.iter().filter(works).map(|one| (one.site.clone(), one.name()));
    let (sites, names): (BTreeSet<Option<String>>, Vec<String>) = positions.chain(staff).unzip();
    if names.is_empty() {
        return Ok(());
    }
    let sites: Vec<String> = sites.into_iter().flatten().collect();
    let told = names.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    let more = match names.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let what = format!("{} is named by {told}{more}", sites.join(", "));
    let refused =
        Precondition::new(Reason::SiteInUse, account_name(&after.id), what).at("account.sites");
    Err(refused.with("sites", sites.join(",")).with("used_by", told).into())
}
