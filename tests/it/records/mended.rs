//! What imports once passed over, or did by the order of their rows.

use ballast::pb;
use pb::RecordOutcome::{Refused, Unchanged, Waiting};
use pb::record::Content;

use super::people::{faults, key, outcomes, person, record, seats, sits, upsert};
use crate::contact;
use crate::imports::Import;
use crate::interaction::member;
use crate::support::TestServer;
use crate::support::ledger::{date, fresh};

fn position(id: &str, title: &str, above: Option<&str>, roles: &[pb::BuyingRole]) -> pb::Record {
    let by = above.map(|title| pb::position_selector::By::Title(title.into()));
    record(Content::Position(pb::PositionRecord {
        source_key: key(id),
        account: "accounts/acme".into(),
        position: Some(pb::Position {
            function: pb::PositionFunction::Finance.into(),
            level: pb::PositionLevel::Manager.into(),
            title: title.into(),
            buying_roles: roles.iter().map(|role| i32::from(*role)).collect(),
            valid_from: Some(date("2010-01-01")),
            ..pb::Position::default()
        }),
        reports_to: by.map(|by| pb::PositionSelector { by: Some(by) }),
        ..pb::PositionRecord::default()
    }))
}

/// A contact in a position that has a key.
fn sits_in(id: &str, position: &str, days: [Option<&str>; 2]) -> pb::Record {
    let [valid_from, valid_to] = days.map(|day| day.map(date));
    let by = Some(pb::position_selector::By::SourceKey(key(position).expect("a key")));
    record(Content::Incumbency(pb::IncumbencyRecord {
        account: "accounts/acme".into(),
        contact: format!("contacts/CRM~{id}"),
        seat: Some(pb::incumbency_record::Seat::Position(pb::PositionSelector { by })),
        valid_from,
        valid_to,
        ..pb::IncumbencyRecord::default()
    }))
}

fn classmates(contact: &str, last: Option<&str>) -> pb::Record {
    record(Content::Tie(pb::TieRecord {
        tie: Some(pb::Tie {
            from: "members/boss".into(),
            to: format!("contacts/CRM~{contact}"),
            kind: pb::TieKind::Classmate.into(),
            valid_from: Some(date("2012-01-01")),
            valid_to: last.map(date),
            ..pb::Tie::default()
        }),
    }))
}

async fn scene(server: &TestServer) {
    contact::account(server, "acme", &[]).await;
    member(server, "boss").await;
    let people = ["A", "B", "C"].map(|name| person(name, contact::named(name)));
    upsert(server, people.to_vec()).await;
}

async fn reviews(server: &TestServer) -> Vec<pb::TieReview> {
    let request = pb::ListTiesRequest { person: "members/boss".into(), ..Default::default() };
    let ties = server.contacts().list_ties(request).await.expect("served").into_inner().ties;
    ties.iter().map(pb::Tie::review).collect()
}

fn visit(id: &str, day: &str, who: &[&str], notes: &str) -> pb::Record {
    let theirs = who.iter().map(|who| pb::InteractionContact {
        contact: format!("contacts/CRM~{who}"),
        ..pb::InteractionContact::default()
    });
    record(Content::Interaction(pb::InteractionRecord {
        account: "accounts/acme".into(),
        interaction: Some(pb::Interaction {
            source_key: key(id),
            channel: pb::InteractionChannel::Visit.into(),
            ours: vec!["members/boss".into()],
            theirs: theirs.collect(),
            notes: notes.into(),
            ..pb::Interaction::default()
        }),
        local_start: day.into(),
    }))
}

async fn visits(server: &TestServer) -> Vec<pb::Interaction> {
    let request =
        pb::ListInteractionsRequest { parent: "accounts/acme".into(), ..Default::default() };
    let answer = server.interactions().list_interactions(request).await.expect("served");
    answer.into_inner().interactions
}

on_both_engines! {
    async fn a_tie_or_a_seat_of_the_past_opens_no_review(server: TestServer) {
        scene(&server).await;
        let decider = [pb::BuyingRole::Decider];
        // Over are the tie with A, who decides, and the seat of B, whose tie lasts.
        let all = vec![
            position("P1", "Head", None, &decider),
            position("P2", "Other head", None, &decider),
            sits_in("A", "P1", [Some("2011-01-01"), None]),
            classmates("A", Some("2018-12-31")),
            classmates("B", None),
            sits_in("B", "P2", [Some("2011-01-01"), Some("2017-12-31")]),
        ];
        let (results, summary) = upsert(&server, all.clone()).await;
        assert_eq!(summary.refused, 0, "{results:?}");
        assert_eq!(reviews(&server).await, [pb::TieReview::None; 2]);
        // C decides today, and knows one of ours today.
        upsert(&server, vec![sits_in("C", "P2", [Some("2018-01-01"), None]), classmates("C", None)]).await;
        let open = reviews(&server).await.into_iter().filter(|of| *of == pb::TieReview::Open);
        assert_eq!(open.count(), 1);
        assert_eq!(outcomes(&upsert(&server, all).await.0), [Unchanged; 6]);
    }

    async fn a_title_that_two_positions_have_names_neither_in_whatever_order_they_come(server: TestServer) {
        scene(&server).await;
        let all = [
            position("P1", "Head", None, &[]),
            position("P2", "Cashier", Some("Head"), &[]),
            position("P3", "Head", Some("Chair"), &[]),
            position("P4", "Chair", None, &[]),
        ];
        for order in [[0, 1, 2, 3], [1, 0, 3, 2], [3, 2, 1, 0], [2, 3, 0, 1]] {
            let records = order.map(|at: usize| all[at].clone()).to_vec();
            let (results, summary) = upsert(&server, records).await;
            let cashier = order.iter().position(|at| *at == 1).expect("there");
            assert_eq!(results[cashier].outcome(), Waiting, "{results:?}");
            let refused: Vec<_> = summary.waited.iter().filter_map(|one| one.result.as_ref())
                .filter(|one| one.outcome() == Refused).collect();
            assert_eq!(refused.len(), 1, "{order:?}: {summary:?}");
            assert_eq!(faults(refused[0]), [("FIELD_INVALID", "reports_to")], "{order:?}");
        }
        // One that is the only one of its title is meant, whenever it comes.
        let (_, summary) = upsert(&server, vec![position("P5", "Clerk", Some("Chair"), &[])]).await;
        assert_eq!((summary.created, summary.refused), (1, 0), "{summary:?}");
    }

    async fn a_seat_that_is_named_is_what_the_row_says_or_the_row_is_refused(server: TestServer) {
        scene(&server).await;
        upsert(&server, vec![position("P1", "Head", None, &[pb::BuyingRole::Buyer, pb::BuyingRole::Decider])]).await;
        let import = Import::new(&server);
        let run = |rows: &str| {
            let text = format!("contact_id,name,account_id,position_id,function,level,title,buying_roles,since\n{rows}");
            let file = import.write("people.csv", text);
            import.run(&["--kind", "contacts", &file, "--source-system", "CRM"], None)
        };
        run("A,A,accounts/acme,P1,FINANCE,MANAGER,Head,decider;buyer,2018-01-01\n").assert_all();
        run("A,A,accounts/acme,P1,,,,,2018-01-01\n").assert_all();
        let said = run("B,B,accounts/acme,P1,LEGAL,,Boss,,2019-01-01\n");
        said.assert_some();
        assert!(said.errors.contains("function (column 5)") && said.errors.contains("title (column 7)"), "{}", said.errors);
        let expected = ("Head".to_owned(), "A".to_owned(), "2018-01-01".to_owned(), String::new());
        assert_eq!(seats(&server, "acme").await, [expected]);
    }

    async fn who_has_two_seats_is_met_in_one_of_them_whatever_came_first(server: TestServer) {
        let mut told = Vec::new();
        for order in [[0, 1, 2], [1, 0, 2], [2, 0, 1], [2, 1, 0]] {
            let account = format!("a{}", fresh());
            contact::account(&server, &account, &[]).await;
            let id = fresh();
            if told.is_empty() {
                member(&server, "boss").await;
            }
            upsert(&server, vec![person(&id, contact::named("Li"))]).await;
            let seat = |title: &str| pb::Position {
                function: pb::PositionFunction::Finance.into(),
                title: title.into(),
                ..pb::Position::default()
            };
            let days = [Some("2016-01-01"), None];
            let met = match visit(&fresh(), "2018-03-01", &[&id], "").content {
                Some(Content::Interaction(of)) => pb::InteractionRecord { account: format!("accounts/{account}"), ..of },
                _ => unreachable!("a visit"),
            };
            let all = [
                sits(&account, &id, seat("Cashier"), days),
                sits(&account, &id, seat("Auditor"), days),
                record(Content::Interaction(met)),
            ];
            let records = order.map(|at: usize| all[at].clone()).to_vec();
            let (results, summary) = upsert(&server, records).await;
            assert_eq!(summary.refused, 0, "{results:?}");
            let request = pb::ListInteractionsRequest { parent: format!("accounts/{account}"), ..Default::default() };
            let talks = server.interactions().list_interactions(request).await.expect("served").into_inner();
            let name = &talks.interactions[0].theirs[0].position;
            told.push(contact::read_position(&server, name).await.title);
        }
        assert_eq!(told, ["Auditor"; 4]);
    }

    async fn c11_nothing_is_written_of_who_was_erased_by_what_names_him_elsewhere(server: TestServer) {
        scene(&server).await;
        let promise = |settlement: pb::CommitmentSettlement| record(Content::Commitment(pb::CommitmentRecord {
            source_key: key("C1"),
            account: "accounts/acme".into(),
            commitment: (settlement == pb::CommitmentSettlement::Unspecified).then(|| pb::Commitment {
                side: pb::CommitmentSide::Ours.into(),
                member: "members/boss".into(),
                contact: "contacts/CRM~A".into(),
                text: "the report".into(),
                made_date: Some(date("2018-05-02")),
                due_date: Some(date("2018-06-30")),
                ..pb::Commitment::default()
            }),
            settlement: settlement.into(),
            settle_reason: "he has it".into(),
            withdraw_date: (settlement != pb::CommitmentSettlement::Unspecified).then(|| date("2018-06-01")),
            ..pb::CommitmentRecord::default()
        }));
        let open = pb::CommitmentSettlement::Unspecified;
        let plain = |record: pb::Record| match record.content {
            Some(Content::Commitment(of)) => self::record(Content::Commitment(pb::CommitmentRecord { settle_reason: String::new(), ..of })),
            _ => unreachable!("a commitment"),
        };
        let all = vec![visit("V1", "2018-05-02", &["A"], "what he said"), plain(promise(open))];
        assert_eq!(upsert(&server, all).await.1.refused, 0);
        let name = contact::get(&server, "contacts/CRM~A").await.expect("there");
        let request = pb::ErasePersonalDataRequest { contact: name.name.clone(), etag: name.etag, ..Default::default() };
        server.contacts().erase_personal_data(request).await.expect("erased");
        let erased = |record: pb::Record| match record.content {
            Some(Content::Interaction(mut of)) => {
                for one in of.interaction.iter_mut().flat_map(|of| &mut of.theirs) {
                    one.contact.clone_from(&name.name);
                }
                self::record(Content::Interaction(of))
            }
            other => pb::Record { content: other },
        };
        let written = [
            erased(visit("V1", "2018-05-02", &["A"], "what he said")),
            erased(visit("V2", "2018-05-03", &["A"], "more")),
            promise(pb::CommitmentSettlement::Withdrawn),
        ];
        for one in written {
            let (results, _) = upsert(&server, vec![one]).await;
            assert_eq!(faults(&results[0]).first().map(|of| of.0), Some("STATE_WRONG"), "{results:?}");
        }
        let told = visits(&server).await;
        assert_eq!((told.len(), told[0].notes.as_str()), (1, ""));
    }

    async fn a_time_that_a_spreadsheet_counts_with_the_day_is_kept(server: TestServer) {
        scene(&server).await;
        let import = Import::new(&server);
        let rows = "interaction_id,account_id,date,channel,actor,contact_ids\n\
             V1,accounts/acme,43587.395833333336,VISIT,members/boss,A\n\
             V2,accounts/acme,43588,VISIT,members/boss,A\n";
        let file = import.write("talks.csv", rows);
        import
            .run(&["--kind", "interactions", &file, "--source-system", "CRM", "--dates", "SERIAL"], None)
            .assert_all();
        let told: Vec<i64> = visits(&server).await.iter().filter_map(|of| Some(of.start_time?.seconds)).collect();
        // 3 May at noon, since no time is told, and 2 May at half past nine.
        assert_eq!(told, [1_556_884_800, 1_556_789_400]);
    }
}
