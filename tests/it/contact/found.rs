//! Contacts found by what one remembers of them.

use super::*;
use ballast::pb::{DirectoryKind, LookupKind};

async fn search(server: &TestServer, text: &str) -> Vec<pb::DirectoryHit> {
    let request = pb::SearchDirectoryRequest {
        question: Some(pb::search_directory_request::Question::Text(text.into())),
        kinds: vec![DirectoryKind::Contact.into()],
        ..Default::default()
    };
    server.accounts().search_directory(request).await.expect("searched").into_inner().hits
}

on_both_engines! {
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
