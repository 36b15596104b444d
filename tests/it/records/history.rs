//! What was said, promised and given, as another system knows it: it is history, and does not act.

use ballast::pb;
use pb::RecordOutcome::{Created, Unchanged, Updated};
use pb::record::Content;

use super::people::{faults, key, outcomes, person, record, sits, upsert};
use super::{counts, steps};
use crate::contact;
use crate::contract::{Books, logs};
use crate::interaction::member;
use crate::support::TestServer;
use crate::support::ledger::{date, money};

fn visit(id: &str, day: &str) -> pb::InteractionRecord {
    pb::InteractionRecord {
        account: "accounts/acme".into(),
        interaction: Some(pb::Interaction {
            source_key: key(id),
            channel: pb::InteractionChannel::Visit.into(),
            ours: vec!["members/boss".into()],
            theirs: vec![pb::InteractionContact {
                contact: "contacts/CRM~1".into(),
                ..pb::InteractionContact::default()
            }],
            ..pb::Interaction::default()
        }),
        local_start: day.into(),
    }
}

fn said(of: pb::InteractionRecord) -> pb::Record {
    record(Content::Interaction(of))
}

async fn scene(server: &TestServer) {
    contact::account(server, "acme", &[]).await;
    member(server, "boss").await;
    upsert(server, vec![person("1", contact::named("Li"))]).await;
}

async fn interactions(server: &TestServer) -> Vec<pb::Interaction> {
    let request = pb::ListInteractionsRequest {
        parent: "accounts/acme".into(),
        ..pb::ListInteractionsRequest::default()
    };
    server
        .interactions()
        .list_interactions(request)
        .await
        .expect("served")
        .into_inner()
        .interactions
}

async fn commitments(server: &TestServer) -> Vec<pb::Commitment> {
    let request = pb::ListCommitmentsRequest {
        parent: "accounts/acme".into(),
        ..pb::ListCommitmentsRequest::default()
    };
    server.interactions().list_commitments(request).await.expect("served").into_inner().commitments
}

fn promise(id: &str, due: &str) -> pb::CommitmentRecord {
    pb::CommitmentRecord {
        source_key: key(id),
        account: "accounts/acme".into(),
        commitment: Some(pb::Commitment {
            side: pb::CommitmentSide::Ours.into(),
            member: "members/boss".into(),
            contact: "contacts/CRM~1".into(),
            text: "the report".into(),
            made_date: Some(date("2018-05-02")),
            due_date: Some(date(due)),
            ..pb::Commitment::default()
        }),
        ..pb::CommitmentRecord::default()
    }
}

on_both_engines! {
    async fn an_interaction_is_recorded_on_its_day_with_its_people_and_amended_by_what_is_said(server: TestServer) {
        scene(&server).await;
        let mut first = visit("V1", "2018-05-02T14:30");
        let of = first.interaction.as_mut().expect("one");
        of.theirs[0].satisfaction = Some(8);
        of.purpose = "prices".into();
        of.efforts = vec![pb::InteractionEffort { member: "members/boss".into(), minutes: 90 }];
        let (results, _) = upsert(&server, vec![said(first.clone())]).await;
        assert_eq!(outcomes(&results), [Created]);
        assert_eq!(outcomes(&upsert(&server, vec![said(first)]).await.0), [Unchanged]);
        // A day alone leaves the time of that day; what is empty leaves what was.
        let mut second = visit("V1", "2018-05-02");
        let of = second.interaction.as_mut().expect("one");
        (of.ours, of.theirs) = (vec![], vec![]);
        of.notes = "they want it in May".into();
        let (results, _) = upsert(&server, vec![said(second.clone())]).await;
        assert_eq!(outcomes(&results), [Updated]);
        assert_eq!(outcomes(&upsert(&server, vec![said(second)]).await.0), [Unchanged]);
        let now = interactions(&server).await.remove(0);
        assert_eq!(now.start_time.map(|time| time.seconds), Some(1_525_271_400));
        assert_eq!((now.version, now.imported, now.purpose.as_str()), (2, true, "prices"));
        assert_eq!((now.theirs[0].satisfaction, now.efforts[0].minutes), (Some(8), 90));
        assert_eq!((now.two_way, now.direction()), (Some(true), pb::InteractionDirection::Ours));
        // Whoever sat there on that day did, also where that comes later.
        assert_eq!(now.theirs[0].position, "");
        let seat = pb::Position { function: pb::PositionFunction::Finance.into(), ..pb::Position::default() };
        upsert(&server, vec![sits("acme", "1", seat, [Some("2018-01-01"), None])]).await;
        assert_ne!(interactions(&server).await[0].theirs[0].position, "");
        for (record, fault) in [
            (visit("V2", "2030-01-01"), ("DATE_INVALID", "interaction.start_time")),
            (visit("V2", ""), ("FIELD_REQUIRED", "interaction.start_time")),
            (visit("V2", "yesterday"), ("DATE_INVALID", "local_start")),
        ] {
            assert_eq!(faults(&upsert(&server, vec![said(record)]).await.0[0]), [fault]);
        }
        contact::verify(&server).await;
    }

    async fn history_makes_ties_and_stands_on_timelines_and_does_not_act(server: TestServer) {
        scene(&server).await;
        let mut hooked = visit("V1", "2019-03-01");
        hooked.interaction.as_mut().expect("one").next_hook = Some(pb::NextHook {
            topic: "the fair".into(),
            by: Some(date("2019-04-01")),
            ..pb::NextHook::default()
        });
        let mut open = visit("V2", "2019-03-02");
        open.interaction.as_mut().expect("one").next_hook = Some(pb::NextHook {
            topic: "the audit".into(),
            by: Some(date("2030-04-01")),
            ..pb::NextHook::default()
        });
        let seat = pb::Position { function: pb::PositionFunction::Finance.into(), ..pb::Position::default() };
        upsert(&server, vec![said(hooked), said(open), sits("acme", "1", seat, [None, None])]).await;
        let request = pb::ListTimelineRequest {
            parent: "accounts/acme".into(),
            ..pb::ListTimelineRequest::default()
        };
        let told = server.accounts().list_timeline(request).await.expect("served").into_inner();
        assert_eq!(told.entries.len(), 3, "{told:?}");
        let request = pb::GetCoverageRequest { account: "accounts/acme".into() };
        let coverage = server.contacts().get_coverage(request).await.expect("served").into_inner();
        assert_eq!(coverage.ties[0].last_touch, Some(date("2019-03-02")), "{coverage:?}");
        let request = pb::ListFindingsRequest {
            parent: "accounts/-".into(),
            codes: vec![pb::FindingCode::HookExpired.into()],
            ..pb::ListFindingsRequest::default()
        };
        let found = server.accounts().list_findings(request).await.expect("served").into_inner();
        assert_eq!(found.findings, [], "of history nothing is expected");
        let request = pb::ListWorkItemsRequest {
            kinds: vec![pb::WorkItemKind::Hook.into()],
            parent: "accounts/acme".into(),
            ..pb::ListWorkItemsRequest::default()
        };
        let work = server.accounts().list_work_items(request).await.expect("served").into_inner();
        assert_eq!(work.work_items, []);
        contact::verify(&server).await;
    }

    async fn what_was_promised_is_recorded_once_and_settled_by_a_later_record(server: TestServer) {
        scene(&server).await;
        upsert(&server, vec![said(visit("V1", "2018-05-02"))]).await;
        let of = pb::CommitmentRecord { interaction_key: key("V1"), ..promise("C1", "2018-06-30") };
        let all = |of: &pb::CommitmentRecord| vec![record(Content::Commitment(of.clone()))];
        assert_eq!(outcomes(&upsert(&server, all(&of)).await.0), [Created]);
        assert_eq!(outcomes(&upsert(&server, all(&of)).await.0), [Unchanged]);
        let other = promise("C1", "2018-07-31");
        assert_eq!(faults(&upsert(&server, all(&other)).await.0[0]), [("FIELD_INVALID", "commitment.due_date")]);
        let kept = pb::CommitmentRecord {
            source_key: key("C1"),
            settlement: pb::CommitmentSettlement::Kept.into(),
            evidence: vec![pb::CommitmentEvidence {
                date: Some(date("2018-06-20")),
                note: "mail of that day".into(),
                ..pb::CommitmentEvidence::default()
            }],
            ..pb::CommitmentRecord::default()
        };
        assert_eq!(outcomes(&upsert(&server, all(&kept)).await.0), [Updated]);
        assert_eq!(outcomes(&upsert(&server, all(&kept)).await.0), [Unchanged]);
        let withdrawn = pb::CommitmentRecord {
            settlement: pb::CommitmentSettlement::Withdrawn.into(),
            withdraw_date: Some(date("2018-05-30")),
            settle_reason: "they did not need it".into(),
            ..promise("C2", "2018-06-30")
        };
        assert_eq!(outcomes(&upsert(&server, all(&withdrawn)).await.0), [Created]);
        let now = commitments(&server).await;
        let states: Vec<_> = now.iter().map(pb::Commitment::state).collect();
        use pb::CommitmentState::{Kept, Withdrawn};
        assert_eq!(states, [Kept, Withdrawn], "{now:?}");
        assert_eq!(now[1].settle_date, Some(date("2018-05-30")));
        let lone = pb::CommitmentRecord { commitment: None, ..promise("C9", "2018-06-30") };
        assert_eq!(faults(&upsert(&server, all(&lone)).await.0[0]), [("FIELD_REQUIRED", "commitment")]);
        let unshown = pb::CommitmentRecord {
            settlement: pb::CommitmentSettlement::Kept.into(),
            ..promise("C3", "2018-06-30")
        };
        assert_eq!(faults(&upsert(&server, all(&unshown)).await.0[0]), [("FIELD_REQUIRED", "evidence")]);
        contact::verify(&server).await;
    }

    async fn what_was_given_counts_and_needs_no_approval_any_more(server: TestServer) {
        scene(&server).await;
        let gift = |id: &str, day: &str, value: &str| {
            vec![record(Content::Gift(pb::GiftRecord {
                source_key: key(id),
                account: "accounts/acme".into(),
                gift: Some(pb::Gift {
                    kind: pb::GiftKind::Gift.into(),
                    value: Some(money(value, "CNY")),
                    date: Some(date(day)),
                    occasion: "new year".into(),
                    member: "members/boss".into(),
                    contact: "contacts/CRM~1".into(),
                    ..pb::Gift::default()
                }),
                interaction_key: None,
            }))]
        };
        assert_eq!(outcomes(&upsert(&server, gift("G1", "2019-02-01", "900")).await.0), [Created]);
        assert_eq!(outcomes(&upsert(&server, gift("G1", "2019-02-01", "900")).await.0), [Unchanged]);
        let (results, _) = upsert(&server, gift("G1", "2019-02-01", "90")).await;
        assert_eq!(faults(&results[0]), [("FIELD_INVALID", "gift.value")]);
        // Of the business date it is registered as anybody's is: without a cap it waits for approval.
        upsert(&server, gift("G2", "2019-06-30", "900")).await;
        let request = pb::ListGiftsRequest { parent: "accounts/acme".into(), ..pb::ListGiftsRequest::default() };
        let gifts = server.interactions().list_gifts(request).await.expect("served").into_inner().gifts;
        let states: Vec<_> = gifts.iter().map(pb::Gift::state).collect();
        assert_eq!(states, [pb::GiftState::Registered, pb::GiftState::Recorded], "{gifts:?}");
        contact::verify(&server).await;
    }

    async fn a_dry_run_says_what_would_come_and_writes_nothing(server: TestServer) {
        contact::account(&server, "acme", &[]).await;
        member(&server, "boss").await;
        let seat = pb::Position { function: pb::PositionFunction::Finance.into(), ..pb::Position::default() };
        let all = vec![
            person("1", contact::named("Li")),
            person("1", contact::named("Li")),
            sits("acme", "1", seat.clone(), [None, None]),
            sits("acme", "404", seat, [None, None]),
            person("2", pb::Contact::default()),
        ];
        let header = pb::RecordsHeader { validate_only: true, ..pb::RecordsHeader::default() };
        let books = Books::of(&server).await;
        let before = books.all().await;
        let (results, summary) = steps(&server, header, vec![all]).await.expect("served");
        assert_eq!(books.all().await, before, "a dry run left something");
        use pb::RecordOutcome::{Refused, Waiting};
        assert_eq!(outcomes(&results), [Created, Unchanged, Waiting, Waiting, Refused]);
        assert_eq!((counts(&summary), summary.untried), ([1, 0, 1, 2], 1), "{summary:?}");
        let told: Vec<_> = summary.waited.iter().filter_map(|one| one.result.as_ref()).collect();
        assert_eq!((told[0].outcome(), told[1].outcome()), (Waiting, Refused));
    }

    async fn nothing_personal_of_a_record_is_in_events_the_audit_or_logs(server: TestServer) {
        logs::keep();
        const TEXT: &str = "Zhao-Quixote";
        let seat = pb::Position { function: pb::PositionFunction::Finance.into(), ..pb::Position::default() };
        contact::account(&server, "acme", &[]).await;
        member(&server, "boss").await;
        let contact = pb::Contact {
            display_name: TEXT.into(),
            emails: vec![contact::address(&format!("{TEXT}@example.org"), "")],
            ..pb::Contact::default()
        };
        let mut visit = visit("V1", "2019-03-01");
        let of = visit.interaction.as_mut().expect("one");
        (of.notes, of.purpose) = (TEXT.into(), TEXT.into());
        let mut promise = promise("C1", "2018-06-30");
        promise.commitment.as_mut().expect("one").text = TEXT.into();
        let seat = match sits("acme", "1", seat, [Some("2018-01-01"), None]).content {
            Some(Content::Incumbency(of)) => pb::IncumbencyRecord { reason: TEXT.into(), ..of },
            other => panic!("{other:?}"),
        };
        // Too many digits, so that it is refused with what is wrong.
        let wrong = pb::Contact {
            phones: vec![contact::address(&format!("{TEXT} 1"), "")],
            ..pb::Contact::default()
        };
        let all = vec![
            record(Content::Incumbency(seat)),
            person("1", contact),
            said(visit),
            record(Content::Commitment(promise)),
            person("2", wrong),
        ];
        let (_, summary) = upsert(&server, all).await;
        assert_eq!(counts(&summary), [4, 0, 0, 1], "{summary:?}");
        let books = Books::of(&server).await;
        for table in ["idempotency", "outbox", "audit", "record_key"] {
            for row in books.rows(table).await {
                assert!(!row.contains(TEXT), "personal text in {row}");
            }
        }
        assert!(!logs::with("ImportRecords").is_empty(), "a call is logged");
        assert_eq!(logs::with(TEXT), [""; 0], "personal text in the log");
    }
}
