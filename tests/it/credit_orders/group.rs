//! Groups that change, companies with limits of their own, and several currencies.

use super::*;

fn with(company: &str, amount: &str) -> pb::CheckCreditRequest {
    pb::CheckCreditRequest {
        account: ACME.into(),
        company_code: company.into(),
        amount: Some(usd(amount)),
        ..pb::CheckCreditRequest::default()
    }
}

fn in_company(document: pb::Document, company: &str) -> pb::Document {
    let key = document.key.clone().unwrap_or_default();
    let key = pb::DocumentKey { company_code: company.into(), ..key };
    pb::Document { key: Some(key), ..document }
}

on_both_engines! {
    async fn an_account_takes_what_it_owes_and_reserves_to_another_group(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "200.00").await;
        counter.account("other", "").await;
        counter.account("leaf", ACME).await;
        counter.limit("accounts/other", "120.00").await;
        counter.reserve("4711", "100.00").await;
        counter
            .desk
            .post([billed("I1", "30.00", 30), receipt("R1", day(0), "10.00").names("4711")])
            .await;
        let of_leaf = pb::Document { payer: "accounts/leaf".into(), ..billed("I2", "20.00", 30) };
        // Money that comes to count on a day ahead moves along.
        counter.desk.post([of_leaf, receipt("R2", day(3), "5.00")]).await;
        let before = "open 50.00, orders 100.00, advances -10.00 = 140.00";
        assert_eq!(counter.exposure().await, before);

        counter.reparent(ACME, "accounts/other").await;
        assert_eq!(counter.exposure_of(GROUP).await, "= 0.00");
        assert_eq!(counter.exposure_of("accounts/other").await, before);
        assert_eq!(counter.exposure_of(ACME).await, before);
        // The limits of both sides bind right after.
        let declined = counter.ask("0.01").await;
        assert_decided(&declined, "DECLINED", &["GROUP_LIMIT_EXCEEDED"]);
        assert_eq!(declined.reasons[0].subject, "accounts/other");
        assert_eq!(text(&declined.reasons[0].shortfall), "20.01");
        counter.account("sister", GROUP).await;
        let sister =
            pb::CheckCreditRequest { account: "accounts/sister".into(), ..with("", "200.00") };
        assert_decided(&counter.check(sister).await, "APPROVED", &[]);
        server.clock().set(moment(3));
        let after = "open 50.00, cash -5.00, orders 100.00, advances -10.00 = 135.00";
        assert_eq!(counter.exposure_of("accounts/other").await, after);
        // Its orders are where it is.
        counter.amend("4711", "80.00").await;
        let after = "open 50.00, cash -5.00, orders 80.00, advances -10.00 = 115.00";
        assert_eq!(counter.exposure_of("accounts/other").await, after);
        counter.reparent(ACME, "").await;
        assert_eq!(counter.exposure_of("accounts/other").await, "= 0.00");
        assert_eq!(counter.exposure_of(ACME).await, after);
        counter.desk.verify(&server).await;
    }

    async fn a_limit_of_some_companies_binds_their_orders_only(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        let asia = pb::CreditSegment {
            segment: "asia".into(),
            company_codes: vec!["CN".into(), "JP".into()],
        };
        let policy = pb::CreditPolicy { segments: vec![asia], ..pb::CreditPolicy::default() };
        counter.policy("by-region", policy).await;
        counter.limit(GROUP, "1000.00").await;
        counter.set(ACME, pb::CreditLimit { segment: "asia".into(), ..limit_of("100.00") }).await;
        let china = in_company(billed("I1", "60.00", 30), "CN");
        let europe = in_company(billed("I2", "300.00", 30), "DE");
        counter.desk.post([china, europe]).await;
        let over = counter.check(with("JP", "40.01")).await;
        assert_decided(&over, "DECLINED", &["LIMIT_EXCEEDED"]);
        let reason = &over.reasons[0];
        assert_eq!(
            (&*reason.segment, text(&reason.exposure), text(&reason.shortfall)),
            ("asia", "60.00".into(), "0.01".into())
        );
        assert_decided(&counter.check(with("JP", "40.00")).await, "APPROVED", &[]);
        assert_decided(&counter.check(with("DE", "640.00")).await, "APPROVED", &[]);
        let over = counter.check(with("DE", "640.01")).await;
        assert_decided(&over, "DECLINED", &["GROUP_LIMIT_EXCEEDED"]);
        // The order counts in its own company, and so does the invoice that follows it.
        let request =
            pb::ReserveCreditRequest { company_code: "JP".into(), ..reserving("4711", "40.00") };
        counter.try_reserve(request).await.expect("reserved");
        assert_decided(&counter.check(with("CN", "0.01")).await, "DECLINED", &["LIMIT_EXCEEDED"]);
        assert_decided(&counter.check(with("DE", "600.00")).await, "APPROVED", &[]);
        let invoice = in_company(billed("I3", "40.00", 30), "JP").names("4711");
        counter.desk.post([invoice]).await;
        let declined = counter.check(with("CN", "0.01")).await;
        assert_eq!(exposure(&declined.limits[0]), "open 100.00 = 100.00");
        counter.desk.verify(&server).await;
    }

    async fn a_limit_binds_orders_and_items_of_any_currency(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "100.00", "100.00").await;
        let euro = pb::Document {
            gross: Some(money("30", "EUR")),
            ..document(pb::DocumentKind::Invoice, "I1", day(0), "0")
        };
        counter.desk.post([euro]).await;
        let unknown = counter.ask("1.00").await;
        assert_decided(&unknown, "REFERRED", &["RATE_MISSING"]);
        assert_eq!(unknown.reasons[0].subject, "rates/EUR-USD");
        counter
            .desk
            .rates(&[("EUR", "USD", day(-3), "1.10"), ("USD", "CNY", day(0), "7.00")])
            .await;
        assert_decided(&counter.ask("67.00").await, "APPROVED", &[]);
        assert_decided(
            &counter.ask("67.01").await,
            "DECLINED",
            &["LIMIT_EXCEEDED", "GROUP_LIMIT_EXCEEDED"],
        );
        // 67 dollars are 469 yuan.
        let yuan = pb::ReserveCreditRequest {
            amount: Some(money("469", "CNY")),
            ..reserving("4711", "0")
        };
        let reserved = counter.try_reserve(yuan).await.expect("a decision");
        assert_decided(&reserved, "APPROVED", &[]);
        let mut rates: Vec<_> = reserved
            .rates
            .iter()
            .map(|r| {
                let rate = r.rate.clone().unwrap_or_default().value;
                (r.from_currency.clone(), r.to_currency.clone(), rate, r.path().as_str_name())
            })
            .collect();
        rates.sort();
        assert_eq!(rates.len(), 2, "{rates:?}");
        assert_eq!((&*rates[0].0, &*rates[0].1, rates[0].3), ("CNY", "USD", "RATE_PATH_INVERSE"));
        assert_eq!((&*rates[1].0, &*rates[1].2), ("EUR", "1.1"));
        assert_eq!(counter.exposure().await, "open 33.00, orders 67.00 = 100.00");
        // Too old a rate is none.
        server.clock().set(moment(5));
        let unknown = counter.ask("1.00").await;
        assert_decided(&unknown, "REFERRED", &["RATE_MISSING"]);
        counter.desk.verify(&server).await;
    }

    async fn fault_f16_the_company_is_part_of_an_orders_key(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "1000.00").await;
        let no = "NAV/1001";
        let of = |company: &str| pb::ReserveCreditRequest {
            company_code: company.into(),
            ..reserving(no, "100.00")
        };
        for company in ["10", "20", ""] {
            let reserved = counter.try_reserve(of(company)).await.expect("a decision");
            assert_decided(&reserved, "APPROVED", &[]);
            assert_eq!(reserved.company_code, company);
            assert_eq!(reserved.order, Some(order_key(no)));
            let again = counter.try_reserve(of(company)).await.expect("the same");
            assert_eq!(again.name, reserved.name);
        }
        assert_eq!(counter.exposure().await, "orders 300.00 = 300.00");
        let names = ["ERP~10~NAV%2F1001", "ERP~20~NAV%2F1001", "ERP~NAV%2F1001"]
            .map(|last| format!("{ACME}/creditReservations/{last}"));
        let mut client = server.credit();
        let mut counted = async || {
            let mut counted = Vec::new();
            for name in &names {
                let name = name.clone();
                let order = client.get_reservation(pb::GetReservationRequest { name }).await;
                counted.push(text(&order.expect("a reservation").into_inner().counted_amount));
            }
            counted
        };
        // An invoice and money belong to the order of their own company.
        let invoice = |no_: &str, company| in_company(billed(no_, "30.00", 30).names(no), company);
        counter.desk.post([invoice("I1", "20")]).await;
        assert_eq!(counted().await, ["100.00", "70.00", "100.00"]);
        let paid = in_company(receipt("R1", day(0), "40.00").names(no), "10");
        counter.desk.post([paid, invoice("I2", "")]).await;
        assert_eq!(counted().await, ["60.00", "70.00", "70.00"]);
        // What comes before its order is found by it alone.
        let early = |company| in_company(billed("E1", "10.00", 30).names("2"), company);
        counter.desk.post([early("10"), early("20")]).await;
        let second = pb::ReserveCreditRequest { company_code: "20".into(), ..reserving("2", "50.00") };
        let second = counter.try_reserve(second).await.expect("a decision");
        assert_eq!(text(&second.counted_amount), "40.00");
        for wrong in ["ERP~~NAV%2F1001", "ERP~30~NAV%2F1001", "ERP~10~NAV~1001"] {
            let name = format!("{ACME}/creditReservations/{wrong}");
            let status = server.credit().get_reservation(pb::GetReservationRequest { name }).await;
            let code = status.expect_err("no order").code();
            assert!(matches!(code, Code::NotFound | Code::InvalidArgument), "{wrong}");
        }
        // A blocked account takes invoices of what is delivered, in the company that delivered it.
        let deliver = pb::DeliverReservationRequest {
            name: names[0].clone(),
            amount: Some(usd("50.00")),
            request_id: fresh(),
        };
        server.credit().deliver_reservation(deliver).await.expect("delivered");
        let block = pb::BlockAccountRequest {
            name: ACME.into(),
            reason: "fraud".into(),
            request_id: fresh(),
        };
        server.accounts().block_account(block).await.expect("blocked");
        let blocked = counter.desk.try_post(vec![invoice("I3", "20")]).await;
        refused(blocked, STATE, "ACCOUNT_BLOCKED");
        counter.desk.post([invoice("I4", "10")]).await;
        counter.desk.verify(&server).await;
    }
}
