//! Whoever may override says why; the audit tells who it was, and of which decision.

use super::*;
use crate::support::{Engine, as_caller, only_callers};

async fn details(server: &TestServer) -> Vec<String> {
    let sql = "SELECT detail FROM audit WHERE method LIKE 'CreditService.%Reserv%' \
               OR method IN ('CreditService.ReserveCredit', 'CreditService.DecideReferral') \
               ORDER BY recorded_us";
    let url = server.database_url();
    match server.engine() {
        Engine::Sqlite => {
            let pool = sqlx::SqlitePool::connect(url).await.expect("the database");
            sqlx::query_scalar(sql).fetch_all(&pool).await.expect("details")
        }
        Engine::Postgres => {
            let pool = sqlx::PgPool::connect(url).await.expect("the database");
            sqlx::query_scalar(sql).fetch_all(&pool).await.expect("details")
        }
    }
}

/// The audit names the decision, and the decision tells why.
fn overrides(decision: &pb::CreditDecision) -> String {
    format!("APPROVED OVERRIDE: {}", decision.name)
}

on_both_engines! {
    async fn an_override_needs_its_scope_and_leaves_its_reason(mut server: TestServer) {
        let mut counter = Counter::with_limits(&server, "100.00", "50.00").await;
        counter.account("solo", "").await;
        server
            .restart_with(|config| {
                let callers: &[(&str, &[&str])] = &[
                    ("clerk", &["credit.reserve"]),
                    ("director", &["credit.reserve", "credit.override"]),
                ];
                only_callers(config, callers);
            })
            .await;
        let mut client = server.credit();
        let wish = |reason: &str| pb::ReserveCreditRequest {
            override_reason: reason.into(),
            ..reserving("4711", "80.00")
        };
        let passed = client.reserve_credit(as_caller("clerk", wish(""))).await;
        let passed = passed.expect("a decision").into_inner();
        assert_decided(&passed, "DECLINED", &["GROUP_LIMIT_EXCEEDED"]);
        let status = client.reserve_credit(as_caller("clerk", wish("please"))).await;
        refused(status, Code::PermissionDenied, "SCOPE_MISSING");
        let director = as_caller("director", wish("the goods are at the gate"));
        let passed = client.reserve_credit(director).await.expect("a decision").into_inner();
        assert_decided(&passed, "APPROVED", &["GROUP_LIMIT_EXCEEDED"]);
        assert!(passed.overridden);
        assert_eq!(passed.override_reason, "the goods are at the gate");
        assert_eq!(passed.decided_by, "director");

        let grow = |reason: &str| pb::AmendReservationRequest {
            override_reason: reason.into(),
            ..amending("4711", "120.00")
        };
        let status = client.amend_reservation(as_caller("clerk", grow("please"))).await;
        refused(status, Code::PermissionDenied, "SCOPE_MISSING");
        let grown = client.amend_reservation(as_caller("director", grow("one more pallet"))).await;
        let grown = grown.expect("a decision").into_inner();
        assert_decided(&grown, "APPROVED", &["LIMIT_EXCEEDED", "GROUP_LIMIT_EXCEEDED"]);
        // A reason where none is needed overrides nothing, and needs no scope.
        let less = pb::AmendReservationRequest {
            override_reason: "to be safe".into(),
            ..amending("4711", "40.00")
        };
        let less = client.amend_reservation(as_caller("clerk", less)).await.expect("less");
        assert!(!less.into_inner().overridden);
        // Approving what was referred is an override as well.
        let solo = "accounts/solo".to_owned();
        let referred = pb::ReserveCreditRequest { account: solo.clone(), ..reserving("1", "5.00") };
        let referred = client.reserve_credit(as_caller("clerk", referred)).await.expect("referred");
        assert_decided(referred.get_ref(), "REFERRED", &["NO_LIMIT"]);
        let decide = pb::DecideReferralRequest {
            reservation: format!("{solo}/creditReservations/ERP~1"),
            ..deciding("1", true)
        };
        let status = client.decide_referral(as_caller("clerk", decide.clone())).await;
        refused(status, Code::PermissionDenied, "SCOPE_MISSING");
        let decided = client.decide_referral(as_caller("director", decide)).await;
        let decided = decided.expect("decided").into_inner();
        assert_eq!(
            details(&server).await,
            [
                "DECLINED",
                &overrides(&passed),
                &overrides(&grown),
                "APPROVED",
                "REFERRED",
                &overrides(&decided),
            ]
        );
        Desk::new(&server).verify(&server).await;
    }
}
