//! Classes that people give to accounts.

use ballast::pb;
use tonic::{Code, Status};

use super::policies::{activate, class, create, quantile};
use crate::support::credit::moment;
use crate::support::ledger::{day, fresh};
use crate::support::{TestServer, assert_refused, details};

fn wish(tier: &str, from: Option<i64>, to: i64) -> pb::OverrideTierRequest {
    pb::OverrideTierRequest {
        account: "accounts/acme".into(),
        tier: tier.into(),
        valid_from: from.map(day),
        valid_to: Some(day(to)),
        reason: "重点扶持".into(),
        request_id: fresh(),
    }
}

async fn give(
    server: &TestServer,
    request: pb::OverrideTierRequest,
) -> Result<pb::TierOverride, Status> {
    server.tiers().override_tier(request).await.map(|r| r.into_inner())
}

async fn end(server: &TestServer, name: &str, to: Option<i64>) -> Result<pb::TierOverride, Status> {
    let request = pb::EndTierOverrideRequest {
        name: name.into(),
        valid_to: to.map(day),
        reason: "over".into(),
        request_id: fresh(),
    };
    server.tiers().end_tier_override(request).await.map(|r| r.into_inner())
}

/// The tiers of the overrides of all accounts on a day.
async fn on(server: &TestServer, as_of: Option<i64>) -> Vec<String> {
    let request = pb::ListTierOverridesRequest {
        parent: "accounts/-".into(),
        as_of: as_of.map(day),
        ..Default::default()
    };
    let answer = server.tiers().list_tier_overrides(request).await.expect("a page");
    answer.into_inner().tier_overrides.into_iter().map(|given| given.tier).collect()
}

async fn ready(server: &TestServer) {
    let acme = pb::CreateAccountRequest {
        account_id: "acme".into(),
        account: Some(pb::Account { display_name: "Acme".into(), ..Default::default() }),
        ..Default::default()
    };
    server.accounts().create_account(acme).await.expect("created");
    let policy = quantile(&[2_000], vec![class("A", 4), class("C", 48)]);
    let created = create(server, "p", policy).await.expect("created");
    activate(server, "p", Some(day(-1_000)), &created.etag).await.expect("in force");
}

on_both_engines! {
    async fn an_override_holds_until_its_day_and_no_two_on_one_day(server: TestServer) {
        ready(&server).await;
        let request = wish("A", None, 30);
        let given = give(&server, request.clone()).await.expect("given");
        assert_eq!((given.valid_from, given.valid_to), (Some(day(0)), Some(day(30))));
        assert_eq!(give(&server, request).await.expect("the same"), given);
        let second = give(&server, wish("C", Some(30), 40)).await.expect_err("on day 30");
        assert_refused(&second, Code::FailedPrecondition, "TIER_OVERRIDDEN", None);
        assert_eq!(details(&second).error_info().expect("info").metadata["override"], given.name);
        give(&server, wish("C", Some(31), 40)).await.expect("the day after");
        for (as_of, tiers) in [(0, vec!["A"]), (30, vec!["A"]), (31, vec!["C"]), (41, vec![])] {
            assert_eq!(on(&server, Some(as_of)).await, tiers, "{as_of}");
        }

        server.clock().set(moment(10));
        let ended = end(&server, &given.name, None).await.expect("ended");
        assert_eq!((ended.valid_to, &*ended.end_reason), (Some(day(9)), "over"));
        let again = end(&server, &given.name, None).await.expect_err("ended");
        assert_refused(&again, Code::FailedPrecondition, "STATE_WRONG", None);
        assert_eq!(on(&server, Some(9)).await, ["A"]);
        assert!(on(&server, Some(10)).await.is_empty());
        give(&server, wish("C", Some(10), 12)).await.expect("its days are free");
        assert_eq!(on(&server, None).await, ["A", "C", "C"]);
    }

    async fn what_is_wrong_with_an_override_is_told_and_changes_nothing(server: TestServer) {
        ready(&server).await;
        for (request, reason, field) in [
            (wish("GOLD", None, 5), "FIELD_INVALID", "tier"),
            (wish("", None, 5), "FIELD_REQUIRED", "tier"),
            (wish("A", Some(-1), 5), "DATE_INVALID", "valid_from"),
            (wish("A", Some(3), 2), "DATE_INVALID", "valid_to"),
            (wish("A", None, 1_100), "DATE_INVALID", "valid_to"),
            (pb::OverrideTierRequest { valid_to: None, ..wish("A", None, 5) }, "FIELD_REQUIRED", "valid_to"),
            (pb::OverrideTierRequest { reason: String::new(), ..wish("A", None, 5) }, "FIELD_REQUIRED", "reason"),
        ] {
            let status = give(&server, request).await.expect_err(field);
            assert_refused(&status, Code::InvalidArgument, reason, Some(field));
        }
        assert!(on(&server, None).await.is_empty());
        let given = give(&server, wish("A", Some(5), 1_104)).await.expect("1,100 days");
        for to in [3, 1_104] {
            let status = end(&server, &given.name, Some(to)).await.expect_err("not a day to end on");
            assert_refused(&status, Code::InvalidArgument, "DATE_INVALID", Some("valid_to"));
        }
        end(&server, &given.name, None).await.expect("it never held");
        assert!(on(&server, Some(5)).await.is_empty());
        let unknown = given.name.replace("acme", "nobody");
        let status = end(&server, &unknown, None).await.expect_err("nobody");
        assert_eq!(status.code(), Code::NotFound);
    }

    async fn of_two_at_one_time_one_is_given(server: TestServer) {
        ready(&server).await;
        let both = tokio::join!(give(&server, wish("A", None, 5)), give(&server, wish("C", None, 5)));
        assert_eq!(i32::from(both.0.is_ok()) + i32::from(both.1.is_ok()), 1, "{both:?}");
        assert_eq!(on(&server, Some(0)).await.len(), 1);
    }
}
