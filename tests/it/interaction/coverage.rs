//! How well an account is covered, by what was said with its people.

use ballast::pb::{CellState, Coverage, CoverageTie, TieRung, TieShape, TopHeavy};

use super::*;

async fn coverage(server: &TestServer, account: &str) -> Coverage {
    let request = pb::GetCoverageRequest { account: format!("accounts/{account}") };
    server.contacts().get_coverage(request).await.expect("coverage").into_inner()
}

/// Somebody of that function and level, who has sat there for long.
async fn somebody(
    server: &TestServer,
    account: &str,
    function: PositionFunction,
    level: PositionLevel,
) -> String {
    let seat = position(server, account, function, level).await;
    let contact = person(server, "Somebody").await;
    move_from_to(server, &contact, "", &seat, -900).await.expect("hired");
    contact
}

async fn meet(server: &TestServer, account: &str, on: i64, member: &str, contact: &str) {
    let visit = held(InteractionChannel::Visit, on, &[member], &[contact]);
    record(server, account, visit).await.expect("recorded");
}

on_both_engines! {
    async fn c1_coverage_tells_the_gaps_and_is_unknown_without_people(server: TestServer) {
        use PositionFunction::{Finance, Management, Procurement};
        account(&server, "acme", &[]).await;
        let unknown = coverage(&server, "acme").await;
        assert_eq!((unknown.coverage_bp, unknown.required, unknown.blank), (None, 5, 5));
        assert_eq!((unknown.shape(), unknown.top_heavy()), (TieShape::None, TopHeavy::Unknown));

        let wang = member(&server, "wang").await;
        let buyer = somebody(&server, "acme", Procurement, PositionLevel::Manager).await;
        let boss = somebody(&server, "acme", Management, PositionLevel::Executive).await;
        let clerk = somebody(&server, "acme", Finance, PositionLevel::Staff).await;
        assert_eq!(coverage(&server, "acme").await.coverage_bp, Some(0), "known and never met");
        meet(&server, "acme", -179, &wang, &buyer).await;
        meet(&server, "acme", -180, &wang, &boss).await;
        // One-way outreach is told and never counted.
        let mail = held(InteractionChannel::Message, -1, &[&wang], &[&clerk]);
        record(&server, "acme", mail).await.expect("recorded");
        let told = coverage(&server, "acme").await;
        assert_eq!((told.coverage_bp, told.live, told.stale, told.blank), (Some(2_000), 1, 2, 2));
        let states: Vec<_> = told.cells.iter().map(|cell| (cell.function(), cell.state())).collect();
        assert_eq!(states, [
            (Procurement, CellState::Live),
            (PositionFunction::Production, CellState::Blank),
            (PositionFunction::Technology, CellState::Blank),
            (Finance, CellState::Stale),
            (Management, CellState::Stale),
        ]);
        assert_eq!((&told.cells[0].contact, &told.cells[0].member), (&buyer, &wang));
        assert_eq!(told.cells[0].last_touch, Some(crate::support::ledger::day(-179)));
        assert_eq!((told.shape(), told.our_members), (TieShape::BowTie, 1));
        let of_clerk = told.ties.iter().find(|tie| tie.contact == clerk).expect("a tie");
        let expected = CoverageTie { one_way: 1, touches: 0, strength_bp: 0, ..of_clerk.clone() };
        assert_eq!((of_clerk, of_clerk.last_touch, of_clerk.live), (&expected, None, false));

        // A message that is answered is a real touch.
        let answered = Interaction { two_way: Some(true), ..held(InteractionChannel::Message, 0, &[&wang], &[&clerk]) };
        record(&server, "acme", answered).await.expect("recorded");
        assert_eq!(coverage(&server, "acme").await.live, 2);
        verify(&server).await;
    }

    async fn c2_whoever_leaves_takes_his_ties_along_and_who_comes_is_met_anew(server: TestServer) {
        account(&server, "acme", &[]).await;
        let seat = position(&server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
        let (wang, li, wu) =
            (member(&server, "wang").await, person(&server, "Li").await, person(&server, "Wu").await);
        move_from_to(&server, &li, "", &seat, -50).await.expect("hired");
        meet(&server, "acme", -40, &wang, &li).await;
        let finance = |coverage: Coverage| {
            let cell = coverage.cells.into_iter().find(|cell| cell.function() == PositionFunction::Finance);
            cell.expect("a cell").state()
        };
        assert_eq!(finance(coverage(&server, "acme").await), CellState::Live);
        move_from_to(&server, &li, &seat, "", -10).await.expect("left");
        let left = coverage(&server, "acme").await;
        assert_eq!((left.coverage_bp, left.ties.len()), (Some(0), 0), "known once, so not unknown");
        assert_eq!(finance(left), CellState::Blank);
        move_from_to(&server, &wu, "", &seat, -5).await.expect("hired");
        assert_eq!(finance(coverage(&server, "acme").await), CellState::Stale);
        meet(&server, "acme", 0, &wang, &wu).await;
        assert_eq!(finance(coverage(&server, "acme").await), CellState::Live);
        // And whoever of ours leaves has no tie either.
        let request = pb::DeactivateMemberRequest { name: wang, reason: "left".into(), ..Default::default() };
        server.accounts().deactivate_member(request).await.expect("deactivated");
        assert_eq!(finance(coverage(&server, "acme").await), CellState::Stale);
    }

    async fn c7_one_tie_is_a_bow_tie_and_three_functions_on_two_levels_are_a_diamond(server: TestServer) {
        use PositionFunction::{Finance, Management, Procurement};
        use PositionLevel::{Executive, Staff};
        account(&server, "acme", &[]).await;
        let (wang, zhao) = (member(&server, "wang").await, member(&server, "zhao").await);
        let clerk = somebody(&server, "acme", Finance, Staff).await;
        let buyer = somebody(&server, "acme", Procurement, Staff).await;
        let guard = somebody(&server, "acme", Management, Staff).await;
        let boss = somebody(&server, "acme", Management, Executive).await;
        let shape = || async {
            let told = coverage(&server, "acme").await;
            (told.shape(), told.our_members, told.ties.iter().filter(|tie| tie.live).count())
        };
        assert_eq!(shape().await, (TieShape::None, 0, 0));
        for (contact, member, expected) in [
            (&clerk, &wang, (TieShape::BowTie, 1, 1)),
            (&clerk, &zhao, (TieShape::Partial, 2, 2)),
            (&buyer, &wang, (TieShape::Partial, 2, 3)),
            // Three functions, and all of one level.
            (&guard, &wang, (TieShape::Partial, 2, 4)),
            (&boss, &zhao, (TieShape::Diamond, 2, 5)),
        ] {
            meet(&server, "acme", -1, member, contact).await;
            assert_eq!(shape().await, expected);
        }
        // Each line of the peer matrix is one of ours, one of theirs, and where he sits.
        let told = coverage(&server, "acme").await;
        let mut peers: Vec<_> = told.ties.iter().map(|tie| (tie.member.clone(), tie.function(), tie.level())).collect();
        peers.sort();
        let mut expected = vec![
            (wang.clone(), Finance, Staff),
            (wang.clone(), Procurement, Staff),
            (wang, Management, Staff),
            (zhao.clone(), Finance, Staff),
            (zhao, Management, Executive),
        ];
        expected.sort();
        assert_eq!(peers, expected);
    }

    async fn c3_the_top_line_alone_is_top_heavy_and_hangs_on_one(server: TestServer) {
        account(&server, "acme", &[]).await;
        let wang = member(&server, "wang").await;
        let boss = somebody(&server, "acme", PositionFunction::Management, PositionLevel::Executive).await;
        let hand = somebody(&server, "acme", PositionFunction::Production, PositionLevel::Staff).await;
        for on in [-60, -30, 0] {
            meet(&server, "acme", on, &wang, &boss).await;
        }
        let mut call = held(InteractionChannel::Message, -1, &[&wang], &[&hand]);
        call.two_way = Some(true);
        call.theirs[0].satisfaction = Some(3);
        record(&server, "acme", call).await.expect("recorded");
        let told = coverage(&server, "acme").await;
        // Visits on days 0, 30 and 60: 2.4237, beside a message of yesterday.
        let of_boss = told.ties.iter().find(|tie| tie.contact == boss).expect("a tie");
        assert_eq!((of_boss.strength_bp, of_boss.rung()), (5_479, TieRung::Familiar));
        assert_eq!((told.executive_share_bp, told.top_heavy()), (Some(9_243), TopHeavy::Red));
        let floor = told.satisfaction.last().expect("the floor");
        assert_eq!((floor.level(), floor.people), (PositionLevel::Staff, 1));
        assert_eq!(floor.mean.as_ref().map(|mean| &*mean.value), Some("3"));
        let dependency = told.dependency.expect("somebody");
        assert_eq!((dependency.share_bp, dependency.on_one_tie), (9_243, true));
        assert_eq!((&dependency.member, &dependency.contact), (&wang, &boss));
        assert_eq!(dependency.by_contact.len(), 2);
    }

    async fn a_touch_that_is_recorded_late_leaves_the_tie_as_in_order(server: TestServer) {
        let wang = member(&server, "wang").await;
        let mut told = Vec::new();
        let days = [-300, -200, -200, -90, -31, -2];
        for (id, order) in [("one", [0, 1, 2, 3, 4, 5]), ("two", [5, 2, 0, 4, 1, 3])] {
            account(&server, id, &[]).await;
            let contact = somebody(&server, id, PositionFunction::Finance, PositionLevel::Staff).await;
            for at in order {
                let channel = if at % 2 == 0 { InteractionChannel::Visit } else { InteractionChannel::Call };
                let touch = held(channel, days[at], &[&wang], &[&contact]);
                record(&server, id, touch).await.expect("recorded");
            }
            let tie = coverage(&server, id).await.ties.remove(0);
            told.push(CoverageTie { contact: String::new(), position: String::new(), ..tie });
        }
        assert_eq!(told[0], told[1]);
        assert_eq!((told[0].touches, told[0].rung()), (6, TieRung::Familiar));
        verify(&server).await;
    }
}
