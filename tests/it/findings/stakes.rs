//! What is found in the order of what is at stake, and how much is owed where we are blind.

use ballast::pb::FindingOrder;

use ballast::pb::{PositionFunction, PositionLevel, TieKind};

use super::people::{meet, somebody};
use super::*;
use crate::contact::ties::{declare, tie};
use crate::contact::{move_from_to, person};
use crate::support::ledger::{money, usd};
use crate::tiers::policies::{activate, class, create, quantile};

fn asking(currency: &str) -> pb::ListFindingsRequest {
    pb::ListFindingsRequest {
        owner: "members/wang".into(),
        order: FindingOrder::AtStake.into(),
        currency_code: currency.into(),
        ..of("-")
    }
}

async fn page(server: &TestServer, request: pb::ListFindingsRequest) -> pb::ListFindingsResponse {
    server.accounts().list_findings(request).await.expect("a page").into_inner()
}

/// Four accounts of one member that are to have a sponsor, of which one has: two owe dollars, one
/// euros, and one nothing.
async fn four(engine: Engine) -> TestServer {
    let server =
        TestServer::start_with(engine, |config| config.business.sponsor_required = true).await;
    let mut counter = Counter::at(&server);
    member(&server, "wang").await;
    member(&server, "boss").await;
    for id in ["a", "b", "c", "d"] {
        counter.account(id, "").await;
        assign(&server, id, "wang", TeamRole::Owner, -30).await;
    }
    counter.account("other", "").await;
    assign(&server, "c", "boss", TeamRole::ExecutiveSponsor, -30).await;
    let owes = |account: &str, gross: pb::Money| {
        let payer = format!("accounts/{account}");
        let bill = document(pb::DocumentKind::Invoice, account, day(-20), "1");
        pb::Document { payer, gross: Some(gross), ..bill }
    };
    let mut desk = Desk::new(&server);
    let bills = [
        owes("a", usd("200")),
        owes("b", money("150", "EUR")),
        owes("c", usd("50")),
        owes("other", usd("999")),
    ];
    desk.rates(&[("EUR", "USD", day(-11), "2"), ("EUR", "USD", day(-1), "1")]).await;
    desk.post(bills).await;
    server
}

async fn by_stake(engine: Engine) {
    let server = four(engine).await;
    let accounts = |all: &[pb::Finding]| -> Vec<String> {
        all.iter().map(|found| found.account.replace("accounts/", "")).collect()
    };
    let all = list(&server, asking("USD")).await.expect("findings");
    assert_eq!(accounts(&all), ["a", "b", "d"], "the most first, and of nothing last");
    let then = pb::ListFindingsRequest { as_of: Some(day(-11)), ..asking("USD") };
    let all = list(&server, then.clone()).await.expect("findings");
    assert_eq!(accounts(&all), ["b", "a", "d"], "at the rates of the day");

    let first = page(&server, asking("USD")).await;
    let owed: Vec<_> = first.stakes.iter().map(|of| (&*of.account, of.open.clone())).collect();
    let expected = [("accounts/a", vec![usd("200")]), ("accounts/b", vec![money("150", "EUR")])];
    assert_eq!(owed, expected);
    let exposure = first.exposure.clone().expect("told");
    assert_eq!((exposure.total, exposure.blind), (Some(usd("400")), Some(usd("350"))));
    assert_eq!(exposure.blind_bp, Some(8_750));
    let page_token = first.next_page_token;
    let second = page(&server, pb::ListFindingsRequest { page_token, ..asking("USD") }).await;
    assert_eq!((second.exposure, second.stakes.len()), (first.exposure, 1), "whatever the page");
    let exposure = page(&server, then).await.exposure.expect("told");
    assert_eq!((exposure.total, exposure.blind), (Some(usd("550")), Some(usd("500"))));
    assert_eq!(exposure.blind_bp, Some(9_091));

    // Codes that nothing is found of are blind of nothing.
    let codes = vec![Found::HookExpired.into()];
    let seen = page(&server, pb::ListFindingsRequest { codes, ..asking("USD") }).await;
    let exposure = seen.exposure.expect("told");
    assert_eq!((seen.findings.len(), exposure.blind_bp), (0, Some(0)));
    let worst_first = pb::ListFindingsRequest { owner: "members/wang".into(), ..of("-") };
    let worst_first = page(&server, worst_first).await;
    assert_eq!((worst_first.stakes.len(), worst_first.exposure), (0, None));

    let bare = pb::ListFindingsRequest { owner: String::new(), ..asking("") };
    let refused = fields(&list(&server, bare).await.expect_err("of whom, and in what"));
    let expected = [("owner", "FIELD_REQUIRED"), ("currency_code", "FIELD_REQUIRED")];
    assert_eq!(refused, expected.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
    let worst_first = pb::ListFindingsRequest { currency_code: "USD".into(), ..of("-") };
    let refused = list(&server, worst_first).await.expect_err("nothing is compared");
    assert_refused(&refused, Code::InvalidArgument, "FIELD_INVALID", Some("currency_code"));
    let ahead = pb::ListFindingsRequest { as_of: Some(day(1)), ..asking("USD") };
    let refused = list(&server, ahead).await.expect_err("nothing is owed yet");
    assert_refused(&refused, Code::InvalidArgument, "DATE_INVALID", Some("as_of"));
    let refused = list(&server, asking("GBP")).await.expect_err("no rate");
    assert_refused(&refused, Code::FailedPrecondition, "RATE_MISSING", None);
}

mod j7_where_we_are_blind_is_ordered_by_what_is_owed_there {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn sqlite() {
        by_stake(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn postgres() {
        by_stake(Engine::Postgres).await;
    }
}

on_both_engines! {
    async fn j7_whoever_left_is_told_beside_what_is_owed_with_who_looks_after(server: TestServer) {
        let mut counter = Counter::at(&server);
        for id in ["wang", "zhao"] {
            member(&server, id).await;
        }
        counter.account("acme", "").await;
        assign(&server, "acme", "wang", TeamRole::Owner, -500).await;
        let policy = quantile(&[1_000], vec![class("KEY", 4), class("C", 48)]);
        let policy = create(&server, "p", policy).await.expect("created");
        activate(&server, "p", None, &policy.etag).await.expect("in force");
        let given = pb::OverrideTierRequest {
            account: "accounts/acme".into(),
            tier: "KEY".into(),
            valid_to: Some(day(3)),
            reason: "重点扶持".into(),
            request_id: fresh(),
            ..Default::default()
        };
        server.tiers().override_tier(given).await.expect("given");
        let (li, finance) = somebody(&server, "acme", PositionFunction::Finance, PositionLevel::Manager).await;
        let (wu, buying) = somebody(&server, "acme", PositionFunction::Procurement, PositionLevel::Staff).await;
        declare(&server, pb::Tie { valid_from: Some(day(-90)), ..tie(TieKind::Counterpart, "members/zhao", &li) })
            .await
            .expect("declared");
        for (contact, seat, on) in [(&li, &finance, -30), (&wu, &buying, -20)] {
            meet(&server, "acme", -60, contact).await;
            let left = move_from_to(&server, contact, seat, "", on).await.expect("left");
            let interim = left.vacancy_opened.expect("a vacancy").interim;
            let expected = if *contact == li { "members/zhao" } else { "members/wang" };
            assert_eq!(interim, expected, "who was there for him, or else who is accountable");
        }
        let blind = |on: i64| pb::ListFindingsRequest {
            codes: vec![Found::VacancyOverdue.into()],
            as_of: Some(day(on)),
            ..asking("USD")
        };
        let told = page(&server, blind(0)).await.stakes;
        let [acme] = &told[..] else { panic!("one account: {told:?}") };
        assert_eq!((&*acme.tier, &*acme.accountable), ("KEY", "members/wang"));
        let mut lost: Vec<_> = acme.lost_contacts.iter().map(|of| (of.since_date, &*of.position, &*of.contact_left, &*of.interim)).collect();
        lost.sort_by_key(|(since, ..)| since.map(|of| (of.month, of.day)));
        let expected = [
            (Some(day(-30)), &*finance, &*li, "members/zhao"),
            (Some(day(-20)), &*buying, &*wu, "members/wang"),
        ];
        assert_eq!(lost, expected);
        // Whoever came and was met ends it, and of a past day it is told as it was.
        let xu = person(&server, "Xu").await;
        move_from_to(&server, &xu, "", &finance, -10).await.expect("hired");
        meet(&server, "acme", -9, &xu).await;
        let lost = |told: pb::ListFindingsResponse| {
            let of = told.stakes.into_iter().flat_map(|of| of.lost_contacts);
            of.map(|of| of.contact_left).collect::<Vec<_>>()
        };
        assert_eq!(lost(page(&server, blind(0)).await), [&*wu]);
        assert_eq!(lost(page(&server, blind(-11)).await).len(), 2);
        // Who is no longer with us looks after nothing.
        turn(&server, "zhao", false).await;
        assert_eq!(page(&server, blind(-11)).await.stakes[0].lost_contacts[0].interim, "members/wang");
    }
}
