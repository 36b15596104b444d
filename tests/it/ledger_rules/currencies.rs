//! Several currencies: apart in every figure, settled against each other and converted only at
//! a rate that is named.

use ballast::pb;
use ballast::pb::RatePath;
use tonic::Code;

use crate::support::ledger::*;
use crate::support::{assert_refused, details};

fn in_currency(mut document: pb::Document, amount: &str, currency: &str) -> pb::Document {
    document.gross = Some(money(amount, currency));
    document.instalments.clear();
    document
}

fn bill(no: &str, amount: &str, currency: &str) -> pb::Document {
    in_currency(invoice(no, day(0), "1", &[]), amount, currency)
}

fn paid(no: &str, amount: &str, currency: &str) -> pb::Document {
    in_currency(receipt(no, day(0), "1"), amount, currency)
}

fn converted(to: &str, as_of: pb::Date) -> pb::GetAgingRequest {
    pb::GetAgingRequest {
        account: ACCOUNT.into(),
        as_of: Some(as_of),
        display_currency: to.into(),
        ..pb::GetAgingRequest::default()
    }
}

on_both_engines! {
    async fn each_currency_has_a_balance_of_its_own(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            bill("I1", "100.00", "USD"),
            bill("I2", "5000", "JPY"),
            bill("I3", "1.234", "KWD"),
            paid("R1", "2000", "JPY").settles("I2"),
        ])
        .await;
        let aging = desk.aging(pb::GetAgingRequest {
            account: ACCOUNT.into(),
            as_of: Some(day(0)),
            ..pb::GetAgingRequest::default()
        })
        .await;
        let balances: Vec<pb::Money> =
            aging.currencies.iter().filter_map(|c| c.balance.clone()).collect();
        assert_eq!(balances, [money("3000", "JPY"), money("1.234", "KWD"), money("100", "USD")]);
        desk.verify(&server).await;
    }

    async fn across_currencies_a_rate_or_both_amounts_are_needed(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1", "100.00", "USD"), paid("R1", "60.00", "EUR")]).await;
        let refused = desk.try_clear("R1", "I1", None, Some(day(0))).await.unwrap_err();
        assert_refused(&refused, Code::FailedPrecondition, "RATE_MISSING", None);
        let metadata = details(&refused).error_info().expect("info").metadata.clone();
        assert_eq!(
            (metadata["from_currency"].as_str(), metadata["to_currency"].as_str()),
            ("USD", "EUR")
        );
        let named = paid("R2", "1.00", "EUR").settles("I1");
        let refused = desk.try_post(vec![named]).await.unwrap_err();
        assert_refused(&refused, Code::FailedPrecondition, "RATE_MISSING", None);

        // Eight days old is too old, seven is not.
        desk.rates(&[("USD", "EUR", day(0), "0.8")]).await;
        let refused = desk.try_clear("R1", "I1", None, Some(day(8))).await.unwrap_err();
        assert_refused(&refused, Code::FailedPrecondition, "RATE_MISSING", None);
        let clearing = desk.clear("R1", "I1", day(7)).await;
        let allocation = &clearing.allocations[0];
        assert_eq!(allocation.amount, Some(usd("75.00")));
        assert_eq!(allocation.credit_amount, Some(money("60.00", "EUR")));
        let rate = allocation.rate.clone().expect("a rate");
        assert_eq!((rate.path(), rate.rate_date), (RatePath::Direct, Some(day(0))));
        assert_eq!(desk.open_of("I1", day(7)).await, ["25.00"]);
        assert_eq!(desk.open_of("R1", day(7)).await, Vec::<String>::new());

        // A target's amount is in the target's own currency.
        desk.post([paid("R3", "100.00", "EUR").settles_amount("I1", "10.00")]).await;
        assert_eq!(desk.open_of("I1", day(7)).await, ["15.00"]);
        assert_eq!(desk.open_of("R3", day(7)).await, ["-92.00"]);
        let mut wrong = paid("R4", "100.00", "EUR").settles_amount("I1", "10.00");
        wrong.clears.as_mut().expect("clears").targets[0].amount = Some(money("10.00", "EUR"));
        let refused = desk.try_post(vec![wrong]).await.unwrap_err();
        let (code, field) = (Code::InvalidArgument, "documents[0].clears.targets[0].amount");
        assert_refused(&refused, code, "CURRENCY_MISMATCH", Some(field));

        // The statement tells what the clearings moved between the currencies.
        let statement = desk.statement(day(0), day(7)).await;
        for balance in &statement.balances {
            let moved: i64 = statement
                .lines
                .iter()
                .filter_map(|l| l.amount.as_ref().filter(|m| m.currency_code == balance.currency_code))
                .map(|m| m.units)
                .sum();
            assert_eq!(balance.closing_balance.as_ref().map(|b| b.units), Some(moved));
        }
        desk.verify(&server).await;
    }

    async fn the_amounts_of_the_bank_need_no_rate(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1", "100.00", "USD"), paid("R1", "15000", "JPY")]).await;
        let (credit, debit) = (desk.item("R1").await, desk.item("I1").await);
        for (amount, yen, fits) in [("100.01", "15000", false), ("100.00", "15001", false), ("99.99", "15000", true)] {
            let (amount, yen) = (usd(amount), money(yen, "JPY"));
            let allocation = pb::Allocation {
                credit_item: credit.clone(),
                debit_item: debit.clone(),
                amount: Some(amount),
                credit_amount: Some(yen),
                ..pb::Allocation::default()
            };
            match desk.try_allocate(vec![allocation], Some(day(0))).await {
                Ok(_) => assert!(fits),
                Err(refused) => {
                    assert!(!fits, "{refused:?}");
                    let code = Code::FailedPrecondition;
                    assert_refused(&refused, code, "CLEARING_EXCEEDS_OPEN", None);
                }
            }
        }
        assert_eq!(desk.open_of("I1", day(0)).await, ["0.01"]);
        assert_eq!(desk.open_of("R1", day(0)).await, Vec::<String>::new());
        desk.verify(&server).await;
    }

    async fn converted_totals_name_their_rates(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            bill("I1", "100.00", "USD"),
            bill("I2", "10.00", "GBP"),
            bill("I3", "50.00", "EUR"),
        ])
        .await;
        let refused = desk.client.get_aging(converted("EUR", day(0))).await.unwrap_err();
        assert_refused(&refused, Code::FailedPrecondition, "RATE_MISSING", None);
        desk.rates(&[
            ("EUR", "USD", day(-2), "1.25"),
            ("GBP", "EUR", day(-3), "1.1"),
            ("GBP", "EUR", day(-1), "1.3"),
        ])
        .await;
        let aging = desk.aging(converted("EUR", day(0))).await;
        assert_eq!(
            aging.converted.expect("converted").balance,
            Some(money("143.00", "EUR")),
            "80 + 13 + 50"
        );
        let rates: Vec<_> = aging
            .rates
            .iter()
            .map(|r| (r.from_currency.as_str(), r.path(), r.rate_date))
            .collect();
        assert_eq!(
            rates,
            [
                ("GBP", RatePath::Direct, Some(day(-1))),
                ("USD", RatePath::Inverse, Some(day(-2))),
            ]
        );
        // The last one recorded for a day wins, also later; what was known before stays.
        let known = aging.point.expect("a point").known_at;
        desk.rates(&[("GBP", "EUR", day(-1), "2")]).await;
        let aging = desk.aging(converted("EUR", day(0))).await;
        assert_eq!(aging.converted.expect("converted").balance, Some(money("150.00", "EUR")));
        let then = pb::GetAgingRequest { known_at: known, ..converted("EUR", day(0)) };
        let aging = desk.aging(then).await;
        assert_eq!(aging.converted.expect("converted").balance, Some(money("143.00", "EUR")));
        desk.verify(&server).await;
    }
}

/// Rates by way of the base currency need one to be configured.
mod through_the_base {
    use super::*;
    use crate::support::{Engine, TestServer};

    async fn scenario(engine: Engine) {
        let server = TestServer::start_with(engine, |config| {
            config.business.base_currency = Some("EUR".into());
        })
        .await;
        let mut desk = Desk::new(&server);
        desk.rates(&[("USD", "EUR", day(0), "0.8"), ("EUR", "CNY", day(-1), "7.5")]).await;
        desk.post([bill("I1", "100.00", "USD"), paid("R1", "300.00", "CNY")]).await;
        let clearing = desk.clear("R1", "I1", day(0)).await;
        let rate = clearing.allocations[0].rate.clone().expect("a rate");
        assert_eq!((rate.path(), rate.rate_date), (RatePath::ThroughBase, Some(day(-1))));
        assert_eq!(desk.open_of("I1", day(0)).await, ["50.00"]);
        desk.verify(&server).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn sqlite() {
        scenario(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn postgres() {
        scenario(Engine::Postgres).await;
    }
}
