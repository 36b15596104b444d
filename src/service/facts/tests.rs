use rust_decimal::Decimal;
use uuid::Uuid;

use super::Facts;
use crate::domain::error::Reason;
use crate::domain::money::{Currency, Money};
use crate::domain::names::{AccountRef, ChildName};
use crate::domain::promise::PromiseState;
use crate::domain::rates::Quote;
use crate::domain::receivables::command::*;
use crate::domain::receivables::{DisputeOutcome, Promise};
use crate::service::Settings;
use crate::store::seed::{Fresh, Item, day, fresh};

fn usd(minor: i64) -> Money {
    Money { minor, currency: Currency::parse("USD").unwrap() }
}

fn eur(minor: i64) -> Money {
    Money { minor, currency: Currency::parse("EUR").unwrap() }
}

fn named(id: Uuid) -> ChildName {
    let account = AccountRef::External { system: "erp".into(), id: "acme".into() };
    ChildName { account, id }
}

/// An invoice of 100.00 of 1 June, and a receipt of 30.00 that took effect on 20 June.
async fn ledger(db: &Fresh) -> (Facts, Uuid, Uuid) {
    db.account("acme").await;
    let item = |amount| Item {
        account: "acme",
        currency: "USD",
        amount,
        posting: day(6, 1),
        due: day(7, 1),
    };
    let invoice = db.item(item(10_000)).await;
    let receipt = db.item(item(-3_000)).await;
    db.clear(receipt, invoice, 3_000, day(6, 20)).await;
    (Facts::new(db.store.clone(), Settings::default()), invoice, receipt)
}

fn dispute(item: Uuid, amount: Option<Money>) -> OpenDispute {
    OpenDispute {
        item: named(item),
        amount,
        reason_code: "PRICE".into(),
        note: "says Ms. Roe".into(),
        open_date: None,
    }
}

#[tokio::test]
async fn a_dispute_takes_what_is_open_and_ends_once() {
    for db in fresh().await {
        let (facts, invoice, receipt) = ledger(&db).await;
        let reason = |r: crate::domain::error::Result<_>| {
            r.map(|_: crate::domain::receivables::Dispute| ()).unwrap_err().reason()
        };

        let refused = facts.open_dispute(&db.ctx, "1", dispute(receipt, None)).await;
        assert_eq!(reason(refused), Reason::ClearingSameSide);
        let refused = facts.open_dispute(&db.ctx, "1", dispute(invoice, Some(eur(1)))).await;
        assert_eq!(reason(refused), Reason::CurrencyMismatch);
        let refused = facts.open_dispute(&db.ctx, "1", dispute(invoice, Some(usd(7_001)))).await;
        assert_eq!(reason(refused), Reason::DisputeExceedsOpen);
        let refused = facts.open_dispute(&db.ctx, "1", dispute(Uuid::now_v7(), None)).await;
        assert_eq!(reason(refused), Reason::ResourceNotFound);

        let part =
            facts.open_dispute(&db.ctx, "2", dispute(invoice, Some(usd(2_000)))).await.unwrap();
        let rest = facts.open_dispute(&db.ctx, "3", dispute(invoice, None)).await.unwrap();
        assert_eq!((part.amount, rest.amount), (2_000, 5_000));
        assert_eq!((rest.account_id.as_str(), rest.open_date), ("acme", day(6, 15)));
        assert_eq!(rest.note.expose(), "says Ms. Roe");
        let again = facts.open_dispute(&db.ctx, "3", dispute(invoice, None)).await.unwrap();
        assert_eq!(again, rest);
        assert_eq!(
            db.count("SELECT COUNT(*) AS v FROM idempotency WHERE answer LIKE '%Roe%'").await,
            0
        );

        let resolve = |date| ResolveDispute {
            dispute: named(part.id),
            outcome: DisputeOutcome::Rejected,
            resolve_date: date,
        };
        let refused = facts.resolve_dispute(&db.ctx, "4", resolve(Some(day(6, 14)))).await;
        assert_eq!(reason(refused), Reason::EffectiveTooEarly);
        let resolved = facts.resolve_dispute(&db.ctx, "4", resolve(None)).await.unwrap();
        assert_eq!(resolved.resolved, Some((day(6, 15), DisputeOutcome::Rejected)));
        let refused = facts.resolve_dispute(&db.ctx, "5", resolve(None)).await;
        assert_eq!(reason(refused), Reason::StateWrong);
        let freed = facts.open_dispute(&db.ctx, "6", dispute(invoice, None)).await.unwrap();
        assert_eq!(freed.amount, 2_000);
        // The head covers what was recorded last, the resolution before it as well.
        let head = db.count("SELECT head_us AS v FROM account_head").await;
        assert_eq!(head, freed.recorded_us);
        assert_eq!(db.count("SELECT COUNT(*) AS v FROM outbox WHERE account_id = 'acme'").await, 4);
    }
}

#[tokio::test]
async fn a_promise_is_about_debits_of_its_account_in_its_currency() {
    for db in fresh().await {
        let (facts, invoice, receipt) = ledger(&db).await;
        let promise = |items: Vec<Uuid>, amount| RecordPromise {
            account: AccountRef::Id("acme".into()),
            items,
            amount,
            promise_date: None,
            pay_by_date: day(6, 30),
            grace_days: 2,
            contact: None,
            promised_by: "Ms. Roe".into(),
        };
        let wrong = promise(vec![invoice, receipt, Uuid::now_v7(), invoice], eur(5_000));
        let wrong = RecordPromise { pay_by_date: day(6, 14), ..wrong };
        let refused = facts.record_promise(&db.ctx, "1", wrong).await.unwrap_err();
        let crate::domain::error::Error::Invalid(violations) = refused else { panic!() };
        let found: Vec<_> = violations.iter().map(|v| (v.field.as_str(), v.reason)).collect();
        assert_eq!(
            found,
            [
                ("pay_by_date", Reason::DateInvalid),
                ("items[0]", Reason::CurrencyMismatch),
                ("items[1]", Reason::FieldInvalid),
                ("items[2]", Reason::FieldInvalid),
                ("items[3]", Reason::DuplicateElement),
            ]
        );
        let kept = promise(vec![invoice], usd(5_000));
        let recorded = facts.record_promise(&db.ctx, "2", kept).await.unwrap();
        assert_eq!((recorded.state, recorded.received), (PromiseState::Open, 0));
        assert_eq!(recorded.promised_by.expose(), "Ms. Roe");

        let withdraw = |date| WithdrawPromise { promise: named(recorded.id), withdraw_date: date };
        let early = facts.withdraw_promise(&db.ctx, "3", withdraw(Some(day(6, 1)))).await;
        assert_eq!(early.unwrap_err().reason(), Reason::EffectiveTooEarly);
        let withdrawn = facts.withdraw_promise(&db.ctx, "3", withdraw(None)).await.unwrap();
        assert_eq!(withdrawn.state, PromiseState::Withdrawn);
        let twice = facts.withdraw_promise(&db.ctx, "4", withdraw(None)).await;
        assert_eq!(twice.unwrap_err().reason(), Reason::StateWrong);
    }
}

#[tokio::test]
async fn what_is_written_of_who_promised_stands_beside_the_ledger_and_may_be_taken_away() {
    for db in fresh().await {
        let (facts, invoice, _) = ledger(&db).await;
        let promise = || RecordPromise {
            account: AccountRef::Id("acme".into()),
            items: vec![invoice],
            amount: usd(5_000),
            promise_date: None,
            pay_by_date: day(6, 30),
            grace_days: 2,
            contact: None,
            promised_by: "Ms. Roe".into(),
        };
        let recorded = facts.record_promise(&db.ctx, "1", promise()).await.unwrap();
        let again = facts.record_promise(&db.ctx, "1", promise()).await.unwrap();
        assert_eq!(again, recorded);
        assert_eq!(recorded.promised_by.expose(), "Ms. Roe");
        for told in [
            "SELECT COUNT(*) AS v FROM outbox WHERE data LIKE '%Roe%'",
            "SELECT COUNT(*) AS v FROM idempotency WHERE CAST(answer AS TEXT) LIKE '%Roe%'",
        ] {
            assert_eq!(db.count(told).await, 0, "{told}");
        }
        db.sql("DELETE FROM promise_said WHERE account_id = 'acme'", vec![]).await;
        let again = facts.record_promise(&db.ctx, "1", promise()).await.unwrap();
        let nobody = Promise { promised_by: String::new().into(), ..recorded };
        assert_eq!(again, nobody, "the promise stands as it was");
        let withdraw = WithdrawPromise { promise: named(nobody.id), withdraw_date: None };
        let withdrawn = facts.withdraw_promise(&db.ctx, "2", withdraw).await.unwrap();
        assert_eq!(
            (withdrawn.state, withdrawn.promised_by),
            (PromiseState::Withdrawn, nobody.promised_by)
        );
    }
}

#[tokio::test]
async fn a_period_closes_forward_only_and_never_ahead_of_today() {
    for db in fresh().await {
        let facts = Facts::new(db.store.clone(), Settings::default());
        let close = |through_date| ClosePeriod { company_code: "1000".into(), through_date };
        let ahead = facts.close_period(&db.ctx, "1", close(day(6, 16))).await;
        assert_eq!(ahead.unwrap_err().reason(), Reason::DateInvalid);
        let closed = facts.close_period(&db.ctx, "2", close(day(5, 31))).await.unwrap();
        assert_eq!(closed, ("1000".to_owned(), day(5, 31)));
        assert_eq!(facts.close_period(&db.ctx, "2", close(day(5, 31))).await.unwrap(), closed);
        for through in [day(5, 31), day(4, 30)] {
            let refused = facts.close_period(&db.ctx, "3", close(through)).await;
            assert_eq!(refused.unwrap_err().reason(), Reason::PeriodAlreadyClosed);
        }
        facts.close_period(&db.ctx, "4", close(day(6, 15))).await.unwrap();
        let known = db.store.write(&db.ctx, crate::store::Lane::Bulk, |tx| {
            Box::pin(async move { tx.closed_periods(["2000".to_owned(), "1000".to_owned()]).await })
        });
        assert_eq!(known.await.unwrap(), [("1000".to_owned(), day(6, 15))].into());
    }
}

#[tokio::test]
async fn rates_are_positive_and_between_two_currencies_once_a_day() {
    for db in fresh().await {
        let facts = Facts::new(db.store.clone(), Settings::default());
        let quote = |from: Money, rate| Quote {
            from: from.currency,
            to: usd(0).currency,
            date: day(6, 1),
            rate: Decimal::new(rate, 4),
            rate_type: "SPOT".into(),
        };
        let rates = vec![quote(eur(0), 10_845), quote(eur(0), 0), quote(usd(0), 1)];
        let refused = facts.set_rates(&db.ctx, "1", SetRates { rates }).await.unwrap_err();
        let crate::domain::error::Error::Invalid(violations) = refused else { panic!() };
        assert_eq!(violations.len(), 3);
        let rates = vec![quote(eur(0), 10_845)];
        assert_eq!(facts.set_rates(&db.ctx, "2", SetRates { rates }).await.unwrap(), 1);
        let rates = vec![quote(eur(0), 10_850)];
        assert_eq!(facts.set_rates(&db.ctx, "3", SetRates { rates }).await.unwrap(), 1);
        assert_eq!(db.count("SELECT COUNT(*) AS v FROM exchange_rate").await, 2);
    }
}

#[tokio::test]
async fn a_control_total_stands_beside_the_balance_of_its_day() {
    for db in fresh().await {
        let (facts, ..) = ledger(&db).await;
        let other = Item {
            account: "acme",
            currency: "EUR",
            amount: 77,
            posting: day(6, 1),
            due: day(6, 1),
        };
        db.item(other).await;
        let total = |date, amount| SetControlTotal { company_code: "1000".into(), date, amount };
        let check = facts.set_control_total(&db.ctx, "1", total(day(6, 1), usd(7_500))).await;
        let check = check.unwrap();
        assert_eq!((check.control_total, check.ledger_balance), (7_500, 7_000));
        assert!(check.point.known && !check.point.projected);
        let before = facts.set_control_total(&db.ctx, "2", total(day(5, 31), usd(0))).await;
        assert_eq!(before.unwrap().ledger_balance, 0);
    }
}
