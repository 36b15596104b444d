//! Reading the ledger a page at a time: pages tell one truth, whatever is posted in between,
//! and lists come in the order they promise.

use std::collections::BTreeSet;

use ballast::pb;
use tonic::Code;

use crate::support::assert_refused;
use crate::support::ledger::*;

/// A document of another account than the desk's.
fn of(account: &str, mut document: pb::Document) -> pb::Document {
    document.payer = format!("accounts/ERP~{account}");
    document
}

fn due(no: &str, days: i64, amount: &str) -> pb::Document {
    invoice(no, day(-200), amount, &[(day(days), amount)])
}

async fn exported(
    desk: &mut Desk,
    request: pb::ExportOpenItemsRequest,
) -> Vec<pb::ExportOpenItemsResponse> {
    let mut stream = desk.client.export_open_items(request).await.expect("a stream").into_inner();
    let mut all = Vec::new();
    while let Some(message) = stream.message().await.expect("a message") {
        all.push(message);
    }
    all
}

fn in_euros(mut document: pb::Document) -> pb::Document {
    let amounts = document.instalments.iter_mut().map(|instalment| &mut instalment.amount);
    for amount in amounts.chain([&mut document.gross]).flatten() {
        amount.currency_code = "EUR".into();
    }
    document
}

async fn pages(
    desk: &mut Desk,
    mut request: pb::ListOpenItemsRequest,
    in_between: Option<pb::Document>,
) -> Vec<(String, Option<pb::LedgerPoint>)> {
    let mut listed = Vec::new();
    let mut in_between = in_between;
    loop {
        let answer = desk.client.list_open_items(request.clone()).await.expect("a page");
        let answer = answer.into_inner();
        let number = |item: &pb::OpenItem| item.key.clone().unwrap_or_default().document_no;
        listed.extend(answer.items.iter().map(|item| (number(item), answer.point)));
        if answer.next_page_token.is_empty() {
            return listed;
        }
        request.page_token = answer.next_page_token;
        if let Some(document) = in_between.take() {
            desk.post([document]).await;
        }
    }
}

on_both_engines! {
    async fn pages_of_open_items_tell_one_truth(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post((0..7).map(|n| due(&format!("I{n}"), 7 - n, "10.00"))).await;
        let request = pb::ListOpenItemsRequest {
            parent: ACCOUNT.into(),
            page_size: 3,
            ..pb::ListOpenItemsRequest::default()
        };
        let listed = pages(&mut desk, request.clone(), Some(due("NEW", 0, "10.00"))).await;
        let numbers: Vec<&str> = listed.iter().map(|(number, _)| number.as_str()).collect();
        assert_eq!(numbers, ["I6", "I5", "I4", "I3", "I2", "I1", "I0"]);
        assert!(listed.iter().all(|(_, point)| *point == listed[0].1 && point.is_some()));
        assert_eq!(pages(&mut desk, request.clone(), None).await.len(), 8);

        let overdue = pb::ListOpenItemsRequest {
            as_of: Some(day(3)),
            overdue_only: true,
            ..request.clone()
        };
        let listed = pages(&mut desk, overdue, None).await;
        let numbers: Vec<&str> = listed.iter().map(|(number, _)| number.as_str()).collect();
        assert_eq!(numbers, ["NEW", "I6", "I5"]);

        let first = desk.client.list_open_items(request.clone()).await.expect("a page");
        let other = pb::ListOpenItemsRequest {
            page_token: first.into_inner().next_page_token,
            currency_code: "USD".into(),
            ..request
        };
        let refused = desk.client.list_open_items(other).await.expect_err("another list");
        assert_refused(&refused, Code::InvalidArgument, "PAGE_TOKEN_INVALID", Some("page_token"));
    }

    async fn an_export_goes_on_where_it_broke(server: TestServer) {
        let mut desk = Desk::new(&server);
        for account in ["A", "B", "C"] {
            let documents = (0..3).map(|n| of(account, due(&format!("{account}{n}"), n, "1.00")));
            desk.post(documents).await;
        }
        let request = pb::ExportOpenItemsRequest {
            account: "accounts/-".into(),
            ..pb::ExportOpenItemsRequest::default()
        };
        let mut stream =
            desk.client.export_open_items(request.clone()).await.expect("a stream").into_inner();
        let mut names = Vec::new();
        let mut token = String::new();
        while let Some(message) = stream.message().await.expect("a message") {
            names.extend(message.items.into_iter().map(|item| item.name));
            token = message.resume_token;
        }
        assert_eq!(names.len(), 9);
        let accounts: Vec<&str> =
            names.iter().map(|name| name.split('/').nth(1).expect("an account")).collect();
        assert!(accounts.is_sorted(), "{accounts:?}");
        let resumed = pb::ExportOpenItemsRequest { resume_token: token, ..request };
        let mut stream =
            desk.client.export_open_items(resumed).await.expect("a stream").into_inner();
        while let Some(message) = stream.message().await.expect("a message") {
            assert!(message.items.is_empty(), "nothing was left: {message:?}");
        }
    }

    async fn an_export_is_whole_across_its_messages_and_goes_on_behind_each(server: TestServer) {
        let mut desk = Desk::new(&server);
        let parts: Vec<_> = (0..60).map(|n| (day(n), "1.00")).collect();
        for account in ["A", "B", "C"] {
            let documents = (0..20).map(|n| {
                of(account, invoice(&format!("{account}{n}"), day(-200), "60.00", &parts))
            });
            desk.post(documents).await;
        }
        for (account, items, messages) in [("-", 3_600, 8), ("ERP~B", 1_200, 3)] {
            let request = pb::ExportOpenItemsRequest {
                account: format!("accounts/{account}"),
                ..pb::ExportOpenItemsRequest::default()
            };
            let all = exported(&mut desk, request.clone()).await;
            assert_eq!(all.len(), messages);
            let told: Vec<_> = all.iter().flat_map(|message| &message.items).collect();
            let account = |item: &pb::OpenItem| item.name.split('/').nth(1).map(str::to_owned);
            let days = |item: &pb::OpenItem| item.due_date.map(|d| (d.year, d.month, d.day));
            assert!(told.is_sorted_by_key(|item| (account(item), days(item))));
            let names: BTreeSet<&str> = told.iter().map(|item| item.name.as_str()).collect();
            assert_eq!((told.len(), names.len()), (items, items));
            let mut rest = told.as_slice();
            for message in &all {
                rest = &rest[message.items.len()..];
                let resume_token = message.resume_token.clone();
                let resumed = pb::ExportOpenItemsRequest { resume_token, ..request.clone() };
                let resumed = exported(&mut desk, resumed).await;
                assert!(resumed.iter().flat_map(|message| &message.items).eq(rest.iter().copied()));
            }
        }
    }

    async fn the_worst_accounts_come_first_and_a_batch_in_the_order_asked(server: TestServer) {
        let mut desk = Desk::new(&server);
        let mut results = desk.post([
            of("A", due("A", -10, "50.00")),
            of("B", due("B", -40, "20.00")),
            of("C", due("C", 5, "900.00")),
            of("D", receipt("D", day(-1), "5.00")),
        ])
        .await;
        let account = |document: &str| document.split("/documents").next().expect("one").to_owned();
        let names: Vec<String> = results.drain(..).map(|r| account(&r.document)).collect();
        for (order, expected) in [
            (pb::RiskOrder::Overdue, ["A", "B", "C"]),
            (pb::RiskOrder::Balance, ["C", "A", "B"]),
            (pb::RiskOrder::WorstOverdueDays, ["B", "A", "C"]),
        ] {
            let mut request = pb::ListReceivablesRiskRequest {
                currency_code: "USD".into(),
                order: order.into(),
                page_size: 2,
                ..pb::ListReceivablesRiskRequest::default()
            };
            let mut listed = Vec::new();
            loop {
                let answer = desk.client.list_receivables_risk(request.clone()).await;
                let answer = answer.expect("a page").into_inner();
                listed.extend(answer.accounts);
                if answer.next_page_token.is_empty() {
                    break;
                }
                request.page_token = answer.next_page_token;
            }
            let shown: Vec<&str> = listed
                .iter()
                .map(|risk| {
                    let at = names.iter().position(|name| *name == risk.account);
                    ["A", "B", "C", "D"][at.expect("one of them")]
                })
                .collect();
            assert_eq!(shown, expected, "{order:?}: who owes nothing is not listed");
        }
        let euros = pb::ListReceivablesRiskRequest {
            currency_code: "EUR".into(),
            ..pb::ListReceivablesRiskRequest::default()
        };
        let refused = desk.client.list_receivables_risk(euros).await.expect_err("no rate");
        assert_refused(&refused, Code::FailedPrecondition, "RATE_MISSING", None);

        let asked = ["accounts/ERP~C".to_owned(), names[0].clone(), "accounts/ERP~C".to_owned()];
        let request = pb::BatchGetReceivablesRiskRequest {
            accounts: asked.to_vec(),
            ..pb::BatchGetReceivablesRiskRequest::default()
        };
        let answer = desk.client.batch_get_receivables_risk(request).await.expect("a batch");
        let answered: Vec<String> =
            answer.into_inner().risks.into_iter().map(|risk| risk.account).collect();
        assert_eq!(answered, [&names[2], &names[0], &names[2]].map(String::clone));
    }

    async fn the_worst_accounts_are_told_in_one_currency_whatever_they_owe_in(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.rates(&[("EUR", "USD", day(-3), "1.10")]).await;
        let mut results = desk.post([
            of("A", due("A", -10, "50.00")),
            of("B", in_euros(due("B", -40, "100.00"))),
            of("C", due("C1", -12, "30.00")),
            of("D", due("D", 5, "20.00")),
            of("E", receipt("E", day(-1), "5.00")),
            of("F", due("F", -5, "70.00")),
        ])
        .await;
        desk.post([
            of("C", in_euros(due("C2", 9, "40.00"))),
            // It owes, though more is paid than is owed.
            of("D", receipt("D2", day(-1), "80.00")),
            of("F", receipt("F2", day(-1), "70.00").settles("F")),
        ])
        .await;
        let account = |document: &str| document.split("/documents").next().expect("one").to_owned();
        let names: Vec<String> = results.drain(..).map(|r| account(&r.document)).collect();
        let overdue = ["B 110.00", "A 50.00", "C 30.00", "D 0.00"];
        let balance = ["B 110.00", "C 74.00", "A 50.00", "D -60.00"];
        let days = ["B 40", "C 12", "A 10", "D 0"];
        let before = ["B 110.00", "F 70.00", "A 50.00", "C 30.00", "D 0.00"];
        for (order, on, expected) in [
            (pb::RiskOrder::Overdue, 0, &overdue[..]),
            (pb::RiskOrder::Balance, 0, &balance),
            (pb::RiskOrder::WorstOverdueDays, 0, &days),
            (pb::RiskOrder::Overdue, -2, &before),
        ] {
            let request = pb::ListReceivablesRiskRequest {
                currency_code: "USD".into(),
                order: order.into(),
                as_of: Some(day(on)),
                ..pb::ListReceivablesRiskRequest::default()
            };
            let list = desk.client.list_receivables_risk(request).await.expect("a list").into_inner();
            let mut shown = Vec::new();
            for row in list.accounts {
                let request = pb::GetReceivablesRiskRequest {
                    account: row.account.clone(),
                    display_currency: "USD".into(),
                    as_of: Some(day(on)),
                    ..pb::GetReceivablesRiskRequest::default()
                };
                let risk = desk.client.get_receivables_risk(request).await.expect("a risk").into_inner();
                let told = risk.converted.expect("in dollars");
                assert_eq!((&row.overdue, &row.balance), (&told.overdue, &told.balance), "{}", row.account);
                if let [only] = &risk.currencies[..] && only.currency_code == "USD" {
                    assert_eq!(row.aging, only.aging, "{}", row.account);
                }
                let at = names.iter().position(|name| *name == row.account).expect("one of them");
                let value = match order {
                    pb::RiskOrder::Balance => text(&row.balance),
                    pb::RiskOrder::WorstOverdueDays => row.worst_overdue_days.to_string(),
                    _ => text(&row.overdue),
                };
                shown.push(format!("{} {value}", ["A", "B", "C", "D", "E", "F"][at]));
            }
            assert_eq!(shown, expected, "{order:?} on {on}");
        }
    }

    async fn a_statement_opens_moves_and_closes(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            invoice("I1", day(-40), "100.00", &[(day(-10), "100.00")]),
            invoice("I2", day(-20), "30.00", &[(day(10), "30.00")]),
            receipt("R1", day(-10), "70.00").settles("I1"),
            receipt("R2", day(5), "10.00"),
        ])
        .await;
        let mut request = pb::GetStatementRequest {
            account: ACCOUNT.into(),
            from_date: Some(day(-20)),
            to_date: Some(day(0)),
            page_size: 1,
            ..pb::GetStatementRequest::default()
        };
        let mut lines = Vec::new();
        loop {
            let answer = desk.client.get_statement(request.clone()).await.expect("a page");
            let answer = answer.into_inner();
            let of = &answer.balances[0];
            let balances =
                [&of.opening_balance, &of.debits, &of.credits, &of.closing_balance].map(text);
            assert_eq!(balances, ["100.00", "30.00", "-70.00", "60.00"]);
            lines.extend(answer.lines);
            if answer.next_page_token.is_empty() {
                break;
            }
            request.page_token = answer.next_page_token;
        }
        let shown: Vec<_> = lines
            .iter()
            .map(|line| {
                let number = line.key.clone().unwrap_or_default().document_no;
                (number, text(&line.amount), text(&line.balance))
            })
            .collect();
        let line = |no: &str, amount: &str, balance: &str| {
            (no.to_owned(), amount.to_owned(), balance.to_owned())
        };
        assert_eq!(shown, [line("I2", "30.00", "130.00"), line("R1", "-70.00", "60.00")]);
    }

    async fn the_evidence_names_the_last_receipt_and_the_share_of_the_book(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            due("I1", -30, "100.00"),
            receipt("R1", day(-20), "25.00").settles("I1"),
            receipt("R2", day(3), "5.00"),
            of("B", due("B", 5, "25.00")),
        ])
        .await;
        let risk = desk.risk_usd(day(0)).await;
        assert_eq!(risk.portfolio_share_bp, Some(7_500));
        assert_eq!(text(&risk.expected), "5.00");
        let last = risk.last_receipt.expect("a receipt");
        assert_eq!((last.date, text(&last.amount)), (Some(day(-20)), "25.00".to_owned()));
        let days = risk.days_to_pay.expect("a payment");
        assert_eq!((days.payments, days.mean.expect("a mean").value), (1, "180.00".to_owned()));
        assert_eq!(risk.worst_items.len(), 1);
        // From the day after the future receipt on it is the last.
        let later = desk.risk_usd(day(3)).await.last_receipt.expect("a receipt");
        assert_eq!(later.date, Some(day(3)));
    }
}
