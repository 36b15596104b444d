//! What is kept about a contact is told whole, and is gone for ever once it is erased.

use ballast::pb::{
    CommitmentSide, ContactState, PersonalDataErasure, PersonalRecord, PersonalRecordKind as Kind,
    TieKind, personal_record::Record,
};
use sqlx::{AssertSqlSafe, Connection as _};

use super::ties::{declare, tie};
use super::*;
use crate::interaction::{gifts, held, member, record};
use crate::support::Engine;
use crate::support::ledger::{Desk, day, fresh, invoice, usd};

/// Stands in every text about Li, and in none about anybody else.
const LI: &str = "李雷-1987";
const WU: &str = "吴芳-1990";

pub async fn export(server: &TestServer, contact: &str) -> Vec<PersonalRecord> {
    let request = pb::ExportPersonalDataRequest { contact: contact.into() };
    let mut told =
        server.contacts().export_personal_data(request).await.expect("a stream").into_inner();
    let mut all = Vec::new();
    while let Some(one) = told.message().await.expect("a record") {
        all.push(one);
    }
    all
}

async fn erase(
    server: &TestServer,
    request: pb::ErasePersonalDataRequest,
) -> Result<PersonalDataErasure, Status> {
    server.contacts().erase_personal_data(request).await.map(|r| r.into_inner())
}

fn of(contact: &str) -> pb::ErasePersonalDataRequest {
    pb::ErasePersonalDataRequest { contact: contact.into(), ..Default::default() }
}

fn counts(told: &PersonalDataErasure) -> Vec<(Kind, i64)> {
    told.erased.iter().map(|of| (of.kind(), of.records)).collect()
}

/// Li and Wu, about whom something is said wherever something can be.
struct Scene {
    li: String,
    wu: String,
    seat: String,
    /// With Li alone, and with both.
    talks: [String; 2],
}

fn contact(said: &str) -> Contact {
    Contact {
        display_name: said.into(),
        latin_name: format!("{said} latin"),
        former_names: vec![format!("{said} former")],
        handles: vec![pb::ContactAddress { value: format!("{said} handle"), ..Default::default() }],
        preferences: vec![pb::ContactPreference {
            key: "tea".into(),
            value: said.into(),
            source: format!("{said} source"),
            consent: true,
            expire_date: Some(day(-1)),
        }],
        occasions: vec![pb::ContactOccasion {
            kind: "birthday".into(),
            month: 7,
            day: 2,
            consent: true,
            lunar: false,
        }],
        labels: [("class".to_owned(), "vip".to_owned())].into(),
        ..Default::default()
    }
}

impl Scene {
    async fn build(server: &TestServer) -> Self {
        account(server, "acme", &[]).await;
        let wang = member(server, "wang").await;
        let mut made = Vec::new();
        for said in [LI, WU] {
            let mut wish = contact(said);
            wish.external_refs = key(&format!("key-{}", made.len()));
            let name = create(server, wish).await.expect("created").name;
            let seat =
                position(server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
            let moved = |from: &str, to: &str, on| pb::MoveContactRequest {
                contact: name.clone(),
                from_position: from.into(),
                to_position: to.into(),
                effective_date: Some(day(on)),
                reason: format!("{said} moves"),
                request_id: fresh(),
            };
            let mut client = server.contacts();
            let old =
                position(server, "acme", PositionFunction::Procurement, PositionLevel::Staff).await;
            client.move_contact(moved("", &old, -90)).await.expect("hired");
            client.move_contact(moved(&old, &seat, -50)).await.expect("moved");
            let known =
                pb::Tie { source: format!("{said} tie"), ..tie(TieKind::Classmate, &wang, &name) };
            declare(server, known).await.expect("declared");
            made.push((name, seat));
        }
        let [(li, seat), (wu, _)] = &made[..] else { panic!("two") };
        let mut talks = Vec::new();
        for who in [vec![li.as_str()], vec![li, wu], vec![wu]] {
            let said = if who.len() == 1 && who[0] == li { LI } else { WU };
            let talk = pb::Interaction {
                purpose: format!("{said} purpose"),
                notes: format!("{said} notes"),
                ..held(pb::InteractionChannel::Visit, -40, &[&wang], &who)
            };
            let first = record(server, "acme", talk.clone()).await.expect("recorded");
            let amended = pb::AmendInteractionRequest {
                interaction: Some(pb::Interaction {
                    name: first.name.clone(),
                    notes: format!("{said} amended"),
                    version: first.version,
                    ..talk
                }),
                reason: format!("{said} reason"),
                request_id: fresh(),
            };
            server.interactions().amend_interaction(amended).await.expect("amended");
            talks.push(first.name);
        }
        for (name, said) in [(li, LI), (wu, WU)] {
            let word = pb::CreateCommitmentRequest {
                account: "accounts/acme".into(),
                commitment: Some(pb::Commitment {
                    side: CommitmentSide::Ours.into(),
                    member: wang.clone(),
                    contact: name.clone(),
                    text: format!("{said} word"),
                    made_date: Some(day(-10)),
                    due_date: Some(day(9)),
                    ..Default::default()
                }),
                request_id: fresh(),
            };
            let word =
                server.interactions().create_commitment(word).await.expect("promised").into_inner();
            let kept = pb::SettleCommitmentRequest {
                name: word.commitment.expect("one").name,
                settlement: pb::CommitmentSettlement::Kept.into(),
                evidence: vec![pb::CommitmentEvidence {
                    date: Some(day(-1)),
                    note: format!("{said} evidence"),
                    ..Default::default()
                }],
                request_id: fresh(),
                ..Default::default()
            };
            server.interactions().settle_commitment(kept).await.expect("kept");
            let gift =
                pb::Gift { occasion: format!("{said} occasion"), ..gifts::gift(&wang, name, "80") };
            server
                .interactions()
                .register_gift(gifts::wish("acme", gift))
                .await
                .expect("registered");
            let advice = pb::RecordAdviceRequest {
                account: "accounts/acme".into(),
                advice: Some(pb::Advice {
                    text: format!("{said} advice"),
                    member: wang.clone(),
                    contact: name.clone(),
                    ..Default::default()
                }),
                request_id: fresh(),
            };
            server.interactions().record_advice(advice).await.expect("recorded");
        }
        let talks = [talks[0].clone(), talks[1].clone()];
        Self { li: li.clone(), wu: wu.clone(), seat: seat.clone(), talks }
    }
}

/// How many rows of each table hold a text.
async fn holding(server: &TestServer, text: &str) -> Vec<String> {
    let books = crate::contract::Books::of(server).await;
    let all = books.all().await;
    all.into_iter().filter(|row| row.contains(text)).collect()
}

/// Everything there is of the database outside of its server: files, or a dump.
pub async fn bytes(server: &TestServer) -> Vec<u8> {
    match server.engine() {
        Engine::Sqlite => {
            let url = server.database_url();
            let mut conn = sqlx::SqliteConnection::connect(url).await.expect("the database");
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(&mut conn)
                .await
                .expect("written back");
            let path =
                url.trim_start_matches("sqlite://").split('?').next().expect("a path").to_owned();
            let mut all = std::fs::read(&path).expect("the file");
            all.extend(std::fs::read(format!("{path}-wal")).unwrap_or_default());
            all
        }
        Engine::Postgres => {
            // What a dump writes: every row of every table.
            let mut conn =
                sqlx::PgConnection::connect(server.database_url()).await.expect("the database");
            let sql = "SELECT query_to_xml('SELECT * FROM ' || quote_ident(table_name), true, false, '')::text \
                 FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'";
            let rows: Vec<String> =
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut conn).await.expect("rows");
            rows.concat().into_bytes()
        }
    }
}

pub fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

on_both_engines! {
    async fn c11_what_is_kept_is_told_whole_and_gone_once_erased(server: TestServer) {
        let Scene { li, wu, seat, talks: [alone, both] } = Scene::build(&server).await;
        let told = export(&server, &li).await;
        let mut kinds: Vec<usize> = vec![0; 7];
        for one in &told {
            let (place, said) = match one.record.as_ref().expect("one") {
                Record::Contact(of) => (0, (of.name == li).to_string()),
                Record::Incumbency(of) => (1, format!("{} {}", of.reason, of.leave_reason)),
                Record::Tie(of) => (2, of.source.clone()),
                Record::Interaction(of) => (3, of.notes.clone()),
                Record::Commitment(of) => (4, of.text.clone()),
                Record::Gift(of) => (5, of.occasion.clone()),
                Record::Advice(of) => (6, of.text.clone()),
                Record::Merge(of) => panic!("nobody merged him: {of:?}"),
            };
            kinds[place] += 1;
            assert!(said.contains(LI) || said.contains(WU) || place == 0, "{one:?}");
        }
        // One contact, two positions, a tie, two talks of two versions, a promise, a gift, an advice.
        assert_eq!(kinds, [1, 2, 1, 4, 1, 1, 1]);
        let Some(Record::Contact(first)) = &told[0].record else { panic!("the contact is first") };
        assert_eq!(first.preferences.len(), 1, "also what has expired");
        assert_eq!(first.occasions.len(), 1);

        // Looked at first: nothing changes, and it tells what will.
        let before = holding(&server, LI).await;
        let look = erase(&server, pb::ErasePersonalDataRequest { validate_only: true, ..of(&li) }).await.expect("looked at");
        assert_eq!(look.erase_time, None);
        assert_eq!(holding(&server, LI).await, before);
        let expected = [
            (Kind::Contact, 1),
            (Kind::Label, 1),
            (Kind::ExternalRef, 1),
            (Kind::Incumbency, 3),
            (Kind::Tie, 1),
            (Kind::Interaction, 1),
            (Kind::InteractionVersion, 1),
            (Kind::Commitment, 1),
            (Kind::CommitmentEvidence, 1),
            (Kind::Gift, 1),
            (Kind::Advice, 1),
        ];
        assert_eq!(counts(&look), expected);
        assert_eq!((&look.shared_texts[..], look.shared_texts_count), (&[both.clone()][..], 1));

        let request_id = fresh();
        let wish = pb::ErasePersonalDataRequest { request_id: request_id.clone(), ..of(&li) };
        let done = erase(&server, wish.clone()).await.expect("erased");
        assert!(done.erase_time.is_some());
        assert_eq!(PersonalDataErasure { erase_time: None, ..done.clone() }, look, "as it was told");
        assert_eq!(erase(&server, wish).await.expect("answered again"), done);
        assert_eq!(holding(&server, LI).await, Vec::<String>::new());
        assert!(holding(&server, WU).await.len() > 10, "what is about others stays");
        assert!(!holds(&bytes(&server).await, LI), "no byte of the database has it");
        // What is about Wu too is told still, and nothing else.
        let left = export(&server, &li).await;
        let is_shared = |one: &PersonalRecord| matches!(&one.record, Some(Record::Interaction(of)) if of.name == both);
        assert!(left.len() == 2 && left.iter().all(is_shared), "{left:?}");
        let again = erase(&server, of(&li)).await.expect("once more");
        assert_eq!((counts(&again), &again.shared_texts), (vec![], &look.shared_texts));
        let done = again;

        // He is nobody, and stays where he was.
        let now = get(&server, &li).await.expect("he");
        let expected = Contact {
            name: li.clone(),
            state: ContactState::Erased.into(),
            positions: vec![seat.clone()],
            create_time: now.create_time,
            update_time: done.erase_time,
            erase_time: done.erase_time,
            etag: now.etag.clone(),
            ..Default::default()
        };
        assert_eq!(now, expected);
        let talk = pb::GetInteractionRequest { name: alone, ..Default::default() };
        let talk = server.interactions().get_interaction(talk).await.expect("a talk").into_inner();
        assert_eq!((&*talk.notes, &*talk.purpose, &talk.theirs[0].contact, talk.version), ("", "", &li, 2));
        let map = pb::GetPowerMapRequest { account: "accounts/acme".into(), dot: true };
        let map = server.contacts().get_power_map(map).await.expect("a map").into_inner();
        let node = map.nodes.iter().find(|node| node.contact == li).expect("he is on it");
        assert_eq!(&*node.display_name, "");
        let search = pb::SearchDirectoryRequest {
            question: Some(pb::search_directory_request::Question::Text(LI.into())),
            ..Default::default()
        };
        let found = server.accounts().search_directory(search).await.expect("an answer").into_inner();
        assert!(found.hits.iter().all(|hit| hit.name != li));
        let timeline = pb::ListTimelineRequest { parent: li.clone(), ..Default::default() };
        let timeline = server.accounts().list_timeline(timeline).await.expect("a list").into_inner().entries;
        assert!(timeline.len() > 5, "days and roles stay: {timeline:?}");

        // Nothing new is said of him but that he leaves, so that another can take the seat.
        let met = held(pb::InteractionChannel::Call, 0, &["members/wang"], &[&li]);
        let refused = record(&server, "acme", met).await.expect_err("erased");
        assert_refused(&refused, Code::FailedPrecondition, "STATE_WRONG", None);
        move_from_to(&server, &li, &seat, "", 0).await.expect("left");
        move_from_to(&server, &wu, "", &seat, 0).await.expect("taken");
        let taken = move_from_to(&server, &li, "", &seat, 0).await.expect_err("erased");
        assert_refused(&taken, Code::FailedPrecondition, "STATE_WRONG", None);
        verify(&server).await;
    }

    async fn c11_texts_that_are_about_others_too_go_if_it_is_said_so(server: TestServer) {
        let Scene { li, wu, talks: [_, both], .. } = Scene::build(&server).await;
        let wish = pb::ErasePersonalDataRequest { include_shared_texts: true, ..of(&li) };
        let look = erase(&server, pb::ErasePersonalDataRequest { validate_only: true, ..wish.clone() }).await.expect("looked at");
        assert!(counts(&look).contains(&(Kind::Interaction, 2)) && counts(&look).contains(&(Kind::InteractionVersion, 2)));
        assert_eq!((look.shared_texts.len(), look.shared_texts_count), (0, 0));
        let done = erase(&server, wish).await.expect("erased");
        assert_eq!(counts(&done), counts(&look));
        assert_eq!(export(&server, &li).await, []);
        let talk = pb::GetInteractionRequest { name: both, ..Default::default() };
        let talk = server.interactions().get_interaction(talk).await.expect("a talk").into_inner();
        assert_eq!((&*talk.notes, talk.theirs.len()), ("", 2));
        let of_wu = export(&server, &wu).await;
        let notes: Vec<_> = of_wu.iter().filter_map(|one| match &one.record {
            Some(Record::Interaction(of)) => Some(of.notes.clone()),
            _ => None,
        }).collect();
        assert_eq!(notes.iter().filter(|text| text.is_empty()).count(), 2, "both versions of the shared one");
        // His key is free, and whoever is sent with it is another person.
        let new = Contact { external_refs: key("key-0"), ..named("Xu") };
        let new = create(&server, new).await.expect("created");
        assert_ne!(new.name, li);
    }

    async fn c11_an_earlier_version_is_erased_by_whom_it_names_itself(server: TestServer) {
        account(&server, "acme", &[]).await;
        let wang = member(&server, "wang").await;
        let (li, wu) = (person(&server, "Li").await, person(&server, "Wu").await);
        let talk = |notes: &str, who: &[&str]| pb::Interaction {
            notes: notes.into(),
            ..held(pb::InteractionChannel::Visit, -40, &[&wang], who)
        };
        let mut names = Vec::new();
        for (was, now) in [(vec![&*li], vec![&*wu]), (vec![&*li, &*wu], vec![&*li])] {
            let first = record(&server, "acme", talk("was", &was)).await.expect("recorded");
            let amended = pb::AmendInteractionRequest {
                interaction: Some(pb::Interaction { name: first.name.clone(), ..talk("is", &now) }),
                reason: "so it was".into(),
                request_id: fresh(),
            };
            server.interactions().amend_interaction(amended).await.expect("amended");
            names.push(first.name);
        }
        let told = export(&server, &li).await;
        assert_eq!(told.iter().filter(|one| matches!(one.record, Some(Record::Interaction(_)))).count(), 4);
        let done = erase(&server, of(&li)).await.expect("erased");
        assert_eq!(done.shared_texts, [&*names[1]], "of both, by what it was");
        let notes = async |name: &str, version: i64| {
            let request = pb::GetInteractionRequest { name: name.into(), version };
            server.interactions().get_interaction(request).await.expect("a version").into_inner().notes
        };
        let read = [notes(&names[0], 1).await, notes(&names[0], 2).await, notes(&names[1], 1).await, notes(&names[1], 2).await];
        assert_eq!(read, ["", "is", "was", ""]);
    }

    async fn what_is_owed_stays_whoever_is_erased(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([invoice("I1", day(-20), "100.00", &[(day(10), "100.00")])]).await;
        let account = crate::support::ledger::ACCOUNT.strip_prefix("accounts/").expect("a name");
        let seat = position(&server, account, PositionFunction::Finance, PositionLevel::Staff).await;
        let li = person(&server, LI).await;
        move_from_to(&server, &li, "", &seat, -50).await.expect("hired");
        let item = desk.item_of("I1", day(0)).await.name;
        let promise = pb::RecordPromiseToPayRequest {
            account: crate::support::ledger::ACCOUNT.into(),
            items: vec![item],
            amount: Some(usd("60.00")),
            promise_date: Some(day(-5)),
            pay_by_date: Some(day(5)),
            contact: li.clone(),
            request_id: fresh(),
            ..Default::default()
        };
        desk.client.record_promise_to_pay(promise).await.expect("promised");
        let before = desk.risk_usd(day(0)).await;
        erase(&server, of(&li)).await.expect("erased");
        assert_eq!(desk.risk_usd(day(0)).await, before);
        verify(&server).await;
    }
}

fn key(id: &str) -> Vec<pb::ExternalRef> {
    vec![pb::ExternalRef { system: "CRM".into(), id: id.into() }]
}
