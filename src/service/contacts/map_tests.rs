//! How large a map of those who move each other may be.

use super::Contacts;
use crate::domain::names::AccountRef;
use crate::domain::power_map::{INFLUENCES_MAX, NODES_MAX, PowerMap};
use crate::service::teams::TeamSettings;
use crate::store::seed::{Fresh, day, fresh};

/// The numbers from 1 on, each with the id that it stands for, as rows of `w`.
fn numbers(db: &Fresh, first: usize, last: usize) -> String {
    match db.store.is_sqlite() {
        true => format!(
            "(WITH RECURSIVE n(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM n WHERE n < {last}) \
             SELECT n AS n, printf('p%05d', n) AS name, CAST(printf('%016d', n) AS BLOB) AS id \
             FROM n) AS w"
        ),
        false => format!(
            "(SELECT n AS n, 'p' || lpad(CAST(n AS TEXT), 5, '0') AS name, \
               CAST(lpad(CAST(n AS TEXT), 32, '0') AS UUID) AS id \
             FROM generate_series({first}, {last}) AS n) AS w"
        ),
    }
}

/// So many people at one account, of whom the last decides.
async fn people(db: &Fresh, count: usize) {
    db.account("acme").await;
    let numbers = numbers(db, 1, count);
    let card = r#"{"former_names":[],"phones":[],"emails":[],"handles":[],"preferences":[]}"#;
    let contacts = format!(
        "INSERT INTO contact (id, display_name, latin_name, card, labels, state, create_us, \
         update_us, version) SELECT w.name, w.name, '', $1, '{{}}', 'ACTIVE', 1, 1, 1 FROM {numbers}"
    );
    db.sql(&contacts, vec![card.into()]).await;
    let positions = format!(
        "INSERT INTO position (id, account_id, function, function_text, level, title, \
         buying_roles, first_day, create_us, update_us, version) \
         SELECT w.id, 'acme', 'PRODUCTION', '', 'STAFF', '', \
           CASE WHEN w.n = {count} THEN '[\"DECIDER\"]' ELSE '[]' END, $1, 1, 1, 1 FROM {numbers}"
    );
    db.sql(&positions, vec![day(1, 1).into()]).await;
    let seats = format!(
        "INSERT INTO incumbency (id, account_id, position_id, from_date, recorded_us, contact_id, \
         recorded_by, reason) SELECT w.id, 'acme', w.id, $1, 1, w.name, 'me', '' FROM {numbers}"
    );
    db.sql(&seats, vec![day(1, 1).into()]).await;
}

async fn map(db: &Fresh) -> PowerMap {
    let contacts = Contacts::new(db.store.clone(), TeamSettings::default());
    let mapped = contacts.power_map(&db.ctx, AccountRef::Id("acme".into())).await.unwrap();
    assert_eq!(mapped.names.len(), mapped.map.nodes.len());
    mapped.map
}

#[tokio::test]
async fn a_map_has_so_many_people_and_says_when_there_are_more() {
    for db in fresh().await {
        people(&db, NODES_MAX + 1).await;
        let cut = map(&db).await;
        assert_eq!((cut.nodes.len(), cut.cut), (NODES_MAX, true));
        let decider = format!("p{:05}", NODES_MAX + 1);
        assert_eq!(cut.deciders.len(), 1, "who decides is left out last");
        assert_eq!(cut.deciders[0].contact_id, decider);
        db.sql("DELETE FROM incumbency WHERE contact_id = 'p00001'", vec![]).await;
        let whole = map(&db).await;
        assert_eq!((whole.nodes.len(), whole.cut), (NODES_MAX, false));
    }
}

/// People in a ring, each of whom moves the next twenty: the most ties of a map.
const RING: usize = INFLUENCES_MAX / 20;

/// Each of them moves the one that is so many places on in the ring.
async fn influence(db: &Fresh, step: usize, count: usize) {
    let numbers = numbers(db, 1, count);
    let to = format!("(w.n - 1 + {step}) % {RING} + 1");
    let name = match db.store.is_sqlite() {
        true => format!("printf('p%05d', {to})"),
        false => format!("'p' || lpad(CAST({to} AS TEXT), 5, '0')"),
    };
    // Each tie has an id of its own.
    let id = match db.store.is_sqlite() {
        true => format!("CAST(printf('%016d', w.n + {step} * 100000) AS BLOB)"),
        false => {
            format!("CAST(lpad(CAST(w.n + {step} * 100000 AS TEXT), 32, '0') AS UUID)")
        }
    };
    let ties = format!(
        "INSERT INTO tie (id, from_side, from_id, to_side, to_id, kind, weight_bp, first_day, \
         recorded_us, recorded_by, source, review) \
         SELECT {id}, 'CONTACT', w.name, 'CONTACT', {name}, 'INFLUENCE', 10000, $1, 1, 'me', '', \
           'NONE' FROM {numbers}"
    );
    db.sql(&ties, vec![day(1, 1).into()]).await;
}

#[tokio::test]
async fn circles_end_and_ties_beyond_the_most_of_a_map_are_told() {
    for db in fresh().await {
        people(&db, RING).await;
        for step in 1..=20 {
            influence(&db, step, RING).await;
        }
        let whole = map(&db).await;
        assert_eq!((whole.influences.len(), whole.cut), (INFLUENCES_MAX, false));
        assert_eq!(whole.deciders[0].route, None, "nobody of ours knows any of them");
        influence(&db, 21, 1).await;
        let cut = map(&db).await;
        assert_eq!((cut.influences.len(), cut.cut), (INFLUENCES_MAX, true));
    }
}
