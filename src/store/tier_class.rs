//! In which class accounts are, and which version says what that means: the terms that statements
//! share, and what is recorded of some accounts.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};

use super::customers::customers;
use super::entity::{tier_assignment, tier_override};
use super::once::Fact;
use super::rows::Set;
use super::{ReadTx, WriteTx, policy, rows, sql};
use crate::domain::customers::Customers;
use crate::domain::error::Result;
use crate::domain::policy::Terms;
use crate::domain::tier::overrides::TierOverride;
use crate::domain::tier::policy::TierPolicy;
use crate::domain::tier::ruling::{Classes, Recorded, Ruling};

/// What people gave an account for a day: a column of it, NULL if nobody gave anything.
fn given(column: &str, account: &str, day: &str) -> String {
    format!(
        "(SELECT given.{column} FROM tier_override given \
           WHERE given.account_id = {account} AND given.first_day <= {day} \
             AND given.last_day >= {day} \
             AND (given.end_day IS NULL OR given.end_day >= {day}) LIMIT 1)"
    )
}

/// What runs applied to an account last by a day: a column of it, NULL if none did.
fn applied_last(column: &str, account: &str, day: &str) -> String {
    format!(
        "(SELECT applied.{column} FROM tier_assignment applied \
           WHERE applied.account_id = {account} AND applied.from_date <= {day} \
           ORDER BY applied.from_date DESC, applied.recorded_us DESC LIMIT 1)"
    )
}

/// The class of an account on a day as it is known now, a person's before that of runs; NULL if
/// there is none. Both are terms of the statement, which has no alias `given` or `applied`.
pub(super) fn class_on(account: &str, day: &str) -> String {
    let [given, applied] = [given("class", account, day), applied_last("class", account, day)];
    format!("COALESCE({given}, {applied})")
}

/// The account whose class is that of an account now: the one that it counts as, or itself.
pub(super) fn classed_as(account: &str) -> String {
    format!("(SELECT COALESCE(one.merged_into, one.id) FROM account one WHERE one.id = {account})")
}

/// Since when a person gave an account its class of a day; NULL if nobody did.
pub(super) fn given_since(account: &str, day: &str) -> String {
    given("first_day", account, day)
}

/// Since when an account is in the class of runs that holds on a day; NULL if it is in none.
pub(super) fn applied_since(account: &str, day: &str) -> String {
    applied_last("since_date", account, day)
}

/// The id of the version that says on a day what classes mean, as [`Ruling::id_on`] has it: that
/// of the last run that stands, before any ran the one in force.
pub(super) fn version_on(day: &str) -> String {
    format!(
        "COALESCE((SELECT ran.policy_id FROM tier_run ran \
           WHERE ran.replaced_us = 0 AND ran.as_of <= {day} ORDER BY ran.as_of DESC LIMIT 1), \
         (SELECT act.policy_id FROM policy_activation act \
           WHERE act.kind = '{kind}' AND act.from_date <= {day} \
           ORDER BY act.from_date DESC, act.recorded_us DESC LIMIT 1), '{first}')",
        kind = TierPolicy::KIND.as_str(),
        first = TierPolicy::FIRST
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

/// What says on a day what classes mean, as known now.
async fn ruling_on(conn: &impl ConnectionTrait, day: NaiveDate) -> Result<Ruling> {
    let ruling = ruling(conn, i64::MAX).await?;
    let versions = policy::versions(conn, &[ruling.id_on(day)].into()).await?;
    Ok(ruling.with(versions))
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

/// What is recorded of accounts and of those that they count as, with the versions that say what it means: ever, or as far as it
/// counts on a day. A statement each, however many they are.
async fn recorded(
    conn: &impl ConnectionTrait,
    customers: Customers,
    account_ids: &BTreeSet<&str>,
    day: Option<NaiveDate>,
    known_us: i64,
) -> Result<Recorded> {
    let mut classes: HashMap<String, Classes> = HashMap::new();
    if account_ids.is_empty() {
        let ruling = ruling(conn, known_us).await?;
        return Ok(Recorded::new(classes, ruling, customers));
    }
    let of_survivors = account_ids.iter().map(|id| customers.of(id));
    let all: BTreeSet<&str> = of_survivors.chain(account_ids.iter().copied()).collect();
    for row in applied(conn, &all, day, known_us).await? {
        classes.entry(row.account_id.clone()).or_default().applied.push(row.try_into()?);
    }
    let ids = all.iter().copied();
    let these = rows::among(conn.get_database_backend(), tier_override::Column::AccountId, ids);
    for row in rows::all(conn, tier_override::Entity::find().filter(these)).await? {
        let given = TierOverride::from(row);
        classes.entry(given.account_id.clone()).or_default().given.push(given);
    }
    let recorded = Recorded::new(classes, ruling(conn, known_us).await?, customers);
    let versions = policy::versions(conn, &recorded.versions(day)).await?;
    Ok(recorded.with(versions))
}

impl WriteTx {
    /// As [`ReadTx::tiers_on`], as known now.
    pub async fn tiers_on(&self, account_ids: &BTreeSet<&str>, day: NaiveDate) -> Result<Recorded> {
        let customers = customers(&self.conn, &self.store, Some(account_ids), i64::MAX).await?;
        recorded(&self.conn, customers, account_ids, Some(day), i64::MAX).await
    }

    /// As [`ReadTx::tiers_ruling`].
    pub async fn tiers_ruling(&self, day: NaiveDate) -> Result<Ruling> {
        ruling_on(&self.conn, day).await
    }
}

impl ReadTx {
    /// Everything recorded of the classes of these accounts by an instant.
    pub async fn tiers(&self, account_ids: &BTreeSet<&str>, known_us: i64) -> Result<Recorded> {
        let read = async {
            let customers = self.recorded_customers(account_ids, known_us).await?;
            recorded(&self.conn, customers, account_ids, None, known_us).await
        };
        let recorded = self.answered.once(Fact::Tiers, (account_ids, known_us), read).await?;
        Ok(if self.is_restricted() { recorded.alone() } else { recorded })
    }

    /// What of it counts on a day.
    pub async fn tiers_on(
        &self,
        account_ids: &BTreeSet<&str>,
        day: NaiveDate,
        known_us: i64,
    ) -> Result<Recorded> {
        let recorded = match self.answered.last(Fact::Tiers, (account_ids, known_us)) {
            // What is recorded of all days is so of this one.
            Some(of_all_days) => of_all_days,
            None => {
                let customers = self.recorded_customers(account_ids, known_us).await?;
                recorded(&self.conn, customers, account_ids, Some(day), known_us).await?
            }
        };
        Ok(if self.is_restricted() { recorded.alone() } else { recorded })
    }

    /// What says on a day what classes mean, as known now.
    pub async fn tiers_ruling(&self, day: NaiveDate) -> Result<Ruling> {
        ruling_on(&self.conn, day).await
    }
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use uuid::Uuid;

    use super::*;
    use crate::domain::tier::ruling::Decided;
    use crate::store::seed::{Fresh, day, fresh};

    const DAYS: u64 = 40;
    const CLASSES: [&str; 3] = ["A", "B", "C"];

    fn on(n: u64) -> NaiveDate {
        day(1, 1) + Days::new(n)
    }

    /// What runs and people said of some accounts, in no order; the same each time.
    async fn say(db: &Fresh, accounts: &[String]) {
        let mut random = fastrand::Rng::with_seed(7);
        for n in 1..30_i64 {
            let version = if random.bool() { "abc" } else { "pareto" };
            let (id, from) = (Uuid::now_v7(), on(random.u64(5..DAYS)));
            db.sql(
                "INSERT INTO tier_run (id, as_of, policy_id, summary, digest, recorded_by, \
                 recorded_us, replaced_us) VALUES ($1, $2, $3, '{}', $4, 'me', $5, 0) \
                 ON CONFLICT DO NOTHING",
                vec![id.into(), from.into(), version.into(), Vec::<u8>::new().into(), n.into()],
            )
            .await;
            db.sql(
                "INSERT INTO policy_activation (kind, recorded_us, policy_id, from_date, \
                 activated_by) VALUES ('TIER', $1, $2, $3, 'me')",
                vec![n.into(), "pyramid".into(), on(random.u64(3..10)).into()],
            )
            .await;
            let account = random.choice(accounts).unwrap();
            db.sql(
                "INSERT INTO tier_assignment (id, account_id, from_date, recorded_us, run_id, \
                 class, since_date, raw_class, below_runs, cause, figures, recorded_by) \
                 VALUES ($1, $2, $3, $4, $1, $5, $3, $5, 0, 'FIRST', '{\"notes\":[]}', 'me')",
                vec![
                    id.into(),
                    account.into(),
                    on(random.u64(0..DAYS)).into(),
                    n.into(),
                    (*random.choice(&CLASSES).unwrap()).into(),
                ],
            )
            .await;
        }
        for account in accounts.iter().skip(2) {
            let first = random.u64(0..DAYS);
            let last = first + random.u64(0..9);
            let end = random.bool().then(|| on(random.u64(first..=last)));
            db.sql(
                "INSERT INTO tier_override (id, account_id, class, first_day, last_day, \
                 recorded_us, recorded_by, reason, end_day, end_us) \
                 VALUES ($1, $2, 'A', $3, $4, 1, 'me', 'so', $5, $6)",
                vec![
                    Uuid::now_v7().into(),
                    account.into(),
                    on(first).into(),
                    on(last).into(),
                    end.into(),
                    end.map(|_| 2_i64).into(),
                ],
            )
            .await;
        }
    }

    #[tokio::test]
    async fn statements_name_the_class_and_its_version_as_the_rule_does() {
        #[derive(FromQueryResult)]
        struct Row {
            class: Option<String>,
            given: Option<NaiveDate>,
            applied: Option<NaiveDate>,
            version: String,
        }
        for db in fresh().await {
            let accounts: Vec<String> = (0..6).map(|n| format!("a{n}")).collect();
            say(&db, &accounts).await;
            let text = format!(
                "SELECT {class} AS class, {given} AS given, {applied} AS applied, \
                   {version} AS version",
                class = class_on("$1", "$2"),
                given = given_since("$1", "$2"),
                applied = applied_since("$1", "$2"),
                version = version_on("$2")
            );
            let these: BTreeSet<&str> = accounts.iter().map(String::as_str).collect();
            let reader = db.store.reader();
            let all = customers(&reader, &db.store, Some(&these), i64::MAX).await.unwrap();
            let known = recorded(&reader, all, &these, None, i64::MAX).await.unwrap();
            let (mut by_person, mut by_run) = (0, 0);
            for (account, n) in accounts.iter().flat_map(|id| (0..DAYS + 5).map(move |n| (id, n))) {
                let values = vec![account.into(), on(n).into()];
                let row: Row = sql::one(&db.store.reader(), &*text, values).await.unwrap().unwrap();
                let told = known.account(account).told(account, on(n)).decided;
                let class = told.as_ref().map(|told| told.class().to_owned());
                assert_eq!(row.class, class, "{account} {n}");
                match &told {
                    Some(Decided::ByPerson(_)) => {
                        by_person += 1;
                        assert_eq!(row.given, told.map(|told| told.since()), "{account} {n}");
                    }
                    _ => {
                        by_run += i32::from(told.is_some());
                        assert_eq!(row.given, None, "{account} {n}");
                        assert_eq!(row.applied, told.map(|told| told.since()), "{account} {n}");
                    }
                }
                let ruling = ruling(&db.store.reader(), i64::MAX).await.unwrap();
                assert_eq!(row.version, ruling.id_on(on(n)), "{n}");
            }
            assert!(by_person > 0 && by_run > 0);
        }
    }
}
