//! People who come, go, rise, and change sides; and what that leaves behind.

use super::*;
use crate::support::ledger::{ACCOUNT, Desk, Settles, fresh, invoice, receipt, usd};
use crate::support::{as_caller, only_callers};

on_both_engines! {
    async fn a_vacancy_lasts_until_who_is_recorded_to_come(server: TestServer) {
        account(&server, "acme", &[]).await;
        let at = position(&server, "acme", PositionFunction::Finance, PositionLevel::Manager).await;
        let (wang, li) = (person(&server, "王芳").await, person(&server, "李明").await);
        move_from_to(&server, &wang, "", &at, 0).await.expect("hired");
        let left = move_from_to(&server, &wang, &at, "", 10).await.expect("left");
        assert_eq!(left.vacancy_opened.expect("a vacancy").until, None);
        move_from_to(&server, &li, "", &at, 12).await.expect("hired");
        let sooner = move_from_to(&server, &wang, &at, "", 5).await.expect("left sooner");
        let vacancy = sooner.vacancy_opened.expect("a vacancy");
        assert_eq!((vacancy.since, vacancy.until), (Some(day(5)), Some(day(11))));
    }

    async fn c2_a_position_outlives_its_incumbent_and_the_person_keeps_his_history(server: TestServer) {
        account(&server, "acme", &[]).await;
        account(&server, "rival", &[]).await;
        let finance = position(&server, "acme", PositionFunction::Finance, PositionLevel::Executive).await;
        let there = position(&server, "rival", PositionFunction::Finance, PositionLevel::Executive).await;
        let li = person(&server, "Li").await;
        let hired = move_from_to(&server, &li, "", &finance, -30).await.expect("hired");
        assert_eq!(hired.contact.expect("he").positions, [&*finance]);
        assert_eq!((hired.vacancy_opened, hired.vacancy_closed), (None, None), "nobody sat there before");
        assert_eq!(read_position(&server, &finance).await.incumbent, li);

        // He goes to another customer: the seat is empty, and he is who he was.
        let moved = move_from_to(&server, &li, &finance, &there, -10).await.expect("moved");
        assert_eq!(moved.contact.expect("he").positions, [&*there]);
        let vacancy = moved.vacancy_opened.expect("a vacancy");
        assert_eq!((&vacancy.position, vacancy.since, vacancy.until), (&finance, Some(day(-10)), None));
        assert_eq!(&*vacancy.interim, "members/unassigned");
        assert!(vacancy.deadline.is_some() && vacancy.deadline_provisional);
        let empty = read_position(&server, &finance).await;
        assert_eq!((&*empty.incumbent, empty.vacant_since), ("", Some(day(-10))));

        // A successor closes it.
        let wu = person(&server, "Wu").await;
        let next = move_from_to(&server, &wu, "", &finance, -3).await.expect("hired");
        let closed = next.vacancy_closed.expect("closed");
        assert_eq!((closed.since, closed.until, closed.deadline), (Some(day(-10)), Some(day(-4)), None));

        let seats = |all: Vec<pb::Incumbency>| -> Vec<_> {
            all.into_iter().map(|one| (one.position, one.contact, one.valid_from, one.valid_to)).collect()
        };
        let of_li = seats(incumbencies(&server, &li, None).await);
        assert_eq!(of_li, [
            (finance.clone(), li.clone(), Some(day(-30)), Some(day(-11))),
            (there.clone(), li.clone(), Some(day(-10)), None),
        ]);
        let of_seat = seats(incumbencies(&server, &finance, None).await);
        assert_eq!(of_seat, [
            (finance.clone(), li.clone(), Some(day(-30)), Some(day(-11))),
            (finance.clone(), wu.clone(), Some(day(-3)), None),
        ]);
        // A past day reads as it was.
        for (on, who) in [(-31, None), (-30, Some(&li)), (-11, Some(&li)), (-10, None), (-3, Some(&wu))] {
            let told = incumbencies(&server, "accounts/acme", Some(on)).await;
            assert_eq!(told.first().map(|one| &one.contact), who, "day {on}");
        }
        super::found::verify(&server).await;
    }

    async fn nobody_leaves_where_he_does_not_sit_or_takes_what_is_taken(server: TestServer) {
        account(&server, "acme", &[]).await;
        let [a, b] = [PositionLevel::Executive, PositionLevel::Staff];
        let chief = position(&server, "acme", PositionFunction::Finance, a).await;
        let clerk = position(&server, "acme", PositionFunction::Finance, b).await;
        let (li, wu) = (person(&server, "Li").await, person(&server, "Wu").await);
        move_from_to(&server, &li, "", &chief, -5).await.expect("hired");
        let who = |status: &Status| details(status).error_info().expect("info").metadata["incumbent"].clone();
        for (contact, from, to, reason, incumbent) in [
            (&wu, "", &*chief, "POSITION_OCCUPIED", &*li),
            (&wu, &*chief, "", "CONTACT_NOT_INCUMBENT", &*li),
            (&wu, &*clerk, "", "CONTACT_NOT_INCUMBENT", ""),
        ] {
            let answer = move_from_to(&server, contact, from, to, 0).await;
            assert_eq!(who(&refused(answer, Code::FailedPrecondition, reason)), incumbent);
        }
        // Promoted: both in one step, and none of it if the other cannot be.
        move_from_to(&server, &wu, "", &clerk, -4).await.expect("hired");
        let answer = move_from_to(&server, &wu, &clerk, &chief, 0).await;
        refused(answer, Code::FailedPrecondition, "POSITION_OCCUPIED");
        assert_eq!(read_position(&server, &clerk).await.incumbent, wu);
        move_from_to(&server, &li, &chief, "", 0).await.expect("left");
        let promoted = move_from_to(&server, &wu, &clerk, &chief, 0).await.expect("promoted");
        assert_eq!(promoted.contact.expect("he").positions, [&*chief]);
        assert_eq!(promoted.vacancy_opened.map(|vacancy| vacancy.position), Some(clerk));
        assert_eq!(promoted.vacancy_closed, None, "it was never empty for a day");
        let gone = move_from_to(&server, "contacts/none", "", &chief, 0).await;
        refused(gone, Code::NotFound, "RESOURCE_NOT_FOUND");
    }

    async fn c2_the_invoices_are_told_that_lose_their_finance_contact(server: TestServer) {
        let mut desk = Desk::new(&server);
        let due = |no: &str, units: &str| invoice(no, day(-20), units, &[(day(10), units)]);
        desk.post([due("I1", "100.00"), due("I2", "50.00"), due("I3", "7.00")]).await;
        desk.post([receipt("R1", day(-10), "47.00").settles("I3").settles_amount("I1", "40.00")]).await;
        let account = ACCOUNT.strip_prefix("accounts/").expect("a name");
        let [a, b] = [PositionLevel::Executive, PositionLevel::Staff];
        let chief = position(&server, account, PositionFunction::Finance, a).await;
        let clerk = position(&server, account, PositionFunction::Finance, b).await;
        let buyer = position(&server, account, PositionFunction::Procurement, b).await;
        let mut people = Vec::new();
        for (name, seat) in [("Li", &chief), ("Wu", &clerk), ("Xu", &buyer)] {
            let contact = person(&server, name).await;
            move_from_to(&server, &contact, "", seat, -5).await.expect("hired");
            people.push(contact);
        }
        let left = move_from_to(&server, &people[2], &buyer, "", 0).await.expect("left");
        assert_eq!(left.uncontacted_invoices, None, "he did not answer for money");
        let left = move_from_to(&server, &people[0], &chief, "", 0).await.expect("left");
        assert_eq!(left.uncontacted_invoices, None, "somebody still does");
        let left = move_from_to(&server, &people[1], &clerk, "", 0).await.expect("left");
        let told = left.uncontacted_invoices.expect("nobody answers for money");
        let request = pb::GetAccountRequest { name: ACCOUNT.into() };
        let payer = server.accounts().get_account(request).await.expect("read").into_inner().name;
        assert_eq!((told.account, told.invoices), (payer, 2));
        assert_eq!(told.open, [usd("110.00")]);
        // Whoever leaves with his position leaves the same behind.
        move_from_to(&server, &people[1], "", &clerk, 0).await.expect("back");
        let closed = super::positions::close(&server, &clerk, 0).await.expect("closed");
        assert_eq!(closed.left, [&*people[1]]);
        assert_eq!(closed.uncontacted_invoices.map(|lost| lost.open), Some(vec![usd("110.00")]));
        let closed = super::positions::close(&server, &chief, 0).await.expect("closed");
        assert_eq!((closed.left.len(), closed.uncontacted_invoices), (0, None), "nobody left");
    }

    async fn what_is_owed_is_told_only_to_those_who_may_read_it(server: TestServer) {
        let mut server = server;
        let due = invoice("I1", day(-20), "100.00", &[(day(10), "100.00")]);
        Desk::new(&server).post([due]).await;
        let account = ACCOUNT.strip_prefix("accounts/").expect("a name");
        let finance = position(&server, account, PositionFunction::Finance, PositionLevel::Manager).await;
        let li = person(&server, "Li").await;
        move_from_to(&server, &li, "", &finance, -5).await.expect("hired");
        let callers: &[(&str, &[&str])] = &[
            ("keeper", &["contacts.write"]),
            ("reader", &["contacts.write", "accounts.read"]),
        ];
        server.restart_with(|config| only_callers(config, callers)).await;
        let mut client = server.contacts();
        for (caller, tells) in [("keeper", false), ("reader", true)] {
            let leaves = pb::MoveContactRequest {
                contact: li.clone(),
                from_position: finance.clone(),
                request_id: fresh(),
                ..Default::default()
            };
            let left = client.move_contact(as_caller(caller, leaves.clone())).await.expect("left");
            assert_eq!(left.into_inner().uncontacted_invoices.is_some(), tells, "{caller}");
            let again = client.move_contact(as_caller(caller, leaves)).await.expect("the same");
            assert_eq!(again.into_inner().uncontacted_invoices.is_some(), tells, "{caller}");
            let back = pb::MoveContactRequest { contact: li.clone(), to_position: finance.clone(), ..Default::default() };
            client.move_contact(as_caller(caller, back)).await.expect("back");
        }
        let close = || pb::ClosePositionRequest { name: finance.clone(), request_id: fresh(), ..Default::default() };
        let closed = client.close_position(as_caller("keeper", close())).await.expect("closed");
        assert_eq!(closed.into_inner().uncontacted_invoices, None);
    }
}
