//! What members carry already: who else they own or are the sponsor of.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, Value};

use crate::domain::error::Result;
use crate::domain::member::{Competencies, MemberState};
use crate::domain::team::accountable::Person;
use crate::domain::team::eligible::Candidate;
use crate::store::entity::member;
use crate::store::rows::Set;
use crate::store::{WriteTx, rows, sql, tier_class};

/// What of the accounts that members own is counted.
#[derive(Debug, Clone, Copy)]
pub struct Carried<'a> {
    /// All but these.
    pub but: &'a BTreeSet<String>,
    /// Those that are theirs on this day or later.
    pub from: NaiveDate,
    /// Only those that are in this class on that day; `None` for all.
    pub class: Option<&'a str>,
}

impl Carried<'_> {
    /// What is true of the accounts counted; its parameters, of which the first is the day, stand
    /// before all others.
    fn counted(&self, backend: DbBackend) -> (String, Vec<Value>) {
        let these = Set::one(self.but.iter().map(String::as_str));
        let mut text =
            format!("o.last_day >= $1 AND o.account_id NOT IN {}", these.subquery(backend, 2));
        let mut values = vec![self.from.into()];
        values.extend(these.into_values(backend));
        if let Some(class) = self.class {
            values.push(class.into());
            let is = tier_class::class_on(&tier_class::classed_as("o.account_id"), "$1");
            text += &format!(" AND {is} = ${}", values.len());
        }
        (text, values)
    }
}

impl WriteTx {
    /// How many accounts that are not deleted a member owns.
    pub async fn owned(&self, member_id: &str, which: &Carried<'_>) -> Result<u32> {
        let (counted, mut values) = which.counted(self.conn.get_database_backend());
        values.push(member_id.into());
        let text = format!(
            "SELECT COUNT(DISTINCT o.account_id) AS v FROM account_owner o \
             JOIN account a ON a.id = o.account_id AND a.delete_us = 0 \
             WHERE {counted} AND o.member_id = ${}",
            values.len()
        );
        let count = sql::scalar::<i64>(&self.conn, text, values).await?;
        Ok(u32::try_from(count.unwrap_or_default()).unwrap_or(u32::MAX))
    }

    /// Every member as one who might own an account, by id. What they own is not counted.
    pub async fn candidates(&self) -> Result<HashMap<String, Candidate>> {
        let members = rows::all(&self.conn, member::Entity::find()).await?;
        let candidate = |row: member::Model| {
            let member::Model { id, manager_id, negotiation, product, responsibility, .. } = row;
            let candidate = Candidate {
                person: Person { active: row.state == MemberState::Active, manager_id },
                competencies: Competencies {
                    negotiation,
                    product,
                    responsibility,
                    resources: row.resources,
                },
                executive: row.executive,
                owned: 0,
                sponsored: 0,
            };
            (id, candidate)
        };
        Ok(members.into_iter().map(candidate).collect())
    }

    /// How many accounts that are not deleted each of these members owns; who owns none is missing.
    pub async fn owned_by(
        &self,
        member_ids: &BTreeSet<&str>,
        which: &Carried<'_>,
    ) -> Result<HashMap<String, u32>> {
        #[derive(FromQueryResult)]
        struct Row {
            member_id: String,
            owned: i64,
        }
        let backend = self.conn.get_database_backend();
        let (counted, mut values) = which.counted(backend);
        let these = Set::one(member_ids.iter().copied());
        // From the members to their accounts, by the index: the book is much larger.
        let text = format!(
            "SELECT o.member_id, COUNT(DISTINCT o.account_id) AS owned \
             FROM {} CROSS JOIN account_owner o \
             JOIN account a ON a.id = o.account_id AND a.delete_us = 0 \
             WHERE o.member_id = s.v AND {counted} GROUP BY o.member_id",
            these.table(backend, "s", values.len() + 1)
        );
        values.extend(these.into_values(backend));
        let rows: Vec<Row> = sql::all(&self.conn, text, values).await?;
        let counts = rows
            .into_iter()
            .map(|Row { member_id, owned }| (member_id, u32::try_from(owned).unwrap_or(u32::MAX)));
        Ok(counts.collect())
    }
}
