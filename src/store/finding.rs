//! Which accounts have what should not be so. Nothing is stored but what people hide: a statement for
//! each rule walks the accounts along their key and asks the facts of each, so that it is right on any
//! day, and whatever was written since.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, Value};

use super::entity::finding_snooze::{Column, Entity, Model};
use super::rows::Set;
use super::{ReadTx, WriteTx, rows, sql};
use crate::domain::dated::ChangePoint;
use crate::domain::error::Result;
use crate::domain::finding::Code;
use crate::domain::finding::found::{BOOK, Snooze};

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
    /// An active sponsor; `None`: all accounts are to have one, else those of these classes.
    Sponsor(Option<BTreeSet<String>>),
}

impl Rule {
    fn code(&self) -> Code {
        match self {
            Self::Owner => Code::OwnerMissing,
            Self::Sponsor(_) => Code::SponsorMissing,
        }
    }
}

/// That the owner `t` of account `a` is the one on a day.
pub(super) fn owner_on(day: &str) -> String {
    format!(
        "t.account_id = a.id AND t.role = 'OWNER' AND t.first_day <= {day} AND NOT EXISTS ( \
           SELECT 1 FROM team_member n WHERE n.account_id = a.id AND n.role = 'OWNER' \
           AND n.first_day <= {day} AND (n.first_day, n.recorded_us) > (t.first_day, t.recorded_us))"
    )
}

/// That the interval `t` of account `a` holds on a day.
fn holds_on(day: &str) -> String {
    format!(
        "t.account_id = a.id AND t.first_day <= {day} \
         AND COALESCE(t.end_day, t.last_day, '9999-12-31') >= {day}"
    )
}

const ACTIVE: &str = "team_member t JOIN member m ON m.id = t.member_id AND m.state = 'ACTIVE'";

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
        let mut wanted = match rule {
            Rule::Owner => format!(
                "NOT EXISTS (SELECT 1 FROM {ACTIVE} WHERE {}) \
                 AND NOT EXISTS (SELECT 1 FROM {ACTIVE} WHERE t.role = 'BACKUP' AND {})",
                owner_on("$1"),
                holds_on("$1")
            ),
            Rule::Sponsor(_) => format!(
                "NOT EXISTS (SELECT 1 FROM {ACTIVE} WHERE t.role = 'EXECUTIVE_SPONSOR' AND {})",
                holds_on("$1")
            ),
        };
        if let Rule::Sponsor(Some(classes)) = rule {
            let classes = Set::one(classes.iter().map(String::as_str));
            wanted += &format!(
                " AND EXISTS (SELECT 1 FROM tier_assignment c WHERE c.account_id = a.id \
                   AND c.from_date <= $1 AND c.class IN {} AND NOT EXISTS ( \
                     SELECT 1 FROM tier_assignment n WHERE n.account_id = a.id AND n.from_date <= $1 \
                     AND (n.from_date, n.recorded_us) > (c.from_date, c.recorded_us)))",
                classes.subquery(backend, values.len() + 1)
            );
            values.extend(classes.into_values(backend));
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
            let his = format!("t.member_id = ${} AND {}", values.len(), owner_on("$1"));
            wanted += &format!(" AND EXISTS (SELECT 1 FROM team_member t WHERE {his})");
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

    /// The class that is applied to these accounts from which day on.
    pub async fn classes_of(
        &self,
        account_ids: &BTreeSet<&str>,
    ) -> Result<HashMap<String, Vec<ChangePoint<String>>>> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            from_date: NaiveDate,
            recorded_us: i64,
            class: String,
        }
        let backend = self.conn.get_database_backend();
        let these = Set::one(account_ids.iter().copied());
        let text = format!(
            "SELECT c.account_id, c.from_date, c.recorded_us, c.class FROM tier_assignment c \
             WHERE c.account_id IN {}",
            these.subquery(backend, 1)
        );
        let rows: Vec<Row> = sql::all(&self.conn, text, these.into_values(backend)).await?;
        let mut classes: HashMap<String, Vec<ChangePoint<String>>> = HashMap::new();
        for Row { account_id, from_date, recorded_us, class } in rows {
            let point = ChangePoint { from_date, recorded_us, value: class };
            classes.entry(account_id).or_default().push(point);
        }
        Ok(classes)
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
