//! A ledger that things happen to: postings, clearings, resets and reversals of all kinds, on
//! days around the business date, decided by a seed.

use chrono::{Days, NaiveDate};
use fastrand::Rng;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::model::Model;
use crate::domain::document::{BaselineDates, ClearingInstruction, DocumentKey, Draft};
use crate::domain::item::DocumentKind;
use crate::domain::ledger::command::{
    AllocationRequest, ClearItems, PostDocuments, ResetClearing, ReverseDocument,
};
use crate::domain::money::{Currency, Money};
use crate::domain::names::{AccountRef, ChildName};
use crate::domain::rates::Quote;
use crate::domain::receivables::command::SetRates;
use crate::domain::terms::{Baseline, Instalment, InstalmentKind, PaymentTerms, Share};
use crate::service::Settings;
use crate::service::facts::Facts;
use crate::service::ledger::Ledger;
use crate::service::receivables::Receivables;
use crate::store::receivables::At;
use crate::store::seed::{Fresh, day};

pub const ACCOUNTS: [&str; 4] = ["a", "b", "c", "d"];
/// The group of the first account, from the day before everything.
pub const GROUP: [&str; 2] = ["a", "b"];
pub const RELATED: &str = "d";
/// EUR for a USD, on every day.
pub const USD_IN_EUR: Decimal = Decimal::from_parts(913, 0, 0, false, 3);

pub struct Scene {
    pub db: Fresh,
    pub receivables: Receivables,
    pub seed: u64,
    ledger: Ledger,
    rng: Rng,
    numbers: u32,
    clearings: Vec<(String, Uuid)>,
    documents: Vec<(String, Uuid)>,
}

impl Scene {
    pub async fn new(db: Fresh, seed: u64) -> Self {
        for account in ACCOUNTS {
            db.account(account).await;
        }
        db.sql("UPDATE account SET related_party = TRUE WHERE id = $1", vec![RELATED.into()]).await;
        db.sql(
            "INSERT INTO account_link (account_id, recorded_us, effective_date, parent_id) \
             VALUES ($1, 1, $2, $3)",
            vec![GROUP[1].into(), (day(1, 1) - Days::new(2_000)).into(), GROUP[0].into()],
        )
        .await;
        let settings = Settings { base_currency: None, rate_age_days_max: 3_650 };
        let facts = Facts::new(db.store.clone(), settings.clone());
        let rate = Quote {
            from: currency(1),
            to: currency(0),
            date: day(1, 1) - Days::new(1_000),
            rate: USD_IN_EUR,
            rate_type: "SPOT".into(),
        };
        facts.set_rates(&db.ctx, "rates", SetRates { rates: vec![rate] }).await.unwrap();
        Self {
            receivables: Receivables::new(db.store.clone(), settings.clone()),
            ledger: Ledger::new(db.store.clone(), settings),
            db,
            seed,
            rng: Rng::with_seed(seed),
            numbers: 0,
            clearings: Vec::new(),
            documents: Vec::new(),
        }
    }

    /// So many things happen; some are refused, and that is fine.
    pub async fn happen(&mut self, times: usize) {
        for _ in 0..times {
            match self.rng.u32(..10) {
                0..=3 => self.post_debit().await,
                4..=5 => self.post_credit().await,
                6..=7 => self.clear().await,
                8 => self.reset().await,
                _ => self.reverse().await,
            }
        }
    }

    /// Some points: the ends of what was recorded, and days and instants in between.
    pub fn points(&mut self, model: &Model, count: usize) -> Vec<At> {
        let mut recorded: Vec<i64> = model.entries.iter().map(|e| e.recorded_us).collect();
        recorded.sort_unstable();
        let today = day(6, 15);
        let last = recorded[recorded.len() - 1];
        // Before the very first entry no rate is known either.
        let mut points = vec![At { as_of: today, known_at: last }];
        while points.len() < count {
            let known_at = recorded[self.rng.usize(..recorded.len())] - self.rng.i64(0..2);
            points.push(At { as_of: self.day(today, 150), known_at });
        }
        points
    }

    fn day(&mut self, around: NaiveDate, days: u64) -> NaiveDate {
        around - Days::new(days) + Days::new(self.rng.u64(..2 * days))
    }

    async fn post_debit(&mut self) {
        let posting = self.day(day(4, 15), 120);
        let mut draft = self.draft(DocumentKind::Invoice, posting);
        match self.rng.u32(..6) {
            0 => {
                let share = Share { share_bp: 10_000, steps: vec![], kind: InstalmentKind::Normal };
                draft.terms = Some(PaymentTerms {
                    baseline: Baseline::Delivery,
                    shares: vec![share],
                    discounts: vec![],
                });
            }
            1 => draft.kind = DocumentKind::DebitNote,
            _ => draft.instalments = self.instalments(posting, draft.gross),
        }
        self.post(draft).await;
    }

    fn instalments(&mut self, posting: NaiveDate, gross: i64) -> Vec<Instalment> {
        let parts = self.rng.i64(1..4);
        let part = |rng: &mut Rng, amount_minor| {
            let retained = rng.u32(..5) == 0;
            let due = posting + Days::new(rng.u64(..100));
            Instalment {
                kind: if retained { InstalmentKind::Retention } else { InstalmentKind::Normal },
                due_date: (!retained || rng.bool()).then_some(due),
                amount_minor,
                release_condition: None,
            }
        };
        let each = gross / parts;
        let mut made: Vec<Instalment> = (1..parts).map(|_| part(&mut self.rng, each)).collect();
        made.push(part(&mut self.rng, gross - each * (parts - 1)));
        made
    }

    async fn post_credit(&mut self) {
        let posting = self.day(day(5, 15), 90);
        let kind = match self.rng.bool() {
            true => DocumentKind::Receipt,
            false => DocumentKind::CreditNote,
        };
        let mut draft = self.draft(kind, posting);
        draft.clears.oldest_first = self.rng.bool();
        if self.rng.u32(..4) == 0 {
            draft.order_ref = "order".into();
        }
        self.post(draft).await;
    }

    fn draft(&mut self, kind: DocumentKind, posting: NaiveDate) -> Draft<AccountRef> {
        self.numbers += 1;
        Draft {
            key: DocumentKey {
                source_system: "erp".into(),
                company_code: if self.rng.bool() { "1000" } else { "2000" }.into(),
                fiscal_year: 0,
                document_no: self.numbers.to_string(),
                line_no: String::new(),
            },
            source_version: 0,
            kind,
            side: kind.default_side(),
            payer: AccountRef::Id(self.account().into()),
            sold_to: None,
            bill_to: None,
            document_date: posting,
            posting_date: posting,
            currency: currency(self.rng.usize(..2)),
            gross: self.rng.i64(1..1_000),
            net: None,
            tax: None,
            instalments: vec![],
            terms: None,
            baseline_dates: BaselineDates::default(),
            clears: ClearingInstruction::default(),
            adjustment_reason: None,
            order_ref: String::new(),
            contract_ref: String::new(),
            project_ref: String::new(),
            note: Default::default(),
        }
    }

    fn account(&mut self) -> &'static str {
        ACCOUNTS[self.rng.usize(..ACCOUNTS.len())]
    }

    async fn post(&mut self, draft: Draft<AccountRef>) {
        let command = PostDocuments { documents: vec![draft], create_missing_accounts: false };
        let request = Uuid::now_v7().to_string();
        if let Ok(results) = self.ledger.post(&self.db.ctx, &request, command).await {
            for result in results {
                let clearings = result.clearings.iter().map(|id| (result.account_id.clone(), *id));
                self.clearings.extend(clearings);
                self.documents.push((result.account_id, result.document_id));
            }
        }
    }

    async fn clear(&mut self) {
        let account = self.account();
        let model = Model::read(&self.db.store).await;
        let now = At { as_of: day(12, 31), known_at: i64::MAX };
        let open = model.open_items(&[account], now);
        let (debits, credits): (Vec<_>, Vec<_>) = open.into_iter().partition(|i| i.amount > 0);
        let company = if self.rng.bool() { "1000" } else { "2000" };
        let pick = |items: Vec<&super::model::Item>, rng: &mut Rng| {
            let of: Vec<_> = items.into_iter().filter(|i| i.company_code == company).collect();
            (!of.is_empty()).then(|| of[rng.usize(..of.len())].clone())
        };
        let (Some(debit), Some(credit)) =
            (pick(debits, &mut self.rng), pick(credits, &mut self.rng))
        else {
            return;
        };
        let (owed, paid) = (model.open(debit.id, now), -model.open(credit.id, now));
        let most = owed.min(paid).max(1);
        let amount = self.rng.i64(1..=most);
        let across = debit.currency != credit.currency;
        let money = |minor, currency| Money { minor, currency };
        let earliest = debit.posting_date.max(credit.posting_date);
        let allocation = AllocationRequest {
            credit_item: credit.id,
            debit_item: debit.id,
            amount: Some(money(amount, debit.currency)),
            credit_amount: across.then(|| money(self.rng.i64(1..=paid.max(1)), credit.currency)),
        };
        let command = ClearItems {
            account: AccountRef::Id(account.into()),
            allocations: vec![allocation],
            oldest_first_credits: vec![],
            apply_date: Some(earliest + Days::new(self.rng.u64(..40))),
            elsewhere: vec![],
        };
        let request = Uuid::now_v7().to_string();
        if let Ok(clearing) = self.ledger.clear(&self.db.ctx, &request, command).await {
            self.clearings.push((clearing.account_id, clearing.id));
        }
    }

    async fn reset(&mut self) {
        let Some(clearing) = pick(&self.clearings, &mut self.rng) else { return };
        let command = ResetClearing {
            clearing,
            effective_date: Some(self.day(day(6, 15), 100)),
            reason: "by mistake".into(),
        };
        let request = Uuid::now_v7().to_string();
        // Refused if it is too early or was reset before.
        let _ = self.ledger.reset(&self.db.ctx, &request, command).await;
    }

    async fn reverse(&mut self) {
        let Some(document) = pick(&self.documents, &mut self.rng) else { return };
        let command = ReverseDocument {
            document,
            effective_date: Some(self.day(day(6, 15), 100)),
            reason: "by mistake".into(),
        };
        let request = Uuid::now_v7().to_string();
        // Refused if it is too early or was reversed before.
        let _ = self.ledger.reverse(&self.db.ctx, &request, command).await;
    }
}

fn pick(of: &[(String, Uuid)], rng: &mut Rng) -> Option<ChildName> {
    let (account, id) = of.get(rng.usize(..of.len().max(1)))?;
    Some(ChildName { account: AccountRef::Id(account.clone()), id: *id })
}

fn currency(n: usize) -> Currency {
    Currency::parse(["EUR", "USD"][n]).unwrap()
}
