use super::*;
use crate::store::seed::{day, empty};

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
                let exposure = format!(
                    "SELECT CAST(SUM(amount) AS BIGINT) AS v FROM credit_exposure \
                     WHERE account_id = '{account}' AND component = '{component}' AND effective_date <= '{until}'"
                );
                assert_eq!(db.count(&exposure).await, amount, "{account} {component} {until}");
            }
        }
        let rows = "SELECT COUNT(*) AS v FROM credit_exposure";
        assert_eq!(db.count(rows).await, 8, "two days of two components of two accounts");
    }
}
