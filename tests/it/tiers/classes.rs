//! In which class accounts are on a day and what it means, asked of one and of many.

use ballast::pb;
use tonic::{Code, Status};

use super::policies::{activate, class, create};
use super::runs::{applied, in_force, run, sell, two};
use crate::support::credit::moment;
use crate::support::ledger::{day, fresh, usd};
use crate::support::{TestServer, assert_refused, fields};

/// Two classes, of which A is promised much.
fn promised() -> pb::TierPolicy {
    let mut first = class("A", 4);
    let service = first.service.get_or_insert_default();
    service.cadence = Some(pb::ServiceCadence { target_days: 30, min_days: 7, visits_per_week: 3 });
    service.net_days = Some(60);
    service.overdue_amount_max = Some(usd("500"));
    service.sponsor_required = true;
    service.service_standards = vec![pb::ServiceStandard {
        code: "hotline".into(),
        text: "7×24 小时专线".into(),
        included: true,
        unit_price: None,
    }];
    pb::TierPolicy { classes: vec![first, class("C", 48)], ..two() }
}

fn account(id: &str) -> String {
    format!("accounts/ERP~{id}")
}

async fn ask(
    server: &TestServer,
    ids: &[&str],
    on: Option<i64>,
) -> Result<Vec<pb::AccountTier>, Status> {
    let names = ids.iter().map(|id| account(id)).collect();
    let request = pb::BatchGetAccountTiersRequest { names, as_of: on.map(day) };
    let answer = server.tiers().batch_get_account_tiers(request).await?;
    Ok(answer.into_inner().account_tiers)
}

async fn tiers(server: &TestServer, ids: &[&str], on: i64) -> Vec<String> {
    let told = ask(server, ids, Some(on)).await.expect("tiers");
    told.into_iter().map(|told| told.tier).collect()
}

async fn in_status(
    server: &TestServer,
    id: &str,
    on: Option<i64>,
    known_at: Option<prost_types::Timestamp>,
) -> pb::AccountTier {
    let request = pb::GetAccountStatusRequest {
        name: account(id),
        as_of: on.map(day),
        known_at,
        ..Default::default()
    };
    let status = server.accounts().get_account_status(request).await.expect("a status");
    status.into_inner().service.expect("a class or none")
}

async fn give(server: &TestServer, id: &str, tier: &str, from: i64, to: i64) -> pb::TierOverride {
    let request = pb::OverrideTierRequest {
        account: account(id),
        tier: tier.into(),
        valid_from: Some(day(from)),
        valid_to: Some(day(to)),
        reason: "重点扶持".into(),
        request_id: fresh(),
    };
    server.tiers().override_tier(request).await.expect("given").into_inner()
}

on_both_engines! {
    async fn t5_an_account_tells_its_class_who_decided_it_and_what_it_means(server: TestServer) {
        sell(&server, -20, &[("BIG", 100), ("MID", 50), ("LOW", 10)]).await;
        in_force(&server, promised()).await;
        let nobody = in_status(&server, "BIG", None, None).await;
        assert_eq!((nobody.decided_by(), &*nobody.tier, &*nobody.policy), (pb::TierDecider::None, "", ""));
        assert_eq!((nobody.why, nobody.response_hours, nobody.sponsor_required), (None, None, None));

        let made = run(&server, applied(0)).await.expect("a run").run.expect("a run");
        let told = in_status(&server, "BIG", None, None).await;
        assert_eq!((told.decided_by(), &*told.tier, told.since), (pb::TierDecider::Run, "A", Some(day(0))));
        assert_eq!((&*told.policy, told.target_days, told.response_hours), ("tierPolicies/p", Some(30), Some(4)));
        let terms = told.terms.clone().expect("terms");
        assert_eq!((terms.net_days, terms.overdue_days_max, terms.overdue_amount_max), (Some(60), None, Some(usd("500"))));
        assert_eq!(told.sponsor_required, Some(true));
        assert_eq!(told.service_standards[0].code, "hotline");
        let why = told.why.clone().expect("why");
        assert_eq!((why.cause(), why.value, why.rank, &why.run), (pb::TierCause::First, Some(usd("100")), 1, &made.name));
        assert!(why.decision.contains("/tierAssignments/"), "{}", why.decision);
        let other = in_status(&server, "LOW", None, None).await;
        assert_eq!((other.target_days, other.response_hours, other.terms), (None, Some(48), None));
        assert_eq!(other.sponsor_required, Some(false));

        server.clock().set(moment(1));
        let given = give(&server, "LOW", "A", 2, 5).await;
        let (before, until) = (in_status(&server, "LOW", Some(1), None).await, in_status(&server, "LOW", Some(6), None).await);
        assert_eq!((before.tier, until.tier), ("C".to_owned(), "C".to_owned()));
        let told = in_status(&server, "LOW", Some(5), None).await;
        assert_eq!((told.decided_by(), &*told.tier, told.since), (pb::TierDecider::Override, "A", Some(day(2))));
        assert_eq!((told.response_hours, told.target_days), (Some(4), Some(30)));
        let why = told.why.clone().expect("why");
        assert_eq!((why.decision, why.valid_to, why.value, why.cause), (given.name, Some(day(5)), None, 0));
        assert_eq!(ask(&server, &["LOW"], Some(5)).await.expect("tiers"), [told], "the same of many");
        let known = in_status(&server, "LOW", Some(5), made.create_time).await;
        assert_eq!((known.decided_by(), &*known.tier), (pb::TierDecider::Run, "C"), "as known before it was given");
    }

    async fn t5_another_version_means_something_from_the_first_run_by_it_on(server: TestServer) {
        sell(&server, -20, &[("BIG", 100), ("LOW", 10)]).await;
        in_force(&server, promised()).await;
        run(&server, applied(0)).await.expect("a run");
        let second = pb::TierPolicy { classes: vec![class("A", 2), class("C", 24)], ..two() };
        let created = create(&server, "p2", second).await.expect("created");
        activate(&server, "p2", Some(day(1)), &created.etag).await.expect("in force");
        let hours = async |on: i64| {
            let told = in_status(&server, "BIG", Some(on), None).await;
            (told.policy, told.response_hours)
        };
        assert_eq!(hours(3).await, ("tierPolicies/p".to_owned(), Some(4)));
        server.clock().set(moment(3));
        run(&server, applied(3)).await.expect("a run");
        assert_eq!(hours(2).await, ("tierPolicies/p".to_owned(), Some(4)), "what was before stays");
        assert_eq!(hours(3).await, ("tierPolicies/p2".to_owned(), Some(2)));
    }

    async fn many_are_asked_in_one_call_and_answered_in_the_order_asked(server: TestServer) {
        sell(&server, -20, &[("BIG", 100), ("MID", 50), ("LOW", 10)]).await;
        sell(&server, -400, &[("OLD", 10)]).await;
        in_force(&server, promised()).await;
        run(&server, applied(0)).await.expect("a run");
        give(&server, "MID", "A", 0, 3).await;
        assert_eq!(tiers(&server, &["LOW", "BIG", "MID", "OLD", "BIG"], 3).await, ["C", "A", "A", "", "A"]);
        assert_eq!(tiers(&server, &["MID", "LOW"], 4).await, ["C", "C"]);
        let told = ask(&server, &["BIG"], None).await.expect("tiers").remove(0);
        let name = told.account.clone();
        assert!(!name.contains('~'), "{name}");
        let request = pb::BatchGetAccountTiersRequest { names: vec![name, account("LOW")], as_of: None };
        let both = server.tiers().batch_get_account_tiers(request).await.expect("tiers").into_inner();
        assert_eq!(both.account_tiers[0], told, "by our id");
        assert_eq!(both.account_tiers.len(), 2);
    }

    async fn who_is_unknown_is_told_by_field(server: TestServer) {
        sell(&server, -20, &[("BIG", 100)]).await;
        let status = ask(&server, &["NONE", "BIG", "NEITHER"], None).await.expect_err("unknown");
        let expected = [("names[0]", "RESOURCE_NOT_FOUND"), ("names[2]", "RESOURCE_NOT_FOUND")];
        assert_eq!(fields(&status), expected.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
        assert_eq!(status.code(), Code::InvalidArgument);
        let status = ask(&server, &[], None).await.expect_err("none");
        assert_refused(&status, Code::InvalidArgument, "FIELD_REQUIRED", Some("names"));
        let many = vec!["BIG"; 501];
        let status = ask(&server, &many, None).await.expect_err("too many");
        assert_refused(&status, Code::InvalidArgument, "TOO_MANY_ELEMENTS", Some("names"));
        assert_eq!(ask(&server, &many[..500], None).await.expect("tiers").len(), 500);
        let request = pb::BatchGetAccountTiersRequest {
            names: vec![account("BIG"), "x".into()],
            as_of: Some(pb::Date { year: 2019, month: 2, day: 30 }),
        };
        let status = server.tiers().batch_get_account_tiers(request).await.expect_err("refused");
        assert_refused(&status, Code::InvalidArgument, "RESOURCE_NAME_INVALID", Some("names[1]"));
        assert_refused(&status, Code::InvalidArgument, "DATE_INVALID", Some("as_of"));
    }
}
