//! What members carry already: who else they own or are the sponsor of.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult};

use crate::domain::error::Result;
use crate::domain::member::{Competencies, MemberState};
use crate::domain::team::accountable::Person;
use crate::domain::team::eligible::Candidate;
use crate::store::entity::member;
use crate::store::rows::Set;
use crate::store::{WriteTx, rows, sql};

impl WriteTx {
    /// How many accounts that are not deleted a member owns on a day or later, these aside.
    pub async fn owned(
        &self,
        member_id: &str,
        but_account_ids: &BTreeSet<String>,
        from: NaiveDate,
    ) -> Result<u32> {
        let backend = self.conn.get_database_backend();
        let these = Set::one(but_account_ids.iter().map(String::as_str));
        let text = format!(
            "SELECT COUNT(DISTINCT o.account_id) AS v FROM account_owner o \
             JOIN account a ON a.id = o.account_id AND a.delete_us = 0 \
             WHERE o.member_id = $2 AND o.last_day >= $1 AND o.account_id NOT IN {}",
            these.subquery(backend, 3)
        );
        let mut values = vec![from.into(), member_id.into()];
        values.extend(these.into_values(backend));
        let count = sql::scalar::<i64>(&self.conn, text, values).await?;
        Ok(u32::try_from(count.unwrap_or_default()).unwrap_or(u32::MAX))
    }

    /// Every member as one who might own an account from a day on, by id. What they own is
    /// counted only if it is `counted`.
    pub async fn candidates(
        &self,
        but_account_ids: &BTreeSet<String>,
        from: NaiveDate,
        counted: bool,
    ) -> Result<HashMap<String, Candidate>> {
        let mut owned = match counted {
            true => self.owned_by_all(but_account_ids, from).await?,
            false => HashMap::new(),
        };
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
                owned: owned.remove(&id).unwrap_or_default(),
                sponsored: 0,
            };
            (id, candidate)
        };
        Ok(members.into_iter().map(candidate).collect())
    }

    async fn owned_by_all(
        &self,
        but_account_ids: &BTreeSet<String>,
        from: NaiveDate,
    ) -> Result<HashMap<String, u32>> {
        #[derive(FromQueryResult)]
        struct Row {
            member_id: String,
            owned: i64,
        }
        let backend = self.conn.get_database_backend();
        let these = Set::one(but_account_ids.iter().map(String::as_str));
        let text = format!(
            "SELECT o.member_id, COUNT(DISTINCT o.account_id) AS owned \
             FROM account_owner o JOIN account a ON a.id = o.account_id AND a.delete_us = 0 \
             WHERE o.member_id <> '' AND o.last_day >= $1 AND o.account_id NOT IN {} \
             GROUP BY o.member_id",
            these.subquery(backend, 2)
        );
        let mut values = vec![from.into()];
        values.extend(these.into_values(backend));
        let rows: Vec<Row> = sql::all(&self.conn, text, values).await?;
        let counts = rows
            .into_iter()
            .map(|Row { member_id, owned }| (member_id, u32::try_from(owned).unwrap_or(u32::MAX)));
        Ok(counts.collect())
    }
}
