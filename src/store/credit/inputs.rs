//! What decisions about some accounts rest on, in one statement: the accounts with those above
//! them, what counts against their limits, limits, holds, what is overdue, the
//! classes applied to them, which policies rule, and their people where the policy looks at them.
//! Its cost depends on the depth of the groups, not on their members or documents.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult};
use uuid::Uuid;

use super::{KnownReservation, reservations, secured};
use crate::domain::coverage::finance::Signal;
use crate::domain::credit::component::Component;
use crate::domain::credit::hold::{Hold, HoldScope};
use crate::domain::credit::limit::{Limit, LimitKind};
use crate::domain::credit::policy::DEFAULT_POLICY;
use crate::domain::credit::reservation::Now;
use crate::domain::credit::standing::{ExposureCell, Node, OverdueCell, Secured};
use crate::domain::error::{Error, Result};
use crate::domain::group::MAX_DEPTH;
use crate::domain::money::Currency;
use crate::store::columns::OrEmpty;
use crate::store::entity::{account_signal, credit_limit};
use crate::store::rows::Set;
use crate::store::standings::Group;
use crate::store::{sql, tier_class};

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

/// The levels of a group, from the accounts asked about up to where it ends: `l0`, `l1` and so on.
///
/// The walk up is written out, a level for each that a group may have: of a recursive one
/// PostgreSQL thinks so large that it reads whole tables.
fn levels(engine: DbBackend, asked: &str) -> String {
    let up = "SELECT id, parent_id FROM account WHERE";
    let mut levels = vec![format!("l0(id, parent_id) AS ({up} {})", within(engine, "id", asked))];
    for level in 1..MAX_DEPTH {
        let below = format!("SELECT parent_id FROM l{}", level - 1);
        levels.push(format!("l{level}(id, parent_id) AS ({up} {})", within(engine, "id", &below)));
    }
    levels.join(", ")
}

/// The statement; `asked` selects the ids, `$n` are the parameters after it.
fn text(engine: DbBackend, asked: &str, first: usize, people: bool) -> String {
    let (now, today, cutoff) =
        (format!("${first}"), format!("${}", first + 1), format!("${}", first + 2));
    let within = |column: &str, select: &str| within(engine, column, select);
    let levels = levels(engine, asked);
    let all: Vec<String> = (0..MAX_DEPTH).map(|l| format!("SELECT id FROM l{l}")).collect();
    let chain = |column: &str| within(column, "SELECT id FROM chain");
    let own = |column: &str| within(column, asked);
    let root = |column: &str| within(column, "SELECT id FROM root");
    let none = "CAST(NULL AS UUID)";
    let no_day = "CAST(NULL AS DATE), CAST(NULL AS DATE)";
    // PostgreSQL takes the type of a column from the arms: one that is wide enough decides.
    let zero = "CAST(0 AS BIGINT)";
    format!(
        "WITH {levels}, chain(id) AS ({chain}), \
         root(id) AS (SELECT DISTINCT root_id FROM account_head WHERE {of_asked}) \
         SELECT 'ACCOUNT' AS arm, a.id AS account_id, {none} AS id, a.parent_id AS t1, \
           a.state AS t2, h.root_id AS t3, '' AS t4, '' AS t5, '' AS t6, a.delete_us AS n1, \
           g.group_revision AS n2, {next_change} AS n3, {zero} AS n4, {zero} AS n5, \
           CAST(NULL AS DATE) AS d1, CAST(NULL AS DATE) AS d2 \
         FROM account a JOIN account_head h ON h.account_id = a.id \
         JOIN account_head g ON g.account_id = h.root_id WHERE {accounts} \
         UNION ALL SELECT 'EXPOSURE', u.account_id, {none}, u.currency, u.company_code, \
           u.component, '', '', '', {exposed}, 0, 0, 0, {no_day} \
         FROM credit_exposure u WHERE {exposure} AND u.effective_date <= {today} \
         GROUP BY u.account_id, u.currency, u.company_code, u.component HAVING {is_exposed} \
         UNION ALL SELECT 'LIMIT', l.account_id, l.id, l.segment, l.kind, l.currency, \
           l.overdue_currency, l.approver, l.reason, l.amount, l.recorded_us, \
           CASE WHEN l.temporary THEN 1 WHEN l.cut THEN 2 ELSE 0 END, l.overdue_amount, \
           l.overdue_days, l.valid_from, l.valid_to \
         FROM credit_limit l WHERE {limits} AND l.superseded_us = 0 \
         UNION ALL SELECT 'HOLD', d.account_id, d.id, d.scope, d.reason, d.placed_by, '', '', '', \
           d.recorded_us, 0, 0, 0, 0, {no_day} \
         FROM credit_hold d WHERE {holds} AND d.release_us = 0 \
         UNION ALL {overdue} \
         UNION ALL SELECT 'DUE', o.account_id, o.id, '', '', '', '', '', '', 0, 0, 0, 0, 0, \
           {no_day} FROM credit_reservation o WHERE {reservations} \
           AND o.next_change_us <= {now} AND o.next_change_us < 9223372036854775807 \
         UNION ALL SELECT 'SECURED', s.account_id, s.id, s.root_id, '', '', '', '', '', 0, 0, 0, 0, 0, \
           {no_day} FROM credit_security s WHERE {securities} \
           AND s.end_us = 0 AND s.valid_from <= {today} AND s.valid_to >= {today} \
         UNION ALL SELECT 'POLICY', '', {none}, p.policy_id, '', '', '', '', '', 0, 0, 0, 0, 0, \
           {no_day} FROM (SELECT policy_id FROM credit_policy_activation \
             ORDER BY recorded_us DESC LIMIT 1) p \
         UNION ALL {tiers}{people}",
        chain = all.join(" UNION "),
        next_change = NEXT_CHANGE,
        of_asked = own("account_id"),
        accounts = chain("a.id"),
        exposure = chain("u.account_id"),
        exposed = sql::wide_sum("u.amount").join(", "),
        is_exposed = sql::is_something("u.amount"),
        limits = chain("l.account_id"),
        holds = chain("d.account_id"),
        overdue = overdue(&own, &today, &cutoff),
        reservations = root("o.root_id"),
        securities = root("s.root_id"),
        tiers = tiers(asked, &today),
        people = if people { self::people(&own) } else { String::new() },
    )
}

/// When a reservation of the group of `h` counts otherwise by itself.
const NEXT_CHANGE: &str = "COALESCE((SELECT o.next_change_us FROM credit_reservation o \
     WHERE o.root_id = h.root_id AND o.next_change_us < 9223372036854775807 \
     ORDER BY o.next_change_us LIMIT 1), 9223372036854775807)";

/// What is kept of the people of each account asked about.
fn people(own: &impl Fn(&str) -> String) -> String {
    format!(
        " UNION ALL SELECT 'PEOPLE', s.account_id, CAST(NULL AS UUID), s.finance, '', '', '', '', '', \
           0, 0, 0, 0, 0, s.people_from, CAST(NULL AS DATE) FROM account_signal s WHERE {}",
        own("s.account_id")
    )
}

/// The class applied to each account asked about, a person's before that of runs, and the policy
/// that says what classes mean.
fn tiers(asked: &str, today: &str) -> String {
    let rest = "'', '', '', '', '', 0, 0, 0, 0, 0, CAST(NULL AS DATE), CAST(NULL AS DATE)";
    format!(
        "SELECT 'CLASS', k.id, CAST(NULL AS UUID), k.class, {rest} \
         FROM (SELECT a.v AS id, {class} AS class FROM ({asked}) a) k \
         WHERE k.class IS NOT NULL \
         UNION ALL SELECT 'TIERS', '', CAST(NULL AS UUID), {version}, {rest}",
        class = tier_class::class_on("a.v", today),
        version = tier_class::version_on(today),
    )
}

/// What is overdue. Where later days change anything, by due date first, without what they add to the
/// projection: an item that only a later day opens again is not the oldest today.
/// Both classes are debits, of which what is open is never negative: a due date with open items is one
/// with something overdue.
fn overdue(own: &impl Fn(&str) -> String, today: &str, cutoff: &str) -> String {
    let dated = "('ORDINARY', 'RETENTION')";
    let dues = format!(
        "account_due d WHERE {} AND d.class IN {dated} AND d.due_date < {cutoff} AND d.items > 0",
        own("d.account_id")
    );
    // Asked once, whatever the number of due dates.
    let entries = format!("{} AND e.effective_date > {today}", own("e.account_id"));
    let changed = format!("EXISTS (SELECT 1 FROM entry e WHERE {entries})");
    let [high, low] = sql::halves("m.amount");
    format!(
        "SELECT 'OVERDUE', d.account_id, CAST(NULL AS UUID), d.currency, d.company_code, '', '', \
           '', '', {whole}, 0, 0, 0, MIN(d.due_date), CAST(NULL AS DATE) \
         FROM {dues} AND NOT {changed} GROUP BY d.account_id, d.currency, d.company_code \
         UNION ALL SELECT 'OVERDUE', o.account_id, CAST(NULL AS UUID), o.currency, \
           o.company_code, '', '', \
           '', '', CAST(SUM(o.high) AS BIGINT), CAST(SUM(o.low) AS BIGINT), 0, 0, 0, \
           MIN(o.due_date), CAST(NULL AS DATE) \
         FROM (SELECT m.account_id, m.currency, m.company_code, m.due_date, \
             SUM({high}) AS high, SUM({low}) AS low \
           FROM (SELECT d.account_id, d.currency, d.company_code, d.due_date, d.amount \
             FROM {dues} AND {changed} \
             UNION ALL SELECT e.account_id, i.currency, i.company_code, i.due_date, -e.amount \
             FROM entry e JOIN item i ON i.id = e.item_id AND i.class IN {dated} \
               AND i.due_date < {cutoff} \
             WHERE {entries}) m \
           GROUP BY m.account_id, m.currency, m.company_code, m.due_date \
           HAVING {is_open}) o \
         GROUP BY o.account_id, o.currency, o.company_code",
        whole = sql::wide_sum("d.amount").join(", "),
        is_open = sql::is_something("m.amount"),
    )
}

/// Whether a column is among what is selected, in the words that make the engine go along the
/// index of the column.
pub(super) fn within(engine: DbBackend, column: &str, select: &str) -> String {
    match engine {
        DbBackend::Sqlite => format!("{column} IN ({select})"),
        _ => format!("{column} = ANY (ARRAY({select}))"),
    }
}

/// Loads the inputs; accounts that don't exist are missing.
pub(super) async fn load(conn: &impl ConnectionTrait, query: &InputsQuery) -> Result<Inputs> {
    let Seen { mut inputs, due, secured, others } = look(conn, query).await?;
    if !others.is_empty() {
        inputs.parents.extend(parents_above(conn, &others).await?);
    }
    if !due.is_empty() {
        inputs.due = reservations::reservations_by_id(conn, due).await?;
    }
    if !secured.is_empty() {
        inputs.secured = secured::load(conn, &secured, query.now.today).await?;
        inputs.secured.sort_by_key(|secured| secured.security.id);
    }
    Ok(inputs)
}

/// The inputs, if the one statement tells them all.
pub(super) async fn load_alone(
    conn: &impl ConnectionTrait,
    query: &InputsQuery,
) -> Result<Option<Inputs>> {
    let Seen { inputs, due, secured, others: _ } = look(conn, query).await?;
    Ok((due.is_empty() && secured.is_empty()).then_some(inputs))
}

/// What the one statement tells.
struct Seen {
    inputs: Inputs,
    due: Vec<Uuid>,
    secured: Vec<Uuid>,
    /// Accounts that these belong to, in the same groups.
    others: BTreeSet<String>,
}

/// The account above each of these, and above each of those, as far as there is one.
async fn parents_above(
    conn: &impl ConnectionTrait,
    accounts: &BTreeSet<String>,
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

async fn look(conn: &impl ConnectionTrait, query: &InputsQuery) -> Result<Seen> {
    let (backend, set) = (conn.get_database_backend(), Set::one(&query.accounts));
    let Now { us, today } = query.now;
    let grace = Days::new(u64::try_from(query.grace_days).unwrap_or_default());
    let cutoff = today.checked_sub_days(grace).unwrap_or(NaiveDate::MIN);
    let asked = format!("SELECT v FROM {}", set.table(backend, "s", 1));
    let mut values = set.into_values(backend);
    let text = text(backend, &asked, values.len() + 1, query.people);
    values.extend([us.into(), today.into(), cutoff.into()]);
    let rows: Vec<Row> = sql::all(conn, text, values).await?;
    let mut inputs = Inputs { policy: DEFAULT_POLICY.to_owned(), ..Inputs::default() };
    let (mut due, mut covered, mut others) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut secured_roots = BTreeSet::new();
    // Accounts come first in no particular order of rows: nodes are made where they are met.
    for row in rows {
        match row.arm.as_str() {
            "ACCOUNT" => row.account(&mut inputs),
            "EXPOSURE" => {
                let cell = row.exposure()?;
                node(&mut inputs, &row.account_id).exposure.push(cell);
            }
            "LIMIT" => {
                let account = row.account_id.clone();
                node(&mut inputs, &account).limits.push(row.limit()?);
            }
            "HOLD" => {
                let account = row.account_id.clone();
                node(&mut inputs, &account).holds.push(row.hold()?);
            }
            "OVERDUE" => {
                let cell = row.overdue()?;
                node(&mut inputs, &row.account_id).overdue.push(cell);
            }
            "DUE" => {
                due.extend(row.id);
                others.insert(row.account_id);
            }
            "SECURED" => {
                covered.extend(row.id);
                others.insert(row.account_id);
                secured_roots.insert(row.t1);
            }
            "PEOPLE" => inputs.signals.extend([row.people()?]),
            "POLICY" => inputs.policy = row.t1,
            "CLASS" => _ = inputs.classes.insert(row.account_id, row.t1),
            "TIERS" => inputs.tier_policy = row.t1,
            other => return Err(Error::internal(format!("unknown arm {other}"))),
        }
    }
    // In a fixed order, whatever the engine's.
    for (root, group) in &mut inputs.groups {
        group.is_secured = secured_roots.contains(root);
    }
    for node in inputs.nodes.values_mut().map(Arc::make_mut) {
        node.settle();
        node.limits.sort_by_key(|limit| (limit.recorded_us, limit.id));
        node.holds.sort_by_key(|hold| hold.id);
    }
    Ok(Seen { inputs, due, secured: covered, others })
}

fn node<'a>(inputs: &'a mut Inputs, account: &str) -> &'a mut Node {
    Arc::make_mut(inputs.nodes.entry(account.to_owned()).or_default())
}

#[derive(FromQueryResult)]
struct Row {
    arm: String,
    account_id: String,
    id: Option<Uuid>,
    t1: String,
    t2: String,
    t3: String,
    t4: String,
    t5: String,
    t6: String,
    n1: i64,
    n2: i64,
    n3: i64,
    n4: i64,
    n5: i64,
    d1: Option<NaiveDate>,
    d2: Option<NaiveDate>,
}

impl Row {
    fn account(self, inputs: &mut Inputs) {
        if !self.t1.is_empty() {
            inputs.parents.insert(self.account_id.clone(), self.t1);
        }
        let group = Group { revision: self.n2, next_change_us: self.n3, is_secured: false };
        inputs.groups.insert(self.t3.clone(), group);
        let node = node(inputs, &self.account_id);
        node.is_blocked = self.t2 == "BLOCKED";
        node.is_deleted = self.n1 != 0;
        node.root_id = self.t3;
    }

    fn exposure(&self) -> Result<ExposureCell> {
        Ok(ExposureCell {
            currency: currency(&self.t1)?,
            company_code: self.t2.clone(),
            component: Component::parse(&self.t3).ok_or_else(|| unreadable("a component"))?,
            amount: sql::widened(self.n1, self.n2),
        })
    }

    fn limit(self) -> Result<Limit> {
        let unreadable = || unreadable("a limit");
        let row = credit_limit::Model {
            id: self.id.ok_or_else(unreadable)?,
            account_id: self.account_id,
            segment: self.t1,
            kind: LimitKind::parse(&self.t2).ok_or_else(unreadable)?,
            amount: self.n1,
            currency: OrEmpty::parse(&self.t3).ok_or_else(unreadable)?,
            valid_from: self.d1.ok_or_else(unreadable)?,
            valid_to: self.d2.ok_or_else(unreadable)?,
            temporary: self.n3 == 1,
            cut: self.n3 == 2,
            overdue_amount: self.n4,
            overdue_currency: OrEmpty::parse(&self.t4).ok_or_else(unreadable)?,
            overdue_days: i32::try_from(self.n5).map_err(|_| unreadable())?,
            approver: self.t5.into(),
            reason: self.t6.into(),
            recorded_us: self.n2,
            superseded_us: 0,
        };
        Ok(row.into())
    }

    fn hold(self) -> Result<Hold> {
        let unreadable = || unreadable("a hold");
        Ok(Hold {
            id: self.id.ok_or_else(unreadable)?,
            account_id: self.account_id,
            scope: HoldScope::parse(&self.t1).ok_or_else(unreadable)?,
            reason: self.t2.into(),
            placed_by: self.t3,
            recorded_us: self.n1,
            release: None,
        })
    }

    fn people(self) -> Result<(String, Signal)> {
        let people_from = self.d1.ok_or_else(|| unreadable("who sits at an account"))?;
        let (account_id, finance) = (self.account_id, self.t1);
        account_signal::Model { account_id, people_from, finance }.into_parts()
    }

    fn overdue(&self) -> Result<OverdueCell> {
        Ok(OverdueCell {
            company_code: self.t2.clone(),
            currency: currency(&self.t1)?,
            amount: sql::widened(self.n1, self.n2),
            oldest_due: self.d1.ok_or_else(|| unreadable("an overdue item"))?,
        })
    }
}

fn currency(code: &str) -> Result<Currency> {
    Currency::parse(code).ok_or_else(|| unreadable("a currency"))
}

fn unreadable(what: &str) -> Error {
    Error::internal(format!("{what} cannot be read"))
}
