//! What should not be so with whom we know at customers.

use ballast::pb::{InteractionChannel, PositionFunction, PositionLevel};

use super::*;
use crate::contact::ties::{clear, decider, declare, tie};
use crate::contact::{account, move_from_to, person, position, verify};
use crate::interaction::{held, record};
use crate::support::credit::moment;
use crate::support::ledger::fresh;
use crate::tiers::policies::{activate, cell, class, create, quantile};

const PEOPLE: [Found; 7] = [
    Found::VacancyOverdue,
    Found::NoLiveFinanceContact,
    Found::CoverageGap,
    Found::SingleThreaded,
    Found::TopHeavy,
    Found::KeyPersonDependency,
    Found::TieUnderReview,
];

fn about_people(account: &str, on: i64) -> pb::ListFindingsRequest {
    let codes = PEOPLE.map(i32::from).into();
    pb::ListFindingsRequest { codes, as_of: Some(day(on)), ..of(account) }
}

/// The codes of what is so on a day.
async fn codes(server: &TestServer, account: &str, on: i64) -> Vec<Found> {
    let all = told(server, about_people(account, on)).await;
    all.into_iter().map(|(_, code)| code).collect()
}

/// Somebody of that function and level, who sits there since long ago.
pub async fn somebody(
    server: &TestServer,
    account: &str,
    function: PositionFunction,
    level: PositionLevel,
) -> (String, String) {
    let seat = position(server, account, function, level).await;
    let contact = person(server, "Somebody").await;
    move_from_to(server, &contact, "", &seat, -500).await.expect("hired");
    (contact, seat)
}

pub async fn meet(server: &TestServer, account: &str, on: i64, theirs: &str) {
    let visit = held(InteractionChannel::Visit, on, &["members/wang"], &[theirs]);
    record(server, account, visit).await.expect("recorded");
}

on_both_engines! {
    async fn c1_without_people_nothing_is_known_and_nothing_found(server: TestServer) {
        account(&server, "acme", &[]).await;
        position(&server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
        assert_eq!(codes(&server, "acme", 0).await, []);
        let states = vec![State::Unknown.into()];
        let unknown = pb::ListFindingsRequest { states, ..about_people("acme", 0) };
        let unknown: Vec<Found> =
            told(&server, unknown).await.into_iter().map(|(_, code)| code).collect();
        assert_eq!(unknown, PEOPLE);
        let status = status(&server, "acme").await;
        let known = status.relationship.expect("told");
        assert_eq!((known.coverage_bp, known.required, known.gaps.len()), (None, 5, 3));
        assert_eq!(known.last_real_touch, None);
    }

    async fn c1_a_gap_and_a_single_thread_are_found_until_others_are_met(server: TestServer) {
        use PositionFunction::{Finance, Management, Procurement, Production, Technology};
        account(&server, "acme", &[]).await;
        member(&server, "wang").await;
        let mut people = Vec::new();
        for function in [Procurement, Production, Technology, Finance, Management] {
            people.push(somebody(&server, "acme", function, PositionLevel::Manager).await);
        }
        meet(&server, "acme", -20, &people[0].0).await;
        assert_eq!(codes(&server, "acme", -21).await, [Found::CoverageGap]);
        let (gap, single, key) =
            (Found::CoverageGap, Found::SingleThreaded, Found::KeyPersonDependency);
        assert_eq!(codes(&server, "acme", 0).await, [gap, single], "a touch of long ago");
        assert_eq!(codes(&server, "acme", -20).await, [gap, single, key]);
        let found = list(&server, coded("acme", single)).await.expect("findings").remove(0);
        assert_eq!(found.evidence, ["members/wang".to_owned(), people[0].0.clone()]);
        let status_then = status(&server, "acme").await.relationship.expect("told");
        assert_eq!((status_then.coverage_bp, status_then.live), (Some(2_000), 1));
        assert_eq!(status_then.gaps[0].function(), Production);
        assert_eq!(status_then.dependency_contact, people[0].0);
        assert_eq!(status_then.last_real_touch, Some(day(-20)));
        for (contact, _) in &people[1..4] {
            meet(&server, "acme", -10, contact).await;
        }
        assert_eq!(codes(&server, "acme", 0).await, [gap]);
        let found = list(&server, coded("acme", gap)).await.expect("findings").remove(0);
        assert_eq!(found.evidence, [people[4].1.clone(), people[4].0.clone()]);
        meet(&server, "acme", -10, &people[4].0).await;
        assert_eq!(codes(&server, "acme", 0).await, []);
        // A past day reads as it was, and a day to come as it will be.
        assert_eq!(codes(&server, "acme", -11).await, [gap, single]);
        assert_eq!(codes(&server, "acme", 159).await, []);
        assert_eq!(codes(&server, "acme", 160).await, [gap]);
    }

    async fn c1_a_class_says_whom_we_should_know_on_the_days_of_its_own(server: TestServer) {
        use PositionFunction::{Finance, Quality};
        let site = |id: &str, region: &str| pb::Site {
            site_id: id.into(),
            display_name: id.into(),
            region: region.into(),
        };
        account(&server, "acme", &[]).await;
        let sites = vec![site("n", "华北"), site("s", "华南")];
        let read = pb::GetAccountRequest { name: "accounts/acme".into() };
        let acme = server.accounts().get_account(read).await.expect("an account").into_inner();
        let acme = pb::Account { sites, ..acme };
        Counter::at(&server).try_update(acme, "sites").await.expect("sites");
        member(&server, "wang").await;
        let (li, seat) = somebody(&server, "acme", Finance, PositionLevel::Manager).await;
        meet(&server, "acme", -89, &li).await;
        let quality = pb::RequiredCell { region: "华南".into(), ..cell(Quality, pb::CellScope::Site) };
        let mut key = class("KEY", 4);
        key.service.get_or_insert_default().required_cells =
            vec![cell(Finance, pb::CellScope::Account), quality];
        let policy = create(&server, "p", quantile(&[1_000], vec![key, class("C", 48)])).await.expect("created");
        activate(&server, "p", None, &policy.etag).await.expect("in force");
        let covered = || async {
            let request = pb::GetCoverageRequest { account: "accounts/acme".into() };
            server.contacts().get_coverage(request).await.expect("coverage").into_inner()
        };
        assert_eq!((covered().await.required, covered().await.live), (9, 0), "in no class, at each site");
        let request = pb::OverrideTierRequest {
            account: "accounts/acme".into(),
            tier: "KEY".into(),
            valid_to: Some(day(3)),
            reason: "重点扶持".into(),
            request_id: fresh(),
            ..Default::default()
        };
        server.tiers().override_tier(request).await.expect("given");
        let cells = |coverage: pb::Coverage| {
            let told = coverage.cells.into_iter().map(|cell| (cell.function(), cell.site.clone(), cell.state()));
            told.collect::<Vec<_>>()
        };
        use pb::CellState::{Blank, Live, Stale};
        let expected = |finance| vec![(Finance, String::new(), finance), (Quality, "s".into(), Blank)];
        assert_eq!(cells(covered().await), expected(Live));
        let of_status = status(&server, "acme").await.relationship.expect("told");
        assert_eq!((of_status.coverage_bp, of_status.required), (Some(5_000), 2));
        let gap = || async {
            let found = list(&server, coded("acme", Found::CoverageGap)).await.expect("findings");
            found.into_iter().flat_map(|of| of.evidence).collect::<Vec<_>>()
        };
        assert_eq!(gap().await, Vec::<String>::new(), "nobody sits there");
        server.clock().set(moment(1));
        assert_eq!(cells(covered().await), expected(Stale), "90 days later");
        assert_eq!(gap().await, [seat, li]);
        server.clock().set(moment(4));
        assert_eq!((covered().await.required, covered().await.stale), (9, 0), "in no class again");
    }

    async fn c2_one_leaver_is_one_finding_until_his_successor_is_met(server: TestServer) {
        account(&server, "acme", &[]).await;
        member(&server, "wang").await;
        let (li, seat) = somebody(&server, "acme", PositionFunction::Technology, PositionLevel::Staff).await;
        meet(&server, "acme", -30, &li).await;
        // On a Monday: ten working days later is a Monday too.
        move_from_to(&server, &li, &seat, "", -20).await.expect("left");
        let vacancies = |on: i64| pb::ListFindingsRequest { as_of: Some(day(on)), ..coded("-", Found::VacancyOverdue) };
        assert_eq!(told(&server, vacancies(-6)).await, []);
        let found = list(&server, vacancies(-5)).await.expect("findings");
        assert_eq!((found.len(), found[0].since_date, found[0].severity()), (1, Some(day(-5)), pb::FindingSeverity::Red));
        assert_eq!(found[0].evidence, [seat.clone(), li.clone()]);
        let wu = person(&server, "Wu").await;
        move_from_to(&server, &wu, "", &seat, -4).await.expect("hired");
        let found = list(&server, vacancies(0)).await.expect("findings");
        assert_eq!((found.len(), found[0].since_date), (1, Some(day(-5))));
        assert_eq!(found[0].evidence, [seat.clone(), wu.clone()]);
        meet(&server, "acme", -1, &wu).await;
        assert_eq!(told(&server, vacancies(0)).await, []);
        assert_eq!(told(&server, vacancies(-2)).await.len(), 1, "as it was");
        // Who is known when he comes leaves no vacancy.
        let (xu, other) = somebody(&server, "acme", PositionFunction::Production, PositionLevel::Staff).await;
        move_from_to(&server, &xu, &other, "", -15).await.expect("left");
        move_from_to(&server, &wu, &seat, &other, 0).await.expect("promoted");
        assert_eq!(told(&server, vacancies(0)).await, []);
        // A position that nobody requires is none.
        let (zhou, legal) = somebody(&server, "acme", PositionFunction::Legal, PositionLevel::Staff).await;
        move_from_to(&server, &zhou, &legal, "", -40).await.expect("left");
        assert_eq!(told(&server, vacancies(0)).await, []);
    }

    async fn c3_ties_at_the_top_alone_are_found_by_how_bad_they_are(server: TestServer) {
        account(&server, "acme", &[]).await;
        member(&server, "wang").await;
        let (boss, _) = somebody(&server, "acme", PositionFunction::Management, PositionLevel::Executive).await;
        let (hand, _) = somebody(&server, "acme", PositionFunction::Production, PositionLevel::Staff).await;
        for on in [-60, -30, 0] {
            meet(&server, "acme", on, &boss).await;
        }
        let severity = async || {
            let found = list(&server, coded("-", Found::TopHeavy)).await.expect("findings");
            found.first().map(|found| (found.severity(), found.evidence.clone()))
        };
        assert_eq!(severity().await, Some((pb::FindingSeverity::Red, vec![boss.clone()])), "nobody below is known");
        let message = held(InteractionChannel::Message, -1, &["members/wang"], &[&hand]);
        let message = pb::Interaction { two_way: Some(true), ..message };
        record(&server, "acme", message.clone()).await.expect("recorded");
        assert_eq!(severity().await, Some((pb::FindingSeverity::Amber, vec![boss.clone()])));
        let mut unhappy = message;
        unhappy.theirs[0].satisfaction = Some(3);
        record(&server, "acme", unhappy).await.expect("recorded");
        assert_eq!(severity().await, Some((pb::FindingSeverity::Red, vec![boss.clone()])));
        let told = status(&server, "acme").await.relationship.expect("told");
        assert_eq!((told.top_heavy(), told.top_heavy_bp), (pb::TopHeavy::Red, Some(9_243)));
    }

    async fn a8_an_account_that_hangs_on_one_tie_is_found(server: TestServer) {
        account(&server, "acme", &[]).await;
        member(&server, "wang").await;
        let mut people = Vec::new();
        for function in [PositionFunction::Technology, PositionFunction::Production] {
            people.push(somebody(&server, "acme", function, PositionLevel::Staff).await.0);
        }
        meet(&server, "acme", 0, &people[0]).await;
        let key = |on: i64| pb::ListFindingsRequest { as_of: Some(day(on)), ..coded("-", Found::KeyPersonDependency) };
        let found = list(&server, key(0)).await.expect("findings").remove(0);
        assert_eq!(found.evidence, ["members/wang".to_owned(), people[0].clone()]);
        assert_eq!(told(&server, key(1)).await, [], "all together count less than a visit");
        meet(&server, "acme", 0, &people[1]).await;
        assert_eq!(told(&server, key(0)).await, []);
    }

    async fn a12_a_personal_tie_of_who_decides_is_found_until_somebody_looked_into_it(server: TestServer) {
        account(&server, "acme", &[]).await;
        member(&server, "wang").await;
        let (wang, li) = ("members/wang", person(&server, "Li").await);
        let classmates = declare(&server, tie(pb::TieKind::Classmate, wang, &li)).await.expect("declared");
        declare(&server, tie(pb::TieKind::Counterpart, wang, &li)).await.expect("declared");
        let reviews = |on: i64| pb::ListFindingsRequest { as_of: Some(day(on)), ..coded("-", Found::TieUnderReview) };
        let seat = decider(&server, "acme", &li, -10).await;
        assert_eq!(told(&server, reviews(-11)).await, [], "he did not decide");
        let found = list(&server, reviews(0)).await.expect("findings").remove(0);
        assert_eq!((found.account.as_str(), found.severity()), ("accounts/acme", pb::FindingSeverity::Amber));
        assert_eq!(found.evidence, [classmates.name.clone(), li.clone()]);
        let seen = status(&server, "acme").await;
        assert!(seen.findings.iter().any(|found| found.code() == Found::TieUnderReview));
        move_from_to(&server, &li, &seat, "", 5).await.expect("left");
        assert_eq!(told(&server, reviews(5)).await, [], "somebody else decides");
        clear(&server, &classmates.name).await.expect("looked into");
        assert_eq!(told(&server, reviews(0)).await, []);
    }

    async fn who_owes_and_whom_nobody_knows_is_found_once_whatever_is_open(server: TestServer) {
        Counter::at(&server).account("acme", "").await;
        member(&server, "wang").await;
        let (li, seat) = somebody(&server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
        let missing = coded("-", Found::NoLiveFinanceContact);
        assert_eq!(told(&server, missing.clone()).await, [], "nothing is open");
        let sold = |no: &str| document(pb::DocumentKind::Invoice, no, day(-3), "5");
        Desk::new(&server).post([sold("1"), sold("2")]).await;
        let found = list(&server, missing.clone()).await.expect("findings");
        assert_eq!((found.len(), found[0].since_date), (1, Some(day(-500))));
        assert_eq!(found[0].evidence, [li.clone(), seat]);
        let before = pb::ListFindingsRequest { as_of: Some(day(-4)), ..missing.clone() };
        assert_eq!(told(&server, before).await, [], "nothing was open");
        let seen = status(&server, "acme").await;
        assert!(seen.findings.iter().any(|found| found.code() == Found::NoLiveFinanceContact));
        meet(&server, "acme", 0, &li).await;
        assert_eq!(told(&server, missing.clone()).await, []);
        let later = pb::ListFindingsRequest { as_of: Some(day(180)), ..missing };
        assert_eq!(list(&server, later).await.expect("findings")[0].since_date, Some(day(180)));
        verify(&server).await;
    }

    async fn the_book_is_gone_through_in_pages_by_how_bad_and_by_account(server: TestServer) {
        member(&server, "wang").await;
        for id in ["a", "b", "c", "d", "empty"] {
            account(&server, id, &[]).await;
        }
        for id in ["a", "b", "c", "d"] {
            let (contact, seat) = somebody(&server, id, PositionFunction::Technology, PositionLevel::Staff).await;
            if id != "b" {
                move_from_to(&server, &contact, &seat, "", -60).await.expect("left");
            }
        }
        assign(&server, "c", "wang", TeamRole::Owner, 0).await;
        let delete = pb::DeleteAccountRequest { name: "accounts/d".into(), ..Default::default() };
        server.accounts().delete_account(delete).await.expect("deleted");
        let (gap, vacancy) = (Found::CoverageGap, Found::VacancyOverdue);
        let owner = Found::OwnerMissing;
        let codes = [gap, vacancy, owner].map(i32::from).to_vec();
        let expected = [
            ("a", owner), ("a", vacancy), ("b", owner), ("c", vacancy), ("empty", owner),
            ("a", gap), ("b", gap), ("c", gap),
        ];
        for page_size in [1, 2, 3, 50] {
            let request = pb::ListFindingsRequest { codes: codes.clone(), page_size, ..of("-") };
            assert_eq!(told(&server, request).await, names(&expected), "{page_size} a page");
        }
        let amber = pb::ListFindingsRequest { codes: codes.clone(), severity: pb::FindingSeverity::Amber.into(), ..of("-") };
        assert_eq!(told(&server, amber).await, names(&expected[5..]));
        let his = pb::ListFindingsRequest { codes: codes.clone(), owner: "members/wang".into(), ..of("-") };
        assert_eq!(told(&server, his.clone()).await, names(&[("c", vacancy), ("c", gap)]));
        snooze(&server, hide("c", gap, 3)).await.expect("hidden");
        assert_eq!(told(&server, his.clone()).await, names(&[("c", vacancy)]));
        let shown = pb::ListFindingsRequest { show_snoozed: true, ..his };
        assert_eq!(told(&server, shown).await.len(), 2);
    }

    async fn a_status_of_an_instant_tells_what_was_found_as_recorded_by_then(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        member(&server, "wang").await;
        let (li, seat) = somebody(&server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
        let sold = document(pb::DocumentKind::Invoice, "1", day(-3), "5");
        Desk::new(&server).post([sold]).await;
        let then = moment(0).timestamp_micros();
        let at = |us: i64| Some(prost_types::Timestamp { seconds: us / 1_000_000, nanos: (us % 1_000_000 * 1_000) as i32 });
        server.clock().set(moment(0) + chrono::Duration::hours(1));
        meet(&server, "acme", -2, &li).await;
        move_from_to(&server, &li, &seat, "", -1).await.expect("left");
        let hold = counter.hold("accounts/acme", pb::CreditHoldScope::Account).await;
        snooze(&server, hide("acme", Found::OwnerMissing, 3)).await.expect("hidden");
        let seen = async |known_at| {
            let request = pb::GetAccountStatusRequest { name: "accounts/acme".into(), known_at, ..Default::default() };
            let seen = server.accounts().get_account_status(request).await.expect("a status").into_inner();
            let codes: Vec<Found> = seen.findings.iter().map(|found| found.code()).collect();
            (codes, seen.relationship.expect("told"), seen.finding_counts.expect("counts"))
        };
        let (now, relationship, counts) = seen(None).await;
        assert!(now.contains(&Found::OnHold) && !now.contains(&Found::OwnerMissing), "{now:?}");
        assert_eq!((relationship.last_real_touch, counts.snoozed), (Some(day(-2)), 1));
        // By then nobody had met him, nothing was on hold, and nothing hidden.
        let (before, relationship, counts) = seen(at(then + 60_000_000)).await;
        let expected = [Found::OwnerMissing, Found::NoLiveFinanceContact, Found::CoverageGap];
        assert_eq!(before, expected);
        assert_eq!((relationship.last_real_touch, counts.snoozed), (None, 0));
        assert!(counts.unknown >= 10, "what credit says is of now: {counts:?}");
        counter.release(&hold).await;
    }
}
