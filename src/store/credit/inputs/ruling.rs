//! What rules accounts: the active policy, the classes applied to them and the version that says what those
//! mean, and who sits there.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::Inputs;
use crate::domain::credit::policy::DEFAULT_POLICY;
use crate::domain::error::Result;
use crate::store::entity::account_signal;
use crate::store::rows::Set;
use crate::store::{sql, tier_class};

/// The id of the policy that is active, NULL if it is the first one.
const ACTIVE_POLICY: &str =
    "(SELECT policy_id FROM credit_policy_activation ORDER BY recorded_us DESC LIMIT 1)";
/// The revision of what rules the book.
pub(in crate::store::credit) const BOOK_REVISION: &str =
    "(SELECT b.revision FROM book_revision b WHERE b.name = 'RULES')";
/// What is kept of the people of an account, where the policy looks at them.
pub(in crate::store::credit) const PEOPLE: &str = "s.people_from, s.finance";
/// The same columns, where it does not.
pub(in crate::store::credit) const NO_PEOPLE: &str =
    "CAST(NULL AS DATE) AS people_from, CAST(NULL AS TEXT) AS finance";

#[derive(Debug, FromQueryResult)]
struct Row {
    account_id: String,
    class: Option<String>,
    policy: Option<String>,
    tier_policy: String,
    book_revision: i64,
    people_from: Option<NaiveDate>,
    finance: Option<String>,
}

/// Inputs of which it is known what rules: a person's class comes before that of runs. One statement, so
/// that a class goes with the version that gave it.
pub(super) async fn load(
    conn: &impl ConnectionTrait,
    accounts: &[String],
    today: NaiveDate,
    people: bool,
) -> Result<Inputs> {
    let (backend, set) = (conn.get_database_backend(), Set::one(accounts));
    let (columns, join) = match people {
        true => (PEOPLE, "LEFT JOIN account_signal s ON s.account_id = a.v"),
        false => (NO_PEOPLE, ""),
    };
    let text = format!(
        "SELECT a.v AS account_id, {class} AS class, {ACTIVE_POLICY} AS policy, \
           {version} AS tier_policy, {BOOK_REVISION} AS book_revision, {columns} FROM {asked} {join}",
        class = tier_class::class_on(&tier_class::classed_as("a.v"), "$1"),
        version = tier_class::version_on("$1"),
        asked = set.table(backend, "a", 2),
    );
    let mut values = vec![today.into()];
    values.extend(set.into_values(backend));
    let mut inputs = Inputs { policy: DEFAULT_POLICY.to_owned(), ..Inputs::default() };
    for row in sql::all::<Row>(conn, text, values).await? {
        let Row { account_id, class, policy, tier_policy, book_revision, people_from, finance } =
            row;
        inputs.policy = policy.unwrap_or_else(|| DEFAULT_POLICY.to_owned());
        inputs.tier_policy = tier_policy;
        inputs.book_revision = book_revision;
        inputs.classes.extend(class.map(|class| (account_id.clone(), class)));
        if let Some((people_from, finance)) = people_from.zip(finance) {
            let signal = account_signal::Model { account_id, people_from, finance };
            inputs.signals.extend([signal.into_parts()?]);
        }
    }
    Ok(inputs)
}
