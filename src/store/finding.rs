//! Which accounts have what should not be so. Nothing is stored but what people hide: a statement for
//! each rule walks the accounts along their key and asks the facts of each, so that it is right on any
//! day, and whatever was written since.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, Value};

use super::entity::finding_snooze::{Column, Entity, Model};
use super::rows::Set;
use super::{ReadTx, WriteTx, rows, sql, tier_class};
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
    /// An active sponsor.
    Sponsor(SponsorOf),
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
