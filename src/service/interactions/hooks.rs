//! What one interaction leaves for the next, and what the service policy asks of both.

use super::of_account;
use crate::domain::error::{Error, Reason, Result};
use crate::domain::interaction::{
    HookTerms, HookVerb, Interaction, InteractionTerms, InteractionVerb, NextHook,
};
use crate::store::WriteTx;

/// The interaction with the hook that it leaves, and the one that it uses; `was` is what it was before.
pub(super) async fn with_hooks(
    tx: &WriteTx,
    interaction: Interaction,
    terms: &InteractionTerms,
    was: Option<&Interaction>,
) -> Result<Interaction> {
    let next_hook = match &terms.next_hook {
        Some(hook) => Some(left(tx, &interaction, hook, was).await?),
        None => None,
    };
    if let Some(was) = was.filter(|_| next_hook.is_none()) {
        was.check_hook(HookVerb::Drop, interaction.day)?;
    }
    let uses_hook = match &terms.uses_hook {
        Some(name) => {
            let field = "interaction.uses_hook";
            let of = of_account(tx, field, &interaction.account_id, name).await?;
            check_use(&interaction, &of)?;
            Some(of.id)
        }
        None => None,
    };
    Ok(Interaction { next_hook, uses_hook, ..interaction })
}

async fn left(
    tx: &WriteTx,
    interaction: &Interaction,
    terms: &HookTerms,
    was: Option<&Interaction>,
) -> Result<NextHook> {
    let before = was.and_then(|was| was.next_hook.as_ref());
    let topic = match (terms.topic.as_str(), before) {
        ("", Some(before)) => before.topic.clone(),
        ("", None) => {
            let field = "interaction.next_hook.topic";
            return Err(Error::invalid(field, Reason::FieldRequired, "must be given"));
        }
        (topic, _) => topic.into(),
    };
    if terms.by < interaction.day {
        let what = format!("{} lies before {}, the day it is held", terms.by, interaction.day);
        return Err(Error::invalid("interaction.next_hook.by", Reason::DateInvalid, what));
    }
    let contact_id = match &terms.contact {
        Some(name) => Some(super::contact(tx, name).await?),
        None => None,
    };
    let used_by = before.and_then(|before| before.used_by);
    Ok(NextHook { topic, by: terms.by, contact_id, used_by })
}

/// Refuses a hook that another was not left, or that is not open on the day of the interaction.
fn check_use(interaction: &Interaction, of: &Interaction) -> Result<()> {
    let invalid = |what: &str| Error::invalid("interaction.uses_hook", Reason::FieldInvalid, what);
    if of.id == interaction.id {
        return Err(invalid("is the interaction itself"));
    }
    of.check(InteractionVerb::Cite, interaction.day)?;
    let Some(hook) = &of.next_hook else {
        return Err(invalid("left no hook"));
    };
    if interaction.day < of.day {
        return Err(invalid("was held later"));
    }
    if hook.used_by != Some(interaction.id) {
        of.check_hook(HookVerb::Use, interaction.day)?;
    }
    Ok(())
}

/// Refuses what does not say what the service of the account's class on its day asks it to.
pub(super) async fn check_served(tx: &WriteTx, interaction: &Interaction) -> Result<()> {
    let account_id = interaction.account_id.as_str();
    let tiers = tx.tiers_on(&[account_id].into(), interaction.day).await?;
    interaction.check_served(tiers.account(account_id).service_policy(interaction.day))
}
