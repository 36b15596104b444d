//! What was recorded of an interaction and should have been something else.

use super::*;
use crate::support::credit::moment;
use crate::support::ledger::{day, fresh};

async fn amend(server: &TestServer, now: Interaction) -> Result<Interaction, Status> {
    let request = pb::AmendInteractionRequest {
        interaction: Some(now),
        reason: "mixed up".into(),
        request_id: fresh(),
    };
    server.interactions().amend_interaction(request).await.map(|r| r.into_inner())
}

async fn version(server: &TestServer, name: &str, version: i64) -> Result<Interaction, Status> {
    let request = pb::GetInteractionRequest { name: name.into(), version };
    server.interactions().get_interaction(request).await.map(|r| r.into_inner())
}

async fn ties(server: &TestServer, account: &str) -> Vec<pb::CoverageTie> {
    let request = pb::GetCoverageRequest { account: format!("accounts/{account}") };
    let told = server.contacts().get_coverage(request).await.expect("coverage").into_inner();
    let unplaced = |tie| pb::CoverageTie { position: String::new(), ..tie };
    told.ties.into_iter().map(unplaced).collect()
}

on_both_engines! {
    async fn i3_an_amended_interaction_reads_back_in_every_version(server: TestServer) {
        account(&server, "acme", &[]).await;
        let seat = position(&server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
        let (wang, li, wu) =
            (member(&server, "wang").await, person(&server, "Li").await, person(&server, "Wu").await);
        move_from_to(&server, &li, "", &seat, -20).await.expect("hired");
        let mut wish = held(InteractionChannel::Visit, -10, &[&wang], &[&li]);
        wish.notes = "They like tea".into();
        wish.source_key = Some(pb::ExternalRef { system: "CRM".into(), id: "1".into() });
        let first = record(&server, "acme", wish).await.expect("recorded");
        let said = Interaction {
            name: first.name.clone(),
            ..held(InteractionChannel::Call, -30, &[&wang], &[&wu, &li])
        };
        let second = amend(&server, said.clone()).await.expect("amended");
        let mut expected = Interaction {
            version: 2,
            amended_by: crate::support::PRINCIPAL.into(),
            amend_reason: "mixed up".into(),
            amend_time: second.amend_time,
            two_way: Some(true),
            state: pb::InteractionState::Held.into(),
            // What was left out stays, but for what counts of it.
            notes: first.notes.clone(),
            source_key: first.source_key.clone(),
            recorded_by: first.recorded_by.clone(),
            create_time: first.create_time,
            ..said.clone()
        };
        // On that day he did not sit there yet.
        expected.theirs[1].position = String::new();
        assert_eq!(second, expected);
        assert_eq!(amend(&server, said.clone()).await.expect("the same again"), second);
        let third = Interaction { notes: "They like coffee".into(), ..said };
        let third = amend(&server, third).await.expect("amended again");
        for told in [&first, &second, &third] {
            let read = version(&server, &first.name, told.version).await.expect("read");
            assert_eq!(read, *told);
        }
        assert_eq!(version(&server, &first.name, 0).await.expect("the last"), third);
        let status = version(&server, &first.name, 4).await.expect_err("no such version");
        assert_refused(&status, Code::NotFound, "RESOURCE_NOT_FOUND", None);
        verify(&server).await;
    }

    async fn ties_are_as_if_what_is_amended_had_been_recorded_so(server: TestServer) {
        for id in ["acme", "twin"] {
            account(&server, id, &[]).await;
        }
        let (wang, zhao) = (member(&server, "wang").await, member(&server, "zhao").await);
        let (li, wu) = (person(&server, "Li").await, person(&server, "Wu").await);
        for id in ["acme", "twin"] {
            for contact in [&li, &wu] {
                let seat = position(&server, id, PositionFunction::Finance, PositionLevel::Staff).await;
                move_from_to(&server, contact, "", &seat, -900).await.expect("hired");
            }
            for (on, of) in [(-40, &li), (-9, &li), (-3, &wu)] {
                let call = held(InteractionChannel::Call, on, &[&wang], &[of]);
                record(&server, id, call).await.expect("recorded");
            }
        }
        let wrong = held(InteractionChannel::Visit, -9, &[&wang, &zhao], &[&li, &wu]);
        let wrong = record(&server, "acme", wrong).await.expect("recorded").name;
        let right = held(InteractionChannel::Meal, -40, &[&wang], &[&li]);
        record(&server, "twin", right.clone()).await.expect("recorded");
        assert_ne!(ties(&server, "acme").await, ties(&server, "twin").await);
        let said = Interaction { name: wrong.clone(), ..right.clone() };
        amend(&server, said).await.expect("amended");
        assert_eq!(ties(&server, "acme").await, ties(&server, "twin").await);
        verify(&server).await;

        let stale = Interaction { name: wrong.clone(), version: 1, ..right.clone() };
        let status = amend(&server, stale).await.expect_err("the second is the last");
        assert_refused(&status, Code::Aborted, "ETAG_MISMATCH", None);
        let other_key = Interaction {
            name: wrong.clone(),
            source_key: Some(pb::ExternalRef { system: "CRM".into(), id: "2".into() }),
            ..right.clone()
        };
        let status = amend(&server, other_key).await.expect_err("another key");
        assert_refused(&status, Code::InvalidArgument, "FIELD_INVALID", Some("interaction.source_key"));
        let ahead = Interaction { name: wrong, start_time: instant(1), ..right };
        let status = amend(&server, ahead).await.expect_err("not held yet");
        assert_refused(&status, Code::InvalidArgument, "DATE_INVALID", Some("interaction.start_time"));
        assert_eq!(ties(&server, "acme").await, ties(&server, "twin").await, "nothing was changed");
    }

    async fn an_earlier_instant_is_told_of_the_version_it_knew(server: TestServer) {
        account(&server, "acme", &[]).await;
        let seat = position(&server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
        let (wang, li) = (member(&server, "wang").await, person(&server, "Li").await);
        move_from_to(&server, &li, "", &seat, -20).await.expect("hired");
        let visit = held(InteractionChannel::Visit, -9, &[&wang], &[&li]);
        let first = record(&server, "acme", visit.clone()).await.expect("recorded");
        let mut read = Vec::new();
        for (hours, on) in [(1, -7), (2, -5)] {
            let hour = moment(0) + chrono::Duration::hours(hours - 1);
            read.push(hour.timestamp_micros() + 60_000_000);
            server.clock().set(moment(0) + chrono::Duration::hours(hours));
            let said = held(InteractionChannel::Visit, on, &[&wang], &[&li]);
            amend(&server, Interaction { name: first.name.clone(), ..said }).await.expect("amended");
        }
        let met = async |known_us: Option<i64>| {
            let known_at = known_us.map(|us| prost_types::Timestamp {
                seconds: us / 1_000_000,
                nanos: (us % 1_000_000 * 1_000) as i32,
            });
            let name = "accounts/acme".into();
            let request = pb::GetAccountStatusRequest { name, known_at, ..Default::default() };
            let told = server.accounts().get_account_status(request).await.expect("a status");
            told.into_inner().relationship.expect("told").last_real_touch
        };
        assert_eq!(met(None).await, Some(day(-5)));
        assert_eq!(met(Some(read[0])).await, Some(day(-9)));
        assert_eq!(met(Some(read[1])).await, Some(day(-7)));
        verify(&server).await;
    }
}
