//! The oldest overdue items.

use sea_orm::ConnectionTrait;

use super::super::items::{self, ItemRow};
use super::super::moves::{DATED, Template};
use super::super::params::{Params, Slice};
use super::super::{At, Whose};
use super::ITEMS_MAX;
use crate::domain::error::Result;
use crate::domain::ledger::{Narrow, OpenItem};
use crate::domain::money::Currency;
use crate::store::entity::item;
use crate::store::rows::Set;
use crate::store::{Store, sql};

/// How many scans a statement may have before a table of them is better.
const FEW: usize = 4;

impl Store {
    /// Of each account and currency in which anything is overdue the oldest few are among them.
    pub(super) async fn oldest_overdue(
        &self,
        whose: &Whose,
        overdue: &[(&str, Currency)],
        at: At,
    ) -> Result<Vec<OpenItem>> {
        if overdue.is_empty() {
            return Ok(Vec::new());
        }
        let conn = &self.reader();
        let mut params = Params::default();
        let slice = Slice::bind(conn, &mut params, whose, &Narrow::default());
        let template = Template::bind(&mut params, &slice, at);
        let mut worst = match overdue.len() {
            ..=FEW => of_few(&template, &mut params, overdue),
            _ => vec![of_many(&template, &pairs(conn, &mut params, overdue))],
        };
        worst.push(settled_since(&template));
        let text = format!(
            "WITH late AS MATERIALIZED ({late}), worst AS MATERIALIZED ({worst}) \
             SELECT {columns} FROM worst w CROSS JOIN item i CROSS JOIN document d \
             WHERE i.id = w.id AND d.id = i.document_id",
            late = template.late(),
            worst = worst.join(" UNION ALL "),
            columns = items::columns(&template.open_of("i"), &template.expected_of("i")),
        );
        let rows: Vec<ItemRow> = sql::all(conn, text, params.into_values()).await?;
        Ok(rows.into_iter().map(ItemRow::into_domain).collect())
    }
}

fn pairs(conn: &impl ConnectionTrait, params: &mut Params, overdue: &[(&str, Currency)]) -> String {
    let pairs = Set::new()
        .column(item::Column::AccountId, overdue.iter().map(|(account, _)| *account))
        .column(item::Column::Currency, overdue.iter().map(|(_, currency)| *currency));
    params.table(conn, "o", pairs)
}

/// That an item is open now, and was overdue.
fn counts(template: &Template, item: &str) -> String {
    format!(
        "{item}.open <> 0 AND {item}.class IN {DATED} AND {item}.due_date < {as_of} AND {open} > 0",
        as_of = template.as_of(),
        open = template.open_of(item),
    )
}

/// Ids of items open now: the first few of each account and currency, along the index of open items.
fn of_few(template: &Template, params: &mut Params, overdue: &[(&str, Currency)]) -> Vec<String> {
    let of_one = |(account, currency): &(&str, Currency)| {
        format!(
            "SELECT id FROM (SELECT x.id FROM item x WHERE x.account_id = {account} \
             AND x.currency = {currency} AND {counts} \
             ORDER BY x.due_date, x.id LIMIT {ITEMS_MAX}) f",
            account = params.bind(*account),
            currency = params.bind(currency.code()),
            counts = counts(template, "x"),
        )
    };
    overdue.iter().map(of_one).collect()
}

/// The same of many: up to the day of the last one wanted, which a scan of its own finds for each pair.
fn of_many(template: &Template, pairs: &str) -> String {
    format!(
        "SELECT id FROM (SELECT x.id, ROW_NUMBER() OVER (\
           PARTITION BY x.account_id, x.currency ORDER BY x.due_date, x.id) AS place \
         FROM (SELECT o.account_id, o.currency, COALESCE((SELECT v.due_date FROM item v \
           WHERE v.account_id = o.account_id AND v.currency = o.currency AND {inner} \
           ORDER BY v.due_date, v.id LIMIT 1 OFFSET {last}), {as_of}) AS until \
           FROM {pairs}) w \
         CROSS JOIN item x WHERE x.account_id = w.account_id AND x.currency = w.currency \
         AND x.due_date <= w.until AND {outer}) r WHERE place <= {ITEMS_MAX}",
        as_of = template.as_of(),
        inner = counts(template, "v"),
        outer = counts(template, "x"),
        last = ITEMS_MAX - 1,
    )
}

/// Ids of overdue items that were settled since: all are late, where the first few are numbered.
fn settled_since(template: &Template) -> String {
    format!(
        "SELECT id FROM (SELECT i.id, ROW_NUMBER() OVER (\
           PARTITION BY i.account_id, i.currency ORDER BY i.due_date, i.id) AS place \
         FROM late l CROSS JOIN item i WHERE i.id = l.item_id AND i.open = 0 \
         AND l.amount < 0 AND i.class IN {DATED} AND i.due_date < {as_of}) r \
         WHERE place <= {ITEMS_MAX}",
        as_of = template.as_of(),
    )
}
