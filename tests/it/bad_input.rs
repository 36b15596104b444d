//! Input that is wrong: each fault has its reason and its path, and nothing is changed.

use ballast::pb;
use ballast::pb::DocumentKind as Kind;
use tonic::{Code, Status};

use crate::support::ledger::*;
use crate::support::{TestServer, assert_refused, details, fields};

const POST: &str = "/ballast.v1.ReceivableService/PostDocuments";

/// What must not change: the whole book, and the archive of the account.
#[derive(Debug, PartialEq)]
struct Books {
    aging: Vec<pb::CurrencyAging>,
    items: Vec<pb::OpenItem>,
    documents: usize,
    accounts: usize,
}

async fn books(server: &TestServer, desk: &mut Desk) -> Books {
    let book = pb::GetAgingRequest {
        account: "accounts/-".into(),
        as_of: Some(day(100)),
        ..pb::GetAgingRequest::default()
    };
    let list = pb::ListAccountsRequest { page_size: 1000, ..pb::ListAccountsRequest::default() };
    let accounts = server.accounts().list_accounts(list).await.expect("accounts").into_inner();
    Books {
        aging: desk.aging(book).await.currencies,
        items: desk.open_items(day(100)).await,
        documents: desk.documents().await.len(),
        accounts: accounts.accounts.len(),
    }
}

fn bill(no: &str) -> pb::Document {
    invoice(no, day(0), "100.00", &[(day(30), "100.00")])
}

fn gross(amount: pb::Money) -> pb::Document {
    pb::Document { gross: Some(amount), ..document(Kind::Invoice, "X", day(0), "1") }
}

fn cents(currency: &str, units: i64, nanos: i32) -> pb::Money {
    pb::Money { currency_code: currency.into(), units, nanos }
}

/// Documents that are wrong by themselves, with the reason and the path within the document.
fn wrong_documents() -> Vec<(pb::Document, &'static str, &'static str)> {
    let plain = || document(Kind::Invoice, "X", day(0), "100.00");
    let keyed = |key: pb::DocumentKey| pb::Document { key: Some(key), ..plain() };
    let parts = |parts: &[(pb::Date, &str)]| invoice("X", day(0), "100.00", parts);
    vec![
        (gross(cents("JPY", 100, 500_000_000)), "AMOUNT_PRECISION", "gross"),
        (gross(cents("KWD", 1, 100_000)), "AMOUNT_PRECISION", "gross"),
        (gross(cents("USD", 1, 1_000_000)), "AMOUNT_PRECISION", "gross"),
        (gross(cents("USD", 1, -10_000_000)), "FIELD_INVALID", "gross"),
        (gross(cents("USD", 1, 1_000_000_000)), "FIELD_INVALID", "gross"),
        (gross(cents("USD", 10_000_000_000_001, 0)), "AMOUNT_OUT_OF_RANGE", "gross"),
        (gross(cents("USD", i64::MAX, 0)), "AMOUNT_OUT_OF_RANGE", "gross"),
        (gross(cents("USD", -1, 0)), "AMOUNT_OUT_OF_RANGE", "gross"),
        (gross(cents("USD", 0, 0)), "AMOUNT_OUT_OF_RANGE", "gross"),
        (gross(cents("XXQ", 1, 0)), "CURRENCY_UNKNOWN", "gross.currency_code"),
        (gross(cents("usd", 1, 0)), "CURRENCY_UNKNOWN", "gross.currency_code"),
        (gross(cents("", 1, 0)), "CURRENCY_UNKNOWN", "gross.currency_code"),
        (parts(&[(day(1), "99.99")]), "INSTALMENTS_MISMATCH", "instalments"),
        (
            parts(&[(day(1), "100.01"), (day(2), "-0.01")]),
            "AMOUNT_OUT_OF_RANGE",
            "instalments[1].amount",
        ),
        (
            pb::Document { net: Some(usd("90.00")), tax: Some(usd("10.01")), ..plain() },
            "NET_TAX_GROSS_MISMATCH",
            "gross",
        ),
        (
            pb::Document { net: Some(money("100.00", "EUR")), ..plain() },
            "CURRENCY_MISMATCH",
            "net.currency_code",
        ),
        (keyed(key("X\0")), "TEXT_INVALID", "key.document_no"),
        (keyed(key("")), "FIELD_REQUIRED", "key.document_no"),
        (keyed(key(&"9".repeat(65))), "FIELD_TOO_LONG", "key.document_no"),
        (
            keyed(pb::DocumentKey { source_system: "ＥＲＰ".into(), ..key("X") }),
            "FIELD_INVALID",
            "key.source_system",
        ),
        (
            keyed(pb::DocumentKey { source_system: "ballast".into(), ..key("X") }),
            "FIELD_INVALID",
            "key.source_system",
        ),
        (pb::Document { kind: 99, ..plain() }, "ENUM_INVALID", "kind"),
        (pb::Document { kind: 0, ..plain() }, "ENUM_INVALID", "kind"),
        (pb::Document { side: 7, ..plain() }, "ENUM_INVALID", "side"),
        (
            pb::Document {
                document_date: Some(pb::Date { year: 2019, month: 2, day: 29 }),
                ..plain()
            },
            "DATE_INVALID",
            "document_date",
        ),
        (
            pb::Document {
                document_date: Some(pb::Date { year: 2019, month: 0, day: 0 }),
                ..plain()
            },
            "DATE_INVALID",
            "document_date",
        ),
        (
            pb::Document { payer: "accounts/ACME/".into(), ..plain() },
            "RESOURCE_NAME_INVALID",
            "payer",
        ),
        (
            pb::Document { payer: "accounts/１２".into(), ..plain() },
            "RESOURCE_NAME_INVALID",
            "payer",
        ),
        (pb::Document { source_version: -1, ..plain() }, "FIELD_INVALID", "source_version"),
        (plain().settles("I1"), "FIELD_INVALID", "clears"),
        (document(Kind::Adjustment, "X", day(0), "1"), "FIELD_REQUIRED", "adjustment_reason"),
        (document(Kind::Recovery, "X", day(0), "1"), "FIELD_REQUIRED", "clears.targets"),
    ]
}

on_both_engines! {
    async fn a_wrong_document_is_refused_with_its_path_and_nothing_changes(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1")]).await;
        let before = books(&server, &mut desk).await;
        // Each beside a good one, which is not posted either.
        for (wrong, reason, path) in wrong_documents() {
            let refused = desk.try_post(vec![bill("GOOD"), wrong.clone()]).await;
            let refused = refused.err().unwrap_or_else(|| panic!("{reason} for {wrong:?}"));
            let field = format!("documents[1].{path}");
            assert_refused(&refused, Code::InvalidArgument, reason, Some(&field));
            assert!(fields(&refused).iter().all(|(f, _)| f.starts_with("documents[1]")));
        }
        assert_eq!(books(&server, &mut desk).await, before);
        desk.verify(&server).await;
    }

    async fn every_fault_of_a_request_is_told_at_once(server: TestServer) {
        let mut desk = Desk::new(&server);
        let mut worst = invoice("", day(0), "100.00", &[(day(-2), "1.00")]);
        worst.kind = 77;
        worst.payer = "nobody".into();
        worst.note = "a\0b".into();
        let request = pb::PostDocumentsRequest {
            documents: vec![bill("I1"), worst, gross(cents("JPY", 1, 1))],
            ..pb::PostDocumentsRequest::default()
        };
        let refused = desk.client.post_documents(request).await.unwrap_err();
        let mut found = fields(&refused);
        found.sort();
        let expected = [
            ("documents[1].instalments", "INSTALMENTS_MISMATCH"),
            ("documents[1].key.document_no", "FIELD_REQUIRED"),
            ("documents[1].kind", "ENUM_INVALID"),
            ("documents[1].note", "TEXT_INVALID"),
            ("documents[1].payer", "RESOURCE_NAME_INVALID"),
            ("documents[2].gross", "AMOUNT_PRECISION"),
            ("request_id", "REQUEST_ID_REQUIRED"),
        ];
        let found: Vec<_> = found.iter().map(|(f, r)| (f.as_str(), r.as_str())).collect();
        // A document of no known kind has no parts that could be checked.
        let told: Vec<_> =
            expected.into_iter().filter(|(f, _)| !f.contains("instalments")).collect();
        let found: Vec<_> = found.into_iter().filter(|(f, _)| !f.contains("instalments")).collect();
        assert_eq!(found, told);
        assert_eq!(desk.try_post(vec![]).await.unwrap_err().code(), Code::InvalidArgument);
    }

    async fn too_much_is_refused_whole(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1")]).await;
        let before = books(&server, &mut desk).await;
        let many: Vec<_> = (0..501).map(|i| bill(&format!("M{i}"))).collect();
        let refused = desk.try_post(many.clone()).await.unwrap_err();
        assert_refused(&refused, Code::InvalidArgument, "TOO_MANY_ELEMENTS", Some("documents"));
        let mut long = bill("X");
        long.note = "x".repeat(10 << 20);
        let refused = desk.try_post(vec![long]).await.unwrap_err();
        assert_refused(&refused, Code::ResourceExhausted, "MESSAGE_TOO_LARGE", None);
        let mut long = bill("X");
        long.note = "界".repeat(501);
        let refused = desk.try_post(vec![long]).await.unwrap_err();
        let field = Some("documents[0].note");
        assert_refused(&refused, Code::InvalidArgument, "FIELD_TOO_LONG", field);
        let parts: Vec<_> = (0..61).map(|i| (day(i), "1.00")).collect();
        let refused = desk.try_post(vec![invoice("X", day(0), "61.00", &parts)]).await;
        let field = Some("documents[0].instalments");
        let refused = refused.unwrap_err();
        assert_refused(&refused, Code::InvalidArgument, "TOO_MANY_ELEMENTS", field);
        assert_eq!(books(&server, &mut desk).await, before);
        // 500 is not too much.
        desk.post(many.into_iter().take(500)).await;
        desk.verify(&server).await;
    }

    async fn what_the_state_forbids_changes_nothing(server: TestServer) {
        let mut desk = Desk::new(&server);
        let mut euros = receipt("R2", day(0), "1");
        euros.gross = Some(money("10.00", "EUR"));
        let posted = desk
            .post([
                bill("I1"),
                receipt("R1", day(5), "40.00"),
                receipt("R0", day(10), "80.00").settles("I1"),
                euros,
            ])
            .await;
        desk.close_period("", day(-10)).await;
        let before = books(&server, &mut desk).await;
        let item = |results: &[pb::PostResult], i: usize| results[i].document.clone();
        assert!(!item(&posted, 0).is_empty());
        let state = |status: Status, reason: &str| {
            assert_refused(&status, Code::FailedPrecondition, reason, None);
        };
        // 100 are open on day 5, but 20 from day 10 on.
        for amount in ["40.00", "20.01"] {
            let over = desk.try_clear("R1", "I1", Some(usd(amount)), Some(day(5))).await;
            state(over.unwrap_err(), "CLEARING_EXCEEDS_OPEN");
        }
        let over = desk.try_clear("R1", "I1", Some(usd("40.01")), Some(day(12))).await;
        state(over.unwrap_err(), "CLEARING_EXCEEDS_OPEN");
        state(desk.try_clear("R2", "I1", None, Some(day(0))).await.unwrap_err(), "RATE_MISSING");
        let same = desk.try_clear("I1", "I1", None, Some(day(5))).await;
        state(same.unwrap_err(), "CLEARING_SAME_SIDE");
        let old = invoice("X", day(-10), "1.00", &[]);
        let refused = desk.try_post(vec![bill("GOOD"), old]).await.unwrap_err();
        state(refused.clone(), "PERIOD_CLOSED");
        let metadata = details(&refused).error_info().expect("info").metadata.clone();
        assert_eq!(metadata.get("closed_through").map(String::as_str), Some("2019-06-20"));
        // Named by the document itself: the whole post is undone.
        let over = receipt("R3", day(0), "50.00").settles_amount("I1", "20.01");
        state(desk.try_post(vec![bill("GOOD"), over]).await.unwrap_err(), "CLEARING_EXCEEDS_OPEN");
        let wrong_currency = desk
            .try_clear("R1", "I1", Some(money("1.00", "EUR")), Some(day(12)))
            .await
            .unwrap_err();
        let field = Some("allocations[0].amount");
        assert_refused(&wrong_currency, Code::InvalidArgument, "CURRENCY_MISMATCH", field);
        let mut other = bill("I1");
        other.note = "other content".into();
        let refused = desk.try_post(vec![bill("GOOD"), other]).await.unwrap_err();
        assert_refused(&refused, Code::AlreadyExists, "DOCUMENT_CONFLICT", None);
        let unknown = pb::Document { payer: "accounts/unknown".into(), ..bill("X") };
        let refused = desk.try_post(vec![bill("GOOD"), unknown]).await.unwrap_err();
        assert_refused(&refused, Code::NotFound, "RESOURCE_NOT_FOUND", None);
        assert_eq!(books(&server, &mut desk).await, before);
        desk.verify(&server).await;
    }

    async fn a_request_id_is_good_for_one_request(server: TestServer) {
        let mut desk = Desk::new(&server);
        let request = |no: &str, id: &str| pb::PostDocumentsRequest {
            documents: vec![bill(no)],
            create_missing_accounts: true,
            request_id: id.into(),
        };
        let first = desk.client.post_documents(request("I1", "r-1")).await.expect("posted");
        let before = books(&server, &mut desk).await;
        let again = desk.client.post_documents(request("I1", "r-1")).await.expect("answered");
        assert_eq!(first.into_inner(), again.into_inner(), "the stored answer");
        let reused = desk.client.post_documents(request("I2", "r-1")).await.unwrap_err();
        let field = Some("request_id");
        assert_refused(&reused, Code::InvalidArgument, "REQUEST_ID_REUSED", field);
        for (id, reason) in
            [("", "REQUEST_ID_REQUIRED"), ("a\0", "TEXT_INVALID"), (&"x".repeat(65), "FIELD_TOO_LONG")]
        {
            let refused = desk.client.post_documents(request("I2", id)).await.unwrap_err();
            assert_refused(&refused, Code::InvalidArgument, reason, field);
        }
        assert_eq!(books(&server, &mut desk).await, before);
    }

    async fn an_expired_deadline_and_a_stale_etag_change_nothing(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1")]).await;
        let before = books(&server, &mut desk).await;
        let message = pb::PostDocumentsRequest {
            documents: vec![bill("I2")],
            create_missing_accounts: true,
            request_id: fresh(),
        };
        let late = server.raw().call(POST, &[("grpc-timeout", "0n")], &message).await;
        assert_refused(&late, Code::DeadlineExceeded, "DEADLINE_EXPIRED", None);

        let get = pb::GetAccountRequest { name: ACCOUNT.into() };
        let account = server.accounts().get_account(get).await.expect("read").into_inner();
        let update = |etag: &str, name: &str| pb::UpdateAccountRequest {
            account: Some(pb::Account {
                etag: etag.into(),
                display_name: name.into(),
                ..account.clone()
            }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["display_name".into()] }),
            ..pb::UpdateAccountRequest::default()
        };
        let mut accounts = server.accounts();
        accounts.update_account(update(&account.etag, "ACME Ltd")).await.expect("updated");
        let stale = accounts.update_account(update(&account.etag, "Late")).await.unwrap_err();
        assert_refused(&stale, Code::Aborted, "ETAG_MISMATCH", None);
        let none = accounts.update_account(update("", "Late")).await.unwrap_err();
        assert_refused(&none, Code::InvalidArgument, "ETAG_REQUIRED", None);
        let get = pb::GetAccountRequest { name: ACCOUNT.into() };
        let account = accounts.get_account(get).await.expect("read").into_inner();
        assert_eq!(account.display_name, "ACME Ltd");
        assert_eq!(books(&server, &mut desk).await, before);
    }

    async fn a_page_token_belongs_to_its_query(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1"), bill("I2"), bill("I3")]).await;
        let items = |token: &str| pb::ListOpenItemsRequest {
            parent: ACCOUNT.into(),
            page_size: 1,
            page_token: token.into(),
            ..pb::ListOpenItemsRequest::default()
        };
        let page = desk.client.list_open_items(items("")).await.expect("a page").into_inner();
        let token = page.next_page_token;
        desk.client.list_open_items(items(&token)).await.expect("the next page");
        let refused = |status: Status| {
            let field = Some("page_token");
            assert_refused(&status, Code::InvalidArgument, "PAGE_TOKEN_INVALID", field);
        };
        for narrowed in [
            pb::ListOpenItemsRequest { overdue_only: true, ..items(&token) },
            pb::ListOpenItemsRequest { currency_code: "USD".into(), ..items(&token) },
            pb::ListOpenItemsRequest { as_of: Some(day(1)), ..items(&token) },
            pb::ListOpenItemsRequest { include_group: true, ..items(&token) },
        ] {
            refused(desk.client.list_open_items(narrowed).await.unwrap_err());
        }
        let documents = pb::ListDocumentsRequest {
            parent: ACCOUNT.into(),
            page_size: 1,
            page_token: token.clone(),
            ..pb::ListDocumentsRequest::default()
        };
        refused(desk.client.list_documents(documents).await.unwrap_err());
        let mut tampered = token.clone().into_bytes();
        for at in [0, tampered.len() / 2, tampered.len() - 1] {
            let good = tampered[at];
            tampered[at] = if good == b'A' { b'B' } else { b'A' };
            let token = String::from_utf8(tampered.clone()).expect("ASCII");
            refused(desk.client.list_open_items(items(&token)).await.unwrap_err());
            tampered[at] = good;
        }
        for token in ["x", "\u{ff11}", "0", &"A".repeat(5000)] {
            refused(desk.client.list_open_items(items(token)).await.unwrap_err());
        }
        let negative = pb::ListOpenItemsRequest { page_size: -1, ..items("") };
        let refused = desk.client.list_open_items(negative).await.unwrap_err();
        let field = Some("page_size");
        assert_refused(&refused, Code::InvalidArgument, "PAGE_SIZE_INVALID", field);
    }

    async fn fault_x7_edges_have_a_bound_that_is_the_same_on_both_engines(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1")]).await;
        let asked = |edges: &[i32], as_of: pb::Date| pb::GetAgingRequest {
            account: ACCOUNT.into(),
            as_of: Some(as_of),
            edges: edges.into(),
            ..pb::GetAgingRequest::default()
        };
        for edges in [&[2_470_000][..], &[30, 36_501], &[i32::MAX]] {
            let refused = desk.client.get_aging(asked(edges, day(100))).await.unwrap_err();
            assert_refused(&refused, Code::InvalidArgument, "FIELD_INVALID", Some("edges"));
        }
        for as_of in [day(100), date("1900-01-01"), date("2199-12-31")] {
            let aging = desk.aging(asked(&[30, 36_500], as_of)).await;
            for currency in aging.currencies {
                let columns = currency.columns.expect("columns");
                let from: Vec<_> = columns.buckets.iter().map(|bucket| bucket.from_days).collect();
                assert_eq!(from, [1, 31, 36_501]);
            }
        }
    }

    async fn fault_w15_keys_have_nothing_invisible_and_names_nothing_that_turns_them(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1")]).await;
        let before = books(&server, &mut desk).await;
        let hidden = ["A\u{202e}1", "A\u{200b}1", "A\u{ad}1", "\u{feff}A1", "A\u{2066}1", "A\u{e0041}1"];
        for id in hidden {
            let mut document = bill("I2");
            document.key.as_mut().expect("a key").document_no = id.into();
            let refused = desk.try_post(vec![document]).await.unwrap_err();
            assert_refused(&refused, Code::InvalidArgument, "TEXT_INVALID", Some("documents[0].key.document_no"));
            let account = pb::Account {
                display_name: "Acme".into(),
                external_refs: vec![pb::ExternalRef { system: "ERP".into(), id: id.into() }],
                ..Default::default()
            };
            let create = pb::CreateAccountRequest { account: Some(account), ..Default::default() };
            let refused = server.accounts().create_account(create).await.unwrap_err();
            assert_refused(&refused, Code::InvalidArgument, "TEXT_INVALID", Some("account.external_refs[0].id"));
        }
        let get = pb::GetAccountRequest { name: "accounts/ERP~A%E2%80%AE1".into() };
        let refused = server.accounts().get_account(get).await.unwrap_err();
        assert_refused(&refused, Code::InvalidArgument, "RESOURCE_NAME_INVALID", Some("name"));

        let named = |display_name: &str| pb::CreateAccountRequest {
            account: Some(pb::Account { display_name: display_name.into(), ..Default::default() }),
            ..Default::default()
        };
        for turned in ["Acme \u{202e}moc", "\u{2067}Acme\u{2069}"] {
            let refused = server.accounts().create_account(named(turned)).await.unwrap_err();
            assert_refused(&refused, Code::InvalidArgument, "TEXT_INVALID", Some("account.display_name"));
            assert!(refused.message().contains("U+20"), "{refused:?}");
        }
        assert_eq!(books(&server, &mut desk).await, before);
        // Scripts need joiners, and marks of direction.
        for joined in ["می\u{200c}خواهم", "\u{200f}שלום"] {
            server.accounts().create_account(named(joined)).await.expect(joined);
        }
    }
}
