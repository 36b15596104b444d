//! How large amounts, sums and rates may be, and which currencies a document may be in.

use ballast::pb;
use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};
use tonic::Code;

use crate::support::credit::{ACME, Counter, GROUP, moment};
use crate::support::ledger::*;
use crate::support::{Engine, TestServer, assert_refused, details};

fn bill(no: &str, amount: &str, currency: &str) -> pb::Document {
    let mut bill = document(pb::DocumentKind::Invoice, no, day(0), "1");
    bill.gross = Some(money(amount, currency));
    bill
}

fn dated(no: &str, on: &str, currency: &str) -> pb::Document {
    let mut bill = bill(no, "100", currency);
    bill.document_date = Some(date(on));
    bill
}

fn limit_of(amount: pb::Money) -> pb::SetCreditLimitRequest {
    let limit = pb::CreditLimit {
        kind: pb::CreditLimitKind::Amount.into(),
        amount: Some(amount),
        approver: "Ms Wang".into(),
        reason: "annual review".into(),
        ..pb::CreditLimit::default()
    };
    pb::SetCreditLimitRequest { account: ACCOUNT.into(), limit: Some(limit), request_id: fresh() }
}

/// Runs a statement beside the server.
async fn execute(server: &TestServer, statement: &'static str) {
    let url = server.database_url();
    match server.engine() {
        Engine::Sqlite => {
            let mut database = SqliteConnection::connect(url).await.expect("opened");
            database.execute(statement).await.expect("executed");
            database.close().await.expect("closed");
        }
        Engine::Postgres => {
            let mut database = PgConnection::connect(url).await.expect("opened");
            database.execute(statement).await.expect("executed");
            database.close().await.expect("closed");
        }
    }
}

/// The account's balance in a currency, in whole units.
async fn units(desk: &mut Desk, account: &str, currency: &str) -> i64 {
    let request = pb::GetAgingRequest {
        account: account.into(),
        as_of: Some(day(0)),
        ..pb::GetAgingRequest::default()
    };
    let answer = desk.aging(request).await;
    let of = answer.currencies.into_iter().find(|c| c.currency_code == currency);
    of.and_then(|c| c.balance).map_or(0, |b| b.units)
}

on_both_engines! {
    async fn fault_f14_large_amounts_of_small_currencies_are_taken(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            bill("I1", "1000000000000", "IDR"),
            bill("I2", "250000000000", "IRR"),
            bill("I3", "150000000000", "LBP"),
            bill("I4", "10000000000000", "IDR"),
        ])
        .await;
        assert_eq!(units(&mut desk, ACCOUNT, "IDR").await, 11_000_000_000_000);
        let above = desk.try_post(vec![bill("I5", "10000000000000.01", "IDR")]).await.unwrap_err();
        assert_refused(&above, Code::InvalidArgument, "AMOUNT_OUT_OF_RANGE", Some("documents[0].gross"));

        // A limit and a control total reach further than any document.
        let mut credit = server.credit();
        let above = limit_of(money("10000000000000000.01", "IDR"));
        let refused = credit.set_credit_limit(above).await.unwrap_err();
        let field = Some("limit.amount");
        assert_refused(&refused, Code::InvalidArgument, "AMOUNT_OUT_OF_RANGE", field);
        let largest = limit_of(money("10000000000000000", "IDR"));
        credit.set_credit_limit(largest).await.expect("10^18 minor units");
        let total = pb::SetControlTotalRequest {
            date: Some(day(0)),
            amount: Some(money("10000000000000000", "IDR")),
            request_id: fresh(),
            ..pb::SetControlTotalRequest::default()
        };
        let check = desk.client.set_control_total(total).await.expect("recorded").into_inner();
        let difference = check.difference.expect("a difference").units;
        assert_eq!(difference, 11_000_000_000_000 - 10_000_000_000_000_000);
        desk.verify(&server).await;
    }

    async fn fault_f14_sums_beyond_64_bits_are_refused_by_name(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1", "10000000000000", "IDR"), bill("I2", "1", "IRR")]).await;
        // As if there were 9,200 of the largest documents.
        for full in [
            "UPDATE account_due SET amount = 9200000000000000000 WHERE currency = 'IDR'",
            "UPDATE book_due SET amount = 9200000000000000000 WHERE currency = 'IDR'",
            "UPDATE credit_exposure SET amount = 9200000000000000000 WHERE currency = 'IDR'",
        ] {
            execute(&server, full).await;
        }
        for amount in ["10000000000000", "0.01"] {
            let above = desk.try_post(vec![bill("X", amount, "IDR")]).await.unwrap_err();
            assert_refused(&above, Code::InvalidArgument, "AMOUNT_OUT_OF_RANGE", None);
        }
        // Another currency is another sum.
        desk.post([bill("Y", "10000000000000", "IRR")]).await;
        // Two such sums are no total that can be told.
        let mut other = bill("Z", "10000000000000", "IDR");
        other.key.as_mut().expect("a key").company_code = "20".into();
        desk.post([other]).await;
        let ask = |account: &str| pb::GetAgingRequest {
            account: account.into(),
            as_of: Some(day(0)),
            ..pb::GetAgingRequest::default()
        };
        execute(&server, "UPDATE account_due SET amount = 9200000000000000000").await;
        let refused = desk.client.get_aging(ask(ACCOUNT)).await.unwrap_err();
        assert_refused(&refused, Code::InvalidArgument, "AMOUNT_OUT_OF_RANGE", None);
    }

    async fn fault_f14_a_currency_is_valid_on_the_day_of_the_document(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            dated("I1", "2014-12-31", "LTL"),
            dated("I2", "2002-02-28", "DEM"),
            dated("I3", "2002-02-28", "ITL"),
        ])
        .await;
        assert_eq!(units(&mut desk, ACCOUNT, "LTL").await, 100);
        for (code, after, last) in [
            ("LTL", "2015-01-01", "2014-12-31"),
            ("DEM", "2002-03-01", "2002-02-28"),
        ] {
            let refused = desk.try_post(vec![dated("I4", after, code)]).await.unwrap_err();
            let field = Some("documents[0].gross.currency_code");
            assert_refused(&refused, Code::InvalidArgument, "CURRENCY_WITHDRAWN", field);
            let metadata = details(&refused).error_info().expect("info").metadata.clone();
            assert_eq!((&*metadata["currency"], &*metadata["last_day"]), (code, last));
        }
        // What is open in it is settled, corrected and converted after its end.
        desk.try_write_off("I1", None, Some(day(0))).await.expect("written off");
        let mut higher = dated("I2", "2002-02-28", "DEM");
        (higher.source_version, higher.note) = (1, "n".into());
        desk.post([higher]).await;
        desk.rates(&[("EUR", "DEM", day(0), "1.95583")]).await;
        let request = pb::GetAgingRequest {
            account: ACCOUNT.into(),
            as_of: Some(day(0)),
            display_currency: "DEM".into(),
            ..pb::GetAgingRequest::default()
        };
        let refused = desk.client.get_aging(request).await.unwrap_err();
        assert_refused(&refused, Code::FailedPrecondition, "RATE_MISSING", None);
        // What is agreed on from now on is not in it.
        let limit = limit_of(money("1", "DEM"));
        let refused = server.credit().set_credit_limit(limit).await.unwrap_err();
        let field = Some("limit.amount.currency_code");
        assert_refused(&refused, Code::InvalidArgument, "CURRENCY_WITHDRAWN", field);
        desk.verify(&server).await;
    }

    async fn fault_f14_rates_have_bounds(server: TestServer) {
        let mut desk = Desk::new(&server);
        let rate = |value: &str| pb::SetExchangeRatesRequest {
            rates: vec![pb::ExchangeRate {
                from_currency: "USD".into(),
                to_currency: "IDR".into(),
                date: Some(day(0)),
                rate: Some(pb::Decimal { value: value.into() }),
                ..pb::ExchangeRate::default()
            }],
            request_id: fresh(),
        };
        for good in ["0.000000001", "1000000000", "0.000000001234567891", "123456.789012", "16000.00"] {
            desk.client.set_exchange_rates(rate(good)).await.expect(good);
        }
        for bad in ["0.0000000009", "1000000000.1", "1.234567890123", "0", "-1", "1234567890123"] {
            let refused = desk.client.set_exchange_rates(rate(bad)).await.unwrap_err();
            let field = Some("rates[0].rate");
            assert_refused(&refused, Code::InvalidArgument, "FIELD_INVALID", field);
        }
    }

    async fn fault_f14_one_extreme_rate_spoils_only_what_rests_on_it(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1", "10000000000000", "USD"), bill("I2", "5", "EUR")]).await;
        desk.rates(&[
            ("USD", "IDR", day(0), "1000000000"),
            ("EUR", "IDR", day(0), "17000"),
            ("USD", "KWD", day(0), "0.000000001"),
            ("EUR", "KWD", day(0), "0.35"),
        ])
        .await;
        let converted = |to: &str| pb::GetAgingRequest {
            account: ACCOUNT.into(),
            as_of: Some(day(0)),
            display_currency: to.into(),
            ..pb::GetAgingRequest::default()
        };
        let refused = desk.client.get_aging(converted("IDR")).await.unwrap_err();
        assert_refused(&refused, Code::InvalidArgument, "AMOUNT_OUT_OF_RANGE", None);
        let kwd = desk.aging(converted("KWD")).await;
        assert_eq!(kwd.currencies.len(), 2);
        assert_eq!(units(&mut desk, ACCOUNT, "USD").await, 10_000_000_000_000);
        desk.risk(day(0)).await;
    }

    /// A debt of 10^15 cents is 10^21 in the currency of its limit: more than any message tells,
    /// and no reason to refuse an answer.
    async fn fault_f14_a_decision_takes_sums_beyond_64_bits_into_account(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1", "10000000000000", "USD"), bill("I2", "5", "IDR")]).await;
        desk.rates(&[("USD", "IDR", day(0), "1000000")]).await;
        let mut credit = server.credit();
        let limit = limit_of(money("10000000000000000", "IDR"));
        credit.set_credit_limit(limit).await.expect("10^18 minor units");
        let check = pb::CheckCreditRequest {
            account: ACCOUNT.into(),
            amount: Some(money("1", "IDR")),
            ..pb::CheckCreditRequest::default()
        };
        let made = credit.check_credit(check).await.expect("a decision").into_inner();
        assert_eq!(made.verdict(), pb::CreditVerdict::Declined, "{made:?}");
        let [reason] = &*made.reasons else { panic!("{made:?}") };
        assert_eq!(reason.code(), pb::CreditReasonCode::LimitExceeded);
        let over = "would be exceeded by 9990000000000000006.00 IDR";
        assert!(reason.summary.ends_with(over), "{reason:?}");
        assert_eq!((&reason.exposure, &reason.shortfall), (&None, &None));
        // No limit is that high.
        let actions: Vec<_> = reason.remedies.iter().map(pb::CreditRemedy::action).collect();
        assert_eq!(actions, [pb::CreditRemedyAction::Prepay]);
        let [used] = &*made.limits else { panic!("{made:?}") };
        let told = (&used.exposure, &used.available, used.parts.len(), &made.available);
        assert_eq!(told, (&None, &None, 0, &None));

        let reserve = pb::ReserveCreditRequest {
            account: ACCOUNT.into(),
            amount: Some(money("1", "IDR")),
            order: Some(pb::OrderKey { source_system: "ERP".into(), order_ref: "1".into() }),
            request_id: fresh(),
            ..pb::ReserveCreditRequest::default()
        };
        let kept = credit.reserve_credit(reserve).await.expect("a decision").into_inner();
        assert_eq!((kept.verdict(), &kept.reasons), (pb::CreditVerdict::Declined, &made.reasons));
        let profile = pb::GetCreditProfileRequest { account: ACCOUNT.into(), ..Default::default() };
        let profile = credit.get_credit_profile(profile).await.expect("a profile").into_inner();
        assert_eq!(profile.reasons[0].code(), pb::CreditReasonCode::LimitExceeded);
        desk.verify(&server).await;
    }

    /// What two companies are owed counts together against a limit of both, and against one of
    /// the group.
    async fn fault_f14_sums_of_companies_and_groups_go_beyond_64_bits(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        for company in ["1000", "2000"] {
            let mut of = bill("I1", "1", "IDR");
            of.key.as_mut().expect("a key").company_code = company.into();
            counter.desk.post([of]).await;
        }
        // As if there were 9,200 of the largest documents of each company.
        for full in [
            "UPDATE account_due SET amount = 9200000000000000000",
            "UPDATE credit_exposure SET amount = 9200000000000000000",
        ] {
            execute(&server, full).await;
        }
        for account in [ACME, GROUP] {
            let limit = limit_of(money("10000000000000000", "IDR"));
            let limit = pb::SetCreditLimitRequest { account: account.into(), ..limit };
            counter.client.set_credit_limit(limit).await.expect("10^18 minor units");
        }
        let policy = pb::CreditPolicy {
            overdue_amount_max: Some(money("1", "IDR")),
            ..pb::CreditPolicy::default()
        };
        counter.policy("overdue", policy).await;
        server.clock().set(moment(60));
        let check = pb::CheckCreditRequest {
            account: ACME.into(),
            amount: Some(money("1", "IDR")),
            ..pb::CheckCreditRequest::default()
        };
        let made = counter.check(check).await;
        let codes: Vec<_> = made.reasons.iter().map(pb::CreditReason::code).collect();
        let expected = [
            pb::CreditReasonCode::LimitExceeded,
            pb::CreditReasonCode::GroupLimitExceeded,
            pb::CreditReasonCode::OverdueAmount,
        ];
        assert_eq!(codes, expected, "{made:?}");
        assert!(made.reasons[2].summary.starts_with("184000000000000000.00 IDR is overdue"));
        // Of one company the group is owed no more: the posting says so.
        let mut more = bill("I2", "1", "IDR");
        more.payer = GROUP.into();
        more.key.as_mut().expect("a key").company_code = "1000".into();
        let refused = counter.desk.try_post(vec![more]).await.unwrap_err();
        assert_refused(&refused, Code::InvalidArgument, "AMOUNT_OUT_OF_RANGE", None);
    }

    /// What cannot be told of one account is told of nobody else, and every other question about it is
    /// answered.
    async fn fault_x6_an_extreme_rate_is_no_fault_of_ours_and_spoils_no_other_account(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        counter.account("sound", "").await;
        let of = |no: &str, payer: &str, amount: &str, currency: &str| {
            pb::Document { payer: payer.into(), ..bill(no, amount, currency) }
        };
        let large = (0..20).map(|n| of(&format!("L{n}"), ACME, "10000000000000", "USD"));
        counter.desk.post(large.chain([of("S1", "accounts/sound", "5", "EUR")])).await;
        for rate in ["79228162514264337593543950335", "1000000000.1"] {
            let rates = pb::SetExchangeRatesRequest {
                rates: vec![pb::ExchangeRate {
                    from_currency: "USD".into(),
                    to_currency: "IDR".into(),
                    date: Some(day(0)),
                    rate: Some(pb::Decimal { value: rate.into() }),
                    ..pb::ExchangeRate::default()
                }],
                request_id: fresh(),
            };
            let refused = counter.desk.client.set_exchange_rates(rates).await.unwrap_err();
            assert_refused(&refused, Code::InvalidArgument, "FIELD_INVALID", Some("rates[0].rate"));
        }
        let rates = [("USD", "IDR", day(0), "1000000000"), ("EUR", "IDR", day(0), "17000")];
        counter.desk.rates(&rates).await;
        // Its exposure is compared in rupiahs.
        for account in [ACME, "accounts/sound"] {
            let limit = pb::SetCreditLimitRequest {
                account: account.into(),
                ..limit_of(money("1000", "IDR"))
            };
            counter.client.set_credit_limit(limit).await.expect("a limit");
        }
        let both = || vec![ACME.to_owned(), "accounts/sound".to_owned()];
        let risks = pb::BatchGetReceivablesRiskRequest { accounts: both(), as_of: Some(day(0)), ..Default::default() };
        let risks = counter.desk.client.batch_get_receivables_risk(risks).await.expect("risks");
        assert_eq!(risks.into_inner().risks.len(), 2);
        let statuses = pb::BatchGetAccountStatusesRequest { names: both(), ..Default::default() };
        let statuses = counter.accounts.batch_get_account_statuses(statuses).await.expect("statuses");
        assert_eq!(statuses.into_inner().statuses.len(), 2);
        for (account, verdict) in [(ACME, "DECLINED"), ("accounts/sound", "DECLINED")] {
            counter.profile(account).await;
            let check = pb::CheckCreditRequest {
                account: account.into(),
                amount: Some(money("1", "IDR")),
                ..Default::default()
            };
            let checked = counter.client.check_credit(check).await.expect("a decision").into_inner();
            assert!(checked.verdict().as_str_name().ends_with(verdict), "{checked:?}");
        }
        let listed = |currency: &str| pb::ListReceivablesRiskRequest {
            currency_code: currency.into(),
            as_of: Some(day(0)),
            ..Default::default()
        };
        // A total beyond 64 bits is refused by its name, and what can be told is.
        let told = counter.desk.client.list_receivables_risk(listed("IDR")).await;
        if let Err(refused) = told {
            assert_refused(&refused, Code::InvalidArgument, "AMOUNT_OUT_OF_RANGE", None);
        }
        // The job tells what changed of both: each is held by what is overdue, or by its limit.
        let credit = ballast::service::credit::Credit::new(
            server.store().clone(),
            ballast::service::Settings::default(),
        );
        let ctx = ballast::ctx::Ctx::system(server.clock().clone());
        let told = credit.pass(&ctx).await.expect("a pass");
        assert_eq!(told.changed, 2, "{told:?}");
        counter.desk.verify(&server).await;
    }

    /// What no request brings may have been recorded before there were bounds.
    async fn fault_x6_the_job_passes_over_whom_it_cannot_tell_of(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        counter.account("sound", "").await;
        let of = |no: &str, payer: &str, amount: &str, currency: &str| {
            pb::Document { payer: payer.into(), ..bill(no, amount, currency) }
        };
        let large = of("L", ACME, "10000000000000", "USD");
        counter.desk.post([large, of("S", "accounts/sound", "5", "EUR")]).await;
        counter.desk.rates(&[("USD", "IDR", day(0), "1"), ("EUR", "IDR", day(0), "17000")]).await;
        for account in [ACME, "accounts/sound"] {
            let limit = limit_of(money("1000", "IDR"));
            let limit = pb::SetCreditLimitRequest { account: account.into(), ..limit };
            counter.client.set_credit_limit(limit).await.expect("a limit");
        }
        execute(
            &server,
            "UPDATE exchange_rate SET rate = '79228162514264337593543950335' WHERE from_currency = 'USD'",
        )
        .await;
        let check = pb::CheckCreditRequest {
            account: ACME.into(),
            amount: Some(money("1", "IDR")),
            ..Default::default()
        };
        let fault = counter.client.check_credit(check).await.expect_err("beyond any figure");
        assert_eq!(fault.code(), Code::Internal, "{fault:?}");
        let credit = ballast::service::credit::Credit::new(
            server.store().clone(),
            ballast::service::Settings::default(),
        );
        let ctx = ballast::ctx::Ctx::system(server.clock().clone());
        let told = credit.pass(&ctx).await.expect("a pass");
        assert_eq!(told.changed, 1, "the other account alone: {told:?}");
    }
}
