//! Securities: recorded and ended.

use super::*;

fn insurance() -> pb::CreditSecurity {
    pb::CreditSecurity {
        kind: pb::CreditSecurityKind::CreditInsurance.into(),
        issuer: "中国信保".into(),
        reference: "SC-2019/７".into(),
        cover_limit: Some(usd("100000")),
        insured_bp: 9_000,
        deductible: Some(usd("250.50")),
        terms_days_max: 120,
        overdue_days_max: 60,
        covers_disputed: true,
        notification_days: 45,
        valid_from: Some(day(-10)),
        valid_to: Some(day(355)),
        ..Default::default()
    }
}

async fn create(
    server: &TestServer,
    security: pb::CreditSecurity,
) -> Result<pb::CreditSecurity, Status> {
    let request = pb::CreateCreditSecurityRequest {
        account: ACME.into(),
        security: Some(security),
        request_id: fresh(),
    };
    server.credit().create_credit_security(request).await.map(|r| r.into_inner())
}

async fn end(server: &TestServer, name: &str, reason: &str) -> Result<pb::CreditSecurity, Status> {
    let request = pb::EndCreditSecurityRequest {
        name: name.into(),
        reason: reason.into(),
        request_id: fresh(),
    };
    server.credit().end_credit_security(request).await.map(|r| r.into_inner())
}

async fn securities(server: &TestServer) -> Vec<pb::CreditSecurity> {
    let request = pb::ListCreditSecuritiesRequest { parent: ACME.into(), ..Default::default() };
    server.credit().list_credit_securities(request).await.expect("a page").into_inner().securities
}

on_both_engines! {
    async fn a_security_reads_back_as_it_was_recorded_and_ends(server: TestServer) {
        account(&server, "acme").await;
        let created = create(&server, insurance()).await.expect("created");
        assert!(created.name.starts_with("accounts/acme/creditSecurities/"), "{}", created.name);
        let expected = pb::CreditSecurity {
            name: created.name.clone(),
            create_time: created.create_time,
            ..insurance()
        };
        assert_eq!(created, expected);
        assert!(created.create_time.is_some());

        let plain = pb::CreditSecurity {
            kind: pb::CreditSecurityKind::Deposit.into(),
            issuer: "Acme".into(),
            cover_limit: Some(money("5", "KWD")),
            insured_bp: 10_000,
            ..Default::default()
        };
        let plain = create(&server, plain).await.expect("created");
        assert_eq!((plain.valid_from, plain.valid_to), (Some(day(0)), None));
        assert_eq!(plain.deductible, Some(money("0", "KWD")));
        assert_eq!(securities(&server).await, [plain.clone(), created.clone()]);

        let ended = end(&server, &created.name, "退保").await.expect("ended");
        assert!(ended.end_time.is_some() && ended.end_time != created.create_time);
        let expected = pb::CreditSecurity {
            end_time: ended.end_time,
            end_reason: "退保".into(),
            ..created.clone()
        };
        assert_eq!(ended, expected);
        assert_eq!(securities(&server).await, [plain, ended]);
        let again = end(&server, &created.name, "x").await;
        refused(again, Code::FailedPrecondition, "STATE_WRONG");
    }

    async fn every_fault_of_a_security_is_told_at_once(server: TestServer) {
        account(&server, "acme").await;
        let wrong = pb::CreditSecurity {
            kind: 0,
            issuer: String::new(),
            reference: "7".repeat(101),
            cover_limit: Some(usd("0")),
            insured_bp: 10_001,
            deductible: Some(usd("-1")),
            terms_days_max: -1,
            overdue_days_max: -1,
            notification_days: -1,
            valid_from: Some(day(1)),
            valid_to: Some(day(0)),
            ..Default::default()
        };
        assert_faults(create(&server, wrong).await, &[
            ("security.cover_limit", "AMOUNT_OUT_OF_RANGE"),
            ("security.deductible", "AMOUNT_OUT_OF_RANGE"),
            ("security.insured_bp", "FIELD_INVALID"),
            ("security.issuer", "FIELD_REQUIRED"),
            ("security.kind", "ENUM_INVALID"),
            ("security.notification_days", "FIELD_INVALID"),
            ("security.overdue_days_max", "FIELD_INVALID"),
            ("security.reference", "FIELD_TOO_LONG"),
            ("security.terms_days_max", "FIELD_INVALID"),
            ("security.valid_to", "DATE_INVALID"),
        ]);
        let mixed = pb::CreditSecurity { deductible: Some(money("1", "EUR")), ..insurance() };
        let expected = [("security.deductible.currency_code", "CURRENCY_MISMATCH")];
        assert_faults(create(&server, mixed).await, &expected);
        let over = pb::CreditSecurity { valid_from: None, valid_to: Some(day(-1)), ..insurance() };
        assert_faults(create(&server, over).await, &[("security.valid_to", "DATE_INVALID")]);
        let none = pb::CreditSecurity { insured_bp: 0, cover_limit: None, ..insurance() };
        assert_faults(create(&server, none).await, &[
            ("security.cover_limit", "FIELD_REQUIRED"),
            ("security.insured_bp", "FIELD_INVALID"),
        ]);
        assert_eq!(securities(&server).await, []);
    }

    async fn a_security_belongs_to_an_account_that_is_there(server: TestServer) {
        refused(create(&server, insurance()).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        account(&server, "acme").await;
        account(&server, "other").await;
        let created = create(&server, insurance()).await.expect("created");
        let foreign = created.name.replace("acme", "other");
        refused(end(&server, &foreign, "x").await, Code::NotFound, "RESOURCE_NOT_FOUND");
        assert_faults(end(&server, &created.name, "").await, &[("reason", "FIELD_REQUIRED")]);
        delete(&server, ACME).await;
        let answer = create(&server, insurance()).await;
        refused(answer, Code::FailedPrecondition, "ACCOUNT_DELETED");
        end(&server, &created.name, "gone").await.expect("ended");
    }

    async fn the_same_request_records_one_security(server: TestServer) {
        account(&server, "acme").await;
        let request = pb::CreateCreditSecurityRequest {
            account: ACME.into(),
            security: Some(insurance()),
            request_id: "r1".into(),
        };
        let mut client = server.credit();
        let first = client.create_credit_security(request.clone()).await.expect("created");
        let again = client.create_credit_security(request).await.expect("replayed");
        assert_eq!(again.into_inner(), first.into_inner());
        assert_eq!(securities(&server).await.len(), 1);
    }
}
