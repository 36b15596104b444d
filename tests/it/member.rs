//! Our people as their callers see them.

mod keys;
mod line;
mod list;
mod request;

use ballast::pb::{self, ExternalRef, Member, MemberCompetencies, MemberState};
use prost_types::FieldMask;
use tonic::{Code, Status};

use crate::support::{TestServer, assert_refused, details, fields};

fn named(display_name: &str) -> Member {
    Member { display_name: display_name.into(), ..Default::default() }
}

fn external(system: &str, id: &str) -> ExternalRef {
    ExternalRef { system: system.into(), id: id.into() }
}

async fn create(server: &TestServer, id: &str, member: Member) -> Result<Member, Status> {
    let request = pb::CreateMemberRequest {
        member: Some(member),
        member_id: id.into(),
        ..Default::default()
    };
    server.accounts().create_member(request).await.map(|r| r.into_inner())
}

async fn get(server: &TestServer, name: &str) -> Result<Member, Status> {
    let request = pb::GetMemberRequest { name: name.into() };
    server.accounts().get_member(request).await.map(|r| r.into_inner())
}

/// Writes the fields of a member as he was read, changed in the paths named.
async fn update(server: &TestServer, member: Member, paths: &[&str]) -> Result<Member, Status> {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let request = pb::UpdateMemberRequest {
        member: Some(member),
        update_mask: Some(FieldMask { paths }),
        ..Default::default()
    };
    server.accounts().update_member(request).await.map(|r| r.into_inner())
}

async fn deactivate(server: &TestServer, name: &str, reason: &str) -> Result<Member, Status> {
    let request = pb::DeactivateMemberRequest {
        name: name.into(),
        reason: reason.into(),
        ..Default::default()
    };
    let answer = server.accounts().deactivate_member(request).await;
    answer.map(|r| r.into_inner().member.expect("a member"))
}

async fn reactivate(server: &TestServer, name: &str) -> Result<Member, Status> {
    let request = pb::ReactivateMemberRequest { name: name.into(), ..Default::default() };
    server.accounts().reactivate_member(request).await.map(|r| r.into_inner())
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, reason: &str) -> Status {
    let status = answer.expect_err(reason);
    assert_refused(&status, code, reason, None);
    status
}

#[track_caller]
fn resource(status: &Status) -> String {
    details(status).error_info().expect("info").metadata["resource_name"].clone()
}

fn wang() -> Member {
    Member {
        display_name: "王芳".into(),
        external_refs: vec![external("HR", "0000471"), external("CRM", "华东/1")],
        manager: "members/unassigned".into(),
        principals: vec!["wang.fang@example.com".into(), "王芳".into()],
        business_unit: "华东".into(),
        competencies: Some(MemberCompetencies {
            negotiation: 5,
            resources: 1,
            ..Default::default()
        }),
        executive: true,
        ..Default::default()
    }
}

on_both_engines! {
    async fn a_member_reads_back_as_he_was_created(server: TestServer) {
        let created = create(&server, "wang", wang()).await.expect("created");
        assert_eq!((&*created.name, created.state()), ("members/wang", MemberState::Active));
        assert!(created.create_time.is_some() && created.create_time == created.update_time);
        let expected = Member {
            name: created.name.clone(),
            state: created.state,
            create_time: created.create_time,
            update_time: created.update_time,
            etag: created.etag.clone(),
            ..wang()
        };
        assert_eq!(created, expected);
        assert_eq!(get(&server, "members/wang").await.expect("read"), created);

        let plain = create(&server, "", named("Plain")).await.expect("created");
        let id = plain.name.strip_prefix("members/").expect("a name");
        assert_eq!(uuid::Uuid::try_parse(id).expect("a UUID").get_version_num(), 7);
        assert_eq!(plain.competencies, Some(MemberCompetencies::default()));
        assert_eq!((&*plain.manager, &*plain.business_unit, plain.executive), ("", "", false));
        refused(get(&server, "members/none").await, Code::NotFound, "RESOURCE_NOT_FOUND");
        let taken = create(&server, "wang", named("Other")).await;
        let status = refused(taken, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS");
        assert_eq!(resource(&status), "members/wang");
    }

    async fn an_update_changes_what_its_mask_names_and_the_etag(server: TestServer) {
        let first = create(&server, "wang", wang()).await.expect("created");
        let wish = Member { display_name: "X".into(), business_unit: String::new(), ..first.clone() };
        let second = update(&server, wish, &["business_unit", "state"]).await.expect("updated");
        let expected = Member {
            business_unit: String::new(),
            etag: second.etag.clone(),
            update_time: second.update_time,
            ..first.clone()
        };
        assert_eq!(second, expected);
        assert!(second.etag != first.etag && second.update_time != first.update_time);
        assert_eq!(get(&server, "members/wang").await.expect("read"), second);

        // Without a mask: what is populated.
        let wish = Member { manager: String::new(), principals: vec!["wang".into()], ..second.clone() };
        let third = update(&server, wish, &[]).await.expect("updated");
        assert_eq!((&*third.manager, &third.principals[..]), ("members/unassigned", &["wang".into()][..]));

        // With a star: everything.
        let wish = Member { etag: third.etag.clone(), name: third.name.clone(), ..named("王方") };
        let fourth = update(&server, wish, &["*"]).await.expect("updated");
        assert_eq!((&*fourth.manager, fourth.executive, fourth.principals.len()), ("", false, 0));
        assert_eq!((&*fourth.display_name, fourth.external_refs.len()), ("王方", 0));
        assert_eq!(fourth.competencies, Some(MemberCompetencies::default()));

        // What changes nothing leaves the version.
        assert_eq!(update(&server, fourth.clone(), &["*"]).await.expect("updated"), fourth);

        let stale = Member { display_name: "Late".into(), ..first };
        refused(update(&server, stale, &["*"]).await, Code::Aborted, "ETAG_MISMATCH");
        let without = Member { etag: String::new(), ..fourth.clone() };
        let status = update(&server, without, &["*"]).await.expect_err("refused");
        assert_refused(&status, Code::InvalidArgument, "ETAG_REQUIRED", Some("member.etag"));
        for path in ["colour", "competencies.product"] {
            let status = update(&server, fourth.clone(), &[path]).await.expect_err("refused");
            assert_refused(&status, Code::InvalidArgument, "FIELD_MASK_INVALID", Some("update_mask"));
        }
    }

    async fn a_member_stops_working_and_begins_again_by_verbs_alone(server: TestServer) {
        let created = create(&server, "wang", wang()).await.expect("created");
        create(&server, "li", Member { manager: "members/wang".into(), ..named("李雷") })
            .await
            .expect("created");
        let answer = reactivate(&server, "members/wang").await;
        let status = refused(answer, Code::FailedPrecondition, "STATE_WRONG");
        let metadata = details(&status).error_info().expect("info").metadata.clone();
        assert_eq!((&*metadata["state"], &*metadata["allowed"]), ("ACTIVE", "INACTIVE"));

        // His people go on reporting to him.
        let gone = deactivate(&server, "members/HR~0000471", "离职").await.expect("deactivated");
        assert_eq!((gone.state(), &*gone.deactivate_reason), (MemberState::Inactive, "离职"));
        assert_ne!(gone.etag, created.etag);
        assert_eq!(get(&server, "members/wang").await.expect("read"), gone);
        assert_eq!(get(&server, "members/li").await.expect("read").manager, "members/wang");
        let answer = deactivate(&server, "members/wang", "again").await;
        refused(answer, Code::FailedPrecondition, "STATE_WRONG");

        // He may be changed meanwhile, but not his state.
        let wish = Member { display_name: "王 芳".into(), state: 1, ..gone };
        let changed = update(&server, wish, &["display_name", "state"]).await.expect("updated");
        assert_eq!(changed.state(), MemberState::Inactive);
        let back = reactivate(&server, "members/wang").await.expect("reactivated");
        assert_eq!((back.state(), &*back.deactivate_reason), (MemberState::Active, ""));
        refused(reactivate(&server, "members/no").await, Code::NotFound, "RESOURCE_NOT_FOUND");
        let status = deactivate(&server, "members/wang", "").await.expect_err("refused");
        assert_refused(&status, Code::InvalidArgument, "FIELD_REQUIRED", Some("reason"));
    }

    async fn whoever_owns_what_nobody_does_is_there_and_stays(server: TestServer) {
        let unassigned = get(&server, "members/unassigned").await.expect("there from the start");
        assert_eq!((&*unassigned.display_name, unassigned.state()), ("Unassigned", MemberState::Active));
        assert_eq!((unassigned.create_time, unassigned.update_time), (None, None));
        let answer = deactivate(&server, "members/unassigned", "x").await;
        refused(answer, Code::FailedPrecondition, "MEMBER_IS_DEFAULT_OWNER");
        let answer = create(&server, "unassigned", named("Other")).await;
        refused(answer, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS");
        let wish = Member { display_name: "未分配".into(), ..unassigned };
        let named = update(&server, wish, &["display_name"]).await.expect("updated");
        assert_eq!((&*named.display_name, named.create_time), ("未分配", None));
        assert!(named.update_time.is_some());
    }

    async fn members_outlive_a_restart(mut server: TestServer) {
        let created = create(&server, "wang", wang()).await.expect("created");
        create(&server, "li", wang_without_keys()).await.expect("created");
        let gone = deactivate(&server, "members/li", "左遷").await.expect("deactivated");
        server.restart().await;
        assert_eq!(get(&server, "members/CRM~%E5%8D%8E%E4%B8%9C%2F1").await.expect("read"), created);
        assert_eq!(get(&server, "members/li").await.expect("read"), gone);
        let unassigned = get(&server, "members/unassigned").await.expect("read");
        assert_eq!(unassigned.state(), MemberState::Active);
    }

    async fn the_owner_of_what_nobody_owns_may_be_another(mut server: TestServer) {
        create(&server, "wang", wang()).await.expect("created");
        create(&server, "li", named("李雷")).await.expect("created");
        deactivate(&server, "members/li", "x").await.expect("deactivated");
        server
            .restart_with(|config| config.business.default_owner = "members/HR~0000471".into())
            .await;
        let answer = deactivate(&server, "members/wang", "x").await;
        refused(answer, Code::FailedPrecondition, "MEMBER_IS_DEFAULT_OWNER");
        let answer = deactivate(&server, "members/unassigned", "x").await;
        refused(answer, Code::FailedPrecondition, "MEMBER_IS_DEFAULT_OWNER");
        // Without the key that the configuration names he could not be found.
        let wang = get(&server, "members/wang").await.expect("read");
        let without = Member { external_refs: vec![], ..wang.clone() };
        let answer = update(&server, without, &["external_refs"]).await;
        refused(answer, Code::FailedPrecondition, "MEMBER_IS_DEFAULT_OWNER");
        assert_eq!(get(&server, "members/HR~0000471").await.expect("still"), wang);

        server.stop();
        for (name, what) in [
            ("members/li", "members/li is inactive"),
            ("members/HR~471", "members/HR~471 does not exist"),
            ("li", "business.default_owner: \"li\" does not have the form members/{member}"),
        ] {
            let told = not_served(&server, name);
            assert!(told.contains(what) && told.contains("business.default_owner"), "{told}");
        }
    }

    async fn hostile_values_are_refused_by_field(server: TestServer) {
        for name in ["members/a\0b", "members/", "members/-", "accounts/a", "members/HR~%0", "members/１２"] {
            let status = get(&server, name).await.expect_err(name);
            assert_refused(&status, Code::InvalidArgument, "RESOURCE_NAME_INVALID", Some("name"));
        }
        let wrong = Member {
            principals: vec!["a\nb".into()],
            competencies: Some(MemberCompetencies { product: 6, ..Default::default() }),
            ..named("王芳 ")
        };
        let status = create(&server, "１２", wrong).await.expect_err("refused");
        let mut found = fields(&status);
        found.sort();
        let expected = [
            ("member.competencies.product", "FIELD_INVALID"),
            ("member.display_name", "TEXT_INVALID"),
            ("member.principals[0]", "TEXT_INVALID"),
            ("member_id", "RESOURCE_NAME_INVALID"),
        ];
        assert_eq!(found, expected.map(|(f, r)| (f.to_owned(), r.to_owned())));
        create(&server, "bobby", named("Robert'); DROP TABLE member; --")).await.expect("created");
        let long = named(&"芳".repeat(200));
        assert_eq!(create(&server, "long", long.clone()).await.expect("created").display_name, long.display_name);
    }
}

fn wang_without_keys() -> Member {
    Member { external_refs: vec![], principals: vec![], ..wang() }
}

/// What `ballast serve` says that does not come up.
fn not_served(server: &TestServer, default_owner: &str) -> String {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_ballast"))
        .args(["serve", "--insecure", "--listen", "127.0.0.1:0"])
        .env("BALLAST_DATABASE_URL", server.database_url())
        .env("BALLAST_BUSINESS_DEFAULT_OWNER", default_owner)
        .output()
        .expect("the command runs");
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}
