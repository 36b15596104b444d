//! What callers see of contacts who may not see what is personal.

use ballast::pb::account_service_client::AccountServiceClient;
use ballast::pb::simulate_departure_request::Who;

use super::*;
use crate::support::people::{self, as_somebody};
use crate::support::{Engine, as_caller, only_callers};

#[tokio::test]
async fn c10_personal_fields_are_empty_without_their_scope_and_never_an_error() {
    let server = TestServer::start_with(Engine::Sqlite, |config| {
        let callers: &[(&str, &[&str])] = &[
            ("clerk", &["contacts.read", "contacts.write", "accounts.read"]),
            ("owner", &["contacts.read", "contacts.personal"]),
        ];
        only_callers(config, callers);
    })
    .await;
    let mut client = server.contacts();
    let request = pb::CreateContactRequest { contact: Some(wang()), ..Default::default() };
    let created = client.create_contact(as_caller("clerk", request)).await.expect("created");
    let created = created.into_inner();
    assert!(created.masked);
    let request = pb::GetContactRequest { name: created.name.clone() };
    let bare = client.get_contact(as_caller("clerk", request.clone())).await.expect("read");
    let bare = bare.into_inner();
    assert_eq!(bare, created);
    assert_eq!((&*bare.display_name, bare.former_names.len()), ("", 0));
    assert_eq!(bare.phones, [address("", "mobile")]);
    assert_eq!((&*bare.preferences[0].key, &*bare.preferences[0].value), ("language", ""));
    assert_eq!(bare.labels, wang().labels);

    let whole = client.get_contact(as_caller("owner", request)).await.expect("read").into_inner();
    assert_eq!((whole.masked, &*whole.display_name), (false, "王芳"));
    assert_eq!(whole.phones, wang().phones);

    // What was read masked and is sent back changes nothing that was hidden.
    let request = pb::UpdateContactRequest {
        contact: Some(Contact {
            labels: Default::default(),
            phones: vec![],
            preferences: vec![],
            emails: vec![],
            handles: vec![],
            official: pb::OfficialStatus::Private.into(),
            ..bare
        }),
        ..Default::default()
    };
    client.update_contact(as_caller("clerk", request)).await.expect("updated");
    let request = pb::GetContactRequest { name: created.name.clone() };
    let still = client.get_contact(as_caller("owner", request)).await.expect("read").into_inner();
    assert_eq!((still.official(), still.phones), (pb::OfficialStatus::Private, whole.phones));

    let text = pb::search_directory_request::Question::Text("+86 138 1234 5678".into());
    let request = pb::SearchDirectoryRequest { question: Some(text), ..Default::default() };
    let found = server.accounts().search_directory(as_caller("clerk", request)).await;
    let hit = found.expect("searched").into_inner().hits.remove(0);
    assert_eq!((&*hit.name, &*hit.display_name, hit.masked), (&*created.name, "", true));
}

#[tokio::test]
async fn a_departure_tells_what_accounts_owe_to_those_who_may_read_them() {
    let server = people::with_tokens(&[("all", &["*"]), ("talks", &["people.read"])]).await;
    let (_, li) = people::member_and_contact(&server, "all").await;
    let simulate = |who| {
        let mut accounts =
            AccountServiceClient::with_interceptor(server.channel(), as_somebody(who));
        let request =
            pb::SimulateDepartureRequest { who: Some(Who::Contact(li.clone())), as_of: None };
        async move { accounts.simulate_departure(request).await }
    };
    let refused = simulate("talks").await.expect_err("not accounts");
    assert_refused(&refused, Code::PermissionDenied, "SCOPE_MISSING", None);
    simulate("all").await.expect("told");
}
