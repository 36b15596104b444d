//! What every List and every mutation of the contract keeps to, held by one line each in
//! `contract/lists.rs` and `contract/mutations.rs`: the descriptors are walked over, so that none
//! can be added without its line.

mod books;
mod fuzz;
mod json;
mod lists;
pub mod logs;
mod mutations;
mod personal;
mod scene;
mod stored;

pub use books::Books;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use ballast::pb::FILE_DESCRIPTOR_SET;
use prost_reflect::{DescriptorPool, Kind, MessageDescriptor, MethodDescriptor};
use prost_types::method_options::IdempotencyLevel;
use serde_json::Value as Json;

/// Calls that the tables cannot hold, each with the reason and the tests that hold it to the same.
const EXEMPT: &[(&str, &str)] = &[
    ("AccountService.ImportRecords", "a stream, idempotent by the keys of its records: records.rs"),
    (
        "ReceivableService.ImportDocuments",
        "a stream, idempotent by its import id and the keys of its documents: bad_days/importer.rs, \
         properties/imports.rs",
    ),
    ("TierService.UploadTierValues", "a stream, idempotent by its id and content: tiers/values.rs"),
];

on_both_engines! {
    async fn every_list_keeps_to_the_contract(server: TestServer) {
        lists::hold(scene::Scene::build(server).await).await;
    }

    async fn every_mutation_keeps_to_the_contract(server: TestServer) {
        mutations::hold(scene::Scene::build(server).await).await;
    }

    async fn what_is_stored_is_as_it_always_was(server: TestServer) {
        stored::hold(scene::Scene::build(server).await).await;
    }

    async fn every_method_answers_whatever_it_is_sent(server: TestServer) {
        fuzz::hold(scene::Scene::build(server).await).await;
    }

    async fn fault_w7_forged_page_tokens_are_no_fault_of_ours(server: TestServer) {
        lists::forge(scene::Scene::build(server).await).await;
    }
}

#[test]
fn every_list_has_its_line() {
    let lists = methods(|method| method.input().get_field_by_name("page_token").is_some());
    assert_lines(&lists, lists::TABLE.iter().map(|line| line.method));
}

#[test]
fn every_mutation_has_its_line_or_says_why_not() {
    let mutations = methods(|method| {
        let options = method.method_descriptor_proto().options.clone().unwrap_or_default();
        options.idempotency_level() != IdempotencyLevel::NoSideEffects
    });
    let exempt = EXEMPT.iter().map(|(method, _)| *method);
    assert_lines(&mutations, mutations::TABLE.iter().map(|line| line.method).chain(exempt));
}

/// An answer of one message tells its revision in its metadata, which the table holds; of a
/// stream each message does.
#[test]
fn every_stream_that_mutates_tells_its_revision_in_each_message() {
    for (name, _) in EXEMPT {
        let method = method(name);
        assert!(
            method.is_server_streaming() || method.is_client_streaming(),
            "{name} is no stream: it needs its line"
        );
        if !method.is_server_streaming() {
            // It answers once, with the revision beside the answer as all calls do.
            continue;
        }
        let revision = method.output().get_field_by_name("revision");
        assert!(revision.is_some_and(|field| field.kind() == Kind::Int64), "{name}: no revision");
    }
}

/// A line says by itself what it is about; this holds it to the fields of its request.
#[test]
fn every_mutation_names_what_its_request_names() {
    for line in mutations::TABLE {
        let input = method(line.method).input();
        let has = |name: &&&str| {
            let field = input.get_field_by_name(name);
            field.is_some_and(|field| matches!(field.kind(), Kind::String))
        };
        if let Some(name) = ["name", "account", "item", "reservation"].iter().find(has) {
            assert_eq!(line.resource, Some(*name), "{}", line.method);
        }
        if input.get_field_by_name("etag").is_some() {
            assert_eq!(line.etag, Some("etag"), "{}", line.method);
        }
        assert!(input.get_field_by_name("request_id").is_some(), "{}", line.method);
    }
}

/// What is marked as personal in the contract is the text that is looked for afterwards.
#[test]
fn every_mutation_fills_what_is_personal_with_the_text_looked_for() {
    for line in mutations::TABLE {
        let request = serde_json::from_str(line.request).expect("JSON");
        let mut bare = Vec::new();
        personal_without_text(&method(line.method).input(), &request, &mut bare);
        assert!(bare.is_empty(), "{}: {bare:?} is personal and not $personal", line.method);
    }
}

/// The personal fields that a request leaves out or fills with another text. Of a resource within
/// it, those that it leaves out may be for output only.
fn personal_without_text(message: &MessageDescriptor, request: &Json, bare: &mut Vec<String>) {
    let is_request = message.name().ends_with("Request");
    for field in message.fields() {
        let pool = message.parent_pool();
        let sensitivity = pool.get_extension_by_name("ballast.v1.sensitivity").expect("ours");
        let marked = field.options().get_extension(&sensitivity).as_enum_number() != Some(0);
        let values = match &request[field.name()] {
            Json::Array(values) => values.iter().collect(),
            Json::Null if !(marked && is_request) => vec![],
            value => vec![value],
        };
        for value in values {
            match field.kind() {
                Kind::Message(inner) => personal_without_text(&inner, value, bare),
                // A number has no text to look for.
                kind if marked && kind != Kind::Int32 && *value != "$personal" => {
                    bare.push(field.full_name().to_owned())
                }
                _ => {}
            }
        }
    }
}

#[track_caller]
fn assert_lines<'a>(contract: &BTreeSet<String>, lines: impl Iterator<Item = &'a str>) {
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    let table: BTreeSet<String> = lines.iter().cloned().collect();
    assert_eq!(*contract, table, "methods of the contract and lines of the table");
    assert_eq!(table.len(), lines.len(), "a method has two lines");
}

fn methods(wanted: impl Fn(&MethodDescriptor) -> bool) -> BTreeSet<String> {
    let all = ours().into_iter().filter(wanted);
    all.map(|method| format!("{}.{}", method.parent_service().name(), method.name())).collect()
}

fn method(name: &str) -> MethodDescriptor {
    let (service, name) = name.split_once('.').expect("Service.Method");
    let found = ours()
        .into_iter()
        .find(|method| method.parent_service().name() == service && method.name() == name);
    found.unwrap_or_else(|| panic!("{service} has no {name}"))
}

fn ours() -> Vec<MethodDescriptor> {
    // Each message of a pool keeps all of it.
    static POOL: LazyLock<DescriptorPool> =
        LazyLock::new(|| DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("descriptors"));
    let services = POOL.services().filter(|service| service.package_name() == "ballast.v1");
    services.flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}
