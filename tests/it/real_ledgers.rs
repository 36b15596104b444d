//! Real ledgers, where a developer has them: `BALLAST_TEST_LEDGERS` names the folder. They are
//! not ours to publish, so these tests have nothing to do elsewhere.

use std::path::PathBuf;
use std::process::Command;

use ballast::pb;

use crate::support::TestServer;
use crate::support::ledger::*;

pub fn ledger(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("BALLAST_TEST_LEDGERS")?).join(name);
    path.is_file().then_some(path)
}

fn import(server: &TestServer, file: &PathBuf, more: &[&str]) -> String {
    let errors = std::env::temp_dir().join(format!("{}.csv", fresh()));
    let output = Command::new(env!("CARGO_BIN_EXE_ballast"))
        .arg("import")
        .arg(file)
        .args(["--server", &format!("http://{}", server.address())])
        .args(["--errors", &errors.display().to_string()])
        .args(more)
        .output()
        .expect("the command runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn of_book(as_of: &str, known_at: Option<prost_types::Timestamp>) -> pb::GetAgingRequest {
    pb::GetAgingRequest {
        account: "accounts/-".into(),
        as_of: Some(date(as_of)),
        known_at,
        ..pb::GetAgingRequest::default()
    }
}

fn columns(aging: &pb::CurrencyAging) -> Vec<String> {
    let not_due = aging.columns.clone().and_then(|c| c.not_due).and_then(|c| c.amount);
    let mut row = vec![aging.items.to_string(), text(&not_due)];
    row.extend(buckets(aging));
    row.push(text(&aging.balance));
    row
}

on_both_engines! {
    async fn the_ledger_of_a_food_company_adds_up_to_the_cent(server: TestServer) {
        let Some(file) = ledger("ledger_2019-06-30.csv") else { return };
        import(&server, &file, &[]);
        let mut desk = Desk::new(&server);
        let aging = desk.aging(of_book("2019-06-30", None)).await;
        let rows: Vec<_> = aging.currencies.iter().map(columns).collect();
        assert_eq!(
            rows,
            [
                ["155", "6015048.45", "2027306.66", "347446.45", "1550.71", "83.50", "31914.35", "8423350.12"],
                ["1648", "45703137.00", "4370974.73", "207657.44", "179975.46", "24061.89", "4687.26", "50490493.78"],
            ]
        );

        // An earlier day, asked before and after more is posted and undone: the same.
        let before = desk.aging(of_book("2019-04-30", None)).await;
        let known_at = before.point.as_ref().and_then(|p| p.known_at);
        let worst = desk
            .client
            .list_receivables_risk(pb::ListReceivablesRiskRequest {
                currency_code: "USD".into(),
                page_size: 1,
                as_of: Some(date("2019-04-30")),
                ..pb::ListReceivablesRiskRequest::default()
            })
            .await;
        // Not converted: there are no rates between the two currencies.
        assert_eq!(worst.unwrap_err().code(), tonic::Code::FailedPrecondition);

        let request = pb::ExportOpenItemsRequest {
            account: "accounts/-".into(),
            as_of: Some(date("2019-04-30")),
            ..pb::ExportOpenItemsRequest::default()
        };
        let mut export = desk.client.export_open_items(request).await.expect("served").into_inner();
        let mut items = Vec::new();
        while let Some(part) = export.message().await.expect("a part") {
            items.extend(part.items);
        }
        let open: i64 = items.iter().filter(|i| i.kind() == pb::DocumentKind::Invoice).count() as i64;
        assert_eq!(open, before.currencies.iter().map(|c| c.items).sum::<i64>());

        for item in items.iter().take(20) {
            let document = pb::GetDocumentRequest {
                name: item.document.clone(),
                ..pb::GetDocumentRequest::default()
            };
            let document = desk.client.get_document(document).await.expect("it").into_inner();
            for clearing in document.clearings {
                let request = pb::ResetClearingRequest {
                    name: clearing.name,
                    effective_date: clearing.apply_date,
                    reason: "test".into(),
                    request_id: fresh(),
                };
                desk.client.reset_clearing(request).await.expect("reset");
            }
            let receipt = pb::Document {
                payer: document.payer,
                gross: Some(pb::Money { units: 1, nanos: 0, ..item.open.clone().unwrap_or_default() }),
                ..receipt(&fresh(), date("2019-04-15"), "1.00")
            };
            desk.post([receipt]).await;
        }
        let after = desk.aging(of_book("2019-04-30", known_at)).await;
        assert_eq!(before, after);
        let now = desk.aging(of_book("2019-04-30", None)).await;
        assert_ne!(now.currencies, after.currencies, "what came later does count now");
        let ctx = ballast::ctx::Ctx::system(server.clock().clone());
        let checks = server.store().verify(&ctx).await.expect("checks");
        assert!(checks.iter().all(|c| c.differences == 0), "{checks:?}");
    }

    async fn a_raw_erp_export_is_imported_with_no_row_lost(server: TestServer) {
        let Some(file) = ledger("erp_raw_export_sample.csv") else { return };
        let summary = import(&server, &file, &["--numeric-ids"]);
        let line = |what: &str| {
            let line = summary.lines().find(|l| l.contains(what)).unwrap_or_else(|| panic!("{summary}"));
            line.chars().filter(char::is_ascii_digit).collect::<String>()
        };
        assert_eq!(line("rows read"), "25");
        assert_eq!(line("rows refused"), "0");
        let names = ["accounts/ERP~0200769623", "accounts/ERP~200769623"];
        let mut found = Vec::new();
        for name in names {
            let request = pb::GetAccountRequest { name: name.into() };
            found.push(server.accounts().get_account(request).await.expect(name).into_inner().name);
        }
        assert_eq!(found[0], found[1]);
    }
}
