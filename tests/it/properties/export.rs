//! Whatever texts records have: an export of them is imported to the same data, and exported again it is
//! the same to the byte.

use ballast::pb;
use pb::record::Content;
use proptest::prelude::*;

use super::hold;
use crate::contact;
use crate::interaction::member;
use crate::records::export::assert_comes_back;
use crate::records::people::{key, person, upsert};
use crate::support::TestServer;
use crate::support::ledger::{date, money};

/// Pieces of texts that are hard to write: of formulas, of cells, of several scripts.
const PIECES: [&str; 18] = [
    "李", "=", "+", "-", "@", "'", "\"", ",", ";", "a", "Ö", " ", "NULL", "1.5", "｜", "ﾘ", "%",
    "~",
];

/// A text of one line without blanks at its ends.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(&PIECES[..]), 1..7);
    pieces.prop_map(|pieces| format!("{}x", pieces.concat().trim()))
}

/// A text that may go over lines.
fn lines() -> impl Strategy<Value = String> {
    prop::collection::vec(text(), 1..4).prop_map(|lines| lines.join("\n"))
}

#[derive(Debug, Clone)]
struct Told {
    name: String,
    former: Vec<String>,
    title: String,
    notes: String,
    label: String,
    phone: u32,
    days: (u32, Option<u32>),
}

fn told() -> impl Strategy<Value = Told> {
    let days = (1..300_u32, prop::option::of(1..300_u32));
    let former = prop::collection::vec(text(), 0..3);
    (text(), former, text(), lines(), text(), 10_000..99_999_u32, days).prop_map(
        |(name, former, title, notes, label, phone, (first, length))| Told {
            name,
            former,
            title,
            notes,
            label,
            phone,
            days: (first, length.map(|length| first + length)),
        },
    )
}

fn day(number: u32) -> pb::Date {
    let first = chrono::NaiveDate::from_ymd_opt(2016, 1, 1).expect("a day");
    let day = first.checked_add_days(chrono::Days::new(number.into())).expect("a day");
    date(&day.to_string())
}

/// The records of one of theirs, of the seat that he has, and of what was between him and ours.
fn records(at: usize, of: &Told) -> Vec<pb::Record> {
    let id = format!("{at}~{}", of.label);
    let position_key = key(&format!("P{at}"));
    let contact = pb::Contact {
        former_names: of.former.clone(),
        phones: vec![contact::address(&format!("+49{}", of.phone), "")],
        labels: [(format!("l{at}"), of.label.clone())].into(),
        ..contact::named(&of.name)
    };
    let name = ballast::domain::names::external_name("contacts", "CRM", &id);
    let position = pb::PositionRecord {
        source_key: position_key.clone(),
        account: "accounts/acme".into(),
        position: Some(pb::Position {
            function: pb::PositionFunction::Other.into(),
            function_text: of.title.clone(),
            level: pb::PositionLevel::Staff.into(),
            title: of.title.clone(),
            valid_from: Some(day(0)),
            ..pb::Position::default()
        }),
        ..pb::PositionRecord::default()
    };
    let by = position_key.map(pb::position_selector::By::SourceKey);
    let seat = pb::IncumbencyRecord {
        account: "accounts/acme".into(),
        contact: name.clone(),
        seat: Some(pb::incumbency_record::Seat::Position(pb::PositionSelector { by })),
        valid_from: Some(day(of.days.0)),
        valid_to: of.days.1.map(day),
        ..pb::IncumbencyRecord::default()
    };
    let talk = pb::InteractionRecord {
        account: "accounts/acme".into(),
        interaction: Some(pb::Interaction {
            source_key: key(&format!("V{at}")),
            channel: pb::InteractionChannel::Call.into(),
            ours: vec!["members/boss".into()],
            theirs: vec![pb::InteractionContact {
                contact: name.clone(),
                satisfaction: Some(7),
                ..pb::InteractionContact::default()
            }],
            purpose: of.notes.clone(),
            notes: of.notes.clone(),
            campaign: of.title.clone(),
            cost: Some(money("12.50", "CNY")),
            ..pb::Interaction::default()
        }),
        local_start: format!("2017-0{}-11T10:3{}", at % 9 + 1, at % 10),
    };
    let promise = pb::CommitmentRecord {
        source_key: key(&format!("C{at}")),
        account: "accounts/acme".into(),
        commitment: Some(pb::Commitment {
            side: pb::CommitmentSide::Theirs.into(),
            member: "members/boss".into(),
            contact: name.clone(),
            text: of.notes.clone(),
            made_date: Some(day(400)),
            due_date: Some(day(401)),
            ..pb::Commitment::default()
        }),
        interaction_key: None,
        ..pb::CommitmentRecord::default()
    };
    let gift = pb::GiftRecord {
        source_key: key(&format!("G{at}")),
        account: "accounts/acme".into(),
        gift: Some(pb::Gift {
            kind: pb::GiftKind::Gift.into(),
            value: Some(money("12", "CNY")),
            date: Some(day(400)),
            occasion: of.title.clone(),
            member: "members/boss".into(),
            contact: name.clone(),
            ..pb::Gift::default()
        }),
        interaction_key: None,
    };
    let tie = pb::TieRecord {
        tie: Some(pb::Tie {
            from: "members/boss".into(),
            to: name,
            kind: pb::TieKind::Acquaintance.into(),
            valid_from: Some(day(of.days.0)),
            valid_to: of.days.1.map(day),
            source: of.title.clone(),
            ..pb::Tie::default()
        }),
    };
    let contents = [
        Content::Position(position),
        Content::Incumbency(seat),
        Content::Interaction(talk),
        Content::Commitment(promise),
        Content::Gift(gift),
        Content::Tie(tie),
    ];
    let more = contents.into_iter().map(|content| pb::Record { content: Some(content) });
    std::iter::once(person(&id, contact)).chain(more).collect()
}

on_both_engines! {
    async fn an_export_of_whatever_texts_comes_back(server: TestServer) {
        let engine = server.engine();
        drop(server);
        hold(2, &prop::collection::vec(told(), 4..8), async |all| {
            let server = TestServer::start(engine).await;
            contact::account(&server, "acme", &[]).await;
            member(&server, "boss").await;
            let records = all.iter().enumerate().flat_map(|(at, of)| records(at, of)).collect();
            let (results, summary) = upsert(&server, records).await;
            prop_assert_eq!(summary.refused, 0, "{:?}", results);
            let files = assert_comes_back(&server).await;
            for (kind, text) in files.iter().filter(|file| !matches!(file.0, "accounts" | "members" | "teams")) {
                let rows = csv::Reader::from_reader(text.as_bytes()).records().count();
                prop_assert_eq!(rows, all.len(), "{}: {}", kind, text);
            }
            Ok(())
        });
    }
}
