//! What the ledger and the tree of accounts do to what counts against limits.

mod finish;
mod harness;
mod story;

use self::harness::{advance, harnesses, invoice};
use crate::domain::document::{ClearingTarget, DocumentKey};
use crate::domain::error::Reason;
use crate::store::seed::day;

#[tokio::test]
async fn entries_count_for_their_account_and_everyone_above() {
    for harness in harnesses().await {
        harness.stand("b", "a").await;
        harness.post(invoice("1", "b", "", 100)).await;
        for account in ["a", "b"] {
            assert_eq!(harness.exposure(account, "OPEN_RECEIVABLES").await, 100, "{account}");
        }
        // Dated ahead: the invoice counts at once, the money from its day on.
        let mut ahead = invoice("2", "b", "", 40);
        ahead.posting_date = day(7, 1);
        ahead.document_date = day(7, 1);
        harness.post(ahead).await;
        let mut money = advance("3", "b", "", 30);
        money.posting_date = day(7, 2);
        harness.post(money).await;
        assert_eq!(harness.counting("a", day(6, 15)).await, 140);
        assert_eq!(harness.counting("a", day(7, 2)).await, 110);
        harness.holds().await;
        harness.wait_until(7, 2).await;
        harness.holds().await;
    }
}

#[tokio::test]
async fn an_order_is_used_up_by_the_invoices_that_name_it() {
    for harness in harnesses().await {
        harness.stand("b", "a").await;
        harness.reserve("b", "o1", 100).await;
        assert_eq!(harness.exposure("a", "ORDERS").await, 100);

        let first = harness.post(invoice("1", "b", "o1", 60)).await;
        assert_eq!(harness.exposure("a", "ORDERS").await, 40);
        assert_eq!(harness.counting("a", day(6, 15)).await, 100);

        // A correction counts once; what it frees of the order stays freed.
        let mut second = invoice("1", "b", "o1", 50);
        second.source_version = 1;
        let second = harness.post(second).await;
        assert_ne!(first, second);
        assert_eq!(harness.reservation("o1").await.invoiced_live, 50);
        assert_eq!(harness.exposure("b", "ORDERS").await, 40);
        harness.holds().await;

        harness.reverse("b", second).await;
        assert_eq!(harness.reservation("o1").await.invoiced_live, 0);
        assert_eq!(harness.exposure("b", "ORDERS").await, 40);
        harness.post(invoice("2", "b", "o1", 60)).await;
        assert_eq!(harness.exposure("b", "ORDERS").await, 40);
        harness.holds().await;
    }
}

#[tokio::test]
async fn an_order_of_another_account_or_currency_is_another_order() {
    for harness in harnesses().await {
        harness.reserve("b", "o1", 100).await;
        harness.post(invoice("1", "a", "o1", 60)).await;
        let mut euros = invoice("2", "b", "o1", 60);
        euros.currency = crate::domain::money::Currency::parse("EUR").unwrap();
        harness.post(euros).await;
        let mut other = invoice("3", "b", "o1", 60);
        other.key.source_system = "crm".into();
        harness.post(other).await;
        assert_eq!(harness.reservation("o1").await.invoiced, 0);
        assert_eq!(harness.exposure("b", "ORDERS").await, 100);
        harness.holds().await;
    }
}

#[tokio::test]
async fn what_came_before_the_order_counts_for_it() {
    for harness in harnesses().await {
        harness.post(invoice("1", "b", "o1", 60)).await;
        harness.post(advance("2", "b", "o1", 10)).await;
        let mut later = advance("3", "b", "o1", 20);
        later.posting_date = day(7, 1);
        harness.post(later).await;
        harness.reserve("b", "o1", 100).await;
        assert_eq!(harness.exposure("b", "ORDERS").await, 40);
        assert_eq!(harness.exposure("b", "ORDER_ADVANCES").await, -10);
        harness.holds().await;
    }
}

#[tokio::test]
async fn money_that_names_an_order_lowers_it_from_its_day_until_it_is_cleared() {
    for harness in harnesses().await {
        harness.reserve("b", "o1", 100).await;
        let mut ahead = advance("1", "b", "o1", 30);
        ahead.posting_date = day(6, 20);
        harness.post(ahead).await;
        assert_eq!(harness.exposure("b", "ORDER_ADVANCES").await, 0);
        assert_eq!(harness.exposure("b", "UNAPPLIED_CASH").await, 0);
        let start = harness.db.ctx.clock.start_of(day(6, 20));
        let due = "SELECT next_change_us AS v FROM credit_reservation";
        assert_eq!(harness.db.count(due).await, start);
        harness.holds().await;

        harness.wait_until(6, 20).await;
        harness.post(invoice("2", "b", "o1", 10)).await;
        assert_eq!(harness.exposure("b", "ORDERS").await, 90);
        assert_eq!(harness.exposure("b", "ORDER_ADVANCES").await, -30);

        let mut paid = advance("3", "b", "o1", 10);
        paid.posting_date = day(6, 20);
        paid.clears.targets.push(ClearingTarget {
            key: DocumentKey {
                source_system: "erp".into(),
                company_code: "1000".into(),
                document_no: "2".into(),
                ..DocumentKey::default()
            },
            amount: None,
        });
        harness.post(paid).await;
        assert_eq!(harness.exposure("b", "ORDER_ADVANCES").await, -30);
        assert_eq!(harness.exposure("b", "OPEN_RECEIVABLES").await, 0);
        harness.holds().await;
    }
}

#[tokio::test]
async fn a_document_that_was_committed_by_hand_stays_committed_when_it_is_corrected() {
    for harness in harnesses().await {
        harness.reserve("b", "o1", 100).await;
        // It names nothing, or what nobody reserved.
        for (no, order_ref, live) in [("1", "", 80), ("2", "sales 7", 160)] {
            let document = harness.post(invoice(no, "b", order_ref, 60)).await;
            harness.commit("o1", document, 60).await;
            harness.holds().await;
            let mut corrected = invoice(no, "b", order_ref, 80);
            corrected.source_version = 1;
            harness.post(corrected).await;
            assert_eq!(harness.reservation("o1").await.invoiced_live, live);
            harness.holds().await;
        }
        assert_eq!(harness.exposure("b", "ORDERS").await, 0);
    }
}

#[tokio::test]
async fn a_document_that_stops_naming_its_order_no_longer_invoices_it() {
    for harness in harnesses().await {
        harness.reserve("b", "o1", 100).await;
        harness.reserve("b", "o2", 100).await;
        harness.post(invoice("1", "b", "o1", 60)).await;
        for (version, order_ref, live) in [(1, "o2", (0, 60)), (2, "", (0, 0)), (3, "o1", (60, 0))]
        {
            let mut corrected = invoice("1", "b", order_ref, 60);
            corrected.source_version = version;
            harness.post(corrected).await;
            let live_of = async |order| harness.reservation(order).await.invoiced_live;
            assert_eq!((live_of("o1").await, live_of("o2").await), live, "{version}");
            harness.holds().await;
        }
    }
}

#[tokio::test]
async fn an_account_takes_what_it_counts_along() {
    for harness in harnesses().await {
        harness.stand("c", "b").await;
        harness.post(invoice("1", "c", "", 100)).await;
        harness.post(invoice("2", "a", "", 7)).await;
        harness.reserve("c", "o1", 50).await;
        harness.stand("b", "a").await;
        let counting = |account| harness.counting(account, day(6, 15));
        assert_eq!(
            (counting("a").await, counting("b").await, counting("c").await),
            (157, 150, 150)
        );
        harness.holds().await;
        // Among relatives, what both are below stays as it is.
        harness.stand("c", "a").await;
        assert_eq!((counting("a").await, counting("b").await, counting("c").await), (157, 0, 150));
        harness.holds().await;
        harness.stand("c", "").await;
        assert_eq!((counting("a").await, counting("b").await, counting("c").await), (7, 0, 150));
        harness.holds().await;
    }
}

#[tokio::test]
async fn an_account_with_a_live_reservation_is_not_deleted() {
    for harness in harnesses().await {
        harness.reserve("b", "o1", 100).await;
        let refused = harness.delete("b").await.unwrap_err();
        assert_eq!(refused.reason(), Reason::AccountHasReservations);
        harness.change("o1", |of| of.expire_us = of.create_us).await;
        harness.delete("b").await.unwrap();
        harness.holds().await;
    }
}

const STANDS: &str = "each account stands where its links of today say";
const EXPOSURE: &str =
    "what counts against limits = entries and orders of each account and those below it";
const INVOICED: &str = "each order is as far invoiced as the documents that invoice it";
const LINKS: &str = "each document that invoices an order counts, in its account and currency";
const GROUP: &str = "each order belongs to the group of its account";
const RULES: &str = "each order counts what its amounts and the ledger say";

/// What is broken by hand, and the checks that find it.
const DAMAGES: &[(&str, &[(&str, i64)])] = &[
    (
        "UPDATE credit_exposure SET amount = amount + 1 \
         WHERE account_id = 'a' AND component = 'OPEN_RECEIVABLES'",
        &[(EXPOSURE, 1)],
    ),
    ("DELETE FROM credit_exposure WHERE account_id = 'a'", &[(EXPOSURE, 4)]),
    // In all the same, and not by today.
    (
        "UPDATE credit_exposure SET effective_date = '2026-07-01' \
         WHERE component = 'UNAPPLIED_CASH'",
        &[(EXPOSURE, 2)],
    ),
    ("UPDATE account SET parent_id = '' WHERE id = 'b'", &[(STANDS, 1), (EXPOSURE, 4)]),
    ("UPDATE account_link SET effective_date = '2026-07-01'", &[(STANDS, 1)]),
    ("DELETE FROM account_link", &[(STANDS, 1)]),
    ("UPDATE credit_reservation SET invoiced_live = 59", &[(INVOICED, 1)]),
    ("UPDATE credit_reservation SET invoiced = 59", &[(INVOICED, 1), (RULES, 1)]),
    ("DELETE FROM credit_reservation_document", &[(INVOICED, 1), (RULES, 1)]),
    ("UPDATE credit_reservation_document SET amount = 59", &[(INVOICED, 1), (LINKS, 1)]),
    ("UPDATE document SET currency = 'EUR' WHERE order_ref = 'o1'", &[(LINKS, 1), (RULES, 1)]),
    ("UPDATE credit_reservation SET root_id = 'b'", &[(GROUP, 1)]),
    ("UPDATE credit_reservation SET advance = advance + 1", &[(RULES, 1)]),
    // What is stored is out of date, and nothing is announced that would bring it up to date.
    ("UPDATE credit_reservation SET delivered = 70", &[(RULES, 1)]),
    ("UPDATE credit_reservation SET state = 'CANCELED'", &[(RULES, 1)]),
];

#[tokio::test]
async fn each_damage_to_what_counts_is_found_by_its_check() {
    for (damage, expected) in DAMAGES {
        for harness in harnesses().await {
            harness.stand("b", "a").await;
            harness.reserve("b", "o1", 100).await;
            harness.post(invoice("1", "b", "o1", 60)).await;
            harness.post(advance("2", "b", "o1", 10)).await;
            harness.post(advance("3", "b", "", 5)).await;
            harness.holds().await;
            harness.db.sql(damage, vec![]).await;
            assert_eq!(harness.failing().await, *expected, "{damage}");
        }
    }
}
