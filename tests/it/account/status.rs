//! The composite answer about accounts.

use super::*;

async fn status(server: &TestServer, name: &str) -> Result<pb::AccountStatus, Status> {
    let request = pb::GetAccountStatusRequest { name: name.into(), ..Default::default() };
    server.accounts().get_account_status(request).await.map(|r| r.into_inner())
}

on_both_engines! {
    async fn a_status_tells_account_group_and_receivables(server: TestServer) {
        for (id, parent) in [("root", ""), ("middle", "root"), ("leaf", "middle")] {
            create_under(&server, id, parent).await.expect("created");
        }
        let answer = status(&server, "accounts/leaf").await.expect("read");
        assert_eq!(answer.ancestors, ["accounts/middle", "accounts/root"]);
        let receivables = answer.receivables.expect("receivables");
        assert_eq!((&*receivables.account, receivables.currencies.len()), ("accounts/leaf", 0));
        let leaf = get(&server, "accounts/leaf").await.expect("read");
        assert_eq!(answer.account, Some(leaf));
        refused(status(&server, "accounts/none").await, Code::NotFound, "RESOURCE_NOT_FOUND");
    }

    async fn a_batch_of_statuses_comes_in_the_order_asked(server: TestServer) {
        for (id, parent) in [("root", ""), ("leaf", "root"), ("alone", "")] {
            create_under(&server, id, parent).await.expect("created");
        }
        let asked = ["accounts/leaf", "accounts/alone", "accounts/leaf"];
        let request = |as_of| pb::BatchGetAccountStatusesRequest {
            names: asked.map(String::from).to_vec(),
            as_of,
            ..Default::default()
        };
        let answer = server.accounts().batch_get_account_statuses(request(None)).await;
        let statuses = answer.expect("read").into_inner().statuses;
        let told = |s: &pb::AccountStatus| {
            (s.account.clone().expect("an account").name, s.ancestors.clone())
        };
        let under_root = ("accounts/leaf".to_owned(), vec!["accounts/root".to_owned()]);
        let alone = ("accounts/alone".to_owned(), vec![]);
        let expected = [under_root.clone(), alone, under_root];
        assert_eq!(statuses.iter().map(told).collect::<Vec<_>>(), expected);

        // On the day before, nobody stood under anybody.
        let before = Some(pb::Date { year: 2019, month: 6, day: 29 });
        let answer = server.accounts().batch_get_account_statuses(request(before)).await;
        let statuses = answer.expect("read").into_inner().statuses;
        assert!(statuses.iter().all(|s| s.ancestors.is_empty()));
    }
}
