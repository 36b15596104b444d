//! What type an account is on which day, why it changed, and how it is bound to us.

use ballast::pb::{
    self, AccountType, AccountTypeChangeReason as Why, BondLevel, DocumentKind,
    FindingCode as Found, InteractionChannel, PositionFunction, PositionLevel,
};
use tonic::{Code, Status};

use crate::contact::{account, move_from_to, person, position};
use crate::interaction::commitments::{create, promise, settle, shown};
use crate::interaction::{held, member, record};
use crate::support::credit::{instant, moment};
use crate::support::ledger::{Desk, Settles as _, day, document, fresh};
use crate::support::{TestServer, assert_refused, details, fields};
use crate::work::give;

/// Somebody of theirs, who has sat there for long.
async fn sits(server: &TestServer, account: &str, function: PositionFunction) -> String {
    let li = person(server, "Li").await;
    let seat = position(server, account, function, PositionLevel::Staff).await;
    move_from_to(server, &li, "", &seat, -900).await.expect("hired");
    li
}

async fn meet(server: &TestServer, account: &str, [ours, theirs]: [&str; 2], days: &[i64]) {
    for on in days {
        let visit = held(InteractionChannel::Visit, *on, &[ours], &[theirs]);
        record(server, account, visit).await.expect("recorded");
    }
}

/// Promises him something for a day, and keeps it on that day.
async fn keep(server: &TestServer, account: &str, [ours, theirs]: [&str; 2], on: i64) {
    let made = create(server, account, promise(ours, theirs, on - 5, on)).await;
    settle(server, shown(&made.name, on)).await.expect("kept");
}

/// An account at which Li trusts Wang from a day on.
async fn trusting(server: &TestServer, id: &str, from: i64) -> [String; 2] {
    account(server, id, &[]).await;
    let wang = member(server, &format!("wang-{id}")).await;
    let li = sits(server, id, PositionFunction::Finance).await;
    meet(server, id, [&wang, &li], &[from - 2, from - 1, from]).await;
    keep(server, id, [&wang, &li], from).await;
    [wang, li]
}

fn sold(account: &str, no: &str, on: i64, gross: &str) -> pb::Document {
    let payer = format!("accounts/{account}");
    pb::Document { payer, ..document(DocumentKind::Invoice, no, day(on), gross) }
}

async fn told(server: &TestServer, request: pb::GetAccountStatusRequest) -> pb::AccountStatus {
    server.accounts().get_account_status(request).await.expect("a status").into_inner()
}

fn of(account: &str) -> pb::GetAccountStatusRequest {
    pb::GetAccountStatusRequest { name: format!("accounts/{account}"), ..Default::default() }
}

async fn relationship(server: &TestServer, account: &str) -> pb::AccountRelationship {
    told(server, of(account)).await.relationship.expect("a relationship")
}

fn log(account: &str) -> pb::ListAccountTypeChangesRequest {
    let parent = format!("accounts/{account}");
    pb::ListAccountTypeChangesRequest { parent, ..Default::default() }
}

async fn try_changes(
    server: &TestServer,
    request: pb::ListAccountTypeChangesRequest,
) -> Result<pb::ListAccountTypeChangesResponse, Status> {
    server.accounts().list_account_type_changes(request).await.map(|r| r.into_inner())
}

/// Page by page, one at a time.
async fn changes(
    server: &TestServer,
    request: pb::ListAccountTypeChangesRequest,
) -> Vec<pb::AccountTypeChange> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request =
            pb::ListAccountTypeChangesRequest { page_size: 1, page_token, ..request.clone() };
        let page = try_changes(server, request).await.expect("a page");
        all.extend(page.changes);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

fn turns(all: &[pb::AccountTypeChange]) -> Vec<(Option<pb::Date>, AccountType, Vec<Why>)> {
    all.iter().map(|of| (of.date, of.after(), of.reasons().collect())).collect()
}

on_both_engines! {
    async fn a7_evidence_makes_four_types(server: TestServer) {
        account(&server, "outsider", &[]).await;
        account(&server, "supplier", &[]).await;
        trusting(&server, "friend", -3).await;
        trusting(&server, "partner", -3).await;
        let documents = [sold("supplier", "1", -30, "5"), sold("partner", "2", -30, "5")];
        Desk::new(&server).post(documents).await;
        for (id, expected, since) in [
            ("outsider", AccountType::Outsider, None),
            ("supplier", AccountType::Supplier, Some(day(-30))),
            ("friend", AccountType::Friend, Some(day(-3))),
            ("partner", AccountType::Partner, Some(day(-3))),
        ] {
            let found = relationship(&server, id).await;
            assert_eq!((found.r#type(), found.type_since_date), (expected, since), "{id}");
        }
        let names = ["friend", "partner"].map(|id| format!("accounts/{id}")).into();
        let request = pb::BatchGetAccountStatusesRequest { names, ..Default::default() };
        let both = server.accounts().batch_get_account_statuses(request).await.expect("statuses");
        let types = both.into_inner().statuses.into_iter().filter_map(|of| of.relationship);
        let types: Vec<_> = types.map(|of| of.r#type()).collect();
        assert_eq!(types, [AccountType::Friend, AccountType::Partner]);
    }

    async fn a7_the_partner_is_a_friend_on_the_day_the_last_order_lapses(server: TestServer) {
        let [wang, li] = trusting(&server, "acme", 0).await;
        let invoices = [sold("acme", "1", -400, "70"), sold("acme", "2", -300, "5")];
        let posted = Desk::new(&server).post(invoices).await;
        let names: Vec<String> = posted.into_iter().map(|one| one.document).collect();
        // The documents, then who trusts whom.
        let expected = [
            (day(-400), AccountType::Supplier, vec![Why::TradeBegan], vec![names[0].clone()]),
            (day(0), AccountType::Partner, vec![Why::TrustGained], vec![wang.clone(), li.clone()]),
            (day(65), AccountType::Friend, vec![Why::TradeLapsed], vec![names[1].clone()]),
            (day(180), AccountType::Outsider, vec![Why::TrustLost], vec![wang, li]),
        ];
        let all = changes(&server, pb::ListAccountTypeChangesRequest { to_date: Some(day(500)), ..log("acme") }).await;
        let found: Vec<_> = all.iter().map(|of| {
            (of.date.expect("a day"), of.after(), of.reasons().collect::<Vec<_>>(), of.evidence.clone())
        }).collect();
        assert_eq!(found, expected);
        let before: Vec<_> = all.iter().map(|of| of.before()).collect();
        assert_eq!(before[0], AccountType::Outsider);
        assert_eq!(before[1..], [AccountType::Supplier, AccountType::Partner, AccountType::Friend]);
        assert_eq!(turns(&changes(&server, log("acme")).await), turns(&all[..2]), "up to today");
        let span = pb::ListAccountTypeChangesRequest {
            from_date: Some(day(65)),
            to_date: Some(day(179)),
            ..log("acme")
        };
        assert_eq!(changes(&server, span).await, all[2..3]);
        for (on, expected, since) in [
            (64, AccountType::Partner, day(0)),
            (65, AccountType::Friend, day(65)),
            (179, AccountType::Friend, day(65)),
            (180, AccountType::Outsider, day(180)),
        ] {
            server.clock().set(moment(on));
            let found = relationship(&server, "acme").await;
            assert_eq!((found.r#type(), found.type_since_date), (expected, Some(since)), "on {on}");
        }
        server.clock().set(moment(180 + 731));
        let found = relationship(&server, "acme").await;
        assert_eq!((found.r#type(), found.type_since_date), (AccountType::Outsider, None));
    }

    async fn a7_what_is_recorded_late_moves_the_log_as_if_in_order(server: TestServer) {
        account(&server, "acme", &[]).await;
        let wang = member(&server, "wang").await;
        let li = sits(&server, "acme", PositionFunction::Legal).await;
        let pair = [wang.as_str(), li.as_str()];
        let mut desk = Desk::new(&server);
        let posted = desk.post([sold("acme", "1", -50, "5"), sold("acme", "2", -20, "7")]).await;
        meet(&server, "acme", pair, &[-10, -5]).await;
        keep(&server, "acme", pair, -4).await;
        let an_hour_later = |at: prost_types::Timestamp| prost_types::Timestamp { seconds: at.seconds + 3_600, ..at };
        let known_at = instant(0).map(an_hour_later);
        let supplier = (Some(day(-50)), AccountType::Supplier, vec![Why::TradeBegan]);
        assert_eq!(turns(&changes(&server, log("acme")).await), std::slice::from_ref(&supplier));

        server.clock().set(moment(1));
        meet(&server, "acme", pair, &[-30]).await;
        let partner = (Some(day(-4)), AccountType::Partner, vec![Why::TrustGained]);
        assert_eq!(turns(&changes(&server, log("acme")).await), [supplier, partner.clone()]);
        let then = pb::GetAccountStatusRequest { known_at, ..of("acme") };
        let then = told(&server, then).await.relationship.expect("one");
        assert_eq!(then.r#type(), AccountType::Supplier, "as known before");
        let past = pb::GetAccountStatusRequest { as_of: Some(day(-5)), ..of("acme") };
        let past = told(&server, past).await.relationship.expect("one");
        assert_eq!(past.r#type(), AccountType::Supplier, "before the word was kept");

        // What was invoiced in error never was.
        let request = pb::ReverseDocumentRequest {
            name: posted[0].document.clone(),
            effective_date: Some(day(-50)),
            reason: "in error".into(),
            request_id: fresh(),
        };
        desk.client.reverse_document(request).await.expect("reversed");
        let supplier = (Some(day(-20)), AccountType::Supplier, vec![Why::TradeBegan]);
        assert_eq!(turns(&changes(&server, log("acme")).await), [supplier.clone(), partner]);

        // And credited it is none from the day of the credit note on.
        let credit = pb::Document { payer: "accounts/acme".into(), ..document(DocumentKind::CreditNote, "3", day(-2), "7") };
        desk.post([credit.settles("2")]).await;
        let friend = (Some(day(-2)), AccountType::Friend, vec![Why::TradeLapsed]);
        assert_eq!(turns(&changes(&server, log("acme")).await)[2], friend);
    }

    async fn a7_who_leaves_takes_trust_along(server: TestServer) {
        let [wang, li] = trusting(&server, "acme", -9).await;
        let seat = crate::contact::get(&server, &li).await.expect("him").positions.remove(0);
        move_from_to(&server, &li, &seat, "", -3).await.expect("left");
        let friend = (Some(day(-9)), AccountType::Friend, vec![Why::TrustGained]);
        let outsider = (Some(day(-3)), AccountType::Outsider, vec![Why::TrustLost]);
        assert_eq!(turns(&changes(&server, log("acme")).await), [friend, outsider]);
        assert_eq!(relationship(&server, "acme").await.r#type(), AccountType::Outsider);
        move_from_to(&server, &li, "", &seat, -3).await.expect("he is back");
        assert_eq!(relationship(&server, "acme").await.r#type(), AccountType::Friend);
        let leave = pb::DeactivateMemberRequest { name: wang, reason: "left".into(), ..Default::default() };
        server.accounts().deactivate_member(leave).await.expect("deactivated");
        assert_eq!(relationship(&server, "acme").await.r#type(), AccountType::Outsider);
        assert_eq!(changes(&server, log("acme")).await, []);
    }

    async fn a7_the_log_agrees_with_the_status_of_each_day(server: TestServer) {
        let [wang, li] = trusting(&server, "acme", -200).await;
        meet(&server, "acme", [&wang, &li], &[-30]).await;
        Desk::new(&server).post([sold("acme", "1", -395, "5"), sold("acme", "2", -10, "5")]).await;
        let all = changes(&server, log("acme")).await;
        assert_eq!(all.len(), 4, "{all:#?}");
        let held = |on: i64| {
            let key = |of: Option<pb::Date>| of.map(|of| (of.year, of.month, of.day));
            all.iter().rfind(|of| key(of.date) <= key(Some(day(on))))
        };
        for on in (-400..-390).chain(-203..-198).chain(-33..0) {
            let request = pb::GetAccountStatusRequest { as_of: Some(day(on)), ..of("acme") };
            let found = told(&server, request).await.relationship.expect("one");
            let expected = held(on).map_or(AccountType::Outsider, |of| of.after());
            assert_eq!(found.r#type(), expected, "on {on}");
            assert_eq!(found.type_since_date, held(on).and_then(|of| of.date), "on {on}");
        }
    }

    async fn a9_a_key_account_bound_by_price_alone_is_found(server: TestServer) {
        account(&server, "acme", &[]).await;
        let wang = member(&server, "wang").await;
        let mismatches = async || {
            let request = pb::ListFindingsRequest {
                parent: "accounts/acme".into(),
                codes: vec![Found::ModeMismatch.into()],
                ..Default::default()
            };
            crate::findings::list(&server, request).await.expect("findings").len()
        };
        assert_eq!(relationship(&server, "acme").await.bond_level(), BondLevel::None);
        Desk::new(&server).post([sold("acme", "1", -5, "5")]).await;
        assert_eq!(relationship(&server, "acme").await.bond_level(), BondLevel::Financial);
        assert_eq!(mismatches().await, 0, "it is in no class");
        give(&server, "acme", "B", 0).await;
        assert_eq!(mismatches().await, 0, "not in the first class");
        server.clock().set(moment(1));
        account(&server, "key", &[]).await;
        give(&server, "key", "A", 1).await;
        Desk::new(&server).post([sold("key", "2", -5, "5")]).await;
        let status = told(&server, of("key")).await;
        let found = status.findings.iter().find(|of| of.code() == Found::ModeMismatch).expect("found");
        assert_eq!((found.severity(), &*found.evidence[0]), (pb::FindingSeverity::Amber, "accounts/key"));

        for function in [PositionFunction::Finance, PositionFunction::Legal, PositionFunction::Production] {
            assert_eq!(relationship(&server, "key").await.bond_level(), BondLevel::Financial);
            let li = sits(&server, "key", function).await;
            meet(&server, "key", [&wang, &li], &[-3, -2, -1]).await;
        }
        let status = told(&server, of("key")).await;
        assert_eq!(status.relationship.expect("one").bond_level(), BondLevel::Social);
        assert!(!status.findings.iter().any(|of| of.code() == Found::ModeMismatch));
        server.clock().set(moment(179));
        assert_eq!(relationship(&server, "key").await.bond_level(), BondLevel::Financial, "silent for long");
    }

    async fn a_log_that_cannot_be_told_is_refused_with_every_fault(server: TestServer) {
        account(&server, "acme", &[]).await;
        let refused = async |request| try_changes(&server, request).await.expect_err("refused");
        let every = pb::ListAccountTypeChangesRequest {
            parent: "members/wang".into(),
            page_size: -1,
            from_date: Some(pb::Date { year: 2019, month: 2, day: 30 }),
            to_date: Some(pb::Date { year: 1, month: 1, day: 1 }),
            ..Default::default()
        };
        let mut named: Vec<_> = fields(&refused(every).await).into_iter().map(|(field, _)| field).collect();
        named.sort();
        assert_eq!(named, ["from_date", "page_size", "parent", "to_date"]);
        let span = |from: i64, to: i64| pb::ListAccountTypeChangesRequest {
            from_date: Some(day(from)),
            to_date: Some(day(to)),
            ..log("acme")
        };
        for wrong in [span(0, -1), span(-3_653, 0)] {
            assert_refused(&refused(wrong).await, Code::InvalidArgument, "DATE_INVALID", Some("to_date"));
        }
        assert_eq!(changes(&server, span(-3_652, 0)).await, []);
        let none = refused(log("none")).await;
        assert_refused(&none, Code::NotFound, "RESOURCE_NOT_FOUND", None);
        assert!(details(&none).error_info().is_some());
    }
}
