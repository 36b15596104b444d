//! FindIntroductions: who can bring us to somebody.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::at::PeopleAt;
use super::power_map::{active, active_edges, introduced};
use super::seats::{self, seated};
use super::{Contacts, found};
use crate::ctx::Ctx;
use crate::domain::contact::ContactState;
use crate::domain::edge::Rung;
use crate::domain::error::{Error, Result};
use crate::domain::introduction::{DECLARED_BP, HOPS_MAX, Link, PEOPLE_MAX, routes};
use crate::domain::names::{ContactRef, MemberRef};
use crate::domain::route::{Basis, Lines, Route};
use crate::domain::tie::{Person, Side, Tie};
use crate::store::ReadTx;

#[derive(Debug, Clone)]
pub struct FindIntroductions {
    pub contact: ContactRef,
    /// Only from this one of ours.
    pub member: Option<MemberRef>,
    pub routes_max: usize,
}

/// How one of theirs is reached.
#[derive(Debug)]
pub struct Introductions {
    pub on: NaiveDate,
    /// The best of each of ours, the best first.
    pub routes: Vec<Route>,
    /// More people were met on the way than are looked at.
    pub cut: bool,
}

impl Contacts {
    /// The best ways from ours to a contact.
    ///
    /// # Errors
    /// NotFound.
    pub async fn introductions(
        &self,
        ctx: &Ctx,
        question: FindIntroductions,
    ) -> Result<Introductions> {
        let on = ctx.business_date();
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let FindIntroductions { contact, member, routes_max } = question;
                    let target = found(&contact, tx.find_contact(&contact).await?)?;
                    let member = match &member {
                        None => None,
                        Some(name) => {
                            let missing = || Error::not_found("member", name.to_string());
                            Some(tx.find_member(name).await?.ok_or_else(missing)?)
                        }
                    };
                    let (mut links, cut) = links(tx, &target, on).await?;
                    if let Some(id) = member {
                        links.retain(|one| one.from.side == Side::Contact || one.from.id == id);
                    }
                    let lines = lines(tx, &target, &links, on).await?;
                    let mut routes = routes(&links, &target, &lines);
                    routes.truncate(routes_max);
                    Ok(Introductions { on, routes, cut })
                })
            })
            .await
    }
}

/// What leads to a contact in as many steps as an introduction has, and whether some was left out.
async fn links(tx: &ReadTx, target: &str, on: NaiveDate) -> Result<(Vec<Link>, bool)> {
    let (mut links, mut cut) = (Vec::new(), false);
    let mut seen = BTreeSet::from([target.to_owned()]);
    let mut asked = BTreeSet::from([target.to_owned()]);
    for hop in 1..=HOPS_MAX {
        let ids: Vec<&str> = asked.iter().map(String::as_str).collect();
        for (pair, edge, rung) in active_edges(tx, &ids, PeopleAt::of(on, i64::MAX, on)).await? {
            if rung >= Rung::Familiar {
                links.push(Link {
                    from: Person { side: Side::Member, id: pair.member_id },
                    to: pair.contact_id,
                    weight_bp: edge.strength_bp(on),
                    basis: Basis::Met(rung),
                });
            }
        }
        let declared: Vec<Link> = tx
            .ties_of(Side::Contact, &ids)
            .await?
            .iter()
            .filter(|tie| tie.kind.is_personal() && tie.days.holds(on, i64::MAX))
            .flat_map(|tie| [declared(tie, &tie.from, &tie.to), declared(tie, &tie.to, &tie.from)])
            .flatten()
            .filter(|link| asked.contains(&link.to))
            .collect();
        let next = declared.iter().map(|link| &link.from);
        let next: BTreeSet<&str> = next
            .filter(|from| from.side == Side::Contact && hop < HOPS_MAX)
            .map(|from| from.id.as_str())
            .filter(|id| !seen.contains(*id))
            .collect();
        let room = PEOPLE_MAX - seen.len();
        cut |= next.len() > room;
        asked = next.into_iter().take(room).map(str::to_owned).collect();
        seen.extend(asked.iter().cloned());
        links.extend(declared);
        if asked.is_empty() {
            break;
        }
    }
    let there = there(tx, &links).await?;
    links.retain(|link| there.contains(&link.from));
    Ok((links, cut))
}

/// The step that a personal tie makes from the one to the other, who is one of theirs.
fn declared(tie: &Tie, from: &Person, to: &Person) -> Option<Link> {
    let link = || Link {
        from: from.clone(),
        to: to.id.clone(),
        weight_bp: DECLARED_BP,
        basis: Basis::Declared { tie_id: tie.id, kind: tie.kind },
    };
    (to.side == Side::Contact).then(link)
}

/// Those of whom links start who are there: active members, and contacts who are not deleted.
async fn there(tx: &ReadTx, links: &[Link]) -> Result<BTreeSet<Person>> {
    let of = |side: Side| -> BTreeSet<&str> {
        links
            .iter()
            .map(|link| &link.from)
            .filter(|from| from.side == side)
            .map(|from| &*from.id)
            .collect()
    };
    let members = active(tx, of(Side::Member)).await?;
    let contacts: Vec<&str> = of(Side::Contact).into_iter().collect();
    let contacts = tx.contacts_among(&contacts).await?.into_iter();
    let contacts = contacts.filter(|one| one.state == ContactState::Active).map(|one| one.id);
    let person = |side: Side| move |id: String| Person { side, id };
    let members = members.into_iter().map(person(Side::Member));
    Ok(members.chain(contacts.map(person(Side::Contact))).collect())
}

/// The reporting lines of accounts at which two of these people sit.
async fn lines(tx: &ReadTx, target: &str, links: &[Link], on: NaiveDate) -> Result<Lines> {
    let contacts = links.iter().map(|link| link.to.as_str());
    let contacts: BTreeSet<&str> = contacts.chain([target]).collect();
    let contacts: Vec<&str> = contacts.into_iter().collect();
    let mut sit: BTreeMap<String, usize> = BTreeMap::new();
    for position in seats::of_contacts(tx, &contacts, on).await?.into_values().flatten() {
        *sit.entry(position.account_id).or_default() += 1;
    }
    let accounts: Vec<&str> =
        sit.iter().filter(|(_, people)| **people > 1).map(|(id, _)| id.as_str()).collect();
    let positions = tx.positions_of_accounts(&accounts).await?;
    let seats = seated(positions, tx.seatings_of_accounts(&accounts).await?, on);
    let introduced = introduced(tx, &contacts, on).await?;
    let seats = seats.iter().map(|(position, contact)| (position, contact.as_deref()));
    Ok(Lines::new(seats, introduced))
}
