//! What may go out to a customer of whom there are two accounts.

use ballast::pb;

use super::accounts::{NORTH, OLD, Shop, by};
use super::*;
use crate::support::credit::{
    Counter, Names, assert_decided, exposure, limit_of, order_key, reserving,
};
use crate::support::ledger::{receipt, usd};

pub fn order(account: &str, no: &str, amount: &str) -> pb::ReserveCreditRequest {
    pb::ReserveCreditRequest { account: account.into(), ..reserving(no, amount) }
}

pub fn question(account: &str, no: Option<&str>, amount: &str) -> pb::CheckCreditRequest {
    pb::CheckCreditRequest {
        account: account.into(),
        amount: Some(usd(amount)),
        order: no.map(order_key),
        ..pb::CheckCreditRequest::default()
    }
}

pub fn account_of(name: &str) -> String {
    name.split("/credit").next().unwrap_or_default().to_owned()
}

async fn exposed(counter: &mut Counter, account: &str) -> String {
    let profile = counter.profile(account).await;
    let own = profile.limits.iter().find(|of| of.account == account);
    exposure(own.expect("it has a limit"))
}

on_both_engines! {
    async fn a24_orders_of_a_loser_stay_where_they_are_and_new_ones_are_the_survivors(server: TestServer) {
        let mut shop = Shop::open(&server).await;
        let mut counter = Counter::at(&server);
        counter.limit(NORTH, "1000.00").await;
        counter.limit(OLD, "400.00").await;
        let first = counter.try_reserve(order(OLD, "O1", "300.00")).await.expect("decided");
        assert_decided(&first, "APPROVED", &[]);
        assert_eq!(exposed(&mut counter, NORTH).await, "= 0.00");
        shop.merge().await;
        assert_eq!(exposed(&mut counter, NORTH).await, "orders 300.00 = 300.00");
        // The same order by any name is the one that is reserved.
        for name in [OLD, NORTH, "accounts/ERP~OLD"] {
            let again = counter.try_reserve(order(name, "O1", "300.00")).await.expect("decided");
            assert_eq!(again.name, first.name, "{name}");
            let checked = counter.check(question(name, Some("O1"), "300.00")).await;
            assert_eq!(account_of(&checked.limits[0].account), OLD, "{name}");
        }
        // Its own limit has no room for more, that of the survivor has.
        let checked = counter.check(question(OLD, None, "600.00")).await;
        assert_decided(&checked, "APPROVED", &[]);
        assert_eq!(checked.limits[0].account, NORTH);
        let second = counter.try_reserve(order("accounts/ERP~OLD", "O2", "600.00")).await.expect("decided");
        assert_decided(&second, "APPROVED", &[]);
        assert_eq!(account_of(&second.name), NORTH);
        let third = counter.try_reserve(order(OLD, "O3", "101.00")).await.expect("decided");
        assert_decided(&third, "DECLINED", &["LIMIT_EXCEEDED"]);
        // An invoice of an order is where the order is, so that nothing counts twice.
        let posted = shop.post(vec![
            by("old", invoice("I1", day(0), "300.00", &[(day(20), "300.00")])).names("O1"),
            by("old", invoice("I2", day(0), "200.00", &[(day(20), "200.00")])).names("O2"),
            by("north", receipt("R1", day(0), "100.00")).names("O2"),
        ]).await;
        let accounts: Vec<&str> = posted.iter().map(|(_, account)| account.as_str()).collect();
        assert_eq!(accounts, [OLD, NORTH, NORTH]);
        assert_eq!(exposed(&mut counter, NORTH).await, "open 500.00, orders 400.00, advances -100.00 = 800.00");
        // By the name that the ERP goes on using.
        for name in [OLD, NORTH] {
            let request = pb::GetReservationRequest { name: format!("{name}/creditReservations/ERP~O2") };
            let found = counter.client.get_reservation(request).await.expect("found").into_inner();
            assert_eq!(account_of(&found.name), NORTH, "{name}");
        }
        let cancel = pb::CancelReservationRequest { name: format!("{OLD}/creditReservations/ERP~O2"),
            reason: "no more".into(), request_id: fresh(), ..pb::CancelReservationRequest::default() };
        counter.client.cancel_reservation(cancel).await.expect("canceled");
        shop.verify().await;
        shop.world.undo(OLD).await.expect("undone");
        assert_eq!(exposed(&mut counter, OLD).await, "open 300.00 = 300.00");
        let own = counter.check(question(OLD, None, "101.00")).await;
        assert_decided(&own, "DECLINED", &["LIMIT_EXCEEDED"]);
        let next = counter.try_reserve(order(OLD, "O4", "100.00")).await.expect("decided");
        assert_eq!(account_of(&next.name), OLD);
        shop.verify().await;
    }

    async fn a24_holds_and_overdue_items_of_a_loser_stop_the_survivor(server: TestServer) {
        let mut shop = Shop::open(&server).await;
        shop.account("below", NORTH).await;
        let mut counter = Counter::at(&server);
        counter.set(NORTH, pb::CreditLimit { overdue_days_max: Some(30), ..limit_of("1000.00") }).await;
        counter.limit(OLD, "1000.00").await;
        shop.post(vec![by("old", invoice("I1", day(-90), "10.00", &[(day(-60), "10.00")]))]).await;
        let hold = counter.hold(OLD, pb::CreditHoldScope::Account).await;
        let ask = |name: &str| question(name, None, "1.00");
        assert_decided(&counter.check(ask(NORTH)).await, "APPROVED", &[]);
        shop.merge().await;
        for name in [NORTH, OLD] {
            let checked = counter.check(ask(name)).await;
            let codes = crate::support::credit::codes(&checked.reasons);
            assert_eq!(codes, ["ON_HOLD", "OVERDUE_DAYS"], "{name}");
            assert_eq!(checked.reasons[0].subject, hold);
        }
        // The hold is of the account, not of its group.
        assert_decided(&counter.check(ask("accounts/below")).await, "APPROVED", &[]);
        let reserved = counter.try_reserve(order(NORTH, "O1", "1.00")).await.expect("decided");
        assert_eq!(crate::support::credit::codes(&reserved.reasons), ["ON_HOLD", "OVERDUE_DAYS"]);
        counter.release(&hold).await;
        let checked = counter.check(ask(NORTH)).await;
        assert_eq!(crate::support::credit::codes(&checked.reasons), ["OVERDUE_DAYS"]);
        shop.post(vec![by("old", crate::support::ledger::Settles::settles(receipt("R1", day(0), "10.00"), "I1"))]).await;
        assert_decided(&counter.check(ask(NORTH)).await, "APPROVED", &[]);
        let hold = counter.hold(OLD, pb::CreditHoldScope::Group).await;
        for name in [NORTH, OLD, "accounts/below"] {
            let checked = counter.check(ask(name)).await;
            assert_eq!(crate::support::credit::codes(&checked.reasons), ["ON_HOLD"], "{name}");
        }
        shop.world.undo(OLD).await.expect("undone");
        assert_decided(&counter.check(ask(NORTH)).await, "APPROVED", &[]);
        assert_decided(&counter.check(ask("accounts/below")).await, "APPROVED", &[]);
        counter.release(&hold).await;
        shop.verify().await;
    }
}
