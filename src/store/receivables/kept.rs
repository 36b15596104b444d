//! What is kept of what accounts owe ([`crate::store::risks`]): whether it is still so.

use std::sync::Arc;

use chrono::NaiveDate;
use sea_orm::FromQueryResult;

use crate::domain::coverage::finance::Signal;
use crate::domain::error::Result;
use crate::store::entity::account_signal;
use crate::store::risks::KeptRisk;
use crate::store::{Store, sql};

/// What is kept of an account and still so, with what is not kept.
#[derive(Debug, Clone)]
pub struct Recalled {
    pub kept: Arc<KeptRisk>,
    pub related_party: bool,
    /// What is known of who answers for money there.
    pub signal: Option<Signal>,
}

/// How an account is at the moment.
#[derive(FromQueryResult)]
struct Current {
    revision: i64,
    related_party: bool,
    people_from: Option<NaiveDate>,
    finance: Option<String>,
}

impl Store {
    /// What is kept of an account for a day, if it is still so; with its evidence where that is asked for.
    pub async fn recall_risk(
        &self,
        account_id: &str,
        day: NaiveDate,
        with_evidence: bool,
    ) -> Result<Option<Recalled>> {
        let Some(kept) = self.risks.of(account_id, day, with_evidence) else { return Ok(None) };
        let text = "SELECT h.group_revision AS revision, a.related_party, s.people_from, s.finance \
             FROM account a JOIN account_head h ON h.account_id = a.id \
             LEFT JOIN account_signal s ON s.account_id = a.id WHERE a.id = $1";
        let current: Option<Current> =
            sql::one(&self.reader(), text, vec![account_id.into()]).await?;
        let Some(current) = current.filter(|current| current.revision == kept.revision) else {
            return Ok(None);
        };
        let Current { related_party, people_from, finance, .. } = current;
        let signal = people_from.zip(finance).map(|(people_from, finance)| {
            let row =
                account_signal::Model { account_id: account_id.to_owned(), people_from, finance };
            row.into_parts().map(|(_, signal)| signal)
        });
        Ok(Some(Recalled { kept, related_party, signal: signal.transpose()? }))
    }

    /// Keeps what was just read of an account as of now.
    pub fn keep_risk(&self, account_id: &str, risk: KeptRisk) {
        self.risks.keep(account_id, risk);
    }
}
