//! What a class means for its accounts, as those see it who ask.

use ballast::pb;
use tonic::Code;

use super::policies::{activate, class, create};
use super::runs::{applied, in_force, run, sell, two};
use crate::support::credit::{moment, order_key};
use crate::support::ledger::{day, fresh, usd};
use crate::support::{TestServer, assert_refused};

/// Two classes, of which C has orders stopped after so many days overdue, and A after 60.
fn terms(days_of_c: i32) -> pb::TierPolicy {
    let within = |code, days| {
        let mut class = class(code, 4);
        class.service.get_or_insert_default().overdue_days_max = Some(days);
        class
    };
    pb::TierPolicy { classes: vec![within("A", 60), within("C", days_of_c)], ..two() }
}

fn account(id: &str) -> String {
    format!("accounts/ERP~{id}")
}

async fn limited(server: &TestServer, id: &str, overdue_days_max: Option<i32>) {
    let limit = pb::CreditLimit {
        kind: pb::CreditLimitKind::Unlimited.into(),
        approver: "王芳".into(),
        reason: "年度评审".into(),
        overdue_days_max,
        ..Default::default()
    };
    let listed = pb::ListCreditLimitsRequest { parent: account(id), ..Default::default() };
    let listed = server.credit().list_credit_limits(listed).await.expect("limits").into_inner();
    let etag = listed.limits.first().map(|limit| limit.etag.clone()).unwrap_or_default();
    let request = pb::SetCreditLimitRequest {
        account: account(id),
        limit: Some(pb::CreditLimit { etag, ..limit }),
        request_id: fresh(),
    };
    server.credit().set_credit_limit(request).await.expect("a limit");
}

/// The verdict and what said how much may be overdue; the same whether asked or reserved.
async fn verdict(server: &TestServer, id: &str, no: &str) -> (pb::CreditVerdict, String, String) {
    let check = pb::CheckCreditRequest {
        account: account(id),
        amount: Some(usd("5.00")),
        ..Default::default()
    };
    let checked = server.credit().check_credit(check).await.expect("checked").into_inner();
    let reserve = pb::ReserveCreditRequest {
        account: account(id),
        amount: Some(usd("5.00")),
        order: Some(order_key(no)),
        request_id: fresh(),
        ..Default::default()
    };
    let reserved = server.credit().reserve_credit(reserve).await.expect("decided").into_inner();
    let source = |decision: &pb::CreditDecision| {
        decision.reasons.first().map(|reason| reason.terms_source.clone()).unwrap_or_default()
    };
    assert_eq!(checked.verdict, reserved.verdict);
    assert_eq!(source(&checked), source(&reserved));
    (reserved.verdict(), source(&reserved), reserved.name)
}

/// BIG is A, MID and LOW are C, and each owes what it bought 20 days ago.
async fn classified(server: &TestServer) {
    sell(server, -20, &[("BIG", 100), ("MID", 50), ("LOW", 10)]).await;
    for id in ["BIG", "MID", "LOW"] {
        limited(server, id, None).await;
    }
    in_force(server, terms(10)).await;
}

const APPROVED: pb::CreditVerdict = pb::CreditVerdict::Approved;
const REFERRED: pb::CreditVerdict = pb::CreditVerdict::Referred;

on_both_engines! {
    async fn t5_the_same_order_of_an_a_and_a_c_account_gets_different_verdicts(server: TestServer) {
        classified(&server).await;
        let before = verdict(&server, "MID", "M0").await;
        assert_eq!(before.0, APPROVED, "no class is applied yet");
        run(&server, applied(0)).await.expect("a run");
        assert_eq!(verdict(&server, "BIG", "B1").await.0, APPROVED);
        let refused = verdict(&server, "MID", "M1").await;
        assert_eq!((refused.0, &*refused.1), (REFERRED, "tierPolicies/p"));

        // Another version rules from the first run by it on, and rewrites nothing.
        let other = create(&server, "p2", terms(30)).await.expect("created");
        activate(&server, "p2", Some(day(0)), &other.etag).await.expect("in force");
        assert_eq!(verdict(&server, "MID", "M2").await.0, REFERRED);
        server.clock().set(moment(1));
        run(&server, applied(1)).await.expect("a run");
        assert_eq!(verdict(&server, "MID", "M3").await.0, APPROVED);
        let name = refused.2;
        let request = pb::GetCreditDecisionRequest { name };
        let read = server.credit().get_credit_decision(request).await.expect("read").into_inner();
        assert_eq!((read.verdict(), &*read.reasons[0].terms_source), (REFERRED, "tierPolicies/p"));
        assert_eq!((read.reasons[0].overdue_days, read.reasons[0].overdue_days_max), (20, 10));
        server.clock().set(moment(11));
        let refused = verdict(&server, "MID", "M4").await;
        assert_eq!((refused.0, &*refused.1), (REFERRED, "tierPolicies/p2"));
    }

    async fn a24_an_account_that_counts_as_another_is_judged_by_the_class_of_that_one(server: TestServer) {
        classified(&server).await;
        run(&server, applied(0)).await.expect("a run");
        let stops = async || {
            let mut told = Vec::new();
            // What is kept of it is asked the second time.
            for _ in 0..2 {
                let request = pb::GetCreditProfileRequest { account: account("BIG"), ..Default::default() };
                let profile = server.credit().get_credit_profile(request).await.expect("told").into_inner();
                told.push(profile.reasons.iter().map(|reason| reason.overdue_days_max).collect::<Vec<_>>());
            }
            assert_eq!(told[0], told[1]);
            told.remove(0)
        };
        assert_eq!(stops().await, Vec::<i32>::new(), "an A may be 60 days late");
        let merge = pb::MergeRecordsRequest {
            survivor: account("MID"),
            losers: vec![account("BIG")],
            reason: "one tax number".into(),
            request_id: fresh(),
            ..Default::default()
        };
        server.accounts().merge_records(merge).await.expect("merged");
        assert_eq!(stops().await, [10], "as the C that it counts as");
        let undo = pb::UndoMergeRequest { loser: account("BIG"), reason: "two".into(), request_id: fresh() };
        server.accounts().undo_merge(undo).await.expect("undone");
        assert_eq!(stops().await, Vec::<i32>::new());
    }

    async fn a_class_that_a_person_gave_governs_until_its_day(server: TestServer) {
        classified(&server).await;
        let give = async |id: &str, tier: &str, days: i64| {
            let request = pb::OverrideTierRequest {
                account: account(id),
                tier: tier.into(),
                valid_to: Some(day(days)),
                reason: "重点扶持".into(),
                request_id: fresh(),
                ..Default::default()
            };
            server.tiers().override_tier(request).await.expect("given").into_inner()
        };
        give("LOW", "C", 5).await;
        let refused = verdict(&server, "LOW", "L1").await;
        assert_eq!((refused.0, &*refused.1), (REFERRED, "tierPolicies/p"), "before anything ran");
        run(&server, applied(0)).await.expect("a run");
        assert_eq!(verdict(&server, "MID", "M1").await.0, REFERRED);
        give("MID", "A", 3).await;
        assert_eq!(verdict(&server, "MID", "M2").await.0, APPROVED);
        for (on, expected) in [(3, APPROVED), (4, REFERRED)] {
            server.clock().set(moment(on));
            assert_eq!(verdict(&server, "MID", &format!("M{on}-")).await.0, expected, "{on}");
        }
    }

    async fn a_class_is_given_by_the_policy_that_rules(server: TestServer) {
        classified(&server).await;
        run(&server, applied(0)).await.expect("a run");
        let gold = pb::TierPolicy { classes: vec![class("GOLD", 4), class("C", 48)], ..two() };
        let other = create(&server, "p2", gold).await.expect("created");
        activate(&server, "p2", Some(day(0)), &other.etag).await.expect("in force");
        let give = async || {
            let request = pb::OverrideTierRequest {
                account: account("MID"),
                tier: "GOLD".into(),
                valid_to: Some(day(9)),
                reason: "重点扶持".into(),
                request_id: fresh(),
                ..Default::default()
            };
            server.tiers().override_tier(request).await
        };
        let refused = give().await.expect_err("no run is by it yet");
        assert_refused(&refused, Code::InvalidArgument, "FIELD_INVALID", Some("tier"));
        server.clock().set(moment(1));
        run(&server, applied(1)).await.expect("a run by it");
        give().await.expect("given");
    }

    async fn a_changed_class_governs_at_once_and_a_limit_comes_before_it(server: TestServer) {
        classified(&server).await;
        run(&server, applied(0)).await.expect("a run");
        assert_eq!(verdict(&server, "LOW", "L1").await.0, REFERRED);
        sell(&server, 0, &[("LOW", 500)]).await;
        server.clock().set(moment(1));
        run(&server, applied(1)).await.expect("a run");
        assert_eq!(verdict(&server, "LOW", "L2").await.0, APPROVED);
        limited(&server, "LOW", Some(5)).await;
        let refused = verdict(&server, "LOW", "L3").await;
        assert_eq!(refused.0, REFERRED);
        assert!(refused.1.contains("/creditLimits/"), "{}", refused.1);
    }
}
