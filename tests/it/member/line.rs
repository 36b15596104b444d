//! Reporting lines.

use super::*;

async fn under(server: &TestServer, id: &str, manager: &str) -> Result<Member, Status> {
    let manager = if manager.is_empty() { String::new() } else { format!("members/{manager}") };
    create(server, id, Member { manager, ..named(id) }).await
}

async fn move_under(server: &TestServer, id: &str, manager: &str) -> Result<Member, Status> {
    let member = get(server, &format!("members/{id}")).await?;
    let manager = if manager.is_empty() { String::new() } else { format!("members/{manager}") };
    update(server, Member { manager, ..member }, &["manager"]).await
}

on_both_engines! {
    async fn nobody_is_above_himself(server: TestServer) {
        for (id, manager) in [("a", ""), ("b", "a"), ("c", "b"), ("d", "")] {
            under(&server, id, manager).await.expect("created");
        }
        for manager in ["a", "b", "c"] {
            let answer = move_under(&server, "a", manager).await;
            let status = refused(answer, Code::FailedPrecondition, "MEMBER_CYCLE");
            assert!(status.message().contains("members/a"), "{}", status.message());
        }
        assert_eq!(get(&server, "members/a").await.expect("read").manager, "");
        assert_eq!(move_under(&server, "a", "d").await.expect("moved").manager, "members/d");
        refused(move_under(&server, "d", "c").await, Code::FailedPrecondition, "MEMBER_CYCLE");
        assert_eq!(move_under(&server, "a", "").await.expect("moved").manager, "");
        assert_eq!(move_under(&server, "d", "c").await.expect("moved").manager, "members/c");

        let answer = under(&server, "a", "a").await;
        refused(answer, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS");
        let answer = under(&server, "e", "none").await;
        let status = refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
        assert_eq!(resource(&status), "members/none");
        refused(under(&server, "e", "e").await, Code::NotFound, "RESOURCE_NOT_FOUND");
    }

    async fn a_line_has_sixteen_levels(server: TestServer) {
        let mut manager = String::new();
        for level in 1..=16 {
            let id = format!("l{level}");
            under(&server, &id, &manager).await.expect("created");
            manager = id;
        }
        let answer = under(&server, "l17", "l16").await;
        let status = refused(answer, Code::FailedPrecondition, "MEMBER_LINE_TOO_DEEP");
        let metadata = details(&status).error_info().expect("info").metadata.clone();
        assert_eq!(metadata["levels_max"], "16");
        under(&server, "top", "").await.expect("created");
        let answer = move_under(&server, "l1", "top").await;
        refused(answer, Code::FailedPrecondition, "MEMBER_LINE_TOO_DEEP");
        assert_eq!(move_under(&server, "l2", "top").await.expect("moved").manager, "members/top");
    }

    async fn a_manager_is_named_by_any_of_his_names(server: TestServer) {
        create(&server, "wang", wang()).await.expect("created");
        let named = Member { manager: "members/HR~0000471".into(), ..named("李雷") };
        let created = create(&server, "li", named.clone()).await.expect("created");
        assert_eq!(created.manager, "members/wang");
        // The same manager by another name is no change.
        let wish = Member { manager: named.manager, ..created.clone() };
        assert_eq!(update(&server, wish, &["manager"]).await.expect("updated"), created);
        // An inactive one may be reported to.
        deactivate(&server, "members/wang", "x").await.expect("deactivated");
        under(&server, "han", "wang").await.expect("created");
    }

    async fn two_that_would_close_a_cycle_together_do_not(server: TestServer) {
        for round in 0..8 {
            let (a, b, c) = (format!("a{round}"), format!("b{round}"), format!("c{round}"));
            for id in [&a, &b, &c] {
                under(&server, id, "").await.expect("created");
            }
            let (one, two, three) = tokio::join!(
                move_under(&server, &a, &b),
                move_under(&server, &b, &c),
                move_under(&server, &c, &a),
            );
            let answers = [one, two, three];
            let lost: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
            assert_eq!(lost.len(), 1, "{answers:?}");
            assert_refused(lost[0], Code::FailedPrecondition, "MEMBER_CYCLE", None);
        }
    }
}
