//! The classes of a real wholesaler, where a developer has its file (see `real_ledgers.rs`).

use std::io::BufReader;

use ballast::pb;
use flate2::read::GzDecoder;

use super::policies::{activate, class, create, quantile};
use crate::real_ledgers::ledger;
use crate::support::ledger::{Desk, date, document, money};

/// Invoices and cancellations with a customer and an amount.
fn documents(file: std::fs::File) -> Vec<pb::Document> {
    let mut rows = csv::Reader::from_reader(GzDecoder::new(BufReader::new(file)));
    let document = |row: csv::StringRecord| {
        let (no, customer, day, amount) = (&row[0], &row[1], &row[3][..10], &row[5]);
        let unsigned = amount.trim_start_matches('-');
        let is_something = unsigned.bytes().any(|b| (b'1'..=b'9').contains(&b));
        let kind = match (no.starts_with('C'), amount.starts_with('-')) {
            _ if customer.is_empty() || !is_something => return None,
            (false, false) => pb::DocumentKind::Invoice,
            (true, true) => pb::DocumentKind::CreditNote,
            _ => panic!("{row:?}"),
        };
        let payer = format!("accounts/SHOP~{customer}");
        let gross = Some(money(unsigned, "GBP"));
        Some(pb::Document { payer, gross, ..document(kind, no, date(day), "1") })
    };
    rows.records().filter_map(|row| document(row.expect("a row"))).collect()
}

on_both_engines! {
    async fn t2_the_classes_of_a_wholesaler_net_and_gross_over_thirteen_months_and_twelve(server: TestServer) {
        let Some(file) = ledger("retail_invoices_2010_2011.csv.gz") else { return };
        let documents = documents(std::fs::File::open(file).expect("opened"));
        let mut desk = Desk::new(&server);
        for chunk in documents.chunks(500) {
            desk.try_post(chunk.to_vec()).await.expect("posted");
        }
        let (net, gross) = (pb::TierMeasure::NetRevenue, pb::TierMeasure::GrossRevenue);
        let mut etag = String::new();
        for (n, (months, measure, ranked, first, second, third)) in [
            (13, net, 4_317, 1_178, 1_456, 1_683),
            (13, gross, 4_338, 1_133, 1_469, 1_736),
            (12, net, 4_243, 1_170, 1_426, 1_647),
            (12, gross, 4_264, 1_123, 1_441, 1_700),
        ]
        .into_iter()
        .enumerate()
        {
            let classes = ["A", "B", "C"].map(|code| class(code, 4)).to_vec();
            let policy = pb::TierPolicy {
                method: pb::TierCutMethod::CumulativeShare.into(),
                measure: measure.into(),
                window_months: months,
                currency_code: "GBP".into(),
                ..quantile(&[8_000, 9_500], classes)
            };
            let id = format!("retail{n}");
            let created = create(&server, &id, policy).await.expect("created");
            etag = if etag.is_empty() { created.etag } else { etag };
            etag = activate(&server, &id, Some(date("2011-01-01")), &etag).await.expect("in force").etag;
            let request = pb::EvaluateTiersRequest { as_of: Some(date("2011-12-09")), ..Default::default() };
            let seen = server.tiers().evaluate_tiers(request).await.expect("a preview").into_inner();
            let run = seen.run.expect("a run");
            let of = |code: &str| run.classes.iter().find(|c| c.tier == code).map_or(0, |c| c.raw);
            assert_eq!((run.ranked, of("A"), of("B")), (ranked, first, second), "{months} months, {measure:?}");
            // Those of whom nothing is left are in the last class without a rank.
            assert_eq!(ranked - of("A") - of("B"), third);
            let negative = of("C") - third;
            assert_eq!(negative > 0, measure == net, "{negative}");
            if months == 13 && measure == gross {
                let request = pb::GetPortfolioRequest { as_of: Some(date("2011-12-09")), ..Default::default() };
                let told = server.tiers().get_portfolio(request).await.expect("a portfolio").into_inner();
                let of = told.revenue.expect("figures");
                let top = of.curve.iter().find(|point| point.groups == 868).expect("a fifth");
                assert_eq!((of.groups, top.share_bp), (4_338, 7_462), "the top 20 %");
            }
        }
    }
}
