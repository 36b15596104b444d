//! Contacts found by what one remembers of them.

use super::*;
use ballast::pb::{DirectoryKind, LookupKind};

async fn search(server: &TestServer, text: &str) -> Vec<pb::DirectoryHit> {
    search_among(server, text, DirectoryKind::Contact).await
}

async fn search_among(
    server: &TestServer,
    text: &str,
    kind: DirectoryKind,
) -> Vec<pb::DirectoryHit> {
    let request = pb::SearchDirectoryRequest {
        question: Some(pb::search_directory_request::Question::Text(text.into())),
        kinds: vec![kind.into()],
        ..Default::default()
    };
    server.accounts().search_directory(request).await.expect("searched").into_inner().hits
}

on_both_engines! {
    async fn a_position_is_found_by_its_title_and_by_what_it_does(server: TestServer) {
        account(&server, "acme", &[]).await;
        let wish = |title: &str, function| Position {
            title: title.into(),
            ..seat(function, PositionLevel::Manager)
        };
        let buyer = wish("Head of Purchasing", PositionFunction::Procurement);
        let buyer = try_position(&server, "acme", buyer).await.expect("created").name;
        let gate = Position { function_text: "Gatekeeping".into(), ..wish("", PositionFunction::Other) };
        let gate = try_position(&server, "acme", gate).await.expect("created").name;
        let clerk = wish("", PositionFunction::Procurement);
        let clerk = try_position(&server, "acme", clerk).await.expect("created").name;
        let found = |text: &'static str| search_among(&server, text, DirectoryKind::Position);
        for (text, name, kind, bp) in [
            ("head of purchasing", &buyer, LookupKind::Name, 10_000),
            ("gatekeeping", &gate, LookupKind::Function, 5_000),
        ] {
            let hits = found(text).await;
            let best = &hits[0].matched_on[0];
            let told = (&hits[0].name, best.kind(), best.similarity_bp);
            assert_eq!(told, (name, kind, bp), "{text}");
        }
        let told = found("procurement").await;
        let told: Vec<_> = told.iter().map(|hit| (&*hit.name, &*hit.display_name)).collect();
        let mut expected = [(&*buyer, "Head of Purchasing"), (&*clerk, "MANAGER PROCUREMENT")];
        expected.sort();
        assert_eq!(told, expected);
        // By what it is called now, until it is closed.
        let request = pb::UpdatePositionRequest {
            position: Some(Position { title: "Chief of Supplies".into(), ..read_position(&server, &buyer).await }),
            ..Default::default()
        };
        server.contacts().update_position(request).await.expect("changed");
        assert!(found("head of purchasing").await.is_empty());
        assert_eq!(found("chief of supplies").await[0].name, buyer);
        super::positions::close(&server, &buyer, 0).await.expect("closed");
        assert!(found("chief of supplies").await.is_empty());
        verify(&server).await;
    }

    async fn a_contact_is_found_by_whatever_he_has_and_had(server: TestServer) {
        let old = ContactAddress { valid_to: Some(day(-100)), ..address("+49 40 1234567", "work") };
        let contact = Contact { phones: vec![wang().phones[0].clone(), old], ..wang() };
        let name = create(&server, contact).await.expect("created").name;
        person(&server, "王小明").await;
        for (text, kind, bp) in [
            ("王芳", LookupKind::Name, 10_000),
            ("wang fang", LookupKind::Name, 10_000),
            ("李芳", LookupKind::FormerName, 9_800),
            ("＋８６ １３８-１２３４-５６７８", LookupKind::Phone, 10_000),
            ("13812345678", LookupKind::PhoneEnd, 8_500),
            ("040/1234567", LookupKind::PhoneEnd, 8_500),
            ("+49 (0)40 1234567", LookupKind::Phone, 10_000),
            ("wang.fang@EXAMPLE.com", LookupKind::Email, 10_000),
            ("Fang_Wang", LookupKind::Handle, 10_000),
            ("华东/1", LookupKind::ExternalRef, 10_000),
        ] {
            let hits = search(&server, text).await;
            let first = hits.first().unwrap_or_else(|| panic!("{text} finds nobody"));
            let best = &first.matched_on[0];
            let told = (&*first.name, best.kind(), best.similarity_bp);
            assert_eq!(told, (&*name, kind, bp), "{text}");
        }
        let renamed = Contact { display_name: "王丽".into(), ..get(&server, &name).await.expect("read") };
        let renamed = update(&server, renamed, &["display_name"]).await.expect("renamed");
        assert_eq!(search(&server, "王丽").await[0].name, name);
        delete(&server, &renamed.name).await.expect("deleted");
        assert!(search(&server, "王丽").await.is_empty());
        verify(&server).await;
    }
}

pub async fn verify(server: &TestServer) {
    let ctx = ballast::ctx::Ctx::system(server.clock().clone());
    for check in server.store().verify(&ctx).await.expect("verified") {
        assert!(check.holds(), "{check:?}");
    }
}
