//! What is to be held, what becomes of it, and the occasions that one interaction leaves for the next.

use ballast::pb::{
    ChecklistItem, HookState, InteractionReadiness, InteractionState, NextHook, ReadinessGapCode,
};

use super::*;
use crate::support::credit::moment;
use crate::support::ledger::{day, fresh};
use crate::tiers::policies::class;
use crate::tiers::runs::{applied, in_force, run, sell, two};

pub async fn plan(
    server: &TestServer,
    account: &str,
    interaction: Interaction,
) -> Result<Interaction, Status> {
    let request = pb::PlanInteractionRequest {
        account: format!("accounts/{account}"),
        interaction: Some(interaction),
        request_id: fresh(),
    };
    server.interactions().plan_interaction(request).await.map(|r| r.into_inner())
}

async fn hold(
    server: &TestServer,
    account: &str,
    plan: &str,
    interaction: Interaction,
) -> Result<Interaction, Status> {
    let request = pb::RecordInteractionRequest {
        account: format!("accounts/{account}"),
        interaction: Some(interaction),
        plan: plan.into(),
        request_id: fresh(),
        ..Default::default()
    };
    recorded(server, request).await.map(|answer| answer.interaction.expect("an interaction"))
}

async fn amend(server: &TestServer, now: Interaction) -> Result<Interaction, Status> {
    let request = pb::AmendInteractionRequest {
        interaction: Some(now),
        reason: "Li is ill".into(),
        request_id: fresh(),
    };
    server.interactions().amend_interaction(request).await.map(|r| r.into_inner())
}

async fn cancel(server: &TestServer, name: &str, version: i64) -> Result<Interaction, Status> {
    let request = pb::CancelInteractionRequest {
        name: name.into(),
        reason: "the plant is shut".into(),
        version,
        request_id: fresh(),
    };
    server.interactions().cancel_interaction(request).await.map(|r| r.into_inner())
}

async fn get(server: &TestServer, name: &str, version: i64) -> Interaction {
    let request = pb::GetInteractionRequest { name: name.into(), version };
    server.interactions().get_interaction(request).await.expect("read").into_inner()
}

async fn ties(server: &TestServer) -> usize {
    let request = pb::GetCoverageRequest { account: "accounts/acme".into() };
    server.contacts().get_coverage(request).await.expect("coverage").into_inner().ties.len()
}

fn visit(on: i64, ours: &[&str], theirs: &[&str]) -> Interaction {
    held(InteractionChannel::Visit, on, ours, theirs)
}

fn hook(by: i64) -> Option<NextHook> {
    Some(NextHook { topic: "the new line".into(), by: Some(day(by)), ..NextHook::default() })
}

/// An account with one of ours, `wang`, and one of theirs, Li, who sits there: only ties to who sits at
/// an account are told.
async fn two_people(server: &TestServer) -> (String, String) {
    account(server, "acme", &[]).await;
    let seat = position(server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
    let (wang, li) = (member(server, "wang").await, person(server, "Li").await);
    move_from_to(server, &li, "", &seat, -20).await.expect("hired");
    (wang, li)
}

#[track_caller]
fn assert_state(status: &Status, state: &str, allowed: &str) {
    assert_refused(status, Code::FailedPrecondition, "STATE_WRONG", None);
    let info = details(status).error_info().expect("info").clone();
    let told = (info.metadata["state"].as_str(), info.metadata["allowed"].as_str());
    assert_eq!(told, (state, allowed));
}

on_both_engines! {
    async fn i19_one_record_leads_from_the_plan_to_the_visit(server: TestServer) {
        let (wang, li) = two_people(&server).await;
        let mut wish = visit(5, &[&wang], &[&li]);
        wish.purpose = "Show the new line".into();
        wish.notes = "Bring tea".into();
        wish.checklist = vec![ChecklistItem { text: "samples".into(), done: false }];
        wish.source_key = Some(pb::ExternalRef { system: "CAL".into(), id: "1".into() });
        let planned = plan(&server, "acme", wish.clone()).await.expect("planned");
        let gap = |code: ReadinessGapCode, subject: &str| pb::ReadinessGap {
            code: code.into(),
            subject: subject.into(),
        };
        let seat = planned.theirs[0].position.clone();
        assert!(seat.starts_with("accounts/acme/positions/"), "{seat}");
        let mut expected = Interaction {
            name: planned.name.clone(),
            two_way: Some(true),
            state: InteractionState::Planned.into(),
            readiness: InteractionReadiness::NotReady.into(),
            readiness_gaps: vec![
                gap(ReadinessGapCode::ChecklistItemOpen, "samples"),
                gap(ReadinessGapCode::AttendeeUnconfirmed, &li),
            ],
            recorded_by: crate::support::PRINCIPAL.into(),
            create_time: planned.create_time,
            version: 1,
            ..wish.clone()
        };
        expected.theirs[0].position = seat.clone();
        assert_eq!(planned, expected);
        assert_eq!(get(&server, &planned.name, 0).await, planned);
        assert_eq!(ties(&server).await, 0, "nobody met anybody");

        server.clock().set(moment(5));
        let mut now = visit(5, &[&wang], &[&li]);
        now.checklist = vec![ChecklistItem { text: "samples".into(), done: true }];
        now.theirs[0].satisfaction = Some(9);
        now.next_hook = hook(30);
        now.version = 2;
        let status = hold(&server, "acme", &planned.name, now.clone()).await.expect_err("unread");
        assert_refused(&status, Code::Aborted, "ETAG_MISMATCH", None);
        now.version = 1;
        let made = hold(&server, "acme", &planned.name, now.clone()).await.expect("held");
        let mut expected = Interaction {
            name: planned.name.clone(),
            two_way: Some(true),
            state: InteractionState::Held.into(),
            // What was left out stays as it was planned.
            purpose: wish.purpose.clone(),
            notes: wish.notes.clone(),
            source_key: wish.source_key.clone(),
            recorded_by: crate::support::PRINCIPAL.into(),
            create_time: made.create_time,
            version: 2,
            ..now.clone()
        };
        expected.next_hook.as_mut().expect("a hook").state = HookState::Open.into();
        expected.theirs[0].position = seat;
        assert_eq!(made, expected);
        assert_eq!(ties(&server).await, 1, "they met");
        let was = get(&server, &planned.name, 1).await;
        assert_eq!((was.state(), was.purpose), (InteractionState::Planned, wish.purpose));
        let again = hold(&server, "acme", &planned.name, now).await.expect_err("held already");
        assert_state(&again, "HELD", "PLANNED,MISSED");
        verify(&server).await;
    }

    async fn i19_what_nobody_held_is_missed_from_the_next_day_on(server: TestServer) {
        let (wang, li) = two_people(&server).await;
        account(&server, "rival", &[]).await;
        let other = member(&server, "other").await;
        let first = plan(&server, "acme", visit(3, &[&wang], &[&li])).await.expect("planned").name;
        let second = plan(&server, "acme", visit(6, &[&other], &[&li])).await.expect("planned").name;
        let third = plan(&server, "acme", visit(9, &[&wang], &[&li])).await.expect("planned").name;
        let talk = record(&server, "acme", visit(0, &[&wang], &[&li])).await.expect("held").name;
        let canceled = cancel(&server, &third, 1).await.expect("canceled");
        assert_eq!((canceled.state(), &*canceled.amend_reason), (InteractionState::Canceled, "the plant is shut"));
        server.clock().set(moment(4));
        assert_eq!(get(&server, &first, 0).await.state(), InteractionState::Missed);
        let all = pb::ListInteractionsRequest { parent: "accounts/acme".into(), ..Default::default() };
        let by = |state: InteractionState| pb::ListInteractionsRequest { state: state.into(), ..all.clone() };
        for (request, expected) in [
            (all.clone(), vec![&third, &second, &first, &talk]),
            (by(InteractionState::Planned), vec![&second]),
            (by(InteractionState::Missed), vec![&first]),
            (by(InteractionState::Held), vec![&talk]),
            (by(InteractionState::Canceled), vec![&third]),
            (pb::ListInteractionsRequest { from_date: Some(day(3)), to_date: Some(day(6)), ..all.clone() }, vec![&second, &first]),
            (pb::ListInteractionsRequest { member: wang.clone(), from_date: Some(day(1)), ..all.clone() }, vec![&third, &first]),
            (pb::ListInteractionsRequest { member: other.clone(), parent: "accounts/-".into(), ..by(InteractionState::Planned) }, vec![&second]),
        ] {
            let told = super::list(&server, request.clone()).await;
            assert_eq!(told.iter().collect::<Vec<_>>(), expected, "{request:?}");
        }
        assert_state(&cancel(&server, &third, 0).await.expect_err("over"), "CANCELED", "PLANNED,MISSED");
        let late = Interaction { name: first.clone(), ..visit(8, &[&wang], &[&li]) };
        assert_state(&amend(&server, late).await.expect_err("missed"), "MISSED", "PLANNED,HELD");
        let status = hold(&server, "acme", &third, visit(4, &[&wang], &[&li])).await.expect_err("canceled");
        assert_state(&status, "CANCELED", "PLANNED,MISSED");
        let status = hold(&server, "rival", &first, visit(3, &[&wang], &[&li])).await.expect_err("of acme");
        assert_refused(&status, Code::InvalidArgument, "FIELD_INVALID", Some("plan"));
        // Recorded late it was held all the same.
        let made = hold(&server, "acme", &first, visit(3, &[&wang], &[&li])).await.expect("held");
        assert_eq!(made.state(), InteractionState::Held);
        // What was not held at all is told so, and is gone from the work.
        server.clock().set(moment(8));
        let canceled = cancel(&server, &second, 0).await.expect("it was missed");
        assert_eq!(canceled.state(), InteractionState::Canceled);
        verify(&server).await;
    }

    async fn i15_another_comes_in_his_place_and_the_plan_stays(server: TestServer) {
        let (wang, li) = two_people(&server).await;
        let wu = person(&server, "Wu").await;
        let planned = plan(&server, "acme", visit(5, &[&wang], &[&li])).await.expect("planned");
        let mut now = Interaction { name: planned.name.clone(), version: 1, ..visit(5, &[&wang], &[&wu]) };
        now.theirs[0].confirmed = true;
        let amended = amend(&server, now.clone()).await.expect("amended");
        let told = (&*amended.amended_by, &*amended.amend_reason, amended.version);
        assert_eq!(told, (crate::support::PRINCIPAL, "Li is ill", 2));
        assert_eq!((amended.state(), amended.readiness()), (InteractionState::Planned, InteractionReadiness::Ready));
        assert_eq!(get(&server, &planned.name, 1).await.theirs[0].contact, li);
        let stale = amend(&server, Interaction { version: 1, ..visit(6, &[&wang], &[&wu]) }.named(&planned.name));
        assert_refused(&stale.await.expect_err("stale"), Code::Aborted, "ETAG_MISMATCH", None);
        assert_eq!(ties(&server).await, 0, "nobody met anybody");
        verify(&server).await;
    }

    async fn a_plan_says_nothing_that_only_a_held_one_has(server: TestServer) {
        let (wang, li) = two_people(&server).await;
        let mut wrong = visit(1, &[&wang], &[&li]);
        wrong.theirs[0].satisfaction = Some(9);
        wrong.next_hook = hook(9);
        wrong.checklist = vec![ChecklistItem::default(), ChecklistItem::default()];
        let status = plan(&server, "acme", wrong).await.expect_err("refused");
        let mut told = fields(&status);
        told.sort();
        let field = |name: &str, reason: &str| (format!("interaction.{name}"), reason.to_owned());
        let expected = [
            field("checklist[0].text", "FIELD_REQUIRED"),
            field("checklist[1].text", "DUPLICATE_ELEMENT"),
            field("checklist[1].text", "FIELD_REQUIRED"),
            field("next_hook", "FIELD_INVALID"),
            field("theirs[0].satisfaction", "FIELD_INVALID"),
        ];
        assert_eq!(told, expected);
        let status = plan(&server, "acme", visit(-1, &[&wang], &[&li])).await.expect_err("past");
        assert_refused(&status, Code::InvalidArgument, "DATE_INVALID", Some("interaction.start_time"));
        // What was not held shows nothing, and nothing was said in it.
        let planned = plan(&server, "acme", visit(0, &[&wang], &[&li])).await.expect("planned").name;
        let request = pb::CreateCommitmentRequest {
            account: "accounts/acme".into(),
            commitment: Some(pb::Commitment {
                side: pb::CommitmentSide::Ours.into(),
                member: wang.clone(),
                contact: li.clone(),
                text: "The report".into(),
                due_date: Some(day(3)),
                interaction: planned,
                ..Default::default()
            }),
            request_id: fresh(),
        };
        let status = server.interactions().create_commitment(request).await.expect_err("not held");
        assert_state(&status, "PLANNED", "HELD");
    }

    async fn i3_a_hook_is_used_once_and_in_time(server: TestServer) {
        let (wang, li) = two_people(&server).await;
        let mut first = visit(0, &[&wang], &[&li]);
        first.next_hook = hook(-1);
        let status = record(&server, "acme", first.clone()).await.expect_err("before it");
        assert_refused(&status, Code::InvalidArgument, "DATE_INVALID", Some("interaction.next_hook.by"));
        first.next_hook = hook(10);
        first.next_hook.as_mut().expect("a hook").contact = li.clone();
        let first = record(&server, "acme", first).await.expect("held").name;
        let state = async |name: &str| {
            let hook = get(&server, name, 0).await.next_hook.expect("a hook");
            (hook.state(), hook.used_by)
        };
        let using = |on, of: &str| Interaction { uses_hook: of.into(), ..visit(on, &[&wang], &[&li]) };
        let late = plan(&server, "acme", using(11, &first)).await.expect_err("too late");
        assert_state(&late, "EXPIRED", "OPEN");
        let planned = plan(&server, "acme", using(5, &first)).await.expect("planned").name;
        assert_eq!(state(&first).await, (HookState::Open, String::new()), "it is planned");
        server.clock().set(moment(5));
        let second = hold(&server, "acme", &planned, using(5, &first)).await.expect("held").name;
        assert_eq!(state(&first).await, (HookState::Used, second.clone()));
        let twice = record(&server, "acme", using(5, &first)).await.expect_err("used");
        assert_state(&twice, "USED", "OPEN");
        let none = record(&server, "acme", using(5, &second)).await.expect_err("no hook");
        assert_refused(&none, Code::InvalidArgument, "FIELD_INVALID", Some("interaction.uses_hook"));
        let dropped = amend(&server, visit(0, &[&wang], &[&li]).named(&first)).await;
        assert_state(&dropped.expect_err("it is used"), "USED", "OPEN,EXPIRED");
        // Said to have been held for something else, it is open again, and expires by itself.
        amend(&server, visit(5, &[&wang], &[&li]).named(&second)).await.expect("amended");
        assert_eq!(state(&first).await.0, HookState::Open);
        server.clock().set(moment(11));
        assert_eq!(state(&first).await.0, HookState::Expired);
        verify(&server).await;
    }

    async fn i3_class_a_says_what_for_and_leaves_a_hook(server: TestServer) {
        sell(&server, -20, &[("BIG", 100), ("MID", 50), ("LOW", 10)]).await;
        let mut a = class("A", 4);
        let service = a.service.as_mut().expect("a service policy");
        (service.purpose_required, service.hook_required) = (true, true);
        in_force(&server, pb::TierPolicy { classes: vec![a, class("C", 48)], ..two() }).await;
        run(&server, applied(0)).await.expect("a run");
        let (wang, li) = (member(&server, "wang").await, person(&server, "Li").await);
        let bare = |on| visit(on, &[&wang], &[&li]);
        let status = record(&server, "ERP~BIG", bare(0)).await.expect_err("without a hook");
        let asked = |field: &str| (format!("interaction.{field}"), "FIELD_REQUIRED".to_owned());
        assert_eq!(fields(&status), [asked("purpose"), asked("next_hook")]);
        let status = plan(&server, "ERP~BIG", bare(3)).await.expect_err("without a purpose");
        assert_eq!(fields(&status), [asked("purpose")]);
        record(&server, "ERP~LOW", bare(0)).await.expect("C is not asked");
        // Outreach that nobody answered is told and no more.
        let mail = held(InteractionChannel::Message, 0, &[&wang], &[&li]);
        record(&server, "ERP~BIG", mail).await.expect("one-way");
        let told = Interaction { purpose: "The offer".into(), next_hook: hook(9), ..bare(0) };
        record(&server, "ERP~BIG", told).await.expect("said");
        verify(&server).await;
    }
}

trait Named {
    fn named(self, name: &str) -> Self;
}

impl Named for Interaction {
    fn named(self, name: &str) -> Self {
        Self { name: name.into(), ..self }
    }
}
