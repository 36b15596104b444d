//! What happened, as it stands on the timelines of accounts, contacts and members.

mod filled;
pub mod scene;

use std::collections::BTreeSet;

use ballast::config::{Token, TokenHash};
use ballast::pb::{self, InteractionChannel, PositionFunction, PositionLevel, TimelineType as Of};
use tonic::{Code, Request, Status};

use self::scene::{Scene, amend};
use crate::contact::{account, move_from_to, person, position, verify};
use crate::interaction::{held, member, record};
use crate::support::credit::{instant, moment};
use crate::support::ledger::day;
use crate::support::{Engine, PRINCIPAL, TestServer, assert_refused, details};

pub fn of(parent: &str) -> pb::ListTimelineRequest {
    pb::ListTimelineRequest { parent: parent.into(), ..Default::default() }
}

pub async fn page(
    server: &TestServer,
    request: pb::ListTimelineRequest,
) -> Result<pb::ListTimelineResponse, Status> {
    server.accounts().list_timeline(request).await.map(|r| r.into_inner())
}

/// Page by page, three at a time.
pub async fn list(server: &TestServer, request: pb::ListTimelineRequest) -> Vec<pb::TimelineEntry> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListTimelineRequest { page_size: 3, page_token, ..request.clone() };
        let answer = page(server, request).await.expect("a page");
        all.extend(answer.entries);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

fn told(entries: &[pb::TimelineEntry]) -> Vec<(Of, &str)> {
    entries.iter().map(|one| (one.r#type(), &*one.subject)).collect()
}

fn sorted<T: Ord>(entries: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = entries.into_iter().collect();
    all.sort();
    all
}

/// Seconds since the epoch; of what has a day only, noon of it.
fn second(entry: &pb::TimelineEntry) -> i64 {
    let date = entry.date.expect("a day");
    let date = chrono::NaiveDate::from_ymd_opt(date.year, date.month as u32, date.day as u32);
    let noon = date.expect("a day").and_hms_opt(12, 0, 0).expect("noon").and_utc().timestamp();
    entry.occur_time.as_ref().map_or(noon, |time| time.seconds)
}

on_both_engines! {
    async fn m7_every_fact_stands_on_the_timeline_of_whom_it_is_about(server: TestServer) {
        let scene = Scene::build(&server).await;
        let acme = list(&server, of("accounts/acme")).await;
        let expected = |of: &[(Of, String)]| sorted(of.to_vec());
        let owned = |entries: &[pb::TimelineEntry]| {
            sorted(told(entries).into_iter().map(|(of, subject)| (of, subject.to_owned())))
        };
        assert_eq!(owned(&acme), expected(&scene.acme));
        let mut seen: BTreeSet<Of> = told(&acme).into_iter().map(|(of, _)| of).collect();
        for (parent, mine) in [(&scene.wang, &scene.wangs), (&scene.chen, &scene.chens), (&scene.li, &scene.lis)] {
            let entries = list(&server, of(parent)).await;
            assert_eq!(owned(&entries), expected(mine), "{parent}");
            seen.extend(told(&entries).into_iter().map(|(of, _)| of));
        }
        let other = person(&server, "Li Lei").await;
        let merge = pb::MergeRecordsRequest {
            survivor: scene.li.clone(),
            losers: vec![other.clone()],
            reason: "one man".into(),
            ..Default::default()
        };
        server.accounts().merge_records(merge).await.expect("merged");
        let undo = pb::UndoMergeRequest { loser: other, reason: "two men".into(), ..Default::default() };
        server.accounts().undo_merge(undo).await.expect("undone");
        seen.extend(told(&list(&server, of(&scene.li)).await).into_iter().map(|(of, _)| of));
        let all = (1..).map_while(|n| Of::try_from(n).ok()).collect::<BTreeSet<Of>>();
        assert_eq!(seen, all, "every type is told somewhere");
        for pair in acme.windows(2) {
            assert!(second(&pair[0]) + 1 >= second(&pair[1]), "the latest first: {pair:#?}");
        }
        assert!(acme.iter().all(|one| one.recorded_by == PRINCIPAL && one.account == "accounts/acme"));
        verify(&server).await;
    }

    async fn an_entry_says_when_who_and_how_much(server: TestServer) {
        let scene = Scene::build(&server).await;
        let one = async |parent: &str, of_type: Of| {
            let request = pb::ListTimelineRequest { types: vec![of_type.into()], ..of(parent) };
            list(&server, request).await.pop().expect("an entry")
        };
        let entry = |of_type: Of, subject: &str| pb::TimelineEntry {
            r#type: of_type.into(),
            subject: subject.into(),
            account: "accounts/acme".into(),
            recorded_by: PRINCIPAL.into(),
            ..Default::default()
        };
        let subject = |of_type: Of| {
            scene.acme.iter().find(|(of, _)| *of == of_type).map(|(_, name)| name.clone()).expect("one")
        };
        let visit = pb::TimelineEntry {
            date: Some(day(-40)),
            occur_time: instant(-40),
            detail: "VISIT".into(),
            ..entry(Of::InteractionHeld, &subject(Of::InteractionHeld))
        };
        assert_eq!(one("accounts/acme", Of::InteractionHeld).await, visit);
        let at = pb::TimelineEntry { position: scene.desk.clone(), ..visit };
        assert_eq!(one(&scene.li, Of::InteractionHeld).await, at);
        let promised = pb::TimelineEntry {
            date: Some(day(-5)),
            amount: Some(crate::support::ledger::usd("50.00")),
            contact: scene.li.clone(),
            ..entry(Of::PromiseMade, &subject(Of::PromiseMade))
        };
        assert_eq!(one("accounts/acme", Of::PromiseMade).await, promised);
        assert_eq!(one(&scene.li, Of::PromiseMade).await, promised);
        let delegated = one("accounts/acme", Of::CommitmentDelegated).await;
        assert_eq!((&delegated.member, &delegated.contact), (&scene.chen, &scene.li));
        assert_eq!((delegated.detail.as_str(), delegated.date), ("OURS", Some(day(0))));
        let ended = one("accounts/acme", Of::TierOverrideEnded).await;
        assert_eq!((ended.date, ended.occur_time, &*ended.detail), (Some(day(30)), None, "C"));
        let tie = one(&scene.wang, Of::TieOpened).await;
        assert_eq!((&*tie.account, &*tie.member, &tie.contact), ("", "", &scene.li));
        let tie = one(&scene.li, Of::TieOpened).await;
        assert_eq!((&tie.member, &*tie.contact), (&scene.wang, ""));
    }

    async fn a13_counts_are_those_of_the_list_and_days_bound_both(server: TestServer) {
        Scene::build(&server).await;
        let all = list(&server, of("accounts/acme")).await;
        for (from, to) in [(None, None), (Some(-30), None), (None, Some(-20)), (Some(-22), Some(0)), (Some(0), Some(0)), (Some(300), None)] {
            let asked = pb::ListTimelineRequest {
                from_date: from.map(day),
                to_date: to.map(day),
                with_counts: true,
                ..of("accounts/acme")
            };
            let within = |one: &&pb::TimelineEntry| {
                let date = one.date.map(|d| (d.year, d.month, d.day));
                let key = |n: i64| day(n);
                from.is_none_or(|from| date >= Some((key(from).year, key(from).month, key(from).day)))
                    && to.is_none_or(|to| date <= Some((key(to).year, key(to).month, key(to).day)))
            };
            let expected: Vec<_> = all.iter().filter(within).cloned().collect();
            assert_eq!(list(&server, asked.clone()).await, expected, "{from:?} {to:?}");
            let counts = page(&server, pb::ListTimelineRequest { page_size: 1, ..asked }).await.expect("a page").counts;
            let mut by_type: std::collections::BTreeMap<i32, i32> = Default::default();
            expected.iter().for_each(|one| *by_type.entry(one.r#type).or_default() += 1);
            let counted: std::collections::BTreeMap<i32, i32> =
                counts.iter().map(|count| (count.r#type, count.entries)).collect();
            assert_eq!(counted, by_type, "{from:?} {to:?}");
            assert!(counts.iter().all(|count| !count.more));
        }
        let uncounted = page(&server, of("accounts/acme")).await.expect("a page");
        assert_eq!((uncounted.counts, uncounted.left_out), (vec![], vec![]));
    }

    async fn talks_stay_with_the_account_of_their_time(server: TestServer) {
        for id in ["acme", "rival"] {
            account(&server, id, &[]).await;
        }
        let old = position(&server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
        let new = position(&server, "rival", PositionFunction::Finance, PositionLevel::Staff).await;
        let (wang, li) = (member(&server, "wang").await, person(&server, "李雷").await);
        move_from_to(&server, &li, "", &old, -20).await.expect("hired");
        let call = |on| held(InteractionChannel::Call, on, &[&wang], &[&li]);
        let first = record(&server, "acme", call(-10)).await.expect("recorded").name;
        move_from_to(&server, &li, &old, &new, -5).await.expect("moved");
        let second = record(&server, "rival", call(-3)).await.expect("recorded").name;
        let his = list(&server, of(&li)).await;
        let expected = [
            (Of::InteractionHeld, &*second),
            (Of::PositionTaken, &*new),
            (Of::PositionLeft, &*old),
            (Of::InteractionHeld, &*first),
            (Of::PositionTaken, &*old),
        ];
        assert_eq!(told(&his), expected);
        let places: Vec<(&str, &str)> = his.iter().map(|one| (&*one.account, &*one.position)).collect();
        assert_eq!(places[0], ("accounts/rival", &*new));
        assert_eq!(places[3], ("accounts/acme", &*old));
        let acme = list(&server, of("accounts/acme")).await;
        assert_eq!(told(&acme), [expected[2], expected[3], expected[4]]);
        let rival = list(&server, of("accounts/rival")).await;
        assert_eq!(told(&rival), expected[..2]);
    }

    async fn what_is_amended_stands_as_if_it_had_been_said_so(server: TestServer) {
        let (wang, li) = scene::two(&server).await;
        let wu = person(&server, "Wu").await;
        let visit = held(InteractionChannel::Visit, -8, &[&wang], &[&li]);
        let visit = record(&server, "acme", visit).await.expect("recorded");
        let word = scene::promised(&server, [&wang, &li], [-10, -7]).await;
        let shown = scene::shown_by(&word, -8, &visit.name);
        server.interactions().settle_commitment(shown).await.expect("kept");
        let kept = list(&server, of(&li)).await;
        assert_eq!(told(&kept), [
            (Of::CommitmentKept, &*word),
            (Of::InteractionHeld, &*visit.name),
            (Of::CommitmentMade, &*word),
        ]);
        let now = pb::Interaction {
            name: visit.name.clone(),
            ..held(InteractionChannel::Call, -5, &[&wang], &[&wu])
        };
        amend(&server, now).await.expect("amended");
        let acme = list(&server, of("accounts/acme")).await;
        assert_eq!(told(&acme), [
            (Of::CommitmentKeptLate, &*word),
            (Of::InteractionHeld, &*visit.name),
            (Of::CommitmentMade, &*word),
        ]);
        assert_eq!((acme[1].date, &*acme[1].detail, &*acme[1].recorded_by), (Some(day(-5)), "CALL", PRINCIPAL));
        assert_eq!(told(&list(&server, of(&li)).await), [(Of::CommitmentKeptLate, &*word), (Of::CommitmentMade, &*word)]);
        assert_eq!(told(&list(&server, of(&wu)).await), [(Of::InteractionHeld, &*visit.name)]);
        verify(&server).await;
    }

    async fn a_run_that_another_replaced_is_not_told(server: TestServer) {
        use crate::tiers::runs::{applied, in_force, run, sell, two};
        sell(&server, -5, &[("BIG", 100), ("MID", 50)]).await;
        in_force(&server, two()).await;
        let first = run(&server, applied(0)).await.expect("a run").run.expect("told").name;
        sell(&server, -4, &[("MID", 100)]).await;
        let again = pb::EvaluateTiersRequest { replaces: first, ..applied(0) };
        run(&server, again).await.expect("another run");
        for (id, class) in [("BIG", "C"), ("MID", "A")] {
            let entries = list(&server, of(&format!("accounts/ERP~{id}"))).await;
            let classes: Vec<(Of, &str)> = entries.iter().map(|one| (one.r#type(), &*one.detail)).collect();
            assert_eq!(classes, [(Of::TierChanged, class)], "{id}");
        }
        server.clock().set(moment(1));
        run(&server, applied(1)).await.expect("a run that changes nothing");
        assert_eq!(list(&server, of("accounts/ERP~BIG")).await.len(), 1);
        verify(&server).await;
    }

    async fn bad_questions_are_told_all_at_once(server: TestServer) {
        let wrong = pb::ListTimelineRequest {
            parent: "accounts/-".into(),
            types: vec![0, 5, 5, 99],
            from_date: Some(day(2)),
            to_date: Some(day(1)),
            ..Default::default()
        };
        let status = page(&server, wrong).await.expect_err("refused");
        let mut told = crate::support::fields(&status);
        told.sort();
        let expected = [
            ("parent", "RESOURCE_NAME_INVALID"),
            ("to_date", "DATE_INVALID"),
            ("types[0]", "ENUM_INVALID"),
            ("types[2]", "DUPLICATE_ELEMENT"),
            ("types[3]", "ENUM_INVALID"),
        ];
        assert_eq!(told, expected.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
        for parent in ["members/none", "contacts/none", "accounts/none"] {
            let status = page(&server, of(parent)).await.expect_err(parent);
            assert_refused(&status, Code::NotFound, "RESOURCE_NOT_FOUND", None);
        }
    }
}

/// Whoever serves an account sees what was said and done, and not what it owes.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a13_each_audience_sees_what_it_may_read() {
    let server = TestServer::start_with(Engine::Sqlite, |config| {
        config.auth.insecure = false;
        let token = |role: &str| Token {
            principal: role.into(),
            sha256: TokenHash::of(role),
            scopes: match role {
                "service" => {
                    ["accounts.read", "interactions.read", "people.read"].map(str::to_owned).into()
                }
                _ => vec!["*".to_owned()],
            },
            accounts: ballast::ctx::RowScope::All,
        };
        config.auth.tokens = ["service", "admin"].map(token).into();
    })
    .await;
    let bearing = |role: &str, request: pb::ListTimelineRequest| {
        let mut request = Request::new(request);
        let header = format!("Bearer {role}").parse().expect("a header");
        request.metadata_mut().insert("authorization", header);
        request
    };
    let account = pb::CreateAccountRequest {
        account: Some(pb::Account { display_name: "Acme".into(), ..Default::default() }),
        account_id: "acme".into(),
        ..Default::default()
    };
    let mut account = Request::new(account);
    account.metadata_mut().insert("authorization", "Bearer admin".parse().expect("a header"));
    server.accounts().create_account(account).await.expect("created");
    let hold = pb::PlaceCreditHoldRequest {
        account: "accounts/acme".into(),
        scope: pb::CreditHoldScope::Account.into(),
        reason: "rumors".into(),
        request_id: crate::support::ledger::fresh(),
    };
    let mut hold = Request::new(hold);
    hold.metadata_mut().insert("authorization", "Bearer admin".parse().expect("a header"));
    server.credit().place_credit_hold(hold).await.expect("a hold");
    let counted = pb::ListTimelineRequest { with_counts: true, ..of("accounts/acme") };
    let all = server.accounts().list_timeline(bearing("admin", counted.clone())).await;
    let all = all.expect("a page").into_inner();
    assert_eq!((all.entries.len(), all.counts.len(), all.left_out.len()), (1, 1, 0));
    let some = server.accounts().list_timeline(bearing("service", counted)).await;
    let some = some.expect("a page").into_inner();
    assert_eq!((some.entries.len(), some.counts.len()), (0, 0));
    assert!(some.left_out().any(|of| of == Of::HoldPlaced));
    assert!(!some.left_out().any(|of| of == Of::InteractionHeld || of == Of::OwnerChanged));
    let holds =
        pb::ListTimelineRequest { types: vec![Of::HoldPlaced.into()], ..of("accounts/acme") };
    let status =
        server.accounts().list_timeline(bearing("service", holds)).await.expect_err("refused");
    assert_refused(&status, Code::PermissionDenied, "SCOPE_MISSING", None);
    assert_eq!(details(&status).error_info().expect("info").metadata["scope"], "credit.read");
}
