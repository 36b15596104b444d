//! What every List and every mutation of the contract keeps to, held by one line each in
//! `contract/lists.rs` and `contract/mutations.rs`: the descriptors are walked over, so that none
//! can be added without its line.

mod books;
mod json;
mod lists;
mod logs;
mod mutations;
mod scene;

use std::collections::BTreeSet;

use ballast::pb::FILE_DESCRIPTOR_SET;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use prost_types::method_options::IdempotencyLevel;

/// Calls that the tables cannot hold, each with the reason and the tests that hold it to the same.
const EXEMPT: &[(&str, &str)] = &[(
    "ReceivableService.ImportDocuments",
    "a stream, idempotent by its import id and the keys of its documents: bad_days/importer.rs, \
     properties/imports.rs",
)];

on_both_engines! {
    async fn every_list_keeps_to_the_contract(server: TestServer) {
        lists::hold(scene::Scene::build(server).await).await;
    }

    async fn every_mutation_keeps_to_the_contract(server: TestServer) {
        mutations::hold(scene::Scene::build(server).await).await;
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

/// A line says by itself what it is about; this holds it to the fields of its request.
#[test]
fn every_mutation_names_what_its_request_names() {
    for line in mutations::TABLE {
        let input = method(line.method).input();
        let has = |name: &&&str| {
            let field = input.get_field_by_name(name);
            field.is_some_and(|field| matches!(field.kind(), prost_reflect::Kind::String))
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
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
    let services = pool.services().filter(|service| service.package_name() == "ballast.v1");
    services.flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}
