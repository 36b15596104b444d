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

on_both_engines! {
    async fn a_reservation_lapses_at_its_instant(server: TestServer) {
        let mut counter = with_limit(&server, "100.00").await;
        let request = pb::ReserveCreditRequest { expire_time: instant(5), ..reserving("4711", "60.00") };
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
        counter.desk.post([invoice("I1", day(0), "50.00", &[(day(2), "20.00"), (day(20), "30.00")])]).await;
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

    async fn money_dated_ahead_comes_to_count_on_its_day(server: TestServer) {
        let mut counter = with_limit(&server, "100.00").await;
        counter.desk.post([invoice("I1", day(0), "80.00", &[(day(60), "80.00")])]).await;
        counter.desk.post([receipt("R1", day(3), "30.00"), receipt("R2", day(4), "40.00").names("4711")]).await;
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
        let told = counter.ask("10.00").await;
        assert_eq!(told.reasons[0].documents, [counter.desk.get("I1", day(0)).await.name]);
        // It is paid for already: there is nothing left that could be paid.
        assert_eq!(remedies(&told.reasons[0]), ["PREPAY 10.00"]);
        assert_eq!(on(&server, &mut counter, 3, "10.00").await, NOTHING);
        counter.desk.verify(&server).await;
    }
}
