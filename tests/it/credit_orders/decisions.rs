//! Decisions: asked twice, listed, and read as they were made.

use super::*;

async fn list(
    counter: &mut Counter,
    of: pb::ListCreditDecisionsRequest,
) -> Vec<pb::CreditDecision> {
    let mut request = pb::ListCreditDecisionsRequest { parent: ACME.into(), page_size: 2, ..of };
    let mut found = Vec::new();
    loop {
        let page = counter.client.list_credit_decisions(request.clone()).await;
        let page = page.expect("a page").into_inner();
        found.extend(page.decisions);
        if page.next_page_token.is_empty() {
            return found;
        }
        request.page_token = page.next_page_token;
    }
}

async fn live(counter: &mut Counter) -> Vec<String> {
    let request = pb::ListReservationsRequest {
        parent: ACME.into(),
        live_only: true,
        ..pb::ListReservationsRequest::default()
    };
    let page = counter.client.list_reservations(request).await.expect("a page").into_inner();
    let no = |order: pb::CreditReservation| order.order.unwrap_or_default().order_ref;
    page.reservations.into_iter().map(no).collect()
}

fn names(decisions: &[pb::CreditDecision]) -> Vec<&str> {
    decisions.iter().map(|decision| decision.name.as_str()).collect()
}

on_both_engines! {
    async fn an_order_is_reserved_once_and_answered_as_often_as_it_is_asked(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "100.00", "100.00").await;
        let reserved = counter.reserve("4711", "80.00").await;
        assert_eq!(counter.reserve("4711", "80.00").await.name, reserved.name);
        assert_eq!(counter.exposure().await, "orders 80.00 = 80.00");
        let other = |change: fn(&mut pb::ReserveCreditRequest)| {
            let mut request = reserving("4711", "80.00");
            change(&mut request);
            request
        };
        for request in [
            other(|r| r.amount = Some(usd("80.01"))),
            other(|r| r.amount = Some(money("80", "EUR"))),
            other(|r| r.account = GROUP.into()),
        ] {
            let status = counter.try_reserve(request).await.expect_err("other content");
            assert_refused(&status, Code::AlreadyExists, "ORDER_ALREADY_RESERVED", None);
        }
        // Lowered since: nobody may hear that 80 are reserved.
        assert_decided(&counter.amend("4711", "50.00").await, "APPROVED", &[]);
        let status = counter.try_reserve(reserving("4711", "80.00")).await.expect_err("lowered");
        assert_refused(&status, Code::AlreadyExists, "ORDER_ALREADY_RESERVED", None);
        counter.desk.verify(&server).await;
    }

    async fn a_request_is_answered_once_also_if_it_was_declined(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "100.00", "100.00").await;
        counter.desk.post([billed("I1", "90.00", 30)]).await;
        let request = reserving("4711", "80.00");
        let declined = counter.try_reserve(request.clone()).await.expect("a decision");
        assert_decided(&declined, "DECLINED", &["LIMIT_EXCEEDED", "GROUP_LIMIT_EXCEEDED"]);
        counter.desk.post([receipt("R1", day(0), "70.00").settles("I1")]).await;
        let replayed = counter.try_reserve(request.clone()).await.expect("the same");
        assert_eq!(replayed, declined, "a retry is not another question");
        let reused = pb::ReserveCreditRequest { amount: Some(usd("1.00")), ..request };
        let status = counter.try_reserve(reused).await.expect_err("other content");
        assert_refused(&status, Code::InvalidArgument, "REQUEST_ID_REUSED", None);
        // Asked again after the payment, it passes.
        assert_decided(&counter.reserve("4711", "80.00").await, "APPROVED", &[]);
        let request = pb::DeliverReservationRequest {
            name: order_name("4711"),
            amount: Some(usd("30.00")),
            request_id: fresh(),
        };
        let first = counter.client.deliver_reservation(request.clone()).await.expect("delivered");
        let twice = counter.client.deliver_reservation(request).await.expect("the same");
        assert_eq!(first.into_inner(), twice.into_inner());
        assert_eq!(counter.exposure().await, "open 20.00, orders 50.00, delivered 30.00 = 100.00");
        counter.desk.verify(&server).await;
    }

    async fn a_decision_is_read_as_it_was_made_whatever_changed_since(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "100.00", "150.00").await;
        counter.desk.rates(&[("EUR", "USD", day(0), "1.10")]).await;
        let in_euro = pb::ReserveCreditRequest {
            amount: Some(money("50", "EUR")),
            ..reserving("4711", "0.00")
        };
        let euro = counter.try_reserve(in_euro).await.expect("a decision");
        assert_decided(&euro, "APPROVED", &[]);
        assert_eq!(counter.exposure().await, "orders 55.00 = 55.00");
        let rate = &euro.rates[0];
        assert_eq!(
            (&*rate.from_currency, &*rate.to_currency, rate.rate.clone().unwrap().value),
            ("EUR", "USD", "1.1".into())
        );
        let declined = counter.reserve("4712", "60.00").await;
        assert_decided(&declined, "DECLINED", &["LIMIT_EXCEEDED"]);
        assert_eq!(text(&declined.reasons[0].shortfall), "15.00");
        let amended = counter.try_amend(amending("4711", "10.00")).await.expect_err("in euro");
        assert_refused(&amended, Code::InvalidArgument, "CURRENCY_MISMATCH", Some("amount"));
        let third = counter.reserve("4713", "45.00").await;

        counter.desk.rates(&[("EUR", "USD", day(0), "2.00")]).await;
        counter.limit(ACME, "1.00").await;
        counter.policy("other", pb::CreditPolicy::default()).await;
        counter.try_cancel("4713", None).await.expect("canceled");
        server.clock().set(moment(200));
        for made in [&euro, &declined, &third] {
            let request = pb::GetCreditDecisionRequest { name: made.name.clone() };
            let read = counter.client.get_credit_decision(request).await.expect("read");
            assert_eq!(&read.into_inner(), made);
        }
        let all = list(&mut counter, pb::ListCreditDecisionsRequest::default()).await;
        assert_eq!(all, [third.clone(), declined.clone(), euro.clone()], "the latest first");
        let verdict = pb::CreditVerdict::Declined.into();
        let only = pb::ListCreditDecisionsRequest { verdict, ..Default::default() };
        assert_eq!(names(&list(&mut counter, only).await), [declined.name.as_str()]);
        let only = pb::ListCreditDecisionsRequest {
            reservation: order_name("4711"),
            ..Default::default()
        };
        assert_eq!(names(&list(&mut counter, only).await), [euro.name.as_str()]);
        counter.desk.verify(&server).await;
    }

    async fn reservations_are_listed_as_they_are_now(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "1000.00").await;
        for (no, days) in [("1", 5), ("2", 50), ("3", 5), ("4", 50)] {
            let expire_time = instant(days);
            let request = pb::ReserveCreditRequest { expire_time, ..reserving(no, "10.00") };
            counter.try_reserve(request).await.expect("reserved");
        }
        counter.deliver("3", "1.00").await;
        counter.try_cancel("4", None).await.expect("canceled");
        assert_eq!(live(&mut counter).await, ["3", "2", "1"]);
        server.clock().set(moment(5));
        assert_eq!(live(&mut counter).await, ["3", "2"]);
        let mut request = pb::ListReservationsRequest {
            parent: ACME.into(),
            page_size: 3,
            ..pb::ListReservationsRequest::default()
        };
        let first = counter.client.list_reservations(request.clone()).await.expect("a page");
        let first = first.into_inner();
        let stages: Vec<String> = first.reservations.iter().map(stage).collect();
        assert_eq!(stages, ["CANCELED", "EXPIRED", "ORDERED"]);
        request.page_token = first.next_page_token;
        let last = counter.client.list_reservations(request).await.expect("a page").into_inner();
        assert_eq!((last.reservations.len(), &*last.next_page_token), (1, ""));
        counter.desk.verify(&server).await;
    }

    async fn a_status_tells_credit_and_an_account_is_kept_while_it_reserves(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "1000.00").await;
        counter.reserve("4711", "100.00").await;
        let status = pb::GetAccountStatusRequest { name: ACME.into(), ..Default::default() };
        let status = counter.accounts.get_account_status(status).await.expect("a status");
        let credit = status.into_inner().credit.expect("credit");
        let profile = counter.profile(ACME).await;
        let now = profile.evaluate_time;
        assert_eq!(pb::CreditProfile { evaluate_time: now, ..credit }, profile);

        let delete = pb::DeleteAccountRequest { name: ACME.into(), ..Default::default() };
        let status = counter.accounts.delete_account(delete.clone()).await.expect_err("reserves");
        assert_refused(&status, STATE, "ACCOUNT_HAS_RESERVATIONS", None);
        counter.try_cancel("4711", None).await.expect("canceled");
        // What counts nothing keeps no account, and comes to count no more.
        counter.set(ACME, limit_kind(pb::CreditLimitKind::Inherit)).await;
        counter.set(GROUP, limit_kind(pb::CreditLimitKind::Inherit)).await;
        assert_decided(&counter.reserve("waits", "1.00").await, "REFERRED", &["NO_LIMIT"]);
        counter.accounts.delete_account(delete).await.expect("deleted");
        refused(counter.try_amend(amending("waits", "2.00")).await, STATE, "ACCOUNT_DELETED");
        refused(counter.try_decide(deciding("waits", true)).await, STATE, "ACCOUNT_DELETED");
        refused(counter.try_reserve(reserving("4712", "1.00")).await, STATE, "ACCOUNT_DELETED");
        let check = pb::CheckCreditRequest {
            account: ACME.into(),
            amount: Some(usd("1.00")),
            ..pb::CheckCreditRequest::default()
        };
        refused(counter.client.check_credit(check).await, STATE, "ACCOUNT_DELETED");
        counter.profile(ACME).await;
        counter.desk.verify(&server).await;
    }
}
