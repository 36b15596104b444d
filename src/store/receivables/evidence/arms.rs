//! The arms of the statement.
//!
//! Two habits keep the plan what it is meant to be on both engines: CROSS JOIN names tables in
//! the order they are to be read (SQLite keeps it), and a condition on other rows is a COUNT
//! compared, not an EXISTS, which PostgreSQL would turn into a join with the whole table.

use sea_orm::ConnectionTrait;

use super::super::disputes;
use super::super::moves::Template;
use super::super::params::{Params, Slice};
use super::super::promises;
use super::{ITEMS_MAX, PAYMENTS_MAX};
use crate::domain::money::Currency;
use crate::store::contact::same::canonical;
use crate::store::entity::item;
use crate::store::rows::Set;

/// The columns of every arm. What they hold differs; a column without a use is NULL.
const COLUMNS: [&str; 20] = [
    "arm",
    "account_id",
    "currency",
    "id",
    "ref_id",
    "date1",
    "date2",
    "date3",
    "n1",
    "n2",
    "n3",
    "n4",
    "t1",
    "t2",
    "t3",
    "t4",
    "t5",
    "t6",
    "t7",
    "t8",
];

/// What an item must be to age.
const DATED: &str = "('ORDINARY', 'RETENTION')";

pub(super) struct Arms<'a> {
    pub slice: &'a Slice,
    pub template: &'a Template<'a>,
    /// Placeholder of the first day of payments.
    pub payments_from: String,
    /// Placeholder of the first promised day that can still matter.
    pub promises_from: String,
    pub overdue: Overdue,
}

/// Which of the evidence is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    All,
    /// What is open, disputed and promised.
    Open,
}

/// Accounts and currencies with anything overdue.
pub(super) enum Overdue {
    /// Their placeholders: so few that each has a scan of its own.
    Few(Vec<(String, String)>),
    /// As a table named `o`.
    Many(String),
}

/// How many scans a statement may have before a table of them is better.
const FEW: usize = 4;

impl Overdue {
    pub fn bind(
        conn: &impl ConnectionTrait,
        params: &mut Params,
        overdue: &[(&str, Currency)],
    ) -> Self {
        if overdue.len() <= FEW {
            let pair = |(account, currency): &(&str, Currency)| {
                (params.bind(*account), params.bind(currency.code()))
            };
            return Self::Few(overdue.iter().map(pair).collect());
        }
        let pairs = Set::new()
            .column(item::Column::AccountId, overdue.iter().map(|(account, _)| *account))
            .column(item::Column::Currency, overdue.iter().map(|(_, currency)| *currency));
        Self::Many(params.table(conn, "o", pairs))
    }
}

impl Arms<'_> {
    /// The statement. The items come first: they use every column, which gives the columns of
    /// the others their types.
    pub fn text(&self, which: Which) -> String {
        let mut arms = vec![
            self.items(),
            self.disputes(),
            self.promises(),
            self.promised_items(),
            self.promised_payments(),
            self.promised_entries(),
        ];
        let paid = match which {
            Which::Open => String::new(),
            Which::All => {
                arms.extend([self.receipts(), self.payments()]);
                format!(
                    ", pair AS MATERIALIZED ({pair}), latest AS MATERIALIZED ({latest})",
                    pair = self.slice.pairs(),
                    latest = self.latest(),
                )
            }
        };
        format!(
            "WITH late AS MATERIALIZED ({late}), worst AS MATERIALIZED ({worst}){paid} {arms}",
            late = self.template.late(),
            worst = self.worst(),
            arms = arms.join(" UNION ALL "),
        )
    }

    /// Ids of overdue items. Of those open now the first few of each account and currency,
    /// along the index of open items; those settled since are all late, where the first few
    /// are numbered.
    fn worst(&self) -> String {
        let as_of = self.template.as_of();
        let counts = |item: &str| {
            format!(
                "{item}.open <> 0 AND {item}.class IN {DATED} AND {item}.due_date < {as_of} \
                 AND {open} > 0",
                open = self.open(item)
            )
        };
        let open_now: Vec<String> = match &self.overdue {
            Overdue::Few(pairs) => pairs
                .iter()
                .map(|(account, currency)| {
                    format!(
                        "SELECT id FROM (SELECT x.id FROM item x WHERE x.account_id = {account} \
                         AND x.currency = {currency} AND {counts} \
                         ORDER BY x.due_date, x.id LIMIT {ITEMS_MAX}) f",
                        counts = counts("x")
                    )
                })
                .collect(),
            // Up to the day of the last one wanted: a scan of its own finds it for each pair.
            Overdue::Many(pairs) => vec![format!(
                "SELECT id FROM (SELECT x.id, ROW_NUMBER() OVER (\
                   PARTITION BY x.account_id, x.currency ORDER BY x.due_date, x.id) AS place \
                 FROM (SELECT o.account_id, o.currency, COALESCE((SELECT v.due_date FROM item v \
                   WHERE v.account_id = o.account_id AND v.currency = o.currency AND {inner} \
                   ORDER BY v.due_date, v.id LIMIT 1 OFFSET {last}), {as_of}) AS until \
                   FROM {pairs}) w \
                 CROSS JOIN item x WHERE x.account_id = w.account_id AND x.currency = w.currency \
                 AND x.due_date <= w.until AND {outer}) r WHERE place <= {ITEMS_MAX}",
                inner = counts("v"),
                outer = counts("x"),
                last = ITEMS_MAX - 1,
            )],
        };
        let settled_since = format!(
            "SELECT id FROM (SELECT i.id, ROW_NUMBER() OVER (\
               PARTITION BY i.account_id, i.currency ORDER BY i.due_date, i.id) AS place \
             FROM late l CROSS JOIN item i WHERE i.id = l.item_id AND i.open = 0 \
             AND l.amount < 0 AND i.class IN {DATED} AND i.due_date < {as_of}) r \
             WHERE place <= {ITEMS_MAX}"
        );
        let arms: Vec<String> = open_now.into_iter().chain([settled_since]).collect();
        arms.join(" UNION ALL ")
    }

    fn items(&self) -> String {
        arm(
            "ITEM",
            "i.account_id",
            "i.currency",
            &[
                ("id", "i.id"),
                ("ref_id", "i.document_id"),
                ("date1", "i.document_date"),
                ("date2", "i.posting_date"),
                ("date3", "i.due_date"),
                ("n1", "i.amount"),
                ("n2", &format!("CAST({} AS BIGINT)", self.open("i"))),
                ("n3", &format!("CAST({} AS BIGINT)", self.expected("i"))),
                ("n4", "CAST(d.fiscal_year AS BIGINT)"),
                ("t1", "d.source_system"),
                ("t2", "d.company_code"),
                ("t3", "d.document_no"),
                ("t4", "d.line_no"),
                ("t5", "i.kind"),
                ("t6", "i.class"),
                ("t7", "d.order_ref"),
                ("t8", "i.release_condition"),
            ],
            "worst w CROSS JOIN item i CROSS JOIN document d \
             WHERE i.id = w.id AND d.id = i.document_id",
        )
    }

    /// A row for each version of the item. `n2`: what is open of it; of one version at most.
    fn disputes(&self) -> String {
        let (as_of, known_at) = (self.template.as_of(), self.template.known_at());
        arm(
            "DISPUTE",
            "s.account_id",
            "i.currency",
            &[
                ("id", "s.id"),
                ("ref_id", "i.id"),
                ("date1", "s.open_date"),
                ("date2", "x.resolve_date"),
                ("n1", "s.amount"),
                ("n2", &format!("CAST({} AS BIGINT)", self.open("i"))),
                ("n3", "s.recorded_us"),
                ("t1", "s.reason_code"),
                ("t2", "s.note"),
                ("t3", "x.outcome"),
            ],
            &format!(
                "dispute s JOIN dispute_item m ON m.dispute_id = s.id \
                 JOIN item i ON i.id = m.item_id {end} WHERE {account} AND {active}",
                end = disputes::end(known_at),
                account = self.slice.account("s.account_id"),
                active = disputes::active(as_of, known_at),
            ),
        )
    }

    /// `date3`: when it was withdrawn.
    fn promises(&self) -> String {
        let (as_of, known_at) = (self.template.as_of(), self.template.known_at());
        arm(
            "PROMISE",
            "p.account_id",
            "p.currency",
            &[
                ("id", "p.id"),
                ("date1", "p.promise_date"),
                ("date2", "p.pay_by_date"),
                ("date3", "x.withdraw_date"),
                ("n1", "p.amount"),
                ("n2", "CAST(p.grace_days AS BIGINT)"),
                ("n3", "p.recorded_us"),
                ("t1", "COALESCE(w.promised_by, '')"),
                ("t2", &canonical("p.contact_id")),
            ],
            &format!(
                "promise p LEFT JOIN promise_end x ON x.promise_id = p.id \
                 AND x.withdraw_date <= {as_of} AND x.recorded_us <= {known_at} \
                 LEFT JOIN promise_said w ON w.promise_id = p.id WHERE {promised}",
                promised = self.promised(),
            ),
        )
    }

    fn promised_items(&self) -> String {
        arm(
            "PROMISED_ITEM",
            "p.account_id",
            "p.currency",
            &[("id", "p.id"), ("ref_id", "m.item_id")],
            &format!(
                "promise p JOIN promise_item m ON m.promise_id = p.id \
                 JOIN item i ON i.id = m.item_id WHERE {promised} AND {current}",
                promised = self.promised(),
                current = promises::current("i", self.template.known_at()),
            ),
        )
    }

    /// What receipts took off promised items: the day the money came, the day it was applied,
    /// and the first day on which it no longer is.
    fn promised_payments(&self) -> String {
        let (as_of, known_at) = (self.template.as_of(), self.template.known_at());
        let reset = format!(
            "(SELECT MIN(z.effective_date) FROM allocation_reset z \
             WHERE z.clearing_id = a.clearing_id AND z.position = a.position \
             AND z.effective_date <= {as_of} AND z.recorded_us <= {known_at})"
        );
        arm(
            "PROMISED_PAYMENT",
            "p.account_id",
            "p.currency",
            &[
                ("id", "p.id"),
                ("date1", "r.posting_date"),
                ("date2", "c.apply_date"),
                ("date3", &reset),
                ("n1", "a.amount"),
            ],
            &format!(
                "promise p JOIN promise_item m ON m.promise_id = p.id \
                 JOIN allocation a ON a.debit_item = m.item_id \
                 JOIN item r ON r.id = a.credit_item AND r.kind = 'RECEIPT' \
                 JOIN clearing c ON c.id = a.clearing_id \
                 WHERE {promised} AND c.apply_date <= {as_of} AND c.recorded_us <= {known_at}",
                promised = self.promised(),
            ),
        )
    }

    /// The entries of promised items.
    fn promised_entries(&self) -> String {
        let (as_of, known_at) = (self.template.as_of(), self.template.known_at());
        arm(
            "PROMISED_ENTRY",
            "p.account_id",
            "p.currency",
            &[("id", "p.id"), ("date1", "e.effective_date"), ("n1", "e.amount")],
            &format!(
                "promise p CROSS JOIN promise_item m CROSS JOIN entry e WHERE {promised} \
                 AND m.promise_id = p.id AND e.item_id = m.item_id \
                 AND e.effective_date <= {as_of} AND +e.recorded_us <= {known_at}",
                promised = self.promised(),
            ),
        )
    }

    /// Id of the latest receipt of each pair that counts: the first on the way back.
    fn latest(&self) -> String {
        let (as_of, known_at) = (self.template.as_of(), self.template.known_at());
        format!(
            "SELECT (SELECT d.id FROM document d WHERE d.account_id = p.account_id \
             AND d.currency = p.currency AND d.kind = 'RECEIPT' AND d.posting_date <= {as_of} \
             AND d.recorded_us <= {known_at} AND (SELECT COUNT(*) FROM document_end x \
               WHERE x.document_id = d.id AND x.effective_date <= {as_of} \
               AND x.recorded_us <= {known_at}) = 0 \
             ORDER BY d.posting_date DESC, d.id DESC LIMIT 1) AS id FROM pair p"
        )
    }

    fn receipts(&self) -> String {
        arm(
            "RECEIPT",
            "d.account_id",
            "d.currency",
            &[("id", "d.id"), ("date1", "d.posting_date"), ("n1", "d.gross")],
            "latest w CROSS JOIN document d WHERE d.id = w.id",
        )
    }

    /// Receipts applied to invoices: from the day on that has the last of the payments looked
    /// at, which an index walk back finds. SQLite keeps the order of a CROSS JOIN; left to
    /// itself it begins with the entries of the whole book.
    fn payments(&self) -> String {
        let (as_of, from) = (self.template.as_of(), &self.payments_from);
        let since = format!(
            "SELECT p.account_id, p.currency, COALESCE((SELECT e.effective_date \
             FROM entry e CROSS JOIN item i WHERE i.id = e.item_id \
             AND e.account_id = p.account_id AND e.effective_date >= {from} \
             AND e.effective_date <= {as_of} AND i.currency = p.currency AND {payment} \
             ORDER BY e.effective_date DESC LIMIT 1 OFFSET {offset}), {from}) AS since FROM pair p",
            payment = self.payment(),
            offset = PAYMENTS_MAX - 1,
        );
        arm(
            "PAYMENT",
            "e.account_id",
            "i.currency",
            &[
                ("date1", "i.document_date"),
                ("date2", "e.effective_date"),
                ("n1", "-e.amount"),
                ("n2", "e.recorded_us"),
                ("n3", "CAST(e.position AS BIGINT)"),
            ],
            &format!(
                "({since}) w CROSS JOIN entry e CROSS JOIN item i \
                 WHERE e.account_id = w.account_id AND e.effective_date >= w.since \
                 AND e.effective_date <= {as_of} AND i.id = e.item_id \
                 AND i.currency = w.currency AND {payment}",
                payment = self.payment(),
            ),
        )
    }

    /// That entry `e` on item `i` is a receipt applied to an invoice, and counts.
    fn payment(&self) -> String {
        format!(
            "e.kind = 'CLEAR' AND e.amount < 0 AND +e.recorded_us <= {known_at} \
             AND i.kind = 'INVOICE' AND (SELECT COUNT(*) FROM allocation a \
               JOIN item r ON r.id = a.credit_item WHERE a.clearing_id = e.clearing_id \
               AND a.position = e.allocation AND r.kind = 'RECEIPT') > 0 AND {counts}",
            known_at = self.template.known_at(),
            counts = self.not_reset("e.clearing_id", "e.allocation"),
        )
    }

    /// That promise `p` was made by then and may still matter.
    fn promised(&self) -> String {
        format!(
            "{account} AND p.promise_date <= {as_of} AND p.recorded_us <= {known_at} \
             AND p.pay_by_date >= {from}",
            account = self.slice.account("p.account_id"),
            as_of = self.template.as_of(),
            known_at = self.template.known_at(),
            from = self.promises_from,
        )
    }

    fn not_reset(&self, clearing: &str, position: &str) -> String {
        format!(
            "(SELECT COUNT(*) FROM allocation_reset z WHERE z.clearing_id = {clearing} \
             AND z.position = {position} AND z.effective_date <= {as_of} AND z.recorded_us <= {known_at}) = 0",
            as_of = self.template.as_of(),
            known_at = self.template.known_at(),
        )
    }

    /// What is open of one item: its few entries are looked up, not all that are late.
    fn open(&self, item: &str) -> String {
        format!(
            "({item}.open - COALESCE((SELECT SUM(y.amount) FROM entry y \
             WHERE y.item_id = {item}.id \
             AND (y.effective_date > {as_of} OR y.recorded_us > {known_at})), 0))",
            as_of = self.template.as_of(),
            known_at = self.template.known_at(),
        )
    }

    /// What later entries will take off one item.
    fn expected(&self, item: &str) -> String {
        format!(
            "COALESCE((SELECT -SUM(y.amount) FROM entry y WHERE y.item_id = {item}.id \
             AND y.effective_date > {as_of} AND y.recorded_us <= {known_at}), 0)",
            as_of = self.template.as_of(),
            known_at = self.template.known_at(),
        )
    }
}

fn arm(name: &str, account: &str, currency: &str, uses: &[(&str, &str)], from: &str) -> String {
    let value = |column: &&str| match *column {
        "arm" => format!("'{name}'"),
        "account_id" => account.to_owned(),
        "currency" => currency.to_owned(),
        column => {
            let used = uses.iter().find(|(name, _)| *name == column);
            used.map_or("NULL", |(_, expression)| expression).to_owned()
        }
    };
    let columns: Vec<String> =
        COLUMNS.iter().map(|column| format!("{} AS {column}", value(column))).collect();
    format!("SELECT {} FROM {from}", columns.join(", "))
}
