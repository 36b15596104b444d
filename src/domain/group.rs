//! Groups of accounts: a tree of parents, without cycles and not deep.

/// Most levels of a group, the root's own included. Locks and limit checks walk them all.
pub const MAX_DEPTH: usize = 8;

/// Whether the child would become its own ancestor under the new parent. `parent_of` gives
/// an account's present parent.
pub fn would_cycle(
    child: &str,
    new_parent: &str,
    parent_of: impl Fn(&str) -> Option<String>,
) -> bool {
    child == new_parent || ancestors(new_parent, parent_of).iter().any(|id| id == child)
}

/// Whether the group would exceed [`MAX_DEPTH`] levels with the child under the new parent.
/// `child_levels` counts the levels the child brings: 1 if it has no children itself.
pub fn would_be_too_deep(
    child_levels: usize,
    new_parent: &str,
    parent_of: impl Fn(&str) -> Option<String>,
) -> bool {
    level(new_parent, parent_of) + child_levels > MAX_DEPTH
}

/// The level of an account in its group: 1 for a root.
pub fn level(id: &str, parent_of: impl Fn(&str) -> Option<String>) -> usize {
    ancestors(id, parent_of).len() + 1
}

/// The account's parents, nearest first. Ends where a damaged chain returns to itself.
pub fn ancestors(id: &str, parent_of: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut chain: Vec<String> = Vec::new();
    while let Some(parent) = parent_of(chain.last().map_or(id, String::as_str)) {
        if parent == id || chain.contains(&parent) {
            break;
        }
        chain.push(parent);
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Accounts `0`, `1`, `2` …, each under the next: `7` is the root.
    fn chain_of_eight(id: &str) -> Option<String> {
        let n: usize = id.parse().ok()?;
        (n < 7).then(|| (n + 1).to_string())
    }

    #[test]
    fn an_account_cannot_stand_under_itself_or_its_descendants() {
        assert!(would_cycle("7", "7", chain_of_eight));
        assert!(would_cycle("7", "0", chain_of_eight));
        assert!(would_cycle("3", "2", chain_of_eight));
        assert!(!would_cycle("0", "5", chain_of_eight));
        assert!(!would_cycle("x", "0", chain_of_eight));
    }

    #[test]
    fn a_group_has_at_most_eight_levels() {
        assert_eq!(level("7", chain_of_eight), 1);
        assert_eq!(level("0", chain_of_eight), MAX_DEPTH);
        assert!(would_be_too_deep(1, "0", chain_of_eight));
        assert!(!would_be_too_deep(1, "1", chain_of_eight));
        assert!(would_be_too_deep(2, "1", chain_of_eight));
        assert!(!would_be_too_deep(7, "7", chain_of_eight));
    }

    #[test]
    fn a_damaged_chain_does_not_hang_the_walk() {
        let ring = |id: &str| Some(if id == "a" { "b" } else { "a" }.to_owned());
        assert_eq!(ancestors("a", ring), ["b"]);
        assert_eq!(ancestors("x", ring), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn links_that_pass_the_check_never_close_a_ring(
            links in prop::collection::vec((0usize..12, 0usize..12), 0..60),
        ) {
            let mut parents: Vec<Option<usize>> = vec![None; 12];
            for (child, parent) in links {
                let parent_of = |id: &str| parents[id.parse::<usize>().unwrap()].map(|p| p.to_string());
                if !would_cycle(&child.to_string(), &parent.to_string(), parent_of) {
                    parents[child] = Some(parent);
                }
            }
            for start in 0..parents.len() {
                let walk = std::iter::successors(Some(start), |&at| parents[at]);
                prop_assert!(walk.take(13).count() <= 12);
            }
        }
    }
}
