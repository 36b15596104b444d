//! People at customers, their seats and ties, as another system knows them.

use ballast::pb;
use pb::RecordOutcome::{Created, Refused, Unchanged, Updated, Waiting};
use pb::record::Content;

use super::{counts, send};
use crate::contact;
use crate::support::TestServer;
use crate::support::ledger::date;

pub fn key(id: &str) -> Option<pb::ExternalRef> {
    Some(pb::ExternalRef { system: "CRM".into(), id: id.into() })
}

pub fn record(content: Content) -> pb::Record {
    pb::Record { content: Some(content) }
}

pub fn person(id: &str, contact: pb::Contact) -> pb::Record {
    let record =
        pb::ContactRecord { source_key: key(id), contact: Some(contact), update_mask: None };
    self::record(Content::Contact(record))
}

fn buyer(title: &str) -> pb::Position {
    pb::Position {
        function: pb::PositionFunction::Procurement.into(),
        title: title.into(),
        ..pb::Position::default()
    }
}

/// A contact in a seat that is described.
pub fn sits(account: &str, id: &str, seat: pb::Position, days: [Option<&str>; 2]) -> pb::Record {
    let [valid_from, valid_to] = days.map(|day| day.map(date));
    record(Content::Incumbency(pb::IncumbencyRecord {
        account: format!("accounts/{account}"),
        contact: format!("contacts/CRM~{id}"),
        seat: Some(pb::incumbency_record::Seat::Described(seat)),
        valid_from,
        valid_to,
        ..pb::IncumbencyRecord::default()
    }))
}

pub async fn upsert(
    server: &TestServer,
    records: Vec<pb::Record>,
) -> (Vec<pb::RecordResult>, pb::RecordsSummary) {
    send(server, pb::RecordsMode::Upsert, vec![records]).await.expect("served")
}

pub fn outcomes(results: &[pb::RecordResult]) -> Vec<pb::RecordOutcome> {
    results.iter().map(pb::RecordResult::outcome).collect()
}

pub fn faults(result: &pb::RecordResult) -> Vec<(&str, &str)> {
    result.faults.iter().map(|fault| (fault.reason.as_str(), fault.field.as_str())).collect()
}

/// Who sat where at an account: title, key of the contact's name, first and last day.
pub async fn seats(server: &TestServer, account: &str) -> Vec<(String, String, String, String)> {
    let request = pb::ListIncumbenciesRequest {
        parent: format!("accounts/{account}"),
        ..pb::ListIncumbenciesRequest::default()
    };
    let told = server.contacts().list_incumbencies(request).await.expect("served").into_inner();
    let mut seats = Vec::new();
    for one in told.incumbencies {
        let title = contact::read_position(server, &one.position).await.title;
        let name = contact::get(server, &one.contact).await.expect("there").display_name;
        let text = |day: Option<pb::Date>| {
            day.map_or(String::new(), |d| format!("{}-{:02}-{:02}", d.year, d.month, d.day))
        };
        seats.push((title, name, text(one.valid_from), text(one.valid_to)));
    }
    seats.sort();
    seats
}

fn seat(title: &str, name: &str, from: &str, to: &str) -> (String, String, String, String) {
    (title.into(), name.into(), from.into(), to.into())
}

async fn positions(server: &TestServer, account: &str) -> Vec<pb::Position> {
    let request = pb::ListPositionsRequest {
        parent: format!("accounts/{account}"),
        ..pb::ListPositionsRequest::default()
    };
    server.contacts().list_positions(request).await.expect("served").into_inner().positions
}

on_both_engines! {
    async fn people_come_before_their_accounts_and_the_same_again_is_nothing(server: TestServer) {
        let account = record(Content::AccountProfile(pb::AccountRecord {
            source_key: key("A1"),
            account: Some(pb::Account { display_name: "Acme".into(), ..pb::Account::default() }),
            account_id: "acme".into(),
            ..pb::AccountRecord::default()
        }));
        let tie = record(Content::Tie(pb::TieRecord {
            tie: Some(pb::Tie {
                from: "contacts/CRM~1".into(),
                to: "contacts/CRM~2".into(),
                kind: pb::TieKind::Influence.into(),
                weight_bp: 5_000,
                ..pb::Tie::default()
            }),
        }));
        let all = vec![
            sits("CRM~A1", "1", buyer("Head"), [Some("2018-01-01"), None]),
            tie,
            person("1", contact::named("Li")),
            person("2", contact::named("Wang")),
            account,
        ];
        let (results, summary) = upsert(&server, all.clone()).await;
        assert_eq!(outcomes(&results), [Waiting, Waiting, Created, Created, Created]);
        assert_eq!(counts(&summary), [5, 0, 0, 0], "{summary:?}");
        assert_eq!(seats(&server, "acme").await, [seat("Head", "Li", "2018-01-01", "")]);
        assert_eq!(positions(&server, "acme").await[0].valid_from, Some(date("2018-01-01")));
        let (results, summary) = upsert(&server, all).await;
        assert_eq!(outcomes(&results), [Unchanged; 5], "{results:?}");
        assert_eq!(counts(&summary), [0, 0, 5, 0]);
        contact::verify(&server).await;
    }

    async fn a_day_of_a_tie_that_differs_is_told_and_a_region_that_is_not_said_stays(
        server: TestServer
    ) {
        let site = |region: &str| {
            record(Content::AccountProfile(pb::AccountRecord {
                source_key: key("A1"),
                account: Some(pb::Account {
                    display_name: "Acme".into(),
                    sites: vec![pb::Site {
                        site_id: "w1".into(),
                        display_name: "Works".into(),
                        region: region.into(),
                    }],
                    ..pb::Account::default()
                }),
                account_id: "acme".into(),
                ..pb::AccountRecord::default()
            }))
        };
        let tie = |first: Option<&str>| {
            record(Content::Tie(pb::TieRecord {
                tie: Some(pb::Tie {
                    from: "contacts/CRM~1".into(),
                    to: "contacts/CRM~2".into(),
                    kind: pb::TieKind::Influence.into(),
                    weight_bp: 5_000,
                    valid_from: first.map(date),
                    ..pb::Tie::default()
                }),
            }))
        };
        let people = ["1", "2"].map(|id| person(id, contact::named(id)));
        upsert(&server, people.into_iter().chain([site("north"), tie(Some("2020-01-01"))]).collect())
            .await;
        let (results, _) = upsert(&server, vec![tie(Some("2019-01-01")), tie(None), site("")]).await;
        assert_eq!(outcomes(&results), [Refused, Unchanged, Unchanged], "{results:?}");
        assert_eq!(faults(&results[0]), [("FIELD_INVALID", "tie.valid_from")]);
        contact::verify(&server).await;
    }

    async fn a_contact_changes_what_a_record_carries_and_keeps_the_rest(server: TestServer) {
        let first = pb::Contact {
            display_name: "Li".into(),
            phones: vec![contact::address("+86 138 1234 5678", "work")],
            labels: [("team".to_owned(), "a".to_owned())].into(),
            ..pb::Contact::default()
        };
        upsert(&server, vec![person("1", first)]).await;
        let second = pb::Contact {
            latin_name: "Li Wei".into(),
            phones: vec![contact::address("+86 139 0000 0000", "")],
            ..pb::Contact::default()
        };
        let (results, _) = upsert(&server, vec![person("1", second)]).await;
        assert_eq!(outcomes(&results), [Updated]);
        let now = contact::get(&server, "contacts/CRM~1").await.expect("there");
        assert_eq!((now.display_name.as_str(), now.latin_name.as_str()), ("Li", "Li Wei"));
        let phones: Vec<&str> = now.phones.iter().map(|one| one.value.as_str()).collect();
        assert_eq!(phones, ["+8613812345678", "+8613900000000"]);
        assert_eq!((now.phones[0].kind.as_str(), now.labels.len()), ("work", 1));
        // A mask carries what is empty.
        let emptied = record(Content::Contact(pb::ContactRecord {
            source_key: key("1"),
            contact: Some(pb::Contact::default()),
            update_mask: Some(prost_types::FieldMask { paths: vec!["labels".into()] }),
        }));
        upsert(&server, vec![emptied]).await;
        let now = contact::get(&server, "contacts/CRM~1").await.expect("there");
        assert_eq!((now.labels.len(), now.phones.len()), (0, 2));
        let one = || vec![vec![person("1", contact::named("Li"))]];
        let (results, _) = send(&server, pb::RecordsMode::CreateOnly, one()).await.expect("served");
        assert_eq!(faults(&results[0]), [("RESOURCE_ALREADY_EXISTS", "")]);
        let other = vec![vec![person("9", contact::named("Li"))]];
        let (results, _) = send(&server, pb::RecordsMode::UpdateOnly, other).await.expect("served");
        assert_eq!(faults(&results[0]), [("RESOURCE_NOT_FOUND", "source_key")]);
        let nobody = upsert(&server, vec![person("9", pb::Contact::default())]).await.0;
        assert_eq!(faults(&nobody[0]), [("FIELD_REQUIRED", "contact.display_name")]);
    }

    async fn who_may_be_there_already_is_told_with_the_others(server: TestServer) {
        let known = pb::Contact {
            display_name: "Li".into(),
            phones: vec![contact::address("+8613812345678", "")],
            ..pb::Contact::default()
        };
        let known = contact::create(&server, known).await.expect("created").name;
        let same = |id: &str, name: &str, phone: &str| {
            let phones = vec![contact::address(phone, "")];
            person(id, pb::Contact { display_name: name.into(), phones, ..pb::Contact::default() })
        };
        let (results, _) = upsert(
            &server,
            vec![same("1", "Li Wei", "0086 13812345678"), same("2", "Wang", "+8613900000000")],
        )
        .await;
        assert_eq!(outcomes(&results), [Created, Created]);
        assert_eq!(results[0].duplicates, [known]);
        assert_eq!(results[1].duplicates, [""; 0]);
        // Who is known again is the same, and no duplicate of himself.
        let (results, _) = upsert(&server, vec![same("1", "Li Wei", "")]).await;
        assert_eq!(results[0].duplicates, [""; 0]);
    }

    async fn two_at_once_have_two_seats_and_whoever_follows_has_one(server: TestServer) {
        contact::account(&server, "acme", &[]).await;
        let people = ["A", "B", "C"].map(|name| person(name, contact::named(name)));
        upsert(&server, people.to_vec()).await;
        let all = vec![
            sits("acme", "B", buyer("Buyer"), [Some("2018-06-01"), None]),
            sits("acme", "C", buyer("Buyer"), [Some("2017-01-01"), None]),
            sits("acme", "A", buyer("Buyer"), [Some("2016-01-01"), Some("2018-05-31")]),
        ];
        upsert(&server, all.clone()).await;
        let told = [
            seat("Buyer", "A", "2016-01-01", "2018-05-31"),
            seat("Buyer", "B", "2018-06-01", ""),
            seat("Buyer", "C", "2017-01-01", ""),
        ];
        assert_eq!(seats(&server, "acme").await, told);
        assert_eq!(positions(&server, "acme").await.len(), 2);
        let (results, _) = upsert(&server, all).await;
        assert_eq!(outcomes(&results), [Unchanged; 3]);
        // He sits there since another day: nobody knows which is right.
        let other = sits("acme", "B", buyer("Buyer"), [Some("2018-07-01"), None]);
        let (results, _) = upsert(&server, vec![other]).await;
        assert_eq!(faults(&results[0]), [("DATE_INVALID", "valid_from")]);
        // He left, and is not brought back.
        let left = sits("acme", "B", buyer("Buyer"), [Some("2018-06-01"), Some("2019-03-31")]);
        let (results, _) = upsert(&server, vec![left.clone()]).await;
        assert_eq!(outcomes(&results), [Updated]);
        assert_eq!(outcomes(&upsert(&server, vec![left]).await.0), [Unchanged]);
        let longer = sits("acme", "B", buyer("Buyer"), [Some("2018-06-01"), Some("2019-04-30")]);
        let (results, _) = upsert(&server, vec![longer]).await;
        assert_eq!(faults(&results[0]), [("DATE_INVALID", "valid_to")]);
        contact::verify(&server).await;
    }

    async fn a_position_is_known_by_its_key_and_whoever_comes_takes_it(server: TestServer) {
        contact::account(&server, "acme", &["wuxi"]).await;
        upsert(&server, vec![person("A", contact::named("A")), person("B", contact::named("B"))]).await;
        let position = |id: &str, title: &str, above: Option<&str>| {
            let by = above.map(|title| pb::position_selector::By::Title(title.into()));
            record(Content::Position(pb::PositionRecord {
                source_key: key(id),
                account: "accounts/acme".into(),
                position: Some(pb::Position {
                    function: pb::PositionFunction::Finance.into(),
                    level: pb::PositionLevel::Manager.into(),
                    title: title.into(),
                    ..pb::Position::default()
                }),
                reports_to: by.map(|by| pb::PositionSelector { by: Some(by) }),
                ..pb::PositionRecord::default()
            }))
        };
        let sits = |id: &str, from: &str| {
            let by = pb::position_selector::By::SourceKey(key("P1").expect("a key"));
            record(Content::Incumbency(pb::IncumbencyRecord {
                account: "accounts/acme".into(),
                contact: format!("contacts/CRM~{id}"),
                seat: Some(pb::incumbency_record::Seat::Position(pb::PositionSelector { by: Some(by) })),
                valid_from: Some(date(from)),
                ..pb::IncumbencyRecord::default()
            }))
        };
        let all = vec![
            sits("B", "2018-01-01"),
            position("P1", "Cashier", Some("Treasurer")),
            position("P2", "Treasurer", None),
            sits("A", "2016-01-01"),
        ];
        let (_, summary) = upsert(&server, all.clone()).await;
        assert_eq!(counts(&summary), [4, 0, 0, 0], "{summary:?}");
        let told = [
            seat("Cashier", "A", "2016-01-01", "2017-12-31"),
            seat("Cashier", "B", "2018-01-01", ""),
        ];
        assert_eq!(seats(&server, "acme").await, told);
        let (_, summary) = upsert(&server, all).await;
        assert_eq!(counts(&summary), [0, 0, 4, 0], "{summary:?}");
        let positions = positions(&server, "acme").await;
        let titled = |title: &str| positions.iter().find(|one| one.title == title).expect("there");
        assert_eq!(titled("Cashier").reports_to, titled("Treasurer").name);
        // Under its key it is another now, and stays the same seat.
        let (results, _) = upsert(&server, vec![position("P1", "Accountant", None)]).await;
        assert_eq!((results[0].outcome(), &results[0].name), (Updated, &titled("Cashier").name));
        let lost = record(Content::Position(pb::PositionRecord {
            source_key: key("P3"),
            account: "accounts/acme".into(),
            position: Some(pb::Position { title: "x".into(), ..pb::Position::default() }),
            ..pb::PositionRecord::default()
        }));
        let (results, _) = upsert(&server, vec![lost]).await;
        assert_eq!(faults(&results[0]), [("FIELD_REQUIRED", "position.function")]);
    }

    async fn what_a_record_names_and_nothing_brings_is_told_by_name(server: TestServer) {
        contact::account(&server, "acme", &[]).await;
        let (results, summary) =
            upsert(&server, vec![sits("acme", "404", buyer("x"), [None, None])]).await;
        assert_eq!(outcomes(&results), [Waiting]);
        let lost = summary.waited[0].result.clone().expect("a result");
        assert_eq!(lost.outcome(), Refused);
        assert_eq!(faults(&lost), [("RESOURCE_NOT_FOUND", "contact")]);
        assert!(lost.faults[0].description.contains("contacts/CRM~404"), "{lost:?}");
    }

    async fn c11_who_was_erased_is_not_brought_back_by_an_import(server: TestServer) {
        let li = || person("7", pb::Contact {
            occasions: vec![pb::ContactOccasion { kind: "birthday".into(), month: 7, day: 2, ..Default::default() }],
            ..contact::named("Li")
        });
        let (results, _) = upsert(&server, vec![li()]).await;
        assert_eq!(outcomes(&results), [Created]);
        // What a record does not say stays, and another kind is added.
        let festival = pb::ContactOccasion { kind: "name_day".into(), month: 3, day: 4, ..Default::default() };
        let more = person("7", pb::Contact { occasions: vec![festival], ..Default::default() });
        let (results, _) = upsert(&server, vec![more]).await;
        assert_eq!(outcomes(&results), [Updated]);
        let known = contact::get(&server, "contacts/CRM~7").await.expect("he");
        assert_eq!(known.occasions.len(), 2);
        let erase = pb::ErasePersonalDataRequest { contact: known.name.clone(), ..Default::default() };
        server.contacts().erase_personal_data(erase).await.expect("erased");
        let (results, summary) = upsert(&server, vec![li()]).await;
        assert_eq!((outcomes(&results), faults(&results[0])), (vec![Refused], vec![("STATE_WRONG", "")]));
        assert_eq!(counts(&summary)[0], 0);
        contact::get(&server, "contacts/CRM~7").await.expect_err("nobody");
    }
}
