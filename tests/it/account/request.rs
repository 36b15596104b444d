//! The same request again, and the same thing wanted by several at once.

use futures_util::future::join_all;

use super::*;

fn asked(id: &str, name: &str, request_id: &str) -> CreateAccountRequest {
    CreateAccountRequest {
        account: Some(named(name)),
        account_id: id.into(),
        request_id: request_id.into(),
        ..Default::default()
    }
}

on_both_engines! {
    async fn the_same_request_again_answers_as_the_first_did(server: TestServer) {
        let mut client = server.accounts();
        let first = client.create_account(asked("", "Acme", "r1")).await.expect("created");
        let first = first.into_inner();
        let wish = Account { display_name: "Acme 2".into(), ..first.clone() };
        update(&server, wish, &["display_name"]).await.expect("updated");
        let again = client.create_account(asked("", "Acme", "r1")).await.expect("replayed");
        assert_eq!(again.into_inner(), first);

        let other = client.create_account(asked("", "Other", "r1")).await;
        let status = refused(other, Code::InvalidArgument, "REQUEST_ID_REUSED");
        assert_eq!(fields(&status)[0].0, "request_id");

        let block = pb::BlockAccountRequest {
            name: first.name.clone(),
            reason: "x".into(),
            request_id: "r1".into(),
        };
        // Ids count by method.
        let blocked = client.block_account(block.clone()).await.expect("blocked").into_inner();
        let again = client.block_account(block.clone()).await.expect("replayed");
        assert_eq!(again.into_inner(), blocked);

        // A reason is told only with the block that it is of.
        let free = pb::UnblockAccountRequest { name: first.name, request_id: "r1".into() };
        let freed = client.unblock_account(free.clone()).await.expect("unblocked").into_inner();
        let anew = pb::BlockAccountRequest { request_id: "r2".into(), ..block };
        client.block_account(anew).await.expect("blocked anew");
        assert_eq!(client.unblock_account(free).await.expect("replayed").into_inner(), freed);
    }

    async fn a_refused_request_may_be_made_again(server: TestServer) {
        let mut client = server.accounts();
        let request = CreateAccountRequest {
            account: Some(Account { parent: "accounts/p".into(), ..named("Acme") }),
            ..asked("acme", "", "r1")
        };
        let early = client.create_account(request.clone()).await;
        refused(early, Code::NotFound, "RESOURCE_NOT_FOUND");
        create(&server, "p", named("Parent")).await.expect("created");
        client.create_account(request).await.expect("created");
    }

    async fn of_several_that_create_one_id_one_does(server: TestServer) {
        for round in 0..5 {
            let id = format!("acme{round}");
            let answers = join_all((0..8).map(|_| create(&server, &id, named("Acme")))).await;
            let (created, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
            assert_eq!((created.len(), refused.len()), (1, 7));
            for status in refused {
                let status = status.expect_err("refused");
                assert_refused(&status, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS", None);
            }
        }
    }

    async fn twins_of_one_request_get_one_answer(server: TestServer) {
        for round in 0..5 {
            let request = asked(&format!("acme{round}"), "Acme", &format!("r{round}"));
            let answers = join_all((0..6).map(|_| {
                let (mut client, request) = (server.accounts(), request.clone());
                async move { client.create_account(request).await.map(|r| r.into_inner()) }
            }))
            .await;
            let first = answers[0].as_ref().expect("created");
            for answer in &answers {
                assert_eq!(answer.as_ref().expect("replayed"), first);
            }
        }
    }

    async fn of_several_that_claim_one_key_one_gets_it(server: TestServer) {
        for round in 0..5 {
            let answers = join_all((0..6).map(|n| {
                let account = Account {
                    external_refs: vec![external("SAP", &round.to_string())],
                    ..named("Acme")
                };
                let (server, id) = (&server, format!("acme{round}-{n}"));
                async move { create(server, &id, account).await }
            }))
            .await;
            let (created, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
            assert_eq!((created.len(), refused.len()), (1, 5));
            for status in refused {
                let status = status.expect_err("refused");
                assert_refused(&status, Code::AlreadyExists, "EXTERNAL_REF_TAKEN", None);
            }
        }
    }

    async fn of_several_updates_of_one_version_one_wins(server: TestServer) {
        let account = create(&server, "acme", named("Acme")).await.expect("created");
        let answers = join_all((0..6).map(|n| {
            let wish = Account { display_name: format!("Acme {n}"), ..account.clone() };
            update(&server, wish, &["display_name"])
        }))
        .await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 5));
        for status in lost {
            refused(status, Code::Aborted, "ETAG_MISMATCH");
        }
        let now = get(&server, "accounts/acme").await.expect("read");
        assert_eq!(&now, won[0].as_ref().expect("won"));
    }
}
