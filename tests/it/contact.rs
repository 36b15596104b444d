//! People at customers as their callers see them.

mod found;
mod masked;
mod moves;
mod network;
pub mod personal_data;
mod positions;
mod purge;
mod request;
pub mod ties;

pub use found::verify;

use ballast::pb::{
    self, BuyingRole, Contact, ContactAddress, Position, PositionFunction, PositionLevel,
};
use tonic::{Code, Status};

use crate::support::ledger::day;
use crate::support::{TestServer, assert_refused, details};

pub fn address(value: &str, kind: &str) -> ContactAddress {
    ContactAddress { value: value.into(), kind: kind.into(), valid_to: None }
}

pub fn named(display_name: &str) -> Contact {
    Contact { display_name: display_name.into(), ..Default::default() }
}

pub async fn create(server: &TestServer, contact: Contact) -> Result<Contact, Status> {
    let request = pb::CreateContactRequest { contact: Some(contact), ..Default::default() };
    server.contacts().create_contact(request).await.map(|r| r.into_inner())
}

/// A contact of that name.
pub async fn person(server: &TestServer, display_name: &str) -> String {
    create(server, named(display_name)).await.expect("created").name
}

pub async fn get(server: &TestServer, name: &str) -> Result<Contact, Status> {
    let request = pb::GetContactRequest { name: name.into() };
    server.contacts().get_contact(request).await.map(|r| r.into_inner())
}

pub async fn update(
    server: &TestServer,
    contact: Contact,
    paths: &[&str],
) -> Result<Contact, Status> {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let request = pb::UpdateContactRequest {
        contact: Some(contact),
        update_mask: Some(prost_types::FieldMask { paths }),
        ..Default::default()
    };
    server.contacts().update_contact(request).await.map(|r| r.into_inner())
}

async fn delete(server: &TestServer, name: &str) -> Result<Contact, Status> {
    let request = pb::DeleteContactRequest { name: name.into(), ..Default::default() };
    server.contacts().delete_contact(request).await.map(|r| r.into_inner())
}

pub async fn account(server: &TestServer, id: &str, sites: &[&str]) {
    let site = |id: &&str| pb::Site {
        site_id: (*id).into(),
        display_name: (*id).into(),
        region: String::new(),
    };
    let account = pb::Account {
        display_name: id.into(),
        sites: sites.iter().map(site).collect(),
        ..Default::default()
    };
    let request = pb::CreateAccountRequest {
        account: Some(account),
        account_id: id.into(),
        ..Default::default()
    };
    server.accounts().create_account(request).await.expect("created");
}

pub fn seat(function: PositionFunction, level: PositionLevel) -> Position {
    Position {
        function: function.into(),
        level: level.into(),
        // Before whatever a test does on a day.
        valid_from: Some(day(-1_000)),
        ..Default::default()
    }
}

pub async fn try_position(
    server: &TestServer,
    account: &str,
    position: Position,
) -> Result<Position, Status> {
    let request = pb::CreatePositionRequest {
        account: format!("accounts/{account}"),
        position: Some(position),
        ..Default::default()
    };
    server.contacts().create_position(request).await.map(|r| r.into_inner())
}

/// A position of that function and level.
pub async fn position(
    server: &TestServer,
    account: &str,
    function: PositionFunction,
    level: PositionLevel,
) -> String {
    try_position(server, account, seat(function, level)).await.expect("created").name
}

pub async fn read_position(server: &TestServer, name: &str) -> Position {
    let request = pb::GetPositionRequest { name: name.into() };
    server.contacts().get_position(request).await.expect("read").into_inner()
}

/// Lets a contact leave one position and take another, either of them empty for none.
pub async fn move_from_to(
    server: &TestServer,
    contact: &str,
    from: &str,
    to: &str,
    on: i64,
) -> Result<pb::MoveContactResponse, Status> {
    let request = pb::MoveContactRequest {
        contact: contact.into(),
        from_position: from.into(),
        to_position: to.into(),
        effective_date: Some(day(on)),
        reason: "as we heard".into(),
        ..Default::default()
    };
    server.contacts().move_contact(request).await.map(|r| r.into_inner())
}

async fn incumbencies(
    server: &TestServer,
    parent: &str,
    as_of: Option<i64>,
) -> Vec<pb::Incumbency> {
    let request = pb::ListIncumbenciesRequest {
        parent: parent.into(),
        as_of: as_of.map(day),
        ..Default::default()
    };
    server.contacts().list_incumbencies(request).await.expect("a list").into_inner().incumbencies
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, reason: &str) -> Status {
    let status = answer.expect_err(reason);
    assert_refused(&status, code, reason, None);
    status
}

fn wang() -> Contact {
    Contact {
        display_name: "王芳".into(),
        latin_name: "Wang Fang".into(),
        former_names: vec!["李芳".into()],
        phones: vec![address("+8613812345678", "mobile")],
        emails: vec![address("Wang.Fang@example.com", "work")],
        handles: vec![address("fang_wang", "wechat")],
        external_refs: vec![pb::ExternalRef { system: "CRM".into(), id: "华东/1".into() }],
        preferences: vec![pb::ContactPreference {
            key: "language".into(),
            value: "German".into(),
            source: "told at the fair".into(),
            consent: true,
            expire_date: Some(day(10)),
        }],
        official: pb::OfficialStatus::Official.into(),
        labels: [("segment".to_owned(), "power".to_owned())].into(),
        ..Default::default()
    }
}

on_both_engines! {
    async fn a_contact_has_at_most_thirty_two_labels(server: TestServer) {
        let labels = |count: usize| (0..count).map(|n| (format!("k{n}"), "v".to_owned())).collect();
        let most = Contact { labels: labels(32), ..named("Li") };
        let created = create(&server, most.clone()).await.expect("created");
        assert_eq!(created.labels, most.labels);
        let more = Contact { labels: labels(33), ..named("Wu") };
        let refused = create(&server, more).await.expect_err("one too many");
        assert_refused(&refused, Code::InvalidArgument, "TOO_MANY_ELEMENTS", Some("contact.labels"));
    }

    async fn a_contact_reads_back_as_he_was_created(server: TestServer) {
        let created = create(&server, wang()).await.expect("created");
        let id = created.name.strip_prefix("contacts/").expect("a name");
        assert_eq!(uuid::Uuid::try_parse(id).expect("a UUID").get_version_num(), 7);
        let expected = Contact {
            name: created.name.clone(),
            state: pb::ContactState::Active.into(),
            create_time: created.create_time,
            update_time: created.update_time,
            etag: created.etag.clone(),
            ..wang()
        };
        assert_eq!(created, expected);
        assert_eq!(get(&server, &created.name).await.expect("read"), created);
        let by_key = "contacts/CRM~%E5%8D%8E%E4%B8%9C%2F1";
        assert_eq!(get(&server, by_key).await.expect("by its key"), created);
        refused(get(&server, "contacts/none").await, Code::NotFound, "RESOURCE_NOT_FOUND");
        let taken = create(&server, Contact { external_refs: wang().external_refs, ..named("Li") }).await;
        let status = refused(taken, Code::AlreadyExists, "EXTERNAL_REF_TAKEN");
        let info = details(&status).error_info().expect("info").clone();
        assert_eq!(info.metadata["resource_name"], created.name);
    }

    async fn a_preference_is_told_until_it_expires(server: TestServer) {
        let created = create(&server, wang()).await.expect("created");
        server.clock().set(crate::support::credit::moment(9));
        assert_eq!(get(&server, &created.name).await.expect("read").preferences.len(), 1);
        server.clock().set(crate::support::credit::moment(10));
        assert!(get(&server, &created.name).await.expect("read").preferences.is_empty());
    }

    async fn an_update_changes_what_its_mask_names_and_the_etag(server: TestServer) {
        let first = create(&server, wang()).await.expect("created");
        let wish = Contact {
            display_name: "X".into(),
            phones: vec![address("００８６ １３９", "x"), address("+86 139-8765-4321", "mobile")],
            ..first.clone()
        };
        let wrong = update(&server, wish.clone(), &["phones"]).await.expect_err("no number");
        assert_refused(&wrong, Code::InvalidArgument, "FIELD_INVALID", Some("contact.phones[0].value"));
        let wish = Contact { phones: wish.phones[1..].to_vec(), ..wish };
        let second = update(&server, wish, &["phones"]).await.expect("updated");
        let expected = Contact {
            phones: vec![address("+8613987654321", "mobile")],
            etag: second.etag.clone(),
            update_time: second.update_time,
            ..first.clone()
        };
        assert_eq!(second, expected);
        assert_ne!(second.etag, first.etag);
        let same = update(&server, second.clone(), &["phones", "display_name"]).await.expect("same");
        assert_eq!(same, second);
        let stale = update(&server, first, &["phones"]).await;
        refused(stale, Code::Aborted, "ETAG_MISMATCH");
        // Somebody has to be left.
        let nobody = Contact { name: second.name.clone(), etag: second.etag.clone(), ..Default::default() };
        let status = update(&server, nobody, &["*"]).await.expect_err("nobody");
        assert_refused(&status, Code::InvalidArgument, "FIELD_REQUIRED", Some("contact.display_name"));
    }

    async fn lists_are_of_an_account_of_labels_and_without_the_deleted(server: TestServer) {
        account(&server, "acme", &[]).await;
        let finance = position(&server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
        let wang = create(&server, wang()).await.expect("created").name;
        let li = person(&server, "Li").await;
        let gone = person(&server, "Gone").await;
        delete(&server, &gone).await.expect("deleted");
        move_from_to(&server, &li, "", &finance, -5).await.expect("hired");
        let list = |request: pb::ListContactsRequest| {
            let mut client = server.contacts();
            async move {
                let page = client.list_contacts(request).await.expect("a list").into_inner();
                page.contacts.into_iter().map(|one| one.name).collect::<Vec<_>>()
            }
        };
        let all = pb::ListContactsRequest::default;
        assert_eq!(list(all()).await, [&*wang, &*li]);
        assert_eq!(list(pb::ListContactsRequest { show_deleted: true, ..all() }).await, [&*wang, &*li, &*gone]);
        let here = pb::ListContactsRequest { account: "accounts/acme".into(), ..all() };
        assert_eq!(list(here).await, [&*li]);
        let label = |value: &str| pb::Label { key: "segment".into(), value: value.into() };
        let power = pb::ListContactsRequest { labels: vec![label("power")], ..all() };
        assert_eq!(list(power).await, [&*wang]);
        assert!(list(pb::ListContactsRequest { labels: vec![label("other")], ..all() }).await.is_empty());
    }
}
