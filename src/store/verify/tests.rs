use super::{ChainEnd, Check};
use crate::ctx::Ctx;
use crate::domain::error::Result;
use crate::domain::event::{Event, EventType};
use crate::store::seed::{Fresh, Item, day, fresh};
use crate::store::{Call, WriteTx};

/// Two invoices, of which a receipt settled one in part, and a sealed audit of two rows.
async fn ledger() -> Vec<Fresh> {
    let all = fresh().await;
    for db in &all {
        db.account("acme").await;
        db.account("globex").await;
        let item = |account, amount| Item {
            account,
            currency: "USD",
            amount,
            posting: day(6, 1),
            due: day(7, 1),
        };
        let invoice = db.item(item("acme", 10_000)).await;
        let receipt = db.item(item("acme", -3_000)).await;
        db.item(item("globex", 500)).await;
        db.clear(receipt, invoice, 3_000, day(6, 20)).await;
        for request in ["1", "2"] {
            let call = Call::new("Test.Write", request, "accounts/acme");
            db.store.mutate(&db.ctx, call, request, publish).await.unwrap();
        }
        db.store.seal(&db.ctx).await.unwrap();
    }
    all
}

async fn publish(tx: &mut WriteTx, _: &Ctx, _: &&str) -> Result<()> {
    let data = serde_json::json!({});
    let event = Event::new(EventType::AccountUpdated, "acme", "accounts/acme", data);
    tx.publish(vec![event]).await
}

async fn failing(db: &Fresh) -> Vec<(&'static str, i64)> {
    let checks = db.store.verify(&db.ctx).await.unwrap();
    checks.iter().filter(|c| !c.holds()).map(|c| (c.name, c.differences)).collect()
}

const OPEN: &str = "open amount of each item = sum of its entries";
const ACCOUNT_DUE: &str = "open amounts by account and due date";
const BOOK_DUE: &str = "open amounts of the book by due date";
const ALLOCATES: &str = "entries of each clearing are what it allocates";
const EXPOSURE: &str =
    "what counts against limits = entries and orders of each account and those below it";
const FOUND_BY: &str =
    "what each account, member, contact and position is found by is what it is called";
const PEOPLE: &str = "what credit looks at of people is what positions and ties say";
const TIMELINE: &str = "each timeline is that of the facts";
const LABELS: &str = "labels that lists look in are those of each account";
const CHAIN: &str = "chain of audit rows is unbroken";
const BOUNDS: &str = "each item is between zero and its amount on every day";

#[tokio::test]
async fn books_that_add_up_show_no_difference() {
    for db in ledger().await {
        let checks = db.store.verify(&db.ctx).await.unwrap();
        let wrong: Vec<&Check> = checks.iter().filter(|c| !c.holds()).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(checks.iter().find(|c| c.name == OPEN).unwrap().checked, 3);
        assert_eq!(checks.last().unwrap().checked, 2);
    }
}

#[tokio::test]
async fn an_empty_ledger_holds() {
    for db in fresh().await {
        assert_eq!(failing(&db).await, []);
    }
}

/// What is broken by hand, and the checks that find it.
const DAMAGES: &[(&str, &[(&str, i64)])] = &[
    (
        "INSERT INTO timeline (parent, kind, occur_us, id) \
         SELECT 'accounts/acme', 'HOLD_PLACED', 1, id FROM item WHERE amount = 10000",
        &[(TIMELINE, 1)],
    ),
    ("INSERT INTO account_signal VALUES ('acme', '2026-01-01', '[]')", &[(PEOPLE, 1)]),
    ("UPDATE item SET open = open + 1 WHERE amount = 10000", &[(OPEN, 1)]),
    ("UPDATE account_due SET amount = amount - 1 WHERE account_id = 'globex'", &[(ACCOUNT_DUE, 1)]),
    ("UPDATE account_due SET items = items + 1 WHERE account_id = 'globex'", &[(ACCOUNT_DUE, 1)]),
    ("DELETE FROM book_due WHERE class = 'ORDINARY'", &[(BOOK_DUE, 1)]),
    (
        "INSERT INTO book_move VALUES ('D', '2026-06-01', 'USD', '1000', 'ORDINARY', '2026-07-01', \
         '2026-06-01', 1, 1, 0)",
        &[
            ("what moved in the book on each day = the entries summed so far", 1),
            ("items that opened and were settled = those that are open of what is summed", 1),
            ("what moved in the book in each month = its days", 1),
            ("what moved in the book in each year = its days", 1),
        ],
    ),
    (
        "UPDATE account_head SET head_us = 0 WHERE account_id = 'acme'",
        &[("head of each account covers what is recorded of it", 1)],
    ),
    (
        "UPDATE document_key SET source_version = 7 WHERE account_id = 'globex'",
        &[("each document key names the version that counts", 1)],
    ),
    (
        "DELETE FROM document_key WHERE account_id = 'globex'",
        &[("each document that counts has its key", 1)],
    ),
    (
        "UPDATE document SET gross = gross + 1 WHERE account_id = 'globex'",
        &[("items of each document add up to its gross amount", 1)],
    ),
    (
        "UPDATE entry SET account_id = 'globex' WHERE kind = 'CLEAR'",
        &[("each entry belongs to an item of its account", 2)],
    ),
    // Settled before it was posted.
    (
        "UPDATE entry SET effective_date = '2026-05-31' WHERE kind = 'CLEAR'",
        &[(BOUNDS, 2), (EXPOSURE, 2)],
    ),
    (
        "INSERT INTO period_close (company_code, through_date, recorded_us) \
         VALUES ('1000', '2026-06-19', 0)",
        &[("nothing moved a balance of a period after it was closed", 3)],
    ),
    (
        "UPDATE allocation SET credit_amount = credit_amount - 1",
        &[("each clearing takes as much off its credits as off its debits", 1), (ALLOCATES, 1)],
    ),
    (
        "UPDATE audit SET principal = 'somebody else' \
         WHERE id = (SELECT audit_id FROM audit_seal WHERE sealed_position = 1)",
        &[(CHAIN, 1)],
    ),
    ("UPDATE account SET display_name = 'Apex' WHERE id = 'acme'", &[(FOUND_BY, 1)]),
    ("UPDATE account SET tax_id = '1' WHERE id = 'acme'", &[(FOUND_BY, 1)]),
    ("DELETE FROM lookup_key WHERE key_value = 'globex' AND key_kind = 'NAME'", &[(FOUND_BY, 1)]),
    ("DELETE FROM lookup_gram WHERE gram = (SELECT MIN(gram) FROM lookup_gram)", &[(FOUND_BY, 1)]),
    ("UPDATE lookup_gram SET gram = gram + 1", &[(FOUND_BY, 2)]),
    (
        "INSERT INTO lookup_key (number, subject_id, subject_kind, key_kind, key_value) \
         VALUES (7, 'nobody', 'MEMBER', 'NAME', 'nobody')",
        &[(FOUND_BY, 1)],
    ),
    ("UPDATE account SET labels = '{\"a\":\"b\"}' WHERE id = 'acme'", &[(LABELS, 1)]),
    (
        "INSERT INTO account_label (account_id, label, label_value, display_name) \
         VALUES ('acme', 'a', 'b', 'acme')",
        &[(LABELS, 1)],
    ),
    (
        "DELETE FROM audit \
         WHERE id = (SELECT audit_id FROM audit_seal WHERE sealed_position = 2)",
        &[(CHAIN, 1)],
    ),
    // Nothing says any more that its row was sealed: so it is as one that was added.
    ("DELETE FROM audit_seal WHERE sealed_position = 1", &[(CHAIN, 2)]),
    ("DELETE FROM audit_seal WHERE sealed_position = 2", &[(CHAIN, 2)]),
    ("UPDATE seal SET sealed_position = 1 WHERE name = 'audit'", &[(CHAIN, 1)]),
    (
        "INSERT INTO audit SELECT document_id, 0, 'me', 'm', 'r', '', '', '' FROM item \
         WHERE amount = 10000",
        &[(CHAIN, 1)],
    ),
    ("INSERT INTO audit_pending SELECT document_id FROM item WHERE amount = 10000", &[(CHAIN, 1)]),
];

#[tokio::test]
async fn each_damage_is_found_by_its_check() {
    for (damage, expected) in DAMAGES {
        for db in ledger().await {
            db.sql(damage, vec![]).await;
            assert_eq!(failing(&db).await, *expected, "{damage}");
        }
    }
}

const REQUESTS: &str = "each clearing request belongs to a document that counts";
const SETTLED_BY: &str = "each document that settles what a source says is cleared is there";
const DAYS: &str = "each clearing request that is due stands on the later day of its documents";
const DISPUTES: &str = "each dispute is about items of its account";
const PROMISES: &str = "each promise is about items of its account and currency";

/// What is written by hand, one after the other, and the checks that find it.
const STEPS: &[(&str, &[(&str, i64)])] = &[
    (
        "INSERT INTO clearing_request (id, account_id, document_id, import_id, effective_date, \
           apply_date, order_key, position, oldest_first, target_source_system, \
           target_company_code, target_fiscal_year, target_document_no, target_line_no, amount, \
           currency, state, fault, recorded_us) \
         SELECT d.id, d.account_id, d.id, '', d.posting_date, d.posting_date, k.content_hash, 0, \
           TRUE, '', '', 0, '', '', 0, '', 'WAITING', '', d.recorded_us \
         FROM document d JOIN document_key k ON k.document_id = d.id WHERE d.side = 'CREDIT'",
        &[],
    ),
    ("UPDATE clearing_request SET state = 'DUE', apply_date = '2026-06-02'", &[(DAYS, 1)]),
    ("UPDATE clearing_request SET state = 'WAITING'", &[]),
    ("UPDATE clearing_request SET account_id = 'globex'", &[(REQUESTS, 1)]),
    (
        "UPDATE clearing_request SET account_id = 'acme', \
         document_id = (SELECT id FROM item WHERE amount = -3000)",
        &[(REQUESTS, 1)],
    ),
    (
        "UPDATE clearing_request \
         SET document_id = (SELECT document_id FROM item WHERE amount = 10000)",
        &[(REQUESTS, 1)],
    ),
    ("DELETE FROM clearing_request", &[]),
    (
        "INSERT INTO clearing_status SELECT source_system, company_code, fiscal_year, document_no, \
           line_no, '2026-06-01', '2026-06-01', 'nightly', FALSE, document_id, '', '' \
         FROM document_key WHERE account_id = 'globex'",
        &[],
    ),
    (
        "UPDATE clearing_status SET settled_by = (SELECT id FROM item WHERE account_id = 'globex')",
        &[(SETTLED_BY, 1)],
    ),
    ("DELETE FROM clearing_status", &[]),
    (
        "INSERT INTO dispute (id, account_id, item_id, amount, reason_code, note, open_date, \
           recorded_us) \
         SELECT id, account_id, id, 1, 'PRICE', '', posting_date, 0 FROM item \
         WHERE amount = 10000",
        &[(DISPUTES, 1)],
    ),
    ("INSERT INTO dispute_item (dispute_id, item_id) SELECT id, item_id FROM dispute", &[]),
    (
        "INSERT INTO dispute_item (dispute_id, item_id) SELECT d.id, i.id FROM dispute d, item i \
         WHERE i.account_id = 'globex'",
        &[(DISPUTES, 1)],
    ),
    (
        "UPDATE dispute_item SET item_id = (SELECT id FROM document WHERE account_id = 'globex') \
         WHERE item_id = (SELECT id FROM item WHERE account_id = 'globex')",
        &[(DISPUTES, 1)],
    ),
    ("DELETE FROM dispute", &[(DISPUTES, 2)]),
    ("DELETE FROM dispute_item", &[]),
    (
        "INSERT INTO promise (id, account_id, currency, amount, promise_date, pay_by_date, \
           grace_days, recorded_us) \
         SELECT id, account_id, currency, 1, posting_date, posting_date, 0, 0 FROM item \
         WHERE amount = 10000",
        &[],
    ),
    ("INSERT INTO promise_item (promise_id, item_id) SELECT id, id FROM promise", &[]),
    ("UPDATE promise SET currency = 'EUR'", &[(PROMISES, 1)]),
    ("UPDATE promise SET currency = 'USD', account_id = 'globex'", &[(PROMISES, 1)]),
    (
        "UPDATE promise_item SET item_id = (SELECT id FROM document WHERE account_id = 'globex')",
        &[(PROMISES, 1)],
    ),
    ("DELETE FROM promise", &[(PROMISES, 1)]),
];

#[tokio::test]
async fn what_rests_on_nothing_is_found_by_its_check() {
    for db in ledger().await {
        for (step, expected) in STEPS {
            db.sql(step, vec![]).await;
            // What is put in by hand stands on no timeline.
            let mut found = failing(&db).await;
            found.retain(|(check, _)| *check != TIMELINE);
            assert_eq!(found, *expected, "{step}");
        }
    }
}

#[tokio::test]
async fn a_difference_is_told_in_words() {
    for db in ledger().await {
        db.sql("UPDATE account_due SET amount = 400 WHERE account_id = 'globex'", vec![]).await;
        let checks = db.store.verify(&db.ctx).await.unwrap();
        let check = checks.iter().find(|c| c.name == ACCOUNT_DUE).unwrap();
        assert_eq!(
            check.examples,
            ["globex USD 1000 ORDINARY 2026-07-01: 400 in 1 items, entries 500 in 1"]
        );
    }
}

#[tokio::test]
async fn a_row_of_the_audit_is_named_that_was_changed_added_or_taken_out() {
    for db in ledger().await {
        let sound = db.store.verify_audit(&db.ctx, None).await.unwrap();
        assert_eq!((sound.check.differences, sound.end.position), (0, 2));
        let other = ChainEnd { hash: "00".repeat(32), ..sound.end.clone() };
        for (known, differences) in [(sound.end.clone(), 0), (other, 1)] {
            let looked = db.store.verify_audit(&db.ctx, Some(known)).await.unwrap();
            assert_eq!(looked.check.differences, differences);
        }
        // Seals are given for what was written until then; later ones take nothing from that.
        let call = Call::new("Test.Write", "3", "accounts/acme");
        db.store.mutate(&db.ctx, call, "3", publish).await.unwrap();
        db.store.seal(&db.ctx).await.unwrap();
        let grown = db.store.verify_audit(&db.ctx, Some(sound.end.clone())).await.unwrap();
        assert_eq!((grown.check.differences, grown.end.position), (0, 3));
        let beyond = ChainEnd { position: 4, hash: grown.end.hash };
        let cut = db.store.verify_audit(&db.ctx, Some(beyond)).await.unwrap();
        assert_eq!(cut.check.differences, 1, "{:?}", cut.check.examples);

        db.sql("UPDATE audit SET method = 'x' WHERE request_id = '2'", vec![]).await;
        db.sql("DELETE FROM audit WHERE request_id = '3'", vec![]).await;
        let broken = db.store.verify_audit(&db.ctx, None).await.unwrap().check.examples;
        assert!(broken[0].ends_with(" of 2 was changed"), "{broken:?}");
        assert!(broken[1].ends_with(" of 3 is missing"), "{broken:?}");
        assert_eq!(broken.len(), 2, "{broken:?}");
    }
}
