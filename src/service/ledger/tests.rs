//! What the ledger and the tree of accounts do to what counts against limits.

mod desk;
mod story;

use self::desk::{advance, desks, invoice};
use crate::domain::document::{ClearingTarget, DocumentKey};
use crate::domain::error::Reason;
use crate::store::seed::day;

#[tokio::test]
async fn entries_count_for_their_account_and_everyone_above() {
    for desk in desks().await {
        desk.stand("b", "a").await;
        desk.post(invoice("1", "b", "", 100)).await;
        for account in ["a", "b"] {
            assert_eq!(desk.used(account, "OPEN_RECEIVABLES").await, 100, "{account}");
        }
        // Dated ahead: the invoice counts at once, the money from its day on.
        let mut ahead = invoice("2", "b", "", 40);
        ahead.posting_date = day(7, 1);
        ahead.document_date = day(7, 1);
        desk.post(ahead).await;
        let mut money = advance("3", "b", "", 30);
        money.posting_date = day(7, 2);
        desk.post(money).await;
        assert_eq!(desk.counting("a", day(6, 15)).await, 140);
        assert_eq!(desk.counting("a", day(7, 2)).await, 110);
        desk.holds().await;
        desk.wait_until(7, 2).await;
        desk.holds().await;
    }
}

#[tokio::test]
async fn an_order_is_used_up_by_the_invoices_that_name_it() {
    for desk in desks().await {
        desk.stand("b", "a").await;
        desk.reserve("b", "o1", 100).await;
        assert_eq!(desk.used("a", "ORDERS").await, 100);

        let first = desk.post(invoice("1", "b", "o1", 60)).await;
        assert_eq!(desk.used("a", "ORDERS").await, 40);
        assert_eq!(desk.counting("a", day(6, 15)).await, 100);

        // A correction counts once; what it frees of the order stays freed.
        let mut second = invoice("1", "b", "o1", 50);
        second.source_version = 1;
        let second = desk.post(second).await;
        assert_ne!(first, second);
        assert_eq!(desk.order("o1").await.invoiced_live, 50);
        assert_eq!(desk.used("b", "ORDERS").await, 40);
        desk.holds().await;

        desk.reverse("b", second).await;
        assert_eq!(desk.order("o1").await.invoiced_live, 0);
        assert_eq!(desk.used("b", "ORDERS").await, 40);
        desk.post(invoice("2", "b", "o1", 60)).await;
        assert_eq!(desk.used("b", "ORDERS").await, 40);
        desk.holds().await;
    }
}

#[tokio::test]
async fn an_order_of_another_account_or_currency_is_another_order() {
    for desk in desks().await {
        desk.reserve("b", "o1", 100).await;
        desk.post(invoice("1", "a", "o1", 60)).await;
        let mut euros = invoice("2", "b", "o1", 60);
        euros.currency = crate::domain::money::Currency::parse("EUR").unwrap();
        desk.post(euros).await;
        let mut other = invoice("3", "b", "o1", 60);
        other.key.source_system = "crm".into();
        desk.post(other).await;
        assert_eq!(desk.order("o1").await.invoiced, 0);
        assert_eq!(desk.used("b", "ORDERS").await, 100);
        desk.holds().await;
    }
}

#[tokio::test]
async fn what_came_before_the_order_counts_for_it() {
    for desk in desks().await {
        desk.post(invoice("1", "b", "o1", 60)).await;
        desk.post(advance("2", "b", "o1", 10)).await;
        let mut later = advance("3", "b", "o1", 20);
        later.posting_date = day(7, 1);
        desk.post(later).await;
        desk.reserve("b", "o1", 100).await;
        assert_eq!(desk.used("b", "ORDERS").await, 40);
        assert_eq!(desk.used("b", "ORDER_ADVANCES").await, -10);
        desk.holds().await;
    }
}

#[tokio::test]
async fn money_that_names_an_order_lowers_it_from_its_day_until_it_is_cleared() {
    for desk in desks().await {
        desk.reserve("b", "o1", 100).await;
        let mut ahead = advance("1", "b", "o1", 30);
        ahead.posting_date = day(6, 20);
        desk.post(ahead).await;
        assert_eq!(desk.used("b", "ORDER_ADVANCES").await, 0);
        assert_eq!(desk.used("b", "UNAPPLIED_CASH").await, 0);
        let start = desk.db.ctx.clock.start_of(day(6, 20));
        let due = "SELECT next_change_us AS v FROM credit_order";
        assert_eq!(desk.db.count(due).await, start);
        desk.holds().await;

        desk.wait_until(6, 20).await;
        desk.post(invoice("2", "b", "o1", 10)).await;
        assert_eq!(desk.used("b", "ORDERS").await, 90);
        assert_eq!(desk.used("b", "ORDER_ADVANCES").await, -30);

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
        desk.post(paid).await;
        assert_eq!(desk.used("b", "ORDER_ADVANCES").await, -30);
        assert_eq!(desk.used("b", "OPEN_RECEIVABLES").await, 0);
        desk.holds().await;
    }
}

#[tokio::test]
async fn a_document_that_was_committed_by_hand_stays_committed_when_it_is_corrected() {
    for desk in desks().await {
        desk.reserve("b", "o1", 100).await;
        // It names nothing, or what nobody reserved.
        for (no, order_ref, live) in [("1", "", 80), ("2", "sales 7", 160)] {
            let document = desk.post(invoice(no, "b", order_ref, 60)).await;
            desk.commit("o1", document, 60).await;
            desk.holds().await;
            let mut corrected = invoice(no, "b", order_ref, 80);
            corrected.source_version = 1;
            desk.post(corrected).await;
            assert_eq!(desk.order("o1").await.invoiced_live, live);
            desk.holds().await;
        }
        assert_eq!(desk.used("b", "ORDERS").await, 0);
    }
}

#[tokio::test]
async fn a_document_that_stops_naming_its_order_no_longer_invoices_it() {
    for desk in desks().await {
        desk.reserve("b", "o1", 100).await;
        desk.reserve("b", "o2", 100).await;
        desk.post(invoice("1", "b", "o1", 60)).await;
        for (version, order_ref, live) in [(1, "o2", (0, 60)), (2, "", (0, 0)), (3, "o1", (60, 0))]
        {
            let mut corrected = invoice("1", "b", order_ref, 60);
            corrected.source_version = version;
            desk.post(corrected).await;
            let live_of = async |order| desk.order(order).await.invoiced_live;
            assert_eq!((live_of("o1").await, live_of("o2").await), live, "{version}");
            desk.holds().await;
        }
    }
}

#[tokio::test]
async fn an_account_takes_what_it_counts_along() {
    for desk in desks().await {
        desk.stand("c", "b").await;
        desk.post(invoice("1", "c", "", 100)).await;
        desk.post(invoice("2", "a", "", 7)).await;
        desk.reserve("c", "o1", 50).await;
        desk.stand("b", "a").await;
        let counting = |account| desk.counting(account, day(6, 15));
        assert_eq!(
            (counting("a").await, counting("b").await, counting("c").await),
            (157, 150, 150)
        );
        desk.holds().await;
        // Among relatives, what both are below stays as it is.
        desk.stand("c", "a").await;
        assert_eq!((counting("a").await, counting("b").await, counting("c").await), (157, 0, 150));
        desk.holds().await;
        desk.stand("c", "").await;
        assert_eq!((counting("a").await, counting("b").await, counting("c").await), (7, 0, 150));
        desk.holds().await;
    }
}

#[tokio::test]
async fn an_account_with_a_live_reservation_is_not_deleted() {
    for desk in desks().await {
        desk.reserve("b", "o1", 100).await;
        let refused = desk.delete("b").await.unwrap_err();
        assert_eq!(refused.reason(), Reason::AccountHasReservations);
        desk.change("o1", |order| order.expire_us = order.create_us).await;
        desk.delete("b").await.unwrap();
        desk.holds().await;
    }
}

const USED: &str =
    "what counts against limits = entries and orders of each account and those below it";
const INVOICED: &str = "each order is as far invoiced as the documents that invoice it";
const LINKS: &str = "each document that invoices an order counts, in its account and currency";
const GROUP: &str = "each order belongs to the group of its account";
const RULES: &str = "each order counts what its amounts and the ledger say";

/// What is broken by hand, and the checks that find it.
const DAMAGES: &[(&str, &[(&str, i64)])] = &[
    (
        "UPDATE credit_used SET amount = amount + 1 \
         WHERE account_id = 'a' AND component = 'OPEN_RECEIVABLES'",
        &[(USED, 1)],
    ),
    ("DELETE FROM credit_used WHERE account_id = 'a'", &[(USED, 4)]),
    // In all the same, and not by today.
    (
        "UPDATE credit_used SET effective_date = '2026-07-01' WHERE component = 'UNAPPLIED_CASH'",
        &[(USED, 2)],
    ),
    ("UPDATE account SET parent_id = '' WHERE id = 'b'", &[(USED, 4)]),
    ("UPDATE credit_order SET invoiced_live = 59", &[(INVOICED, 1)]),
    ("UPDATE credit_order SET invoiced = 59", &[(INVOICED, 1), (RULES, 1)]),
    ("DELETE FROM credit_order_document", &[(INVOICED, 1), (RULES, 1)]),
    ("UPDATE credit_order_document SET amount = 59", &[(INVOICED, 1), (LINKS, 1)]),
    ("UPDATE document SET currency = 'EUR' WHERE order_ref = 'o1'", &[(LINKS, 1), (RULES, 1)]),
    ("UPDATE credit_order SET root_id = 'b'", &[(GROUP, 1)]),
    ("UPDATE credit_order SET advance = advance + 1", &[(RULES, 1)]),
    // What is stored is out of date, and nothing is announced that would bring it up to date.
    ("UPDATE credit_order SET delivered = 70", &[(RULES, 1)]),
    ("UPDATE credit_order SET state = 'CANCELED'", &[(RULES, 1)]),
];

#[tokio::test]
async fn each_damage_to_what_counts_is_found_by_its_check() {
    for (damage, expected) in DAMAGES {
        for desk in desks().await {
            desk.stand("b", "a").await;
            desk.reserve("b", "o1", 100).await;
            desk.post(invoice("1", "b", "o1", 60)).await;
            desk.post(advance("2", "b", "o1", 10)).await;
            desk.post(advance("3", "b", "", 5)).await;
            desk.holds().await;
            desk.db.sql(damage, vec![]).await;
            assert_eq!(desk.failing().await, *expected, "{damage}");
        }
    }
}
