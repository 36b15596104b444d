//! What was to be kept until a day is gone for ever once that has come and somebody says so.

use super::personal_data::{bytes, holds};
use super::*;
use crate::support::credit::moment;
use crate::support::ledger::{day, fresh};

fn liked(value: &str, until: Option<i64>) -> pb::ContactPreference {
    pb::ContactPreference {
        key: value.to_lowercase(),
        value: value.into(),
        expire_date: until.map(day),
        ..Default::default()
    }
}

async fn with(server: &TestServer, name: &str, likes: Vec<pb::ContactPreference>) -> Contact {
    create(server, Contact { preferences: likes, ..named(name) }).await.expect("created")
}

async fn purge(
    server: &TestServer,
    contact: &str,
    validate_only: bool,
) -> Result<[i64; 2], Status> {
    let request = pb::PurgeExpiredPersonalDataRequest {
        contact: contact.into(),
        validate_only,
        request_id: fresh(),
    };
    let purge = server.contacts().purge_expired_personal_data(request).await?.into_inner();
    assert_eq!(purge.purge_time.is_none(), validate_only);
    assert!(!purge.more);
    Ok([purge.contacts, purge.preferences])
}

on_both_engines! {
    async fn c11_what_has_expired_is_gone_once_it_is_purged(server: TestServer) {
        let both = vec![liked("OLD-TEA", Some(0)), liked("OLD-GOLF", Some(-3)), liked("COFFEE", Some(9)), liked("CHESS", None)];
        let li = with(&server, "Li", both).await;
        let wu = with(&server, "Wu", vec![liked("OLD-WINE", Some(-1))]).await;
        let kept = with(&server, "An \"expire_date\":\"2001-01-01\"", vec![liked("MUSIC", Some(1))]).await;
        delete(&server, &wu.name).await.expect("deleted");
        let other = with(&server, "Li Lei", vec![liked("OLD-BOATS", Some(-2))]).await;
        let merge = pb::MergeRecordsRequest {
            survivor: li.name.clone(),
            losers: vec![other.name.clone()],
            reason: "the same".into(),
            request_id: fresh(),
            ..Default::default()
        };
        server.accounts().merge_records(merge).await.expect("merged");

        assert_eq!(purge(&server, "", true).await.expect("served"), [3, 4]);
        assert_eq!(purge(&server, &other.name, true).await.expect("served"), [2, 3]);
        assert!(holds(&bytes(&server).await, "OLD-TEA"), "only hidden until then");
        assert_eq!(purge(&server, &wu.name, false).await.expect("served"), [1, 1]);
        let request = pb::PurgeExpiredPersonalDataRequest { request_id: fresh(), ..Default::default() };
        let first = server.contacts().purge_expired_personal_data(request.clone()).await.expect("purged").into_inner();
        assert_eq!((first.contacts, first.preferences), (2, 3));
        let again = server.contacts().purge_expired_personal_data(request).await.expect("known").into_inner();
        assert_eq!(again, first, "a repeated call answers as it did");
        assert_eq!(purge(&server, "", true).await.expect("served"), [0, 0]);
        assert!(!holds(&bytes(&server).await, "OLD-"), "no byte of the database has it");

        let told = get(&server, &li.name).await.expect("there");
        let values: Vec<&str> = told.preferences.iter().map(|one| one.value.as_str()).collect();
        assert_eq!(values, ["COFFEE", "CHESS"]);
        assert_ne!(told.etag, li.etag);
        assert_eq!(get(&server, &kept.name).await.expect("there"), kept);
        server.clock().set(moment(9));
        assert_eq!(purge(&server, "", false).await.expect("served"), [2, 2]);
        let status = purge(&server, "contacts/nobody", true).await.expect_err("nobody");
        assert_refused(&status, Code::NotFound, "RESOURCE_NOT_FOUND", None);
        crate::contact::verify(&server).await;
    }

    async fn c11_a_purge_of_many_says_that_there_are_more(server: TestServer) {
        for number in 0..502 {
            with(&server, &format!("No {number}"), vec![liked("OLD", Some(-1))]).await;
        }
        let request = || pb::PurgeExpiredPersonalDataRequest { request_id: fresh(), ..Default::default() };
        let mut told = Vec::new();
        for _ in 0..2 {
            let purge = server.contacts().purge_expired_personal_data(request()).await.expect("purged").into_inner();
            told.push((purge.contacts, purge.more));
        }
        assert_eq!(told, [(500, true), (2, false)]);
    }
}
