//! Reservations follow the documents that name their orders, in the transaction that writes these:
//! invoices come and go, and so does money that names an order.

mod loaded;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sea_orm::{ConnectionTrait, DerivePartialModel, EntityTrait, QueryFilter};
use uuid::Uuid;

use self::loaded::Reservations;
use super::links::{KnownLink, insert_links, links_of, remove_links};
use super::reservations::update_reservations;
use crate::ctx::Clock;
use crate::domain::books::{AdvanceChange, Changes, Ending};
use crate::domain::credit::component::ExposureKey;
use crate::domain::credit::reservation::{Link, Now, is_invoicing};
use crate::domain::document::{DocumentKey, EndState};
use crate::domain::error::Result;
use crate::domain::money::Currency;
use crate::domain::names::OrderKey;
use crate::store::entity::document;
use crate::store::rows;

/// What a change says about reservations.
pub(in crate::store) struct Said {
    /// New debits that invoice what they name.
    invoices: Vec<Invoice>,
    /// Documents that no longer count, and reversed ones that are back with a higher version.
    ended: Vec<Uuid>,
    /// Those of them that a higher version replaces.
    corrected: HashSet<Uuid>,
    advances: Vec<AdvanceChange>,
    /// The order that each new receipt names.
    named: HashMap<Uuid, OrderKey>,
}

struct Invoice {
    document: Uuid,
    key: DocumentKey,
    order_ref: String,
    account_id: String,
    currency: Currency,
    gross: i64,
}

impl Invoice {
    fn order(&self) -> OrderKey {
        self.key.order(&self.order_ref)
    }
}

impl Said {
    pub fn of(changes: &Changes) -> Self {
        let ended = changes.endings.iter().map(|ending| ending.document);
        let superseded = |ending: &&Ending| ending.state == EndState::Superseded;
        let superseded = changes.endings.iter().filter(superseded).map(|ending| ending.document);
        let back = || changes.documents.iter().filter_map(|document| document.returns);
        let mut said = Self {
            invoices: Vec::new(),
            ended: ended.chain(back()).collect(),
            corrected: superseded.chain(back()).collect(),
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
                said.named.insert(id, draft.key.order(&draft.order_ref));
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
    let links = move_links(&said, &gone, &mut reservations);
    for change in &said.advances {
        let reservation = named.get(&change.document).and_then(|order| reservations.named(order));
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
    company_code: String,
    order_ref: String,
}

/// Takes the links out that are gone, and then puts in those of new invoices: a correction does
/// both. One that goes to another order gives back what the first version took of its own; one
/// that stays keeps it, to give it back some day. So does one that is reversed: a link that
/// invoices nothing is left of it, for the day it comes back.
fn move_links(said: &Said, gone: &[KnownLink], reservations: &mut Reservations) -> Vec<Link> {
    let place = |reservations: &mut Reservations, invoice: &Invoice| {
        let id = reservations
            .named(&invoice.order())
            .or_else(|| reservations.inherited(invoice, gone))?;
        let known = reservations.of(id, &invoice.account_id, invoice.currency)?;
        Some(known.reservation.id)
    };
    let places: Vec<Option<Uuid>> =
        said.invoices.iter().map(|invoice| place(reservations, invoice)).collect();
    for KnownLink { link, .. } in gone {
        if let Some(known) = reservations.touch(link.reservation) {
            known.reservation.reverse_invoice(link.amount);
        }
    }
    let mut kept: HashMap<&DocumentKey, i64> = HashMap::new();
    for KnownLink { link, key, .. } in
        gone.iter().filter(|g| said.corrected.contains(&g.link.document))
    {
        let mut after =
            said.invoices.iter().zip(&places).filter(|(invoice, _)| invoice.key == *key);
        if after.any(|(_, place)| *place == Some(link.reservation)) {
            kept.insert(key, link.took);
        } else if let Some(known) = reservations.touch(link.reservation) {
            known.reservation.give_back(link.took);
        }
    }
    let is_reversed = |g: &&KnownLink| !said.corrected.contains(&g.link.document);
    let reversed = gone.iter().filter(is_reversed);
    let mut links: Vec<Link> = reversed.map(|g| Link { amount: 0, ..g.link }).collect();
    for (invoice, place) in said.invoices.iter().zip(places) {
        let Some(known) = place.and_then(|id| reservations.touch(id)) else { continue };
        let took = known.reservation.invoice(invoice.gross);
        links.push(Link {
            document: invoice.document,
            reservation: known.reservation.id,
            amount: invoice.gross,
            took: took + kept.get(&invoice.key).copied().unwrap_or_default(),
        });
    }
    links
}

/// The order that each document of the advances names.
async fn names(conn: &impl ConnectionTrait, said: &Said) -> Result<HashMap<Uuid, OrderKey>> {
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
    named.extend(found.into_iter().map(|of| {
        let Naming { id, source_system: system, company_code, order_ref } = of;
        (id, OrderKey { system, company_code, order_ref })
    }));
    Ok(named)
}
