//! In which class accounts are, and which version says what that means: the terms that statements
//! share, and what is recorded of some accounts.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};

use super::entity::{tier_assignment, tier_override};
use super::rows::Set;
use super::{ReadTx, WriteTx, policy, rows, sql};
use crate::domain::error::Result;
use crate::domain::tier::overrides::TierOverride;
use crate::domain::tier::policy::TierPolicy;
use crate::domain::tier::ruling::{Classes, Recorded, Ruling};

/// The class of an account on a day as it is known now, a person's before that of runs; NULL if
/// there is none. Both are terms of the statement, which has no alias `given` or `applied`.
pub(super) fn class_on(account: &str, day: &str) -> String {
    format!(
        "COALESCE((SELECT given.class FROM tier_override given \
           WHERE given.account_id = {account} AND given.first_day <= {day} \
             AND given.last_day >= {day} \
             AND (given.end_day IS NULL OR given.end_day >= {day}) LIMIT 1), \
         (SELECT applied.class FROM tier_assignment applied \
           WHERE applied.account_id = {account} AND applied.from_date <= {day} \
           ORDER BY applied.from_date DESC, applied.recorded_us DESC LIMIT 1))"
    )
}

/// Since when a person gave an account its class of a day; NULL if nobody did.
pub(super) fn given_since(account: &str, day: &str) -> String {
    format!(
        "(SELECT given.first_day FROM tier_override given \
           WHERE given.account_id = {account} AND given.first_day <= {day} \
             AND given.last_day >= {day} \
             AND (given.end_day IS NULL OR given.end_day >= {day}) LIMIT 1)"
    )
}

/// Since when an account is in the class of runs that holds on a day; NULL if it is in none.
pub(super) fn applied_since(account: &str, day: &str) -> String {
    format!(
        "(SELECT applied.since_date FROM tier_assignment applied \
           WHERE applied.account_id = {account} AND applied.from_date <= {day} \
           ORDER BY applied.from_date DESC, applied.recorded_us DESC LIMIT 1)"
    )
}

/// The version of the last run that stands on a day; no row before any did.
pub(super) fn version_of_runs(day: &str) -> String {
    format!(
        "SELECT policy_id FROM tier_run WHERE replaced_us = 0 AND as_of <= {day} \
         ORDER BY as_of DESC LIMIT 1"
    )
}

/// Which version rules from which day on, as known at an instant; none of them is read yet.
async fn ruling(conn: &impl ConnectionTrait, known_us: i64) -> Result<Ruling> {
    #[derive(FromQueryResult)]
    struct Row {
        as_of: NaiveDate,
        policy_id: String,
    }
    let text = "SELECT r.as_of, r.policy_id FROM (SELECT t.as_of, t.policy_id, \
           LAG(t.policy_id) OVER (ORDER BY t.as_of) AS previous FROM tier_run t \
         WHERE t.recorded_us <= $1 AND (t.replaced_us = 0 OR t.replaced_us > $1)) r \
         WHERE r.previous IS NULL OR r.previous <> r.policy_id ORDER BY r.as_of";
    let runs: Vec<Row> = sql::all(conn, text, vec![known_us.into()]).await?;
    let runs = runs.into_iter().map(|row| (row.as_of, row.policy_id)).collect();
    Ok(Ruling::new(runs, policy::log::<TierPolicy>(conn).await?, known_us))
}

/// What runs applied to accounts: ever, or what of it counts on a day as known at an instant.
async fn applied(
    conn: &impl ConnectionTrait,
    account_ids: &BTreeSet<&str>,
    day: Option<NaiveDate>,
    known_us: i64,
) -> Result<Vec<tier_assignment::Model>> {
    let backend = conn.get_database_backend();
    let ids = account_ids.iter().copied();
    let Some(day) = day else {
        let these = rows::among(backend, tier_assignment::Column::AccountId, ids);
        return rows::all(conn, tier_assignment::Entity::find().filter(these)).await;
    };
    let these = Set::one(ids);
    let text = format!(
        "SELECT {} FROM {} JOIN tier_assignment a ON a.id = (SELECT t.id FROM tier_assignment t \
           WHERE t.account_id = s.v AND t.from_date <= $1 AND t.recorded_us <= $2 \
           ORDER BY t.from_date DESC, t.recorded_us DESC LIMIT 1)",
        rows::columns::<tier_assignment::Entity>("a"),
        these.table(backend, "s", 3)
    );
    let mut values = vec![day.into(), known_us.into()];
    values.extend(these.into_values(backend));
    sql::all(conn, text, values).await
}

/// What is recorded of accounts, with the versions that say what it means: ever, or as far as it
/// counts on a day. A statement each, however many they are.
async fn recorded(
    conn: &impl ConnectionTrait,
    account_ids: &BTreeSet<&str>,
    day: Option<NaiveDate>,
    known_us: i64,
) -> Result<Recorded> {
    let mut classes: HashMap<String, Classes> = HashMap::new();
    if account_ids.is_empty() {
        return Ok(Recorded::new(classes, ruling(conn, known_us).await?));
    }
    for row in applied(conn, account_ids, day, known_us).await? {
        classes.entry(row.account_id.clone()).or_default().applied.push(row.try_into()?);
    }
    let ids = account_ids.iter().copied();
    let these = rows::among(conn.get_database_backend(), tier_override::Column::AccountId, ids);
    for row in rows::all(conn, tier_override::Entity::find().filter(these)).await? {
        let given = TierOverride::from(row);
        classes.entry(given.account_id.clone()).or_default().given.push(given);
    }
    let recorded = Recorded::new(classes, ruling(conn, known_us).await?);
    let versions = policy::versions(conn, &recorded.versions(day)).await?;
    Ok(recorded.with(versions))
}

impl WriteTx {
    /// As [`ReadTx::tiers_on`], as known now.
    pub async fn tiers_on(&self, account_ids: &BTreeSet<&str>, day: NaiveDate) -> Result<Recorded> {
        recorded(&self.conn, account_ids, Some(day), i64::MAX).await
    }
}

impl ReadTx {
    /// Everything recorded of the classes of these accounts by an instant.
    pub async fn tiers(&self, account_ids: &BTreeSet<&str>, known_us: i64) -> Result<Recorded> {
        recorded(&self.conn, account_ids, None, known_us).await
    }

    /// What of it counts on a day.
    pub async fn tiers_on(
        &self,
        account_ids: &BTreeSet<&str>,
        day: NaiveDate,
        known_us: i64,
    ) -> Result<Recorded> {
        recorded(&self.conn, account_ids, Some(day), known_us).await
    }

    /// What says on a day what classes mean, as known now.
    pub async fn tiers_ruling(&self, day: NaiveDate) -> Result<Ruling> {
        let ruling = ruling(&self.conn, i64::MAX).await?;
        let versions = policy::versions(&self.conn, &[ruling.id_on(day)].into()).await?;
        Ok(ruling.with(versions))
    }
}
