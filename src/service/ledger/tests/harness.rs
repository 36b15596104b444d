//! Three accounts, and what posts, reserves and moves for them.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeZone, Utc};
use uuid::Uuid;

use crate::domain::account::Account;
use crate::domain::account::command::{AccountChange, DeleteAccount, ParentChange, UpdateAccount};
use crate::domain::credit::decide::FoundKey;
use crate::domain::credit::reservation::{
    Counted, Link, NEVER, Now, Reservation, ReservationState,
};
use crate::domain::document::{BaselineDates, ClearingInstruction, DocumentKey, Draft};
use crate::domain::error::Result;
use crate::domain::item::DocumentKind;
use crate::domain::ledger::command::{PostDocuments, ReverseDocument};
use crate::domain::money::Currency;
use crate::domain::names::OrderKey;
use crate::domain::names::{AccountRef, ChildName};
use crate::service::Settings;
use crate::service::accounts::Accounts;
use crate::service::ledger::Ledger;
use crate::store::credit::KnownReservation;
use crate::store::seed::{Fresh, day, fresh};
use crate::store::{Lane, WriteTx};

pub const ACCOUNTS: [&str; 3] = ["a", "b", "c"];

pub struct Harness {
    pub db: Fresh,
    pub ledger: Ledger,
    accounts: Accounts,
}

pub async fn harnesses() -> Vec<Harness> {
    let mut harnesses = Vec::new();
    for db in fresh().await {
        for account in ACCOUNTS {
            db.account(account).await;
        }
        let ledger = Ledger::new(db.store.clone(), Settings::default());
        let accounts = Accounts::new(db.store.clone());
        harnesses.push(Harness { db, ledger, accounts });
    }
    harnesses
}

/// An invoice of the business date, in US dollars.
pub fn invoice(no: &str, account: &str, order_ref: &str, gross: i64) -> Draft<AccountRef> {
    draft(DocumentKind::Invoice, no, account, order_ref, gross)
}

/// Money of the business date, for an order if it names one.
pub fn advance(no: &str, account: &str, order_ref: &str, gross: i64) -> Draft<AccountRef> {
    draft(DocumentKind::Receipt, no, account, order_ref, gross)
}

fn draft(
    kind: DocumentKind,
    no: &str,
    account: &str,
    order_ref: &str,
    gross: i64,
) -> Draft<AccountRef> {
    Draft {
        key: DocumentKey {
            source_system: "erp".into(),
            company_code: "1000".into(),
            document_no: no.into(),
            ..DocumentKey::default()
        },
        source_version: 0,
        kind,
        side: kind.default_side(),
        payer: AccountRef::Id(account.into()),
        sold_to: None,
        bill_to: None,
        document_date: day(6, 15),
        posting_date: day(6, 15),
        currency: Currency::parse("USD").unwrap(),
        gross,
        net: None,
        tax: None,
        instalments: vec![],
        terms: None,
        baseline_dates: BaselineDates::default(),
        clears: ClearingInstruction::default(),
        adjustment_reason: None,
        order_ref: order_ref.into(),
        contract_ref: String::new(),
        project_ref: String::new(),
        note: Default::default(),
    }
}

impl Harness {
    pub async fn post(&self, draft: Draft<AccountRef>) -> Uuid {
        self.try_post(draft).await.unwrap()
    }

    pub async fn try_post(&self, draft: Draft<AccountRef>) -> Result<Uuid> {
        let command = PostDocuments { documents: vec![draft], create_missing_accounts: false };
        let posted = self.ledger.post(&self.db.ctx, &request(), command).await?;
        Ok(posted[0].document_id)
    }

    pub async fn reverse(&self, account: &str, document: Uuid) {
        self.try_reverse(account, document).await.unwrap();
    }

    pub async fn try_reverse(&self, account: &str, document: Uuid) -> Result<()> {
        let document = ChildName { account: AccountRef::Id(account.into()), id: document };
        let command =
            ReverseDocument { document, effective_date: None, reason: "by mistake".into() };
        self.ledger.reverse(&self.db.ctx, &request(), command).await.map(drop)
    }

    /// The first item of a document.
    pub async fn item_of(&self, document: Uuid) -> Option<Uuid> {
        let read = self.db.store.write(&self.db.ctx, Lane::Interactive, move |tx| {
            Box::pin(async move { tx.items_of(&[document], day(1, 1)).await })
        });
        read.await.unwrap().first().map(|tracked| tracked.item.id)
    }

    /// Puts an account under another; an empty parent is none.
    pub async fn stand(&self, account: &str, parent: &str) {
        self.try_stand(account, parent).await.unwrap();
    }

    pub async fn try_stand(&self, account: &str, parent: &str) -> Result<Account> {
        let version = format!("SELECT version AS v FROM account WHERE id = '{account}'");
        let command = UpdateAccount {
            account: AccountRef::Id(account.into()),
            version: self.db.count(&version).await,
            change: AccountChange::default(),
            parent: Some(match parent {
                "" => ParentChange::None,
                parent => ParentChange::Under(AccountRef::Id(parent.into())),
            }),
            parent_from: None,
            size: None,
            form: None,
        };
        self.accounts.update(&self.db.ctx, command, "").await
    }

    pub async fn delete(&self, account: &str) -> Result<Account> {
        let command = DeleteAccount { account: AccountRef::Id(account.into()), version: None };
        self.accounts.delete(&self.db.ctx, command, "").await
    }

    /// Reserves an order, with what the ledger knows of it already.
    pub async fn reserve(&self, account: &str, order_ref: &str, amount: i64) {
        let key = FoundKey {
            account_id: account.into(),
            order: order_key(order_ref),
            currency: Currency::parse("USD").unwrap(),
        };
        self.write(move |tx| {
            let key = key.clone();
            Box::pin(async move { reserve(tx, key, amount).await })
        })
        .await;
    }

    /// Changes an order, and what follows from it.
    pub async fn change(
        &self,
        order_ref: &str,
        change: impl Fn(&mut Reservation) + Send + Sync + Clone + 'static,
    ) {
        let order_ref = order_ref.to_owned();
        self.write(move |tx| {
            let (order_ref, change) = (order_ref.clone(), change.clone());
            Box::pin(async move {
                let mut known = lock_order(tx, &order_ref).await?;
                change(&mut known.reservation);
                save(tx, known).await
            })
        })
        .await;
    }

    /// A commitment that names a document.
    pub async fn commit(&self, order_ref: &str, document: Uuid, amount: i64) {
        let order_ref = order_ref.to_owned();
        self.write(move |tx| {
            let order_ref = order_ref.clone();
            Box::pin(async move {
                let mut known = lock_order(tx, &order_ref).await?;
                let took = known.reservation.invoice(amount);
                let reservation = known.reservation.id;
                tx.link_documents(&[Link { document, reservation, amount, took }]).await?;
                save(tx, known).await
            })
        })
        .await;
    }

    pub async fn reservation(&self, order_ref: &str) -> Reservation {
        let order_ref = order_ref.to_owned();
        let read = self.db.store.write(&self.db.ctx, Lane::Interactive, move |tx| {
            let order_ref = order_ref.clone();
            Box::pin(async move { lock_order(tx, &order_ref).await })
        });
        read.await.unwrap().reservation
    }

    async fn write<F>(&self, work: F)
    where
        F: for<'a> Fn(&'a mut WriteTx) -> futures_util::future::BoxFuture<'a, Result<()>>
            + Send
            + Sync
            + 'static,
    {
        self.db.store.write(&self.db.ctx, Lane::Interactive, work).await.unwrap();
    }

    /// What an account counts in a component, whatever the day.
    pub async fn exposure(&self, account: &str, component: &str) -> i64 {
        let sql = format!(
            "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS v FROM credit_exposure \
             WHERE account_id = '{account}' AND component = '{component}'"
        );
        self.db.count(&sql).await
    }

    /// What an account counts on a day.
    pub async fn counting(&self, account: &str, on: NaiveDate) -> i64 {
        let sql = format!(
            "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS v FROM credit_exposure \
             WHERE account_id = '{account}' AND effective_date <= '{on}'"
        );
        self.db.count(&sql).await
    }

    pub async fn wait_until(&self, month: u32, day: u32) {
        self.db.ctx.clock.set(Utc.with_ymd_and_hms(2026, month, day, 12, 0, 0).unwrap());
    }

    pub async fn failing(&self) -> Vec<(&'static str, i64)> {
        let checks = self.db.store.verify(&self.db.ctx).await.unwrap();
        checks.iter().filter(|c| !c.holds()).map(|c| (c.name, c.differences)).collect()
    }

    pub async fn holds(&self) {
        let checks = self.db.store.verify(&self.db.ctx).await.unwrap();
        let wrong: Vec<_> = checks.iter().filter(|check| !check.holds()).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

fn request() -> String {
    Uuid::now_v7().to_string()
}

async fn reserve(tx: &mut WriteTx, key: FoundKey, amount: i64) -> Result<()> {
    tx.lock_accounts(std::slice::from_ref(&key.account_id)).await?;
    let history = tx.reservation_histories(std::slice::from_ref(&key)).await?.remove(&key);
    let history = history.unwrap_or_default();
    let now = now(tx).await?;
    let mut reservation = Reservation {
        id: Uuid::now_v7(),
        account_id: key.account_id,
        system: key.order.system,
        order_ref: key.order.order_ref,
        company_code: key.order.company_code,
        currency: key.currency,
        state: ReservationState::Open,
        amount,
        delivered: 0,
        invoiced: 0,
        invoiced_live: 0,
        advance: history.advance,
        expire_us: NEVER,
        grant: None,
        decision: Uuid::nil(),
        cancel_reason: Default::default(),
        stored: Counted::default(),
        create_us: now.us,
        update_us: now.us,
    };
    let mut links = Vec::new();
    for (document, gross) in history.documents {
        let took = reservation.invoice(gross);
        links.push(Link { document, reservation: reservation.id, amount: gross, took });
    }
    tx.link_documents(&links).await?;
    let heads = tx.lock_roots(&[reservation.account_id.clone()].into()).await?;
    let root_id = heads[&reservation.account_id].root_id.clone();
    let mut known = KnownReservation { reservation, root_id, next_change_us: NEVER };
    let mut moves = BTreeMap::new();
    known.settle(now, tx.clock(), &mut moves);
    tx.insert_reservations(&[known]).await?;
    tx.add_exposure(moves).await
}

async fn lock_order(tx: &mut WriteTx, order_ref: &str) -> Result<KnownReservation> {
    let account =
        tx.reservations_by_key([&order_key(order_ref)]).await?.remove(0).reservation.account_id;
    tx.lock_accounts(&[account]).await?;
    Ok(tx.reservations_by_key([&order_key(order_ref)]).await?.remove(0))
}

async fn save(tx: &mut WriteTx, mut known: KnownReservation) -> Result<()> {
    let mut moves = BTreeMap::new();
    known.settle(now(tx).await?, tx.clock(), &mut moves);
    tx.update_reservations(&[known]).await?;
    tx.add_exposure(moves).await
}

async fn now(tx: &mut WriteTx) -> Result<Now> {
    Ok(Now { us: tx.recorded_at().await?, today: tx.clock().business_date() })
}

fn order_key(order_ref: &str) -> OrderKey {
    let company_code = "1000".into();
    OrderKey { system: "erp".into(), company_code, order_ref: order_ref.into() }
}
