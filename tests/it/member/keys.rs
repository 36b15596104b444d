//! What is one member's alone: his keys in other systems, and his principals.

use ballast::pb::CanonicalForm;
use futures_util::future::join_all;

use super::*;

fn keyed(key: ExternalRef) -> Member {
    Member { external_refs: vec![key], ..named("王芳") }
}

async fn in_form(
    server: &TestServer,
    id: &str,
    key: ExternalRef,
    form: CanonicalForm,
) -> Result<Member, Status> {
    let request = pb::CreateMemberRequest {
        member: Some(keyed(key)),
        member_id: id.into(),
        canonical_form: form.into(),
        ..Default::default()
    };
    server.accounts().create_member(request).await.map(|r| r.into_inner())
}

on_both_engines! {
    async fn keys_are_compared_in_the_form_of_their_system(server: TestServer) {
        let numeric = CanonicalForm::Numeric;
        let created = in_form(&server, "a", external("HR", "００４７１"), numeric).await.expect("created");
        assert_eq!(created.external_refs[0].id, "００４７１");
        for name in ["members/HR~471", "members/HR~0471", "members/HR~%EF%BC%94%EF%BC%97%EF%BC%91"] {
            assert_eq!(get(&server, name).await.expect(name), created);
        }
        let answer = create(&server, "b", keyed(external("HR", "471"))).await;
        let status = refused(answer, Code::AlreadyExists, "EXTERNAL_REF_TAKEN");
        assert_eq!(resource(&status), "members/a");
        refused(get(&server, "members/b").await, Code::NotFound, "RESOURCE_NOT_FOUND");

        // Fixed at its first use, for accounts as well.
        let answer = in_form(&server, "b", external("HR", "2"), CanonicalForm::Exact).await;
        let status = refused(answer, Code::FailedPrecondition, "SOURCE_SYSTEM_FORM_FIXED");
        let metadata = details(&status).error_info().expect("info").metadata.clone();
        assert_eq!(metadata["canonical_form"], "NUMERIC");
        let account = |id: &str| pb::Account {
            display_name: "广州白云机电".into(),
            external_refs: vec![external("HR", id)],
            ..Default::default()
        };
        let request = |account, form: CanonicalForm| pb::CreateAccountRequest {
            account: Some(account),
            account_id: "baiyun".into(),
            canonical_form: form.into(),
            ..Default::default()
        };
        let answer = server.accounts().create_account(request(account("1"), CanonicalForm::Exact)).await;
        refused(answer, Code::FailedPrecondition, "SOURCE_SYSTEM_FORM_FIXED");
        // What a member has an account may have.
        let answer = server.accounts().create_account(request(account("0471"), numeric)).await;
        answer.expect("created");

        let twice = Member { external_refs: vec![external("HR", "7"), external("HR", "07")], ..named("c") };
        let status = create(&server, "c", twice).await.expect_err("refused");
        let field = Some("member.external_refs[1]");
        assert_refused(&status, Code::InvalidArgument, "DUPLICATE_ELEMENT", field);
    }

    async fn keys_and_principals_are_replaced_as_lists(server: TestServer) {
        let first = create(&server, "wang", wang()).await.expect("created");
        let wish = Member {
            external_refs: vec![external("CRM", "9"), external("HR", "0000471")],
            principals: vec!["王芳".into(), "fang".into()],
            ..first
        };
        let paths = ["external_refs", "principals"];
        let second = update(&server, wish.clone(), &paths).await.expect("updated");
        assert_eq!((&second.external_refs, &second.principals), (&wish.external_refs, &wish.principals));
        assert_eq!(get(&server, "members/CRM~9").await.expect("read"), second);
        let gone = get(&server, "members/CRM~%E5%8D%8E%E4%B8%9C%2F1").await;
        refused(gone, Code::NotFound, "RESOURCE_NOT_FOUND");

        // What he has let go another may have; what he has he keeps.
        let other = Member { principals: vec!["wang.fang@example.com".into()], ..named("方王") };
        let other = create(&server, "fang", other).await.expect("created");
        let wish = Member { principals: vec!["fang".into(), "x".into()], ..other.clone() };
        let answer = update(&server, wish, &["principals"]).await;
        let status = refused(answer, Code::AlreadyExists, "PRINCIPAL_TAKEN");
        assert_eq!(resource(&status), "members/wang");
        assert!(!status.message().contains("fang"), "personal: {}", status.message());
        let wish = Member { external_refs: vec![external("CRM", "9")], ..other.clone() };
        let answer = update(&server, wish, &["external_refs"]).await;
        refused(answer, Code::AlreadyExists, "EXTERNAL_REF_TAKEN");
        assert_eq!(get(&server, "members/fang").await.expect("read"), other);
        assert_eq!(get(&server, "members/wang").await.expect("read"), second);
    }

    async fn of_several_that_claim_the_same_one_gets_it(server: TestServer) {
        for round in 0..5 {
            let wished = |n: usize| {
                let mut keys = vec![external("HR", &format!("{round}a")), external("HR", &format!("{round}b"))];
                let mut principals = vec![format!("{round}p"), format!("{round}q")];
                // In either order, so that neither waits for the other for ever.
                if n.is_multiple_of(2) {
                    keys.reverse();
                    principals.reverse();
                }
                let member = match n % 3 {
                    0 => Member { external_refs: keys, ..named("a") },
                    1 => Member { principals, ..named("b") },
                    _ => Member { external_refs: keys, principals, ..named("c") },
                };
                let (server, id) = (&server, format!("m{round}-{n}"));
                async move { create(server, &id, member).await }
            };
            let answers = join_all((0..6).map(wished)).await;
            let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
            for status in &refused {
                assert_eq!(status.code(), Code::AlreadyExists, "{status:?}");
                let reason = details(status).error_info().expect("info").reason.clone();
                assert!(["EXTERNAL_REF_TAKEN", "PRINCIPAL_TAKEN"].contains(&&*reason), "{reason}");
            }
            // One with both, or one with each.
            assert!((4..=5).contains(&refused.len()), "{answers:?}");
            let holder = get(&server, &format!("members/HR~{round}a")).await.expect("somebody's");
            let other = get(&server, &format!("members/HR~{round}b")).await.expect("somebody's");
            assert_eq!(holder, other);
        }
    }
}
