use prost_reflect::DescriptorPool;

use super::parse::FIELDS;
use super::*;
use crate::domain::error::{Error, Result};

fn faults<T>(parsed: Result<T>) -> Vec<(String, &'static str)> {
    match parsed {
        Err(Error::Invalid(list)) => {
            list.into_iter().map(|v| (v.field, v.reason.as_str())).collect()
        }
        Err(error) => panic!("{error}"),
        Ok(_) => vec![],
    }
}

#[test]
fn the_table_of_fields_is_the_message() {
    let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).unwrap();
    let message = pool.get_message_by_name("ballast.v1.Member").unwrap();
    let contract: Vec<_> = message.fields().map(|field| field.name().to_owned()).collect();
    assert_eq!(FIELDS.iter().map(|field| field.path).collect::<Vec<_>>(), contract);
}

#[test]
fn every_fault_of_a_member_is_named_at_once() {
    let member = pb::Member {
        display_name: " 王芳".into(),
        external_refs: vec![pb::ExternalRef { system: "S P".into(), id: "1".into() }],
        manager: "accounts/a".into(),
        principals: vec!["wang".into(), "wang".into(), String::new()],
        business_unit: "华".repeat(65),
        competencies: Some(pb::MemberCompetencies {
            negotiation: 6,
            product: -1,
            ..Default::default()
        }),
        ..Default::default()
    };
    let request = pb::CreateMemberRequest {
        member: Some(member.clone()),
        member_id: "１２".into(),
        canonical_form: 9,
        request_id: "r".repeat(65),
    };
    let mut found = faults(create(request));
    found.sort();
    let mut expected = [
        ("canonical_form", "ENUM_INVALID"),
        ("member.business_unit", "FIELD_TOO_LONG"),
        ("member.competencies.negotiation", "FIELD_INVALID"),
        ("member.competencies.product", "FIELD_INVALID"),
        ("member.display_name", "TEXT_INVALID"),
        ("member.external_refs[0].system", "RESOURCE_NAME_INVALID"),
        ("member.manager", "RESOURCE_NAME_INVALID"),
        ("member.principals[1]", "DUPLICATE_ELEMENT"),
        ("member.principals[2]", "FIELD_REQUIRED"),
        ("member_id", "RESOURCE_NAME_INVALID"),
        ("request_id", "FIELD_TOO_LONG"),
    ]
    .map(|(field, reason)| (field.to_owned(), reason));
    expected.sort();
    assert_eq!(found, expected);

    // Of an update only what its mask names is looked at.
    let paths = vec!["business_unit".to_owned()];
    let request = pb::UpdateMemberRequest {
        member: Some(member),
        update_mask: Some(prost_types::FieldMask { paths }),
        ..Default::default()
    };
    let mut found = faults(update(request));
    found.sort();
    let expected = [
        ("member.business_unit", "FIELD_TOO_LONG"),
        ("member.etag", "ETAG_REQUIRED"),
        ("member.name", "FIELD_REQUIRED"),
    ]
    .map(|(field, reason)| (field.to_owned(), reason));
    assert_eq!(found, expected);
}

#[test]
fn a_member_without_request_is_required() {
    assert!(
        faults(create(pb::CreateMemberRequest::default()))
            .contains(&("member".to_owned(), "FIELD_REQUIRED"))
    );
    let found = faults(update(pb::UpdateMemberRequest::default()));
    assert_eq!(found, [("member".to_owned(), "FIELD_REQUIRED")]);
}
