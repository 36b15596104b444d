//! The tables as they are, for the model that tests hold the reads against.

use chrono::NaiveDate;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::domain::item::{DocumentKind, ItemClass};
use crate::domain::money::Currency;
use crate::store::{Store, sql};

pub(crate) struct Raw {
    pub items: Vec<RawItem>,
    pub entries: Vec<RawEntry>,
    pub allocations: Vec<RawAllocation>,
    /// Clearing, day, recorded time.
    pub resets: Vec<RawReset>,
    /// Document, day, recorded time.
    pub ends: Vec<(Uuid, NaiveDate, i64)>,
}

#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct RawItem {
    pub id: Uuid,
    pub account_id: String,
    pub document_id: Uuid,
    pub kind: DocumentKind,
    pub class: ItemClass,
    pub company_code: String,
    pub currency: Currency,
    pub document_date: NaiveDate,
    pub posting_date: NaiveDate,
    pub due_date: NaiveDate,
    pub amount: i64,
    pub recorded_us: i64,
}

#[derive(Debug, FromQueryResult)]
pub(crate) struct RawEntry {
    pub item_id: Uuid,
    pub clearing_id: Uuid,
    pub allocation: i32,
    pub kind: String,
    pub effective_date: NaiveDate,
    pub recorded_us: i64,
    pub amount: i64,
}

#[derive(Debug, FromQueryResult)]
pub(crate) struct RawAllocation {
    pub clearing_id: Uuid,
    pub position: i32,
    pub credit_item: Uuid,
}

#[derive(Debug, FromQueryResult)]
pub(crate) struct RawReset {
    pub clearing_id: Uuid,
    pub position: i32,
    pub effective_date: NaiveDate,
    pub recorded_us: i64,
}

pub(crate) async fn read(store: &Store) -> Raw {
    #[derive(FromQueryResult)]
    struct End {
        id: Uuid,
        effective_date: NaiveDate,
        recorded_us: i64,
    }
    let conn = &store.reader();
    let end = |rows: Vec<End>| {
        rows.into_iter().map(|row| (row.id, row.effective_date, row.recorded_us)).collect()
    };
    let resets = "SELECT clearing_id, position, effective_date, recorded_us FROM allocation_reset";
    let ends = "SELECT document_id AS id, effective_date, recorded_us FROM document_end";
    Raw {
        items: sql::all(conn, "SELECT * FROM item", vec![]).await.unwrap(),
        entries: sql::all(conn, "SELECT * FROM entry", vec![]).await.unwrap(),
        allocations: sql::all(conn, "SELECT * FROM allocation", vec![]).await.unwrap(),
        resets: sql::all(conn, resets, vec![]).await.unwrap(),
        ends: end(sql::all(conn, ends, vec![]).await.unwrap()),
    }
}
