//! Holds: placed by people, and released by people.

use super::*;

async fn place(server: &TestServer, reason: &str) -> Result<pb::CreditHold, Status> {
    let request = pb::PlaceCreditHoldRequest {
        account: ACME.into(),
        scope: pb::CreditHoldScope::Group.into(),
        reason: reason.into(),
        request_id: fresh(),
    };
    server.credit().place_credit_hold(request).await.map(|r| r.into_inner())
}

async fn release(server: &TestServer, name: &str, reason: &str) -> Result<pb::CreditHold, Status> {
    let request = pb::ReleaseCreditHoldRequest {
        name: name.into(),
        reason: reason.into(),
        request_id: fresh(),
    };
    server.credit().release_credit_hold(request).await.map(|r| r.into_inner())
}

async fn holds(server: &TestServer, show_released: bool) -> Vec<pb::CreditHold> {
    let request =
        pb::ListCreditHoldsRequest { parent: ACME.into(), show_released, ..Default::default() };
    server.credit().list_credit_holds(request).await.expect("a page").into_inner().holds
}

on_both_engines! {
    async fn a_hold_lasts_until_a_person_releases_it(server: TestServer) {
        account(&server, "acme").await;
        let first = place(&server, "三笔逾期").await.expect("placed");
        assert!(first.name.starts_with("accounts/acme/creditHolds/"), "{}", first.name);
        assert_eq!((first.scope(), &*first.reason), (pb::CreditHoldScope::Group, "三笔逾期"));
        assert_eq!(first.placed_by, PRINCIPAL);
        assert_eq!((first.release_time, &*first.released_by), (None, ""));
        // One hold more is a hold more.
        let second = place(&server, "claim\nopen").await.expect("placed");
        assert_eq!(holds(&server, false).await, [second.clone(), first.clone()]);

        let released = release(&server, &first.name, "已付清").await.expect("released");
        assert!(released.release_time.is_some() && released.release_time != first.create_time);
        assert_eq!((&*released.released_by, &*released.release_reason), (PRINCIPAL, "已付清"));
        assert_eq!(released.reason, first.reason);
        assert_eq!(holds(&server, false).await, std::slice::from_ref(&second));
        assert_eq!(holds(&server, true).await, [second, released.clone()]);

        let again = release(&server, &first.name, "x").await;
        let status = refused(again, Code::FailedPrecondition, "STATE_WRONG");
        assert!(status.message().contains(&first.name), "{}", status.message());
    }

    async fn a_hold_is_found_only_under_its_account(server: TestServer) {
        account(&server, "acme").await;
        account(&server, "other").await;
        let hold = place(&server, "x").await.expect("placed");
        let foreign = hold.name.replace("acme", "other");
        refused(release(&server, &foreign, "x").await, Code::NotFound, "RESOURCE_NOT_FOUND");
        let unknown = format!("accounts/acme/creditHolds/{}", uuid::Uuid::now_v7());
        refused(release(&server, &unknown, "x").await, Code::NotFound, "RESOURCE_NOT_FOUND");
        assert_eq!(holds(&server, false).await, [hold]);
    }

    async fn a_hold_has_a_reason_and_a_scope(server: TestServer) {
        account(&server, "acme").await;
        let request = pb::PlaceCreditHoldRequest { account: ACME.into(), ..Default::default() };
        assert_faults(server.credit().place_credit_hold(request).await, &[
            ("reason", "FIELD_REQUIRED"),
            ("request_id", "REQUEST_ID_REQUIRED"),
            ("scope", "ENUM_INVALID"),
        ]);
        let hold = place(&server, "x").await.expect("placed");
        assert_faults(release(&server, &hold.name, "").await, &[("reason", "FIELD_REQUIRED")]);
        let limit = hold.name.replace("creditHolds", "creditLimits");
        let expected = [("name", "RESOURCE_NAME_INVALID")];
        assert_faults(release(&server, &limit, "x").await, &expected);
        assert_eq!(holds(&server, false).await.len(), 1);
    }

    async fn a_deleted_account_takes_no_hold_and_loses_those_it_has(server: TestServer) {
        account(&server, "acme").await;
        let hold = place(&server, "x").await.expect("placed");
        delete(&server, ACME).await;
        refused(place(&server, "x").await, Code::FailedPrecondition, "ACCOUNT_DELETED");
        release(&server, &hold.name, "gone").await.expect("released");
    }

    async fn the_same_request_places_one_hold(server: TestServer) {
        account(&server, "acme").await;
        let request = pb::PlaceCreditHoldRequest {
            account: ACME.into(),
            scope: pb::CreditHoldScope::Account.into(),
            reason: "x".into(),
            request_id: "r1".into(),
        };
        let mut client = server.credit();
        let first = client.place_credit_hold(request.clone()).await.expect("placed").into_inner();
        let again = client.place_credit_hold(request).await.expect("replayed").into_inner();
        assert_eq!(again, first);
        let release = pb::ReleaseCreditHoldRequest {
            name: first.name.clone(),
            reason: "y".into(),
            request_id: "r1".into(),
        };
        let done = client.release_credit_hold(release.clone()).await.expect("released");
        let again = client.release_credit_hold(release).await.expect("replayed");
        assert_eq!(again.into_inner(), done.into_inner());
        assert_eq!(holds(&server, true).await.len(), 1);
    }

    async fn holds_come_page_by_page(server: TestServer) {
        account(&server, "acme").await;
        for _ in 0..3 {
            let hold = place(&server, "x").await.expect("placed");
            place(&server, "y").await.expect("placed");
            release(&server, &hold.name, "x").await.expect("released");
        }
        let (mut found, mut page_token) = (vec![], String::new());
        loop {
            let request = pb::ListCreditHoldsRequest {
                parent: ACME.into(),
                show_released: false,
                page_size: 2,
                page_token: page_token.clone(),
            };
            let with_released = pb::ListCreditHoldsRequest { show_released: true, ..request.clone() };
            let answer = server.credit().list_credit_holds(request).await.expect("a page");
            let answer = answer.into_inner();
            found.extend(answer.holds);
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                break;
            }
            if !with_released.page_token.is_empty() {
                let other = server.credit().list_credit_holds(with_released).await;
                assert_faults(other, &[("page_token", "PAGE_TOKEN_INVALID")]);
            }
        }
        assert_eq!(found, holds(&server, false).await);
        assert_eq!((found.len(), holds(&server, true).await.len()), (3, 6));
    }
}
