//! What is found follows what is written.

use super::*;
use crate::support::ledger::{Desk, day, receipt};

on_both_engines! {
    async fn what_is_found_follows_every_change_of_an_account(server: TestServer) {
        let first = create(&server, "a", hongyuan()).await;
        let renamed = Account {
            legal_name: String::new(),
            display_name: "Orient Stone".into(),
            tax_id: "T-2".into(),
            external_refs: vec![external("SAP", "472"), external("CRM", "客户/1")],
            ..first
        };
        let second = update(&server, renamed, &["legal_name", "display_name", "tax_id", "external_refs"]).await;
        for (text, kind) in [
            ("orient stone ltd", LookupKind::Name),
            ("上海宏远建材", LookupKind::FormerName),
            ("hongyuan 宏远", LookupKind::FormerName),
            ("t2", LookupKind::TaxId),
            ("0472", LookupKind::ExternalRef),
            ("客户/1", LookupKind::ExternalRef),
        ] {
            let hits = hits(&server, by_text(text)).await;
            assert_eq!(hits.first().map(|hit| hit.matched_on[0].kind()), Some(kind), "{text}");
        }
        for gone in ["91310000MA1K0001", "471"] {
            assert_eq!(found(&server, gone).await, [""; 0], "{gone}");
        }
        let forgotten = Account { former_names: vec![], ..second };
        update(&server, forgotten, &["former_names"]).await;
        assert_eq!(found(&server, "上海宏远建材").await, [""; 0]);
        verify(&server).await;

        let request = pb::DeleteAccountRequest { name: "accounts/a".into(), ..Default::default() };
        server.accounts().delete_account(request).await.expect("deleted");
        assert_eq!(found(&server, "orient stone").await, [""; 0]);
        assert_eq!(found(&server, "472").await, [""; 0]);
        verify(&server).await;
        let request = pb::UndeleteAccountRequest { name: "accounts/a".into(), ..Default::default() };
        server.accounts().undelete_account(request).await.expect("back");
        assert_eq!(found(&server, "orient stone").await, ["accounts/a"]);
        assert_eq!(found(&server, "472").await, ["accounts/a"]);
        verify(&server).await;
    }

    async fn an_account_that_a_document_makes_is_found_at_once(server: TestServer) {
        let mut desk = Desk::new(&server);
        let document = pb::Document { payer: "accounts/ERP~0004711".into(), ..receipt("R", day(0), "1.00") };
        desk.post([document]).await;
        let hits = hits(&server, by_text("4711")).await;
        assert_eq!(hits[0].display_name, "0004711");
        assert_eq!(hits[0].matched_on[0].kind(), LookupKind::ExternalRef);
        verify(&server).await;
    }

    async fn a_change_that_is_refused_leaves_what_is_found(server: TestServer) {
        create(&server, "a", Account { external_refs: vec![external("SAP", "1")], ..named("Alpha") }).await;
        let other = create(&server, "b", named("Beta Handel")).await;
        let wish = Account {
            display_name: "Gamma Handel".into(),
            external_refs: vec![external("SAP", "1")],
            ..other
        };
        let request = pb::UpdateAccountRequest { account: Some(wish), ..Default::default() };
        let status = server.accounts().update_account(request).await.expect_err("refused");
        assert_refused(&status, Code::AlreadyExists, "EXTERNAL_REF_TAKEN", None);
        assert_eq!(found(&server, "beta handel").await[0], "accounts/b");
        assert_eq!(hits(&server, by_text("gamma handel")).await.iter().filter(|hit| hit.score_bp == 10_000).count(), 0);
        verify(&server).await;
    }

    async fn the_longest_names_are_kept_and_found(server: TestServer) {
        // One character that becomes eighteen.
        let long = "\u{fdfa}".repeat(200);
        create(&server, "long", Account { legal_name: long.clone(), ..named(&"ä".repeat(200)) }).await;
        assert_eq!(found(&server, &long).await, ["accounts/long"]);
        assert_eq!(found(&server, &"Ä".repeat(200)).await, ["accounts/long"]);
        verify(&server).await;
    }
}
