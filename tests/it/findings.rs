//! What should not be so: found of accounts and of the book, on any day, and hidden until one.

mod duplicates;
mod people;
mod stakes;
mod visits;

use std::sync::atomic::{AtomicBool, Ordering};

use ballast::pb::{self, FindingCode as Found, FindingState as State, TeamRole};
use tonic::{Code, Status};

use crate::support::credit::{Counter, moment};
use crate::support::ledger::{Desk, day, document, fresh};
use crate::support::{Engine, TestServer, assert_refused, fields};

pub async fn list(
    server: &TestServer,
    request: pb::ListFindingsRequest,
) -> Result<Vec<pb::Finding>, Status> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListFindingsRequest { page_token, ..request.clone() };
        let page = server.accounts().list_findings(request).await?.into_inner();
        all.extend(page.findings);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(all);
        }
    }
}

fn of(account: &str) -> pb::ListFindingsRequest {
    let parent = format!("accounts/{account}");
    pb::ListFindingsRequest { parent, page_size: 2, ..Default::default() }
}

fn coded(account: &str, code: Found) -> pb::ListFindingsRequest {
    pb::ListFindingsRequest { codes: vec![code.into()], ..of(account) }
}

/// Account and code of each, as they are told.
async fn told(server: &TestServer, request: pb::ListFindingsRequest) -> Vec<(String, Found)> {
    let all = list(server, request).await.expect("findings");
    let told = |found: pb::Finding| (found.account.replace("accounts/", ""), found.code());
    all.into_iter().map(told).collect()
}

async fn member(server: &TestServer, id: &str) {
    let member = pb::Member { display_name: id.into(), executive: true, ..Default::default() };
    let request = pb::CreateMemberRequest {
        member: Some(member),
        member_id: id.into(),
        ..Default::default()
    };
    server.accounts().create_member(request).await.expect("created");
}

async fn turn(server: &TestServer, id: &str, active: bool) {
    let (name, mut client) = (format!("members/{id}"), server.accounts());
    if active {
        let request = pb::ReactivateMemberRequest { name, ..Default::default() };
        client.reactivate_member(request).await.expect("reactivated");
    } else {
        let request =
            pb::DeactivateMemberRequest { name, reason: "left".into(), ..Default::default() };
        client.deactivate_member(request).await.expect("deactivated");
    }
}

async fn assign(server: &TestServer, account: &str, member: &str, role: TeamRole, from: i64) {
    let parent = format!("accounts/{account}");
    let request = pb::ListTeamMembersRequest { parent: parent.clone(), ..Default::default() };
    let etag =
        server.accounts().list_team_members(request).await.expect("a team").into_inner().etag;
    let request = pb::AssignTeamMemberRequest {
        account: parent,
        member: format!("members/{member}"),
        role: role.into(),
        valid_from: Some(day(from)),
        etag,
        ..Default::default()
    };
    server.accounts().assign_team_member(request).await.expect("assigned");
}

fn hide(account: &str, code: Found, until: i64) -> pb::SnoozeFindingRequest {
    pb::SnoozeFindingRequest {
        account: format!("accounts/{account}"),
        code: code.into(),
        until_date: Some(day(until)),
        reason: "he is on leave".into(),
        request_id: fresh(),
    }
}

async fn snooze(
    server: &TestServer,
    request: pb::SnoozeFindingRequest,
) -> Result<pb::FindingSnooze, Status> {
    server.accounts().snooze_finding(request).await.map(|r| r.into_inner())
}

pub async fn status(server: &TestServer, account: &str) -> pb::AccountStatus {
    let request =
        pb::GetAccountStatusRequest { name: format!("accounts/{account}"), ..Default::default() };
    server.accounts().get_account_status(request).await.expect("a status").into_inner()
}

fn names(all: &[(&str, Found)]) -> Vec<(String, Found)> {
    all.iter().map(|(account, code)| ((*account).to_owned(), *code)).collect()
}

async fn two_of_one_page(engine: Engine) {
    let server =
        TestServer::start_with(engine, |config| config.business.sponsor_required = true).await;
    let mut counter = Counter::at(&server);
    for id in ["a", "b", "c", "gone"] {
        counter.account(id, "").await;
    }
    let name = "accounts/gone".to_owned();
    let delete = pb::DeleteAccountRequest { name, ..Default::default() };
    server.accounts().delete_account(delete).await.expect("deleted");
    member(&server, "wang").await;
    assign(&server, "b", "wang", TeamRole::Owner, 0).await;
    assign(&server, "b", "wang", TeamRole::ExecutiveSponsor, 3).await;
    let (owner, sponsor) = (Found::OwnerMissing, Found::SponsorMissing);
    let expected = [("a", owner), ("c", owner), ("a", sponsor), ("b", sponsor), ("c", sponsor)];
    assert_eq!(told(&server, of("-")).await, names(&expected), "the worse first");
    let later = pb::ListFindingsRequest { as_of: Some(day(3)), ..of("-") };
    let on_day = told(&server, later).await;
    assert!(!on_day.contains(&("b".into(), sponsor)), "{on_day:?}");
    let red = pb::ListFindingsRequest { severity: pb::FindingSeverity::Red.into(), ..of("-") };
    assert_eq!(told(&server, red).await, names(&expected[..2]));
    let his = pb::ListFindingsRequest { owner: "members/wang".into(), ..of("-") };
    assert_eq!(told(&server, his).await, names(&[("b", sponsor)]));
    let told = status(&server, "b").await;
    let worst: Vec<_> = told.findings.iter().map(|found| found.code()).collect();
    assert!(worst.contains(&sponsor), "{worst:?}");
    assert_eq!(told.attention(), pb::Attention::Look);
    assert_eq!(told.findings[0].until_date, Some(day(3)), "{:?}", told.findings);
}

mod a3_an_account_without_the_sponsor_it_needs_is_found {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn sqlite() {
        two_of_one_page(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn postgres() {
        two_of_one_page(Engine::Postgres).await;
    }
}

async fn give(server: &TestServer, account: &str, tier: &str, from: i64, to: i64) {
    let request = pb::OverrideTierRequest {
        account: format!("accounts/{account}"),
        tier: tier.into(),
        valid_from: Some(day(from)),
        valid_to: Some(day(to)),
        reason: "for a while".into(),
        request_id: fresh(),
    };
    server.tiers().override_tier(request).await.expect("given");
}

/// PLATINUM is to have a sponsor, GOLD is not, and of who is in no class the configuration says.
async fn by_class(engine: Engine, by_default: bool) {
    use crate::tiers::policies::{activate, class, create, quantile};
    let server =
        TestServer::start_with(engine, |config| config.business.sponsor_required = by_default)
            .await;
    let mut platinum = class("PLATINUM", 4);
    platinum.service.get_or_insert_default().sponsor_required = true;
    let policy = quantile(&[2_000], vec![platinum, class("GOLD", 48)]);
    let created = create(&server, "p", policy).await.expect("created");
    activate(&server, "p", Some(day(-1_000)), &created.etag).await.expect("in force");
    let mut counter = Counter::at(&server);
    for id in ["gold", "none", "platinum"] {
        counter.account(id, "").await;
    }
    give(&server, "platinum", "PLATINUM", 0, 5).await;
    give(&server, "gold", "GOLD", 0, 5).await;
    let missing = Found::SponsorMissing;
    for (on, lacking) in [(0, ["none", "platinum"].as_slice()), (6, &["gold", "none", "platinum"])]
    {
        let as_of = Some(day(on));
        let request = |id: &str| pb::ListFindingsRequest { as_of, ..coded(id, missing) };
        let always = lacking.iter().filter(|id| by_default || (on == 0 && **id == "platinum"));
        let expected: Vec<_> = always.map(|id| (*id, missing)).collect();
        assert_eq!(told(&server, request("-")).await, names(&expected), "on day {on}");
        for id in ["gold", "none", "platinum"] {
            let lacks = expected.iter().any(|(lacking, _)| *lacking == id);
            assert_eq!(told(&server, request(id)).await.len(), usize::from(lacks), "{id}");
            let name = format!("accounts/{id}");
            let status = pb::GetAccountStatusRequest { name, as_of, ..Default::default() };
            let status = server.accounts().get_account_status(status).await.expect("a status");
            let team = status.into_inner().team.expect("a team");
            assert_eq!(team.gaps().any(|gap| gap == pb::TeamGap::SponsorMissing), lacks, "{id}");
        }
    }
    let found = list(&server, coded("platinum", missing)).await.expect("findings").remove(0);
    let since = (!by_default).then(|| day(0));
    assert_eq!((found.since_date, found.until_date), (since, (!by_default).then(|| day(6))));
    member(&server, "ceo").await;
    assign(&server, "platinum", "ceo", TeamRole::ExecutiveSponsor, 0).await;
    assert_eq!(told(&server, coded("platinum", missing)).await, []);
}

mod a3_whether_a_sponsor_is_missed_is_said_by_the_class_and_else_by_the_configuration {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn sqlite() {
        by_class(Engine::Sqlite, false).await;
        by_class(Engine::Sqlite, true).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn postgres() {
        by_class(Engine::Postgres, false).await;
        by_class(Engine::Postgres, true).await;
    }
}

on_both_engines! {
    async fn an_owner_is_missing_from_the_day_on_which_nobody_active_is_there(server: TestServer) {
        Counter::at(&server).account("acme", "").await;
        member(&server, "wang").await;
        member(&server, "li").await;
        assign(&server, "acme", "wang", TeamRole::Owner, -5).await;
        assert_eq!(told(&server, coded("acme", Found::OwnerMissing)).await, []);
        turn(&server, "wang", false).await;
        let found = list(&server, coded("acme", Found::OwnerMissing)).await.expect("findings").remove(0);
        assert_eq!((found.severity(), found.state()), (pb::FindingSeverity::Red, State::Yes));
        // Before that day nobody was missing by name.
        assert_eq!((found.evidence, found.since_date), (vec!["members/wang".to_owned()], Some(day(-5))));
        assert_eq!(status(&server, "acme").await.attention(), pb::Attention::Act);
        assign(&server, "acme", "li", TeamRole::Backup, 4).await;
        let found = list(&server, coded("-", Found::OwnerMissing)).await.expect("findings").remove(0);
        assert_eq!(found.until_date, Some(day(4)));
        let as_of = Some(day(4));
        let then = pb::ListFindingsRequest { as_of, ..coded("-", Found::OwnerMissing) };
        assert_eq!(told(&server, then).await, [], "of a day to come");
        turn(&server, "wang", true).await;
        let states = vec![State::No.into()];
        let no = pb::ListFindingsRequest { states, ..coded("acme", Found::OwnerMissing) };
        assert_eq!(told(&server, no).await, names(&[("acme", Found::OwnerMissing)]));
        assert_eq!(status(&server, "acme").await.finding_counts.expect("counts").red, 0);
    }

    async fn a_status_is_of_one_picture_while_its_facts_change(server: TestServer) {
        Counter::at(&server).account("acme", "").await;
        member(&server, "wang").await;
        assign(&server, "acme", "wang", TeamRole::Owner, -5).await;
        let over = AtomicBool::new(false);
        let turns = async {
            for n in 0..100 {
                turn(&server, "wang", n % 2 == 1).await;
            }
            over.store(true, Ordering::Relaxed);
        };
        let reads = async {
            let mut seen = [0, 0];
            while !over.load(Ordering::Relaxed) {
                let told = status(&server, "acme").await;
                let missing = told.team.expect("a team").gaps().any(|gap| gap == pb::TeamGap::OwnerMissing);
                let found = told.findings.iter().any(|found| found.code() == Found::OwnerMissing);
                assert_eq!(missing, found, "after {seen:?}: {:?}", told.findings);
                seen[usize::from(missing)] += 1;
            }
            seen
        };
        let ((), seen) = tokio::join!(turns, reads);
        assert!(seen.iter().all(|times| *times > 0), "{seen:?}");
    }

    async fn no_account_is_lost_between_pages_whatever_its_id(server: TestServer) {
        let mut counter = Counter::at(&server);
        let ids = ["K", "K-1", "K.1", "K1", "M"];
        for id in ids {
            counter.account(id, "").await;
        }
        let request = pb::ListFindingsRequest { page_size: 1, ..coded("-", Found::OwnerMissing) };
        assert_eq!(told(&server, request).await, names(&ids.map(|id| (id, Found::OwnerMissing))));
    }

    async fn what_is_hidden_is_found_all_the_same_and_shown_again(server: TestServer) {
        Counter::at(&server).account("acme", "").await;
        let request = hide("acme", Found::OwnerMissing, 3);
        let done = snooze(&server, request.clone()).await.expect("hidden");
        assert_eq!((done.until_date, done.reason.as_str()), (Some(day(3)), "he is on leave"));
        assert_eq!(snooze(&server, request).await.expect("the same"), done);
        assert_eq!(told(&server, coded("-", Found::OwnerMissing)).await, []);
        assert_eq!(told(&server, coded("acme", Found::OwnerMissing)).await, []);
        let shown = pb::ListFindingsRequest { show_snoozed: true, ..coded("-", Found::OwnerMissing) };
        let shown = list(&server, shown).await.expect("findings").remove(0);
        assert_eq!(shown.snooze, Some(done));
        let seen = status(&server, "acme").await;
        // That it has no limit is amber, and is shown.
        assert_eq!((seen.attention(), seen.finding_counts.expect("counts").snoozed), (pb::Attention::Look, 1));
        server.clock().set(moment(3));
        assert_eq!(told(&server, coded("-", Found::OwnerMissing)).await.len(), 1);
        snooze(&server, hide("acme", Found::OwnerMissing, 9)).await.expect("hidden");
        assert_eq!(told(&server, coded("-", Found::OwnerMissing)).await, []);
        snooze(&server, hide("acme", Found::OwnerMissing, 3)).await.expect("shown at once");
        assert_eq!(told(&server, coded("acme", Found::OwnerMissing)).await.len(), 1);
    }

    async fn a21_the_same_silence_alarms_who_buys_each_month_and_not_who_buys_each_quarter(server: TestServer) {
        let mut counter = Counter::at(&server);
        counter.account("monthly", "").await;
        counter.account("quarterly", "").await;
        counter.account("new", "").await;
        let sold = |account: &str, on: i64| {
            let payer = format!("accounts/{account}");
            pb::Document { payer, ..document(pb::DocumentKind::Invoice, &format!("{account}{on}"), day(on), "5") }
        };
        let monthly = (0..5).map(|n| sold("monthly", -75 - 30 * n));
        let quarterly = (0..5).map(|n| sold("quarterly", -75 - 90 * n));
        Desk::new(&server).post(monthly.chain(quarterly)).await;
        let found = list(&server, coded("monthly", Found::LapseRisk)).await.expect("findings");
        assert_eq!(found[0].since_date, Some(day(-15)), "60 days after the last");
        assert_eq!(told(&server, coded("quarterly", Found::LapseRisk)).await, []);
        let as_of = Some(day(105));
        let then = pb::ListFindingsRequest { as_of, ..coded("quarterly", Found::LapseRisk) };
        assert_eq!(list(&server, then).await.expect("findings")[0].since_date, Some(day(105)));
        let as_of = Some(day(-100));
        let before = pb::ListFindingsRequest { as_of, states: vec![State::Unknown.into()], ..coded("monthly", Found::LapseRisk) };
        assert_eq!(told(&server, before).await, [], "three gaps by then");
        let as_of = Some(day(-150));
        let before = pb::ListFindingsRequest { as_of, states: vec![State::Unknown.into()], ..coded("monthly", Found::LapseRisk) };
        assert_eq!(told(&server, before).await.len(), 1, "too few gaps");
        let status = status(&server, "monthly").await;
        let rhythm = status.rhythm.clone().expect("a rhythm");
        let decimal = |of: Option<pb::Decimal>| of.map(|of| of.value).unwrap_or_default();
        assert_eq!((rhythm.gaps, decimal(rhythm.median_gap_days), decimal(rhythm.ratio)), (4, "30".into(), "2.5".into()));
        assert_eq!((rhythm.last_invoice_date, rhythm.lapse_date), (Some(day(-75)), Some(day(-15))));
        assert!(status.findings.iter().any(|found| found.code() == Found::LapseRisk));
    }

    async fn a21_a_lapse_of_a_past_day_has_the_days_that_it_really_had(server: TestServer) {
        let sold = |on: i64| {
            let payer = "accounts/ERP~shop".into();
            pb::Document { payer, ..document(pb::DocumentKind::Invoice, &format!("shop{on}"), day(on), "5") }
        };
        // Every tenth day, silent for seventy, and again.
        Desk::new(&server).post([-130, -120, -110, -100, -30].map(sold)).await;
        let on = |as_of| {
            let server = &server;
            let states = vec![State::Yes.into()];
            let asked = pb::ListFindingsRequest { as_of: Some(day(as_of)), states, ..coded("ERP~shop", Found::LapseRisk) };
            async move { list(server, asked).await.expect("findings") }
        };
        let then = on(-50).await;
        assert_eq!((then[0].since_date, then[0].until_date), (Some(day(-80)), Some(day(-30))));
        for (as_of, is_so) in [(-81, false), (-80, true), (-31, true), (-30, false)] {
            assert_eq!(!on(as_of).await.is_empty(), is_so, "{as_of}");
        }
        let request = pb::GetAccountStatusRequest {
            name: "accounts/ERP~shop".into(),
            as_of: Some(day(-50)),
            ..Default::default()
        };
        let told = server.accounts().get_account_status(request).await.expect("a status").into_inner();
        assert!(told.findings.contains(&then[0]), "{told:?}");
    }

    async fn what_credit_says_of_now_is_found_of_the_account_that_is_asked_for(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        let hold = counter.hold("accounts/acme", pb::CreditHoldScope::Account).await;
        let found = list(&server, coded("acme", Found::OnHold)).await.expect("findings").remove(0);
        assert_eq!((found.severity(), &found.evidence[0]), (pb::FindingSeverity::Red, &hold));
        let as_of = Some(day(-1));
        let before = pb::ListFindingsRequest { as_of, states: vec![State::Unknown.into()], ..coded("acme", Found::OnHold) };
        assert_eq!(told(&server, before).await.len(), 1);
        counter.release(&hold).await;
        assert_eq!(told(&server, coded("acme", Found::OnHold)).await, []);
    }

    async fn a5_a_book_that_rests_on_few_is_found_before_all_accounts(server: TestServer) {
        Counter::at(&server).account("acme", "").await;
        let unknown = |code| pb::ListFindingsRequest { states: vec![State::Unknown.into()], ..coded("-", code) };
        assert_eq!(told(&server, unknown(Found::Concentration)).await.len(), 1, "no currency is decided");
        use crate::tiers::policies::{activate, class, create, quantile};
        let policy = quantile(&[2_000], vec![class("A", 4), class("C", 48)]);
        let created = create(&server, "p", policy).await.expect("created");
        activate(&server, "p", Some(day(-1_000)), &created.etag).await.expect("in force");
        assert_eq!(told(&server, coded("-", Found::Concentration)).await, [], "an empty book");
        let sold = document(pb::DocumentKind::Invoice, "1", day(0), "5");
        Desk::new(&server).post([sold]).await;
        let all = list(&server, of("-")).await.expect("findings");
        assert_eq!((&*all[0].account, all[0].code(), all[0].severity()), ("accounts/-", Found::Concentration, pb::FindingSeverity::Red));
        assert_eq!(all[0].evidence.len(), 1);
        assert_eq!(all.len(), 2);
        snooze(&server, hide("-", Found::Concentration, 5)).await.expect("hidden");
        assert_eq!(told(&server, of("-")).await.len(), 1);
        let as_of = Some(day(-1));
        let before = pb::ListFindingsRequest { as_of, ..coded("-", Found::Concentration) };
        assert_eq!(told(&server, before).await, []);
    }

    async fn a_calendar_is_found_to_end_before_it_does(server: TestServer) {
        let calendar = pb::WorkCalendar {
            week: vec![pb::WorkDay { weekday: 1, hours: vec![pb::WorkHours { open: "09:00".into(), close: "18:00".into() }] }],
            known_through: Some(day(100)),
            ..Default::default()
        };
        let request = pb::CreateWorkCalendarRequest { work_calendar: Some(calendar), work_calendar_id: "c".into(), request_id: fresh() };
        let created = server.tiers().create_work_calendar(request).await.expect("created").into_inner();
        let request = pb::ActivateWorkCalendarRequest { name: created.name, effective_date: Some(day(0)), etag: created.etag, request_id: fresh() };
        server.tiers().activate_work_calendar(request).await.expect("in force");
        for (on, severity) in [(40, None), (41, Some(pb::FindingSeverity::Amber)), (101, Some(pb::FindingSeverity::Red))] {
            let request = pb::ListFindingsRequest { as_of: Some(day(on)), ..coded("-", Found::CalendarEnds) };
            let found = list(&server, request).await.expect("findings");
            assert_eq!(found.first().map(|found| found.severity()), severity, "on day {on}");
        }
    }

    async fn what_cannot_be_asked_is_refused_by_name(server: TestServer) {
        Counter::at(&server).account("acme", "").await;
        let request = pb::ListFindingsRequest {
            codes: vec![Found::LapseRisk.into(), 99],
            states: vec![State::No.into()],
            owner: "x".into(),
            severity: 7,
            ..of("-")
        };
        let refused = list(&server, request).await.expect_err("refused");
        let mut told = fields(&refused);
        told.sort();
        let expected = [
            ("codes[0]", "FIELD_INVALID"),
            ("codes[1]", "ENUM_INVALID"),
            ("owner", "RESOURCE_NAME_INVALID"),
            ("severity", "ENUM_INVALID"),
            ("states[0]", "FIELD_INVALID"),
        ];
        assert_eq!(told, expected.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
        let owner = pb::ListFindingsRequest { owner: "members/unassigned".into(), ..of("acme") };
        let refused = list(&server, owner).await.expect_err("refused");
        assert_refused(&refused, Code::InvalidArgument, "FIELD_INVALID", Some("owner"));
        let nobody = pb::ListFindingsRequest { owner: "members/nobody".into(), ..of("-") };
        let refused = list(&server, nobody).await.expect_err("refused");
        assert_refused(&refused, Code::NotFound, "RESOURCE_NOT_FOUND", None);
        let refused = snooze(&server, hide("-", Found::OwnerMissing, 1)).await.expect_err("refused");
        assert_refused(&refused, Code::InvalidArgument, "FIELD_INVALID", Some("account"));
        let refused = snooze(&server, hide("acme", Found::Concentration, 1)).await.expect_err("refused");
        assert_refused(&refused, Code::InvalidArgument, "FIELD_INVALID", Some("account"));
        let refused = snooze(&server, hide("acme", Found::OwnerMissing, -1)).await.expect_err("refused");
        assert_refused(&refused, Code::InvalidArgument, "DATE_INVALID", Some("until_date"));
    }
}
