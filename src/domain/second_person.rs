//! What one person recorded or did another one has to look at.

use super::error::{Precondition, Reason, Result};
use super::member::Member;

/// Refuses a principal who recorded something, or whom one of ours is who did it.
///
/// # Errors
/// SECOND_PERSON_NEEDED.
pub fn check(name: &str, principal: &str, recorded_by: &str, did: Option<&Member>) -> Result<()> {
    let did = did.into_iter().flat_map(|member| &member.principals);
    let what = if principal == recorded_by {
        "was recorded by the caller: somebody else has to do this"
    } else if did.into_iter().any(|one| one.expose() == principal) {
        "is what the caller did himself: somebody else has to do this"
    } else {
        return Ok(());
    };
    Err(Precondition::new(Reason::SecondPersonNeeded, name, what).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_who_recorded_it_nor_who_did_it_looks_at_it() {
        let mut giver = Member::new("wang".into(), None, 1);
        giver.principals = vec!["wang@a".into()];
        let by = |principal: &str| check("a", principal, "clerk", Some(&giver));
        for principal in ["clerk", "wang@a"] {
            assert_eq!(by(principal).unwrap_err().reason(), Reason::SecondPersonNeeded);
        }
        by("boss").unwrap();
        check("a", "wang@a", "clerk", None).unwrap();
    }
}
