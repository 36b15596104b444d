//! Which accounts are not merged, moved, or told apart again.

use super::accounts::{NORTH, OLD, Shop};
use super::refused::told;
use super::*;

on_both_engines! {
    async fn a24_accounts_that_cannot_be_merged_are_refused_with_their_reason(server: TestServer) {
        let shop = Shop::open(&server).await;
        shop.account("gone", "").await;
        shop.world.ok("AccountService.DeleteAccount", json!({"name": "accounts/gone"})).await;
        let somebody = person(&server, "somebody").await;
        let field = |name: &str, reason: &str| vec![(name.to_owned(), reason.to_owned())];
        for only_look in [true, false] {
            let merge = |survivor: &str, losers: &[&str]| {
                let losers: Vec<String> = losers.iter().map(|name| (*name).to_owned()).collect();
                let (survivor, world) = (survivor.to_owned(), &shop.world);
                async move {
                    let losers: Vec<&str> = losers.iter().map(String::as_str).collect();
                    told(world.try_merge(&survivor, &losers, only_look).await)
                }
            };
            assert_eq!(merge(NORTH, &["accounts/ERP~NORTH"]).await.1, field("losers[0]", "FIELD_INVALID"));
            assert_eq!(merge(NORTH, &[OLD, "accounts/ERP~OLD"]).await.1, field("losers[1]", "DUPLICATE_ELEMENT"));
            assert_eq!(merge(NORTH, &[]).await.1, field("losers", "FIELD_REQUIRED"));
            assert_eq!(merge(NORTH, &[&somebody]).await.1, field("losers[0]", "RESOURCE_NAME_INVALID"));
            assert_eq!(merge(&somebody, &[OLD]).await.1, field("losers[0]", "RESOURCE_NAME_INVALID"));
            assert_eq!(merge(NORTH, &["accounts/nobody"]).await.0, "RESOURCE_NOT_FOUND");
            assert_eq!(merge(NORTH, &["accounts/gone"]).await.0, "ACCOUNT_DELETED");
            assert_eq!(merge("accounts/gone", &[OLD]).await.0, "ACCOUNT_DELETED");
        }
        assert_eq!(told(shop.world.undo(OLD).await).0, "STATE_WRONG", "it counts as itself");
        shop.merge().await;
        shop.account("other", "").await;
        let world = &shop.world;
        assert_eq!(told(world.try_merge(OLD, &["accounts/other"], false).await).0, "STATE_WRONG");
        assert_eq!(told(world.try_merge("accounts/other", &[OLD], false).await).0, "STATE_WRONG");
        assert_eq!(told(world.try_merge("accounts/other", &[NORTH], false).await).0, "MERGE_CHAINED");
        assert_eq!(told(shop.reparent(OLD, "").await).0, "STATE_WRONG", "it stands under the survivor");
        assert_eq!(told(shop.reparent(NORTH, OLD).await).0, "ACCOUNT_CYCLE");
        let held = json!({"name": NORTH});
        assert_eq!(told(world.call("AccountService.DeleteAccount", held).await).0, "ACCOUNT_HAS_CHILDREN");
        world.undo(OLD).await.expect("undone");
        assert_eq!(told(world.undo(OLD).await).0, "STATE_WRONG");
        crate::contact::verify(&server).await;
    }

    async fn a24_a_merge_is_refused_as_any_other_parent_is(server: TestServer) {
        let shop = Shop::bare(&server);
        shop.account("top", "").await;
        for level in 1..8 {
            let above = if level == 1 { "top".to_owned() } else { format!("l{}", level - 1) };
            shop.account(&format!("l{level}"), &format!("accounts/{above}")).await;
        }
        shop.account("free", "").await;
        shop.account("below", "accounts/free").await;
        let world = &shop.world;
        // A loser above the survivor, and one for whom there is no room.
        assert_eq!(told(world.try_merge("accounts/l3", &["accounts/free", "accounts/l1"], false).await).0, "ACCOUNT_CYCLE");
        assert_eq!(told(world.try_merge("accounts/l7", &["accounts/free"], true).await).0, "ACCOUNT_GROUP_TOO_DEEP");
        world.merge("accounts/l4", &["accounts/free"]).await;
        // Undone, it stands where it stood before, unless that is below it by now.
        shop.account("home", "").await;
        shop.account("old", "accounts/home").await;
        world.merge("accounts/below", &["accounts/old"]).await;
        world.undo("accounts/old").await.expect("undone");
        assert_eq!(shop.get("accounts/old").await["parent"], json!("accounts/home"));
        world.merge("accounts/below", &["accounts/old"]).await;
        world.undo("accounts/free").await.expect("undone");
        shop.reparent("accounts/home", "accounts/old").await.expect("moved");
        assert_eq!(told(world.undo("accounts/old").await).0, "ACCOUNT_CYCLE");
        shop.reparent("accounts/home", "").await.expect("moved");
        world.undo("accounts/old").await.expect("undone");
        assert_eq!(shop.get("accounts/old").await["parent"], json!("accounts/home"));
        crate::contact::verify(&server).await;
    }

    async fn a24_merges_of_accounts_are_answered_again_as_they_were(server: TestServer) {
        let shop = Shop::open(&server).await;
        let before = shop.get(NORTH).await["etag"].clone();
        let request = json!({"survivor": NORTH, "losers": [OLD], "reason": "one customer", "request_id": fresh()});
        let first = shop.world.ok("AccountService.MergeRecords", request.clone()).await;
        assert_eq!(first, shop.world.ok("AccountService.MergeRecords", request).await);
        assert_ne!(shop.get(NORTH).await["etag"], before);
        let request = json!({"loser": OLD, "reason": "two customers", "request_id": fresh()});
        let first = shop.world.ok("AccountService.UndoMerge", request.clone()).await;
        assert_eq!((&first["loser"], &first["survivor"]), (&json!(OLD), &json!(NORTH)));
        assert_eq!(first, shop.world.ok("AccountService.UndoMerge", request).await);
    }
}
