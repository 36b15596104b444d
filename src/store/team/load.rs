//! What members carry already: who else they own or are the sponsor of.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{EntityTrait, FromQueryResult};

use crate::domain::error::Result;
use crate::domain::member::{Competencies, MemberState};
use crate::domain::team::accountable::Person;
use crate::domain::team::eligible::Candidate;
use crate::store::entity::member;
use crate::store::{WriteTx, rows, sql};

/// That the owner `t` is one on a day `$1` or later: nobody follows him by then, and nobody
/// replaces him from his first day on.
const OWNS: &str = "t.role = 'OWNER' AND NOT EXISTS (SELECT 1 FROM team_member n \
    WHERE n.account_id = t.account_id AND n.role = 'OWNER' \
    AND (n.first_day > t.first_day OR (n.first_day = t.first_day AND n.recorded_us > t.recorded_us)) \
    AND (n.first_day <= t.first_day OR n.first_day <= $1))";

impl WriteTx {
    /// How many accounts that are not deleted a member owns on a day or later, one account aside.
    pub async fn owned(
        &self,
        member_id: &str,
        but_account_id: &str,
        from: NaiveDate,
    ) -> Result<u32> {
        let text = format!(
            "SELECT COUNT(DISTINCT t.account_id) AS v FROM team_member t \
             JOIN account a ON a.id = t.account_id AND a.delete_us = 0 \
             WHERE t.member_id = $2 AND t.account_id <> $3 AND {OWNS}"
        );
        let values = vec![from.into(), member_id.into(), but_account_id.into()];
        let count = sql::scalar::<i64>(&self.conn, text, values).await?;
        Ok(u32::try_from(count.unwrap_or_default()).unwrap_or(u32::MAX))
    }

    /// Every member as one who might own an account from a day on, by id. What they own is
    /// counted only if it is `counted`.
    pub async fn candidates(
        &self,
        but_account_id: &str,
        from: NaiveDate,
        counted: bool,
    ) -> Result<HashMap<String, Candidate>> {
        let mut owned = match counted {
            true => self.owned_by_all(but_account_id, from).await?,
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
        but_account_id: &str,
        from: NaiveDate,
    ) -> Result<HashMap<String, u32>> {
        #[derive(FromQueryResult)]
        struct Row {
            member_id: String,
            owned: i64,
        }
        let text = format!(
            "SELECT t.member_id, COUNT(DISTINCT t.account_id) AS owned FROM team_member t \
             JOIN account a ON a.id = t.account_id AND a.delete_us = 0 \
             WHERE t.member_id IS NOT NULL AND t.account_id <> $2 AND {OWNS} \
             GROUP BY t.member_id"
        );
        let values = vec![from.into(), but_account_id.into()];
        let rows: Vec<Row> = sql::all(&self.conn, text, values).await?;
        let counts = rows
            .into_iter()
            .map(|Row { member_id, owned }| (member_id, u32::try_from(owned).unwrap_or(u32::MAX)));
        Ok(counts.collect())
    }
}
