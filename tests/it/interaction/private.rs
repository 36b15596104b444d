//! Notes that are for whoever wrote them.

use ballast::pb::interaction_service_client::InteractionServiceClient;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

use super::*;
use crate::support::ledger::fresh;
use crate::support::people::{self, AsSomebody};

type Client = InteractionServiceClient<InterceptedService<Channel, AsSomebody>>;

async fn get(client: &mut Client, name: &str, version: i64) -> Interaction {
    let request = pb::GetInteractionRequest { name: name.into(), version };
    client.get_interaction(request).await.expect("read").into_inner()
}

/// What is told of the notes: the text, whether they are private, and whether anything is left out.
fn told(of: &Interaction) -> (&str, bool, bool) {
    (&of.notes, of.private, of.masked)
}

async fn amend(client: &mut Client, now: Interaction) -> Interaction {
    let request = pb::AmendInteractionRequest {
        interaction: Some(Interaction { version: 0, ..now }),
        reason: "more".into(),
        request_id: fresh(),
    };
    client.amend_interaction(request).await.expect("amended").into_inner()
}

#[tokio::test]
async fn a13_private_notes_are_for_whoever_wrote_them() {
    let talks = &["interactions.read", "interactions.write", "contacts.personal"][..];
    let server = people::with_tokens(&[
        ("all", &["*"]),
        ("wang", talks),
        ("chen", talks),
        ("boss", &["interactions.read", "interactions.private", "contacts.personal"]),
    ])
    .await;
    let (wang, li) = people::member_and_contact(&server, "all").await;
    let client = |who: &str| {
        InteractionServiceClient::with_interceptor(server.channel(), people::as_somebody(who))
    };
    let (mut his, mut other, mut boss) = (client("wang"), client("chen"), client("boss"));
    let talk = Interaction {
        notes: "他想换工作".into(),
        private: true,
        ..held(InteractionChannel::Visit, -2, &[&wang], &[&li])
    };
    let request = pb::RecordInteractionRequest {
        account: "accounts/acme".into(),
        interaction: Some(talk),
        request_id: fresh(),
        ..Default::default()
    };
    let made = his.record_interaction(request.clone()).await.expect("recorded").into_inner();
    let made = made.interaction.expect("an interaction");
    assert_eq!(told(&made), ("他想换工作", true, false));
    let again = his.record_interaction(request).await.expect("the same again").into_inner();
    assert_eq!(again.interaction.as_ref(), Some(&made));
    assert_eq!(told(&get(&mut other, &made.name, 0).await), ("", true, true));
    assert_eq!(told(&get(&mut boss, &made.name, 0).await), ("他想换工作", true, false));
    let list = pb::ListInteractionsRequest { parent: "accounts/acme".into(), ..Default::default() };
    let listed = other.list_interactions(list).await.expect("listed").into_inner().interactions;
    assert_eq!(told(&listed[0]), ("", true, true));

    // Whoever may not read them leaves them as private as they are, whatever he says.
    let mut seen = get(&mut other, &made.name, 0).await;
    seen.private = false;
    seen.channel = InteractionChannel::Meal.into();
    assert_eq!(told(&amend(&mut other, seen.clone()).await), ("", true, true));
    assert_eq!(told(&get(&mut his, &made.name, 0).await), ("他想换工作", true, false));
    // He may write others, which are his; what was there reads back for whom it was written.
    seen.notes = "They dined".into();
    assert_eq!(told(&amend(&mut other, seen).await), ("They dined", false, false));
    assert_eq!(told(&get(&mut his, &made.name, 0).await), ("They dined", false, false));
    assert_eq!(told(&get(&mut other, &made.name, 2).await), ("", true, true));
    assert_eq!(told(&get(&mut his, &made.name, 2).await), ("他想换工作", true, false));
}
