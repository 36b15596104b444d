//! What documents ask to be cleared and what is not done yet.

use sea_orm::FromQueryResult;

use super::params::Params;
use crate::domain::books::RequestState;
use crate::domain::clearing::{WaitingClearing, WaitingKey, WaitingReason};
use crate::domain::error::Result;
use crate::domain::money::{Currency, Money};
use crate::domain::page::{Page, PageOf};
use crate::store::columns::from_json;
use crate::store::ledger::requests::{self, NAMED, REQUESTS};
use crate::store::{Store, sql};

/// The order in which a finish goes, that of the indexes.
const ORDER: &str = "p.account_id, p.apply_date, p.order_key";

#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    of: requests::Row,
    credit_currency: Currency,
    open: i64,
    /// Of the document it names; `None` while that is missing.
    reversed: Option<bool>,
}

impl Store {
    /// A page of what waits, of an account or of all, in the order in which a finish goes. What is open
    /// is counted whatever its date.
    pub async fn waiting_clearings(
        &self,
        account: Option<&str>,
        page: &PageOf<WaitingKey>,
    ) -> Result<Page<WaitingClearing, WaitingKey>> {
        let mut params = Params::default();
        let mut of = String::new();
        if let Some(account) = account {
            of += &format!(" AND p.account_id = {}", params.bind(account));
        }
        if let Some((account, (day, key))) = &page.after {
            let account = params.bind(account.as_str());
            let (day, key) = (params.bind(*day), params.bind(key.clone()));
            of += &format!(" AND ({ORDER}) > ({account}, {day}, {key})");
        }
        let limit = params.bind(i64::try_from(page.to_read()).unwrap_or(i64::MAX));
        // Each state goes along an index of its own.
        let [due, waiting] = ["DUE", "WAITING"].map(|state| {
            let these = select(state);
            format!("SELECT * FROM ({these}{of} ORDER BY {ORDER} LIMIT {limit}) x")
        });
        let text = format!(
            "{due} UNION ALL {waiting} \
             ORDER BY account_id, apply_date, order_key LIMIT {limit}"
        );
        let found: Vec<Row> = sql::all(&self.reader(), text, params.into_values()).await?;
        let waiting: Vec<WaitingClearing> =
            found.into_iter().map(Row::waiting).collect::<Result<_>>()?;
        Ok(page.cut(waiting, |waiting| (waiting.account_id.clone(), waiting.place.clone())))
    }
}

/// Those of which something may still come: the credit has something open, or the document it
/// names is not there.
fn select(state: &str) -> String {
    format!(
        "SELECT {}, c.currency AS credit_currency, -i.open AS open, k.reversed FROM {REQUESTS} \
         JOIN item i ON i.document_id = c.id LEFT JOIN document_key k ON {NAMED} \
         WHERE p.state = '{state}' \
           AND (i.open <> 0 OR NOT p.oldest_first AND (k.reversed OR k.document_id IS NULL))",
        requests::columns()
    )
}

impl Row {
    fn waiting(self) -> Result<WaitingClearing> {
        let reason = self.reason()?;
        let place = (self.of.request.apply_date, self.of.request.order_key.clone());
        let request = self.of.request();
        Ok(WaitingClearing {
            id: request.id,
            account_id: request.account_id,
            document: request.document,
            key: request.key,
            target: request.target,
            open: Money { minor: self.open, currency: self.credit_currency },
            reason,
            import_id: request.import_id,
            place,
        })
    }

    fn reason(&self) -> Result<WaitingReason> {
        #[derive(serde::Deserialize)]
        struct Fault {
            description: String,
        }
        Ok(match (self.of.request.oldest_first, self.reversed) {
            (false, None) => WaitingReason::TargetMissing,
            (false, Some(true)) => WaitingReason::TargetReversed,
            _ if self.of.request.state == RequestState::Due => WaitingReason::FinishPending,
            _ if !self.of.request.fault.is_empty() => {
                let fault: Fault = from_json("fault", &self.of.request.fault)?;
                WaitingReason::Refused(fault.description)
            }
            _ => WaitingReason::NothingOpen,
        })
    }
}
