//! What accounts owed when somebody asked last, kept in memory, for questions about the same day as known
//! now. It is used only while nothing was recorded in the account: whatever balances and their evidence
//! are told from gives its head another revision in the same transaction ([`super::lock`]). What does
//! not is read with each question: whether it is a related party, who answers for money there.

use std::sync::Arc;

use chrono::NaiveDate;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::domain::money::Currency;
use crate::domain::receivables::CurrencyRisk;

/// The accounts that were asked about last; cheap to clone.
#[derive(Clone)]
pub struct KeptRisks(Option<Arc<Cache<String, Arc<KeptRisk>, Rows>>>);

/// Rows that an account has on average where all may be kept: one with more takes the place of several.
const ROWS_OF_ONE: u64 = 24;
/// Rows that what is kept of each account takes besides.
const ROWS_BESIDE: usize = 8;

/// What a risk takes is counted in rows: balances, and what is told as evidence.
#[derive(Debug, Clone)]
struct Rows;

impl Weighter<String, Arc<KeptRisk>> for Rows {
    fn weight(&self, _: &String, risk: &Arc<KeptRisk>) -> u64 {
        let rows = |of: &CurrencyRisk| 4 + of.worst_items.len();
        let all = risk.basic.iter().chain(risk.full.iter().flatten());
        (ROWS_BESIDE + all.map(rows).sum::<usize>()) as u64
    }
}

/// What an account owed on a day, as known at its head.
#[derive(Debug, Clone)]
pub struct KeptRisk {
    pub day: NaiveDate,
    /// The last recorded time of the account, in microseconds.
    pub head_us: i64,
    /// Another number after each transaction that records anything in the account.
    pub revision: i64,
    pub basic: Vec<CurrencyRisk>,
    /// With the evidence, if somebody asked for it. None of it is what somebody wrote or said: that is
    /// personal data, which may be erased without a trace in the account.
    pub full: Option<Vec<CurrencyRisk>>,
    /// What it has open in debits, in minor units.
    pub debits: Vec<(Currency, i128)>,
}

impl KeptRisk {
    /// Whether it tells what is asked for.
    fn tells(&self, day: NaiveDate, with_evidence: bool) -> bool {
        self.day == day && (self.full.is_some() || !with_evidence)
    }
}

impl KeptRisks {
    /// Keeps those of so many accounts of common size; none for 0.
    pub fn new(accounts_max: u32) -> Self {
        let size = usize::try_from(accounts_max).unwrap_or(usize::MAX);
        let rows_max = u64::from(accounts_max) * ROWS_OF_ONE;
        Self((size > 0).then(|| Arc::new(Cache::with_weighter(size, rows_max, Rows))))
    }

    pub(super) fn of(
        &self,
        account_id: &str,
        day: NaiveDate,
        with_evidence: bool,
    ) -> Option<Arc<KeptRisk>> {
        self.0.as_ref()?.get(account_id).filter(|kept| kept.tells(day, with_evidence))
    }

    pub(super) fn keep(&self, account_id: &str, risk: KeptRisk) {
        if let Some(cache) = &self.0 {
            cache.insert(account_id.to_owned(), Arc::new(risk));
        }
    }
}
