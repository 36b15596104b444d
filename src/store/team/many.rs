//! The teams of many accounts at once, and the people on them: a statement each, however many.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};

use crate::domain::error::Result;
use crate::domain::member::MemberState;
use crate::domain::team::Team;
use crate::domain::team::accountable::Person;
use crate::domain::team::membership::{Membership, TeamHead, record};
use crate::store::entity::account_team;
use crate::store::entity::team_member::{Column, Entity, Model};
use crate::store::once::Fact;
use crate::store::rows::{self, Set};
use crate::store::{ReadTx, WriteTx, sql};

async fn teams(
    conn: &impl ConnectionTrait,
    account_ids: impl IntoIterator<Item = &str>,
) -> Result<HashMap<String, Team>> {
    let these = rows::among(conn.get_database_backend(), Column::AccountId, account_ids);
    let mut teams: HashMap<String, Team> = HashMap::new();
    for row in rows::all(conn, Entity::find().filter(these)).await? {
        let team = teams.entry(row.account_id.clone()).or_default();
        // The version of a team is not told here.
        record(team, row.into_membership(0));
    }
    Ok(teams)
}

impl WriteTx {
    /// As [`ReadTx::teams`], with what this transaction has written.
    pub async fn teams(&self, account_ids: &BTreeSet<String>) -> Result<HashMap<String, Team>> {
        teams(&self.conn, account_ids.iter().map(String::as_str)).await
    }

    /// As [`WriteTx::lock_team`], of many accounts in the order of their ids; answers all of them.
    pub async fn lock_teams(
        &self,
        account_ids: &BTreeSet<String>,
    ) -> Result<HashMap<String, TeamHead>> {
        let first = account_ids.iter().cloned();
        let first =
            first.map(|id| account_team::Model { account_id: id, version: 0, update_us: 0 });
        rows::insert_new(&self.conn, first.collect()).await?;
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, account_team::Column::AccountId, account_ids);
        let these = account_team::Entity::find()
            .filter(these)
            .order_by_asc(account_team::Column::AccountId);
        let these = match backend {
            DbBackend::Sqlite => these,
            _ => these.lock_exclusive(),
        };
        let head = |row: account_team::Model| {
            (row.account_id, TeamHead { version: row.version, update_us: row.update_us })
        };
        Ok(rows::all(&self.conn, these).await?.into_iter().map(head).collect())
    }

    /// Adds what is recorded about teams that are locked, one a team, and gives them its version.
    pub async fn add_to_teams(&self, memberships: &[Membership]) -> Result<()> {
        let head = |one: &Membership| account_team::Model {
            account_id: one.account_id.clone(),
            version: one.version,
            update_us: one.days.recorded_us,
        };
        rows::update(&self.conn, memberships.iter().map(head).collect()).await?;
        rows::insert(&self.conn, memberships.iter().map(Model::from).collect()).await?;
        super::keep_owners(&self.conn, memberships).await
    }
}

impl ReadTx {
    /// Everything recorded about the teams of these accounts, by account; those are missing that
    /// nobody was ever assigned to.
    pub async fn teams(&self, account_ids: &BTreeSet<&str>) -> Result<HashMap<String, Team>> {
        let read = teams(&self.conn, account_ids.iter().copied());
        self.answered.once(Fact::Teams, (account_ids, i64::MAX), read).await
    }

    /// These members and everybody above them, by id.
    pub async fn people(&self, member_ids: &BTreeSet<&str>) -> Result<HashMap<String, Person>> {
        #[derive(FromQueryResult)]
        struct Row {
            id: String,
            manager_id: Option<String>,
            state: MemberState,
        }
        let backend = self.conn.get_database_backend();
        let these = Set::one(member_ids.iter().copied());
        // UNION leaves out whom it met before, so that it ends on damaged data as well.
        let text = format!(
            "WITH RECURSIVE line(id, manager_id, state) AS ( \
               SELECT m.id, m.manager_id, m.state FROM member m WHERE m.id IN {} UNION \
               SELECT m.id, m.manager_id, m.state FROM line l \
               JOIN member m ON m.id = l.manager_id) \
             SELECT id, manager_id, state FROM line",
            these.subquery(backend, 1)
        );
        let rows: Vec<Row> = sql::all(&self.conn, text, these.into_values(backend)).await?;
        let person = |Row { id, manager_id, state }| {
            (id, Person { active: state == MemberState::Active, manager_id })
        };
        Ok(rows.into_iter().map(person).collect())
    }
}
