//! Finding accounts and people, as callers see it.

mod book;
mod follows;
mod recall;
mod speed;

use ballast::ctx::Ctx;
use ballast::pb::search_directory_request::Question;
use ballast::pb::{
    self, Account, DirectoryHit, DirectoryKind, ExternalRef, LookupKind, Member,
    SearchDirectoryRequest, SearchDirectoryResponse,
};
use prost_types::FieldMask;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request, Status};

use crate::support::{TestServer, assert_refused};

fn external(system: &str, id: &str) -> ExternalRef {
    ExternalRef { system: system.into(), id: id.into() }
}

fn named(display_name: &str) -> Account {
    Account { display_name: display_name.into(), ..Default::default() }
}

async fn create(server: &TestServer, id: &str, account: Account) -> Account {
    let request = pb::CreateAccountRequest {
        account: Some(account),
        account_id: id.into(),
        ..Default::default()
    };
    server.accounts().create_account(request).await.expect("created").into_inner()
}

async fn hire(server: &TestServer, id: &str, member: Member) -> Member {
    let request = pb::CreateMemberRequest {
        member: Some(member),
        member_id: id.into(),
        ..Default::default()
    };
    server.accounts().create_member(request).await.expect("recorded").into_inner()
}

/// Writes the fields of an account as it was read, changed in the paths named.
async fn update(server: &TestServer, account: Account, paths: &[&str]) -> Account {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let request = pb::UpdateAccountRequest {
        account: Some(account),
        update_mask: Some(FieldMask { paths }),
        ..Default::default()
    };
    server.accounts().update_account(request).await.expect("updated").into_inner()
}

fn by_text(text: &str) -> SearchDirectoryRequest {
    SearchDirectoryRequest { question: Some(Question::Text(text.into())), ..Default::default() }
}

fn like(name: &str) -> SearchDirectoryRequest {
    SearchDirectoryRequest { question: Some(Question::Like(name.into())), ..Default::default() }
}

async fn search(
    server: &TestServer,
    request: SearchDirectoryRequest,
) -> Result<SearchDirectoryResponse, Status> {
    server.accounts().search_directory(request).await.map(|answer| answer.into_inner())
}

async fn hits(server: &TestServer, request: SearchDirectoryRequest) -> Vec<DirectoryHit> {
    search(server, request).await.expect("searched").hits
}

/// The names of what a text finds, the best first.
async fn found(server: &TestServer, text: &str) -> Vec<String> {
    hits(server, by_text(text)).await.into_iter().map(|hit| hit.name).collect()
}

/// What of the first hit was found: kinds and texts.
fn matched(hit: &DirectoryHit) -> Vec<(LookupKind, &str)> {
    hit.matched_on.iter().map(|on| (on.kind(), on.value.as_str())).collect()
}

async fn verify(server: &TestServer) {
    let ctx = Ctx::system(server.clock().clone());
    let checks = server.store().verify(&ctx).await.expect("a verification");
    let broken: Vec<_> = checks.iter().filter(|check| !check.holds()).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

fn hongyuan() -> Account {
    Account {
        legal_name: "上海宏远建材有限公司".into(),
        tax_id: "91310000-MA1K-0001".into(),
        external_refs: vec![external("SAP", "0000471"), external("CRM", "客户/1")],
        former_names: vec!["Eastern Building Materials Ltd".into()],
        ..named("Hongyuan 宏远")
    }
}

on_both_engines! {
    async fn a24_an_account_is_found_by_whatever_one_remembers_of_it(server: TestServer) {
        create(&server, "hongyuan", hongyuan()).await;
        create(&server, "hongda", named("上海宏达建材有限公司")).await;
        create(&server, "mueller", named("Müller Maschinenbau GmbH & Co. KG")).await;
        create(&server, "moeller", named("Möller Maschinenbau GmbH")).await;
        for (text, account, kind) in [
            ("（上海）宏远 建材", "hongyuan", LookupKind::Name),
            ("上海宏遠建材股份有限公司", "hongyuan", LookupKind::Name),
            ("宏远建材（上海）", "hongyuan", LookupKind::Name),
            ("ＨＯＮＧＹＵＡＮ 宏远", "hongyuan", LookupKind::Name),
            ("Eastern Building Materials", "hongyuan", LookupKind::FormerName),
            ("Eastern Bulding Materials", "hongyuan", LookupKind::FormerName),
            ("91310000MA1K0001", "hongyuan", LookupKind::TaxId),
            ("471", "hongyuan", LookupKind::ExternalRef),
            ("客户/1", "hongyuan", LookupKind::ExternalRef),
            ("mueller maschinenbau", "mueller", LookupKind::Name),
            ("Muler Maschinenbau", "mueller", LookupKind::Name),
            ("MÖLLER-MASCHINENBAU AG", "moeller", LookupKind::Name),
            ("Möller", "moeller", LookupKind::Name),
            ("宏达", "hongda", LookupKind::Name),
        ] {
            let hits = hits(&server, by_text(text)).await;
            let first = hits.first().unwrap_or_else(|| panic!("nothing is found by {text}"));
            assert_eq!(first.name, format!("accounts/{account}"), "{text}: {hits:#?}");
            assert_eq!(first.matched_on[0].kind(), kind, "{text}");
            assert_eq!((first.kind(), first.masked), (DirectoryKind::Account, false));
            assert!(hits.windows(2).all(|two| two[0].score_bp >= two[1].score_bp), "{text}");
        }
        let exact = hits(&server, by_text("0471")).await;
        assert_eq!((exact.len(), exact[0].score_bp), (1, 10_000));
        assert_eq!(exact[0].display_name, "Hongyuan 宏远");
        assert_eq!(matched(&exact[0]), [(LookupKind::ExternalRef, "0000471")]);
        assert_eq!(exact[0].matched_on[0].system, "SAP");
        let alike = hits(&server, by_text("上海宏远建材")).await;
        assert_eq!(alike[0].matched_on[0].similarity_bp, 10_000);
        assert_eq!(matched(&alike[0])[0], (LookupKind::Name, "上海宏远建材有限公司"));
        assert_eq!(alike[1].name, "accounts/hongda");
        assert!(alike[1].score_bp < 10_000);
        for nothing in ["zzz qqq", "4711", "日本"] {
            assert_eq!(found(&server, nothing).await, [""; 0], "{nothing}");
        }
        verify(&server).await;
    }

    async fn members_are_found_by_name_and_by_their_keys(server: TestServer) {
        create(&server, "wang", named("Wang Trading")).await;
        let wang = Member {
            display_name: "王芳".into(),
            external_refs: vec![external("HR", "0012")],
            ..Default::default()
        };
        hire(&server, "wang", wang).await;
        let li = Member { display_name: "Wang Lei".into(), ..Default::default() };
        let li = hire(&server, "li", li).await;
        for (text, name) in [("王芳", "members/wang"), ("12", "members/wang"), ("wang lei", "members/li")] {
            assert_eq!(found(&server, text).await[0], name, "{text}");
        }
        let of = |kind: DirectoryKind| SearchDirectoryRequest {
            kinds: vec![kind.into()],
            ..by_text("wang")
        };
        for (kind, expected) in [
            (DirectoryKind::Account, "accounts/wang"),
            (DirectoryKind::Member, "members/li"),
        ] {
            let hits = hits(&server, of(kind)).await;
            let names: Vec<&str> = hits.iter().map(|hit| &*hit.name).collect();
            assert_eq!(names, [expected]);
            assert_eq!(hits[0].kind(), kind);
        }
        assert_eq!(found(&server, "unassigned").await, [""; 0], "he stands for nobody");
        // Also when he works here no more, and by the name he has now.
        let request = pb::DeactivateMemberRequest {
            name: li.name,
            reason: "left".into(),
            ..Default::default()
        };
        let li = server.accounts().deactivate_member(request).await.expect("gone").into_inner();
        let li = li.member.expect("a member");
        let request = pb::UpdateMemberRequest {
            member: Some(Member { display_name: "Li Lei".into(), ..li }),
            ..Default::default()
        };
        server.accounts().update_member(request).await.expect("updated");
        assert_eq!(found(&server, "Li Lei").await[0], "members/li");
        assert!(!found(&server, "wang").await.contains(&"members/li".to_owned()));
        verify(&server).await;
    }

    async fn what_is_personal_is_told_to_those_who_may_read_it(mut server: TestServer) {
        hire(&server, "wang", Member { display_name: "王芳".into(), ..Default::default() }).await;
        create(&server, "wang", named("王芳建材")).await;
        server
            .restart_with(|config| {
                use ballast::config::{Token, TokenHash};
                config.auth.insecure = false;
                let token = |token: &str, scopes: &[&str]| Token {
                    principal: token.into(),
                    sha256: TokenHash::of(token),
                    scopes: scopes.iter().map(|scope| (*scope).into()).collect(),
                    accounts: ballast::ctx::RowScope::All,
                };
                config.auth.tokens = vec![
                    token("sales", &["accounts.read"]),
                    token("lead", &["accounts.read", "people.read"]),
                ];
            })
            .await;
        for (caller, name, masked) in [("sales", "", true), ("lead", "王芳", false)] {
            let mut request = Request::new(by_text("王芳"));
            let bearer = MetadataValue::try_from(format!("Bearer {caller}")).expect("a header");
            request.metadata_mut().insert("authorization", bearer);
            let answer = server.accounts().search_directory(request).await.expect("searched");
            let hits = answer.into_inner().hits;
            assert_eq!((&*hits[0].name, &*hits[0].display_name), ("members/wang", name));
            assert_eq!((hits[0].masked, hits[0].score_bp), (masked, 10_000));
            assert_eq!(matched(&hits[0]), [(LookupKind::Name, name)]);
            assert_eq!((&*hits[1].name, &*hits[1].display_name), ("accounts/wang", "王芳建材"));
            assert!(!hits[1].masked);
        }
    }

    async fn records_that_may_be_the_same_are_found_by_one_of_them(server: TestServer) {
        create(&server, "one", hongyuan()).await;
        create(&server, "same-name", named("（上海）宏遠 建材")).await;
        create(&server, "same-number", Account { tax_id: "91310000 ma1k 0001".into(), ..named("A") }).await;
        create(&server, "formerly", named("Eastern Building Materials")).await;
        create(&server, "alike", named("上海宏远建筑材料有限公司")).await;
        create(&server, "other", named("北京华联超市")).await;
        let found = hits(&server, like("accounts/SAP~0000471")).await;
        let names: Vec<&str> = found.iter().map(|hit| hit.name.trim_start_matches("accounts/")).collect();
        assert_eq!(names, ["same-number", "formerly", "same-name", "alike"], "{found:#?}");
        assert_eq!(matched(&found[0]), [(LookupKind::TaxId, "91310000 ma1k 0001")]);
        let back = hits(&server, like("accounts/formerly")).await;
        assert_eq!((&*back[0].name, back[0].matched_on[0].kind()), ("accounts/one", LookupKind::FormerName));
        // Of one that is deleted too: it may be the same as a new one.
        let request = pb::DeleteAccountRequest { name: "accounts/other".into(), ..Default::default() };
        server.accounts().delete_account(request).await.expect("deleted");
        create(&server, "again", named("北京华联超市有限公司")).await;
        let found = hits(&server, like("accounts/other")).await;
        assert_eq!(found[0].name, "accounts/again");
    }

    async fn one_id_in_two_systems_is_no_sign_of_the_same_record(server: TestServer) {
        for (id, system) in [("one", "SAP"), ("other", "CRM")] {
            let reference = ExternalRef { system: system.into(), id: "4711".into() };
            let account = Account { external_refs: vec![reference], ..named(["Alpha Werke", "Zeta Handel"][usize::from(id == "other")]) };
            create(&server, id, account).await;
        }
        assert!(hits(&server, like("accounts/one")).await.is_empty());
        assert_eq!(hits(&server, by_text("4711")).await.len(), 2);
    }

    async fn companies_of_one_name_in_two_regions_are_two(server: TestServer) {
        let within = |code: &str, tax_id: &str| Account {
            region_code: code.into(),
            tax_id: tax_id.into(),
            ..named("Nordwind Handel")
        };
        create(&server, "one", within("DE", "DE 1")).await;
        create(&server, "here", within("DE", "")).await;
        create(&server, "nowhere", within("", "")).await;
        create(&server, "elsewhere", within("AT", "")).await;
        create(&server, "moved", within("CH", "DE1")).await;
        let found = hits(&server, like("accounts/one")).await;
        let mut names: Vec<&str> = found.iter().map(|hit| hit.name.trim_start_matches("accounts/")).collect();
        names.sort();
        assert_eq!(names, ["here", "moved", "nowhere"], "{found:#?}");
        let moved = found.iter().find(|hit| hit.name == "accounts/moved").expect("of the same number");
        assert_eq!(matched(moved), [(LookupKind::TaxId, "DE1")]);
        assert_eq!(hits(&server, like("accounts/nowhere")).await.len(), 4, "it may be any of them");
        assert_eq!(hits(&server, by_text("Nordwind Handel")).await.len(), 5);
    }

    async fn what_is_wrong_of_a_search_is_told_at_once(server: TestServer) {
        let bad = SearchDirectoryRequest {
            question: Some(Question::Text("x".repeat(201))),
            kinds: vec![0, 9, 1, 1],
            max_hits: -1,
        };
        let status = search(&server, bad).await.expect_err("refused");
        for (reason, field) in [
            ("FIELD_TOO_LONG", "text"),
            ("ENUM_INVALID", "kinds[0]"),
            ("ENUM_INVALID", "kinds[1]"),
            ("DUPLICATE_ELEMENT", "kinds[3]"),
            ("FIELD_INVALID", "max_hits"),
        ] {
            assert_refused(&status, Code::InvalidArgument, reason, Some(field));
        }
        for (request, reason, field) in [
            (SearchDirectoryRequest::default(), "FIELD_REQUIRED", "text"),
            (by_text(" "), "FIELD_REQUIRED", "text"),
            (by_text("a\0b"), "TEXT_INVALID", "text"),
            (like(""), "RESOURCE_NAME_INVALID", "like"),
            (like("items/1"), "RESOURCE_NAME_INVALID", "like"),
        ] {
            let status = search(&server, request).await.expect_err("refused");
            assert_refused(&status, Code::InvalidArgument, reason, Some(field));
        }
        for name in ["accounts/none", "members/none"] {
            let status = search(&server, like(name)).await.expect_err("refused");
            assert_refused(&status, Code::NotFound, "RESOURCE_NOT_FOUND", None);
        }
    }
}
