//! What a tool learns that knows nothing of the contract: by reflection, and from the file of descriptors.

use std::collections::BTreeMap;
use std::process::Command;

use ballast::pb;
use ballast::pb::account_service_client::AccountServiceClient;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use prost_types::FileDescriptorProto;
use serde_json::Value as Json;
use tonic::{Code, Status};
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::support::{Engine, TestServer};

const OURS: [&str; 2] = ["ballast.v1.AccountService", "ballast.v1.ReceivableService"];

macro_rules! reflection_lists_our_services {
    ($version:ident) => {
        #[tokio::test]
        async fn $version() {
            use tonic_reflection::pb::$version::ServerReflectionRequest;
            use tonic_reflection::pb::$version::server_reflection_client::ServerReflectionClient;
            use tonic_reflection::pb::$version::server_reflection_request::MessageRequest;
            use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;

            let server = super::TestServer::start(super::Engine::Sqlite).await;
            let asked = ServerReflectionRequest {
                host: String::new(),
                message_request: Some(MessageRequest::ListServices(String::new())),
            };
            let mut client = ServerReflectionClient::new(server.channel());
            let stream = client.server_reflection_info(tokio_stream::once(asked)).await;
            let mut stream = stream.expect("served").into_inner();
            let answer = stream.message().await.expect("answers").expect("one answer");
            let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
                panic!("another answer");
            };
            let names: Vec<_> = list.service.iter().map(|s| s.name.as_str()).collect();
            for service in super::OURS {
                assert!(names.contains(&service), "{service} is not among {names:?}");
            }
        }
    };
}

mod lists_our_services {
    reflection_lists_our_services!(v1);
    reflection_lists_our_services!(v1alpha);
}

#[tokio::test]
async fn reflection_can_be_switched_off() {
    let server = TestServer::start_with(Engine::Sqlite, |c| c.server.reflection = false).await;
    let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let status = server.raw().call(path, &[], &()).await;
    assert_eq!(status.code(), Code::Unimplemented);
}

/// The files of one answer of reflection.
async fn files(server: &TestServer, asked: MessageRequest) -> Vec<FileDescriptorProto> {
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(asked) };
    let mut client = ServerReflectionClient::new(server.channel());
    let stream = client.server_reflection_info(tokio_stream::once(request)).await;
    let answer = stream.expect("served").into_inner().message().await.expect("answers");
    match answer.expect("one answer").message_response {
        Some(MessageResponse::FileDescriptorResponse(files)) => files
            .file_descriptor_proto
            .iter()
            .map(|file| FileDescriptorProto::decode(file.as_slice()).expect("a file"))
            .collect(),
        other => panic!("{other:?}"),
    }
}

/// All that a tool gathers to read a message: the file that has it, and whatever that imports.
async fn gathered(server: &TestServer, message: &str) -> DescriptorPool {
    let asked = MessageRequest::FileContainingSymbol(message.to_owned());
    let mut found = BTreeMap::new();
    let mut next = files(server, asked).await;
    while let Some(file) = next.pop() {
        for import in &file.dependency {
            if !found.contains_key(import) {
                next.extend(files(server, MessageRequest::FileByFilename(import.clone())).await);
            }
        }
        found.insert(file.name().to_owned(), file);
    }
    let mut pool = DescriptorPool::new();
    pool.add_file_descriptor_protos(found.into_values()).expect("complete");
    pool
}

/// What a refusal tells beside its words, as JSON by what a pool knows, each with its type.
fn told(pool: &DescriptorPool, detail: &prost_types::Any) -> Json {
    let name = detail.type_url.rsplit('/').next().expect("a name");
    let message = pool.get_message_by_name(name).unwrap_or_else(|| panic!("{name} is unknown"));
    let detail = DynamicMessage::decode(message, detail.value.as_slice()).expect("a detail");
    serde_json::to_value(detail).expect("JSON")
}

/// The details of a status as they travel.
fn travelling(status: &Status) -> Vec<prost_types::Any> {
    let status = tonic_types::pb::Status::decode(status.details()).expect("a google.rpc.Status");
    status.details
}

/// A refusal by a field, and one by what is not there.
async fn refusals(server: &TestServer) -> [Status; 2] {
    let mut client = AccountServiceClient::new(server.channel());
    let [nameless, unknown] =
        ["", "accounts/nobody"].map(|name| pb::GetAccountRequest { name: name.into() });
    let nameless = client.get_account(nameless).await.expect_err("refused");
    let unknown = client.get_account(unknown).await.expect_err("refused");
    assert_eq!((nameless.code(), unknown.code()), (Code::InvalidArgument, Code::NotFound));
    [nameless, unknown]
}

#[tokio::test]
async fn it_tells_how_to_read_an_error() {
    let server = TestServer::start(Engine::Sqlite).await;
    let mut read = Vec::new();
    for detail in refusals(&server).await.iter().flat_map(travelling) {
        let name = detail.type_url.rsplit('/').next().expect("a name").to_owned();
        read.push(told(&gathered(&server, &name).await, &detail));
    }
    let has = |wanted: &str| read.iter().any(|detail| detail.to_string().contains(wanted));
    assert!(has(r#""reason":"FIELD_REQUIRED""#) && has(r#""field":"name""#), "{read:?}");
    assert!(has(r#""resourceName":"accounts/nobody""#), "{read:?}");
    gathered(&server, "google.rpc.Status").await;
}

#[tokio::test]
async fn the_file_of_descriptors_reads_the_contract_and_its_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ballast.binpb");
    let ran = Command::new(env!("CARGO_BIN_EXE_ballast"))
        .args(["descriptors", "--out"])
        .arg(&file)
        .output()
        .expect("the command runs");
    assert!(ran.status.success(), "{ran:?}");
    let pool = DescriptorPool::decode(std::fs::read(&file).expect("written").as_slice());
    let pool = pool.expect("a set in which nothing is missing");
    let service = pool.get_service_by_name("ballast.v1.AccountService").expect("a service");
    // What we say of a method beyond its types is still there.
    let scope = pool.get_extension_by_name("ballast.v1.access").expect("our option");
    let mut methods = service.methods();
    assert!(methods.all(|method| method.options().has_extension(&scope)));
    let server = TestServer::start(Engine::Sqlite).await;
    let refusals = refusals(&server).await;
    let read: Vec<Json> =
        refusals.iter().flat_map(travelling).map(|detail| told(&pool, &detail)).collect();
    assert!(read.len() >= 4, "{read:?}");

    // Where it cannot be written, that is said.
    let ran = Command::new(env!("CARGO_BIN_EXE_ballast"))
        .args(["descriptors", "--out", "/nowhere/ballast.binpb"])
        .output()
        .expect("the command runs");
    assert!(!ran.status.success(), "{ran:?}");
    assert!(String::from_utf8_lossy(&ran.stderr).contains("/nowhere/ballast.binpb"), "{ran:?}");
}
