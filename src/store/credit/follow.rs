//! Reservations follow the documents that name their orders, in the transaction that writes these:
//! invoices come and go, and so does money that names an order.

mod loaded;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{ConnectionTrait, DerivePartialModel, EntityTrait, QueryFilter};
use uuid::Uuid;

use self::loaded::Reservations;
use super::Link;
use super::links::{KnownLink, insert_links, links_of, remove_links};
use super::reservations::update_reservations;
use crate::ctx::Clock;
use crate::domain::books::{AdvanceChange, Changes};
use crate::domain::credit::component::ExposureKey;
use crate::domain::credit::reservation::{Now, is_invoicing};
use crate::domain::document::DocumentKey;
use crate::domain::error::Result;
use crate::domain::money::Currency;
use crate::store::entity::document;
use crate::store::rows;

/// What a change says about reservations.
pub(in crate::store) struct Said {
    /// New debits that invoice what they name.
    invoices: Vec<Invoice>,
    /// Documents that no longer count.
    ended: Vec<Uuid>,
    advances: Vec<AdvanceChange>,
    /// The order that each new receipt names.
    named: HashMap<Uuid, Name>,
}

/// Source system and reference of an order.
type Name = (String, String);

struct Invoice {
    document: Uuid,
    key: DocumentKey,
    order_ref: String,
    account_id: String,
    currency: Currency,
    gross: i64,
}

impl Said {
    pub fn of(changes: &Changes) -> Self {
        let mut said = Self {
            invoices: Vec::new(),
            ended: changes.endings.iter().map(|ending| ending.document).collect(),
            advances: changes.advances.clone(),
            named: HashMap::new(),
        };
        for document in &changes.documents {
            let (id, draft) = (document.id, &document.draft);
            let revises = !said.ended.is_empty();
            if is_invoicing(draft.kind, draft.side) && (revises || !draft.order_ref.is_empty()) {
                said.invoices.push(Invoice {
                    document: id,
                    key: draft.key.clone(),
                    order_ref: draft.order_ref.clone(),
                    account_id: draft.payer.clone(),
                    currency: draft.currency,
                    gross: draft.gross,
                });
            } else if !draft.order_ref.is_empty() {
                let name = (draft.key.source_system.clone(), draft.order_ref.clone());
                said.named.insert(id, name);
            }
        }
        said
    }
}

/// Brings the reservations up to date with a change whose documents are written; answers what moves
/// in the projection of what counts. The accounts are locked; reservations of other accounts or
/// currencies are not touched: whoever names them names something else.
pub(in crate::store) async fn follow(
    conn: &impl ConnectionTrait,
    said: Said,
    now: Now,
    clock: &Clock,
) -> Result<BTreeMap<ExposureKey, i64>> {
    let gone = links_of(conn, &said.ended).await?;
    let named = names(conn, &said).await?;
    let mut reservations = Reservations::load(conn, &said, &gone, &named).await?;
    if reservations.is_empty() {
        return Ok(BTreeMap::new());
    }
    // Out before in: a correction takes an invoice out and puts it in again.
    for KnownLink { link, .. } in &gone {
        if let Some(known) = reservations.touch(link.reservation) {
            known.reservation.reverse_invoice(link.amount);
        }
    }
    let mut links = Vec::new();
    for invoice in &said.invoices {
        let reservation = reservations
            .named(&invoice.key.source_system, &invoice.order_ref)
            .or_else(|| reservations.inherited(invoice, &gone));
        let Some(known) =
            reservation.and_then(|id| reservations.of(id, &invoice.account_id, invoice.currency))
        else {
            continue;
        };
        known.reservation.invoice(invoice.gross);
        links.push(Link {
            document: invoice.document,
            reservation: known.reservation.id,
            amount: invoice.gross,
        });
    }
    for change in &said.advances {
        let reservation = named.get(&change.document).and_then(|(s, r)| reservations.named(s, r));
        if let Some(known) =
            reservation.and_then(|id| reservations.of(id, &change.account_id, change.currency))
        {
            known.reservation.advance.add(change.effective, change.amount, now.today);
        }
    }
    remove_links(conn, gone.iter().map(|known| known.link.document)).await?;
    insert_links(conn, &links).await?;
    let (touched, moves) = reservations.settle(now, clock);
    update_reservations(conn, &touched).await?;
    Ok(moves)
}

/// What a document says of an order.
#[derive(DerivePartialModel)]
#[sea_orm(entity = "document::Entity")]
struct Naming {
    id: Uuid,
    source_system: String,
    order_ref: String,
}

/// The order that each document of the advances names.
async fn names(conn: &impl ConnectionTrait, said: &Said) -> Result<HashMap<Uuid, Name>> {
    let mut named = said.named.clone();
    let documents: BTreeSet<Uuid> = said
        .advances
        .iter()
        .map(|change| change.document)
        .filter(|document| !named.contains_key(document))
        .collect();
    if documents.is_empty() {
        return Ok(named);
    }
    let these = rows::among(conn.get_database_backend(), document::Column::Id, documents);
    let found: Vec<Naming> = rows::parts(conn, document::Entity::find().filter(these)).await?;
    named.extend(found.into_iter().map(|of| (of.id, (of.source_system, of.order_ref))));
    Ok(named)
}
