//! Positions: what they are, to which others they report, and how they end.

use super::*;
use crate::support::credit::moment;

async fn change(
    server: &TestServer,
    position: Position,
    paths: &[&str],
) -> Result<Position, Status> {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let request = pb::UpdatePositionRequest {
        position: Some(position),
        update_mask: Some(prost_types::FieldMask { paths }),
        ..Default::default()
    };
    server.contacts().update_position(request).await.map(|r| r.into_inner())
}

pub async fn close(
    server: &TestServer,
    name: &str,
    last: i64,
) -> Result<pb::ClosePositionResponse, Status> {
    let request = pb::ClosePositionRequest {
        name: name.into(),
        valid_to: Some(day(last)),
        ..Default::default()
    };
    server.contacts().close_position(request).await.map(|r| r.into_inner())
}

on_both_engines! {
    async fn who_comes_after_a_position_was_closed_leaves_with_it(server: TestServer) {
        account(&server, "acme", &[]).await;
        let at = position(&server, "acme", PositionFunction::Finance, PositionLevel::Manager).await;
        close(&server, &at, 0).await.expect("closed, with nobody in it");
        let wang = person(&server, "王芳").await;
        move_from_to(&server, &wang, "", &at, 0).await.expect("for its last day");
        assert_eq!(get(&server, &wang).await.expect("a contact").positions, std::slice::from_ref(&at));
        server.clock().set(moment(1));
        assert!(get(&server, &wang).await.expect("a contact").positions.is_empty());
        assert_eq!(read_position(&server, &at).await.incumbent, "");
        delete(&server, &wang).await.expect("he sits nowhere");
    }

    async fn a_position_reads_back_and_changes_by_its_mask(server: TestServer) {
        account(&server, "acme", &["north"]).await;
        let chief = position(&server, "acme", PositionFunction::Management, PositionLevel::Executive).await;
        let wish = Position {
            site: "north".into(),
            function_text: "Ferry office".into(),
            title: "Head of ferries".into(),
            buying_roles: vec![BuyingRole::Decider.into(), BuyingRole::User.into()],
            reports_to: chief.clone(),
            ..seat(PositionFunction::Other, PositionLevel::Manager)
        };
        let made = try_position(&server, "acme", wish.clone()).await.expect("created");
        let expected = Position {
            name: made.name.clone(),
            vacant_since: Some(day(-1_000)),
            create_time: made.create_time,
            update_time: made.update_time,
            etag: made.etag.clone(),
            ..wish
        };
        assert_eq!(made, expected);
        assert_eq!(read_position(&server, &made.name).await, made);

        let wish = Position { site: String::new(), reports_to: String::new(), title: "X".into(), ..made.clone() };
        let changed = change(&server, wish, &["site", "reports_to"]).await.expect("changed");
        assert_eq!((&*changed.site, &*changed.reports_to, &changed.title), ("", "", &made.title));
        assert_ne!(changed.etag, made.etag);
        refused(change(&server, made, &["title"]).await, Code::Aborted, "ETAG_MISMATCH");
        let first = change(&server, changed, &["valid_from"]).await;
        refused(first, Code::InvalidArgument, "FIELD_MASK_INVALID");
    }

    async fn a_position_cannot_report_to_itself_or_to_another_account(server: TestServer) {
        account(&server, "acme", &[]).await;
        account(&server, "other", &[]).await;
        let [a, b] = [PositionLevel::Executive, PositionLevel::Staff];
        let chief = position(&server, "acme", PositionFunction::Finance, a).await;
        let clerk = position(&server, "acme", PositionFunction::Finance, b).await;
        let under = |position: Position, to: &str| Position { reports_to: to.into(), ..position };
        let read = read_position(&server, &clerk).await;
        change(&server, under(read, &chief), &["reports_to"]).await.expect("reports");
        for to in [&clerk, &chief] {
            let read = read_position(&server, &chief).await;
            let answer = change(&server, under(read, to), &["reports_to"]).await;
            refused(answer, Code::FailedPrecondition, "POSITION_CYCLE");
        }
        let foreign = position(&server, "other", PositionFunction::Finance, a).await;
        let read = read_position(&server, &chief).await;
        let answer = change(&server, under(read, &foreign), &["reports_to"]).await;
        refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
    }

    async fn a_site_stays_while_a_position_names_it(server: TestServer) {
        account(&server, "acme", &["north", "south"]).await;
        let wish = Position { site: "north".into(), ..seat(PositionFunction::Finance, PositionLevel::Staff) };
        let at = try_position(&server, "acme", wish).await.expect("created").name;
        let without = |site: &'static str| {
            let mut client = server.accounts();
            async move {
                let read = pb::GetAccountRequest { name: "accounts/acme".into() };
                let mut acme = client.get_account(read).await.expect("read").into_inner();
                acme.sites.retain(|one| one.site_id != site);
                let request = pb::UpdateAccountRequest {
                    account: Some(acme),
                    update_mask: Some(prost_types::FieldMask { paths: vec!["sites".into()] }),
                    ..Default::default()
                };
                client.update_account(request).await.map(|r| r.into_inner())
            }
        };
        let status = refused(without("north").await, Code::FailedPrecondition, "SITE_IN_USE");
        let info = details(&status).error_info().expect("info").clone();
        assert_eq!((&*info.metadata["sites"], &info.metadata["used_by"]), ("north", &at));
        assert_eq!(without("south").await.expect("nobody names it").sites.len(), 1);
        close(&server, &at, 0).await.expect("closed");
        refused(without("north").await, Code::FailedPrecondition, "SITE_IN_USE");
        server.clock().set(moment(1));
        assert!(without("north").await.expect("it is over").sites.is_empty());
    }

    async fn whoever_sits_in_a_position_that_is_closed_leaves_with_it(server: TestServer) {
        account(&server, "acme", &[]).await;
        let seat = position(&server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
        let li = person(&server, "Li").await;
        move_from_to(&server, &li, "", &seat, -5).await.expect("hired");
        let status = delete(&server, &li).await;
        refused(status, Code::FailedPrecondition, "CONTACT_HAS_POSITION");
        let early = close(&server, &seat, -1_002).await.expect_err("before it was");
        assert_refused(&early, Code::InvalidArgument, "DATE_INVALID", Some("valid_to"));
        let told = close(&server, &seat, -1).await.expect("closed");
        assert_eq!((told.left, told.uncontacted_invoices), (vec![li.clone()], None), "nothing is owed");
        let closed = told.position.expect("a position");
        assert_eq!((closed.valid_to, &*closed.incumbent, closed.vacant_since), (Some(day(-1)), "", None));
        let told = incumbencies(&server, &seat, None).await;
        assert_eq!((told.len(), told[0].valid_to), (1, Some(day(-1))));
        refused(close(&server, &seat, 0).await, Code::FailedPrecondition, "STATE_WRONG");
        let late = move_from_to(&server, &li, "", &seat, 0).await.expect_err("closed");
        assert_refused(&late, Code::InvalidArgument, "DATE_INVALID", Some("effective_date"));
        assert_eq!(delete(&server, &li).await.expect("deleted").state(), pb::ContactState::Deleted);
        let moved = move_from_to(&server, &li, "", &seat, -2).await;
        refused(moved, Code::FailedPrecondition, "STATE_WRONG");
    }
}
