use std::time::Duration;

use sea_orm::EntityTrait as _;

use super::*;
use crate::domain::error::{Error, Reason};
use crate::store::entity::{account_due, document_key};
use crate::store::seed::{Fresh, day, empty, fresh};
use crate::store::{Lane, sql};

async fn install_with(db: &Fresh, migration: &str) {
    Migrator::install(&db.store.writer()).await.unwrap();
    let text = "INSERT INTO seaql_migrations (version, applied_at) VALUES ($1, 1)";
    db.sql(text, vec![migration.into()]).await;
}

async fn has_table(db: &Fresh, table: &str) -> bool {
    SchemaManager::new(&db.store.reader()).has_table(table).await.unwrap()
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
async fn a_migration_waits_for_another_for_longer_than_a_statement_may() {
    for db in empty().await.into_iter().filter(|db| !db.store.is_sqlite()) {
        let statement = Duration::from_millis(200);
        let mut options = db.options.clone();
        options.statement_timeout_ms_max = statement.as_millis() as u64;
        let store = Store::connect(&options, db.store.clock.clone()).await.unwrap();
        let other = db.store.writer().begin().await.unwrap();
        let (class, key) = ADVISORY_LOCK;
        let lock = format!("SELECT pg_advisory_xact_lock({class}, {key})");
        other.execute_unprepared(&lock).await.unwrap();
        let migrated = tokio::spawn(async move { store.migrate().await });
        tokio::time::sleep(statement * 5).await;
        assert!(!migrated.is_finished(), "{:?}", migrated.await);
        other.rollback().await.unwrap();
        migrated.await.unwrap().unwrap();
        assert!(has_table(&db, "account").await);
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
        let backend = db.store.writer().get_database_backend();
        let before = MIGRATIONS.iter().take_while(|one| one.name != "m0014_promise_contact");
        for text in before.map(|migration| (migration.text)()) {
            for statement in statements(backend, &text) {
                db.store.writer().execute_unprepared(&statement).await.unwrap();
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
        for statement in statements(backend, &(m0014_promise_contact::MIGRATION.text)()) {
            db.store.writer().execute_unprepared(&statement).await.unwrap();
        }
        let said = "SELECT COUNT(*) AS v FROM promise_said s JOIN promise p ON p.id = s.promise_id \
            AND p.account_id = s.account_id AND p.recorded_us = 1 WHERE s.promised_by = 'Ms. Roe'";
        assert_eq!(db.count(said).await, 1);
        assert_eq!(db.count("SELECT COUNT(*) AS v FROM promise_said").await, 1);
        assert_eq!(db.count("SELECT COUNT(*) AS v FROM promise WHERE contact_id = ''").await, 2);
    }
}

/// What was sealed before, as the version before kept it: one row with its seal, one without.
const SEALED_BEFORE: [&str; 3] = [
    "INSERT INTO audit VALUES ({1}, 10, 'ann', 'S.A', 'accounts/a', 'r1', 't1', '', 1, {hash})",
    "INSERT INTO audit VALUES ({2}, 20, 'ann', 'S.B', 'accounts/b', 'r2', 't2', '', 0, {none})",
    "INSERT INTO seal VALUES ('audit', 1, {hash})",
];

#[tokio::test]
async fn the_chain_of_the_audit_is_taken_over_from_the_version_before() {
    for db in empty().await {
        let before = MIGRATIONS.iter().position(|m| m.name == "m0015_audit").unwrap() as u32;
        Migrator::up(&db.store.writer(), Some(before)).await.unwrap();
        let row = crate::store::entity::audit::Model {
            id: uuid::Uuid::from_u128(1),
            recorded_us: 10,
            principal: "ann".into(),
            method: "S.A".into(),
            resource: "accounts/a".into(),
            request_id: "r1".into(),
            trace: "t1".into(),
            detail: String::new(),
        };
        let hash: String =
            crate::store::seal::chain(&row, &[]).iter().map(|byte| format!("{byte:02x}")).collect();
        let is_sqlite = db.store.is_sqlite();
        let bytes = |hex: &str| if is_sqlite { format!("x'{hex}'") } else { format!("'\\x{hex}'") };
        let id = |number: u128| match is_sqlite {
            true => format!("x'{}'", uuid::Uuid::from_u128(number).simple()),
            false => format!("'{}'", uuid::Uuid::from_u128(number)),
        };
        for text in SEALED_BEFORE {
            let text = text.replace("{1}", &id(1)).replace("{2}", &id(2));
            let text = text.replace("{hash}", &bytes(&hash)).replace("{none}", &bytes(""));
            sql::execute(&db.store.writer(), text, vec![]).await.unwrap();
        }
        db.store.migrate().await.unwrap();
        let taken = db.store.verify_audit(&db.ctx, None).await.unwrap();
        assert_eq!((taken.check.differences, taken.end.position), (0, 1), "{:?}", taken.check);
        assert_eq!(taken.end.hash, hash);
        assert_eq!(db.store.seal(&db.ctx).await.unwrap(), 1);
        let sealed = db.store.verify_audit(&db.ctx, Some(taken.end)).await.unwrap();
        assert_eq!((sealed.check.differences, sealed.end.position), (0, 2), "{:?}", sealed.check);
    }
}

#[tokio::test]
async fn keys_and_what_is_due_are_the_same_after_their_tables_are_made_anew() {
    for db in empty().await {
        let before =
            MIGRATIONS.iter().position(|m| m.name == "m0026_fewer_indexes").unwrap() as u32;
        Migrator::up(&db.store.writer(), Some(before)).await.unwrap();
        let id = uuid::Uuid::from_u128(7);
        for (line, reversed) in [("1", false), ("2", true)] {
            let key = "INSERT INTO document_key VALUES \
                ('ERP', '1000', 2026, '7', $1, $2, 'acme', 3, $3, $4)";
            let hash: Vec<u8> = vec![0, 1, 255];
            db.sql(key, vec![line.into(), id.into(), hash.into(), reversed.into()]).await;
            let due = "INSERT INTO account_due VALUES \
                ('acme', 'USD', '1000', 'ORDINARY', $1, $2, $3)";
            db.sql(due, vec![day(6, 1 + u32::from(reversed)).into(), 5_i64.into(), 1_i64.into()])
                .await;
        }
        let told = async || {
            let reader = db.store.reader();
            let keys = document_key::Entity::find().all(&reader).await.unwrap();
            (keys, account_due::Entity::find().all(&reader).await.unwrap())
        };
        let before = told().await;
        assert_eq!((before.0.len(), before.1.len()), (2, 2));
        db.store.migrate().await.unwrap();
        assert_eq!(told().await, before);
    }
}
