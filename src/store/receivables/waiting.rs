//! What documents ask to be cleared and what is not done yet.

use sea_orm::{FromQueryResult, IdenStatic};

use super::params::Params;
use crate::domain::books::RequestState;
use crate::domain::clearing::{WaitingClearing, WaitingKey, WaitingReason};
use crate::domain::document::DocumentKey;
use crate::domain::error::Result;
use crate::domain::money::{Currency, Money};
use crate::domain::page::{Page, PageOf};
use crate::store::columns::from_json;
use crate::store::entity::{clearing_request, document};
use crate::store::{Store, rows, sql};

#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    request: clearing_request::Model,
    credit_source_system: String,
    credit_company_code: String,
    credit_fiscal_year: i32,
    credit_document_no: String,
    credit_line_no: String,
    credit_currency: Currency,
    open: i64,
    /// Of the document it names; `None` while that is missing.
    reversed: Option<bool>,
}

impl Store {
    /// A page of what waits, of an account or of all. What is open is counted whatever its date.
    pub async fn waiting_clearings(
        &self,
        account: Option<&str>,
        page: &PageOf<WaitingKey>,
    ) -> Result<Page<WaitingClearing, WaitingKey>> {
        let mut params = Params::default();
        let mut text = select();
        if let Some(account) = account {
            text += &format!(" AND p.account_id = {}", params.bind(account));
        }
        if let Some((account, id)) = &page.after {
            let (account, id) = (params.bind(account.as_str()), params.bind(*id));
            text += &format!(" AND (p.account_id, p.id) > ({account}, {id})");
        }
        let limit = i64::try_from(page.to_read()).unwrap_or(i64::MAX);
        text += &format!(" ORDER BY p.account_id, p.id LIMIT {}", params.bind(limit));
        let found: Vec<Row> = sql::all(&self.reader, text, params.into_values()).await?;
        let waiting: Vec<WaitingClearing> =
            found.into_iter().map(Row::waiting).collect::<Result<_>>()?;
        Ok(page.cut(waiting, |waiting| (waiting.account_id.clone(), waiting.id)))
    }
}

/// Those of which something may still come: the credit has something open, or the document it
/// names is not there.
fn select() -> String {
    let key = [
        document::Column::SourceSystem,
        document::Column::CompanyCode,
        document::Column::FiscalYear,
        document::Column::DocumentNo,
        document::Column::LineNo,
        document::Column::Currency,
    ];
    let key = key.map(|column| format!("c.{0} AS credit_{0}", column.as_str())).join(", ");
    format!(
        "SELECT {}, {key}, -i.open AS open, k.reversed FROM clearing_request p \
         JOIN document c ON c.id = p.document_id JOIN item i ON i.document_id = c.id \
         LEFT JOIN document_key k ON k.source_system = p.target_source_system \
           AND k.company_code = p.target_company_code AND k.fiscal_year = p.target_fiscal_year \
           AND k.document_no = p.target_document_no AND k.line_no = p.target_line_no \
         WHERE p.state IN ('DUE', 'WAITING') \
           AND (i.open <> 0 OR NOT p.oldest_first AND (k.reversed OR k.document_id IS NULL))",
        rows::columns::<clearing_request::Entity>("p")
    )
}

impl Row {
    fn waiting(self) -> Result<WaitingClearing> {
        let reason = self.reason()?;
        let Self {
            request,
            credit_source_system,
            credit_company_code,
            credit_fiscal_year,
            credit_document_no,
            credit_line_no,
            credit_currency,
            open,
            reversed: _,
        } = self;
        Ok(WaitingClearing {
            target: request.target(),
            id: request.id,
            account_id: request.account_id,
            document: request.document_id,
            key: DocumentKey {
                source_system: credit_source_system,
                company_code: credit_company_code,
                fiscal_year: credit_fiscal_year,
                document_no: credit_document_no,
                line_no: credit_line_no,
            },
            open: Money { minor: open, currency: credit_currency },
            reason,
            import_id: request.import_id,
        })
    }

    fn reason(&self) -> Result<WaitingReason> {
        #[derive(serde::Deserialize)]
        struct Fault {
            description: String,
        }
        Ok(match (self.request.oldest_first, self.reversed) {
            (false, None) => WaitingReason::TargetMissing,
            (false, Some(true)) => WaitingReason::TargetReversed,
            _ if self.request.state == RequestState::Due => WaitingReason::FinishPending,
            _ if !self.request.fault.is_empty() => {
                let fault: Fault = from_json("fault", &self.request.fault)?;
                WaitingReason::Refused(fault.description)
            }
            _ => WaitingReason::NothingOpen,
        })
    }
}
