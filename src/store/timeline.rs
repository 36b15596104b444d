//! Timelines: what facts leave on them, and how they are read. A type of entry of one parent is one
//! stretch of the key, in the order of time, so that a page reads as many rows of each type as it has
//! itself at most, however long the timeline is.

use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::contact::same::{folded, ids_of, same_as};
use super::entity::timeline::{Entity, Model, keys, rows as rows_of};
use super::{ReadTx, WriteTx, rows, sql};
use crate::domain::error::{Error, Result};
use crate::domain::event::Event;
use crate::domain::event::on_timeline::on_timeline;
use crate::domain::page::{Page, PageOf};
use crate::domain::timeline::{
    COUNT_MAX, Count, Entry, Parent, TimelineKey, TimelineType, Told, Within,
};

/// Puts entries on their timelines; what was there of them before comes off first.
async fn write(conn: &impl ConnectionTrait, untold: Vec<Entry>, told: Vec<Entry>) -> Result<()> {
    rows::delete_keys(conn, untold.into_iter().flat_map(keys).collect()).await?;
    rows::insert(conn, told.into_iter().flat_map(rows_of).collect()).await?;
    Ok(())
}

/// What these events leave on timelines, and take off them.
///
/// # Errors
/// Internal: an event tells what one of its type does not.
pub(super) async fn write_told(conn: &impl ConnectionTrait, events: &mut [Event]) -> Result<()> {
    let (mut untold, mut told) = (Vec::new(), Vec::new());
    for event in events {
        let types = on_timeline(event.event_type);
        let unknown = event.told.iter().find(|entry| !types.contains(&entry.of_type));
        if let Some(entry) = unknown {
            let what = format!("{:?} tells {}", event.event_type, entry.of_type);
            return Err(Error::internal(what));
        }
        untold.append(&mut event.untold);
        told.append(&mut event.told);
    }
    write(conn, untold, told).await
}

impl WriteTx {
    /// Puts entries on their timelines that have no event each: those of a run.
    pub async fn tell(&self, entries: Vec<Entry>) -> Result<()> {
        write(&self.conn, Vec::new(), entries).await
    }

    /// Takes the changes of class of a run off the timelines, before another takes its place.
    pub async fn untell_tier_run(&self, run_id: Uuid, occur_us: i64) -> Result<()> {
        let text = "DELETE FROM timeline WHERE (parent, kind, occur_us, id) IN \
             (SELECT 'accounts/' || a.account_id, 'TIER_CHANGED', $2, a.id \
              FROM tier_assignment a WHERE a.run_id = $1)";
        sql::execute(&self.conn, text, vec![run_id.into(), occur_us.into()]).await?;
        Ok(())
    }
}

/// Whose timeline is read: a value, and how the parents of its entries compare with it.
struct Whose(Value, String);

impl Whose {
    /// Of a contact, of all records that count as him.
    async fn of(conn: &impl ConnectionTrait, parent: &Parent) -> Result<Self> {
        let Parent::Contact(id) = parent else { return Ok(Self::one(parent)) };
        if ids_of(conn, [id.as_str()]).await?.len() == 1 {
            return Ok(Self::one(parent));
        }
        let records = format!("IN (SELECT 'contacts/' || g.id FROM ({}) AS g)", same_as("$1"));
        Ok(Self(id.as_str().into(), records))
    }

    fn one(parent: &Parent) -> Self {
        Self(parent.name().into(), "= $1".to_owned())
    }

    /// That an entry is the one by which its fact is told: of those on the timelines of several records one.
    fn once(&self) -> String {
        if !self.is_several() {
            return String::new();
        }
        format!(
            " AND NOT EXISTS (SELECT 1 FROM timeline o WHERE o.parent {} AND o.parent < t.parent \
             AND o.kind = t.kind AND o.occur_us = t.occur_us AND o.id = t.id)",
            self.1
        )
    }

    fn is_several(&self) -> bool {
        self.1.starts_with("IN")
    }

    /// What is counted of an entry: of several records a fact once.
    fn counted(&self) -> &'static str {
        if self.is_several() { "DISTINCT t.occur_us, t.id" } else { "1" }
    }
}

/// Behind every entry.
const LATEST: (i64, Uuid, &str) = (i64::MAX, Uuid::max(), "~");

/// A page of a timeline, as a statement.
fn page_of(
    whose: &Whose,
    types: &[TimelineType],
    within: Within,
    page: &PageOf<TimelineKey>,
) -> (String, Vec<Value>) {
    let (occur_us, id, last) = page.after.map_or(LATEST, |after| {
        let TimelineKey { occur_us, id, of_type } = after;
        (occur_us, id, of_type.as_str())
    });
    let limit = page.to_read() as i64;
    let mut values: Vec<Value> =
        vec![whose.0.clone(), occur_us.into(), id.into(), last.into(), limit.into()];
    let (theirs, once) = (whose.1.as_str(), whose.once());
    let columns = rows::columns::<Entity>("t");
    let mut bounded = Bounds::default();
    let of_types: Vec<String> = types
        .iter()
        .map(|of_type| {
            let bounds = bounded.of(*of_type, within, &mut values);
            // One more: the entry that the page begins behind may be among them.
            format!(
                "SELECT * FROM (SELECT {columns} FROM timeline t WHERE t.parent {theirs} \
                 AND t.kind = '{of_type}' AND {bounds} AND (t.occur_us, t.id) <= ($2, $3){once} \
                 ORDER BY t.occur_us DESC, t.id DESC LIMIT $5 + 1) AS {}",
                of_type.as_str().to_lowercase()
            )
        })
        .collect();
    let text = format!(
        "SELECT * FROM ({}) AS w WHERE (occur_us, id, kind) < ($2, $3, $4) \
         ORDER BY occur_us DESC, id DESC, kind DESC LIMIT $5",
        of_types.join(" UNION ALL ")
    );
    (text, values)
}

/// The parameters of the bounds in time, where a statement has them.
#[derive(Default)]
struct Bounds {
    dated: Option<usize>,
    timed: Option<usize>,
}

impl Bounds {
    fn of(&mut self, of_type: TimelineType, within: Within, values: &mut Vec<Value>) -> String {
        let place = if of_type.is_dated() { &mut self.dated } else { &mut self.timed };
        let from = *place.get_or_insert_with(|| {
            let (from, to) = within.of(of_type);
            values.extend([from.into(), to.into()]);
            values.len() - 1
        });
        format!("t.occur_us >= ${from} AND t.occur_us < ${}", from + 1)
    }
}

impl ReadTx {
    /// A page of the timeline of a parent, the latest first, of these types.
    pub async fn timeline(
        &self,
        parent: &Parent,
        types: &[TimelineType],
        within: Within,
        page: &PageOf<TimelineKey>,
    ) -> Result<Page<Told, TimelineKey>> {
        if types.is_empty() {
            return Ok(Page::whole(Vec::new(), None));
        }
        let whose = Whose::of(&self.conn, parent).await?;
        let (text, values) = page_of(&whose, types, within, page);
        let found: Vec<Model> = sql::all(&self.conn, text, values).await?;
        let found = folded(&self.conn, found.into_iter().map(Told::from).collect()).await?;
        Ok(page.cut(found, Told::key))
    }

    /// How many entries of each of these types the timeline of a parent has.
    pub async fn timeline_counts(
        &self,
        parent: &Parent,
        types: &[TimelineType],
        within: Within,
    ) -> Result<Vec<Count>> {
        #[derive(FromQueryResult)]
        struct Row {
            kind: TimelineType,
            entries: i64,
        }
        if types.is_empty() {
            return Ok(Vec::new());
        }
        let whose = Whose::of(&self.conn, parent).await?;
        let mut values: Vec<Value> = vec![whose.0.clone(), (COUNT_MAX + 1).into()];
        let theirs = whose.1.as_str();
        let mut bounded = Bounds::default();
        let of_types: Vec<String> = types
            .iter()
            .map(|of_type| {
                let bounds = bounded.of(*of_type, within, &mut values);
                format!(
                    "SELECT '{of_type}' AS kind, COUNT(*) AS entries FROM (\
                       SELECT {} FROM timeline t WHERE t.parent {theirs} AND t.kind = '{of_type}' \
                         AND {bounds} LIMIT $2) AS {}",
                    whose.counted(),
                    of_type.as_str().to_lowercase()
                )
            })
            .collect();
        let rows: Vec<Row> = sql::all(&self.conn, of_types.join(" UNION ALL "), values).await?;
        let count = |Row { kind, entries }| Count {
            of_type: kind,
            entries: entries.min(COUNT_MAX),
            more: entries > COUNT_MAX,
        };
        Ok(rows.into_iter().map(count).filter(|count| count.entries > 0).collect())
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::Statement;

    use super::*;
    use crate::domain::timeline::TimelineType as Of;
    use crate::store::seed::{Fresh, fresh};

    const ENTRIES: i64 = 20_000;

    /// Twenty thousand talks of acme, one of another account between each two, and one limit.
    async fn fill(db: &Fresh) {
        let numbers: String = match db.store.is_sqlite() {
            true => format!(
                "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {ENTRIES}) \
                 SELECT n AS n, CAST(printf('%016d', n) AS BLOB) AS id FROM n"
            ),
            false => format!(
                "SELECT n AS n, CAST(lpad(CAST(n AS TEXT), 32, '0') AS UUID) AS id \
                 FROM generate_series(1, {ENTRIES}) AS n"
            ),
        };
        for (parent, kind, which) in [
            ("accounts/acme", "INTERACTION_HELD", ""),
            ("accounts/bold", "INTERACTION_HELD", ""),
            ("accounts/acme", "LIMIT_SET", "WHERE w.n = 7"),
        ] {
            let text = format!(
                "INSERT INTO timeline (parent, kind, occur_us, id, account_id) \
                 SELECT '{parent}', '{kind}', CAST(w.n AS BIGINT) * 1000000, w.id, 'acme' FROM ({numbers}) AS w {which}"
            );
            db.sql(&text, vec![]).await;
        }
        db.sql("ANALYZE", vec![]).await;
    }

    #[tokio::test]
    async fn a_page_walks_the_key_of_each_type_and_no_further() {
        for db in fresh().await {
            fill(&db).await;
            let acme = Parent::Account("acme".into());
            let within = Within { dated: (0, i64::MAX), timed: (0, 15_000_000_000) };
            let mut page = PageOf { size: 50, after: None };
            let mut seen = Vec::new();
            for _ in 0..3 {
                let (parent, asked) = (acme.clone(), page);
                let read = db.store.read(&db.ctx, move |tx| {
                    Box::pin(async move { tx.timeline(&parent, Of::ALL, within, &asked).await })
                });
                let told = read.await.unwrap();
                assert_eq!(told.items.len(), 50);
                seen.extend(told.items.iter().map(|one| one.occur_us / 1_000_000));
                page.after = told.next;
            }
            assert_eq!(seen, (14_850..15_000).rev().collect::<Vec<_>>());
            let (text, values) = page_of(&Whose::one(&acme), Of::ALL, within, &page);
            let backend = db.store.reader().get_database_backend();
            let plan = db.plan(&Statement::from_sql_and_values(backend, text, values)).await;
            match db.store.is_sqlite() {
                true => {
                    let steps =
                        plan.matches("SEARCH t USING PRIMARY KEY (parent=? AND kind=? AND ");
                    assert_eq!(steps.count(), Of::ALL.len(), "{plan}");
                    assert!(!plan.lines().any(|line| line.trim() == "SCAN t"), "{plan}");
                }
                false => {
                    let steps = plan.matches("Index Scan Backward using timeline_pkey");
                    assert_eq!(steps.count(), Of::ALL.len(), "{plan}");
                    assert!(!plan.contains("Seq Scan"), "{plan}");
                }
            }
        }
    }

    #[tokio::test]
    async fn so_many_are_counted_and_no_more() {
        for db in fresh().await {
            fill(&db).await;
            let within = Within { dated: (0, i64::MAX), timed: (0, i64::MAX) };
            let read = db.store.read(&db.ctx, move |tx| {
                Box::pin(async move {
                    let acme = Parent::Account("acme".into());
                    tx.timeline_counts(&acme, Of::ALL, within).await
                })
            });
            let count = |of_type, entries, more| Count { of_type, entries, more };
            let expected =
                [count(Of::InteractionHeld, COUNT_MAX, true), count(Of::LimitSet, 1, false)];
            assert_eq!(read.await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn an_event_tells_only_what_its_type_does() {
        use crate::domain::event::EventType;
        use crate::store::{Call, WriteTx};

        async fn publish(tx: &mut WriteTx, _: &crate::ctx::Ctx, _: &&str) -> Result<()> {
            let entry = Entry {
                of_type: Of::HoldPlaced,
                occur_us: 1,
                id: Uuid::now_v7(),
                account_id: Some("acme".into()),
                detail: None,
                actor: None,
                amount: None,
                on: Vec::new(),
            };
            let event = Event::new(EventType::LimitSet, "acme", "x", serde_json::json!({}));
            tx.publish(vec![event.telling([entry])]).await
        }
        for db in fresh().await {
            let call = Call::new("Test.Write", "1", "accounts/acme");
            let refused = db.store.mutate(&db.ctx, call, "1", publish).await.unwrap_err();
            assert!(refused.to_string().contains("HOLD_PLACED"), "{refused}");
        }
    }
}
