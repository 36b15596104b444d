//! Which contacts count as others: the pointer, each time it was set, and what a merge brings together.
//! Whoever sets or takes one holds the people of every account of both, and locks both.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::ActiveValue::Set as Value;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
};

use super::keys;
use super::same::ids_of;
use crate::domain::contact::merge::{Merge, MergedRecord};
use crate::domain::contact::{Contact, Official};
use crate::domain::error::{Error, Result};
use crate::domain::merge::{Counted, MovedKind};
use crate::domain::names::{ADVICE, COMMITMENTS, GIFTS, INTERACTIONS, POSITIONS, PROMISES};
use crate::store::entity::contact::{ActiveModel, Column, Entity};
use crate::store::entity::contact_merge::{self, Model};
use crate::store::moved::{self, Moved};
use crate::store::rows::{self, Set};
use crate::store::{ReadTx, WriteTx, sql};

/// The records that name contacts.
const NAMING: &[Moved] = &[
    Moved {
        kind: MovedKind::Position,
        collection: POSITIONS,
        text: "SELECT DISTINCT n.position_id AS id, n.account_id FROM incumbency n \
             WHERE n.contact_id IN {them}",
    },
    Moved {
        kind: MovedKind::Tie,
        collection: "",
        text: "SELECT t.id, '' AS account_id FROM tie t \
             WHERE t.from_side = 'CONTACT' AND t.from_id IN {them} \
             UNION SELECT t.id, '' FROM tie t WHERE t.to_side = 'CONTACT' AND t.to_id IN {them}",
    },
    Moved {
        kind: MovedKind::Interaction,
        collection: INTERACTIONS,
        text: "SELECT i.id, i.account_id FROM interaction_contact h \
             JOIN interaction i ON i.id = h.interaction_id WHERE h.contact_id IN {them} \
             UNION SELECT i.id, i.account_id FROM interaction i WHERE i.hook_contact_id IN {them}",
    },
    Moved {
        kind: MovedKind::Commitment,
        collection: COMMITMENTS,
        text: "SELECT c.id, c.account_id FROM commitment c WHERE c.contact_id IN {them}",
    },
    Moved {
        kind: MovedKind::Promise,
        collection: PROMISES,
        text: "SELECT p.id, p.account_id FROM promise p WHERE p.contact_id IN {them}",
    },
    Moved {
        kind: MovedKind::Gift,
        collection: GIFTS,
        text: "SELECT g.id, g.account_id FROM gift g WHERE g.contact_id IN {them}",
    },
    Moved {
        kind: MovedKind::Advice,
        collection: ADVICE,
        text: "SELECT a.id, a.account_id FROM advice a WHERE a.contact_id IN {them}",
    },
];

/// The accounts under which records name the contacts `{them}`.
const ACCOUNTS: &str = "SELECT i.account_id FROM interaction_contact h \
       JOIN interaction i ON i.id = h.interaction_id WHERE h.contact_id IN {them} \
     UNION SELECT i.account_id FROM interaction i WHERE i.hook_contact_id IN {them} \
     UNION SELECT n.account_id FROM incumbency n WHERE n.contact_id IN {them} \
     UNION SELECT c.account_id FROM commitment c WHERE c.contact_id IN {them} \
     UNION SELECT g.account_id FROM gift g WHERE g.contact_id IN {them} \
     UNION SELECT a.account_id FROM advice a WHERE a.contact_id IN {them}";

impl WriteTx {
    /// The accounts at which something is kept of these records as it is now, whatever counts as them.
    pub async fn accounts_of_records(&self, ids: &BTreeSet<String>) -> Result<BTreeSet<String>> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
        }
        let backend = self.conn.get_database_backend();
        let these = Set::one(ids_of(&self.conn, ids.iter().map(String::as_str)).await?);
        let text = ACCOUNTS.replace("{them}", &these.subquery(backend, 1));
        let found: Vec<Row> = sql::all(&self.conn, text, these.into_values(backend)).await?;
        Ok(found.into_iter().map(|row| row.account_id).collect())
    }

    /// Whether a record that counts as a contact says that he is an official.
    pub async fn is_official_by_another(&self, contact_id: &str) -> Result<bool> {
        let found = Entity::find()
            .filter(Column::MergedInto.eq(contact_id))
            .filter(Column::Official.eq(Official::Official));
        rows::any(&self.conn, found).await
    }

    /// How many records of each kind name these contacts, and the names of the first recorded.
    pub async fn naming_contacts(&self, ids: &BTreeSet<&str>) -> Result<Vec<Counted>> {
        moved::counted(&self.conn, NAMING, ids).await
    }

    /// Interactions in which more than one of these contacts took part, in the order they were recorded.
    pub async fn interactions_shared(&self, ids: &BTreeSet<String>) -> Result<Vec<String>> {
        let backend = self.conn.get_database_backend();
        let these = Set::one(ids);
        let text = format!(
            "SELECT i.id, i.account_id FROM interaction i WHERE i.id IN \
             (SELECT h.interaction_id FROM interaction_contact h WHERE h.contact_id IN {} \
              GROUP BY h.interaction_id HAVING COUNT(DISTINCT h.contact_id) > 1) ORDER BY i.id",
            these.subquery(backend, 1)
        );
        let found: Vec<moved::Row> = sql::all(&self.conn, text, these.into_values(backend)).await?;
        Ok(found.iter().map(|row| row.name(INTERACTIONS)).collect())
    }

    /// How many others count as each of these contacts, of those as whom any does.
    pub async fn counting_as(&self, ids: &BTreeSet<&str>) -> Result<BTreeMap<String, usize>> {
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, Column::MergedInto, ids.iter().copied());
        let found = rows::all(&self.conn, Entity::find().filter(these)).await?;
        let mut others: BTreeMap<String, usize> = BTreeMap::new();
        for survivor in found.into_iter().filter_map(|row| row.merged_into) {
            *others.entry(survivor).or_default() += 1;
        }
        Ok(others)
    }

    /// Writes as whom a contact counts, who is locked, and nothing else of his.
    pub async fn point_contact(&self, contact: &Contact) -> Result<()> {
        let change = ActiveModel {
            state: Value(contact.state),
            merged_into: Value(contact.merged_into.clone()),
            ..Default::default()
        };
        rows::change(&self.conn, change, Column::Id.eq(&*contact.id)).await?;
        Ok(())
    }

    /// Gives a contact, who is locked, another version, and changes nothing of him.
    pub async fn raise_contact(&self, id: &str, version: i64) -> Result<()> {
        let change = ActiveModel { version: Value(version), ..Default::default() };
        rows::change(&self.conn, change, Column::Id.eq(id)).await?;
        Ok(())
    }

    pub async fn insert_merge(&self, merge: Merge) -> Result<()> {
        rows::insert_one(&self.conn, Model::from(merge)).await
    }

    /// The merge by which a contact counts as another.
    pub async fn merge_of(&self, loser_id: &str) -> Result<Merge> {
        let found = contact_merge::Entity::find()
            .filter(contact_merge::Column::LoserId.eq(loser_id))
            .filter(contact_merge::Column::UndoUs.is_null());
        let row = rows::one(&self.conn, found).await?;
        let gone = || Error::internal(format!("no merge of {loser_id} stands"));
        row.map(Merge::from).ok_or_else(gone)
    }

    /// Writes that a merge was undone.
    pub async fn undo_merge(&self, merge: Merge) -> Result<()> {
        rows::update(&self.conn, vec![Model::from(merge)]).await?;
        Ok(())
    }
}

impl ReadTx {
    /// All merges of the records of a contact, undone ones too, in the order in which they were done.
    pub async fn merges(&self, contact_id: &str) -> Result<Vec<Merge>> {
        let backend = self.conn.get_database_backend();
        let ids = ids_of(&self.conn, [contact_id]).await?;
        let of_these = |column| rows::among(backend, column, &ids);
        let any = of_these(contact_merge::Column::LoserId)
            .or(of_these(contact_merge::Column::SurvivorId));
        let found = contact_merge::Entity::find()
            .filter(any)
            .order_by_asc(contact_merge::Column::MergeUs)
            .order_by_asc(contact_merge::Column::Id);
        Ok(rows::all(&self.conn, found).await?.into_iter().map(Merge::from).collect())
    }

    /// The records that count as each of these contacts, in the order in which they came to.
    pub async fn merged_contacts(
        &self,
        ids: &[&str],
    ) -> Result<HashMap<String, Vec<MergedRecord>>> {
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, Column::MergedInto, ids.iter().copied());
        let found = rows::all(&self.conn, Entity::find().filter(these)).await?;
        if found.is_empty() {
            return Ok(HashMap::new());
        }
        let losers =
            rows::among(backend, contact_merge::Column::LoserId, found.iter().map(|row| &row.id));
        let merges = contact_merge::Entity::find()
            .filter(losers)
            .filter(contact_merge::Column::UndoUs.is_null())
            .order_by_asc(contact_merge::Column::MergeUs)
            .order_by_asc(contact_merge::Column::LoserId);
        let merges = rows::all(&self.conn, merges).await?.into_iter().map(Merge::from);
        let found = keys::complete(&self.conn, found).await?.into_iter();
        let mut found: HashMap<String, Contact> =
            found.map(|contact| (contact.id.clone(), contact)).collect();
        let mut all: HashMap<String, Vec<MergedRecord>> = HashMap::new();
        for Merge { survivor_id, loser_id, us, by, reason, .. } in merges {
            if let Some(contact) = found.remove(&loser_id) {
                let record = MergedRecord { contact, us, by, reason };
                all.entry(survivor_id).or_default().push(record);
            }
        }
        Ok(all)
    }
}
