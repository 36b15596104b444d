//! What is asked for again, or decided while the book is classified.

use ballast::pb;
use chrono::TimeDelta;
use tonic::Code;

use super::policies::{activate, class, create, quantile};
use super::runs::{applied, assignments, in_force, run, sell, two};
use crate::support::credit::moment;
use crate::support::ledger::{day, fresh};
use crate::support::{TestServer, assert_refused};

/// By what was invoiced, and how regularly.
fn pyramid() -> pb::TierPolicy {
    let classes = ["PLATINUM", "GOLD", "IRON", "LEAD"].map(|code| class(code, 4));
    pb::TierPolicy {
        method: pb::TierCutMethod::Pyramid.into(),
        ..quantile(&[5_000, 8_000], classes.to_vec())
    }
}

async fn relate(server: &TestServer, account: &str) {
    let mut accounts = server.accounts();
    let name = format!("accounts/ERP~{account}");
    let read = accounts.get_account(pb::GetAccountRequest { name }).await.expect("read");
    let related = pb::UpdateAccountRequest {
        account: Some(pb::Account { related_party: true, ..read.into_inner() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["related_party".into()] }),
        ..Default::default()
    };
    accounts.update_account(related).await.expect("related");
}

/// Lets TOP and NEXT fall below the cut in two runs, so that both wait for a person.
async fn propose_two(server: &TestServer) {
    let classes = vec![class("A", 4), class("C", 48)];
    let half = quantile(&[5_000], classes);
    in_force(server, pb::TierPolicy { band_bp: Some(0), dwell_days: Some(0), ..half }).await;
    sell(server, -5, &[("TOP", 200), ("NEXT", 100), ("MID", 50), ("LOW", 40)]).await;
    run(server, applied(0)).await.expect("a run");
    sell(server, 0, &[("TOP", -190), ("NEXT", -91)]).await;
    for on in [30, 60] {
        server.clock().set(moment(on));
        run(server, applied(on)).await.expect("a run");
    }
}

async fn keep(server: &TestServer, waits: &pb::TierAssignment) -> pb::TierAssignment {
    let request = pb::DecideTierChangeRequest {
        name: waits.name.clone(),
        approve: false,
        reason: "老客户".into(),
        request_id: fresh(),
    };
    server.tiers().decide_tier_change(request).await.expect("decided").into_inner()
}

on_both_engines! {
    async fn how_regularly_who_is_not_ranked_buys_is_no_input_of_a_run(server: TestServer) {
        sell(&server, -5, &[("BIG", 100), ("MID", 50), ("OURS", 7)]).await;
        relate(&server, "OURS").await;
        in_force(&server, pyramid()).await;
        let first = run(&server, applied(0)).await.expect("a run").run.expect("a run");
        // Before the window: an invoice between our own companies, and a customer who left since.
        sell(&server, -500, &[("OURS", 7), ("GONE", 9)]).await;
        let again = run(&server, applied(0)).await.expect("the same inputs").run.expect("a run");
        assert_eq!(again, first);
        // Of who is ranked it counts.
        sell(&server, -500, &[("MID", 1)]).await;
        let other = run(&server, applied(0)).await.expect_err("other inputs");
        assert_refused(&other, Code::FailedPrecondition, "TIER_RUN_STANDS", Some("replaces"));
        let replaces = pb::EvaluateTiersRequest { replaces: first.name.clone(), ..applied(0) };
        run(&server, replaces).await.expect("by name");
    }

    async fn a_run_asked_for_again_is_answered_as_it_was_whatever_is_in_force(server: TestServer) {
        sell(&server, -5, &[("BIG", 100), ("MID", 50), ("LOW", 10)]).await;
        in_force(&server, two()).await;
        let request = pb::EvaluateTiersRequest { changes_max: 5, ..applied(0) };
        let first = run(&server, request.clone()).await.expect("a run");
        assert_eq!(first.changes.len(), 3);

        let uploaded = pb::TierPolicy { measure: pb::TierMeasure::Uploaded.into(), ..two() };
        let created = create(&server, "uploaded", uploaded).await.expect("created");
        activate(&server, "uploaded", Some(day(0)), &created.etag).await.expect("in force");
        let new = run(&server, applied(0)).await.expect_err("values are to be named by now");
        assert_refused(&new, Code::InvalidArgument, "FIELD_REQUIRED", Some("value_set"));
        assert_eq!(run(&server, request.clone()).await.expect("as it was"), first);
        let other = pb::EvaluateTiersRequest { changes_max: 6, ..request };
        let status = run(&server, other).await.expect_err("another request");
        assert_refused(&status, Code::InvalidArgument, "REQUEST_ID_REUSED", Some("request_id"));
    }

    async fn each_decision_is_recorded_behind_all_others_also_of_days_before_them(server: TestServer) {
        propose_two(&server).await;
        let waits = assignments(&server, true).await;
        assert_eq!(waits.len(), 2, "{waits:?}");
        server.clock().set(moment(70));
        let first = keep(&server, &waits[0]).await;
        // A clock that was ahead is set right.
        server.clock().jump(TimeDelta::days(-5));
        let second = keep(&server, &waits[1]).await;
        let recorded = |of: &pb::TierAssignment| of.create_time.map(|at| (at.seconds, at.nanos));
        assert!(recorded(&second) > recorded(&first), "{first:?} {second:?}");
        server.clock().jump(TimeDelta::days(5));
        let early = run(&server, applied(66)).await.expect_err("before the one from day 70 on");
        assert_refused(&early, Code::InvalidArgument, "DATE_INVALID", Some("as_of"));
        run(&server, applied(70)).await.expect("from that day on");
    }
}
