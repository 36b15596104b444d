//! What should not be so with what was held.

use ballast::pb::{InteractionChannel, InteractionDirection, NextHook};

use super::*;
use crate::contact::{account, person};
use crate::interaction::{held, member, record};

fn about_visits(account: &str, on: i64) -> pb::ListFindingsRequest {
    let codes = vec![Found::HookExpired.into(), Found::OverContact.into()];
    pb::ListFindingsRequest { codes, as_of: Some(day(on)), ..of(account) }
}

/// The same of the account as of the book.
async fn found(server: &TestServer, on: i64) -> Vec<pb::Finding> {
    let of_account = list(server, about_visits("acme", on)).await.expect("findings");
    let of_book = list(server, about_visits("-", on)).await.expect("findings");
    assert_eq!(of_account, of_book, "on day {on}");
    of_account
}

async fn codes(server: &TestServer, on: i64) -> Vec<Found> {
    found(server, on).await.iter().map(pb::Finding::code).collect()
}

on_both_engines! {
    async fn i3_a_hook_that_expired_is_found_until_somebody_is_met(server: TestServer) {
        account(&server, "acme", &[]).await;
        let (wang, li) = (member(&server, "wang").await, person(&server, "Li").await);
        let leaving = |on: i64, by: i64| {
            let hook = NextHook { topic: "the trial".into(), by: Some(day(by)), ..Default::default() };
            let next_hook = Some(hook);
            pb::Interaction { next_hook, ..held(InteractionChannel::Call, on, &[&wang], &[&li]) }
        };
        let first = record(&server, "acme", leaving(-40, -20)).await.expect("recorded").name;
        let second = record(&server, "acme", leaving(-30, -10)).await.expect("recorded").name;
        assert_eq!(codes(&server, -20).await, [], "its last day");
        let one = found(&server, -19).await.remove(0);
        assert_eq!((one.code(), one.severity()), (Found::HookExpired, pb::FindingSeverity::Amber));
        assert_eq!((one.since_date, one.evidence), (Some(day(-19)), vec![first.clone()]));
        assert_eq!(found(&server, -9).await[0].evidence, [first, second]);
        assert_eq!(codes(&server, -10 + 180).await, [Found::HookExpired]);
        assert_eq!(codes(&server, -9 + 180).await, [], "long ago");
        let mut mail = held(InteractionChannel::Message, -5, &[&wang], &[&li]);
        mail.two_way = Some(false);
        record(&server, "acme", mail).await.expect("recorded");
        assert_eq!(codes(&server, -5).await, [Found::HookExpired], "nobody was met by it");
        let met = held(InteractionChannel::Visit, -3, &[&wang], &[&li]);
        record(&server, "acme", met).await.expect("recorded");
        assert_eq!((codes(&server, -4).await, codes(&server, -3).await), (vec![Found::HookExpired], vec![]));
    }

    async fn i2_more_visits_in_a_week_than_the_class_says_are_too_much(server: TestServer) {
        use crate::tiers::policies;
        account(&server, "acme", &[]).await;
        account(&server, "other", &[]).await;
        let (wang, li) = (member(&server, "wang").await, person(&server, "Li").await);
        let met = async |channel, on: i64, direction: InteractionDirection| {
            let mut one = held(channel, on, &[&wang], &[&li]);
            one.direction = direction.into();
            record(&server, "acme", one).await.expect("recorded").name
        };
        use InteractionChannel::{Call, Event, Meal, Message, Visit};
        let (ours, theirs) = (InteractionDirection::Ours, InteractionDirection::Theirs);
        let mut visits = Vec::new();
        for (channel, on) in [(Visit, -6), (Meal, -5), (Event, -3)] {
            visits.push(met(channel, on, ours).await);
        }
        for channel in [Call, Message] {
            met(channel, -2, ours).await;
        }
        met(Visit, -2, theirs).await;
        assert_eq!(codes(&server, 0).await, [], "three, and what does not count");
        visits.push(met(Visit, 0, ours).await);
        let one = found(&server, 0).await.remove(0);
        assert_eq!((one.code(), one.since_date), (Found::OverContact, Some(day(0))));
        assert_eq!(one.evidence, visits);
        assert_eq!(codes(&server, 1).await, [], "the first is seven days ago");
        // As its class says, where it says something.
        let mut class = policies::class("A", 4);
        let cadence = pb::ServiceCadence { target_days: 30, min_days: 1, visits_per_week: 4 };
        class.service.as_mut().expect("a policy").cadence = Some(cadence);
        let created = policies::create(&server, "seen", policies::quantile(&[5_000], vec![class, policies::class("C", 48)])).await;
        let etag = created.expect("created").etag;
        policies::activate(&server, "seen", Some(day(-90)), &etag).await.expect("in force");
        assert_eq!(codes(&server, 0).await, [Found::OverContact], "it is in no class");
        let request = pb::OverrideTierRequest {
            account: "accounts/acme".into(),
            tier: "A".into(),
            valid_from: Some(day(0)),
            valid_to: Some(day(300)),
            reason: "for long".into(),
            ..Default::default()
        };
        server.tiers().override_tier(request).await.expect("given");
        assert_eq!(codes(&server, 0).await, []);
    }
}
