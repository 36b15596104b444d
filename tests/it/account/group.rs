//! Groups: who may stand where, and who stood where on which day.

use super::*;
use ballast::ctx::Ctx;
use chrono::{DateTime, NaiveDate, Utc};

fn day(iso: &str) -> NaiveDate {
    iso.parse().expect("a date")
}

fn noon(iso: &str) -> DateTime<Utc> {
    format!("{iso}T12:00:00Z").parse().expect("a time")
}

/// The group of an account on a day, as known at an instant, and who is above it.
async fn group(server: &TestServer, id: &str, as_of: &str, known_at: i64) -> (String, String) {
    let (id, as_of) = (id.to_owned(), day(as_of));
    let ctx = Ctx::system(server.clock().clone());
    let read = server.store().read(&ctx, move |tx| {
        Box::pin(async move {
            let members = tx.group_members(&id, as_of, known_at).await?;
            let ancestors = tx.ancestors(&id, as_of, known_at).await?;
            Ok((members.join(" "), ancestors.join(" ")))
        })
    });
    read.await.expect("read")
}

on_both_engines! {
    async fn nobody_stands_above_themselves(server: TestServer) {
        for (id, parent) in [("a", ""), ("b", "a"), ("c", "b")] {
            create_under(&server, id, parent).await.expect("created");
        }
        for parent in ["a", "b", "c"] {
            let status = move_under(&server, "a", parent).await.expect_err("a ring");
            let field = Some("account.parent");
            assert_refused(&status, Code::FailedPrecondition, "ACCOUNT_CYCLE", field);
        }
        let answer = create_under(&server, "d", "none").await;
        refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
        assert_eq!(get(&server, "accounts/a").await.expect("read").parent, "");
    }

    async fn a_group_is_at_most_eight_levels_deep(server: TestServer) {
        create_under(&server, "l1", "").await.expect("created");
        for level in 2..=8 {
            let (id, parent) = (format!("l{level}"), format!("l{}", level - 1));
            create_under(&server, &id, &parent).await.expect("created");
        }
        let status = create_under(&server, "l9", "l8").await.expect_err("too deep");
        let (code, field) = (Code::FailedPrecondition, Some("account.parent"));
        assert_refused(&status, code, "ACCOUNT_GROUP_TOO_DEEP", field);

        // What is below an account moves with it, and counts.
        create_under(&server, "top", "").await.expect("created");
        let status = move_under(&server, "l1", "top").await.expect_err("too deep");
        assert_refused(&status, code, "ACCOUNT_GROUP_TOO_DEEP", field);
        let moved = move_under(&server, "l2", "top").await.expect("moved");
        assert_eq!(moved.parent, "accounts/top");
        move_under(&server, "l8", "").await.expect("moved");
        move_under(&server, "l1", "top").await.expect("moved");
    }

    async fn a_day_keeps_the_links_it_had(server: TestServer) {
        for id in ["north", "south", "shop"] {
            create_under(&server, id, "").await.expect("created");
        }
        server.clock().set(noon("2019-07-01"));
        move_under(&server, "shop", "north").await.expect("moved");
        let before = server.clock().now_micros();
        server.clock().set(noon("2019-07-10"));
        create_under(&server, "till", "shop").await.expect("created");
        move_under(&server, "shop", "south").await.expect("moved");
        let after = server.clock().now_micros();

        let all = |members: &str, ancestors: &str| (members.to_owned(), ancestors.to_owned());
        let alone = all("north", "");
        assert_eq!(group(&server, "north", "2019-06-30", after).await, alone);
        assert_eq!(group(&server, "north", "2019-07-01", after).await, all("north shop", ""));
        assert_eq!(group(&server, "north", "2019-07-09", after).await, all("north shop", ""));
        assert_eq!(group(&server, "north", "2019-07-10", after).await, alone);
        assert_eq!(group(&server, "north", "2019-07-10", before).await, all("north shop", ""));
        assert_eq!(group(&server, "south", "2019-07-10", after).await, all("shop south till", ""));
        assert_eq!(group(&server, "till", "2019-07-10", after).await, all("till", "shop south"));
        assert_eq!(group(&server, "till", "2019-07-10", before).await, all("till", ""));

        // Twice on one day: the last counts; under nobody is a link too.
        move_under(&server, "shop", "north").await.expect("moved");
        move_under(&server, "shop", "").await.expect("moved");
        let now = server.clock().now_micros();
        assert_eq!(group(&server, "till", "2019-07-10", now).await, all("till", "shop"));
        assert_eq!(group(&server, "south", "2019-07-10", now).await, all("south", ""));
        assert_eq!(group(&server, "south", "2019-07-10", after).await, all("shop south till", ""));
    }

    async fn two_that_want_under_each_other_make_no_ring(server: TestServer) {
        for round in 0..8 {
            let (a, b) = (format!("a{round}"), format!("b{round}"));
            create_under(&server, &a, "").await.expect("created");
            create_under(&server, &b, "").await.expect("created");
            let (one, other) = tokio::join!(
                move_under(&server, &a, &b),
                move_under(&server, &b, &a),
            );
            assert!(one.is_ok() ^ other.is_ok(), "{one:?} {other:?}");
            let lost = if one.is_ok() { other } else { one };
            refused(lost, Code::FailedPrecondition, "ACCOUNT_CYCLE");
        }
    }
}
