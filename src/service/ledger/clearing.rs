//! Clearing by hand, and resetting.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use uuid::Uuid;

use super::rates::Rates;
use super::{Ledger, account, event, merged};
use crate::ctx::Ctx;
use crate::domain::books::{ActiveAllocation, Books, Cause, Payment, RequestState};
use crate::domain::clearing::{self, ClearingState, ClearingVerb};
use crate::domain::error::{Error, Precondition, Reason, Result, Violations};
use crate::domain::event::EventType;
use crate::domain::ledger::command::{
    AllocationRequest, ClearItems, NamedElsewhere, ResetClearing,
};
use crate::domain::ledger::{Allocation, Clearing};
use crate::domain::machine::advance;
use crate::domain::money::Money;
use crate::domain::names::{self, AccountRef, child_name};
use crate::service::{Configured, Settings};
use crate::store::{Call, KnownClearing, Outcome, WriteTx};

impl Ledger {
    /// Settles credits against debits of one account.
    pub async fn clear(
        &self,
        ctx: &Ctx,
        request_id: &str,
        command: ClearItems,
    ) -> Result<Clearing> {
        let call = Call::new("ReceivableService.ClearItems", request_id, &command.account);
        let command = self.settings.configure(command);
        Ok(self.store.mutate(ctx, call, command, clear).await?.into_inner())
    }

    /// Takes a clearing back from a day on.
    pub async fn reset(
        &self,
        ctx: &Ctx,
        request_id: &str,
        command: ResetClearing,
    ) -> Result<Clearing> {
        let call = Call::new("ReceivableService.ResetClearing", request_id, command.clearing.id);
        match self.store.mutate(ctx, call, command, reset).await? {
            Outcome::Done(clearing) => Ok(clearing),
            Outcome::Replayed(clearing) => {
                let reset = self.store.clearing_reset(clearing.id).await?;
                Ok(Clearing { reset: Some(reset), ..clearing })
            }
        }
    }
}

/// What a command about items of an account works with.
pub(super) struct Loaded {
    pub account: String,
    /// The accounts that count as the same one, itself among them.
    pub same: BTreeSet<String>,
    pub books: Books,
}

/// Locks the account and loads the items named, which must be its own, or of one that counts as the same.
/// `elsewhere`: those whose names say that they are of another account.
pub(super) async fn load(
    tx: &mut WriteTx,
    account: &AccountRef,
    items: &[Uuid],
    elsewhere: &[NamedElsewhere],
    floor: NaiveDate,
) -> Result<Loaded> {
    let account = self::account(tx, account).await?.id;
    let sets = merged::lock(tx, &BTreeSet::from([account.clone()])).await?;
    let same = sets.counting_as(&account);
    refuse_others(&account, &same, elsewhere)?;
    let loaded = tx.items(items, floor).await?;
    for id in items {
        if !loaded.iter().any(|t| t.item.id == *id && same.contains(&t.item.account_id)) {
            return Err(Error::not_found("item", child_name(&account, names::ITEMS, *id)));
        }
    }
    let companies: Vec<String> = loaded.iter().map(|t| t.item.company_code.clone()).collect();
    let mut books = Books::new(tx.closed_periods(companies).await?).joining(sets.of_now());
    books.load(loaded);
    Ok(Loaded { account, same, books })
}

/// Refuses items of accounts that do not count as the same one.
fn refuse_others(
    account: &str,
    same: &BTreeSet<String>,
    elsewhere: &[NamedElsewhere],
) -> Result<()> {
    let others = elsewhere.iter().filter(|named| !same.contains(&named.account_id));
    let refused: Vec<_> = others
        .map(|NamedElsewhere { field, account_id }| {
            let what = format!("is an item of {}", names::account_name(account_id));
            let subject = names::account_name(account);
            Precondition::new(Reason::ClearingAcrossAccounts, subject, what).at(field)
        })
        .collect();
    if refused.is_empty() { Ok(()) } else { Err(Error::FailedPrecondition(refused)) }
}

async fn clear(tx: &mut WriteTx, _: &Ctx, c: &Configured<ClearItems>) -> Result<Clearing> {
    let Configured { command, settings } = c;
    let day = command.apply_date.unwrap_or(tx.clock().business_date());
    let mut items: Vec<Uuid> = command
        .allocations
        .iter()
        .flat_map(|a| [a.credit_item, a.debit_item])
        .chain(command.oldest_first_credits.iter().copied())
        .collect();
    items.sort_unstable();
    items.dedup();
    let Loaded { account, same, mut books } =
        load(tx, &command.account, &items, &command.elsewhere, day).await?;
    let payments = match command.allocations.is_empty() {
        true => oldest_first(tx, &mut books, &same, &command.oldest_first_credits, day).await?,
        false => named(&books, &command.allocations)?,
    };
    let rates = rates(tx, settings, &books, &payments, day).await?;
    let cleared = books.clear(Cause::PERSON, day, &payments, &rates)?;
    let Some(id) = cleared else {
        return Err(Error::precondition(
            Reason::ClearingExceedsOpen,
            names::account_name(&account),
            format!("nothing is open on both sides from {day} on"),
        ));
    };
    let changes = books.take_changes()?;
    let recorded = tx.recorded_at().await?;
    let clearing = changes
        .clearings
        .iter()
        .find(|c| c.id == id)
        .map(|c| answer(id, day, &c.active().collect::<Vec<_>>(), &books, recorded))
        .ok_or_else(|| Error::internal("a clearing was lost"))??;
    tx.write_changes(changes).await?;
    let cleared = [(clearing.account_id.clone(), id)];
    tx.publish(event::clearings(EventType::ItemsCleared, &cleared)).await?;
    Ok(clearing)
}

/// The payments as named; amounts must be in the currencies of their items.
fn named(books: &Books, allocations: &[AllocationRequest]) -> Result<Vec<Payment>> {
    let mut faults = Violations::new();
    let mut check = |field: String, item: Uuid, amount: Option<Money>| {
        let currency = books.item(item).map(|t| t.item.currency);
        match amount {
            Some(money) if Some(money.currency) != currency => faults.add(
                field,
                Reason::CurrencyMismatch,
                format!("must be in {}", currency.map_or("", |c| c.code())),
            ),
            Some(money) if money.minor <= 0 => {
                faults.add(field, Reason::AmountOutOfRange, "must be positive");
            }
            _ => {}
        }
    };
    for (i, a) in allocations.iter().enumerate() {
        check(format!("allocations[{i}].amount"), a.debit_item, a.amount);
        check(format!("allocations[{i}].credit_amount"), a.credit_item, a.credit_amount);
    }
    faults.finish()?;
    Ok(allocations
        .iter()
        .map(|a| Payment {
            credit: a.credit_item,
            debit: a.debit_item,
            amount: a.amount.map(|m| m.minor),
            credit_amount: a.credit_amount.map(|m| m.minor),
        })
        .collect())
}

/// Every credit against every open debit of its company and currency, oldest due first; what
/// finds nothing open is left out when the payments are made.
async fn oldest_first(
    tx: &WriteTx,
    books: &mut Books,
    accounts: &BTreeSet<String>,
    credits: &[Uuid],
    day: NaiveDate,
) -> Result<Vec<Payment>> {
    let mut debits: HashMap<(String, &'static str), Vec<(NaiveDate, Uuid)>> = HashMap::new();
    let mut payments = Vec::new();
    for credit in credits {
        let Some(item) = books.item(*credit).map(|t| t.item.clone()) else { continue };
        let book = (item.company_code.clone(), item.currency.code());
        if !debits.contains_key(&book) {
            let of = (item.company_code.as_str(), item.currency);
            let open = merged::open_debits(tx, accounts, of, day, &[], None).await?;
            let found = open.iter().map(|t| (t.item.posting_date, t.item.id)).collect();
            books.load(open);
            debits.insert(book.clone(), found);
        }
        let open = debits.get(&book).into_iter().flatten();
        payments.extend(open.filter(|(posted, _)| *posted <= day).map(|(_, debit)| Payment {
            credit: *credit,
            debit: *debit,
            amount: None,
            credit_amount: None,
        }));
    }
    Ok(payments)
}

async fn rates(
    tx: &WriteTx,
    settings: &Settings,
    books: &Books,
    payments: &[Payment],
    day: NaiveDate,
) -> Result<Rates> {
    let currency = |id: Uuid| books.item(id).map(|t| t.item.currency);
    if payments.iter().any(|p| currency(p.credit) != currency(p.debit)) {
        Rates::load(tx, settings, day, day).await
    } else {
        Ok(Rates::none())
    }
}

fn answer(
    id: Uuid,
    apply_date: NaiveDate,
    allocations: &[ActiveAllocation],
    books: &Books,
    recorded_us: i64,
) -> Result<Clearing> {
    let currency = |id: Uuid| {
        let item = books.item(id).map(|t| t.item.currency);
        item.ok_or_else(|| Error::internal(format!("item {id} is not loaded")))
    };
    let account_id = allocations.first().map(|of| of.account_id.clone()).unwrap_or_default();
    let allocations = allocations
        .iter()
        .map(|ActiveAllocation { row, .. }| {
            Ok(Allocation {
                credit_item: row.credit_item,
                debit_item: row.debit_item,
                debit_currency: currency(row.debit_item)?,
                amount: row.amount,
                credit_currency: currency(row.credit_item)?,
                credit_amount: row.credit_amount,
                rate: row.rate.clone(),
                reset_date: None,
            })
        })
        .collect::<Result<_>>()?;
    Ok(Clearing { id, account_id, apply_date, allocations, recorded_us, reset: None })
}

/// Takes back what still counts of a clearing; the documents that asked for it don't ask again.
async fn reset(tx: &mut WriteTx, _: &Ctx, command: &ResetClearing) -> Result<Clearing> {
    let day = command.effective_date.unwrap_or(tx.clock().business_date());
    let account = account(tx, &command.clearing.account).await?.id;
    merged::lock(tx, &BTreeSet::from([account.clone()])).await?;
    let id = command.clearing.id;
    let name = child_name(&account, names::CLEARINGS, id);
    let found = tx.clearing(&account, id).await?;
    let clearing = found.ok_or_else(|| Error::not_found("clearing", name.clone()))?;
    let KnownClearing { apply_date, recorded_us, allocations } = clearing;
    let is_reset = allocations.is_empty();
    let state = if is_reset { ClearingState::Reset } else { ClearingState::Applied };
    advance(clearing::STATES, &name, state, ClearingVerb::Reset)?;
    if day < apply_date {
        return Err(Precondition::new(
            Reason::EffectiveTooEarly,
            name,
            format!("cannot be reset on {day}, before it took effect"),
        )
        .with("earliest", apply_date)
        .into());
    }
    let items: Vec<Uuid> =
        allocations.iter().flat_map(|a| [a.row.credit_item, a.row.debit_item]).collect();
    let loaded = tx.items(&items, apply_date).await?;
    let companies: Vec<String> = loaded.iter().map(|t| t.item.company_code.clone()).collect();
    let mut books = Books::new(tx.closed_periods(companies).await?);
    books.load(loaded);
    for allocation in &allocations {
        books.reset(allocation, day, &command.reason)?;
        if !allocation.cause.request.is_nil() {
            books.note_request(allocation.cause.request, RequestState::Withdrawn);
        }
    }
    // What waits for the debits that are open again is tried by the next finish.
    let freed = allocations.iter().filter_map(|a| books.item(a.row.debit_item));
    let freed: Vec<Uuid> = freed.map(|debit| debit.item.document).collect();
    tx.set_waiting_due(&freed).await?;
    let changes = books.take_changes()?;
    let mut answer = answer(id, apply_date, &allocations, &books, recorded_us)?;
    for allocation in &mut answer.allocations {
        allocation.reset_date = Some(day);
    }
    answer.reset = Some((day, command.reason.clone().into()));
    tx.write_changes(changes).await?;
    tx.publish(event::clearings(EventType::ClearingReset, &[(account, id)])).await?;
    Ok(answer)
}
