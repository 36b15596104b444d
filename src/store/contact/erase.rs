//! Taking away what is personal of a contact. All of it stands in rows of its own, in clear and once:
//! kept answers, events, the audit and timelines never had it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};
use uuid::Uuid;

use crate::domain::contact::Contact;
use crate::domain::contact::erasure::{RecordKind, Shared};
use crate::domain::error::Result;
use crate::domain::external_ref::ExternalRef;
use crate::domain::names::CanonicalForm;
use crate::domain::personal::Personal;
use crate::store::contact::same::{ids_of, same_as};
use crate::store::entity::{contact_erased, contact_ref, interaction_past};
use crate::store::source_system::forms_of;
use crate::store::{ReadTx, WriteTx, rows, sql};

/// The texts of a table. `{him}` stands for the ids of all records that count as the contact.
struct Texts {
    kind: RecordKind,
    /// With the alias that `which` knows it by.
    table: &'static str,
    /// Columns of text that have to be there.
    texts: &'static [&'static str],
    /// Columns of text that may be NULL, and stay so.
    optional: &'static [&'static str],
    /// Which of its rows are about him.
    which: &'static str,
    /// It may be about others of theirs, of the interaction with this id.
    interaction: Option<&'static str>,
}

/// The interactions that a contact took part in, or that left a hook for him.
const HIS: &str = "SELECT h.interaction_id FROM interaction_contact h WHERE h.contact_id IN {him} \
     UNION SELECT k.id FROM interaction k WHERE k.hook_contact_id IN {him}";

/// That others of theirs took part too.
const SHARED: &str = "EXISTS (SELECT 1 FROM interaction_contact o \
     WHERE o.interaction_id = {id} AND o.contact_id NOT IN {him})";

const TEXTS: &[Texts] = &[
    Texts {
        kind: RecordKind::Incumbency,
        table: "incumbency x",
        texts: &["reason"],
        optional: &[],
        // Who leaves a position is told by the timeline: the row says that nobody sits there.
        which: "x.contact_id IN {him} OR x.id IN (SELECT t.id FROM timeline t \
             WHERE t.parent IN (SELECT 'contacts/' || g.id FROM {him} AS g) \
             AND t.kind = 'POSITION_LEFT')",
        interaction: None,
    },
    Texts {
        kind: RecordKind::Tie,
        table: "tie x",
        texts: &["source"],
        optional: &["review_reason", "end_reason"],
        which: "(x.from_side = 'CONTACT' AND x.from_id IN {him}) \
             OR (x.to_side = 'CONTACT' AND x.to_id IN {him})",
        interaction: None,
    },
    Texts {
        kind: RecordKind::Interaction,
        table: "interaction x",
        texts: &["purpose", "notes"],
        optional: &["hook_topic", "amend_reason"],
        which: "x.id IN ({his})",
        interaction: Some("x.id"),
    },
    Texts {
        kind: RecordKind::Commitment,
        table: "commitment x",
        texts: &["text"],
        optional: &["settle_reason"],
        which: "x.contact_id IN {him}",
        interaction: None,
    },
    Texts {
        kind: RecordKind::CommitmentEvidence,
        table: "commitment_evidence x",
        texts: &["note"],
        optional: &[],
        which: "x.commitment_id IN (SELECT c.id FROM commitment c WHERE c.contact_id IN {him})",
        interaction: None,
    },
    Texts {
        kind: RecordKind::Gift,
        table: "gift x",
        texts: &["occasion"],
        optional: &["decide_reason"],
        which: "x.contact_id IN {him}",
        interaction: None,
    },
    Texts {
        kind: RecordKind::Advice,
        table: "advice x",
        texts: &["text"],
        optional: &["verify_evidence"],
        which: "x.contact_id IN {him}",
        interaction: None,
    },
    Texts {
        kind: RecordKind::Merge,
        table: "contact_merge x",
        texts: &["reason"],
        optional: &["undo_reason"],
        which: "x.survivor_id IN {him} OR x.loser_id IN {him}",
        interaction: None,
    },
];

/// A statement about all records that count as the contact `$1`.
fn of_him(text: &str) -> String {
    text.replace("{him}", &same_as("$1"))
}

impl Texts {
    /// That a row is about him and says something.
    fn condition(&self, include_shared: bool) -> String {
        let Self { texts, optional, which, interaction, .. } = self;
        let says = texts.iter().chain(*optional).map(|column| format!("x.{column} <> ''"));
        let says = says.collect::<Vec<_>>().join(" OR ");
        let which = which.replace("{his}", HIS);
        let alone = match interaction {
            Some(id) if !include_shared => format!(" AND NOT {}", SHARED.replace("{id}", id)),
            _ => String::new(),
        };
        of_him(&format!("({which}) AND ({says}){alone}"))
    }

    fn count(&self, include_shared: bool) -> String {
        let Self { table, .. } = self;
        let condition = self.condition(include_shared);
        format!("SELECT CAST(COUNT(*) AS BIGINT) AS v FROM {table} WHERE {condition}")
    }

    fn erase(&self, include_shared: bool) -> String {
        let Self { table, texts, optional, .. } = self;
        let blank = texts.iter().map(|column| format!("{column} = ''"));
        let stays =
            |column: &&str| format!("{column} = CASE WHEN {column} IS NULL THEN NULL ELSE '' END");
        let set = blank.chain(optional.iter().map(stays)).collect::<Vec<_>>().join(", ");
        let table = table.replace(" x", " AS x");
        let condition = self.condition(include_shared);
        format!("UPDATE {table} SET {set} WHERE {condition}")
    }
}

#[derive(FromQueryResult)]
struct Number {
    v: i64,
}

async fn number(conn: &impl ConnectionTrait, text: String, contact_id: &str) -> Result<u64> {
    let found: Vec<Number> = sql::all(conn, text, vec![contact_id.into()]).await?;
    Ok(found.first().and_then(|one| u64::try_from(one.v).ok()).unwrap_or(0))
}

/// Of the contact himself, in all his records.
fn own(records: &[Contact]) -> [(RecordKind, u64); 3] {
    let somebody = records.iter().filter(|one| one.is_somebody()).count();
    let labels: usize = records.iter().map(|one| one.labels.len()).sum();
    let refs: usize = records.iter().map(|one| one.external_refs.len()).sum();
    [
        (RecordKind::Contact, somebody as u64),
        (RecordKind::Label, labels as u64),
        (RecordKind::ExternalRef, refs as u64),
    ]
}

/// Those of which there is something, in the order of kinds.
fn of_something(mut all: Vec<(RecordKind, u64)>) -> Vec<(RecordKind, u64)> {
    all.retain(|(_, records)| *records > 0);
    all.sort_by_key(|(kind, _)| *kind as u8);
    all
}

/// An interaction that a contact is in, or an earlier version of one.
struct About {
    account_id: String,
    interaction_id: Uuid,
    start_us: i64,
    /// People wrote something about it.
    says: bool,
    /// Others of theirs took part.
    others: bool,
}

/// The interactions that a contact took part in or that left a hook for him, as they are.
async fn interactions(conn: &impl ConnectionTrait, contact_id: &str) -> Result<Vec<About>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        account_id: String,
        start_us: i64,
        says: i32,
        others: i32,
    }
    let says = "w.purpose <> '' OR w.notes <> '' OR w.hook_topic <> '' OR w.amend_reason <> ''";
    let others = SHARED.replace("{id}", "w.id");
    let text = format!(
        "SELECT w.id, w.account_id, w.start_us, CASE WHEN {says} THEN 1 ELSE 0 END AS says, \
         CASE WHEN {others} THEN 1 ELSE 0 END AS others \
         FROM interaction w WHERE w.id IN ({HIS})"
    );
    let found: Vec<Row> = sql::all(conn, of_him(&text), vec![contact_id.into()]).await?;
    let about = |row: Row| About {
        account_id: row.account_id,
        interaction_id: row.id,
        start_us: row.start_us,
        says: row.says != 0,
        others: row.others != 0,
    };
    Ok(found.into_iter().map(about).collect())
}

/// The earlier versions of interactions that name a contact, each by whom it names itself.
async fn versions(
    conn: &impl ConnectionTrait,
    contact_id: &str,
) -> Result<Vec<(interaction_past::Model, About)>> {
    let ids = ids_of(conn, [contact_id]).await?;
    let named = ids
        .iter()
        .fold(Condition::any(), |any, id| any.add(interaction_past::Column::Content.contains(id)));
    let mut found = Vec::new();
    for row in rows::all(conn, interaction_past::Entity::find().filter(named)).await? {
        let was = row.clone().into_interaction()?;
        let hook = was.next_hook.as_ref();
        let is_his = |id: &String| ids.contains(id);
        let is_in = was.theirs.iter().any(|one| is_his(&one.contact_id))
            || hook.and_then(|hook| hook.contact_id.as_ref()).is_some_and(is_his);
        if !is_in {
            continue;
        }
        let texts = [Some(&was.purpose), Some(&was.notes), hook.map(|hook| &hook.topic)];
        let reason = was.amended.as_ref().map(|amended| &amended.reason);
        let about = About {
            account_id: was.account_id.clone(),
            interaction_id: was.id,
            start_us: was.start_us,
            says: texts.into_iter().chain([reason]).flatten().any(|text| !text.is_empty()),
            others: was.theirs.iter().any(|one| !is_his(&one.contact_id)),
        };
        found.push((row, about));
    }
    Ok(found)
}

/// The accounts under which something is kept of a contact, in their order.
async fn accounts(conn: &impl ConnectionTrait, contact_id: &str) -> Result<BTreeSet<String>> {
    #[derive(FromQueryResult)]
    struct Row {
        account_id: String,
    }
    let text = format!(
        "SELECT i.account_id FROM interaction i WHERE i.id IN ({HIS}) \
         UNION SELECT n.account_id FROM incumbency n WHERE n.contact_id IN {{him}} \
         UNION SELECT c.account_id FROM commitment c WHERE c.contact_id IN {{him}} \
         UNION SELECT g.account_id FROM gift g WHERE g.contact_id IN {{him}} \
         UNION SELECT a.account_id FROM advice a WHERE a.contact_id IN {{him}}"
    );
    let found: Vec<Row> = sql::all(conn, of_him(&text), vec![contact_id.into()]).await?;
    let before = versions(conn, contact_id).await?.into_iter().map(|(_, about)| about.account_id);
    Ok(found.into_iter().map(|row| row.account_id).chain(before).collect())
}

/// The interactions of which these tell, each once, the latest first.
fn each_once(about: Vec<About>) -> Vec<Shared> {
    let mut each: BTreeMap<Uuid, About> = BTreeMap::new();
    for one in about {
        each.entry(one.interaction_id).or_insert(one);
    }
    let mut each: Vec<About> = each.into_values().collect();
    each.sort_by_key(|one| (Reverse(one.start_us), one.interaction_id));
    let shared =
        |About { account_id, interaction_id, .. }: About| Shared { account_id, interaction_id };
    each.into_iter().map(shared).collect()
}

/// The interactions whose text stays, as it may be about others of theirs.
async fn shared(conn: &impl ConnectionTrait, contact_id: &str) -> Result<Vec<Shared>> {
    let mut about = interactions(conn, contact_id).await?;
    about.extend(versions(conn, contact_id).await?.into_iter().map(|(_, about)| about));
    about.retain(|one| one.says && one.others);
    Ok(each_once(about))
}

/// The earlier versions that are erased.
async fn erased_versions(
    conn: &impl ConnectionTrait,
    contact_id: &str,
    include_shared: bool,
) -> Result<Vec<interaction_past::Model>> {
    let all = versions(conn, contact_id).await?.into_iter();
    let erased = all.filter(|(_, about)| about.says && (include_shared || !about.others));
    Ok(erased.map(|(row, _)| row).collect())
}

impl ReadTx {
    /// How many records of each kind an erasure of a contact would change; `records` are all that count as
    /// him.
    pub async fn erasable(
        &self,
        contact_id: &str,
        records: &[Contact],
        include_shared: bool,
    ) -> Result<Vec<(RecordKind, u64)>> {
        let mut all: Vec<_> = own(records).into();
        for of in TEXTS {
            let number = number(&self.conn, of.count(include_shared), contact_id).await?;
            all.push((of.kind, number));
        }
        let before = erased_versions(&self.conn, contact_id, include_shared).await?;
        all.push((RecordKind::InteractionVersion, before.len() as u64));
        Ok(of_something(all))
    }

    /// The interactions with others of theirs whose text stays, the latest first.
    pub async fn shared_texts(&self, contact_id: &str) -> Result<Vec<Shared>> {
        shared(&self.conn, contact_id).await
    }

    /// The interactions that a contact is in, or was by an earlier version, the latest first.
    pub async fn interactions_about(&self, contact_id: &str) -> Result<Vec<Shared>> {
        let mut about = interactions(&self.conn, contact_id).await?;
        about.extend(versions(&self.conn, contact_id).await?.into_iter().map(|(_, about)| about));
        Ok(each_once(about))
    }
}

impl WriteTx {
    /// The accounts under which something is kept of a contact.
    pub async fn accounts_of_contact(&self, contact_id: &str) -> Result<BTreeSet<String>> {
        accounts(&self.conn, contact_id).await
    }

    /// The interactions with others of theirs whose text stays, the latest first.
    pub async fn shared_texts(&self, contact_id: &str) -> Result<Vec<Shared>> {
        shared(&self.conn, contact_id).await
    }

    /// Whether a contact was erased who had this key.
    pub async fn key_was_erased(&self, key: &ExternalRef) -> Result<bool> {
        let forms = forms_of(&self.conn, &[key.system.as_str()].into()).await?;
        let form = forms.get(&key.system).copied().unwrap_or(CanonicalForm::Exact);
        let erased = contact_erased::Model::of(&key.system, &form.canonical(&key.id));
        let found = contact_erased::Entity::find_by_id((erased.system, erased.key_hash));
        rows::any(&self.conn, found).await
    }

    /// Takes away what people wrote about a contact all of whose records are locked, and his keys in other
    /// systems; answers of how many records of each kind. His own rows are written by
    /// [`WriteTx::update_contact`].
    pub async fn erase_texts(
        &self,
        contact_id: &str,
        records: &[Contact],
        include_shared: bool,
    ) -> Result<Vec<(RecordKind, u64)>> {
        let mut all: Vec<_> = own(records).into();
        let backend = self.conn.get_database_backend();
        let ids = records.iter().map(|one| one.id.as_str());
        let his = rows::among(backend, contact_ref::Column::ContactId, ids);
        let keys = contact_ref::Entity::find().filter(his.clone());
        let keys = rows::all(&self.conn, keys).await?.into_iter();
        let erased = keys.map(|key| contact_erased::Model::of(&key.system, &key.canonical_id));
        rows::insert_new(&self.conn, erased.collect()).await?;
        rows::delete::<contact_ref::Entity>(&self.conn, his).await?;
        let mut before = erased_versions(&self.conn, contact_id, include_shared).await?;
        for of in TEXTS {
            let text = of.erase(include_shared);
            let erased = sql::execute(&self.conn, text, vec![contact_id.into()]).await?;
            all.push((of.kind, erased));
        }
        all.push((RecordKind::InteractionVersion, before.len() as u64));
        for row in &mut before {
            row.purpose = Personal::default();
            row.notes = Personal::default();
            row.hook_topic = row.hook_topic.take().map(|_| Personal::default());
            row.amend_reason = row.amend_reason.take().map(|_| Personal::default());
        }
        rows::update(&self.conn, before).await?;
        Ok(of_something(all))
    }
}
