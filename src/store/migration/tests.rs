use super::*;
use crate::domain::error::{Error, Reason};
use crate::store::seed::{Fresh, day, empty, fresh};
use crate::store::{Lane, sql};

async fn install_with(db: &Fresh, migration: &str) {
    Migrator::install(&db.store.writer).await.unwrap();
    let text = "INSERT INTO seaql_migrations (version, applied_at) VALUES ($1, 1)";
    db.sql(text, vec![migration.into()]).await;
}

async fn has_table(db: &Fresh, table: &str) -> bool {
    SchemaManager::new(&db.store.reader).has_table(table).await.unwrap()
}

/// A process of its own, as far as the store can tell.
async fn read_only(db: &Fresh) -> Result<Store> {
    Store::connect_read_only(&db.options, db.store.clock.clone()).await
}

#[track_caller]
fn assert_refused<T>(result: Result<T>, reason: Reason, migration: &str) {
    let error = result.err().unwrap();
    let Error::FailedPrecondition(list) = &error else { panic!("{error}") };
    assert_eq!((list.len(), error.reason()), (1, reason));
    assert!(list[0].metadata["migrations"].contains(migration), "{error}");
    assert!(list[0].description.contains(migration), "{error}");
    assert!(list[0].description.contains(env!("CARGO_PKG_VERSION")), "{error}");
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_database_as_it_was() {
    for db in empty().await {
        // In the way of one of the last statements.
        db.sql("CREATE TABLE job_lease (name TEXT NOT NULL)", vec![]).await;
        db.store.migrate().await.unwrap_err();
        for table in ["seaql_migrations", "account"] {
            assert!(!has_table(&db, table).await, "{table}");
        }
        db.sql("DROP TABLE job_lease", vec![]).await;
        db.store.migrate().await.unwrap();
        read_only(&db).await.unwrap();
    }
}

#[tokio::test]
async fn a_database_that_a_newer_version_migrated_is_refused_and_stays_as_it_is() {
    for db in empty().await {
        install_with(&db, "m9999_later").await;
        assert_refused(db.store.migrate().await, Reason::SchemaNewer, "m9999_later");
        assert!(!has_table(&db, "account").await, "nothing is added to it");
        assert_refused(read_only(&db).await, Reason::SchemaNewer, "m9999_later");
    }
}

#[tokio::test]
async fn nothing_is_written_before_the_schema_is_known() {
    for db in fresh().await {
        install_with(&db, "m9999_later").await;
        // It was opened while the database did not answer yet.
        db.store.migrated.store(false, Ordering::Release);
        db.store.migrate().await.unwrap_err();
        let write = db.store.write(&db.ctx, Lane::Interactive, |tx| {
            Box::pin(async move { sql::execute(&tx.conn, "DELETE FROM audit", vec![]).await })
        });
        assert_eq!(write.await.unwrap_err().reason(), Reason::DatabaseUnavailable);
    }
}

#[tokio::test]
async fn a_reader_is_refused_what_it_cannot_bring_up_to_date() {
    for db in empty().await {
        for migration in MIGRATIONS {
            assert_refused(read_only(&db).await, Reason::SchemaOlder, migration.name);
        }
        assert!(!has_table(&db, "seaql_migrations").await, "nothing is written");
        db.store.migrate().await.unwrap();
        read_only(&db).await.unwrap();
    }
}

#[tokio::test]
async fn what_was_written_of_who_promised_moves_beside_the_ledger() {
    for db in empty().await {
        let backend = db.store.writer.get_database_backend();
        let before = MIGRATIONS.iter().take_while(|one| one.name != "m0015_promise_contact");
        for text in before.map(|migration| (migration.text)()) {
            for statement in statements(backend, &text) {
                db.store.writer.execute_unprepared(&statement).await.unwrap();
            }
        }
        for (n, who) in [(1_i64, "Ms. Roe"), (2, "")] {
            db.sql(
                "INSERT INTO promise (id, account_id, currency, amount, promise_date, pay_by_date, \
                 grace_days, promised_by, recorded_us) VALUES ($1, 'acme', 'USD', 5, $2, $2, 0, $3, $4)",
                vec![uuid::Uuid::now_v7().into(), day(6, 1).into(), who.into(), n.into()],
            )
            .await;
        }
        for statement in statements(backend, &(m0015_promise_contact::MIGRATION.text)()) {
            db.store.writer.execute_unprepared(&statement).await.unwrap();
        }
        let said = "SELECT COUNT(*) AS v FROM promise_said s JOIN promise p ON p.id = s.promise_id \
            AND p.account_id = s.account_id AND p.recorded_us = 1 WHERE s.promised_by = 'Ms. Roe'";
        assert_eq!(db.count(said).await, 1);
        assert_eq!(db.count("SELECT COUNT(*) AS v FROM promise_said").await, 1);
        assert_eq!(db.count("SELECT COUNT(*) AS v FROM promise WHERE contact_id = ''").await, 2);
    }
}
