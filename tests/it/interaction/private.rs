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
        ("boss", &[talks, &["interactions.private"]].concat()),
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
    // What others wrote nobody keeps to himself.
    let mut taken = get(&mut his, &made.name, 0).await;
    taken.private = true;
    let request = pb::AmendInteractionRequest {
        interaction: Some(Interaction { version: 0, ..taken }),
        reason: "mine".into(),
        request_id: fresh(),
    };
    let refused = his.amend_interaction(request).await.expect_err("Chen wrote it");
    assert_refused(&refused, Code::InvalidArgument, "FIELD_INVALID", Some("interaction.private"));

    // Whoever reads them all changes nothing of whose they are, and makes them known where he says so.
    let talk = held(InteractionChannel::Call, -1, &[&wang], &[&li]);
    let open = Interaction { notes: "Soon".into(), ..talk };
    let request = pb::RecordInteractionRequest {
        account: "accounts/acme".into(),
        interaction: Some(open),
        request_id: fresh(),
        ..Default::default()
    };
    let open = his.record_interaction(request).await.expect("recorded").into_inner();
    let open = open.interaction.expect("an interaction");
    let kept = amend(&mut his, Interaction { private: true, ..open.clone() }).await;
    assert_eq!(told(&kept), ("Soon", true, false));
    assert_eq!(
        told(&get(&mut other, &open.name, 1).await),
        ("", true, true),
        "the same text before"
    );
    let coded = Interaction { campaign: "NEW".into(), ..get(&mut boss, &open.name, 0).await };
    assert_eq!(told(&amend(&mut boss, coded.clone()).await), ("Soon", true, false));
    assert_eq!(told(&get(&mut his, &open.name, 0).await), ("Soon", true, false), "his still");
    amend(&mut boss, Interaction { private: false, ..coded }).await;
    assert_eq!(told(&get(&mut other, &open.name, 0).await), ("Soon", false, false));

    // What is planned in private is held in private.
    let visit = held(InteractionChannel::Visit, 1, &[&wang], &[&li]);
    let request = pb::PlanInteractionRequest {
        account: "accounts/acme".into(),
        interaction: Some(Interaction { notes: "Ask him".into(), private: true, ..visit }),
        request_id: fresh(),
    };
    let plan = his.plan_interaction(request).await.expect("planned").into_inner().name;
    let request = pb::RecordInteractionRequest {
        account: "accounts/acme".into(),
        interaction: Some(held(InteractionChannel::Visit, 0, &[&wang], &[&li])),
        plan: plan.clone(),
        request_id: fresh(),
        ..Default::default()
    };
    his.record_interaction(request).await.expect("held");
    assert_eq!(told(&get(&mut his, &plan, 0).await), ("Ask him", true, false));
    assert_eq!(told(&get(&mut other, &plan, 0).await), ("", true, true));
}
