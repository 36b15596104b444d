//! What callers see of contacts who may not see what is personal.

use super::*;
use ballast::config::{Token, TokenHash};
use tonic::metadata::MetadataValue;

use crate::support::Engine;

fn token(principal: &str, scopes: &[&str]) -> Token {
    Token {
        principal: principal.into(),
        sha256: TokenHash::of(principal),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
    }
}

fn with_token<T>(message: T, token: &str) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    let bearer: MetadataValue<_> = format!("Bearer {token}").parse().expect("ASCII");
    request.metadata_mut().insert("authorization", bearer);
    request
}

#[tokio::test]
async fn c10_personal_fields_are_empty_without_their_scope_and_never_an_error() {
    let server = TestServer::start_with(Engine::Sqlite, |config| {
        config.auth.insecure = false;
        config.auth.tokens = vec![
            token("clerk", &["contacts.read", "contacts.write", "accounts.read"]),
            token("owner", &["contacts.read", "contacts.personal"]),
        ];
    })
    .await;
    let mut client = server.contacts();
    let request = pb::CreateContactRequest { contact: Some(wang()), ..Default::default() };
    let created = client.create_contact(with_token(request, "clerk")).await.expect("created");
    let created = created.into_inner();
    assert!(created.masked);
    let request = pb::GetContactRequest { name: created.name.clone() };
    let bare = client.get_contact(with_token(request.clone(), "clerk")).await.expect("read");
    let bare = bare.into_inner();
    assert_eq!(bare, created);
    assert_eq!((&*bare.display_name, bare.former_names.len()), ("", 0));
    assert_eq!(bare.phones, [address("", "mobile")]);
    assert_eq!((&*bare.preferences[0].key, &*bare.preferences[0].value), ("language", ""));
    assert_eq!(bare.labels, wang().labels);

    let whole = client.get_contact(with_token(request, "owner")).await.expect("read").into_inner();
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
    client.update_contact(with_token(request, "clerk")).await.expect("updated");
    let request = pb::GetContactRequest { name: created.name.clone() };
    let still = client.get_contact(with_token(request, "owner")).await.expect("read").into_inner();
    assert_eq!((still.official(), still.phones), (pb::OfficialStatus::Private, whole.phones));

    let text = pb::search_directory_request::Question::Text("+86 138 1234 5678".into());
    let request = pb::SearchDirectoryRequest { question: Some(text), ..Default::default() };
    let found = server.accounts().search_directory(with_token(request, "clerk")).await;
    let hit = found.expect("searched").into_inner().hits.remove(0);
    assert_eq!((&*hit.name, &*hit.display_name, hit.masked), (&*created.name, "", true));
}
