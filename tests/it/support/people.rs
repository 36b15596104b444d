//! Callers with scopes of their own, and somebody whom they may talk about.

use ballast::config::{Token, TokenHash};
use ballast::pb;
use ballast::pb::account_service_client::AccountServiceClient;
use ballast::pb::contact_service_client::ContactServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};

use super::{Engine, TestServer};

/// A server that knows these callers by tokens of their own names.
pub async fn with_tokens(callers: &[(&str, &[&str])]) -> TestServer {
    let token = |(principal, scopes): &(&str, &[&str])| Token {
        principal: (*principal).into(),
        sha256: TokenHash::of(principal),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        accounts: ballast::ctx::RowScope::All,
    };
    let tokens = callers.iter().map(token).collect();
    TestServer::start_with(Engine::Sqlite, |config| {
        config.auth.insecure = false;
        config.auth.tokens = tokens;
    })
    .await
}

/// Adds the token of a caller to each call.
#[derive(Clone)]
pub struct AsSomebody(MetadataValue<Ascii>);

pub fn as_somebody(principal: &str) -> AsSomebody {
    AsSomebody(format!("Bearer {principal}").parse().expect("ASCII"))
}

impl Interceptor for AsSomebody {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// `accounts/acme`, one of ours and one of theirs, made by a caller who may.
pub async fn member_and_contact(server: &TestServer, caller: &str) -> (String, String) {
    let mut accounts =
        AccountServiceClient::with_interceptor(server.channel(), as_somebody(caller));
    let request = pb::CreateAccountRequest {
        account: Some(pb::Account { display_name: "Acme".into(), ..Default::default() }),
        account_id: "acme".into(),
        ..Default::default()
    };
    accounts.create_account(request).await.expect("created");
    let request = pb::CreateMemberRequest {
        member: Some(pb::Member { display_name: "Wang".into(), ..Default::default() }),
        member_id: "wang".into(),
        ..Default::default()
    };
    let member = accounts.create_member(request).await.expect("created").into_inner().name;
    let mut contacts =
        ContactServiceClient::with_interceptor(server.channel(), as_somebody(caller));
    let request = pb::CreateContactRequest {
        contact: Some(pb::Contact { display_name: "Li".into(), ..Default::default() }),
        ..Default::default()
    };
    (member, contacts.create_contact(request).await.expect("created").into_inner().name)
}
