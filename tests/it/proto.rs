//! The contract documents itself: every element has a comment.

use ballast::pb::FILE_DESCRIPTOR_SET;
use prost_reflect::DescriptorPool;
use prost_types::FileDescriptorProto;

#[test]
fn every_element_of_the_contract_has_a_comment() {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
    let ours: Vec<_> = pool.files().filter(|f| f.package_name() == "ballast.v1").collect();
    assert!(ours.len() >= 8, "{}", ours.len());
    let mut bare = Vec::new();
    for file in ours {
        let file = file.file_descriptor_proto();
        for (path, name) in elements(file) {
            if !is_commented(file, &path) {
                bare.push(format!("{}: {name}", file.name()));
            }
        }
    }
    assert!(bare.is_empty(), "without comment:\n{}", bare.join("\n"));
}

fn is_commented(file: &FileDescriptorProto, path: &[i32]) -> bool {
    let info = file.source_code_info.as_ref().expect("source info");
    let location = info.location.iter().find(|l| l.path == path);
    location.is_some_and(|l| !l.leading_comments().trim().is_empty())
}

/// Every element with its path, as `descriptor.proto` numbers them.
fn elements(file: &FileDescriptorProto) -> Vec<(Vec<i32>, String)> {
    let mut found = Vec::new();
    for (i, message) in numbered(&file.message_type) {
        message_elements(message, vec![4, i], &mut found);
    }
    for (i, e) in numbered(&file.enum_type) {
        enum_elements(e, vec![5, i], &mut found);
    }
    for (i, service) in numbered(&file.service) {
        found.push((vec![6, i], service.name().to_owned()));
        for (j, method) in numbered(&service.method) {
            found.push((vec![6, i, 2, j], format!("{}.{}", service.name(), method.name())));
        }
    }
    for (i, extension) in numbered(&file.extension) {
        found.push((vec![7, i], extension.name().to_owned()));
    }
    found
}

fn message_elements(
    message: &prost_types::DescriptorProto,
    path: Vec<i32>,
    found: &mut Vec<(Vec<i32>, String)>,
) {
    if message.options.as_ref().is_some_and(|o| o.map_entry()) {
        return;
    }
    let name = message.name();
    let below = |number: i32, i: i32| [&path[..], &[number, i]].concat();
    for (i, field) in numbered(&message.field) {
        found.push((below(2, i), format!("{name}.{}", field.name())));
    }
    for (i, nested) in numbered(&message.nested_type) {
        message_elements(nested, below(3, i), found);
    }
    for (i, e) in numbered(&message.enum_type) {
        enum_elements(e, below(4, i), found);
    }
    for (i, oneof) in numbered(&message.oneof_decl) {
        // `optional` fields make one each that nobody wrote.
        if !oneof.name().starts_with('_') {
            found.push((below(8, i), format!("{name}.{}", oneof.name())));
        }
    }
    found.push((path, name.to_owned()));
}

fn enum_elements(
    e: &prost_types::EnumDescriptorProto,
    path: Vec<i32>,
    found: &mut Vec<(Vec<i32>, String)>,
) {
    for (i, value) in numbered(&e.value) {
        found.push(([&path[..], &[2, i]].concat(), value.name().to_owned()));
    }
    found.push((path, e.name().to_owned()));
}

fn numbered<T>(list: &[T]) -> impl Iterator<Item = (i32, &T)> {
    (0..).zip(list)
}

/// What clients are given for several instances: it fits the contract, and tells to try again only what
/// may be tried again.
#[test]
fn the_service_config_of_clients_names_every_service_and_retries_no_stream_of_requests() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/service_config.json");
    let text = std::fs::read_to_string(path).expect("published");
    let config: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(config["loadBalancingConfig"][0]["round_robin"], serde_json::json!({}));
    let (mut retried, mut not_retried) = (Vec::new(), Vec::new());
    for of_methods in config["methodConfig"].as_array().expect("a list") {
        let codes = &of_methods["retryPolicy"]["retryableStatusCodes"];
        for name in of_methods["name"].as_array().expect("a list") {
            let text = |key: &str| name[key].as_str().map(str::to_owned);
            match (text("service").expect("a service"), text("method")) {
                (service, None) => {
                    assert_eq!(*codes, serde_json::json!(["UNAVAILABLE"]), "{service}");
                    retried.push(service);
                }
                (service, Some(method)) => {
                    assert!(of_methods["retryPolicy"].is_null(), "{method}");
                    not_retried.push(format!("/{service}/{method}"));
                }
            }
        }
    }
    let methods = ballast::api::methods::Methods::ours().expect("descriptors");
    let mut services: Vec<String> = methods
        .iter()
        .map(|method| method.path.split('/').nth(1).expect("a service").to_owned())
        .collect();
    services.sort();
    services.dedup();
    let streams = methods.iter().filter(|method| method.client_streaming);
    let mut streams: Vec<String> = streams.map(|method| method.path.clone()).collect();
    streams.sort();
    not_retried.sort();
    assert_eq!((retried, not_retried), (services, streams));
}
