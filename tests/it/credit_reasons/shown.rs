//! Figures are exact, and those that are only shown are no reason.

use super::*;

/// What CheckCredit answers to so many minor units.
async fn asked(counter: &mut Counter, currency: &str, minor: i64) -> pb::CreditDecision {
    let amount = format!("{}.{:02}", minor / 100, minor % 100);
    counter
        .check(pb::CheckCreditRequest {
            account: ACME.into(),
            amount: Some(money(&amount, currency)),
            ..pb::CheckCreditRequest::default()
        })
        .await
}

/// An invoice in another currency, due so many days from the start.
fn foreign(no: &str, amount: pb::Money, due: i64) -> pb::Document {
    let mut invoice = invoice(no, day(due.min(0)), "0", &[(day(due), "0")]);
    invoice.instalments[0].amount = Some(amount.clone());
    pb::Document { gross: Some(amount), ..invoice }
}

on_both_engines! {
    async fn fault_f21_available_is_exactly_the_most_that_passes(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        let euro = pb::CreditLimit { amount: Some(money("100", "EUR")), ..limit_of("0") };
        counter.set(ACME, euro).await;
        counter.desk.rates(&[("EUR", "PLN", day(0), "4.25")]).await;
        for (used, available, shown) in [(0, 42_502, "425.02"), (10_000, 2, "0.02")] {
            if used > 0 {
                counter.desk.post([foreign("I1", money("100", "EUR"), 30)]).await;
            }
            let passes = asked(&mut counter, "PLN", available).await;
            assert_decided(&passes, "APPROVED", &[]);
            assert_eq!(text(&passes.available), shown);
            let more = asked(&mut counter, "PLN", available + 1).await;
            assert_decided(&more, "DECLINED", &["LIMIT_EXCEEDED"]);
        }
        counter.desk.post([foreign("I2", money("0.01", "EUR"), 30)]).await;
        let above = asked(&mut counter, "PLN", 1).await;
        assert_decided(&above, "DECLINED", &["LIMIT_EXCEEDED"]);
        assert_eq!(text(&above.available), "-0.03", "what has to be paid for nothing to be above");
    }

    async fn fault_b5_a_figure_that_is_only_shown_is_no_reason(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        counter.set(ACME, limit_kind(pb::CreditLimitKind::Unlimited)).await;
        counter.desk.post([foreign("I1", money("7", "EUR"), 30)]).await;
        let checked = counter.ask("1.00").await;
        assert_decided(&checked, "APPROVED", &[]);
        assert_eq!((checked.limits[0].exposure.clone(), checked.available), (None, None));
        assert_decided(&counter.reserve(ORDER, "1.00").await, "APPROVED", &[]);
        assert_eq!(counter.profile(ACME).await.reasons, []);
        // Where a limit bounds it, it is one.
        counter.limit(GROUP, "100.00").await;
        assert_decided(&counter.ask("1.00").await, "REFERRED", &["RATE_MISSING"]);
        counter.desk.verify(&server).await;
    }

    async fn fault_b13_what_can_be_told_is_judged_beside_what_cannot(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        counter.set(ACME, limit_kind(pb::CreditLimitKind::Unlimited)).await;
        let policy = pb::CreditPolicy {
            overdue_amount_max: Some(usd("50.00")),
            ..pb::CreditPolicy::default()
        };
        counter.policy("overdue", policy).await;
        let overdue = invoice("I1", day(-30), "51.00", &[(day(-1), "51.00")]);
        counter.desk.post([overdue, foreign("I2", money("7", "EUR"), -1)]).await;
        let found = counter.ask("1.00").await;
        let mut all = codes(&found.reasons);
        all.sort();
        assert_eq!(all, ["OVERDUE_AMOUNT", "RATE_MISSING"]);
        // The same of a limit.
        counter.limit(ACME, "51.00").await;
        assert!(codes(&counter.ask("1.00").await.reasons).contains(&"LIMIT_EXCEEDED".to_owned()));
        counter.desk.verify(&server).await;
    }
}
