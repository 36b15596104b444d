//! Requests about contacts and positions that are refused, with all their faults at once.

use super::*;
use crate::support::fields;

on_both_engines! {
    async fn all_faults_of_a_contact_are_told_at_once(server: TestServer) {
        let wrong = Contact {
            display_name: "x".repeat(201),
            former_names: vec!["A".into(), "A".into()],
            phones: vec![address("12", "")],
            emails: vec![address("nobody", ""), address("a@b", &"k".repeat(33))],
            handles: vec![address("li", ""), address("li", "")],
            preferences: vec![pb::ContactPreference { value: "v".into(), ..Default::default() }],
            official: 99,
            ..Default::default()
        };
        let status = create(&server, wrong).await.expect_err("refused");
        let mut told = fields(&status);
        told.sort();
        let field = |name: &str, reason: &str| (format!("contact.{name}"), reason.to_owned());
        let expected = [
            field("display_name", "FIELD_TOO_LONG"),
            field("emails[0].value", "FIELD_INVALID"),
            field("emails[1].kind", "FIELD_TOO_LONG"),
            field("former_names[1]", "DUPLICATE_ELEMENT"),
            field("handles[1].value", "DUPLICATE_ELEMENT"),
            field("official", "ENUM_INVALID"),
            field("phones[0].value", "FIELD_INVALID"),
            field("preferences[0].key", "FIELD_REQUIRED"),
        ];
        assert_eq!(told, expected);
        let status = create(&server, Contact::default()).await.expect_err("nobody");
        assert_refused(&status, Code::InvalidArgument, "FIELD_REQUIRED", Some("contact.display_name"));
        let phone_only = Contact { phones: vec![address("0574 8765 4321", "")], ..Default::default() };
        create(&server, phone_only).await.expect("who has a phone alone is a person");
    }

    async fn all_faults_of_a_position_and_of_a_move_are_told_at_once(server: TestServer) {
        account(&server, "acme", &["north"]).await;
        let wrong = Position { title: "x".repeat(201), buying_roles: vec![6, 6, 0], ..Default::default() };
        let status = try_position(&server, "acme", wrong).await.expect_err("refused");
        let mut told = fields(&status);
        told.sort();
        let field = |name: &str, reason: &str| (format!("position.{name}"), reason.to_owned());
        let expected = [
            field("buying_roles[1]", "DUPLICATE_ELEMENT"),
            field("buying_roles[2]", "ENUM_INVALID"),
            field("function", "ENUM_INVALID"),
            field("level", "ENUM_INVALID"),
            field("title", "FIELD_TOO_LONG"),
        ];
        assert_eq!(told, expected);
        for (position, path, reason) in [
            (Position { site: "south".into(), ..seat(PositionFunction::Legal, PositionLevel::Staff) }, "site", "FIELD_INVALID"),
            (seat(PositionFunction::Other, PositionLevel::Staff), "function_text", "FIELD_REQUIRED"),
            (Position { function_text: "x".into(), ..seat(PositionFunction::Legal, PositionLevel::Staff) }, "function_text", "FIELD_INVALID"),
        ] {
            let status = try_position(&server, "acme", position).await.expect_err(path);
            assert_refused(&status, Code::InvalidArgument, reason, Some(&format!("position.{path}")));
        }
        let li = person(&server, "Li").await;
        let status = move_from_to(&server, &li, "", "", 0).await.expect_err("where to");
        assert_refused(&status, Code::InvalidArgument, "FIELD_REQUIRED", Some("to_position"));
        let seat = position(&server, "acme", PositionFunction::Legal, PositionLevel::Staff).await;
        let status = move_from_to(&server, &li, &seat, &seat, 0).await.expect_err("the same");
        assert_refused(&status, Code::InvalidArgument, "FIELD_INVALID", Some("to_position"));
        let early = move_from_to(&server, &li, "", &seat, -1_001).await.expect_err("too early");
        assert_refused(&early, Code::InvalidArgument, "DATE_INVALID", Some("effective_date"));
    }
}
