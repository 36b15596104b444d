//! Records the company in a store, evening by evening, through the use cases of the API.

use std::collections::{HashMap, HashSet};

use super::customers::FEATURED;
use super::{Company, Customer, Delivery, Fact, SOURCE_SYSTEM, contacts, people};
use crate::ctx::{Clock, Ctx};
use crate::domain::account::command::{AccountChange, CreateAccount};
use crate::domain::document::DocumentKey;
use crate::domain::error::{Error, Result};
use crate::domain::external_ref::ExternalRef;
use crate::domain::handover::StartHandover;
use crate::domain::import::{
    ClearingFault, FinishStep, ImportChunk, ImportFault, ImportHeader, ImportSummary,
};
use crate::domain::ledger::PointQuery;
use crate::domain::ledger::command::WriteOffItem;
use crate::domain::member::command::{CreateMember, DeactivateMember, MemberChange};
use crate::domain::names::{AccountRef, CanonicalForm, ChildName, MemberRef};
use crate::domain::receivables::command::{OpenDispute, RecordPromise, ResolveDispute, SetRates};
use crate::domain::receivables::query::DocumentName;
use crate::domain::team::command::AssignMember;
use crate::service::Settings;
use crate::service::accounts::Accounts;
use crate::service::facts::Facts;
use crate::service::handovers::Handovers;
use crate::service::ledger::Ledger;
use crate::service::members::Members;
use crate::service::receivables::Receivables;
use crate::service::teams::{TeamSettings, Teams};
use crate::store::Store;
use chrono::{NaiveDate, NaiveTime};

/// Documents sent together.
const CHUNK: usize = 500;
/// Quotes sent together.
const RATES: usize = 500;

/// What recording the company came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filled {
    pub posted: i64,
    pub revised: i64,
    /// Sent before.
    pub unchanged: i64,
    pub clearings: i64,
    pub facts: i64,
    /// None of these should be: what was refused, and what could not be cleared.
    pub refused: Vec<ImportFault>,
    pub clearing_faults: Vec<ClearingFault>,
    pub missing: Vec<DocumentKey>,
}

/// Records everything. A manual clock is moved to each evening, so that it is known when what
/// was known; with the clock of the system all of it is recorded now.
///
/// # Errors
/// Those of the store; what is wrong with single documents is in the answer.
pub async fn fill(
    store: &Store,
    settings: Settings,
    clock: &Clock,
    company: &Company,
) -> Result<Filled> {
    let ctx = Ctx::system(clock.clone());
    let mut clerk = Clerk {
        accounts: Accounts::new(store.clone()),
        facts: Facts::new(store.clone(), settings.clone()),
        ledger: Ledger::new(store.clone(), settings.clone()),
        receivables: Receivables::new(store.clone(), settings.clone()),
        company,
        ctx,
        disputes: HashMap::new(),
        filled: Filled::default(),
    };
    clerk.open_in_the_evening(company.plan.start());
    for customer in &company.customers {
        if let Some(id) = customer.account_id {
            clerk.set_up(customer, id).await?;
        }
    }
    for delivery in &company.deliveries {
        clerk.record(delivery).await?;
    }
    // By now every customer has an account.
    clerk.assign_people(store).await?;
    let plan = company.plan;
    contacts::record(store, settings, &clerk.ctx, plan.start(), plan.eve()).await?;
    clerk.hand_over(store).await?;
    Ok(clerk.filled)
}

/// Works through the deliveries.
struct Clerk<'a> {
    accounts: Accounts,
    facts: Facts,
    ledger: Ledger,
    receivables: Receivables,
    company: &'a Company,
    ctx: Ctx,
    /// Disputes by the invoice.
    disputes: HashMap<DocumentKey, ChildName>,
    filled: Filled,
}

impl Clerk<'_> {
    /// Whoever stood in for somebody who left is to take his customer.
    async fn hand_over(&self, store: &Store) -> Result<()> {
        let handovers =
            Handovers::new(store.clone(), self.receivables.clone(), TeamSettings::default());
        let command = StartHandover {
            account: self.company.customers[FEATURED].account(),
            to: MemberRef::Id("moreau".to_owned()),
            deadline: None,
            reason: "Jonas Bauer left".to_owned(),
        };
        handovers.start(&self.ctx, "demo-handover", command).await?;
        Ok(())
    }

    fn open_in_the_evening(&self, day: NaiveDate) {
        let evening = NaiveTime::from_hms_opt(20, 0, 0).unwrap_or_default();
        self.ctx.clock.set(day.and_time(evening).and_utc());
    }

    async fn set_up(&mut self, customer: &Customer, id: &str) -> Result<()> {
        let parent = customer.parent.map(|rank| self.company.customers[rank].account());
        let reference =
            ExternalRef { system: SOURCE_SYSTEM.into(), id: format!("{:010}", customer.number) };
        let change = AccountChange {
            display_name: Some(customer.display_name.clone()),
            external_refs: Some(vec![reference]),
            ..AccountChange::default()
        };
        let command = CreateAccount {
            id: Some(id.to_owned()),
            change,
            parent,
            parent_from: None,
            size: None,
            form: Some(CanonicalForm::Numeric),
        };
        self.accounts.create(&self.ctx, command, &format!("demo-account-{id}")).await?;
        Ok(())
    }

    async fn assign_people(&self, store: &Store) -> Result<()> {
        let default = TeamSettings::default();
        let members = Members::new(store.clone(), default.default_owner.clone());
        let handovers = Handovers::new(store.clone(), self.receivables.clone(), default.clone());
        let teams = Teams::new(store.clone(), default);
        let name = |id: &str| MemberRef::Id(id.to_owned());
        for person in people::PEOPLE {
            let command = CreateMember {
                id: Some(person.id.to_owned()),
                change: MemberChange {
                    display_name: Some(person.display_name.to_owned()),
                    executive: Some(person.executive),
                    ..MemberChange::default()
                },
                manager: person.manager.map(name),
                form: None,
            };
            members.create(&self.ctx, &format!("demo-member-{}", person.id), command).await?;
        }
        for (rank, customer) in self.company.customers.iter().enumerate() {
            let mut version = None;
            for (role, member) in people::team(rank) {
                let command = AssignMember {
                    account: customer.account(),
                    member: name(member),
                    role,
                    valid_from: Some(self.company.plan.start()),
                    valid_to: None,
                    site: None,
                    cost_per_day: None,
                    reason: String::new(),
                    version,
                };
                let request_id = format!("demo-team-{rank}-{role}");
                version = Some(teams.assign(&self.ctx, &request_id, command).await?.version);
            }
        }
        for person in people::PEOPLE.iter().filter(|person| person.left) {
            let command = DeactivateMember {
                member: name(person.id),
                reason: "left the company".into(),
                successor: None,
            };
            let request_id = format!("demo-left-{}", person.id);
            handovers.deactivate(&self.ctx, &request_id, command).await?;
        }
        Ok(())
    }

    async fn record(&mut self, delivery: &Delivery) -> Result<()> {
        self.open_in_the_evening(delivery.day);
        for (i, rates) in delivery.rates.chunks(RATES).enumerate() {
            let command = SetRates { rates: rates.to_vec() };
            let request_id = format!("demo-rates-{}-{i}", delivery.day);
            self.facts.set_rates(&self.ctx, &request_id, command).await?;
        }
        self.import(delivery).await?;
        for (i, fact) in delivery.facts.iter().enumerate() {
            let request_id = format!("demo-fact-{}-{i}", delivery.day);
            self.note(fact, &request_id).await?;
            self.filled.facts += 1;
        }
        Ok(())
    }

    async fn import(&mut self, delivery: &Delivery) -> Result<()> {
        let header = ImportHeader {
            import_id: format!("demo-{}", delivery.day),
            create_missing_accounts: true,
            canonical_form: Some(CanonicalForm::Numeric),
            clear_oldest_first: false,
            content: String::new(),
            as_of: None,
            is_complete: false,
            validate_only: false,
        };
        let names = display_names(self.company);
        let mut import = self.ledger.open_import(&self.ctx, header).await?;
        for (sequence, documents) in (1..).zip(delivery.documents.chunks(CHUNK)) {
            let payers: HashSet<&AccountRef> = documents.iter().map(|d| &d.payer).collect();
            let display_names = payers
                .into_iter()
                .filter_map(|payer| Some((payer.clone(), names.get(digits(payer)?)?.to_string())))
                .collect();
            let chunk = ImportChunk {
                sequence,
                documents: documents.iter().cloned().map(Ok).collect(),
                display_names,
                statuses: Vec::new(),
            };
            let results = import.chunk(&self.ctx, chunk).await?;
            self.filled.refused.extend(results.into_iter().flat_map(|result| result.faults));
        }
        loop {
            match import.finish_step(&self.ctx, 0).await? {
                FinishStep::Progress { .. } => {}
                FinishStep::Done(summary) => {
                    self.count(summary);
                    return Ok(());
                }
            }
        }
    }

    fn count(&mut self, summary: ImportSummary) {
        let ImportSummary {
            posted,
            revised,
            unchanged,
            clearings_applied,
            clearing_faults,
            waiting_for,
            ..
        } = summary;
        self.filled.posted += posted;
        self.filled.revised += revised;
        self.filled.unchanged += unchanged;
        self.filled.clearings += clearings_applied;
        self.filled.clearing_faults.extend(clearing_faults);
        self.filled.missing.extend(waiting_for);
    }

    async fn note(&mut self, fact: &Fact, request_id: &str) -> Result<()> {
        let item = self.item(fact.invoice()).await?;
        match fact.clone() {
            Fact::Dispute { invoice, reason_code, open_date } => {
                let account = item.account.clone();
                let command = OpenDispute {
                    item,
                    amount: None,
                    reason_code: reason_code.into(),
                    note: String::new(),
                    open_date: Some(open_date),
                };
                let opened = self.facts.open_dispute(&self.ctx, request_id, command).await?;
                self.disputes.insert(invoice, ChildName { account, id: opened.id });
            }
            Fact::DisputeEnd { invoice, outcome, resolve_date } => {
                let dispute = self.disputes.remove(&invoice);
                let dispute =
                    dispute.ok_or_else(|| Error::internal("a dispute ends that never began"))?;
                let resolve_date = Some(resolve_date);
                let command = ResolveDispute { dispute, outcome, resolve_date };
                self.facts.resolve_dispute(&self.ctx, request_id, command).await?;
            }
            Fact::Promise { invoice: _, amount, promise_date, pay_by } => {
                let command = RecordPromise {
                    account: item.account,
                    items: vec![item.id],
                    amount,
                    promise_date: Some(promise_date),
                    pay_by_date: pay_by,
                    grace_days: 3,
                    contact: None,
                    promised_by: "Accounts payable".into(),
                };
                self.facts.record_promise(&self.ctx, request_id, command).await?;
            }
            Fact::WriteOff { invoice: _, posting_date, reason } => {
                let command = WriteOffItem {
                    item,
                    amount: None,
                    posting_date: Some(posting_date),
                    reason: reason.into(),
                };
                self.ledger.write_off(&self.ctx, request_id, command).await?;
            }
        }
        Ok(())
    }

    /// The one item of an invoice.
    async fn item(&self, invoice: &DocumentKey) -> Result<ChildName> {
        let name = DocumentName::Key(invoice.clone());
        let document = self.receivables.document(&self.ctx, name, PointQuery::default()).await?;
        let missing = || Error::internal(format!("{} has no item", invoice.document_no));
        let id = document.items.first().map(|item| item.id).ok_or_else(missing)?;
        Ok(ChildName { account: AccountRef::Id(document.account_id), id })
    }
}

/// What counts of a customer's number, as the source system spells it.
fn digits(payer: &AccountRef) -> Option<&str> {
    match payer {
        AccountRef::External { id, .. } => Some(id.trim_start_matches('0')),
        AccountRef::Id(_) => None,
    }
}

/// By the digits that count of a customer's number.
fn display_names(company: &Company) -> HashMap<String, &str> {
    let customers = company.customers.iter();
    customers.map(|c| (c.number.to_string(), c.display_name.as_str())).collect()
}
