//! Blocking, deleting, and back.

use super::*;

async fn block(server: &TestServer, name: &str, reason: &str) -> Result<Account, Status> {
    let request =
        pb::BlockAccountRequest { name: name.into(), reason: reason.into(), ..Default::default() };
    server.accounts().block_account(request).await.map(|r| r.into_inner())
}

async fn unblock(server: &TestServer, name: &str) -> Result<Account, Status> {
    let request = pb::UnblockAccountRequest { name: name.into(), ..Default::default() };
    server.accounts().unblock_account(request).await.map(|r| r.into_inner())
}

async fn delete(server: &TestServer, name: &str) -> Result<Account, Status> {
    let request = pb::DeleteAccountRequest { name: name.into(), ..Default::default() };
    server.accounts().delete_account(request).await.map(|r| r.into_inner())
}

async fn undelete(server: &TestServer, name: &str) -> Result<Account, Status> {
    let request = pb::UndeleteAccountRequest { name: name.into(), ..Default::default() };
    server.accounts().undelete_account(request).await.map(|r| r.into_inner())
}

const STATE: Code = Code::FailedPrecondition;

/// Refused in a state, with the states the verb is allowed in.
#[track_caller]
fn wrong_state(answer: Result<Account, Status>, state: &str, allowed: &str) {
    let told = details(&refused(answer, STATE, "STATE_WRONG"));
    let metadata = told.error_info().expect("info").metadata.clone();
    assert_eq!((&*metadata["state"], &*metadata["allowed"]), (state, allowed));
}

on_both_engines! {
    async fn a_block_has_a_reason_and_ends(server: TestServer) {
        let acme = create(&server, "acme", named("Acme")).await.expect("created");
        wrong_state(unblock(&server, &acme.name).await, "ACTIVE", "BLOCKED");
        let status = block(&server, &acme.name, "").await.expect_err("no reason");
        assert_refused(&status, Code::InvalidArgument, "FIELD_REQUIRED", Some("reason"));

        let blocked = block(&server, &acme.name, "疑似欺诈").await.expect("blocked");
        assert_eq!((blocked.state(), &*blocked.block_reason), (AccountState::Blocked, "疑似欺诈"));
        assert_ne!(blocked.etag, acme.etag);
        wrong_state(block(&server, &acme.name, "again").await, "BLOCKED", "ACTIVE");
        let wish = Account { display_name: "Acme 2".into(), ..blocked };
        update(&server, wish, &["display_name"]).await.expect("a block is no lock");

        let free = unblock(&server, &acme.name).await.expect("unblocked");
        assert_eq!((free.state(), &*free.block_reason), (AccountState::Active, ""));
        assert_eq!(get(&server, &acme.name).await.expect("read"), free);
    }

    async fn a_deleted_account_stays_readable_and_comes_back(server: TestServer) {
        let acme = create(&server, "acme", named("Acme")).await.expect("created");
        wrong_state(undelete(&server, &acme.name).await, "ACTIVE", "DELETED");
        block(&server, &acme.name, "fraud").await.expect("blocked");
        let gone = delete(&server, &acme.name).await.expect("deleted");
        assert_eq!(gone.state(), AccountState::Deleted);
        assert!(gone.delete_time.is_some());
        assert_eq!(get(&server, &acme.name).await.expect("read"), gone);

        wrong_state(delete(&server, &acme.name).await, "DELETED", "ACTIVE,BLOCKED");
        wrong_state(block(&server, &acme.name, "x").await, "DELETED", "ACTIVE");
        wrong_state(unblock(&server, &acme.name).await, "DELETED", "BLOCKED");
        refused(update(&server, gone, &["display_name"]).await, STATE, "ACCOUNT_DELETED");
        let again = create(&server, "acme", named("Acme")).await;
        refused(again, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS");

        let back = undelete(&server, &acme.name).await.expect("undeleted");
        assert_eq!((back.state(), back.delete_time), (AccountState::Blocked, None));
    }

    async fn a_parent_outlives_its_children(server: TestServer) {
        create_under(&server, "parent", "").await.expect("created");
        create_under(&server, "child", "parent").await.expect("created");
        refused(delete(&server, "accounts/parent").await, STATE, "ACCOUNT_HAS_CHILDREN");
        delete(&server, "accounts/child").await.expect("deleted");
        delete(&server, "accounts/parent").await.expect("deleted");
        // Nobody stands under a deleted account, whichever way they would come.
        refused(undelete(&server, "accounts/child").await, STATE, "ACCOUNT_DELETED");
        refused(create_under(&server, "other", "parent").await, STATE, "ACCOUNT_DELETED");
        undelete(&server, "accounts/parent").await.expect("undeleted");
        undelete(&server, "accounts/child").await.expect("undeleted");
    }
}
