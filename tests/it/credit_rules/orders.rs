//! Requests about orders that are wrong by themselves: refused before anything is decided.

use prost_types::Timestamp;

use super::*;

const BY_KEY: &str = "accounts/acme/creditReservations/ERP~%E8%AE%A2%E5%8D%95%2F7";

fn order(system: &str, order_ref: &str) -> Option<pb::OrderKey> {
    Some(pb::OrderKey { source_system: system.into(), order_ref: order_ref.into() })
}

on_both_engines! {
    async fn an_order_is_asked_about_with_an_amount_and_a_whole_key(server: TestServer) {
        let check = pb::CheckCreditRequest {
            account: "acme".into(),
            company_code: "x".repeat(17),
            amount: Some(usd("-0.01")),
            order: order("", ""),
        };
        assert_faults(server.credit().check_credit(check).await, &[
            ("account", "RESOURCE_NAME_INVALID"),
            ("amount", "AMOUNT_OUT_OF_RANGE"),
            ("company_code", "FIELD_TOO_LONG"),
            ("order.order_ref", "FIELD_REQUIRED"),
            ("order.source_system", "FIELD_REQUIRED"),
        ]);
        let nothing = pb::CheckCreditRequest::default();
        assert_faults(server.credit().check_credit(nothing).await, &[
            ("account", "FIELD_REQUIRED"),
            ("amount", "FIELD_REQUIRED"),
        ]);
        let reserve = pb::ReserveCreditRequest {
            account: ACME.into(),
            amount: Some(usd("0")),
            order: order("ＥＲＰ", &"单".repeat(129)),
            expire_time: Some(Timestamp { seconds: 0, nanos: -1 }),
            override_reason: "因".repeat(501),
            ..Default::default()
        };
        assert_faults(server.credit().reserve_credit(reserve).await, &[
            ("amount", "AMOUNT_OUT_OF_RANGE"),
            ("expire_time", "DATE_INVALID"),
            ("order.order_ref", "FIELD_TOO_LONG"),
            ("order.source_system", "FIELD_INVALID"),
            ("override_reason", "FIELD_TOO_LONG"),
            ("request_id", "REQUEST_ID_REQUIRED"),
        ]);
        let nothing = pb::ReserveCreditRequest { account: ACME.into(), ..Default::default() };
        assert_faults(server.credit().reserve_credit(nothing).await, &[
            ("amount", "FIELD_REQUIRED"),
            ("order", "FIELD_REQUIRED"),
            ("request_id", "REQUEST_ID_REQUIRED"),
        ]);
    }

    async fn a_change_of_an_order_says_what_changes(server: TestServer) {
        let mut client = server.credit();
        let amend = pb::AmendReservationRequest { name: BY_KEY.into(), ..Default::default() };
        assert_faults(client.amend_reservation(amend).await, &[
            ("amount", "FIELD_REQUIRED"),
            ("request_id", "REQUEST_ID_REQUIRED"),
        ]);
        let deliver = pb::DeliverReservationRequest {
            name: BY_KEY.replace("%2F", "/"),
            amount: Some(usd("0")),
            request_id: fresh(),
        };
        assert_faults(client.deliver_reservation(deliver).await, &[
            ("amount", "AMOUNT_OUT_OF_RANGE"),
            ("name", "RESOURCE_NAME_INVALID"),
        ]);
        let commit = |documents| pb::CommitReservationRequest {
            name: BY_KEY.into(),
            documents,
            complete: false,
            request_id: fresh(),
        };
        let expected = [("documents", "FIELD_REQUIRED")];
        assert_faults(client.commit_reservation(commit(vec![])).await, &expected);
        let many = vec![pb::DocumentKey::default(); 101];
        let expected = [("documents", "TOO_MANY_ELEMENTS")];
        assert_faults(client.commit_reservation(commit(many)).await, &expected);
        let bare = vec![pb::DocumentKey::default()];
        assert_faults(client.commit_reservation(commit(bare)).await, &[
            ("documents[0].document_no", "FIELD_REQUIRED"),
            ("documents[0].source_system", "FIELD_REQUIRED"),
        ]);
        let cancel = pb::CancelReservationRequest {
            name: String::new(),
            returned_amount: Some(usd("-1")),
            ..Default::default()
        };
        assert_faults(client.cancel_reservation(cancel).await, &[
            ("name", "FIELD_REQUIRED"),
            ("reason", "FIELD_REQUIRED"),
            ("request_id", "REQUEST_ID_REQUIRED"),
            ("returned_amount", "AMOUNT_OUT_OF_RANGE"),
        ]);
        let decide = pb::DecideReferralRequest {
            reservation: "accounts/acme/creditReservations/7".into(),
            approve: true,
            maximum_amount: Some(money("0.001", "USD")),
            valid_until: Some(Timestamp { seconds: i64::MAX, nanos: 0 }),
            ..Default::default()
        };
        assert_faults(client.decide_referral(decide).await, &[
            ("approver", "FIELD_REQUIRED"),
            ("maximum_amount", "AMOUNT_PRECISION"),
            ("reason", "FIELD_REQUIRED"),
            ("request_id", "REQUEST_ID_REQUIRED"),
            ("reservation", "RESOURCE_NAME_INVALID"),
            ("valid_until", "DATE_INVALID"),
        ]);
    }

    async fn a_question_names_what_it_is_about(server: TestServer) {
        let mut client = server.credit();
        let profile = pb::GetCreditProfileRequest {
            account: "accounts/-".into(),
            company_code: "a\0".into(),
        };
        assert_faults(client.get_credit_profile(profile).await, &[
            ("account", "RESOURCE_NAME_INVALID"),
            ("company_code", "TEXT_INVALID"),
        ]);
        let name = || "accounts/acme/creditReservations/ERP~%".to_owned();
        let expected = [("name", "RESOURCE_NAME_INVALID")];
        let get = pb::GetReservationRequest { name: name() };
        assert_faults(client.get_reservation(get).await, &expected);
        let get = pb::GetCreditDecisionRequest { name: name() };
        assert_faults(client.get_credit_decision(get).await, &expected);
        let list = pb::ListReservationsRequest { page_size: -1, ..Default::default() };
        assert_faults(client.list_reservations(list).await, &[
            ("page_size", "PAGE_SIZE_INVALID"),
            ("parent", "FIELD_REQUIRED"),
        ]);
        let list = pb::ListCreditDecisionsRequest {
            parent: ACME.into(),
            reservation: name(),
            verdict: 9,
            page_token: "x".into(),
            ..Default::default()
        };
        assert_faults(client.list_credit_decisions(list).await, &[
            ("page_token", "PAGE_TOKEN_INVALID"),
            ("reservation", "RESOURCE_NAME_INVALID"),
            ("verdict", "ENUM_INVALID"),
        ]);
    }
}
