//! Runs: the book classified as of a day, and how accounts stand from then on.

use std::collections::BTreeMap;

use ballast::pb;
use tonic::{Code, Status};

use super::policies::{activate, class, create, quantile};
use crate::support::credit::{Counter, moment};
use crate::support::ledger::{Desk, day, document, fresh, usd};
use crate::support::{Engine, Gate, TestServer, assert_refused, details};

pub const G1: [i64; 20] =
    [400, 220, 120, 60, 40, 30, 25, 20, 15, 12, 10, 9, 8, 7, 6, 5, 5, 4, 2, 2];

pub fn of(account: &str, kind: pb::DocumentKind, no: &str, on: i64, units: i64) -> pb::Document {
    let payer = format!("accounts/ERP~{account}");
    pb::Document { payer, ..document(kind, no, day(on), &units.to_string()) }
}

pub async fn sell(server: &TestServer, on: i64, values: &[(&str, i64)]) {
    let documents = values.iter().enumerate().map(|(n, (account, units))| {
        let kind =
            if *units < 0 { pb::DocumentKind::CreditNote } else { pb::DocumentKind::Invoice };
        of(account, kind, &format!("{account}-{on}-{n}"), on, units.abs())
    });
    let mut desk = Desk::new(server);
    desk.try_post(documents.collect()).await.expect("posted");
}

/// Sells what G1 says to C01 … C20, whatever the order.
async fn sell_g1(server: &TestServer) {
    let names: Vec<_> = (1..=20).map(|n| format!("C{n:02}")).collect();
    let mut values: Vec<_> = names.iter().map(String::as_str).zip(G1).collect();
    values.reverse();
    sell(server, -1, &values).await;
}

pub async fn in_force(server: &TestServer, policy: pb::TierPolicy) {
    version(server, "p", policy).await;
}

pub async fn version(server: &TestServer, id: &str, policy: pb::TierPolicy) {
    let created = create(server, id, policy).await.expect("created");
    activate(server, id, Some(day(-1_000)), &created.etag).await.expect("in force");
}

pub async fn run(
    server: &TestServer,
    request: pb::EvaluateTiersRequest,
) -> Result<pb::EvaluateTiersResponse, Status> {
    server.tiers().evaluate_tiers(request).await.map(|r| r.into_inner())
}

pub fn applied(on: i64) -> pb::EvaluateTiersRequest {
    pb::EvaluateTiersRequest {
        as_of: Some(day(on)),
        apply: true,
        request_id: fresh(),
        ..Default::default()
    }
}

pub async fn assignments(server: &TestServer, proposed_only: bool) -> Vec<pb::TierAssignment> {
    let request = pb::ListTierAssignmentsRequest {
        parent: "accounts/-".into(),
        proposed_only,
        ..Default::default()
    };
    let answer = server.tiers().list_tier_assignments(request).await.expect("a page");
    answer.into_inner().tier_assignments
}

/// The external ids of accounts by the class that is applied last.
pub async fn tiers(server: &TestServer) -> BTreeMap<String, Vec<String>> {
    let mut last = BTreeMap::new();
    for assignment in assignments(server, false).await {
        last.insert(assignment.account, assignment.tier);
    }
    let mut tiers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, tier) in last {
        let account = server.accounts().get_account(pb::GetAccountRequest { name }).await;
        let account = account.expect("an account").into_inner();
        tiers.entry(tier).or_default().push(account.external_refs[0].id.clone());
    }
    tiers.values_mut().for_each(|ids| ids.sort());
    tiers
}

fn abc() -> pb::TierPolicy {
    quantile(&[1_500, 5_000], vec![class("A", 4), class("B", 24), class("C", 48)])
}

/// Two classes, one account of five above the cut, without band and dwell.
pub fn two() -> pb::TierPolicy {
    let policy = quantile(&[2_000], vec![class("A", 4), class("C", 48)]);
    pb::TierPolicy { band_bp: Some(0), dwell_days: Some(0), ..policy }
}

pub fn counts(run: &pb::TierRun) -> Vec<(&str, i64, i64)> {
    run.classes.iter().map(|c| (&*c.tier, c.raw, c.applied)).collect()
}

/// Lets BIG fall below the band in two runs, so that leaving class A waits for a person.
pub async fn propose_big(server: &TestServer) {
    propose_big_by(server, two()).await;
}

pub async fn propose_big_by(server: &TestServer, policy: pb::TierPolicy) {
    sell(server, -5, &[("BIG", 100), ("MID", 50), ("LOW", 10)]).await;
    in_force(server, policy).await;
    run(server, applied(0)).await.expect("a run");
    sell(server, 0, &[("BIG", -90), ("BACK", -10)]).await;
    let mut proposed = Vec::new();
    for on in [30, 60] {
        server.clock().set(moment(on));
        run(server, applied(on)).await.expect("a run");
        proposed.push(assignments(server, true).await.len());
    }
    assert_eq!(proposed, [0, 1], "below the band in two runs");
}

pub fn decision(waits: &pb::TierAssignment, approve: bool) -> pb::DecideTierChangeRequest {
    pb::DecideTierChangeRequest {
        name: waits.name.clone(),
        approve,
        reason: "客户已转向竞争对手".into(),
        request_id: fresh(),
    }
}

on_both_engines! {
    async fn t1_all_accounts_of_a_group_count_together_and_are_in_its_class(server: TestServer) {
        let values = [("BIG", 100), ("ROOT", 10), ("S1", 60), ("S2", 50), ("X", 5), ("Y", 4), ("Z", 3)];
        sell(&server, -5, &values).await;
        in_force(&server, pb::TierPolicy { population: pb::TierPopulation::Groups.into(), ..two() }).await;
        let alone = run(&server, pb::EvaluateTiersRequest::default()).await.expect("a preview").run.expect("told");
        assert_eq!((alone.ranked, counts(&alone)), (7, vec![("A", 2, 2), ("C", 5, 5)]));
        let mut counter = Counter::at(&server);
        counter.reparent("accounts/ERP~S1", "accounts/ERP~ROOT").await;
        counter.reparent("accounts/ERP~S2", "accounts/ERP~S1").await;
        let told = run(&server, applied(0)).await.expect("a run").run.expect("told");
        assert_eq!((told.ranked, told.changes), (5, 7), "groups are ranked, accounts are counted");
        assert_eq!(counts(&told), [("A", 3, 3), ("C", 4, 4)]);
        assert_eq!(tiers(&server).await["A"], ["ROOT", "S1", "S2"]);
        let worth: Vec<_> = assignments(&server, false).await.into_iter()
            .filter(|one| one.tier == "A").map(|one| (one.rank, one.value)).collect();
        assert_eq!(worth, vec![(1, Some(usd("120"))); 3]);
        let again = run(&server, applied(0)).await.expect("the same").run.expect("told");
        assert_eq!(again, told);
        // Falling out of the first class is proposed once, for the group.
        sell(&server, 0, &[("S2", -50), ("S1", -40)]).await;
        for on in [30, 60] {
            server.clock().set(moment(on));
            run(&server, applied(on)).await.expect("a run");
        }
        let waits = assignments(&server, true).await;
        assert_eq!((waits.len(), tiers(&server).await["A"].len()), (1, 4), "with BIG");
        server.tiers().decide_tier_change(decision(&waits[0], true)).await.expect("decided");
        assert_eq!(tiers(&server).await["A"], ["BIG", "S1", "S2"], "the others follow with the next run");
        server.clock().set(moment(61));
        run(&server, applied(61)).await.expect("a run");
        assert_eq!(tiers(&server).await["A"], ["BIG"]);
        let followed = assignments(&server, false).await.into_iter().filter(|one| one.from_date == Some(day(61)));
        let told: Vec<_> = followed.map(|one| (one.since, one.cause())).collect();
        assert_eq!(told, vec![(Some(day(61)), pb::TierCause::Group); 2], "each since it is in it");
    }

    async fn t1_a_root_that_is_put_above_a_group_takes_it_out_of_no_class(server: TestServer) {
        sell(&server, -5, &[("ROOT", 60), ("S1", 50), ("B", 4), ("C", 3)]).await;
        // It trades no more, and is in no class.
        sell(&server, -500, &[("TOP", 1)]).await;
        let policy = pb::TierPolicy { band_bp: Some(500), demotion_runs: 2, ..two() };
        in_force(&server, pb::TierPolicy { population: pb::TierPopulation::Groups.into(), ..policy }).await;
        let mut counter = Counter::at(&server);
        counter.reparent("accounts/ERP~S1", "accounts/ERP~ROOT").await;
        run(&server, applied(0)).await.expect("a run");
        assert_eq!(tiers(&server).await["A"], ["ROOT", "S1"]);
        // The group loses its trade, and gets another root.
        sell(&server, 0, &[("ROOT", -60), ("S1", -49)]).await;
        server.clock().set(moment(10));
        counter.reparent("accounts/ERP~ROOT", "accounts/ERP~TOP").await;
        run(&server, applied(10)).await.expect("a run");
        assert_eq!(tiers(&server).await["A"], ["B", "ROOT", "S1", "TOP"], "below the band for the first time");
        let joined = assignments(&server, false).await.into_iter().filter(|one| one.from_date == Some(day(10)));
        let mut causes: Vec<_> = joined.map(|one| one.cause()).collect();
        causes.dedup();
        assert!(causes.contains(&pb::TierCause::Group), "{causes:?}");
        server.clock().set(moment(20));
        run(&server, applied(20)).await.expect("a run");
        let waits = assignments(&server, true).await;
        assert_eq!((waits.len(), tiers(&server).await["A"].len()), (1, 4), "a person decides");
        assert_eq!(waits[0].proposed_tier, "C");
        let by_name = pb::GetAccountRequest { name: waits[0].account.clone() };
        let head = server.accounts().get_account(by_name).await.expect("an account").into_inner();
        assert_eq!(head.external_refs[0].id, "TOP");
    }

    async fn t1_the_first_share_by_number_is_class_a_and_a_preview_writes_nothing(server: TestServer) {
        sell_g1(&server).await;
        in_force(&server, abc()).await;
        let preview = pb::EvaluateTiersRequest { changes_max: 4, ..Default::default() };
        let seen = run(&server, preview).await.expect("a preview");
        assert_eq!(seen.changes.len(), 4);
        assert!(assignments(&server, false).await.is_empty());

        let done = run(&server, applied(0)).await.expect("a run");
        let told = done.run.expect("a run");
        assert_eq!(counts(&told), [("A", 3, 3), ("B", 7, 7), ("C", 10, 10)]);
        assert_eq!((told.ranked, told.total.clone(), told.changes), (20, Some(usd("1000")), 20));
        let cuts: Vec<_> = told.cuts.iter().map(|cut| cut.value.clone()).collect();
        assert_eq!(cuts, [Some(usd("120")), Some(usd("12"))]);
        let seen = pb::TierRun { name: told.name.clone(), create_time: told.create_time, ..seen.run.expect("a run") };
        assert_eq!(seen, told, "as the preview said");
        let tiers = tiers(&server).await;
        assert_eq!(tiers["A"], ["C01", "C02", "C03"]);
        let first = assignments(&server, false).await.into_iter().find(|a| a.rank == 1).expect("C01");
        let numbers = (first.value, first.cut, first.tier_before, first.cause);
        assert_eq!(numbers, (Some(usd("400")), Some(usd("120")), String::new(), pb::TierCause::First.into()));

        let name = told.name.clone();
        let read = server.tiers().get_tier_run(pb::GetTierRunRequest { name }).await.expect("read");
        assert_eq!(read.into_inner(), told);
    }

    async fn t2_who_crosses_the_share_is_still_a_key_account(server: TestServer) {
        sell_g1(&server).await;
        let share = pb::TierCutMethod::CumulativeShare.into();
        let policy = quantile(&[8_000], vec![class("KEY", 4), class("OTHER", 48)]);
        in_force(&server, pb::TierPolicy { method: share, ..policy }).await;
        run(&server, applied(0)).await.expect("a run");
        assert_eq!(tiers(&server).await["KEY"], ["C01", "C02", "C03", "C04"]);
    }

    async fn the_same_values_again_change_nothing_and_others_must_name_the_run(server: TestServer) {
        sell(&server, -5, &[("BIG", 100), ("MID", 50), ("LOW", 10)]).await;
        in_force(&server, two()).await;
        let first = run(&server, applied(0)).await.expect("a run").run.expect("a run");
        let stands = assignments(&server, false).await;
        let again = run(&server, applied(0)).await.expect("the same").run.expect("a run");
        assert_eq!(again, first);
        assert_eq!(assignments(&server, false).await, stands);

        sell(&server, -4, &[("MID", 500), ("NEW", 1)]).await;
        let other = run(&server, applied(0)).await.expect_err("other values");
        assert_refused(&other, Code::FailedPrecondition, "TIER_RUN_STANDS", Some("replaces"));
        let replaces = pb::EvaluateTiersRequest { replaces: first.name.clone(), ..applied(0) };
        let replaces = pb::EvaluateTiersRequest { changes_max: 9, ..replaces };
        let seen = run(&server, replaces).await.expect("replaced");
        let second = seen.run.expect("a run");
        assert_eq!(counts(&second), [("A", 1, 1), ("C", 3, 3)]);
        assert_eq!((seen.changes.len(), second.changes), (4, 4), "also of who stands as before");
        let tiers = tiers(&server).await;
        assert_eq!((&*tiers["A"], tiers["C"].len()), (&["MID".to_owned()][..], 3));
        let request = pb::ListTierRunsRequest::default();
        let runs = server.tiers().list_tier_runs(request).await.expect("runs").into_inner().tier_runs;
        let replaced: Vec<_> = runs.iter().map(|run| (&run.name, run.replace_time.is_some())).collect();
        assert_eq!(replaced, [(&second.name, false), (&first.name, true)]);

        let early = run(&server, applied(-1)).await.expect_err("before the last run");
        assert_refused(&early, Code::InvalidArgument, "DATE_INVALID", Some("as_of"));
        let ahead = run(&server, applied(1)).await.expect_err("ahead");
        assert_refused(&ahead, Code::InvalidArgument, "DATE_INVALID", Some("as_of"));
    }

    async fn a_related_party_stays_as_it_stood_and_takes_no_part(server: TestServer) {
        sell(&server, -5, &[("BIG", 100), ("MID", 50), ("LOW", 10), ("LEAST", 5)]).await;
        in_force(&server, two()).await;
        run(&server, applied(0)).await.expect("a run");
        let request = pb::GetAccountRequest { name: "accounts/ERP~BIG".into() };
        let big = server.accounts().get_account(request).await.expect("BIG").into_inner();
        let related = pb::UpdateAccountRequest {
            account: Some(pb::Account { related_party: true, ..big }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["related_party".into()] }),
            ..Default::default()
        };
        server.accounts().update_account(related).await.expect("related");
        server.clock().set(moment(1));
        let told = run(&server, applied(1)).await.expect("a run").run.expect("a run");
        assert_eq!((told.ranked, told.total), (3, Some(usd("65"))));
        let tiers = tiers(&server).await;
        assert_eq!(tiers["A"], ["BIG", "MID"], "one by what it was, one of the three that trade");
    }

    async fn t12_leaving_the_first_class_waits_for_a_person(server: TestServer) {
        propose_big(&server).await;
        let waits = assignments(&server, true).await.remove(0);
        assert_eq!((&*waits.tier, &*waits.proposed_tier, waits.below_runs), ("A", "C", 2));
        assert_eq!((waits.value.clone(), waits.cause()), (Some(usd("10")), pb::TierCause::Proposed));

        let decide = |approve| decision(&waits, approve);
        let fallen = server.tiers().decide_tier_change(decide(true)).await.expect("decided").into_inner();
        assert_eq!((&*fallen.tier, &*fallen.tier_before, fallen.cause()), ("C", "A", pb::TierCause::Approved));
        assert_eq!((fallen.since, &*fallen.reason), (Some(day(60)), "客户已转向竞争对手"));
        assert!(assignments(&server, true).await.is_empty());
        let stands = server.tiers().list_tier_runs(pb::ListTierRunsRequest::default()).await;
        let replaces = stands.expect("runs").into_inner().tier_runs.remove(0).name;
        let over = pb::EvaluateTiersRequest { replaces, ..applied(60) };
        let over = run(&server, over).await.expect_err("somebody decided by it");
        assert_refused(&over, Code::FailedPrecondition, "STATE_WRONG", None);
        let again = server.tiers().decide_tier_change(decide(false)).await.expect_err("decided");
        assert_refused(&again, Code::FailedPrecondition, "STATE_WRONG", None);
        let tiers = tiers(&server).await;
        assert_eq!(tiers["A"], ["MID"]);
        assert_eq!(tiers["C"], ["BACK", "BIG", "LOW"], "who only gave back is in the last class");
    }

    async fn who_approves_approves_what_he_saw(server: TestServer) {
        propose_big(&server).await;
        let seen = assignments(&server, true).await.remove(0);
        let all = assignments(&server, false).await;
        let other = all.iter().rfind(|other| other.account != seen.account).expect("another");
        let refused = async |assignment: &pb::TierAssignment| {
            let answer = server.tiers().decide_tier_change(decision(assignment, true)).await;
            let status = answer.expect_err("not what stands");
            assert_refused(&status, Code::FailedPrecondition, "STATE_WRONG", Some("name"));
            details(&status).error_info().expect("info").metadata["state"].clone()
        };
        assert_eq!(refused(other).await, "NOT_PROPOSED");
        // It trades again: the proposal falls away with the next run.
        sell(&server, 60, &[("BIG", 400)]).await;
        server.clock().set(moment(61));
        run(&server, applied(61)).await.expect("a run");
        assert_eq!(refused(&seen).await, "SUPERSEDED");
    }

    async fn what_was_decided_bars_runs_of_days_before_it(server: TestServer) {
        propose_big(&server).await;
        let waits = assignments(&server, true).await.remove(0);
        server.clock().set(moment(70));
        server.tiers().decide_tier_change(decision(&waits, false)).await.expect("kept");
        let before = run(&server, applied(65)).await.expect_err("before the decision");
        assert_refused(&before, Code::InvalidArgument, "DATE_INVALID", Some("as_of"));
        run(&server, applied(70)).await.expect("from that day on");
    }

    async fn what_has_no_rate_stays_and_what_has_is_converted_on_its_day(server: TestServer) {
        sell(&server, -5, &[("BIG", 100), ("MID", 50)]).await;
        in_force(&server, two()).await;
        let euros = |account: &str, no: &str| {
            let gross = Some(crate::support::ledger::money("200", "EUR"));
            pb::Document { gross, ..of(account, pb::DocumentKind::Invoice, no, -3, 200) }
        };
        let mut desk = Desk::new(&server);
        desk.try_post(vec![euros("ABROAD", "E1")]).await.expect("posted");
        let seen = run(&server, applied(0)).await.expect("a run").run.expect("a run");
        assert_eq!((seen.ranked, seen.unknown), (2, 1));
        let rates = pb::SetExchangeRatesRequest {
            rates: vec![pb::ExchangeRate {
                from_currency: "EUR".into(),
                to_currency: "USD".into(),
                date: Some(day(-4)),
                rate: Some(pb::Decimal { value: "1.5".into() }),
                ..Default::default()
            }],
            request_id: fresh(),
        };
        server.receivables().set_exchange_rates(rates).await.expect("rates");
        let replaces = pb::EvaluateTiersRequest { replaces: seen.name, ..applied(0) };
        let seen = run(&server, replaces).await.expect("a run").run.expect("a run");
        assert_eq!((seen.ranked, seen.unknown, seen.total), (3, 0, Some(usd("450"))));
        assert_eq!(tiers(&server).await["A"], ["ABROAD"]);
    }

    async fn a_run_needs_a_currency(server: TestServer) {
        let status = run(&server, applied(0)).await.expect_err("no currency");
        assert_refused(&status, Code::FailedPrecondition, "CURRENCY_UNDECIDED", None);
        let wrong = pb::EvaluateTiersRequest {
            replaces: "tierRuns/1".into(),
            changes_max: -1,
            request_id: "x".into(),
            ..Default::default()
        };
        let status = run(&server, wrong).await.expect_err("refused");
        assert_refused(&status, Code::InvalidArgument, "RESOURCE_NAME_INVALID", Some("replaces"));
        assert_refused(&status, Code::InvalidArgument, "PAGE_SIZE_INVALID", Some("changes_max"));
        assert_refused(&status, Code::InvalidArgument, "FIELD_INVALID", Some("request_id"));
    }
}

/// Two classes; who was below the band in two runs falls at once.
fn falling() -> pb::TierPolicy {
    pb::TierPolicy { demotion_approval: Some(false), ..two() }
}

on_both_engines! {
    async fn who_takes_no_part_and_stands_nowhere_is_no_input_of_a_run(server: TestServer) {
        sell(&server, -5, &[("BIG", 100), ("MID", 50)]).await;
        in_force(&server, two()).await;
        let first = run(&server, applied(0)).await.expect("a run").run.expect("a run");
        let related = pb::Account { display_name: "Ours".into(), related_party: true, ..Default::default() };
        let created = pb::CreateAccountRequest { account: Some(related), ..Default::default() };
        server.accounts().create_account(created).await.expect("created");
        let again = run(&server, applied(0)).await.expect("the same inputs").run.expect("a run");
        assert_eq!(again, first);

        // Who stood somewhere and takes no part any more stays there, which is another run.
        let mut accounts = server.accounts();
        let name = "accounts/ERP~MID".to_owned();
        let mid = accounts.get_account(pb::GetAccountRequest { name }).await.expect("read").into_inner();
        server.clock().set(moment(1));
        let before = run(&server, applied(1)).await.expect("a run").run.expect("a run");
        let request = pb::UpdateAccountRequest {
            account: Some(pb::Account { name: mid.name, etag: mid.etag, related_party: true, ..Default::default() }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["related_party".into()] }),
            ..Default::default()
        };
        accounts.update_account(request).await.expect("related");
        let other = run(&server, applied(1)).await.expect_err("other inputs");
        assert_refused(&other, Code::FailedPrecondition, "TIER_RUN_STANDS", Some("replaces"));
        let replaces = pb::EvaluateTiersRequest { replaces: before.name, ..applied(1) };
        run(&server, replaces).await.expect("a run by name");
        assert_eq!(tiers(&server).await["C"], ["MID"], "where it was");
    }
}

/// A run that has read the book waits, and another one of the day before is applied meanwhile.
async fn computed_anew(engine: Engine) {
    let late = moment(2).date_naive();
    let (mut gate, observer) = Gate::after(move |ran| {
        let of_day = ran.values.iter().any(|values| values.0.contains(&late.into()));
        of_day && ran.sql.contains("FROM tier_assignment t WHERE t.account_id = k.id")
    });
    let server = TestServer::start_observed(engine, observer).await;
    sell(&server, -5, &[("BIG", 100), ("MID", 50), ("LOW", 10)]).await;
    in_force(&server, falling()).await;
    run(&server, applied(0)).await.expect("a run");
    // MID takes the place of BIG, which falls after two runs.
    server.clock().set(moment(2));
    sell(&server, 1, &[("MID", 1_000)]).await;
    let mut client = server.tiers();
    let waits = tokio::spawn(async move { client.evaluate_tiers(applied(2)).await });
    gate.reached().await;
    run(&server, applied(1)).await.expect("it came in between");
    assert_eq!(tiers(&server).await["A"], ["BIG", "MID"], "below the cut in one run");
    gate.open();
    waits.await.expect("a call").expect("computed anew");
    assert_eq!(tiers(&server).await["C"], ["BIG", "LOW"], "below the cut in two runs");
}

mod a_run_that_another_came_before_is_computed_anew {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn sqlite() {
        computed_anew(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn postgres() {
        computed_anew(Engine::Postgres).await;
    }
}
