//! What was said between our people and those of customers, and the ties it makes.

mod advice;
mod amended;
mod brief;
pub mod commitments;
mod coverage;
mod effort;
pub mod gifts;
mod plans;
mod private;
mod stats;
mod trust;
mod visits;

use ballast::pb::{
    self, Interaction, InteractionChannel, InteractionContact, InteractionDirection,
    PositionFunction, PositionLevel,
};
use tonic::{Code, Status};

use crate::contact::{account, move_from_to, person, position, verify};
use crate::support::credit::instant;
use crate::support::{TestServer, assert_refused, details, fields};

pub async fn member(server: &TestServer, id: &str) -> String {
    let request = pb::CreateMemberRequest {
        member: Some(pb::Member { display_name: id.into(), ..Default::default() }),
        member_id: id.into(),
        ..Default::default()
    };
    server.accounts().create_member(request).await.expect("created").into_inner().name
}

pub fn held(channel: InteractionChannel, on: i64, ours: &[&str], theirs: &[&str]) -> Interaction {
    let attendee = |name: &&str| InteractionContact {
        contact: (*name).into(),
        ..InteractionContact::default()
    };
    Interaction {
        channel: channel.into(),
        direction: InteractionDirection::Ours.into(),
        start_time: instant(on),
        ours: ours.iter().map(|name| (*name).to_owned()).collect(),
        theirs: theirs.iter().map(attendee).collect(),
        ..Interaction::default()
    }
}

pub async fn record(
    server: &TestServer,
    account: &str,
    interaction: Interaction,
) -> Result<Interaction, Status> {
    let request = pb::RecordInteractionRequest {
        account: format!("accounts/{account}"),
        interaction: Some(interaction),
        ..Default::default()
    };
    recorded(server, request).await.map(|answer| answer.interaction.expect("an interaction"))
}

/// The fields that a refusal names.
fn named(refused: &Status) -> Vec<String> {
    fields(refused).into_iter().map(|(field, _)| field).collect()
}

async fn recorded(
    server: &TestServer,
    request: pb::RecordInteractionRequest,
) -> Result<pb::RecordInteractionResponse, Status> {
    server.interactions().record_interaction(request).await.map(|r| r.into_inner())
}

async fn list(server: &TestServer, request: pb::ListInteractionsRequest) -> Vec<String> {
    let page = server.interactions().list_interactions(request).await.expect("a list");
    page.into_inner().interactions.into_iter().map(|one| one.name).collect()
}

on_both_engines! {
    async fn an_interaction_reads_back_with_the_position_of_its_day(server: TestServer) {
        account(&server, "acme", &[]).await;
        let seat = position(&server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
        let (wang, li) = (member(&server, "wang").await, person(&server, "Li").await);
        let guest = person(&server, "Guest").await;
        move_from_to(&server, &li, "", &seat, -20).await.expect("hired");
        move_from_to(&server, &li, &seat, "", -5).await.expect("left");
        let mut wish = held(InteractionChannel::Visit, -10, &[&wang], &[&guest, &li]);
        wish.theirs[1].satisfaction = Some(0);
        wish.end_time = instant(-9);
        wish.notes = "They like tea".into();
        wish.source_key = Some(pb::ExternalRef { system: "CRM".into(), id: "1".into() });
        let made = record(&server, "acme", wish.clone()).await.expect("recorded");
        let mut expected = Interaction {
            name: made.name.clone(),
            two_way: Some(true),
            state: pb::InteractionState::Held.into(),
            recorded_by: crate::support::PRINCIPAL.into(),
            create_time: made.create_time,
            version: 1,
            ..wish.clone()
        };
        expected.theirs[1].position = seat.clone();
        assert_eq!(made, expected);
        let request = pb::GetInteractionRequest { name: made.name.clone(), ..Default::default() };
        let read = server.interactions().get_interaction(request).await.expect("read");
        assert_eq!(read.into_inner(), made);

        let status = record(&server, "acme", wish).await.expect_err("the same key");
        assert_refused(&status, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS", None);
        let info = details(&status).error_info().expect("info").clone();
        assert_eq!(info.metadata["resource_name"], made.name);
        verify(&server).await;
    }

    async fn talks_stay_with_the_account_they_were_held_at(server: TestServer) {
        for id in ["acme", "rival"] {
            account(&server, id, &[]).await;
        }
        let old = position(&server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
        let new = position(&server, "rival", PositionFunction::Finance, PositionLevel::Staff).await;
        let (wang, li) = (member(&server, "wang").await, person(&server, "Li").await);
        let other = member(&server, "other").await;
        move_from_to(&server, &li, "", &old, -20).await.expect("hired");
        let call = |on, of: &str| held(InteractionChannel::Call, on, &[of], &[&li]);
        let first = record(&server, "acme", call(-10, &wang)).await.expect("recorded");
        move_from_to(&server, &li, &old, &new, -5).await.expect("moved");
        let second = record(&server, "rival", call(-3, &other)).await.expect("recorded");
        assert_eq!((&first.theirs[0].position, &second.theirs[0].position), (&old, &new));
        let all = |parent: &str| pb::ListInteractionsRequest { parent: parent.into(), ..Default::default() };
        assert_eq!(list(&server, all("accounts/acme")).await, [&*first.name]);
        let of_him = pb::ListInteractionsRequest { contact: li.clone(), ..all("accounts/-") };
        assert_eq!(list(&server, of_him).await, [&*second.name, &*first.name]);
        let of_wang = pb::ListInteractionsRequest { member: wang.clone(), ..all("accounts/-") };
        assert_eq!(list(&server, of_wang).await, [&*first.name]);
    }

    async fn all_faults_of_an_interaction_are_told_at_once(server: TestServer) {
        account(&server, "acme", &[]).await;
        let (wang, li) = (member(&server, "wang").await, person(&server, "Li").await);
        let wrong = Interaction {
            start_time: instant(0),
            end_time: instant(-1),
            theirs: vec![InteractionContact { satisfaction: Some(11), ..Default::default() }],
            notes: "x".repeat(4_001),
            source_key: Some(pb::ExternalRef::default()),
            ..Default::default()
        };
        let status = record(&server, "acme", wrong).await.expect_err("refused");
        let mut told = fields(&status);
        told.sort();
        let field = |name: &str, reason: &str| (format!("interaction.{name}"), reason.to_owned());
        let expected = [
            field("channel", "ENUM_INVALID"),
            field("direction", "ENUM_INVALID"),
            field("end_time", "DATE_INVALID"),
            field("notes", "FIELD_TOO_LONG"),
            field("ours", "FIELD_REQUIRED"),
            field("source_key.id", "FIELD_REQUIRED"),
            field("source_key.system", "RESOURCE_NAME_INVALID"),
            field("theirs[0].contact", "FIELD_REQUIRED"),
            field("theirs[0].satisfaction", "FIELD_INVALID"),
        ];
        assert_eq!(told, expected);
        for (wish, reason, at) in [
            (held(InteractionChannel::Call, 1, &[&wang], &[&li]), "DATE_INVALID", "start_time"),
            (held(InteractionChannel::Call, 0, &[&wang, &wang], &[&li]), "DUPLICATE_ELEMENT", "ours[1]"),
            (held(InteractionChannel::Call, 0, &[&wang], &[&li, &li]), "DUPLICATE_ELEMENT", "theirs[1].contact"),
        ] {
            let status = record(&server, "acme", wish).await.expect_err(at);
            assert_refused(&status, Code::InvalidArgument, reason, Some(&format!("interaction.{at}")));
        }
        let stranger = held(InteractionChannel::Call, 0, &["members/none"], &[&li]);
        let status = record(&server, "acme", stranger).await.expect_err("nobody of ours");
        assert_refused(&status, Code::NotFound, "RESOURCE_NOT_FOUND", None);
        verify(&server).await;
    }
}
