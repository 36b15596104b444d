//! What was promised: CreateCommitment, SettleCommitment, DelegateCommitment and ListCommitments.

use chrono::NaiveDate;
use uuid::Uuid;

use super::named::{Held, cited, held_account, live_contact, member};
use super::{Interactions, With, account, event};
use crate::ctx::Ctx;
use crate::domain::commitment::{
    Commitment, CommitmentKey, CommitmentTerms, CreateCommitment, Created, DelegateCommitment,
    Evidence, EvidenceTerms, ListCommitments, Listed, SettleCommitment, Settlement, Settling,
    state_of_promise,
};
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::event::EventType;
use crate::domain::interaction::Interaction;
use crate::domain::member::MemberState;
use crate::domain::names::{COMMITMENTS, ChildName, account_name, member_name};
use crate::domain::page::Page;
use crate::domain::personal::Personal;
use crate::domain::timeline::fact;
use crate::service::resolve;
use crate::store::{Call, CommitmentsOf, Outcome, ReadTx, WriteTx};

impl Interactions {
    /// Records what was promised.
    ///
    /// # Errors
    /// NotFound, ACCOUNT_DELETED, STATE_WRONG (the contact is deleted), DATE_INVALID, FIELD_INVALID.
    pub async fn create_commitment(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: CreateCommitment,
    ) -> Result<Created> {
        let call = Call::new("InteractionService.CreateCommitment", request_id, &c.account);
        match self.store.mutate(ctx, call, c, create).await? {
            Outcome::Done(created) => Ok(created),
            Outcome::Replayed(Created { commitment, open }) => {
                let commitment = self.store.commitment_with_text(commitment).await?;
                let commitment = self.store.as_told(commitment).await?;
                Ok(Created { commitment, open })
            }
        }
    }

    /// Says that a commitment was kept, with what shows it, or that its maker was released from it.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, DATE_INVALID, FIELD_INVALID.
    pub async fn settle_commitment(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: SettleCommitment,
    ) -> Result<Commitment> {
        let name = c.commitment.resource_name(COMMITMENTS);
        let call = Call::new("InteractionService.SettleCommitment", request_id, name);
        self.with_text(self.store.mutate(ctx, call, c, settle).await?).await
    }

    /// Has another of ours keep a commitment until it is due.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, MEMBER_NOT_ELIGIBLE, FIELD_INVALID (theirs).
    pub async fn delegate_commitment(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: DelegateCommitment,
    ) -> Result<Commitment> {
        let name = c.commitment.resource_name(COMMITMENTS);
        let call = Call::new("InteractionService.DelegateCommitment", request_id, name);
        self.with_text(self.store.mutate(ctx, call, c, delegate).await?).await
    }

    async fn with_text(&self, answer: Outcome<Commitment>) -> Result<Commitment> {
        let told = match answer {
            Outcome::Done(done) => done,
            Outcome::Replayed(answered) => self.store.commitment_with_text(answered).await?,
        };
        self.store.as_told(told).await
    }

    /// A page of what was promised, by due date, the promises to pay among it.
    ///
    /// # Errors
    /// NotFound.
    pub async fn list_commitments(
        &self,
        ctx: &Ctx,
        list: ListCommitments,
    ) -> Result<Page<Listed, CommitmentKey>> {
        let ctx_of = ctx.clone();
        self.store
            .read(ctx, move |tx| Box::pin(async move { listed(tx, &ctx_of, list).await }))
            .await
    }
}

async fn listed(
    tx: &ReadTx,
    ctx: &Ctx,
    list: ListCommitments,
) -> Result<Page<Listed, CommitmentKey>> {
    let today = ctx.business_date();
    let asks_promises = list.asks_promises();
    let ListCommitments { account, contact, member, side, state, due_before, page } = list;
    let With { account_id, contact_id, member_id } =
        With::named(tx, account, contact, member).await?;
    let mut listed = Vec::new();
    if asks_promises {
        let mut behind = page;
        loop {
            ctx.check_deadline()?;
            let (of, by) = (account_id.as_deref(), contact_id.as_deref());
            let read = tx.promises(of, by, due_before, &behind, today).await?;
            let Page { items, next, keys: _ } =
                behind.cut(read, |last| (last.pay_by_date, last.id));
            let asked = items
                .into_iter()
                .filter(|of| state.is_none_or(|state| state_of_promise(of.state) == state));
            listed.extend(asked.map(Listed::Promise));
            // Which state one is in is told by what came in, so it may take several pages of them.
            behind.after = next;
            if next.is_none() || listed.len() > page.size {
                break;
            }
        }
    }
    let of = CommitmentsOf { account_id, contact_id, member_id, side, state, due_before };
    let made = tx.commitments(of, today, &page).await?;
    listed.extend(made.into_iter().map(Listed::Commitment));
    listed.sort_by_key(Listed::key);
    Ok(page.cut(listed, Listed::key))
}

async fn create(tx: &mut WriteTx, ctx: &Ctx, c: &CreateCommitment) -> Result<Created> {
    let account_id = account(tx, &c.account).await?;
    tx.hold_people([&*account_id]).await?;
    let said_in = match &c.interaction {
        Some(name) => Some(cited(tx, ctx, "commitment.interaction", &account_id, name).await?),
        None => None,
    };
    make(tx, ctx, account_id, said_in, &c.terms).await
}

/// Records what was promised at an account whose people are held, and in which interaction, if it was
/// in one.
pub(super) async fn make(
    tx: &mut WriteTx,
    ctx: &Ctx,
    account_id: String,
    said_in: Option<Held>,
    c: &CommitmentTerms,
) -> Result<Created> {
    let today = ctx.business_date();
    let made_date = c.made_date.or(said_in.map(|held| held.day)).unwrap_or(today);
    if let Some(Held { day, .. }) = said_in.filter(|held| held.day != made_date) {
        let what = format!("{made_date} is not {day}, the day of the interaction");
        return Err(Error::invalid("commitment.made_date", Reason::DateInvalid, what));
    }
    if made_date > today {
        let what = format!("{made_date} lies ahead of the business date, {today}");
        return Err(Error::invalid("commitment.made_date", Reason::DateInvalid, what));
    }
    if c.due_date < made_date {
        let what = format!("{} lies before {made_date}, the day of the promise", c.due_date);
        return Err(Error::invalid("commitment.due_date", Reason::DateInvalid, what));
    }
    let member_id = member(tx, &c.member).await?;
    let contact_id = live_contact(tx, &c.contact).await?.id;
    let commitment = Commitment {
        id: Uuid::now_v7(),
        account_id,
        side: c.side,
        member_id,
        contact_id,
        text: c.text.as_str().into(),
        amount: c.amount,
        made_date,
        due_date: c.due_date,
        interaction_id: said_in.map(|held| held.id),
        delegated_to: None,
        settled: None,
        recorded_by: ctx.principal.to_string(),
        recorded_us: tx.recorded_at().await?,
    };
    tx.insert_commitment(&commitment).await?;
    let created = event::of_commitment(EventType::CommitmentCreated, &commitment);
    tx.publish(vec![created.telling([fact::made(&commitment)])]).await?;
    let open = tx.open_of_maker(&commitment, today).await?;
    Ok(Created { commitment, open })
}

async fn settle(tx: &mut WriteTx, ctx: &Ctx, c: &SettleCommitment) -> Result<Commitment> {
    let commitment = held(tx, &c.commitment).await?;
    settle_as(tx, ctx, commitment, c, None, ctx.business_date()).await
}

/// Settles what was promised at an account whose people are held, in an interaction of that account,
/// which then shows that it was kept.
pub(super) async fn settle_in(
    tx: &mut WriteTx,
    ctx: &Ctx,
    account_id: &str,
    c: &SettleCommitment,
    said_in: Held,
) -> Result<Commitment> {
    let named = std::slice::from_ref(&c.commitment.account);
    let of = resolve::only(&c.commitment.account, tx.find_accounts(named).await?)?.id;
    if of != account_id {
        let what = format!("is of {}, not of {}", account_name(&of), account_name(account_id));
        return Err(Error::invalid("name", Reason::FieldInvalid, what));
    }
    let name = || c.commitment.resource_name(COMMITMENTS);
    let missing = || Error::not_found("commitment", name());
    let commitment = tx.commitment(account_id, c.commitment.id).await?.ok_or_else(missing)?;
    settle_as(tx, ctx, commitment, c, Some(said_in), ctx.business_date()).await
}

/// Settles a commitment, shown by an interaction, if there is one; a maker is released from it on
/// `withdraw_date`.
pub(super) async fn settle_as(
    tx: &mut WriteTx,
    ctx: &Ctx,
    mut commitment: Commitment,
    c: &SettleCommitment,
    said_in: Option<Held>,
    withdraw_date: NaiveDate,
) -> Result<Commitment> {
    let outcome = match c.settlement {
        Settlement::Withdrawn => Settling::Withdrawn(c.reason.as_str().into()),
        Settlement::Kept => {
            let mut shown = Vec::new();
            for (at, EvidenceTerms { day, interaction: name, note }) in
                c.evidence.iter().enumerate()
            {
                let field = format!("evidence[{at}].interaction");
                let account_id = &commitment.account_id;
                let held = match name {
                    Some(name) => Some(cited(tx, ctx, &field, account_id, name).await?),
                    None => None,
                };
                if let Some(Held { day: held, .. }) = held.filter(|held| held.day != *day) {
                    let what = format!("{day} is not {held}, the day of the interaction");
                    let field = format!("evidence[{at}].date");
                    return Err(Error::invalid(field, Reason::DateInvalid, what));
                }
                let interaction_id = held.map(|held| held.id);
                shown.push(Evidence { day: *day, interaction_id, note: note.as_str().into() });
            }
            shown.extend(said_in.map(|Held { id, day }| Evidence {
                day,
                interaction_id: Some(id),
                note: Personal::default(),
            }));
            Settling::Kept(shown, c.reason.as_str().into())
        }
    };
    let (by, us) = (ctx.principal.to_string(), tx.recorded_at().await?);
    let day = match c.settlement {
        Settlement::Withdrawn => withdraw_date,
        Settlement::Kept => ctx.business_date(),
    };
    commitment.settle(outcome, &by, day, us)?;
    if let Some(settled) = &commitment.settled {
        tx.settle_commitment(commitment.id, settled).await?;
    }
    let settled = event::of_commitment(EventType::CommitmentSettled, &commitment);
    tx.publish(vec![settled.telling(fact::settled(&commitment))]).await?;
    Ok(commitment)
}

async fn delegate(tx: &mut WriteTx, ctx: &Ctx, c: &DelegateCommitment) -> Result<Commitment> {
    let mut commitment = held(tx, &c.commitment).await?;
    let member_id = member(tx, &c.member).await?;
    // Held, so that he does not leave while he is given something to keep.
    tx.lock_members(&[member_id.clone()].into()).await?;
    let gone = || Error::internal(format!("{} is gone", member_name(&member_id)));
    let member = tx.member(&member_id).await?.ok_or_else(gone)?;
    if member.state != MemberState::Active {
        let refused = Precondition::new(Reason::MemberNotEligible, member.name(), "is inactive");
        return Err(refused.at("member").with("unmet", "INACTIVE").into());
    }
    let before = commitment.delegated_to.clone();
    commitment.delegate(member_id, ctx.business_date())?;
    let us = tx.delegate_commitments(&[&commitment], &ctx.principal).await?;
    let delegated = event::of_commitment(EventType::CommitmentDelegated, &commitment);
    let told = fact::delegated(&commitment, before.as_deref(), &ctx.principal, us);
    tx.publish(vec![delegated.telling([told])]).await?;
    Ok(commitment)
}

/// A commitment, and the people of its account held.
async fn held(tx: &WriteTx, name: &ChildName) -> Result<Commitment> {
    let account_id = held_account(tx, name).await?;
    let missing = || Error::not_found("commitment", name.resource_name(COMMITMENTS));
    tx.commitment(&account_id, name.id).await?.ok_or_else(missing)
}

/// Settles anew what is shown to be kept by an interaction whose day was amended.
pub(super) async fn shown_on(tx: &mut WriteTx, ctx: &Ctx, now: &Interaction) -> Result<()> {
    let mut events = Vec::new();
    for mut commitment in tx.commitments_shown_by(now.id).await? {
        let was = fact::settled(&commitment);
        commitment.shown_on(now.id, now.day, ctx.business_date())?;
        tx.resettle_commitment(&commitment).await?;
        let settled = event::of_commitment(EventType::CommitmentSettled, &commitment);
        events.push(settled.instead_of(was).telling(fact::settled(&commitment)));
    }
    match events.is_empty() {
        true => Ok(()),
        false => tx.publish(events).await,
    }
}
