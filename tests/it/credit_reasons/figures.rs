//! What a reason tells.

use super::*;

/// Code, limit, exposure, shortfall and remedies.
fn told(reason: &pb::CreditReason) -> (String, String, String, Vec<String>) {
    (text(&reason.limit), text(&reason.exposure), text(&reason.shortfall), remedies(reason))
}

async fn reason(server: &TestServer, of: Situation, verdict: &str, code: &str) -> pb::CreditReason {
    let mut counter = of.arise(server).await;
    let told = only(of.ask(&mut counter).await, verdict, code);
    counter.desk.verify(server).await;
    told
}

#[track_caller]
fn assert_told(reason: &pb::CreditReason, figures: [&str; 3], remedies: &[&str], subject: &str) {
    let (limit, exposure, shortfall, does) = told(reason);
    assert_eq!([&*limit, &*exposure, &*shortfall], figures, "{reason:#?}");
    assert_eq!(does, remedies);
    assert_eq!(reason.subject, subject);
    assert!(!reason.summary.is_empty());
}

/// The numbers of documents by name.
async fn numbers(counter: &mut Counter, nos: &[&str]) -> Vec<String> {
    let mut names = Vec::new();
    for no in nos {
        names.push(counter.desk.get(no, day(0)).await.name);
    }
    names
}

const NONE: [&str; 3] = ["-"; 3];

on_both_engines! {
    async fn limits_tell_what_is_used_and_what_is_too_much(server: TestServer) {
        let told = reason(&server, Situation::LimitExceeded, "DECLINED", "LIMIT_EXCEEDED").await;
        let does = ["REDUCE_ORDER 50.00", "PREPAY 30.00", "RAISE_LIMIT 130.00"];
        assert_told(&told, ["100.00", "50.00", "30.00"], &does, ACME);
        let server = TestServer::start(server.engine()).await;
        let told = reason(&server, Situation::LimitExceededBefore, "DECLINED", "LIMIT_EXCEEDED").await;
        let does = ["PREPAY 80.00", "RAISE_LIMIT 230.00"];
        assert_told(&told, ["100.00", "150.00", "130.00"], &does, ACME);
        let server = TestServer::start(server.engine()).await;
        let told = reason(&server, Situation::GroupLimitExceeded, "DECLINED", "GROUP_LIMIT_EXCEEDED").await;
        let does = ["REDUCE_ORDER 70.00", "PREPAY 10.00", "RAISE_LIMIT 130.00"];
        assert_told(&told, ["120.00", "50.00", "10.00"], &does, GROUP);
        let server = TestServer::start(server.engine()).await;
        let told = reason(&server, Situation::Utilization, "REFERRED", "UTILIZATION").await;
        let does = ["REDUCE_ORDER 66.67", "PREPAY 13.33", "RAISE_LIMIT 120.00"];
        assert_told(&told, ["66.67", "0.00", "13.33"], &does, ACME);
    }

    async fn overdue_items_are_told_with_their_documents(server: TestServer) {
        let of = Situation::OverdueAmount;
        let mut counter = of.arise(&server).await;
        let told = only(of.ask(&mut counter).await, "REFERRED", "OVERDUE_AMOUNT");
        let does = ["PAY_OVERDUE 8.00", "PREPAY 80.00"];
        assert_told(&told, ["5.00", "13.00", "8.00"], &does, ACME);
        assert_eq!(told.documents, numbers(&mut counter, &["I1", "I2"]).await, "the oldest due first");

        let server = TestServer::start(server.engine()).await;
        let of = Situation::OverdueDays;
        let mut counter = of.arise(&server).await;
        let told = only(of.ask(&mut counter).await, "REFERRED", "OVERDUE_DAYS");
        assert_told(&told, NONE, &["PAY_OVERDUE 8.00", "PREPAY 80.00"], ACME);
        assert_eq!((told.overdue_days, told.overdue_days_max), (40, 10));
        let mut documents = told.documents;
        assert_eq!(documents.pop(), numbers(&mut counter, &["I1"]).await.pop());
        documents.sort();
        let mut oldest = numbers(&mut counter, &["I2", "I4"]).await;
        oldest.sort();
        assert_eq!(documents, oldest);
        // The same stands in the decision and in the profile.
        let reserved = counter.reserve(ORDER, "80.00").await;
        assert_eq!(reserved.reasons[0].documents.len(), 3);
        let profile = counter.profile(ACME).await;
        assert_eq!(codes(&profile.reasons), ["OVERDUE_DAYS"]);
        let overdue = &profile.overdue[0];
        assert_eq!((text(&overdue.amount), overdue.days), ("10.00".into(), 40));
        counter.desk.verify(&server).await;
    }

    async fn what_is_overdue_in_two_currencies_is_paid_in_both(server: TestServer) {
        let of = Situation::OverdueDays;
        let mut counter = of.arise(&server).await;
        let euro = pb::Document {
            gross: Some(money("7", "EUR")),
            ..document(pb::DocumentKind::Invoice, "E1", day(-30), "0")
        };
        counter.desk.post([euro]).await;
        counter.desk.rates(&[("EUR", "USD", day(0), "1.00")]).await;
        let told = only(of.ask(&mut counter).await, "REFERRED", "OVERDUE_DAYS");
        let mut pay: Vec<_> = told
            .remedies
            .iter()
            .filter(|r| r.action() == pb::CreditRemedyAction::PayOverdue)
            .filter_map(|r| r.amount.clone())
            .map(|amount| (amount.currency_code.clone(), text(&Some(amount))))
            .collect();
        pay.sort();
        let expected = [("EUR", "7.00"), ("USD", "8.00")];
        assert_eq!(pay, expected.map(|(currency, pay)| (currency.to_owned(), pay.to_owned())));
        counter.desk.verify(&server).await;
    }

    async fn what_stops_an_account_names_what_would_let_it_go(server: TestServer) {
        let engine = server.engine();
        let fresh = || TestServer::start(engine);
        let server = fresh().await;
        let told = reason(&server, Situation::NoLimit, "REFERRED", "NO_LIMIT").await;
        assert_told(&told, NONE, &["SET_LIMIT -", "PREPAY 80.00"], ACME);
        let server = fresh().await;
        let mut counter = Situation::GroupOnHold.arise(&server).await;
        let told = only(Situation::GroupOnHold.ask(&mut counter).await, "DECLINED", "ON_HOLD");
        let hold = counter.profile(ACME).await.holds[0].name.clone();
        assert!(hold.starts_with("accounts/group/creditHolds/"));
        assert_told(&told, NONE, &["RELEASE_HOLD -", "PREPAY 80.00"], &hold);
        for (of, account) in [(Situation::LimitExpired, ACME), (Situation::GroupLimitExpired, GROUP)] {
            let server = fresh().await;
            let told = reason(&server, of, "REFERRED", "LIMIT_EXPIRED").await;
            assert_eq!(remedies(&told), ["SET_LIMIT -", "PREPAY 80.00"]);
            assert!(told.subject.starts_with(&format!("{account}/creditLimits/")));
            assert_eq!((text(&told.limit), &*told.remedies[0].subject), ("200.00".into(), account));
        }
        let server = fresh().await;
        let told = reason(&server, Situation::RateMissing, "REFERRED", "RATE_MISSING").await;
        assert_told(&told, NONE, &["RECORD_RATE -", "PREPAY 80.00"], "rates/GBP-USD");
        let server = fresh().await;
        let told = reason(&server, Situation::RateOfOrderMissing, "REFERRED", "RATE_MISSING").await;
        assert_told(&told, NONE, &["RECORD_RATE -", "PREPAY 80.00"], "rates/EUR-USD");
        let server = fresh().await;
        let told = reason(&server, Situation::AccountBlocked, "DECLINED", "ACCOUNT_BLOCKED").await;
        assert_told(&told, NONE, &["UNBLOCK_ACCOUNT -"], ACME);
    }

    async fn a_verdict_tells_every_reason_and_the_gravest_first(server: TestServer) {
        let mut counter = Situation::OverdueDays.arise(&server).await;
        let hold = counter.hold(GROUP, pb::CreditHoldScope::Group).await;
        counter.limit(GROUP, "50.00").await;
        counter.desk.post([invoice("I9", day(0), "60.00", &[(day(30), "60.00")])]).await;
        let all = ["LIMIT_EXCEEDED", "GROUP_LIMIT_EXCEEDED", "ON_HOLD", "OVERDUE_DAYS"];
        assert_decided(&counter.ask("80.00").await, "DECLINED", &all);
        // What the account is held by, as it stands in its profile.
        let held = counter.profile(ACME).await;
        assert_eq!(codes(&held.reasons), ["GROUP_LIMIT_EXCEEDED", "ON_HOLD", "OVERDUE_DAYS"]);

        let rule = |code: pb::CreditReasonCode, disposition: pb::CreditDisposition| {
            pb::CreditReasonRule { code: code.into(), disposition: disposition.into() }
        };
        use pb::{CreditDisposition as To, CreditReasonCode as Of};
        let rules = vec![
            rule(Of::LimitExceeded, To::Refer),
            rule(Of::GroupLimitExceeded, To::Ignore),
            rule(Of::OnHold, To::Refer),
            rule(Of::OverdueDays, To::Decline),
        ];
        let strict = pb::CreditPolicy { overdue_days_max: Some(10), rules, ..pb::CreditPolicy::default() };
        counter.policy("strict", strict.clone()).await;
        let decision = counter.ask("80.00").await;
        let all = ["OVERDUE_DAYS", "LIMIT_EXCEEDED", "ON_HOLD", "GROUP_LIMIT_EXCEEDED"];
        assert_decided(&decision, "DECLINED", &all);
        assert_eq!(decision.policy, "creditPolicies/strict");
        let documents: Vec<usize> = decision.reasons.iter().map(|r| r.documents.len()).collect();
        assert_eq!(documents, [3, 0, 0, 0], "each reason keeps its own documents");
        // The worst is the verdict.
        let mut mild = strict;
        mild.rules[3] = rule(Of::OverdueDays, To::Ignore);
        counter.policy("mild", mild).await;
        assert_eq!(verdict(&counter.ask("80.00").await), "REFERRED");
        counter.release(&hold).await;
        let all = ["GROUP_LIMIT_EXCEEDED", "OVERDUE_DAYS"];
        assert_decided(&counter.ask("1.00").await, "APPROVED", &all);
        counter.desk.verify(&server).await;
    }
}
