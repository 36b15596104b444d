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
    let id = id.to_owned();
    let ctx = Ctx::system(server.clock().clone());
    let at = ctx.clock.group_at(day(as_of), known_at);
    let read = server.store().read(&ctx, move |tx| {
        Box::pin(async move {
            let members = tx.group_members(&id, at).await?.accounts;
            let ancestors = tx.ancestors_of(&[(id, at)]).await?.remove(0).accounts;
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

    async fn fault_m14_a_link_of_the_past_counts_until_the_next_one(server: TestServer) {
        for id in ["north", "south", "shop"] {
            create_under(&server, id, "").await.expect("created");
        }
        server.clock().set(noon("2019-07-10"));
        let first = move_under(&server, "shop", "north").await.expect("moved");
        let before = server.clock().now_micros();
        server.clock().set(noon("2019-07-11"));
        // It changes who stood where, not who stands where.
        let past = belonged(&server, "shop", "south", "2019-03-01").await.expect("noted");
        assert_eq!((past.parent.as_str(), past.etag != first.etag), ("accounts/north", true));
        let again = belonged(&server, "shop", "south", "2019-03-01").await.expect("known");
        assert_eq!(again.etag, past.etag, "nothing changed");
        belonged(&server, "shop", "", "2019-05-01").await.expect("noted");
        let now = server.clock().now_micros();
        let above = async |on: &str, known_at| group(&server, "shop", on, known_at).await.1;
        for (on, parent) in [
            ("2019-02-28", ""), ("2019-03-01", "south"), ("2019-04-30", "south"),
            ("2019-05-01", ""), ("2019-07-09", ""), ("2019-07-10", "north"),
        ] {
            assert_eq!(above(on, now).await, parent, "{on}");
        }
        assert_eq!(above("2019-04-01", before).await, "", "as known then");
        assert_eq!(group(&server, "south", "2019-04-01", now).await.0, "shop south");
        // The parent it has, since earlier.
        let since = belonged(&server, "shop", "north", "2019-05-01").await.expect("noted");
        assert_eq!(since.parent, "accounts/north");
        assert_eq!(above("2019-06-01", server.clock().now_micros()).await, "north");
        let verified = server.store().verify(&Ctx::system(server.clock().clone())).await;
        assert!(verified.expect("verified").iter().all(|check| check.holds()));
    }

    async fn fault_m14_a_link_is_of_today_or_earlier_and_closes_no_ring_on_any_day(server: TestServer) {
        for id in ["a", "b", "c"] {
            create_under(&server, id, "").await.expect("created");
        }
        let status = belonged(&server, "b", "a", "2019-07-01").await.expect_err("tomorrow");
        let field = Some("parent_effective_date");
        assert_refused(&status, Code::InvalidArgument, "DATE_INVALID", field);
        let request = |parent: &str, from: &str| pb::CreateAccountRequest {
            account_id: "d".into(),
            account: Some(Account { parent: parent.into(), ..named("d") }),
            parent_effective_date: Some(crate::support::ledger::date(from)),
            ..Default::default()
        };
        let status = server.accounts().create_account(request("accounts/a", "2019-07-01")).await;
        assert_refused(&status.expect_err("tomorrow"), Code::InvalidArgument, "DATE_INVALID", field);
        let status = server.accounts().create_account(request("", "2019-06-01")).await;
        assert_refused(&status.expect_err("no parent"), Code::InvalidArgument, "FIELD_INVALID", field);
        let account = get(&server, "accounts/b").await.expect("read");
        let update = pb::UpdateAccountRequest {
            account: Some(account),
            update_mask: mask(&["display_name"]),
            parent_effective_date: Some(crate::support::ledger::date("2019-06-01")),
            ..Default::default()
        };
        let status = server.accounts().update_account(update).await;
        assert_refused(&status.expect_err("no parent"), Code::InvalidArgument, "FIELD_INVALID", field);

        // b under a in March and April only.
        belonged(&server, "b", "a", "2019-03-01").await.expect("noted");
        belonged(&server, "b", "", "2019-05-01").await.expect("noted");
        let status = belonged(&server, "a", "b", "2019-01-01").await.expect_err("a ring in March");
        let field = Some("account.parent");
        assert_refused(&status, Code::FailedPrecondition, "ACCOUNT_CYCLE", field);
        assert!(status.message().contains("2019-03-01"), "{status:?}");
        belonged(&server, "c", "b", "2019-01-01").await.expect("noted");
        let status = belonged(&server, "a", "c", "2019-04-30").await.expect_err("a ring in April");
        assert!(status.message().contains("2019-04-30"), "{status:?}");
        belonged(&server, "a", "c", "2019-05-01").await.expect("no ring since");
        let now = server.clock().now_micros();
        assert_eq!(group(&server, "a", "2019-04-30", now).await, ("a b c".into(), "".into()));
        assert_eq!(group(&server, "a", "2019-05-01", now).await, ("a".into(), "c b".into()));
    }

    async fn fault_m14_a_group_was_at_most_eight_levels_deep_on_any_day(server: TestServer) {
        let joins = |id: &str, parent: &str, from: &str| {
            let request = pb::CreateAccountRequest {
                account_id: id.into(),
                account: Some(Account { parent: format!("accounts/{parent}"), ..named(id) }),
                parent_effective_date: Some(crate::support::ledger::date(from)),
                ..Default::default()
            };
            let mut accounts = server.accounts();
            async move { accounts.create_account(request).await }
        };
        for id in ["l1", "top", "new"] {
            create_under(&server, id, "").await.expect("created");
        }
        for level in 2..=8 {
            let (id, parent) = (format!("l{level}"), format!("l{}", level - 1));
            joins(&id, &parent, "2019-01-01").await.expect("created");
        }
        // Today nothing is below l4; until April l8 was.
        belonged(&server, "l5", "", "2019-05-01").await.expect("noted");
        let deep = |status: &Status, on: &str| {
            let (code, field) = (Code::FailedPrecondition, Some("account.parent"));
            assert_refused(status, code, "ACCOUNT_GROUP_TOO_DEEP", field);
            let info = details(status).error_info().expect("info").clone();
            assert_eq!(info.metadata.get("date").map(String::as_str), Some(on), "{status:?}");
        };
        let refused = belonged(&server, "l1", "top", "2019-03-01").await.expect_err("nine levels");
        deep(&refused, "2019-03-01");
        let refused = belonged(&server, "l1", "top", "2018-12-01").await.expect_err("nine levels");
        deep(&refused, "2019-01-01");
        let refused = belonged(&server, "new", "l8", "2019-04-30").await.expect_err("nine levels");
        deep(&refused, "2019-04-30");
        let refused = joins("newer", "l8", "2019-02-01").await;
        deep(&refused.expect_err("nine levels"), "2019-02-01");
        let now = server.clock().now_micros();
        assert_eq!(group(&server, "l1", "2019-04-30", now).await.0, "l1 l2 l3 l4 l5 l6 l7 l8");

        belonged(&server, "l1", "top", "2019-05-01").await.expect("five levels since");
        joins("newer", "l8", "2019-05-01").await.expect("five levels since");
        belonged(&server, "new", "l7", "2019-01-01").await.expect("eight levels then");
        let verified = server.store().verify(&Ctx::system(server.clock().clone())).await;
        assert!(verified.expect("verified").iter().all(|check| check.holds()));
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
