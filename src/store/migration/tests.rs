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

/// Items that an earlier version posted: account, class, amount.
const ITEMS: [(&str, &str, i64); 4] = [
    ("a", "ORDINARY", 100),
    ("b", "RETENTION", 40),
    ("b", "UNAPPLIED_CASH", -7),
    ("b", "ORDER_ADVANCE", -5),
];

#[tokio::test]
async fn what_the_ledger_held_before_there_was_credit_counts_after_it() {
    for db in empty().await {
        Migrator::up(&db.store.writer, Some(1)).await.unwrap();
        for account in ["a", "b"] {
            db.account(account).await;
        }
        db.sql("UPDATE account SET parent_id = 'a' WHERE id = 'b'", vec![]).await;
        for (position, (account, class, amount)) in (0_i64..).zip(ITEMS) {
            let item = uuid::Uuid::now_v7();
            db.sql(
                "INSERT INTO item (id, account_id, document_id, position, kind, class, \
                 company_code, currency, document_date, posting_date, due_date, amount, open, \
                 release_condition, recorded_us) \
                 VALUES ($1, $2, $1, 0, 'INVOICE', $3, '1000', 'USD', $4, $4, $4, $5, $5, '', 1)",
                vec![item.into(), account.into(), class.into(), day(1, 1).into(), amount.into()],
            )
            .await;
            // The second half of each takes effect when nobody is here any more.
            for (half, on, kind) in [
                (amount - amount / 2, day(1, 1), "POST"),
                (amount / 2, chrono::NaiveDate::from_ymd_opt(2199, 1, 1).unwrap(), "RESET"),
            ] {
                db.sql(
                    "INSERT INTO entry (account_id, recorded_us, position, item_id, document_id, \
                     clearing_id, kind, effective_date, amount) \
                     VALUES ($1, 1, $2, $3, $3, $3, $4, $5, $6)",
                    vec![
                        account.into(),
                        (2 * position + i64::from(kind == "RESET")).into(),
                        item.into(),
                        kind.into(),
                        on.into(),
                        half.into(),
                    ],
                )
                .await;
            }
        }
        db.store.migrate().await.unwrap();
        for (account, component, by_now, ever) in [
            ("a", "OPEN_RECEIVABLES", 70, 140),
            ("b", "OPEN_RECEIVABLES", 20, 40),
            ("a", "UNAPPLIED_CASH", -4, -7),
            ("b", "UNAPPLIED_CASH", -4, -7),
        ] {
            for (until, amount) in [("2198-12-31", by_now), ("2199-01-01", ever)] {
                let used = format!(
                    "SELECT CAST(SUM(amount) AS BIGINT) AS v FROM credit_used WHERE account_id = \
                     '{account}' AND component = '{component}' AND effective_date <= '{until}'"
                );
                assert_eq!(db.count(&used).await, amount, "{account} {component} {until}");
            }
        }
        let rows = "SELECT COUNT(*) AS v FROM credit_used";
        assert_eq!(db.count(rows).await, 8, "two days of two components of two accounts");
    }
}
