//! Policies: immutable, one of them active.

use super::*;

fn strict() -> pb::CreditPolicy {
    let rule = |code: pb::CreditReasonCode, disposition: pb::CreditDisposition| {
        pb::CreditReasonRule { code: code.into(), disposition: disposition.into() }
    };
    pb::CreditPolicy {
        description: "严格\n2019".into(),
        segments: vec![segment("asia", &["1000", "北京"]), segment("europe", &["1000"])],
        deduct_open_credits: true,
        overdue_days_max: Some(0),
        overdue_amount_max: Some(usd("0")),
        overdue_grace_days: 365,
        utilization_bp_max: Some(9_500),
        rules: vec![
            rule(pb::CreditReasonCode::OverdueDays, pb::CreditDisposition::Decline),
            rule(pb::CreditReasonCode::NoLimit, pb::CreditDisposition::Ignore),
        ],
        reservation_days: 30,
        ..Default::default()
    }
}

async fn all(server: &TestServer, page_size: i32) -> Vec<pb::CreditPolicy> {
    let (mut found, mut page_token) = (vec![], String::new());
    loop {
        let request = pb::ListCreditPoliciesRequest { page_size, page_token };
        let answer = server.credit().list_credit_policies(request).await.expect("a page");
        let answer = answer.into_inner();
        found.extend(answer.policies);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return found;
        }
    }
}

on_both_engines! {
    async fn the_built_in_policy_is_active_until_another_one_is(server: TestServer) {
        let built_in = policy(&server, "default").await.expect("read");
        assert_eq!(built_in.name, "creditPolicies/default");
        assert!(built_in.active && built_in.deduct_unapplied_cash);
        assert_eq!((built_in.create_time, built_in.reservation_days), (None, 90));
        assert_eq!(policy(&server, "-").await.expect("read"), built_in);
        assert_eq!(all(&server, 0).await, std::slice::from_ref(&built_in));

        let answer = create_policy(&server, "default", strict()).await;
        refused(answer, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS");
        create_policy(&server, "strict", strict()).await.expect("created");
        let active = activate(&server, "strict", &built_in.etag).await.expect("activated");
        assert!(active.active);
        assert_ne!(active.etag, built_in.etag);
        assert_eq!(policy(&server, "-").await.expect("read"), active);
        assert!(!policy(&server, "default").await.expect("read").active);
        // And back.
        let back = activate(&server, "default", &active.etag).await.expect("activated");
        assert_eq!((back.active, &*back.name), (true, "creditPolicies/default"));
        assert_eq!(policy(&server, "-").await.expect("read"), back);
    }

    async fn a_policy_reads_back_as_it_was_created_and_stays_so(server: TestServer) {
        let created = create_policy(&server, "strict", strict()).await.expect("created");
        assert!(created.create_time.is_some());
        let expected = pb::CreditPolicy {
            name: "creditPolicies/strict".into(),
            created_by: PRINCIPAL.into(),
            create_time: created.create_time,
            active: false,
            etag: created.etag.clone(),
            // By their names.
            rules: created.rules.clone(),
            ..strict()
        };
        assert_eq!(created, expected);
        let mut rules = strict().rules;
        rules.sort_by_key(|rule| rule.code);
        let mut found = created.rules.clone();
        found.sort_by_key(|rule| rule.code);
        assert_eq!(found, rules);
        assert_eq!(policy(&server, "strict").await.expect("read"), created);
        let answer = create_policy(&server, "strict", pb::CreditPolicy::default()).await;
        refused(answer, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS");
        assert_eq!(policy(&server, "strict").await.expect("read"), created);

        let days = |policy: pb::CreditPolicy| policy.reservation_days;
        let plain = create_policy(&server, "plain", pb::CreditPolicy::default()).await;
        assert_eq!(plain.map(days).expect("created"), 90, "0 is the default");
        refused(policy(&server, "none").await, Code::NotFound, "RESOURCE_NOT_FOUND");
    }

    async fn a_policy_is_activated_by_those_who_read_the_active_one(server: TestServer) {
        let built_in = policy(&server, "-").await.expect("read");
        for id in ["p1", "p2"] {
            create_policy(&server, id, strict()).await.expect("created");
        }
        let status = activate(&server, "p1", "").await.expect_err("no etag");
        assert_refused(&status, Code::InvalidArgument, "ETAG_REQUIRED", Some("etag"));
        refused(activate(&server, "none", &built_in.etag).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        assert_faults(activate(&server, "-", &built_in.etag).await, &[
            ("name", "RESOURCE_NAME_INVALID"),
        ]);
        activate(&server, "p1", &built_in.etag).await.expect("activated");
        let stale = activate(&server, "p2", &built_in.etag).await;
        refused(stale, Code::Aborted, "ETAG_MISMATCH");

        let etag = policy(&server, "-").await.expect("read").etag;
        let answers = futures_util::future::join_all((0..4).map(|_| {
            activate(&server, "p2", &etag)
        }))
        .await;
        let (done, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((done.len(), lost.len()), (1, 3));
        for status in lost {
            refused(status, Code::Aborted, "ETAG_MISMATCH");
        }
        assert_eq!(policy(&server, "-").await.expect("read").name, "creditPolicies/p2");
    }

    async fn policies_come_page_by_page_the_latest_first(server: TestServer) {
        for id in ["p1", "p2", "p3"] {
            create_policy(&server, id, strict()).await.expect("created");
        }
        let names = |policies: Vec<pb::CreditPolicy>| {
            let id = |p: pb::CreditPolicy| p.name.trim_start_matches("creditPolicies/").to_owned();
            policies.into_iter().map(id).collect::<Vec<_>>()
        };
        for page_size in [1, 2, 3, 4, 0] {
            assert_eq!(names(all(&server, page_size).await), ["p3", "p2", "p1", "default"]);
        }
        let request = pb::ListCreditPoliciesRequest { page_size: -1, page_token: "x".into() };
        assert_faults(server.credit().list_credit_policies(request).await, &[
            ("page_size", "PAGE_SIZE_INVALID"),
            ("page_token", "PAGE_TOKEN_INVALID"),
        ]);
    }

    async fn every_fault_of_a_policy_is_told_at_once(server: TestServer) {
        let rule = |code, disposition| pb::CreditReasonRule { code, disposition };
        let wrong = pb::CreditPolicy {
            description: "x".repeat(501),
            segments: vec![
                segment("asia", &[]),
                segment("asia", &["1000", "1000", ""]),
                segment("北京", &["１２３４５６７８９０１２３４５６７"]),
            ],
            overdue_days_max: Some(-1),
            overdue_amount_max: Some(usd("-1")),
            overdue_grace_days: 366,
            utilization_bp_max: Some(0),
            rules: vec![rule(1, 2), rule(1, 3), rule(0, 2), rule(2, 0), rule(99, 1)],
            reservation_days: 3_651,
            ..Default::default()
        };
        assert_faults(create_policy(&server, "规则", wrong).await, &[
            ("policy.description", "FIELD_TOO_LONG"),
            ("policy.overdue_amount_max", "AMOUNT_OUT_OF_RANGE"),
            ("policy.overdue_days_max", "FIELD_INVALID"),
            ("policy.overdue_grace_days", "FIELD_INVALID"),
            ("policy.reservation_days", "FIELD_INVALID"),
            ("policy.rules[1].code", "DUPLICATE_ELEMENT"),
            ("policy.rules[2].code", "ENUM_INVALID"),
            ("policy.rules[3].disposition", "ENUM_INVALID"),
            ("policy.rules[4].code", "ENUM_INVALID"),
            ("policy.segments[0].company_codes", "FIELD_REQUIRED"),
            ("policy.segments[1].company_codes[1]", "DUPLICATE_ELEMENT"),
            ("policy.segments[1].company_codes[2]", "FIELD_REQUIRED"),
            ("policy.segments[1].segment", "DUPLICATE_ELEMENT"),
            ("policy.segments[2].company_codes[0]", "FIELD_TOO_LONG"),
            ("policy.segments[2].segment", "FIELD_INVALID"),
            ("policy.utilization_bp_max", "FIELD_INVALID"),
            ("policy_id", "RESOURCE_NAME_INVALID"),
        ]);
        let many = (0..51).map(|n| segment(&format!("s{n}"), &["1"])).collect();
        let many = pb::CreditPolicy { segments: many, ..Default::default() };
        let expected = [("policy.segments", "TOO_MANY_ELEMENTS")];
        assert_faults(create_policy(&server, "p", many).await, &expected);
        let nothing = pb::CreateCreditPolicyRequest::default();
        assert_faults(server.credit().create_credit_policy(nothing).await, &[
            ("policy", "FIELD_REQUIRED"),
            ("policy_id", "FIELD_REQUIRED"),
        ]);
        assert_eq!(all(&server, 0).await.len(), 1);
    }

    async fn the_same_request_activates_once(server: TestServer) {
        let etag = policy(&server, "-").await.expect("read").etag;
        let request = pb::CreateCreditPolicyRequest {
            policy: Some(strict()),
            policy_id: "p1".into(),
            request_id: "r1".into(),
        };
        let mut client = server.credit();
        let first = client.create_credit_policy(request.clone()).await.expect("created");
        let again = client.create_credit_policy(request).await.expect("replayed");
        assert_eq!(again.into_inner(), first.into_inner());
        let request = pb::ActivateCreditPolicyRequest {
            name: "creditPolicies/p1".into(),
            etag,
            request_id: "r1".into(),
        };
        let first = client.activate_credit_policy(request.clone()).await.expect("activated");
        let again = client.activate_credit_policy(request).await.expect("replayed");
        assert_eq!(again.into_inner(), first.into_inner());
    }
}
