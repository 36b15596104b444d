//! Sets of rows on both engines, absent values among them.

use sea_orm::ActiveValue::{self, Set as To};
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;

use super::*;
use crate::store::seed::{Fresh, empty};

mod sample {
    use chrono::NaiveDate;
    use sea_orm::entity::prelude::*;

    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sample")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub part: String,
        pub count: i64,
        pub position: i32,
        pub day: Option<NaiveDate>,
        pub note: Option<String>,
        pub hash: Option<Vec<u8>>,
        pub live: bool,
    }

    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod all_key {
    use sea_orm::entity::prelude::*;

    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "all_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
    }

    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use sample::{ActiveModel, Column, Entity, Model};

async fn tables() -> Vec<Fresh> {
    let all = empty().await;
    for db in &all {
        let (uuid, date, bytes) = match db.store.is_sqlite() {
            true => ("BLOB", "TEXT", "BLOB"),
            false => ("UUID", "DATE", "BYTEA"),
        };
        let table = format!(
            "CREATE TABLE sample (id {uuid} NOT NULL, part TEXT NOT NULL, count BIGINT NOT NULL, \
             position INTEGER NOT NULL, day {date}, note TEXT, hash {bytes}, live BOOLEAN NOT NULL, \
             PRIMARY KEY (id, part))"
        );
        db.sql(&table, vec![]).await;
    }
    all
}

fn model(n: u128) -> Model {
    let odd = n % 2 == 1;
    Model {
        id: Uuid::from_u128(n),
        part: format!("第{n}部 \"{n}\"\\ ♜\n"),
        count: i64::MIN + n as i64,
        position: -(n as i32),
        day: odd.then(|| chrono::NaiveDate::from_ymd_opt(2024, 2, 29).unwrap()),
        note: (!odd).then(|| "null".to_owned()),
        hash: odd.then(|| vec![0, 255, n as u8]),
        live: odd,
    }
}

async fn stored(db: &Fresh) -> Vec<Model> {
    all(&db.store.reader(), Entity::find().order_by_asc(Column::Id)).await.unwrap()
}

#[tokio::test]
async fn what_is_written_as_a_set_is_read_back_as_models() {
    for db in tables().await {
        let conn = &db.store.writer();
        let models: Vec<Model> = (1..=6).map(model).collect();
        assert_eq!(insert(conn, models.clone()).await.unwrap(), 6);
        assert_eq!(stored(&db).await, models);
        assert_eq!(insert::<Model, _>(conn, vec![]).await.unwrap(), 0);
        assert_eq!(insert_new(conn, vec![model(6), model(7)]).await.unwrap(), 1);

        let changed = Model { day: None, hash: None, note: None, live: false, ..model(1) };
        assert_eq!(upsert(conn, vec![changed.clone(), model(8)], "").await.unwrap(), 2);
        assert_eq!(stored(&db).await[0], changed);
        let never = "excluded.count > 0";
        assert_eq!(upsert(conn, vec![model(1)], never).await.unwrap(), 0);
        let more = Model { count: 7, ..model(2) };
        assert_eq!(add(conn, vec![more], &[Column::Count]).await.unwrap(), 1);
        assert_eq!(stored(&db).await[1], Model { count: model(2).count + 7, ..model(2) });
    }
}

#[tokio::test]
async fn an_update_sets_what_its_models_set_and_nothing_else() {
    for db in tables().await {
        let conn = &db.store.writer();
        insert(conn, (1..=4).map(model).collect()).await.unwrap();
        let change = |n: u128| ActiveModel {
            id: To(Uuid::from_u128(n)),
            part: To(model(n).part),
            note: To((n == 3).then(|| "seen".to_owned())),
            ..Default::default()
        };
        assert_eq!(update(conn, vec![change(2), change(3), change(9)]).await.unwrap(), 2);
        let stored = stored(&db).await;
        assert_eq!(stored[0], model(1));
        assert_eq!(stored[1], Model { note: None, ..model(2) });
        assert_eq!(stored[2], Model { note: Some("seen".into()), ..model(3) });
    }
}

#[tokio::test]
async fn members_of_a_set_are_found_by_builders_and_in_text() {
    for db in tables().await {
        let conn = &db.store.writer();
        insert(conn, (1..=5).map(model).collect()).await.unwrap();
        let backend = conn.get_database_backend();
        let ids = [2, 4, 9].map(Uuid::from_u128);
        let among = Entity::find()
            .filter(Column::Live.eq(false))
            .filter(among(backend, Column::Id, ids))
            .order_by_asc(Column::Id);
        assert_eq!(all(conn, among).await.unwrap(), [model(2), model(4)]);

        let parts = Set::one([model(1).part, model(5).part]);
        let text = format!(
            "SELECT {} FROM sample s WHERE s.part IN {} ORDER BY s.id",
            columns::<Entity>("s"),
            parts.subquery(backend, 1)
        );
        let found: Vec<Model> = sql::all(conn, text, parts.into_values(backend)).await.unwrap();
        assert_eq!(found, [model(1), model(5)]);
    }
}

#[tokio::test]
async fn a_set_larger_than_a_statement_is_written_whole() {
    for db in tables().await {
        let models: Vec<Model> = (0..ROWS_PER_STATEMENT as u128 * 2 + 1).map(model).collect();
        assert_eq!(insert(&db.store.writer(), models).await.unwrap(), 10_001);
        assert_eq!(db.count("SELECT COUNT(*) AS v FROM sample").await, 10_001);
    }
}

#[tokio::test]
async fn a_row_that_is_all_key_is_written_once() {
    for db in empty().await {
        db.sql("CREATE TABLE all_key (id BIGINT NOT NULL PRIMARY KEY)", vec![]).await;
        let row = all_key::Model { id: 1 };
        assert_eq!(upsert(&db.store.writer(), vec![row.clone()], "").await.unwrap(), 1);
        assert_eq!(upsert(&db.store.writer(), vec![row], "").await.unwrap(), 0);
    }
}

#[tokio::test]
async fn models_that_set_different_columns_are_refused_and_nothing_is_written() {
    for db in tables().await {
        let of = |count| ActiveModel { id: To(Uuid::from_u128(1)), count, ..Default::default() };
        let unset = ActiveValue::NotSet;
        for models in [vec![of(To(1)), of(unset.clone())], vec![of(unset), of(To(1))]] {
            let error = insert(&db.store.writer(), models).await.expect_err("different columns");
            assert!(matches!(error, crate::domain::error::Error::Internal { .. }), "{error:?}");
        }
        assert_eq!(stored(&db).await, []);
    }
}
