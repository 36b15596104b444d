//! Records of people and of what was between them: in any order, in any chunks, once or twice, they give
//! the same data.

use std::collections::BTreeMap;

use ballast::pb;
use pb::record::Content;
use proptest::prelude::*;

use super::hold;
use crate::contact;
use crate::interaction::member;
use crate::records::send;
use crate::support::TestServer;
use crate::support::ledger::{date, fresh, money};

/// The records of a small company, under keys of a system of its own.
fn records(system: &str) -> Vec<pb::Record> {
    let key = |id: &str| pb::ExternalRef { system: system.into(), id: id.into() };
    let account = |id: &str| format!("accounts/{system}~{id}");
    let contact = |id: &str| format!("contacts/{system}~{id}");
    let member_of = |id: &str| format!("members/{system}~{id}");
    let mut all = Vec::new();
    for id in ["A", "B"] {
        let account = pb::Account {
            display_name: format!("Customer {id}"),
            parent: if id == "B" { self::account_of(system, "A") } else { String::new() },
            ..pb::Account::default()
        };
        all.push(Content::AccountProfile(pb::AccountRecord {
            source_key: Some(key(id)),
            account: Some(account),
            ..pb::AccountRecord::default()
        }));
    }
    for (id, phone) in [("1", ""), ("1", "+8613812345678"), ("2", ""), ("3", "")] {
        let phones = (!phone.is_empty()).then(|| contact::address(phone, ""));
        all.push(Content::Contact(pb::ContactRecord {
            source_key: Some(key(id)),
            contact: Some(pb::Contact {
                display_name: format!("Person {id}"),
                phones: phones.into_iter().collect(),
                ..pb::Contact::default()
            }),
            ..pb::ContactRecord::default()
        }));
    }
    let position = |id: &str, title: &str, above: Option<&str>| {
        let by = above.map(|id| pb::position_selector::By::SourceKey(key(id)));
        Content::Position(pb::PositionRecord {
            source_key: Some(key(id)),
            account: account("A"),
            position: Some(pb::Position {
                function: pb::PositionFunction::Finance.into(),
                level: pb::PositionLevel::Manager.into(),
                title: title.into(),
                ..pb::Position::default()
            }),
            reports_to: by.map(|by| pb::PositionSelector { by: Some(by) }),
            ..pb::PositionRecord::default()
        })
    };
    all.push(position("P1", "Cashier", Some("P2")));
    all.push(position("P2", "Treasurer", None));
    let sits = |id: &str, of: &str, seat, from: &str, to: Option<&str>| {
        Content::Incumbency(pb::IncumbencyRecord {
            account: account(of),
            contact: contact(id),
            seat: Some(seat),
            valid_from: Some(date(from)),
            valid_to: to.map(date),
            ..pb::IncumbencyRecord::default()
        })
    };
    let cashier = || {
        let by = Some(pb::position_selector::By::SourceKey(key("P1")));
        pb::incumbency_record::Seat::Position(pb::PositionSelector { by })
    };
    let buyer = || {
        pb::incumbency_record::Seat::Described(pb::Position {
            function: pb::PositionFunction::Procurement.into(),
            title: "Buyer".into(),
            ..pb::Position::default()
        })
    };
    all.push(sits("1", "A", cashier(), "2015-01-01", None));
    all.push(sits("2", "A", cashier(), "2016-01-01", Some("2017-12-31")));
    all.push(sits("3", "A", cashier(), "2018-01-01", None));
    all.push(sits("1", "B", buyer(), "2016-01-01", None));
    all.push(sits("2", "B", buyer(), "2018-01-01", None));
    all.push(sits("3", "B", buyer(), "2014-01-01", Some("2016-12-31")));
    for (id, day, who) in
        [("V1", "2016-03-01", "1"), ("V2", "2017-03-01", "2"), ("V3", "2018-03-01", "3")]
    {
        all.push(Content::Interaction(pb::InteractionRecord {
            account: account("A"),
            interaction: Some(pb::Interaction {
                source_key: Some(key(id)),
                channel: pb::InteractionChannel::Visit.into(),
                ours: vec![format!("members/{}", system.to_lowercase())],
                theirs: vec![pb::InteractionContact {
                    contact: contact(who),
                    ..pb::InteractionContact::default()
                }],
                ..pb::Interaction::default()
            }),
            local_start: day.into(),
        }));
    }
    all.push(Content::Commitment(pb::CommitmentRecord {
        source_key: Some(key("C1")),
        account: account("A"),
        commitment: Some(pb::Commitment {
            side: pb::CommitmentSide::Ours.into(),
            member: format!("members/{}", system.to_lowercase()),
            contact: contact("2"),
            text: "the report".into(),
            due_date: Some(date("2017-06-30")),
            ..pb::Commitment::default()
        }),
        interaction_key: Some(key("V2")),
        ..pb::CommitmentRecord::default()
    }));
    all.push(Content::Tie(pb::TieRecord {
        tie: Some(pb::Tie {
            from: contact("1"),
            to: contact("2"),
            kind: pb::TieKind::Classmate.into(),
            valid_from: Some(date("2010-01-01")),
            ..pb::Tie::default()
        }),
    }));
    all.push(Content::Gift(pb::GiftRecord {
        source_key: Some(key("G1")),
        account: account("A"),
        gift: Some(pb::Gift {
            kind: pb::GiftKind::Gift.into(),
            value: Some(money("120", "CNY")),
            date: Some(date("2016-03-01")),
            occasion: "new year".into(),
            member: member_of("M1"),
            contact: contact("1"),
            ..pb::Gift::default()
        }),
        interaction_key: Some(key("V1")),
    }));
    for (id, manager) in [("M1", "M2"), ("M2", "")] {
        let manager = if manager.is_empty() { String::new() } else { member_of(manager) };
        let display_name = format!("Member {id}");
        all.push(Content::Member(pb::MemberRecord {
            source_key: Some(key(id)),
            member: Some(pb::Member { display_name, manager, ..pb::Member::default() }),
            ..pb::MemberRecord::default()
        }));
    }
    for (id, role, from) in [
        ("M1", pb::TeamRole::Owner, "2015-01-01"),
        ("M2", pb::TeamRole::Owner, "2017-01-01"),
        ("M1", pb::TeamRole::Backup, "2017-01-01"),
    ] {
        all.push(Content::TeamMembership(pb::TeamRecord {
            account: account("A"),
            member: member_of(id),
            role: role.into(),
            valid_from: Some(date(from)),
            ..pb::TeamRecord::default()
        }));
    }
    all.into_iter().map(|of| pb::Record { content: Some(of) }).collect()
}

fn account_of(system: &str, id: &str) -> String {
    format!("accounts/{system}~{id}")
}

/// What is there now of that company, without ids.
async fn told(server: &TestServer, system: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for id in ["1", "2", "3"] {
        let one = contact::get(server, &format!("contacts/{system}~{id}")).await.expect("there");
        let mut phones: Vec<String> = one.phones.into_iter().map(|phone| phone.value).collect();
        phones.sort();
        lines.push(format!("{} {phones:?}", one.display_name));
        names.insert(one.name, one.display_name);
    }
    for id in ["A", "B"] {
        let name = account_of(system, id);
        let request = pb::GetAccountRequest { name: name.clone() };
        let account = server.accounts().get_account(request).await.expect("there").into_inner();
        lines.push(format!(
            "{} under something: {}",
            account.display_name,
            !account.parent.is_empty()
        ));
        let request = pb::ListPositionsRequest { parent: name.clone(), ..Default::default() };
        let positions =
            server.contacts().list_positions(request).await.expect("served").into_inner().positions;
        let titled = |name: &str| {
            let one = positions.iter().find(|one| one.name == name);
            one.map_or(String::new(), |one| one.title.clone())
        };
        for one in &positions {
            let (from, above) = (one.valid_from, titled(&one.reports_to));
            lines.push(format!("{id} {} from {from:?} under {above}", one.title));
        }
        let request = pb::ListIncumbenciesRequest { parent: name.clone(), ..Default::default() };
        let sat = server.contacts().list_incumbencies(request).await.expect("served").into_inner();
        for one in sat.incumbencies {
            let who = &names[&one.contact];
            lines.push(format!(
                "{who} in {} {:?} {:?}",
                titled(&one.position),
                one.valid_from,
                one.valid_to
            ));
        }
        let request = pb::ListInteractionsRequest { parent: name.clone(), ..Default::default() };
        let talks =
            server.interactions().list_interactions(request).await.expect("served").into_inner();
        for one in talks.interactions {
            let seat = titled(&one.theirs[0].position);
            lines.push(format!("{:?} {} in {seat}", one.start_time, names[&one.theirs[0].contact]));
        }
        let request = pb::ListTeamMembersRequest { parent: name.clone(), ..Default::default() };
        let team = server.accounts().list_team_members(request).await.expect("served").into_inner();
        for one in team.team_members {
            let request = pb::GetMemberRequest { name: one.member.clone() };
            let of = server.accounts().get_member(request).await.expect("there").into_inner();
            let (role, days) = (one.role(), (one.valid_from, one.valid_to));
            let led = !of.manager.is_empty();
            lines.push(format!("{} as {role:?} {days:?}, led: {led}", of.display_name));
        }
        let request = pb::ListGiftsRequest { parent: name.clone(), ..Default::default() };
        let given = server.interactions().list_gifts(request).await.expect("served").into_inner();
        lines.extend(
            given.gifts.iter().map(|one| {
                format!("{:?} {:?} {}", one.date, one.value, one.interaction.is_empty())
            }),
        );
        let request = pb::ListCommitmentsRequest { parent: name, ..Default::default() };
        let made =
            server.interactions().list_commitments(request).await.expect("served").into_inner();
        lines.extend(
            made.commitments.iter().map(|one| format!("{:?} {:?}", one.made_date, one.due_date)),
        );
    }
    lines.sort();
    lines
}

/// An order of the records, and after which of them a chunk ends.
fn arrangement() -> impl Strategy<Value = (Vec<usize>, Vec<bool>, bool)> {
    let count = records("X").len();
    let order = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
    (order, prop::collection::vec(prop::bool::weighted(0.3), count), any::<bool>())
}

on_both_engines! {
    async fn records_in_any_order_twice_and_in_any_chunks_give_the_same(server: TestServer) {
        let system = |n: &str| format!("s{}", n.replace('-', "").chars().take(12).collect::<String>());
        let first = system(&fresh());
        member(&server, &first).await;
        send(&server, pb::RecordsMode::Upsert, vec![records(&first)]).await.expect("served");
        let expected = told(&server, &first).await;
        assert_eq!(expected.len(), 23, "{expected:#?}");
        hold(12, &arrangement(), async |(order, ends, twice)| {
            let system = system(&fresh());
            member(&server, &system).await;
            let all = records(&system);
            let mut chunks = vec![Vec::new()];
            for (at, end) in order.iter().zip(ends) {
                chunks.last_mut().expect("a chunk").push(all[*at].clone());
                if end {
                    chunks.push(Vec::new());
                }
            }
            chunks.retain(|chunk| !chunk.is_empty());
            let sent = send(&server, pb::RecordsMode::Upsert, chunks.clone()).await.expect("served").1;
            prop_assert_eq!(sent.refused, 0, "{:?}", sent);
            if twice {
                let again = send(&server, pb::RecordsMode::Upsert, chunks).await.expect("served").1;
                prop_assert_eq!((again.created, again.updated, again.refused), (0, 0, 0));
            }
            prop_assert_eq!(told(&server, &system).await, expected.clone());
            Ok(())
        });
        contact::verify(&server).await;
    }
}
