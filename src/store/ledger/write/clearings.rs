//! Clearings, their resets, and those that wait.

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::domain::books::{ActiveClearing, NewWaitingClearing, Reset};
use crate::domain::error::{Error, Result};
use crate::store::sql::{self, Cell, Kind, Rows};

pub(super) async fn insert_clearings(
    conn: &impl ConnectionTrait,
    recorded: i64,
    clearings: Vec<ActiveClearing>,
) -> Result<()> {
    let mut heads = Rows::new(&[
        ("id", Kind::Uuid),
        ("account_id", Kind::Text),
        ("document_id", Kind::Uuid),
        ("apply_date", Kind::Date),
        ("recorded_us", Kind::Int),
    ]);
    let mut rows = Rows::new(&[
        ("clearing_id", Kind::Uuid),
        ("position", Kind::Int),
        ("credit_item", Kind::Uuid),
        ("debit_item", Kind::Uuid),
        ("amount", Kind::Int),
        ("credit_amount", Kind::Int),
        ("rate", Kind::Text),
    ]);
    for clearing in clearings {
        heads.push([
            Cell::from(clearing.id),
            clearing.account_id.into(),
            clearing.document.into(),
            clearing.apply_date.into(),
            recorded.into(),
        ]);
        for (position, row) in (0_i64..).zip(clearing.allocations) {
            let rate = match &row.rate {
                None => String::new(),
                Some(rate) => serde_json::to_string(rate)
                    .map_err(|e| Error::internal(format!("a rate cannot be encoded: {e}")))?,
            };
            rows.push([
                Cell::from(clearing.id),
                position.into(),
                row.credit_item.into(),
                row.debit_item.into(),
                row.amount.into(),
                row.credit_amount.into(),
                rate.into(),
            ]);
        }
    }
    sql::insert(conn, "clearing", heads, "").await?;
    sql::insert(conn, "allocation", rows, "").await?;
    Ok(())
}

pub(super) async fn insert_resets(
    conn: &impl ConnectionTrait,
    recorded: i64,
    resets: Vec<Reset>,
) -> Result<()> {
    let mut rows = Rows::new(&[
        ("clearing_id", Kind::Uuid),
        ("effective_date", Kind::Date),
        ("reason", Kind::Text),
        ("recorded_us", Kind::Int),
    ]);
    for reset in resets {
        rows.push([
            Cell::from(reset.clearing),
            reset.effective.into(),
            reset.reason.into(),
            recorded.into(),
        ]);
    }
    sql::insert(conn, "clearing_reset", rows, "").await?;
    Ok(())
}

pub(super) async fn insert_waiting(
    conn: &impl ConnectionTrait,
    waiting: Vec<NewWaitingClearing>,
) -> Result<()> {
    let mut rows = Rows::new(&[
        ("id", Kind::Uuid),
        ("account_id", Kind::Text),
        ("document_id", Kind::Uuid),
        ("import_id", Kind::Text),
        ("effective_date", Kind::Date),
        ("position", Kind::Int),
        ("oldest_first", Kind::Bool),
        ("target_source_system", Kind::Text),
        ("target_company_code", Kind::Text),
        ("target_fiscal_year", Kind::Int),
        ("target_document_no", Kind::Text),
        ("target_line_no", Kind::Text),
        ("amount", Kind::Int),
        ("currency", Kind::Text),
        ("fault", Kind::Text),
    ]);
    for clearing in waiting {
        let oldest_first = clearing.target.is_none();
        let (key, amount) = clearing.target.map(|t| (t.key, t.amount)).unwrap_or_default();
        rows.push([
            Cell::from(clearing.id),
            clearing.account_id.into(),
            clearing.document.into(),
            clearing.import_id.into(),
            clearing.effective.into(),
            clearing.position.into(),
            oldest_first.into(),
            key.source_system.into(),
            key.company_code.into(),
            key.fiscal_year.into(),
            key.document_no.into(),
            key.line_no.into(),
            amount.map_or(0, |amount| amount.minor).into(),
            amount.map_or("", |amount| amount.currency.code()).into(),
            "".into(),
        ]);
    }
    sql::insert(conn, "waiting_clearing", rows, "").await?;
    Ok(())
}

pub(super) async fn delete_waiting(conn: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let set = sql::set(Kind::Uuid, ids);
    let sql = format!("DELETE FROM waiting_clearing WHERE id IN {}", set.subquery(conn, 1));
    sql::execute(conn, sql, set.values(conn)).await?;
    Ok(())
}
