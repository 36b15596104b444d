//! What is kept of how groups stand ([`crate::store::standings`]): whether it is still so, and what comes to be
//! kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Value};

use super::inputs::{BOOK_REVISION, Inputs, InputsQuery, NO_PEOPLE, PEOPLE, within};
use crate::domain::credit::standing::Standing;
use crate::domain::error::Result;
use crate::store::entity::account_signal;
use crate::store::rows::Set;
use crate::store::standings::{Group, KeptStanding, Rules, cells};
use crate::store::{WriteTx, sql};

/// By what a standing is known to be still so.
#[derive(Debug, Clone)]
pub struct Basis {
    /// The groups of the accounts, by root.
    pub(super) groups: HashMap<String, Group>,
    /// At which revision of the book the rules are these.
    pub(super) book_revision: i64,
    /// Id of the tier policy that says what classes mean.
    pub(super) tier_policy: String,
    /// The class applied to each of the accounts that has one.
    pub(super) classes: HashMap<String, String>,
}

/// How an account is at the moment, without what is kept of it.
#[derive(Debug, FromQueryResult)]
struct Current {
    account_id: String,
    root_id: String,
    group_revision: i64,
    book_revision: i64,
    people_from: Option<NaiveDate>,
    finance: Option<String>,
}

/// What is kept and still so.
pub(super) struct Recalled {
    pub inputs: Inputs,
    /// Accounts of the question of which nothing is.
    pub missing: Vec<String>,
}

/// Which heads are read: one by its key, as most checks ask, or a set.
fn these(backend: DbBackend, accounts: Vec<&str>) -> (String, Vec<Value>) {
    if let [one] = accounts[..] {
        return ("h.account_id = $1".to_owned(), vec![one.into()]);
    }
    let set = Set::one(accounts);
    let select = format!("SELECT v FROM {}", set.table(backend, "s", 1));
    (within(backend, "h.account_id", &select), set.into_values(backend))
}

/// The inputs of those of the accounts whose kept standing is that of now, with the rules that it was read
/// with: one read of a few rows by their keys.
pub(super) async fn recall(
    conn: &impl ConnectionTrait,
    kept: &BTreeMap<&str, Arc<KeptStanding>>,
    query: &InputsQuery,
) -> Result<Recalled> {
    let (columns, join) = match query.people {
        true => (PEOPLE, "LEFT JOIN account_signal s ON s.account_id = h.account_id"),
        false => (NO_PEOPLE, ""),
    };
    let (these, values) = these(conn.get_database_backend(), kept.keys().copied().collect());
    let text = format!(
        "SELECT h.account_id, h.root_id, g.group_revision, {BOOK_REVISION} AS book_revision, {columns} \
         FROM account_head h JOIN account_head g ON g.account_id = h.root_id {join} \
         WHERE {these}"
    );
    let rows: Vec<Current> = sql::all(conn, text, values).await?;
    let mut inputs = Inputs::default();
    let mut missing: BTreeSet<String> = query.accounts.iter().cloned().collect();
    for row in rows {
        let Current { account_id, root_id, group_revision, book_revision, .. } = row;
        let people = row.people_from.zip(row.finance);
        let is_it = |of: &&Arc<KeptStanding>| {
            of.root_id == root_id
                && of.group.revision == group_revision
                && of.rules.revision == book_revision
        };
        let Some(of) = kept.get(&*account_id).filter(is_it) else { continue };
        inputs.add_rules(&account_id, &of.rules);
        for (id, node) in &of.nodes {
            inputs.add_node(id.clone(), node.clone(), *id == account_id);
        }
        missing.remove(&account_id);
        inputs.parents.extend(of.parents.iter().cloned());
        inputs.groups.insert(root_id, of.group);
        if let Some((people_from, finance)) = people {
            let signal = account_signal::Model { account_id, people_from, finance };
            inputs.signals.extend([signal.into_parts()?]);
        }
    }
    Ok(Recalled { inputs, missing: missing.into_iter().collect() })
}

/// What may be kept of these accounts of a standing.
pub(super) fn of_standing<'a>(
    standing: &Standing,
    basis: &Basis,
    accounts: impl IntoIterator<Item = &'a String>,
) -> Vec<(String, Arc<KeptStanding>)> {
    let kept = |account: &String| {
        let root_id = &standing.nodes.get(account)?.root_id;
        let group = basis.groups.get(root_id).filter(|group| !group.is_secured)?;
        let chain = standing.chain(account);
        let node = |id: &&str| Some(((*id).to_owned(), standing.nodes.get(*id)?.clone()));
        let parent = |id: &&str| Some(((*id).to_owned(), standing.parents.get(*id)?.clone()));
        let nodes: Vec<_> = chain.iter().filter_map(node).collect();
        let kept = KeptStanding {
            root_id: root_id.clone(),
            group: *group,
            today: standing.now.today,
            grace_days: standing.policy.overdue_grace_days,
            cells: cells(&nodes),
            nodes,
            parents: chain.iter().filter_map(parent).collect(),
            rules: Rules {
                revision: basis.book_revision,
                policy: standing.policy.id.clone(),
                tier_policy: basis.tier_policy.clone(),
                class: basis.classes.get(account).cloned(),
            },
        };
        Some((account.clone(), Arc::new(kept)))
    };
    accounts.into_iter().filter_map(kept).collect()
}

impl WriteTx {
    /// Keeps how accounts stand after what was decided about them, once that is committed. Their groups
    /// are locked; `next_changes` are those of the reservations that were written, by root.
    pub fn keep_standings(
        &mut self,
        mut standing: Standing,
        mut basis: Basis,
        next_changes: &HashMap<String, i64>,
        accounts: &[String],
    ) {
        if !self.store.standings.is_on() {
            return;
        }
        // Where something was due, what is next is not known.
        basis.groups.retain(|_, group| group.next_change_us > standing.now.us);
        for (root, group) in &mut basis.groups {
            group.revision = self.revision_of(root).unwrap_or(group.revision);
            if let Some(next) = next_changes.get(root) {
                group.next_change_us = group.next_change_us.min(*next);
            }
        }
        standing.settle();
        self.standings.extend(of_standing(&standing, &basis, accounts));
    }
}
