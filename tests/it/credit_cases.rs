//! Numeric acceptance cases about credit that other systems assert in their own tests (Tryton,
//! Odoo, ERPNext, Dynamics). Where our rule differs, the test says so and why.

use ballast::pb;

use crate::support::credit::*;
use crate::support::ledger::*;

fn owed(no: &str, gross: &str) -> pb::Document {
    invoice(no, day(0), gross, &[(day(30), gross)])
}

const OVER: [&str; 1] = ["LIMIT_EXCEEDED"];

on_both_engines! {
    async fn ar_25_an_absent_limit_a_limit_of_zero_and_a_positive_one_differ(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        counter.desk.post([owed("I1", "100.00")]).await;
        // The source lets an account without a limit buy without bound. Here nobody has decided
        // how much it may owe, so a person is asked; a policy may say otherwise.
        assert_decided(&counter.ask("100.00").await, "REFERRED", &["NO_LIMIT"]);
        let ignore = pb::CreditReasonRule {
            code: pb::CreditReasonCode::NoLimit.into(),
            disposition: pb::CreditDisposition::Ignore.into(),
        };
        let lenient = pb::CreditPolicy { rules: vec![ignore], ..pb::CreditPolicy::default() };
        counter.policy("lenient", lenient).await;
        assert_decided(&counter.ask("100.00").await, "APPROVED", &["NO_LIMIT"]);

        counter.limit(ACME, "0.00").await;
        assert_decided(&counter.ask("0.00").await, "DECLINED", &OVER);
        counter.limit(ACME, "200.00").await;
        assert_decided(&counter.ask("0.00").await, "APPROVED", &[]);
        assert_decided(&counter.ask("100.00").await, "APPROVED", &[]);
        assert_decided(&counter.ask("150.00").await, "DECLINED", &OVER);
        let request = pb::ReserveCreditRequest {
            override_reason: "the user confirmed".into(),
            ..reserving("4711", "150.00")
        };
        let overridden = counter.try_reserve(request).await.expect("a decision");
        assert_decided(&overridden, "APPROVED", &OVER);
        assert!(overridden.overridden);
        // A limit of zero is no credit, not none recorded: who owes nothing gets nothing either.
        counter.account("new", GROUP).await;
        counter.limit("accounts/new", "0.00").await;
        let request = pb::CheckCreditRequest {
            account: "accounts/new".into(),
            amount: Some(usd("0.01")),
            ..pb::CheckCreditRequest::default()
        };
        assert_decided(&counter.check(request).await, "DECLINED", &OVER);
        counter.desk.verify(&server).await;
    }

    async fn ar_26_an_order_that_becomes_an_invoice_moves_exposure(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        counter.desk.post([owed("I1", "100.00")]).await;
        counter.limit(ACME, "100.00").await;
        assert_decided(&counter.reserve("4711", "50.00").await, "DECLINED", &OVER);
        assert_eq!(counter.exposure_of(ACME).await, "open 100.00 = 100.00");
        counter.limit(ACME, "200.00").await;
        assert_decided(&counter.reserve("4711", "50.00").await, "APPROVED", &[]);
        assert_eq!(counter.exposure_of(ACME).await, "open 100.00, orders 50.00 = 150.00");
        counter.limit(ACME, "100.00").await;
        assert_eq!(stage(&counter.order("4711").await), "ORDERED", "what is released stays so");
        counter.deliver("4711", "25.00").await;
        counter.desk.post([pb::Document { order_ref: "4711".into(), ..owed("I2", "25.00") }]).await;
        assert_eq!(counter.exposure_of(ACME).await, "open 125.00, orders 25.00 = 150.00");
        counter.desk.verify(&server).await;
    }

    async fn ar_29_an_unrelated_invoice_adds_and_each_frees_its_own_order(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        let segment = |id: &str, company: &str| pb::CreditSegment {
            segment: id.into(),
            company_codes: vec![company.into()],
        };
        let policy = pb::CreditPolicy {
            segments: vec![segment("here", "A"), segment("there", "B")],
            ..pb::CreditPolicy::default()
        };
        counter.policy("by-company", policy).await;
        counter.limit(ACME, "1000.00").await;
        assert_decided(&counter.reserve("1", "1000.00").await, "APPROVED", &[]);
        // The source counts drafts of invoices; here a document is posted or is none.
        counter.desk.post([owed("I1", "100.00")]).await;
        assert_eq!(counter.exposure_of(ACME).await, "open 100.00, orders 1000.00 = 1100.00");
        assert_decided(&counter.ask("0.00").await, "DECLINED", &OVER);
        counter.desk.post([pb::Document { source_version: 2, ..owed("I1", "2000.00") }]).await;
        assert_eq!(counter.exposure_of(ACME).await, "open 2000.00, orders 1000.00 = 3000.00");

        counter.desk.try_reverse("I1", None).await.expect("reversed");
        counter.limit(ACME, "2000.00").await;
        assert_decided(&counter.reserve("2", "1000.00").await, "APPROVED", &[]);
        counter.desk.post([pb::Document { order_ref: "2".into(), ..owed("I2", "2000.00") }]).await;
        assert_eq!(counter.exposure_of(ACME).await, "open 2000.00, orders 1000.00 = 3000.00");

        // An order of another company counts there, and in the limit for all of them.
        for (segment, company) in [("here", "A"), ("there", "B")] {
            counter
                .set(ACME, pb::CreditLimit { segment: segment.into(), ..limit_of("1000.00") })
                .await;
            counter.limit(ACME, "9000.00").await;
            if company == "B" {
                let request = pb::ReserveCreditRequest {
                    company_code: "B".into(),
                    ..reserving("3", "1000.00")
                };
                assert_decided(
                    &counter.try_reserve(request).await.expect("decided"),
                    "APPROVED",
                    &[],
                );
            }
        }
        let mut exposures = Vec::new();
        for company in ["A", "B"] {
            let request =
                pb::GetCreditProfileRequest { account: ACME.into(), company_code: company.into() };
            let profile = counter.client.get_credit_profile(request).await.expect("a profile");
            let limits = profile.into_inner().limits;
            let of = limits.iter().find(|of| !of.segment.is_empty()).expect("of a segment");
            exposures.push((of.segment.clone(), exposure(of)));
        }
        let expected = [("here", "= 0.00"), ("there", "orders 1000.00 = 1000.00")];
        assert_eq!(exposures, expected.map(|(segment, of)| (segment.to_owned(), of.to_owned())));
        counter.desk.verify(&server).await;
    }

    async fn ar_33_what_is_available_under_the_limits_of_account_and_group(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        counter.limit(GROUP, "15000.00").await;
        use pb::CreditLimitKind::{Inherit, Unlimited};
        for (own, available) in [
            (limit_of("10000.00"), "10000.00"),
            (limit_of("20000.00"), "15000.00"),
            (limit_of("0.00"), "0.00"),
            // The source lets the flag of an account override its group. Here a group's limit
            // always binds: whoever may decide about an account cannot lift its parent's limit.
            (limit_kind(Unlimited), "15000.00"),
            (limit_kind(Inherit), "15000.00"),
        ] {
            counter.set(ACME, own.clone()).await;
            let told = counter.profile(ACME).await;
            assert_eq!(text(&told.available), available, "{own:?}");
            if available != "0.00" {
                assert_decided(&counter.ask(available).await, "APPROVED", &[]);
            }
            let above = text(&Some(usd(available))).replace(".00", ".01");
            let told = counter.ask(&above).await;
            assert_eq!(verdict(&told), "DECLINED", "{own:?}");
        }
        // Without a limit of the group, UNLIMITED is that.
        counter.set(GROUP, limit_kind(Inherit)).await;
        counter.set(ACME, limit_kind(Unlimited)).await;
        let told = counter.ask("9999999.00").await;
        assert_decided(&told, "APPROVED", &[]);
        assert_eq!(text(&told.available), "-");
        counter.desk.verify(&server).await;
    }

    async fn ar_34_counted_once_evaluated_at_each_change_and_terms_fall_back(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        counter.limit(ACME, "100.00").await;
        counter.reserve("1", "60.00").await;
        counter.try_deliver("1", None).await.expect("delivered");
        assert_eq!(counter.exposure_of(ACME).await, "delivered 60.00 = 60.00");
        // The source refuses the invoice too; here goods delivered can always be invoiced.
        counter.limit(ACME, "10.00").await;
        assert_decided(&counter.reserve("2", "1.00").await, "DECLINED", &OVER);
        counter.desk.post([pb::Document { order_ref: "1".into(), ..owed("I1", "60.00") }]).await;
        assert_eq!(counter.exposure_of(ACME).await, "open 60.00 = 60.00");
        counter.limit(ACME, "160.00").await;
        assert_decided(&counter.reserve("2", "100.00").await, "APPROVED", &[]);
        assert_decided(&counter.amend("2", "200.00").await, "DECLINED", &OVER);
        assert_eq!(counter.exposure_of(ACME).await, "open 60.00, orders 100.00 = 160.00");

        // Overdue terms: those of the nearest account whose limit has them.
        counter.desk.post([invoice("I2", day(-60), "5000.01", &[(day(-30), "5000.01")])]).await;
        let terms = |max: Option<&str>| pb::CreditLimit {
            overdue_amount_max: max.map(usd),
            ..limit_of("90000.00")
        };
        counter.set(GROUP, terms(Some("5000.00"))).await;
        // In the source a threshold of zero is none; here it allows nothing to be overdue, and
        // none is to leave it out.
        for (own, allowed) in [
            (None, "5000.00"),
            (Some("2000.00"), "2000.00"),
            (None, "5000.00"),
            (Some("0.00"), "0.00"),
        ] {
            counter.set(ACME, terms(own)).await;
            let told = counter.ask("1.00").await;
            assert_decided(&told, "REFERRED", &["OVERDUE_AMOUNT"]);
            assert_eq!(text(&told.reasons[0].limit), allowed, "{own:?}");
        }
        counter.set(ACME, terms(None)).await;
        counter.desk.post([receipt("R1", day(0), "0.01").settles("I2")]).await;
        assert_decided(&counter.ask("1.00").await, "APPROVED", &[]);
        counter.desk.verify(&server).await;
    }
}
