//! Which accounts have what should not be so. Nothing is stored but what people hide: a statement for
//! each rule walks the accounts along their key and asks the facts of each, so that it is right on any
//! day, and whatever was written since.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Days, NaiveDate, NaiveTime};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, Value,
};
use uuid::Uuid;

use super::account::owners::FIRST_DAY;
use super::customers::{counts_as, counts_as_itself};
use super::entity::finding_snooze::{Column, Entity, Model};
use super::rows::Set;
use super::{ReadTx, WriteTx, rows, sql, tier_class};
use crate::domain::customers::Customers;
use crate::domain::directory::{KeyKind, Kind, Subject};
use crate::domain::error::Result;
use crate::domain::finding::Code;
use crate::domain::finding::duplicate::DUPLICATES_MAX;
use crate::domain::finding::found::{BOOK, Snooze};
use crate::domain::finding::visits::{HOOK_DAYS, RUN_DAYS, VISITS_PER_WEEK, VisitFacts, WEEK_DAYS};
use crate::domain::names::{INTERACTIONS, child_name};

/// Which accounts are looked for.
#[derive(Debug, Clone)]
pub struct Suspects {
    pub rule: Rule,
    pub day: NaiveDate,
    /// The first id.
    pub from: String,
    /// Only those that this member owns on the day.
    pub owner: Option<String>,
    /// Whether those are left out for which it is hidden.
    pub unless_snoozed: bool,
    pub limit: usize,
}

/// What they lack.
#[derive(Debug, Clone)]
pub enum Rule {
    /// An active owner or backup.
    Owner,
    /// An active sponsor.
    Sponsor(SponsorOf),
    /// A meeting for a hook, or after it.
    Hook,
    /// A number or a name that no other has.
    Duplicate,
    /// Time without us: how many visits in a week are the most for each class, by its code.
    Visits(BTreeMap<String, i32>),
}

/// Which accounts are to have a sponsor, by the codes of their classes on the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SponsorOf {
    /// Those of these classes.
    These(BTreeSet<String>),
    /// All but those of these classes.
    AllBut(BTreeSet<String>),
}

impl Rule {
    fn code(&self) -> Code {
        match self {
            Self::Owner => Code::OwnerMissing,
            Self::Sponsor(_) => Code::SponsorMissing,
            Self::Hook => Code::HookExpired,
            Self::Duplicate => Code::DuplicateSuspected,
            Self::Visits(_) => Code::OverContact,
        }
    }
}

/// That `o` is who owns account `a` on a day.
pub(super) fn owner_on(day: &str) -> String {
    format!("o.account_id = a.id AND o.first_day <= {day} AND o.last_day >= {day}")
}

/// That the interval `t` of account `a` holds on a day.
fn holds_on(day: &str) -> String {
    format!(
        "t.account_id = a.id AND t.first_day <= {day} \
         AND COALESCE(t.end_day, t.last_day, '9999-12-31') >= {day}"
    )
}

/// Days back in which visits are read: the last week of those in which it is looked at.
const SEEN_DAYS: u64 = RUN_DAYS + WEEK_DAYS;

/// So many days before a day, which is the first that counts.
fn first_day(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(FIRST_DAY)
}

/// An instant before so many days up to a day begin, wherever on earth the business is, in microseconds
/// since the epoch: interactions are kept in the order of their starts.
fn first_us(day: NaiveDate, days: u64) -> i64 {
    first_day(day, days + 1).and_time(NaiveTime::MIN).and_utc().timestamp_micros()
}

/// That `h` at account `a`, which no import brought, left a hook that ended from a first day on and before another, for which
/// nobody met, and that nobody met anybody there since, nor at an account that is the same customer
/// on a day that is over at `ends_us`.
fn lost(day: &str, first: &str, first_us: &str, ends_us: &str) -> String {
    format!(
        "h.hook_by IS NOT NULL AND h.hook_by < {day} AND h.hook_by >= {first} AND h.stage = 'HELD' \
         AND NOT h.imported \
         AND NOT EXISTS (SELECT 1 FROM interaction u WHERE u.uses_hook IS NOT NULL \
           AND u.uses_hook = h.id AND u.stage = 'HELD') \
         AND NOT EXISTS (SELECT 1 FROM interaction n WHERE n.account_id = h.account_id AND {met}) \
         AND (a.merge_set IS NULL OR NOT EXISTS (SELECT 1 FROM account b \
           JOIN interaction n ON n.account_id = b.id WHERE b.merge_set = a.merge_set \
             AND {other} = {this} AND {met}))",
        met = format!(
            "n.start_us >= {first_us} AND n.stage = 'HELD' AND n.two_way \
             AND n.day > h.hook_by AND n.day <= {day}"
        ),
        other = counts_as("b", ends_us),
        this = counts_as("a", ends_us),
    )
}

/// As which an account of this alias counts.
fn customer(a: &str) -> String {
    format!("COALESCE({a}.merged_into, {a}.id)")
}

/// How many `v` there are at account `a` and at those that count as it on a day that is over at `ends_us`. Of an account that
/// was never merged no other is looked for.
fn visits(counted: &str, ends_us: &str) -> String {
    format!(
        "(SELECT COUNT(*) FROM interaction v WHERE v.account_id = a.id AND {counted}) \
         + CASE WHEN a.merge_set IS NULL THEN 0 ELSE (SELECT COUNT(*) FROM account b \
           JOIN interaction v ON v.account_id = b.id \
           WHERE b.merged_into = a.id AND NOT {itself} AND {counted}) END",
        itself = counts_as_itself("b", ends_us),
    )
}

/// That `v` is one of those that are counted in the week up to a day.
fn visited(day: &str, first: &str, first_us: &str) -> String {
    format!(
        "v.start_us >= {first_us} AND v.day >= {first} AND v.day <= {day} AND v.stage = 'HELD' \
         AND v.direction = 'OURS' AND v.channel IN ('VISIT', 'MEAL', 'EVENT')"
    )
}

/// Another account that has the key `k` of the account `a` too, as `u`, and does not count as it: a name only if it is not
/// registered elsewhere. Numbers of accounts lie between the two.
fn shares(k: &str, a: &str, first: &str, last: &str) -> String {
    format!(
        "FROM lookup_key u JOIN account b ON b.id = u.subject_id \
         WHERE u.key_kind = {k}.key_kind AND u.key_value = {k}.key_value \
           AND u.number BETWEEN {first} AND {last} AND u.subject_id <> {k}.subject_id \
           AND {other} <> {a}.id \
           AND ({k}.key_kind <> 'NAME' OR {a}.region_code = '' OR b.region_code = '' \
             OR {a}.region_code = b.region_code)",
        other = customer("b"),
    )
}

const ACTIVE: &str = "team_member t JOIN member m ON m.id = t.member_id AND m.state = 'ACTIVE'";

/// What account `a` lacks on the day `$1`, and when it is over; values behind the first two are added.
fn lacking(
    rule: &Rule,
    (day, ends_us): (NaiveDate, i64),
    backend: DbBackend,
    values: &mut Vec<Value>,
) -> String {
    let mut wanted = match rule {
        Rule::Hook => {
            values.push(first_day(day, HOOK_DAYS).into());
            values.push(first_us(day, HOOK_DAYS).into());
            values.push(ends_us.into());
            format!(
                "EXISTS (SELECT 1 FROM interaction h WHERE h.account_id = a.id AND {})",
                lost("$1", "$3", "$4", "$5")
            )
        }
        Rule::Visits(of_class) => {
            values.push(first_day(day, WEEK_DAYS - 1).into());
            values.push(first_us(day, WEEK_DAYS).into());
            values.push(ends_us.into());
            let mut most = format!("CASE {}", tier_class::class_on("a.id", "$1"));
            for (code, visits) in of_class {
                values.push(code.as_str().into());
                values.push((*visits).into());
                most += &format!(" WHEN ${} THEN ${}", values.len() - 1, values.len());
            }
            let most = match of_class.is_empty() {
                true => VISITS_PER_WEEK.to_string(),
                false => format!("{most} ELSE {VISITS_PER_WEEK} END"),
            };
            format!("{} > {most}", visits(&visited("$1", "$3", "$4"), "$5"))
        }
        Rule::Duplicate => {
            let (first, last) = Kind::Account.numbers();
            values.push(first.into());
            values.push(last.into());
            let other = shares("k", "a", "$3", "$4");
            format!(
                "EXISTS (SELECT 1 FROM lookup_key k WHERE k.subject_id = a.id \
                   AND k.number BETWEEN $3 AND $4 AND k.key_kind IN ('NAME', 'TAX_ID') \
                   AND EXISTS (SELECT 1 {other}))"
            )
        }
        Rule::Owner => format!(
            "NOT EXISTS (SELECT 1 FROM account_owner o JOIN member m ON m.id = o.member_id \
               AND m.state = 'ACTIVE' WHERE {}) \
             AND NOT EXISTS (SELECT 1 FROM {ACTIVE} WHERE t.role = 'BACKUP' AND {})",
            owner_on("$1"),
            holds_on("$1")
        ),
        Rule::Sponsor(_) => format!(
            "NOT EXISTS (SELECT 1 FROM {ACTIVE} WHERE t.role = 'EXECUTIVE_SPONSOR' AND {})",
            holds_on("$1")
        ),
    };
    if let Rule::Sponsor(of) = rule {
        let class = tier_class::class_on("a.id", "$1");
        let (tested, codes) = match of {
            SponsorOf::These(codes) => (format!("{class} IN"), codes),
            SponsorOf::AllBut(codes) => (format!("COALESCE({class}, '') NOT IN"), codes),
        };
        let codes = Set::one(codes.iter().map(String::as_str));
        wanted += &format!(" AND {tested} {}", codes.subquery(backend, values.len() + 1));
        values.extend(codes.into_values(backend));
    }
    wanted
}

impl ReadTx {
    /// The accounts that lack something on a day, by id.
    pub async fn suspects(&self, of: &Suspects) -> Result<Vec<String>> {
        #[derive(FromQueryResult)]
        struct Row {
            id: String,
        }
        let Suspects { rule, day, from, owner, unless_snoozed, limit } = of;
        let backend = self.conn.get_database_backend();
        let mut values: Vec<Value> = vec![(*day).into(), from.as_str().into()];
        let ends_us = self.store.clock.end_of(*day);
        let mut wanted = lacking(rule, (*day, ends_us), backend, &mut values);
        if rule.code().is_of_customer() {
            values.push(ends_us.into());
            wanted += &format!(" AND {}", counts_as_itself("a", &format!("${}", values.len())));
        }
        if *unless_snoozed {
            wanted += &format!(
                " AND NOT EXISTS (SELECT 1 FROM finding_snooze z WHERE z.account_id = a.id \
                   AND z.code = '{}' AND z.from_date <= $1 AND z.until_date > $1)",
                rule.code()
            );
        }
        if let Some(owner) = owner {
            values.push(owner.as_str().into());
            let his = format!("o.member_id = ${} AND {}", values.len(), owner_on("$1"));
            wanted += &format!(" AND EXISTS (SELECT 1 FROM account_owner o WHERE {his})");
        }
        values.push((*limit as i64).into());
        let text = format!(
            "SELECT a.id FROM account a WHERE a.delete_us = 0 AND a.id >= $2 AND {wanted} \
             ORDER BY a.id LIMIT ${}",
            values.len()
        );
        let rows: Vec<Row> = sql::all(&self.conn, text, values).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// What the rules about visits read of these accounts on a day, by account; of one at which there
    /// is nothing of it, nothing.
    pub async fn visit_facts(
        &self,
        account_ids: &BTreeSet<&str>,
        customers: &Customers,
        day: NaiveDate,
    ) -> Result<HashMap<String, VisitFacts>> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            day: NaiveDate,
            id: Uuid,
        }
        let backend = self.conn.get_database_backend();
        let these = Set::one(account_ids.iter().copied());
        let mut facts: HashMap<String, VisitFacts> = HashMap::new();
        let mut values: Vec<Value> = vec![
            day.into(),
            first_day(day, HOOK_DAYS).into(),
            first_us(day, HOOK_DAYS).into(),
            self.store.clock.end_of(day).into(),
        ];
        let text = format!(
            "SELECT h.account_id, h.hook_by AS day, h.id FROM interaction h \
             JOIN account a ON a.id = h.account_id WHERE h.account_id IN {} AND {} ORDER BY h.hook_by, h.id",
            these.subquery(backend, 5),
            lost("$1", "$2", "$3", "$4")
        );
        values.extend(these.into_values(backend));
        for Row { account_id, day, id } in sql::all(&self.conn, text, values).await? {
            let name = child_name(&account_id, INTERACTIONS, id);
            facts.entry(account_id).or_default().hooks.push((day, name));
        }
        let these = Set::one(customers.with_losers(account_ids));
        let mut values: Vec<Value> =
            vec![day.into(), first_day(day, SEEN_DAYS).into(), first_us(day, SEEN_DAYS).into()];
        let text = format!(
            "SELECT v.account_id, v.day, v.id FROM interaction v \
             WHERE v.account_id IN {} AND {} ORDER BY v.start_us, v.id",
            these.subquery(backend, 4),
            visited("$1", "$2", "$3")
        );
        values.extend(these.into_values(backend));
        for Row { account_id, day, id } in sql::all(&self.conn, text, values).await? {
            let name = child_name(&account_id, INTERACTIONS, id);
            for told in customers.told_of(&account_id) {
                facts.entry(told.to_owned()).or_default().visits.push((day, name.clone()));
            }
        }
        Ok(facts)
    }

    /// Which others have a number or a name in common with each of these accounts, of each key at most as many as are
    /// told (for a caller who does not see all rows: all of them), with the kind of the key. Whoever counts as another is told as
    /// that one, and has none itself.
    pub async fn shared_keys(
        &self,
        account_ids: &BTreeSet<&str>,
    ) -> Result<HashMap<String, Vec<(String, KeyKind)>>> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            key_kind: KeyKind,
            others: Option<String>,
        }
        let backend = self.conn.get_database_backend();
        let (first, last) = Kind::Account.numbers();
        let numbers = account_ids.iter().map(|id| Subject::account(id).number());
        let these = Set::one(numbers);
        let other = shares("k", "a", "$1", "$2");
        // Which of them the caller sees is looked at afterwards.
        let first_of = match self.visible {
            None => format!(" LIMIT {DUPLICATES_MAX}"),
            Some(_) => String::new(),
        };
        let text = format!(
            "SELECT k.subject_id AS account_id, k.key_kind, \
               (SELECT string_agg(w.id, ' ') FROM (SELECT {customer} AS id {other} \
                 ORDER BY u.number, u.subject_id{first_of}) AS w) AS others \
             FROM lookup_key k JOIN account a ON a.id = k.subject_id AND a.merged_into IS NULL \
             WHERE k.key_kind IN ('NAME', 'TAX_ID') AND k.number IN {}",
            these.subquery(backend, 3),
            customer = customer("b"),
        );
        let mut values = vec![first.into(), last.into()];
        values.extend(these.into_values(backend));
        let mut shared: HashMap<String, Vec<(String, KeyKind)>> = HashMap::new();
        for Row { account_id, key_kind, others } in sql::all(&self.conn, text, values).await? {
            let others = others.unwrap_or_default();
            let others = others.split(' ').filter(|id| !id.is_empty());
            let pairs = others.map(|id| (id.to_owned(), key_kind));
            shared.entry(account_id).or_default().extend(pairs);
        }
        Ok(shared)
    }

    /// What is hidden of these accounts, by account and code.
    pub async fn snoozes(
        &self,
        account_ids: &BTreeSet<&str>,
    ) -> Result<BTreeMap<(String, Code), Snooze>> {
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, Column::AccountId, account_ids.iter().copied());
        let found: Vec<Model> = rows::all(&self.conn, Entity::find().filter(these)).await?;
        Ok(found.into_iter().map(|row| ((row.account_id.clone(), row.code), row.into())).collect())
    }

    /// What is hidden of the book.
    pub async fn snoozes_of_book(&self) -> Result<Vec<Snooze>> {
        let of_book = Entity::find().filter(Column::AccountId.eq(BOOK));
        Ok(rows::all(&self.conn, of_book).await?.into_iter().map(Snooze::from).collect())
    }
}

impl WriteTx {
    /// Hides a finding, in place of what was said of it before.
    pub async fn snooze(&self, snooze: &Snooze) -> Result<()> {
        rows::upsert(&self.conn, vec![Model::from(snooze)], "").await?;
        Ok(())
    }
}
