//! What securities take off an exposure.

use super::*;

fn insurance(limit: &str) -> pb::CreditSecurity {
    pb::CreditSecurity {
        kind: pb::CreditSecurityKind::CreditInsurance.into(),
        issuer: "Sinosure".into(),
        cover_limit: Some(usd(limit)),
        insured_bp: 9_000,
        ..pb::CreditSecurity::default()
    }
}

on_both_engines! {
    async fn cover_is_the_insured_share_of_what_is_eligible_less_the_deductible(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "1000.00").await;
        let security = pb::CreditSecurity {
            deductible: Some(usd("10.00")),
            terms_days_max: 60,
            overdue_days_max: 20,
            notification_days: 15,
            ..insurance("500.00")
        };
        let security = counter.secure(security).await;
        counter.reserve("4711", "50.00").await;
        assert_eq!(counter.exposure().await, "orders 50.00 = 50.00", "orders are not covered");
        counter.desk.post([billed("I1", "100.00", 60)]).await;
        // 100 × 90 % − 10.
        assert_eq!(counter.exposure().await, "open 100.00, orders 50.00, cover -80.00 = 70.00");
        counter.desk.post([billed("I2", "200.00", 61)]).await;
        assert_eq!(
            counter.exposure().await,
            "open 300.00, orders 50.00, cover -80.00 = 270.00",
            "terms too long"
        );
        counter.desk.try_dispute("I1", Some(usd("40.00")), None).await.expect("a dispute");
        // 60 × 90 % − 10.
        assert_eq!(
            counter.exposure().await,
            "open 300.00, orders 50.00, cover -44.00 = 306.00",
            "what is disputed is not eligible"
        );
        counter.desk.post([billed("I3", "900.00", 30)]).await;
        // min(500, 960) × 90 % − 10.
        assert_eq!(
            counter.exposure().await,
            "open 1200.00, orders 50.00, cover -440.00 = 810.00"
        );
        // I3 is due on day 30 and overdue for 15 days on day 45, for 21 on day 51.
        server.clock().set(moment(44));
        assert!(!counter.profile(ACME).await.securities[0].at_risk);
        server.clock().set(moment(45));
        let of = &counter.profile(ACME).await.securities[0];
        assert_eq!((of.at_risk, text(&of.eligible), text(&of.cover)), (true, "500.00".into(), "440.00".into()));
        server.clock().set(moment(51));
        assert_eq!(
            counter.exposure().await,
            "open 1200.00, orders 50.00, cover -44.00 = 1206.00",
            "too long overdue"
        );
        assert_decided(&counter.ask("0.01").await, "DECLINED", &["LIMIT_EXCEEDED", "GROUP_LIMIT_EXCEEDED"]);
        let end = pb::EndCreditSecurityRequest {
            name: security.name,
            reason: "premium not paid".into(),
            request_id: fresh(),
        };
        counter.client.end_credit_security(end).await.expect("ended");
        assert_eq!(counter.exposure().await, "open 1200.00, orders 50.00 = 1250.00");
        counter.desk.verify(&server).await;
    }
}
