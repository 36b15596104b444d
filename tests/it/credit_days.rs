//! A day passes, and nobody does anything: the very next answer knows.

use ballast::pb;

use crate::support::TestServer;
use crate::support::credit::*;
use crate::support::ledger::*;

/// What CheckCredit and ReserveCredit answer to an order, which have to agree; what is approved
/// is canceled again.
async fn asked(counter: &mut Counter, amount: &str) -> Vec<String> {
    let checked = counter.ask(amount).await;
    let no = fresh();
    let reserved = counter.reserve(&no, amount).await;
    assert_eq!(verdict(&checked), verdict(&reserved));
    assert_eq!(checked.reasons, reserved.reasons);
    assert_eq!(checked.available, reserved.available);
    if reserved.reservation.is_some() {
        counter.try_cancel(&no, None).await.expect("canceled");
    }
    codes(&reserved.reasons)
}

/// As [`asked`], with what GetCreditProfile holds against the account, its order apart.
async fn on(
    server: &TestServer,
    counter: &mut Counter,
    day: i64,
    amount: &str,
) -> [Vec<String>; 2] {
    server.clock().set(moment(day));
    let profile = counter.profile(ACME).await;
    assert_eq!(profile.business_date, Some(crate::support::ledger::day(day)));
    [codes(&profile.reasons), asked(counter, amount).await]
}

fn both(code: &str) -> [Vec<String>; 2] {
    [vec![code.into()], vec![code.into()]]
}

/// Only of an order, not of the account as it stands.
fn order_only(code: &str) -> [Vec<String>; 2] {
    [vec![], vec![code.into()]]
}

const NOTHING: [Vec<String>; 2] = [Vec::new(), Vec::new()];

async fn with_limit(server: &TestServer, amount: &str) -> Counter {
    let mut counter = Counter::open(server).await;
    counter.limit(ACME, amount).await;
    counter
}

/// The documents and remedies of the one reason against an order.
async fn told(counter: &mut Counter) -> (Vec<String>, Vec<String>) {
    let decision = counter.ask("10.00").await;
    assert_eq!(decision.reasons.len(), 1);
    (decision.reasons[0].documents.clone(), remedies(&decision.reasons[0]))
}

on_both_engines! {
    async fn a_reservation_lapses_at_its_instant(server: TestServer) {
        let mut counter = with_limit(&server, "100.00").await;
        let request =
            pb::ReserveCreditRequest { expire_time: instant(5), ..reserving("4711", "60.00") };
        counter.try_reserve(request).await.expect("reserved");
        assert_eq!(on(&server, &mut counter, 4, "41.00").await, order_only("LIMIT_EXCEEDED"));
        assert_eq!(on(&server, &mut counter, 5, "41.00").await, NOTHING);
        assert_eq!(counter.exposure().await, "= 0.00");
        counter.desk.verify(&server).await;
    }

    async fn an_item_grows_overdue_and_its_payment_ends_the_hold(server: TestServer) {
        let mut counter = with_limit(&server, "1000.00").await;
        let policy = pb::CreditPolicy { overdue_days_max: Some(10), ..pb::CreditPolicy::default() };
        counter.policy("overdue", policy).await;
        counter
            .desk
            .post([invoice("I1", day(0), "50.00", &[(day(2), "20.00"), (day(20), "30.00")])])
            .await;
        assert_eq!(on(&server, &mut counter, 12, "10.00").await, NOTHING);
        assert_eq!(on(&server, &mut counter, 13, "10.00").await, both("OVERDUE_DAYS"));
        counter.desk.post([receipt("R1", day(13), "20.00").settles("I1")]).await;
        assert_eq!(on(&server, &mut counter, 13, "10.00").await, NOTHING);
        // Reversed, it is as if it had never been paid.
        counter.desk.try_reverse("R1", None).await.expect("the check bounced");
        assert_eq!(on(&server, &mut counter, 13, "10.00").await, both("OVERDUE_DAYS"));
        counter.desk.verify(&server).await;
    }

    async fn a_limit_begins_ends_and_is_raised_for_a_time(server: TestServer) {
        let mut counter = with_limit(&server, "100.00").await;
        let raised = pb::CreditLimit {
            valid_from: Some(day(3)),
            valid_to: Some(day(5)),
            temporary: true,
            ..limit_of("200.00")
        };
        counter.set(ACME, raised).await;
        let last = pb::CreditLimit {
            valid_from: Some(day(8)),
            valid_to: Some(day(9)),
            ..limit_of("150.00")
        };
        counter.set(ACME, last).await;
        assert_eq!(on(&server, &mut counter, 2, "100.01").await, order_only("LIMIT_EXCEEDED"));
        assert_eq!(on(&server, &mut counter, 3, "200.00").await, NOTHING);
        assert_eq!(on(&server, &mut counter, 5, "200.00").await, NOTHING);
        assert_eq!(on(&server, &mut counter, 6, "100.01").await, order_only("LIMIT_EXCEEDED"));
        assert_eq!(on(&server, &mut counter, 8, "150.00").await, NOTHING);
        assert_eq!(on(&server, &mut counter, 9, "150.01").await, order_only("LIMIT_EXCEEDED"));
        // No way back to the hundred.
        assert_eq!(on(&server, &mut counter, 10, "1.00").await, both("LIMIT_EXPIRED"));
        counter.desk.verify(&server).await;
    }

    async fn a_security_covers_from_its_first_day_through_its_last(server: TestServer) {
        let mut counter = with_limit(&server, "100.00").await;
        counter.desk.post([invoice("I1", day(0), "150.00", &[(day(60), "150.00")])]).await;
        let security = pb::CreditSecurity {
            kind: pb::CreditSecurityKind::BankGuarantee.into(),
            issuer: "Bank of China".into(),
            cover_limit: Some(usd("100.00")),
            insured_bp: 10_000,
            valid_from: Some(day(3)),
            valid_to: Some(day(5)),
            ..pb::CreditSecurity::default()
        };
        counter.secure(security).await;
        assert_eq!(on(&server, &mut counter, 2, "50.00").await, both("LIMIT_EXCEEDED"));
        assert_eq!(on(&server, &mut counter, 3, "50.00").await, NOTHING);
        assert_eq!(on(&server, &mut counter, 5, "50.00").await, NOTHING);
        assert_eq!(on(&server, &mut counter, 6, "50.00").await, both("LIMIT_EXCEEDED"));
        counter.desk.verify(&server).await;
    }

    async fn a_payment_dated_ahead_takes_no_cover_before_its_day(server: TestServer) {
        for terms_days_max in [0, 90] {
            let server = TestServer::start(server.engine()).await;
            let mut counter = with_limit(&server, "100.00").await;
            counter.desk.post([invoice("I1", day(0), "150.00", &[(day(60), "150.00")])]).await;
            let security = pb::CreditSecurity {
                kind: pb::CreditSecurityKind::LetterOfCredit.into(),
                issuer: "Bank of China".into(),
                cover_limit: Some(usd("100.00")),
                insured_bp: 10_000,
                terms_days_max,
                ..pb::CreditSecurity::default()
            };
            counter.secure(security).await;
            let covered = "open 150.00, cover -100.00 = 50.00";
            assert_eq!(counter.exposure().await, covered);
            counter.desk.post([receipt("R1", day(3), "150.00").settles("I1")]).await;
            assert_eq!(counter.exposure().await, covered, "nothing is paid yet");
            // An invoice dated ahead counts at once, and so does what it is covered by.
            counter.desk.post([invoice("I2", day(5), "40.00", &[(day(60), "40.00")])]).await;
            let covered = "open 190.00, cover -100.00 = 90.00";
            assert_eq!(counter.exposure().await, covered);
            server.clock().set(moment(3));
            assert_eq!(counter.exposure().await, "open 40.00, cover -40.00 = 0.00");
            counter.desk.verify(&server).await;
        }
    }

    async fn money_dated_ahead_comes_to_count_on_its_day(server: TestServer) {
        let mut counter = with_limit(&server, "100.00").await;
        counter.desk.post([invoice("I1", day(0), "80.00", &[(day(60), "80.00")])]).await;
        counter
            .desk
            .post([receipt("R1", day(3), "30.00"), receipt("R2", day(4), "40.00").names("4711")])
            .await;
        assert_eq!(on(&server, &mut counter, 2, "50.00").await, order_only("LIMIT_EXCEEDED"));
        assert_decided(&counter.reserve("4711", "90.00").await, "DECLINED", &["LIMIT_EXCEEDED"]);
        assert_eq!(on(&server, &mut counter, 3, "50.00").await, NOTHING);
        let in_advance = counter.reserve("4711", "90.00").await;
        assert_decided(&in_advance, "DECLINED", &["LIMIT_EXCEEDED"]);
        assert_eq!(remedies(&in_advance.reasons[0])[1], "PREPAY 40.00");
        server.clock().set(moment(4));
        assert_decided(&counter.reserve("4711", "90.00").await, "APPROVED", &[]);
        let full = "open 80.00, cash -30.00, orders 90.00, advances -40.00 = 100.00";
        assert_eq!(counter.exposure().await, full);
        // What is reserved already learns of money that is dated ahead, too.
        counter.desk.post([receipt("R3", day(6), "10.00").names("4711")]).await;
        assert_eq!(counter.exposure().await, full);
        assert_eq!(on(&server, &mut counter, 5, "10.00").await, order_only("LIMIT_EXCEEDED"));
        assert_eq!(on(&server, &mut counter, 6, "10.00").await, NOTHING);
        let full = "open 80.00, cash -30.00, orders 90.00, advances -50.00 = 90.00";
        assert_eq!(counter.exposure().await, full);
        counter.desk.verify(&server).await;
    }

    async fn a_payment_dated_ahead_ends_a_hold_on_its_day_and_not_before(server: TestServer) {
        let mut counter = with_limit(&server, "1000.00").await;
        let policy = pb::CreditPolicy { overdue_days_max: Some(10), ..pb::CreditPolicy::default() };
        counter.policy("overdue", policy).await;
        counter.desk.post([invoice("I1", day(-60), "50.00", &[(day(-30), "50.00")])]).await;
        counter.desk.post([receipt("R1", day(3), "50.00").settles("I1")]).await;
        assert_eq!(on(&server, &mut counter, 2, "10.00").await, both("OVERDUE_DAYS"));
        let mut items = vec![counter.desk.get("I1", day(0)).await.name];
        assert_eq!(told(&mut counter).await, (items.clone(), vec!["PREPAY 10.00".to_owned()]));
        // Nor is a part that is dated ahead paid before its day, whatever is paid today.
        counter.desk.post([invoice("I2", day(-60), "20.00", &[(day(-20), "20.00")])]).await;
        counter.desk.post([receipt("R2", day(3), "5.00").settles("I2")]).await;
        items.push(counter.desk.get("I2", day(0)).await.name);
        assert_eq!(told(&mut counter).await, (items, vec!["PREPAY 10.00".to_owned()]));
        counter.desk.post([receipt("R3", day(2), "15.00").settles("I2")]).await;
        assert_eq!(on(&server, &mut counter, 3, "10.00").await, NOTHING);
        counter.desk.verify(&server).await;
    }

    async fn fault_b2_what_is_open_again_later_is_not_overdue_today(server: TestServer) {
        let mut counter = with_limit(&server, "1000.00").await;
        let policy = pb::CreditPolicy {
            overdue_days_max: Some(30),
            overdue_amount_max: Some(usd("25.00")),
            ..pb::CreditPolicy::default()
        };
        counter.policy("overdue", policy).await;
        let due = |no, days, gross| invoice(no, day(-60), gross, &[(day(days), gross)]);
        counter.desk.post([due("I1", -40, "50.00"), due("I2", -10, "20.00")]).await;
        counter.desk.post([receipt("R1", day(-1), "50.00")]).await;
        let cleared = counter.desk.clear("R1", "I1", day(-1)).await;
        counter.desk.try_reset(&cleared.name, Some(day(8))).await.expect("reset");
        assert_eq!(on(&server, &mut counter, 0, "10.00").await, NOTHING);
        let overdue = counter.profile(ACME).await.overdue;
        assert_eq!((text(&overdue[0].amount), overdue[0].days), ("20.00".into(), 10));
        // What is overdue today is told with its own documents and amounts alone.
        let policy = pb::CreditPolicy { overdue_days_max: Some(9), ..pb::CreditPolicy::default() };
        counter.policy("strict", policy).await;
        let i2 = counter.desk.get("I2", day(0)).await.name;
        let pay = ["PAY_OVERDUE 20.00", "PREPAY 10.00"].map(str::to_owned).to_vec();
        assert_eq!(told(&mut counter).await, (vec![i2], pay));
        // What a later day takes cannot be paid today, also if it comes back after that.
        counter.desk.post([receipt("R2", day(3), "20.00").settles("I2")]).await;
        let i2 = counter.desk.get("I2", day(0)).await.name;
        assert_eq!(told(&mut counter).await, (vec![i2.clone()], vec!["PREPAY 10.00".to_owned()]));
        counter.desk.try_reverse("R2", Some(day(5))).await.expect("the check will bounce");
        assert_eq!(told(&mut counter).await, (vec![i2], vec!["PREPAY 10.00".to_owned()]));
        // From that day on it is.
        server.clock().set(moment(8));
        let overdue = counter.profile(ACME).await.overdue;
        assert_eq!((text(&overdue[0].amount), overdue[0].days), ("70.00".into(), 48));
        assert_eq!(told(&mut counter).await.1, ["PAY_OVERDUE 70.00", "PREPAY 10.00"]);
        counter.desk.verify(&server).await;
    }

    async fn fault_b2_a_risk_is_told_to_an_issuer_for_what_is_overdue_today(server: TestServer) {
        let mut counter = with_limit(&server, "1000.00").await;
        let security = pb::CreditSecurity {
            kind: pb::CreditSecurityKind::CreditInsurance.into(),
            issuer: "Sinosure".into(),
            cover_limit: Some(usd("100.00")),
            insured_bp: 10_000,
            notification_days: 30,
            ..pb::CreditSecurity::default()
        };
        counter.secure(security).await;
        let due = |no, days, gross| invoice(no, day(-60), gross, &[(day(days), gross)]);
        counter.desk.post([due("I1", -40, "50.00"), due("I2", -10, "20.00")]).await;
        counter.desk.post([receipt("R1", day(-1), "50.00")]).await;
        let cleared = counter.desk.clear("R1", "I1", day(-1)).await;
        counter.desk.try_reset(&cleared.name, Some(day(8))).await.expect("reset");
        assert!(!counter.profile(ACME).await.securities[0].at_risk);
        server.clock().set(moment(8));
        assert!(counter.profile(ACME).await.securities[0].at_risk);
    }

    async fn fault_b3_what_counts_at_once_is_taken_back_at_once(server: TestServer) {
        let mut counter = with_limit(&server, "150.00").await;
        let version = |version, from, due| pb::Document {
            source_version: version,
            ..invoice("I1", day(from), "100.00", &[(day(due), "100.00")])
        };
        counter.desk.post([version(1, 5, 40)]).await;
        for next in [version(2, 5, 41), version(3, 8, 41), version(4, 2, 41), version(5, 6, 41)] {
            counter.desk.post([next]).await;
            assert_eq!(counter.exposure().await, "open 100.00 = 100.00");
            assert_decided(&counter.ask("50.00").await, "APPROVED", &[]);
            counter.desk.verify(&server).await;
        }
        // With what is to settle it on its day.
        counter.desk.post([receipt("R1", day(7), "30.00").settles("I1")]).await;
        counter.desk.post([version(6, 5, 41)]).await;
        assert_eq!(counter.exposure().await, "open 100.00 = 100.00");
        for (on, open) in [(4, "100.00"), (5, "100.00"), (6, "100.00"), (7, "70.00"), (9, "70.00")] {
            server.clock().set(moment(on));
            assert_eq!(counter.exposure().await, format!("open {open} = {open}"), "on day {on}");
            counter.desk.verify(&server).await;
        }
    }

    async fn fault_b3_a_debit_dated_ahead_is_reversed_at_once(server: TestServer) {
        let mut counter = with_limit(&server, "150.00").await;
        let ahead = |no| invoice(no, day(5), "100.00", &[(day(40), "100.00")]);
        counter.desk.post([ahead("I1")]).await;
        counter.desk.try_reverse("I1", Some(day(5))).await.expect("reversed");
        assert_eq!(counter.exposure().await, "= 0.00");
        // One that stands for some days counts until they are over.
        counter.desk.post([ahead("I2")]).await;
        counter.desk.try_reverse("I2", Some(day(7))).await.expect("reversed");
        for (on, told) in [(0, "open 100.00 = 100.00"), (6, "open 100.00 = 100.00"), (7, "= 0.00")] {
            server.clock().set(moment(on));
            assert_eq!(counter.exposure().await, told, "on day {on}");
            counter.desk.verify(&server).await;
        }
    }

    async fn fault_b4_what_is_disputed_is_so_until_it_is_paid(server: TestServer) {
        for terms_days_max in [0, 90] {
            let server = TestServer::start(server.engine()).await;
            let mut counter = with_limit(&server, "50.00").await;
            counter.desk.post([invoice("I1", day(0), "100.00", &[(day(60), "100.00")])]).await;
            counter.desk.try_dispute("I1", None, None).await.expect("disputed");
            let security = pb::CreditSecurity {
                kind: pb::CreditSecurityKind::CreditInsurance.into(),
                issuer: "Sinosure".into(),
                cover_limit: Some(usd("100.00")),
                insured_bp: 10_000,
                terms_days_max,
                ..pb::CreditSecurity::default()
            };
            counter.secure(security).await;
            assert_eq!(counter.exposure().await, "open 100.00 = 100.00");
            counter.desk.post([receipt("R1", day(3), "100.00").settles("I1")]).await;
            assert_eq!(counter.exposure().await, "open 100.00 = 100.00");
            assert_decided(&counter.ask("1.00").await, "DECLINED", &["LIMIT_EXCEEDED"]);
            // One dated ahead counts at once, and so does what is disputed of it.
            counter.desk.post([invoice("I2", day(5), "40.00", &[(day(60), "40.00")])]).await;
            assert_eq!(counter.exposure().await, "open 140.00, cover -40.00 = 100.00");
            server.clock().set(moment(3));
            assert_eq!(counter.exposure().await, "open 40.00, cover -40.00 = 0.00");
            counter.desk.verify(&server).await;
        }
    }
}
