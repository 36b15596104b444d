//! Limits: dated, approved, versioned; added and never changed.

use super::*;

fn states(limits: &[pb::CreditLimit]) -> Vec<pb::CreditLimitState> {
    limits.iter().map(pb::CreditLimit::state).collect()
}

/// The etag of the limits for all companies.
async fn etag(server: &TestServer) -> String {
    limits(server).await.into_iter().next().map(|limit| limit.etag).unwrap_or_default()
}

async fn next(server: &TestServer, limit: pb::CreditLimit) -> pb::CreditLimit {
    let etag = etag(server).await;
    set(server, pb::CreditLimit { etag, ..limit }).await.expect("set")
}

fn at(server: &TestServer, time: &str) {
    server.clock().set(time.parse().expect("a time"));
}

on_both_engines! {
    async fn a_limit_reads_back_as_it_was_set(server: TestServer) {
        account(&server, "acme").await;
        assert_eq!(limits(&server).await, []);
        let given = pb::CreditLimit {
            overdue_amount_max: Some(money("500", "CNY")),
            overdue_days_max: Some(0),
            valid_to: Some(date("2019-12-31")),
            ..limit(money("250000.50", "CNY"))
        };
        let set = set(&server, given.clone()).await.expect("set");
        assert!(set.name.starts_with("accounts/acme/creditLimits/"), "{}", set.name);
        assert!(set.create_time.is_some() && !set.etag.is_empty());
        let expected = pb::CreditLimit {
            name: set.name.clone(),
            valid_from: Some(day(0)),
            state: pb::CreditLimitState::Active.into(),
            create_time: set.create_time,
            etag: set.etag.clone(),
            ..given
        };
        assert_eq!(set, expected);
        assert_eq!(limits(&server).await, [set]);

        for kind in [pb::CreditLimitKind::Unlimited, pb::CreditLimitKind::Inherit] {
            let given = pb::CreditLimit { kind: kind.into(), amount: None, ..limit(usd("1")) };
            let set = next(&server, given).await;
            assert_eq!((set.kind(), set.amount, set.valid_to), (kind, None, None));
            assert_eq!((set.overdue_days_max, set.overdue_amount_max), (None, None));
        }
        // No credit at all is an amount too.
        assert_eq!(next(&server, limit(usd("0"))).await.amount, Some(usd("0")));
    }

    async fn a_limit_replaces_the_one_before_it_and_history_stays(server: TestServer) {
        use pb::CreditLimitState::{Active, Expired, Replaced, Scheduled};
        account(&server, "acme").await;
        let first = next(&server, limit(usd("100"))).await;
        assert_eq!(first.state(), Active);
        let short = pb::CreditLimit { valid_to: Some(day(3)), ..limit(usd("200")) };
        assert_eq!(next(&server, short).await.state(), Active);
        let later = pb::CreditLimit { valid_from: Some(day(10)), ..limit(usd("300")) };
        assert_eq!(next(&server, later).await.state(), Scheduled);

        assert_eq!(states(&limits(&server).await), [Scheduled, Active, Replaced]);
        at(&server, "2019-07-04T00:00:00Z");
        // What has expired does not fall back to what was before it.
        assert_eq!(states(&limits(&server).await), [Scheduled, Expired, Replaced]);
        at(&server, "2019-07-10T00:00:00Z");
        let listed = limits(&server).await;
        assert_eq!(states(&listed), [Active, Replaced, Replaced]);
        assert_eq!(listed[2].name, first.name);

        // Set for an earlier day than what is scheduled, a limit takes that one's place.
        for (from, amount) in [(20, "400"), (15, "500")] {
            let limit = pb::CreditLimit { valid_from: Some(day(from)), ..limit(usd(amount)) };
            next(&server, limit).await;
        }
        let expected = [Scheduled, Replaced, Active, Replaced, Replaced];
        assert_eq!(states(&limits(&server).await), expected);
    }

    async fn a_temporary_limit_gives_way_to_the_lasting_one(server: TestServer) {
        use pb::CreditLimitState::{Active, Expired, Replaced};
        account(&server, "acme").await;
        next(&server, limit(usd("100"))).await;
        let raise = || pb::CreditLimit {
            temporary: true,
            valid_to: Some(day(5)),
            ..limit(usd("900"))
        };
        assert_eq!(next(&server, raise()).await.state(), Active);
        assert_eq!(states(&limits(&server).await), [Active, Replaced]);
        // A higher lasting one set meanwhile waits for its end.
        assert_eq!(next(&server, limit(usd("150"))).await.state(), Replaced);
        at(&server, "2019-07-06T00:00:00Z");
        assert_eq!(states(&limits(&server).await), [Active, Expired, Replaced]);

        // Ended before its time by INHERIT, which needs no last day.
        let raise = pb::CreditLimit { valid_to: Some(day(90)), ..raise() };
        next(&server, raise).await;
        assert_eq!(states(&limits(&server).await)[..2], [Active, Replaced]);
        let end = pb::CreditLimit {
            kind: pb::CreditLimitKind::Inherit.into(),
            amount: None,
            temporary: true,
            ..limit(usd("1"))
        };
        next(&server, end).await;
        assert_eq!(states(&limits(&server).await)[..3], [Replaced, Replaced, Active]);
    }

    async fn fault_b7_a_cut_governs_at_once(server: TestServer) {
        use pb::CreditLimitState::{Active, Replaced, Scheduled};
        account(&server, "acme").await;
        let raise = || pb::CreditLimit {
            temporary: true,
            valid_to: Some(day(20)),
            ..limit(usd("5000"))
        };
        next(&server, limit(usd("1000"))).await;
        next(&server, raise()).await;
        assert_eq!(next(&server, limit(usd("0"))).await.state(), Active);
        assert_eq!(states(&limits(&server).await), [Active, Replaced, Replaced]);
        let asked = pb::CheckCreditRequest {
            account: ACME.into(),
            amount: Some(usd("1")),
            ..Default::default()
        };
        let answer = server.credit().check_credit(asked).await.expect("an answer").into_inner();
        assert_eq!(answer.verdict(), pb::CreditVerdict::Declined);
        // What it ended does not come back; a raise recorded later is a new decision.
        assert_eq!(next(&server, limit(usd("300"))).await.state(), Active);
        assert_eq!(next(&server, raise()).await.state(), Active);
        // A cut for a later day governs from that day on.
        let later = pb::CreditLimit { valid_from: Some(day(10)), ..limit(usd("100")) };
        assert_eq!(next(&server, later).await.state(), Scheduled);
        at(&server, "2019-07-09T00:00:00Z");
        assert_eq!(states(&limits(&server).await)[..2], [Scheduled, Active]);
        at(&server, "2019-07-10T00:00:00Z");
        assert_eq!(states(&limits(&server).await)[..2], [Active, Replaced]);
    }

    async fn fault_b7_a_raise_that_a_cut_has_ended_stays_ended(server: TestServer) {
        use pb::CreditLimitState::{Active, Replaced, Scheduled};
        account(&server, "acme").await;
        let raise = |amount: &str, from, to| pb::CreditLimit {
            temporary: true,
            valid_from: Some(day(from)),
            valid_to: Some(day(to)),
            ..limit(usd(amount))
        };
        let from = |amount: &str, from| pb::CreditLimit { valid_from: Some(day(from)), ..limit(usd(amount)) };
        next(&server, limit(usd("1000"))).await;
        at(&server, "2019-07-02T00:00:00Z");
        assert_eq!(next(&server, raise("5000", 2, 20)).await.state(), Active);
        at(&server, "2019-07-04T00:00:00Z");
        assert_eq!(next(&server, from("0", 6)).await.state(), Scheduled);
        at(&server, "2019-07-05T00:00:00Z");
        assert_eq!(next(&server, raise("4000", 15, 18)).await.state(), Scheduled);
        assert_eq!(states(&limits(&server).await)[..3], [Scheduled, Scheduled, Active]);
        at(&server, "2019-07-06T00:00:00Z");
        assert_eq!(states(&limits(&server).await)[..3], [Scheduled, Active, Replaced]);
        at(&server, "2019-07-07T00:00:00Z");
        assert_eq!(next(&server, from("3000", 6)).await.state(), Active);
        let all = [Active, Scheduled, Replaced, Replaced, Replaced];
        assert_eq!(states(&limits(&server).await), all);
        let asked = |amount: &str| pb::CheckCreditRequest {
            account: ACME.into(),
            amount: Some(usd(amount)),
            ..Default::default()
        };
        let answer = server.credit().check_credit(asked("3000.01")).await.expect("an answer");
        assert_eq!(answer.into_inner().verdict(), pb::CreditVerdict::Declined);
        at(&server, "2019-07-15T00:00:00Z");
        let answer = server.credit().check_credit(asked("4000")).await.expect("an answer");
        assert_eq!(answer.into_inner().verdict(), pb::CreditVerdict::Approved);
    }

    async fn a_limit_is_set_by_those_who_read_the_last_one(server: TestServer) {
        account(&server, "acme").await;
        let first = set(&server, limit(usd("100"))).await.expect("the first needs no etag");
        let status = set(&server, limit(usd("200"))).await.expect_err("no etag");
        assert_refused(&status, Code::InvalidArgument, "ETAG_REQUIRED", Some("limit.etag"));
        let with = |etag: &str, amount| pb::CreditLimit { etag: etag.into(), ..limit(usd(amount)) };
        let second = set(&server, with(&first.etag, "200")).await.expect("set");
        assert_ne!(second.etag, first.etag);
        refused(set(&server, with(&first.etag, "300")).await, Code::Aborted, "ETAG_MISMATCH");
        let wrong = set(&server, with("漢", "300")).await;
        assert_faults(wrong, &[("limit.etag", "FIELD_INVALID")]);
        // Every limit is told with the version of the last one.
        let listed = limits(&server).await;
        assert_eq!(listed.len(), 2);
        assert!(listed.iter().all(|limit| limit.etag == second.etag));

        let both = futures_util::future::join_all((0..4).map(|_| {
            set(&server, with(&second.etag, "300"))
        }))
        .await;
        let (set, lost): (Vec<_>, Vec<_>) = both.into_iter().partition(Result::is_ok);
        assert_eq!((set.len(), lost.len()), (1, 3));
        for status in lost {
            refused(status, Code::Aborted, "ETAG_MISMATCH");
        }
    }

    async fn a_segment_has_limits_of_its_own(server: TestServer) {
        account(&server, "acme").await;
        let asia = || pb::CreditLimit { segment: "asia".into(), ..limit(usd("10")) };
        let status = refused(set(&server, asia()).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        let info = details(&status).resource_info().expect("what").clone();
        assert_eq!((&*info.resource_type, &*info.resource_name), ("creditSegment", "asia"));

        let segments = vec![segment("asia", &["1000", "北京"])];
        create_policy(&server, "p1", pb::CreditPolicy { segments, ..Default::default() })
            .await
            .expect("created");
        refused(set(&server, asia()).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        let etag = policy(&server, "-").await.expect("read").etag;
        activate(&server, "p1", &etag).await.expect("activated");
        set(&server, limit(usd("100"))).await.expect("set");
        let in_asia = set(&server, asia()).await.expect("of its own version");
        let listed = limits(&server).await;
        assert_eq!(listed[0], in_asia);
        assert_ne!(listed[0].etag, listed[1].etag);
        assert!(listed.iter().all(|l| l.state() == pb::CreditLimitState::Active));
    }

    async fn every_fault_of_a_limit_is_told_at_once(server: TestServer) {
        account(&server, "acme").await;
        let request = pb::SetCreditLimitRequest {
            account: "acme".into(),
            limit: Some(pb::CreditLimit {
                segment: "北京".into(),
                kind: 9,
                amount: Some(money("-1", "USD")),
                valid_from: Some(day(1)),
                valid_to: Some(day(0)),
                approver: "王\0".into(),
                reason: "  ".into(),
                overdue_amount_max: Some(money("-0.01", "EUR")),
                overdue_days_max: Some(-1),
                etag: "x".into(),
                ..Default::default()
            }),
            request_id: String::new(),
        };
        assert_faults(server.credit().set_credit_limit(request).await, &[
            ("account", "RESOURCE_NAME_INVALID"),
            ("limit.amount", "AMOUNT_OUT_OF_RANGE"),
            ("limit.approver", "TEXT_INVALID"),
            ("limit.etag", "FIELD_INVALID"),
            ("limit.kind", "ENUM_INVALID"),
            ("limit.overdue_amount_max", "AMOUNT_OUT_OF_RANGE"),
            ("limit.overdue_days_max", "FIELD_INVALID"),
            ("limit.reason", "TEXT_INVALID"),
            ("limit.segment", "FIELD_INVALID"),
            ("limit.valid_to", "DATE_INVALID"),
            ("request_id", "REQUEST_ID_REQUIRED"),
        ]);
        for (wrong, field, reason) in [
            (pb::CreditLimit { amount: None, ..limit(usd("1")) }, "amount", "FIELD_REQUIRED"),
            (
                pb::CreditLimit { kind: pb::CreditLimitKind::Inherit.into(), ..limit(usd("1")) },
                "amount",
                "FIELD_INVALID",
            ),
            (pb::CreditLimit { kind: 0, ..limit(usd("1")) }, "kind", "ENUM_INVALID"),
            (pb::CreditLimit { temporary: true, ..limit(usd("1")) }, "valid_to", "FIELD_REQUIRED"),
            (pb::CreditLimit { valid_to: Some(day(-1)), ..limit(usd("1")) }, "valid_to", "DATE_INVALID"),
            (pb::CreditLimit { approver: "芳".repeat(201), ..limit(usd("1")) }, "approver", "FIELD_TOO_LONG"),
            (pb::CreditLimit { reason: "由".repeat(501), ..limit(usd("1")) }, "reason", "FIELD_TOO_LONG"),
            (pb::CreditLimit { segment: "１０".into(), ..limit(usd("1")) }, "segment", "FIELD_INVALID"),
            (limit(money("1.5", "JPY")), "amount", "AMOUNT_PRECISION"),
            (limit(money("1", "ＵＳＤ")), "amount.currency_code", "CURRENCY_UNKNOWN"),
        ] {
            assert_faults(set(&server, wrong).await, &[(&format!("limit.{field}"), reason)]);
        }
        let fits = pb::CreditLimit { approver: "芳".repeat(200), ..limit(usd("1")) };
        set(&server, fits).await.expect("two hundred characters of any script");
        assert_eq!(limits(&server).await.len(), 1);
    }

    async fn a_limit_needs_an_account_that_is_there(server: TestServer) {
        refused(set(&server, limit(usd("1"))).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        account(&server, "acme").await;
        delete(&server, ACME).await;
        let answer = set(&server, limit(usd("1"))).await;
        refused(answer, Code::FailedPrecondition, "ACCOUNT_DELETED");
        assert_eq!(limits(&server).await, [], "what it had stays readable");
    }

    async fn the_same_request_sets_one_limit(server: TestServer) {
        account(&server, "acme").await;
        let request = |amount: &str| pb::SetCreditLimitRequest {
            account: ACME.into(),
            limit: Some(limit(usd(amount))),
            request_id: "r1".into(),
        };
        let mut client = server.credit();
        let first = client.set_credit_limit(request("1")).await.expect("set").into_inner();
        let again = client.set_credit_limit(request("1")).await.expect("replayed").into_inner();
        assert_eq!(again, first);
        let other = client.set_credit_limit(request("2")).await;
        refused(other, Code::InvalidArgument, "REQUEST_ID_REUSED");
        assert_eq!(limits(&server).await.len(), 1);
    }

    async fn limits_come_page_by_page(server: TestServer) {
        account(&server, "acme").await;
        for n in 1..=5 {
            next(&server, limit(usd(&n.to_string()))).await;
        }
        let list = |page_size, page_token| pb::ListCreditLimitsRequest {
            parent: ACME.into(),
            page_size,
            page_token,
        };
        let (mut found, mut sizes, mut token) = (vec![], vec![], String::new());
        loop {
            let answer = server.credit().list_credit_limits(list(2, token)).await;
            let answer = answer.expect("a page").into_inner();
            sizes.push(answer.limits.len());
            found.extend(answer.limits);
            token = answer.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(sizes, [2, 2, 1]);
        assert_eq!(found, limits(&server).await);
        assert_eq!(found[0].amount, Some(usd("5")));

        let none = pb::ListCreditLimitsRequest { parent: "accounts/none".into(), ..list(0, "".into()) };
        let answer = server.credit().list_credit_limits(none).await;
        refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
        let answer = server.credit().list_credit_limits(list(-1, "x".into())).await;
        assert_faults(answer, &[
            ("page_size", "PAGE_SIZE_INVALID"),
            ("page_token", "PAGE_TOKEN_INVALID"),
        ]);
    }
}
