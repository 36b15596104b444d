//! What decisions about some accounts rest on: the accounts with those above them, what counts against
//! their limits, limits, holds, what is overdue, the classes applied to them, which policies rule, and
//! their people where the policy looks at them. Each is a statement of its own, and all are asked in one
//! transaction. Their cost depends on the depth of the groups, not on their members or documents.

mod chain;
mod group;
mod overdue;
mod ruling;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Value};
use uuid::Uuid;

use self::chain::Chains;
use super::{KnownReservation, reservations, secured};
use crate::domain::account::AccountState;
use crate::domain::coverage::finance::Signal;
use crate::domain::credit::hold::Hold;
use crate::domain::credit::limit::Limit;
use crate::domain::credit::reservation::Now;
use crate::domain::credit::standing::{Node, Secured};
use crate::domain::error::Result;
use crate::store::entity::{credit_hold, credit_limit};
use crate::store::rows::{self, Set};
use crate::store::sql;
use crate::store::standings::{Group, Rules};

pub(super) use ruling::{BOOK_REVISION, NO_PEOPLE, PEOPLE};

/// What decisions look at, as of now.
#[derive(Debug, Clone, Default)]
pub(super) struct Inputs {
    pub nodes: HashMap<String, Arc<Node>>,
    pub parents: HashMap<String, String>,
    /// Reservations of the groups whose count has changed by itself since it was stored.
    pub due: Vec<KnownReservation>,
    pub secured: Vec<Secured>,
    /// Id of the policy that is active.
    pub policy: String,
    /// The class applied to each account asked about that has one.
    pub classes: HashMap<String, String>,
    /// Id of the tier policy that says what classes mean.
    pub tier_policy: String,
    /// At which revision of the book these rule.
    pub book_revision: i64,
    /// The people of the accounts asked about, where the policy looks at them.
    pub signals: HashMap<String, Signal>,
    /// By root.
    pub groups: HashMap<String, Group>,
}

impl Inputs {
    /// Adds those of other accounts, read under the same versions.
    pub fn add(&mut self, others: Self, accounts: &[String]) {
        for (id, node) in others.nodes {
            // Of an account above, what is overdue was not read.
            let is_asked = accounts.contains(&id);
            self.add_node(id, node, is_asked);
        }
        self.parents.extend(others.parents);
        self.due.extend(others.due);
        self.secured.extend(others.secured);
        self.secured.sort_by_key(|secured| secured.security.id);
        self.classes.extend(others.classes);
        self.signals.extend(others.signals);
        self.groups.extend(others.groups);
    }

    /// Adds what is known of an account: all of it if it is asked about, else as far as those below need it.
    pub fn add_node(&mut self, id: String, node: Arc<Node>, is_asked: bool) {
        match is_asked {
            true => _ = self.nodes.insert(id, node),
            false => _ = self.nodes.entry(id).or_insert(node),
        }
    }

    /// Adds what rules an account: the same for all at one revision of the book, but for its class.
    pub fn add_rules(&mut self, account: &str, rules: &Rules) {
        let Rules { revision, policy, tier_policy, class } = rules;
        self.policy.clone_from(policy);
        self.tier_policy.clone_from(tier_policy);
        self.book_revision = *revision;
        self.classes.extend(class.clone().map(|class| (account.to_owned(), class)));
    }

    fn add_account(&mut self, account: chain::Account) {
        let chain::Account { id, parent_id, state, delete_us, merged_into, root_id, .. } = account;
        let chain::Account { group_revision: revision, next_change_us, .. } = account;
        self.groups.insert(root_id.clone(), Group { revision, next_change_us, is_secured: false });
        let node = self.node(&id);
        node.is_blocked = state == AccountState::Blocked;
        node.is_deleted = delete_us != 0;
        node.merged_into = merged_into;
        node.root_id = root_id;
        if !parent_id.is_empty() {
            self.parents.insert(id, parent_id);
        }
    }

    /// The accounts of these inputs of which something of an account is: itself, and those that count as
    /// the same one.
    fn of_which(&self, account: &str, merged: &HashMap<String, String>) -> Vec<String> {
        let survivor = merged.get(account).map_or(account, String::as_str);
        let same =
            |id: &&String| *id == survivor || merged.get(*id).is_some_and(|of| of == survivor);
        self.nodes.keys().filter(same).cloned().collect()
    }

    fn node(&mut self, account: &str) -> &mut Node {
        Arc::make_mut(self.nodes.entry(account.to_owned()).or_default())
    }

    /// Puts what was read into a fixed order, whatever that of the engine.
    fn settle(&mut self) {
        for node in self.nodes.values_mut().map(Arc::make_mut) {
            node.settle();
            node.limits.sort_by_key(|limit| (limit.recorded_us, limit.id));
            node.holds.sort_by_key(|hold| hold.id);
        }
    }
}

/// What to look at.
#[derive(Debug, Clone)]
pub(super) struct InputsQuery {
    pub accounts: Vec<String>,
    pub now: Now,
    /// Days after the due date before an item counts as overdue.
    pub grace_days: i32,
    /// Whether to look at the people of the accounts.
    pub people: bool,
}

/// Loads the inputs; accounts that don't exist are missing.
pub(super) async fn load(conn: &impl ConnectionTrait, query: &InputsQuery) -> Result<Inputs> {
    let Now { us, today } = query.now;
    let asked = &query.accounts;
    let mut inputs = ruling::load(conn, asked, today, query.people).await?;
    let Chains { accounts, merged } = chain::load(conn, asked).await?;
    for account in accounts {
        inputs.add_account(account);
    }
    let chain: Vec<String> = inputs.nodes.keys().cloned().collect();
    for (account, cell) in group::exposure(conn, &chain, today).await? {
        inputs.node(&account).exposure.push(cell);
    }
    for limit in limits(conn, &chain).await? {
        inputs.node(&limit.account_id.clone()).limits.push(limit);
    }
    let merged: HashMap<String, String> = merged.into_iter().collect();
    // These accounts, and those that count as the same one as one of them.
    let with = |accounts: &[String]| -> Vec<String> {
        let counts_as = |id: &String| merged.get(id).unwrap_or(id).clone();
        let survivors: BTreeSet<String> = accounts.iter().map(counts_as).collect();
        let others = merged.iter().filter(|(_, survivor)| survivors.contains(*survivor));
        let all: BTreeSet<String> =
            others.map(|(id, _)| id).chain(accounts).chain(&survivors).cloned().collect();
        all.into_iter().collect()
    };
    for hold in holds(conn, &with(&chain)).await? {
        for account in inputs.of_which(&hold.account_id, &merged) {
            inputs.node(&account).holds.push(hold.clone());
        }
    }
    let grace = Days::new(u64::try_from(query.grace_days).unwrap_or_default());
    let cutoff = today.checked_sub_days(grace).unwrap_or(NaiveDate::MIN);
    for (account, cell) in overdue::load(conn, &with(asked), today, cutoff).await? {
        let of = inputs.of_which(&account, &merged).into_iter();
        for account in of.filter(|id| asked.contains(id)) {
            inputs.node(&account).overdue.push(cell.clone());
        }
    }
    inputs.settle();
    let roots: Vec<String> = inputs.groups.keys().cloned().collect();
    let due = group::due(conn, &roots, us).await?;
    let securities = group::securities(conn, &roots, today).await?;
    let others: BTreeSet<&String> = due
        .iter()
        .map(|due| &due.account_id)
        .chain(securities.iter().map(|security| &security.account_id))
        .collect();
    if !others.is_empty() {
        inputs.parents.extend(parents_above(conn, others).await?);
    }
    inputs.due = reservations::reservations_by_id(conn, due.into_iter().map(|due| due.id)).await?;
    for security in &securities {
        inputs.groups.entry(security.root_id.clone()).and_modify(|group| group.is_secured = true);
    }
    let ids: Vec<Uuid> = securities.into_iter().map(|security| security.id).collect();
    inputs.secured = secured::load(conn, &ids, today).await?;
    inputs.secured.sort_by_key(|secured| secured.security.id);
    Ok(inputs)
}

/// The limits of these accounts that govern or may yet.
async fn limits(conn: &impl ConnectionTrait, accounts: &[String]) -> Result<Vec<Limit>> {
    let columns = rows::columns::<credit_limit::Entity>("l");
    let found = of(conn, accounts, vec![], |within| {
        format!(
            "SELECT {columns} FROM credit_limit l WHERE {} AND l.superseded_us = 0",
            within("l.account_id")
        )
    });
    let found: Vec<credit_limit::Model> = found.await?;
    Ok(found.into_iter().map(Limit::from).collect())
}

/// The holds on these accounts that nobody released.
async fn holds(conn: &impl ConnectionTrait, accounts: &[String]) -> Result<Vec<Hold>> {
    let columns = rows::columns::<credit_hold::Entity>("d");
    let found = of(conn, accounts, vec![], |within| {
        format!(
            "SELECT {columns} FROM credit_hold d WHERE {} AND d.release_us = 0",
            within("d.account_id")
        )
    });
    let found: Vec<credit_hold::Model> = found.await?;
    Ok(found.into_iter().map(Hold::from).collect())
}

/// The rows of a statement about some ids, which are its first parameter: `within` says of a column that it
/// is one of them.
async fn of<T: FromQueryResult>(
    conn: &impl ConnectionTrait,
    ids: &[String],
    others: Vec<Value>,
    text: impl FnOnce(&dyn Fn(&str) -> String) -> String,
) -> Result<Vec<T>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (backend, set) = (conn.get_database_backend(), Set::one(ids));
    let select = format!("SELECT v FROM {}", set.table(backend, "s", 1));
    let text = text(&|column| within(backend, column, &select));
    let mut values = set.into_values(backend);
    values.extend(others);
    sql::all(conn, text, values).await
}

/// The account above each of these, and above each of those, as far as there is one.
async fn parents_above(
    conn: &impl ConnectionTrait,
    accounts: BTreeSet<&String>,
) -> Result<Vec<(String, String)>> {
    #[derive(FromQueryResult)]
    struct Link {
        id: String,
        parent_id: String,
    }
    let (backend, set) = (conn.get_database_backend(), Set::one(accounts));
    let text = format!(
        "WITH RECURSIVE link(id, parent_id) AS ( \
           SELECT a.id, a.parent_id FROM account a WHERE a.id IN {} \
           UNION SELECT a.id, a.parent_id FROM link l JOIN account a ON a.id = l.parent_id) \
         SELECT id, parent_id FROM link WHERE parent_id <> ''",
        set.subquery(backend, 1)
    );
    let links: Vec<Link> = sql::all(conn, text, set.into_values(backend)).await?;
    Ok(links.into_iter().map(|link| (link.id, link.parent_id)).collect())
}

/// Whether a column is among what is selected, in the words that make the engine go along the
/// index of the column.
pub(super) fn within(engine: DbBackend, column: &str, select: &str) -> String {
    match engine {
        DbBackend::Sqlite => format!("{column} IN ({select})"),
        _ => format!("{column} = ANY (ARRAY({select}))"),
    }
}
