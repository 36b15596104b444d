//! Disputes, promises, control totals, rates and points in time, on ledgers of a few entries.

use rust_decimal::Decimal;
use uuid::Uuid;

use super::{aging_query, id, point};
use crate::domain::aging::Basis;
use crate::domain::error::Reason;
use crate::domain::ledger::{Narrow, PointQuery, Scope};
use crate::domain::money::{Currency, Money};
use crate::domain::names::ChildName;
use crate::domain::promise::PromiseState;
use crate::domain::rates::Quote;
use crate::domain::receivables::command::{
    OpenDispute, RecordPromise, ResolveDispute, SetControlTotal, SetRates,
};
use crate::domain::receivables::{CurrencyRisk, DisputeOutcome, RiskView};
use crate::service::Settings;
use crate::service::facts::Facts;
use crate::service::receivables::Receivables;
use crate::store::Lane;
use crate::store::receivables::At;
use crate::store::seed::{Fresh, Item, day, fresh};

fn usd(minor: i64) -> Money {
    Money { minor, currency: Currency::parse("USD").unwrap() }
}

fn services(db: &Fresh) -> (Facts, Receivables) {
    let settings = Settings { base_currency: None, rate_age_days_max: 7 };
    (Facts::new(db.store.clone(), settings.clone()), Receivables::new(db.store.clone(), settings))
}

/// An item in USD of the account `acme`.
async fn item(db: &Fresh, amount: i64, posting: chrono::NaiveDate, due: chrono::NaiveDate) -> Uuid {
    db.item(Item { account: "acme", currency: "USD", amount, posting, due }).await
}

async fn risk(db: &Fresh, reads: &Receivables, point: PointQuery) -> CurrencyRisk {
    let risks = reads.risk(&db.ctx, &[id("acme")], point, None, RiskView::Full).await.unwrap();
    risks.into_iter().next().unwrap().currencies.remove(0)
}

fn on(month: u32, d: u32) -> PointQuery {
    PointQuery { as_of: Some(day(month, d)), known_at: None }
}

#[tokio::test]
async fn a_dispute_counts_on_its_days_and_never_for_more_than_is_open() {
    for db in fresh().await {
        db.account("acme").await;
        let (facts, reads) = services(&db);
        let invoice = item(&db, 10_000, day(5, 1), day(6, 1)).await;
        let dispute = OpenDispute {
            item: ChildName { account: id("acme"), id: invoice },
            amount: Some(usd(8_000)),
            reason_code: "PRICE".into(),
            note: "too dear".into(),
            open_date: Some(day(6, 1)),
        };
        let opened = facts.open_dispute(&db.ctx, "1", dispute).await.unwrap();
        let before = At { as_of: day(6, 10), known_at: opened.recorded_us - 1 };
        assert_eq!(risk(&db, &reads, point(before)).await.disputed, 0);
        assert_eq!(risk(&db, &reads, on(5, 31)).await.disputed, 0);
        let of = risk(&db, &reads, on(6, 1)).await;
        assert_eq!((of.disputed, of.worst_disputes.len()), (8_000, 1));

        let receipt = item(&db, -7_000, day(6, 2), day(6, 2)).await;
        db.clear(receipt, invoice, 7_000, day(6, 5)).await;
        let of = risk(&db, &reads, on(6, 10)).await;
        assert_eq!((of.disputed, of.worst_items[0].disputed), (3_000, 3_000));
        assert_eq!(of.worst_items[0].disputes, [opened.id]);

        let end = ResolveDispute {
            dispute: ChildName { account: id("acme"), id: opened.id },
            outcome: DisputeOutcome::Rejected,
            resolve_date: Some(day(6, 20)),
        };
        facts.resolve_dispute(&db.ctx, "2", end).await.unwrap();
        let of = risk(&db, &reads, on(6, 19)).await;
        let resolved = of.worst_disputes[0].resolved;
        assert_eq!((of.disputed, resolved), (3_000, Some((day(6, 20), DisputeOutcome::Rejected))));
        assert_eq!(risk(&db, &reads, on(6, 20)).await.disputed, 0);
    }
}

#[tokio::test]
async fn a_promise_is_evaluated_by_the_receipts_on_its_items_in_time() {
    for db in fresh().await {
        db.account("acme").await;
        let (facts, reads) = services(&db);
        let invoice = item(&db, 10_000, day(5, 1), day(6, 1)).await;
        let promise = RecordPromise {
            account: id("acme"),
            items: vec![invoice],
            amount: usd(5_000),
            promise_date: Some(day(6, 1)),
            pay_by_date: day(6, 10),
            grace_days: 2,
            contact: None,
            promised_by: "Ms. Roe".into(),
        };
        facts.record_promise(&db.ctx, "1", promise).await.unwrap();
        let receipt = item(&db, -2_000, day(6, 5), day(6, 5)).await;
        db.clear(receipt, invoice, 2_000, day(6, 5)).await;
        assert!(risk(&db, &reads, on(5, 31)).await.promises.is_empty());
        assert_eq!(risk(&db, &reads, on(6, 4)).await.promised, 5_000);
        let of = risk(&db, &reads, on(6, 12)).await;
        assert_eq!((of.promised, of.promises[0].received), (3_000, 2_000));
        assert_eq!(of.promises[0].state, PromiseState::Open);
        // Partly kept from the day after grace on: neither promised nor broken.
        let of = risk(&db, &reads, on(6, 13)).await;
        assert_eq!((of.promised, of.promises.len()), (0, 0));
        let late = item(&db, -3_000, day(6, 13), day(6, 13)).await;
        db.clear(late, invoice, 3_000, day(6, 13)).await;
        assert_eq!(risk(&db, &reads, on(6, 14)).await.promised, 0);
        let days = risk(&db, &reads, on(6, 14)).await.days_to_pay.unwrap();
        assert_eq!((days.count, days.mean), (2, Decimal::new(3_900, 2)));
        assert_eq!(days.amount_weighted, Decimal::new(3_980, 2));
    }
}

#[tokio::test]
async fn the_book_is_held_against_control_totals_and_converted_only_at_a_known_rate() {
    for db in fresh().await {
        db.account("acme").await;
        let (facts, reads) = services(&db);
        item(&db, 10_001, day(5, 1), day(6, 1)).await;
        for (request, amount) in [("1", 9_000), ("2", 10_000)] {
            let total = SetControlTotal {
                company_code: "1000".into(),
                date: day(6, 10),
                amount: usd(amount),
            };
            facts.set_control_total(&db.ctx, request, total).await.unwrap();
        }
        let query = |known_at| {
            let mut query =
                aging_query(Scope::Book, At::now(day(6, 10)), Basis::DueDate, Narrow::default());
            query.point.known_at = known_at;
            query
        };
        let answer = reads.aging(&db.ctx, query(None)).await.unwrap();
        let [check] = &answer.control_totals[..] else { panic!("{:?}", answer.control_totals) };
        assert_eq!((check.control_total, check.ledger_balance), (10_000, 10_001));

        let eur = Currency::parse("EUR");
        let mut converted = query(None);
        converted.display_currency = eur;
        let error = reads.aging(&db.ctx, converted.clone()).await.unwrap_err();
        assert_eq!(error.reason(), Reason::RateMissing);
        let quote = Quote {
            from: usd(0).currency,
            to: eur.unwrap(),
            date: day(6, 3),
            rate: Decimal::new(5, 1),
            rate_type: "SPOT".into(),
        };
        let known_before = answer.point.known_at;
        facts.set_rates(&db.ctx, "3", SetRates { rates: vec![quote] }).await.unwrap();
        let answer = reads.aging(&db.ctx, converted.clone()).await.unwrap();
        // 50.005 rounds half to even.
        assert_eq!(answer.converted.unwrap().1.buckets[0], 5_000);
        assert_eq!(answer.rates.len(), 1);
        converted.point.known_at = Some(known_before);
        let error = reads.aging(&db.ctx, converted).await.unwrap_err();
        assert_eq!(error.reason(), Reason::RateMissing);
    }
}

#[tokio::test]
async fn a_point_is_refused_until_it_is_settled_and_unknown_before_the_first_entry() {
    for db in fresh().await {
        db.account("acme").await;
        let (_, reads) = services(&db);
        let ask = |point| reads.risk(&db.ctx, &[], point, None, RiskView::Basic);
        assert!(ask(PointQuery::default()).await.unwrap().is_empty());
        let accounts = [id("acme")];
        let basic = |point| reads.risk(&db.ctx, &accounts, point, None, RiskView::Basic);
        let empty = basic(PointQuery::default()).await.unwrap().remove(0).point;
        assert!(!empty.known && !empty.projected);
        item(&db, 10_000, day(5, 1), day(6, 1)).await;
        let known = basic(on(12, 1)).await.unwrap().remove(0);
        assert!(known.point.known && known.point.projected);
        let first = PointQuery { as_of: None, known_at: Some(0) };
        let before = basic(first).await.unwrap().remove(0);
        assert!(!before.point.known && before.currencies.is_empty());
        let ahead = PointQuery { as_of: None, known_at: Some(i64::MAX) };
        let error = basic(ahead).await.unwrap_err();
        assert_eq!(error.reason(), Reason::KnownAtNotSettled);
        let nobody = reads.risk(&db.ctx, &[id("nobody")], on(6, 1), None, RiskView::Basic).await;
        assert_eq!(nobody.unwrap_err().reason(), Reason::ResourceNotFound);
    }
}

#[tokio::test]
async fn what_was_answered_beside_an_open_transaction_is_answered_again_after_it() {
    for db in fresh().await {
        db.account("acme").await;
        db.account("other").await;
        let (_, reads) = services(&db);
        item(&db, 10_000, day(5, 1), day(6, 1)).await;
        let (begun, has_begun) = tokio::sync::oneshot::channel::<()>();
        let (go, may_go) = tokio::sync::oneshot::channel::<()>();
        let signals = std::sync::Arc::new(std::sync::Mutex::new(Some((begun, may_go))));
        let (store, ctx) = (db.store.clone(), db.ctx.clone());
        let writer = tokio::spawn(async move {
            store
                .write(&ctx, Lane::Interactive, move |tx| {
                    let signals = signals.lock().unwrap().take();
                    Box::pin(async move {
                        let recorded = tx.recorded_at().await?;
                        if let Some((begun, may_go)) = signals {
                            begun.send(()).unwrap();
                            may_go.await.unwrap();
                        }
                        Ok(recorded)
                    })
                })
                .await
        });
        has_begun.await.unwrap();
        let book = aging_query(Scope::Book, At::now(day(6, 15)), Basis::DueDate, Narrow::default());
        let mut book = book;
        book.point.known_at = None;
        let answer = reads.aging(&db.ctx, book.clone()).await.unwrap().point;
        let account = risk(&db, &reads, PointQuery::default()).await;
        assert_eq!(account.aging.balance(), 10_000);
        go.send(()).unwrap();
        let recorded = writer.await.unwrap().unwrap();
        assert!(answer.known_at < recorded, "what was still open is not part of the answer");
        book.point.known_at = Some(recorded);
        assert_eq!(reads.aging(&db.ctx, book).await.unwrap().point.known_at, recorded);
    }
}
