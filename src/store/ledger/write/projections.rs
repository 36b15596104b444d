//! What follows from the entries: open amounts by item, by account and due date, and of the
//! book.

use std::collections::BTreeMap;

use sea_orm::ActiveValue::Set;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::domain::books::{DueChange, DueKey};
use crate::domain::error::Result;
use crate::store::entity::{account_due, book_due, item};
use crate::store::rows;

/// Rows of the book's projection for each key, to spread concurrent writers.
const SLOTS: u64 = 16;

pub(super) async fn update_opens(
    conn: &impl ConnectionTrait,
    opens: Vec<(Uuid, i64)>,
) -> Result<()> {
    let row = |(id, open)| item::ActiveModel { id: Set(id), open: Set(open), ..Default::default() };
    rows::update(conn, opens.into_iter().map(row).collect()).await?;
    Ok(())
}

pub(super) async fn add_account_dues(
    conn: &impl ConnectionTrait,
    dues: &BTreeMap<DueKey, DueChange>,
) -> Result<()> {
    let row = |(key, change): (&DueKey, &DueChange)| {
        let DueKey { account_id, currency, company_code, class, due_date } = key.clone();
        let DueChange { amount, items } = *change;
        account_due::Model { account_id, currency, company_code, class, due_date, amount, items }
    };
    let summed = [account_due::Column::Amount, account_due::Column::Items];
    rows::add(conn, dues.iter().map(row).collect(), &summed).await?;
    Ok(())
}

pub(super) async fn add_book_dues(
    conn: &impl ConnectionTrait,
    dues: &BTreeMap<DueKey, DueChange>,
) -> Result<()> {
    let mut sums: BTreeMap<_, DueChange> = BTreeMap::new();
    for (DueKey { account_id, currency, company_code, class, due_date }, change) in dues {
        let slot = slot(account_id);
        let sum = sums.entry((*currency, company_code, *class, *due_date, slot)).or_default();
        sum.amount += change.amount;
        sum.items += change.items;
    }
    let rows: Vec<_> = sums
        .into_iter()
        .map(|((currency, company_code, class, due_date, slot), DueChange { amount, items })| {
            let company_code = company_code.clone();
            book_due::Model { currency, company_code, class, due_date, slot, amount, items }
        })
        .collect();
    let summed = [book_due::Column::Amount, book_due::Column::Items];
    rows::add(conn, rows, &summed).await?;
    Ok(())
}

/// The slot of an account, the same on every instance (FNV-1a).
fn slot(account: &str) -> i32 {
    let hash = account.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash % SLOTS) as i32
}
