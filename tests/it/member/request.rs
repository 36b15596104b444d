//! The same request again, and the same thing wanted by several at once.

use futures_util::future::join_all;

use super::*;
use crate::support::Engine;

fn asked(id: &str, member: Member) -> pb::CreateMemberRequest {
    pb::CreateMemberRequest {
        member: Some(member),
        member_id: id.into(),
        request_id: "r1".into(),
        ..Default::default()
    }
}

/// Every value of a query, from beside the server.
async fn texts(server: &TestServer, sql: &'static str) -> Vec<String> {
    let url = server.database_url();
    match server.engine() {
        Engine::Sqlite => {
            let pool = sqlx::SqlitePool::connect(url).await.expect("the database");
            sqlx::query_scalar(sql).fetch_all(&pool).await.expect("rows")
        }
        Engine::Postgres => {
            let pool = sqlx::PgPool::connect(url).await.expect("the database");
            sqlx::query_scalar(sql).fetch_all(&pool).await.expect("rows")
        }
    }
}

on_both_engines! {
    async fn the_same_request_again_answers_with_what_is_personal_as_it_is_now(server: TestServer) {
        let mut client = server.accounts();
        let first = client.create_member(asked("", wang())).await.expect("created").into_inner();
        let again = client.create_member(asked("", wang())).await.expect("replayed").into_inner();
        assert_eq!(again, first);

        let deactivate = pb::DeactivateMemberRequest {
            name: first.name.clone(),
            reason: "离职".into(),
            request_id: "r1".into(),
            ..Default::default()
        };
        let gone = client.deactivate_member(deactivate.clone()).await.expect("done").into_inner();
        let gone = gone.member.expect("a member");
        let wish = Member { display_name: "王 芳".into(), executive: false, ..gone.clone() };
        let changed = update(&server, wish, &["display_name", "executive"]).await.expect("updated");
        let back = reactivate(&server, &first.name).await.expect("reactivated");
        assert_eq!(back.display_name, changed.display_name);

        // As it was, but for the name: that is kept in one place.
        let expected = Member { display_name: "王 芳".into(), ..first };
        let again = client.create_member(asked("", wang())).await.expect("replayed").into_inner();
        assert_eq!(again, expected);
        let again = client.deactivate_member(deactivate).await.expect("replayed").into_inner();
        assert_eq!(again.member, Some(Member { display_name: "王 芳".into(), ..gone }));

        let other = client.create_member(asked("", named("王 芳"))).await;
        let status = refused(other, Code::InvalidArgument, "REQUEST_ID_REUSED");
        assert_eq!(fields(&status)[0].0, "request_id");
    }

    async fn what_is_personal_is_kept_in_the_rows_of_the_member_alone(server: TestServer) {
        let mut client = server.accounts();
        let first = client.create_member(asked("wang", wang())).await.expect("created").into_inner();
        let wish = Member { display_name: "王芳芳".into(), business_unit: "华南".into(), ..first };
        let request = pb::UpdateMemberRequest {
            member: Some(wish),
            update_mask: None,
            request_id: "r1".into(),
            ..Default::default()
        };
        client.update_member(request.clone()).await.expect("updated");
        client.update_member(request).await.expect("replayed");
        let request = pb::DeactivateMemberRequest {
            name: "members/wang".into(),
            reason: "离职".into(),
            request_id: "r1".into(),
            ..Default::default()
        };
        client.deactivate_member(request).await.expect("deactivated");
        reactivate(&server, "members/HR~0000471").await.expect("reactivated");

        let kept = texts(&server, "SELECT answer FROM idempotency").await;
        assert_eq!(kept.len(), 3);
        let events = texts(
            &server,
            "SELECT event_type || ' ' || subject || ' ' || data FROM outbox ORDER BY recorded_us",
        )
        .await;
        let types: Vec<_> = events.iter().filter_map(|event| event.split('.').nth(2)).collect();
        let expected = ["member_created", "member_updated", "member_deactivated", "member_reactivated"];
        assert_eq!(types, expected);
        assert!(events[1].contains(r#""changed":["display_name","business_unit"]"#), "{}", events[1]);
        assert!(events.iter().all(|event| event.contains(r#""member":"members/wang""#)), "{events:?}");
        let audit = texts(&server, "SELECT resource || ' ' || detail FROM audit").await;
        for row in kept.iter().chain(&events).chain(&audit) {
            for text in ["王", "wang.fang@example.com", "离职"] {
                assert!(!row.contains(text), "{text} in {row}");
            }
        }
    }

    async fn of_several_that_create_one_id_one_does(server: TestServer) {
        for round in 0..5 {
            let id = format!("m{round}");
            let answers = join_all((0..8).map(|_| create(&server, &id, named("王芳")))).await;
            let (created, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
            assert_eq!((created.len(), refused.len()), (1, 7));
            for status in refused {
                let status = status.expect_err("refused");
                assert_refused(&status, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS", None);
            }
        }
    }

    async fn twins_of_one_request_get_one_answer(server: TestServer) {
        let answers = join_all((0..6).map(|_| {
            let mut client = server.accounts();
            async move { client.create_member(asked("", wang())).await.map(|r| r.into_inner()) }
        }))
        .await;
        let first = answers[0].as_ref().expect("created");
        for answer in &answers {
            assert_eq!(answer.as_ref().expect("replayed"), first);
        }
    }

    async fn of_several_changes_of_one_version_one_wins(server: TestServer) {
        let member = create(&server, "wang", wang()).await.expect("created");
        let answers = join_all((0..6).map(|n| {
            let wish = Member { display_name: format!("王芳 {n}"), ..member.clone() };
            update(&server, wish, &["display_name"])
        }))
        .await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 5));
        for status in lost {
            refused(status, Code::Aborted, "ETAG_MISMATCH");
        }
        assert_eq!(&get(&server, "members/wang").await.expect("read"), won[0].as_ref().expect("won"));

        let answers = join_all((0..6).map(|_| deactivate(&server, "members/wang", "x"))).await;
        let (done, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((done.len(), lost.len()), (1, 5));
        for status in lost {
            refused(status, Code::FailedPrecondition, "STATE_WRONG");
        }
    }
}
