//! Whom we know at a customer of whom there are two accounts.

use ballast::pb::{
    self, CreditDisposition as Leads, CreditReasonCode as Why, InteractionChannel,
    PositionFunction as Function, PositionLevel as Level,
};

use super::accounts::{NORTH, OLD, Shop, by};
use super::accounts_credit::question;
use super::*;
use crate::contact::{move_from_to, position};
use crate::interaction::{held, record};
use crate::support::credit::{Counter, assert_decided};

const UNKNOWN: &[&str] = &["NO_LIVE_FINANCE_CONTACT"];

async fn counter(server: &TestServer) -> Counter {
    let mut counter = Counter::at(server);
    let rule = pb::CreditReasonRule {
        code: Why::NoLiveFinanceContact.into(),
        disposition: Leads::Refer.into(),
    };
    let policy = pb::CreditPolicy { rules: vec![rule], ..pb::CreditPolicy::default() };
    counter.policy("people", policy).await;
    for account in [NORTH, OLD] {
        counter.limit(account, "1000.00").await;
    }
    counter
}

/// The positions by which people of an account are known to us.
async fn known_by(shop: &Shop<'_>, account: &str) -> Vec<String> {
    let coverage = shop.world.ok("ContactService.GetCoverage", json!({"account": account})).await;
    let ties = coverage["ties"].as_array().cloned().unwrap_or_default();
    ties.iter().map(|tie| tie["position"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Whether it is found of an account on a day that nobody knows who answers for its money.
async fn is_found(shop: &Shop<'_>, account: &str, as_of: i64) -> bool {
    let codes = ["FINDING_CODE_NO_LIVE_FINANCE_CONTACT"];
    let request = json!({"parent": account, "codes": codes, "as_of": on(as_of)});
    let page = shop.world.ok("AccountService.ListFindings", request).await;
    page["findings"].as_array().is_some_and(|found| !found.is_empty())
}

/// How the risk of an account tells of who answers for its money.
async fn told(shop: &Shop<'_>, account: &str) -> String {
    let request = json!({"account": account, "view": "RISK_VIEW_FULL"});
    let risk = shop.world.ok("ReceivableService.GetReceivablesRisk", request).await;
    risk["financeContact"]["state"].as_str().unwrap_or_default().to_owned()
}

on_both_engines! {
    async fn a24_who_sits_or_was_met_at_any_account_of_a_customer_is_known_at_each(server: TestServer) {
        let mut shop = Shop::open(&server).await;
        let mut counter = counter(&server).await;
        member(&server, "wang").await;
        let (chen, li) = (person(&server, "陈").await, person(&server, "李").await);
        let quality = position(&server, "north", Function::Quality, Level::Staff).await;
        let treasury = position(&server, "old", Function::Finance, Level::Manager).await;
        for (contact, seat) in [(&chen, &quality), (&li, &treasury)] {
            move_from_to(&server, contact, "", seat, -60).await.expect("sits there");
        }
        shop.post(vec![by("north", invoice("I1", day(-5), "9.00", &[(day(25), "9.00")]))]).await;
        let asks = async |counter: &mut Counter, account: &str| {
            counter.check(question(account, None, "1.00")).await
        };
        for account in [NORTH, OLD] {
            assert_decided(&asks(&mut counter, account).await, "REFERRED", UNKNOWN);
        }
        assert!(is_found(&shop, NORTH, 0).await);

        shop.merge().await;
        let asked = asks(&mut counter, NORTH).await;
        assert_decided(&asked, "REFERRED", UNKNOWN);
        assert_eq!(asked.reasons[0].evidence, [li.clone(), treasury.clone()], "whom to meet sits at the other");
        assert!(is_found(&shop, NORTH, 0).await);

        // He is met, and it is recorded where the customer is looked after now.
        let visit = held(InteractionChannel::Visit, -1, &["members/wang"], &[&li]);
        record(&server, "north", visit).await.expect("recorded");
        for account in [NORTH, OLD] {
            assert_decided(&asks(&mut counter, account).await, "APPROVED", &[]);
            assert_eq!(told(&shop, account).await, "FINANCE_CONTACT_STATE_LIVE", "{account}");
            assert_eq!(known_by(&shop, account).await, [treasury.as_str()], "{account}");
        }
        assert!(!is_found(&shop, NORTH, 0).await);
        assert!(is_found(&shop, NORTH, -1).await, "of a day before it is told as it was");
        shop.verify().await;

        shop.world.undo(OLD).await.expect("undone");
        for account in [NORTH, OLD] {
            assert_decided(&asks(&mut counter, account).await, "REFERRED", UNKNOWN);
            assert!(known_by(&shop, account).await.is_empty(), "{account}");
        }
        assert!(is_found(&shop, NORTH, 0).await);
        shop.verify().await;
    }

    async fn a24_of_an_account_where_nobody_is_known_it_is_told_by_the_other_while_it_counts_as_one(server: TestServer) {
        let mut shop = Shop::open(&server).await;
        let mut counter = counter(&server).await;
        let li = person(&server, "李").await;
        let treasury = position(&server, "old", Function::Finance, Level::Manager).await;
        move_from_to(&server, &li, "", &treasury, -60).await.expect("sits there");
        let asks = async |counter: &mut Counter| counter.check(question(NORTH, None, "1.00")).await;
        assert_decided(&asks(&mut counter).await, "APPROVED", &[]);
        shop.merge().await;
        assert_decided(&asks(&mut counter).await, "REFERRED", UNKNOWN);
        shop.verify().await;
        shop.world.undo(OLD).await.expect("undone");
        assert_decided(&asks(&mut counter).await, "APPROVED", &[]);
        shop.verify().await;
    }
}
