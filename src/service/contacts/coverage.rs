//! GetCoverage: how well an account is covered today.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};

use super::Contacts;
use crate::ctx::{Ctx, RowScope};
use crate::domain::commitment::Word;
use crate::domain::coverage::measure::{
    self, Dependency, Form, Satisfaction, TopHeavy, coverage_bp, executive_share_bp,
};
use crate::domain::coverage::{Facts, Filled, Peer, SCORE_DAYS, Seat, Tie};
use crate::domain::error::{Error, Result};
use crate::domain::member::MemberState;
use crate::domain::names::AccountRef;
use crate::domain::position::incumbency::{self, Seating};
use crate::service::resolve;
use crate::store::ReadTx;

/// How well an account is covered on a day.
#[derive(Debug)]
pub struct Coverage {
    pub account_id: String,
    pub on: NaiveDate,
    /// `None` if nobody of the account is known.
    pub coverage_bp: Option<i32>,
    pub cells: Vec<Filled>,
    pub peers: Vec<Peer>,
    pub executive_share_bp: Option<i32>,
    pub top_heavy: TopHeavy,
    pub satisfaction: Vec<Satisfaction>,
    pub dependency: Option<Dependency>,
    pub form: Form,
}

impl Contacts {
    /// How well an account is covered today.
    ///
    /// # Errors
    /// NotFound.
    pub async fn coverage(&self, ctx: &Ctx, name: AccountRef) -> Result<Coverage> {
        let (scope, on) = (ctx.row_scope(), ctx.business_date());
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let names = [name];
                    let found = resolve::all(&names, tx.find_accounts(&names).await?)?;
                    let account = found.into_values().next();
                    let id = account.ok_or_else(|| Error::internal("one name, no account"))?.id;
                    Ok(coverage(id.clone(), &facts(tx, &id, on, scope).await?))
                })
            })
            .await
    }
}

/// What the coverage of an account on a day is told from.
pub(super) async fn facts(
    tx: &ReadTx,
    account_id: &str,
    on: NaiveDate,
    scope: RowScope,
) -> Result<Facts> {
    let account = tx.accounts(&[account_id]).await?.remove(account_id);
    let account = account.ok_or_else(|| Error::internal(format!("{account_id} is gone")))?;
    let seatings = tx.seatings_of_account(account_id).await?;
    let positions = tx.positions_of(account_id).await?;
    let seats = positions.into_iter().filter(|position| position.holds(on)).map(|position| {
        let here: Vec<Seating> =
            seatings.iter().filter(|one| one.position_id == position.id).cloned().collect();
        Seat {
            position_id: position.id,
            site: position.terms.site,
            function: position.terms.function,
            level: position.terms.level,
            contact_id: incumbency::incumbent(&here, on).map(str::to_owned),
        }
    });
    let seats = seats.collect();
    let edges = tx.edges_of(account_id).await?;
    let members: BTreeSet<&str> = edges.iter().map(|(pair, _)| pair.member_id.as_str()).collect();
    let members: Vec<&str> = members.into_iter().collect();
    let active: BTreeSet<String> = tx
        .members_among(&members, scope)
        .await?
        .into_iter()
        .filter(|member| member.state == MemberState::Active)
        .map(|member| member.id)
        .collect();
    let words = tx.words(account_id, on).await?;
    let ties = edges.into_iter().filter(|(pair, _)| active.contains(&pair.member_id)).map(
        |(pair, edge)| {
            let of_both = (pair.member_id, pair.contact_id);
            let word_kept = words.get(&of_both).is_some_and(Word::is_kept);
            let (member_id, contact_id) = of_both;
            Tie { member_id, contact_id, edge, word_kept }
        },
    );
    Ok(Facts {
        on,
        sites: account.sites.into_iter().map(|site| site.id).collect(),
        seats,
        ties: ties.collect(),
        scores: tx.scores(account_id, on - Days::new(SCORE_DAYS.unsigned_abs())).await?,
        has_people: seatings.iter().any(|one| one.contact_id.is_some()),
    })
}

/// The figures of an account, from what is known of it.
pub(super) fn coverage(account_id: String, facts: &Facts) -> Coverage {
    let cells = facts.filled(facts.default_cells());
    let peers = facts.peers();
    let satisfaction = measure::satisfaction(facts);
    Coverage {
        account_id,
        on: facts.on,
        coverage_bp: coverage_bp(facts, &cells),
        executive_share_bp: executive_share_bp(&peers),
        top_heavy: measure::top_heavy(&peers, &satisfaction),
        dependency: measure::dependency(&peers),
        form: measure::form(facts, &peers),
        cells,
        peers,
        satisfaction,
    }
}
