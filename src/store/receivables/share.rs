//! What the whole book has open in debits: the base of an account's share.

use sea_orm::FromQueryResult;

use super::moves::Template;
use super::params::{Params, Slice};
use super::{At, Whose};
use crate::domain::error::Result;
use crate::domain::ledger::Narrow;
use crate::domain::money::Currency;
use crate::store::{Store, sql};

/// What counts in a share: what is owed, of whatever age; credits do not take off it.
const DEBITS: &str = "('ORDINARY', 'RETENTION', 'DUE_PENDING')";

impl Store {
    /// Open debits of the book by currency, without related parties.
    pub async fn book_debits(&self, at: At) -> Result<Vec<(Currency, i64)>> {
        let mut params = Params::default();
        let slice = Slice::bind(&self.reader(), &mut params, &Whose::Book, &Narrow::default());
        let template = Template::bind(&mut params, &slice, at);
        let text = format!(
            "SELECT currency, CAST(SUM(amount) AS BIGINT) AS amount FROM (\
             SELECT currency, amount FROM book_due WHERE class IN {DEBITS} \
             UNION ALL \
             SELECT d.currency, -d.amount FROM account a CROSS JOIN account_due d \
             WHERE a.related_party AND d.account_id = a.id AND d.class IN {DEBITS} \
             UNION ALL \
             SELECT i.currency, -l.amount FROM ({late}) l JOIN item i ON i.id = l.item_id \
             JOIN account a ON a.id = i.account_id \
             WHERE NOT a.related_party AND i.class IN {DEBITS}\
             ) m GROUP BY currency",
            late = template.late()
        );
        read(self, text, params).await
    }

    /// How these figures moved between two recorded times: `after` excluded, `at` included.
    pub async fn book_debits_moved(&self, after: i64, at: At) -> Result<Vec<(Currency, i64)>> {
        let mut params = Params::default();
        let (as_of, known_at) = (params.bind(at.as_of), params.bind(at.known_at));
        let after = params.bind(after);
        let text = format!(
            "SELECT i.currency, CAST(SUM(CASE WHEN e.effective_date <= {as_of} THEN e.amount \
             ELSE 0 END) AS BIGINT) AS amount \
             FROM entry e JOIN item i ON i.id = e.item_id JOIN account a ON a.id = i.account_id \
             WHERE e.recorded_us > {after} AND e.recorded_us <= {known_at} \
             AND NOT a.related_party AND i.class IN {DEBITS} GROUP BY i.currency"
        );
        read(self, text, params).await
    }
}

async fn read(store: &Store, text: String, params: Params) -> Result<Vec<(Currency, i64)>> {
    #[derive(FromQueryResult)]
    struct Row {
        currency: Currency,
        amount: i64,
    }
    let rows: Vec<Row> = sql::all(&store.reader(), text, params.into_values()).await?;
    Ok(rows.into_iter().map(|row| (row.currency, row.amount)).collect())
}
