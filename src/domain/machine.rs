//! State machines as tables: which verb leads from which states to which.

use std::fmt::Display;

use super::error::{Error, Precondition, Reason, Result};

/// One verb of a state machine.
#[derive(Debug, Clone, Copy)]
pub struct Transition<S: 'static, V> {
    pub verb: V,
    /// The states it is allowed in.
    pub from: &'static [S],
    pub to: S,
}

/// The state that a verb leads to from `state`, for the resource of that name.
///
/// # Errors
/// STATE_WRONG with the state and those the verb is allowed in.
pub fn advance<S, V>(table: &[Transition<S, V>], name: &str, state: S, verb: V) -> Result<S>
where
    S: Copy + PartialEq + Display,
    V: Copy + PartialEq + Display,
{
    let Some(transition) = table.iter().find(|transition| transition.verb == verb) else {
        return Err(Error::internal(format!("{name} has no verb {verb}")));
    };
    if transition.from.contains(&state) {
        return Ok(transition.to);
    }
    let allowed: Vec<String> = transition.from.iter().map(ToString::to_string).collect();
    let allowed = allowed.join(",");
    let description = format!("is {state}; {verb} needs {allowed}");
    Err(Precondition::new(Reason::StateWrong, name, description)
        .with("state", state)
        .with("allowed", allowed)
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOOR: &[Transition<&str, &str>] = &[
        Transition { verb: "open", from: &["shut"], to: "open" },
        Transition { verb: "lock", from: &["shut", "open"], to: "locked" },
    ];

    #[test]
    fn a_verb_leads_on_from_its_states_and_names_them_elsewhere() {
        assert_eq!(advance(DOOR, "doors/1", "shut", "open").unwrap(), "open");
        assert_eq!(advance(DOOR, "doors/1", "open", "lock").unwrap(), "locked");
        let Err(Error::FailedPrecondition(refused)) = advance(DOOR, "doors/1", "locked", "lock")
        else {
            panic!("a locked door is not locked again");
        };
        assert_eq!((refused[0].reason, &*refused[0].subject), (Reason::StateWrong, "doors/1"));
        assert_eq!(refused[0].metadata["state"], "locked");
        assert_eq!(refused[0].metadata["allowed"], "shut,open");
    }
}
