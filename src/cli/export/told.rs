//! What a file does not say of what is there: told by reason, so that nobody takes it for a copy of
//! all.

use std::collections::BTreeMap;

/// Names that are told of each reason.
const NAMES_MAX: usize = 5;

/// By reason: how many, and the first of their names.
#[derive(Debug, Default)]
pub(super) struct Told {
    reasons: BTreeMap<String, (u64, Vec<String>)>,
}

impl Told {
    pub fn add(&mut self, reason: impl Into<String>, name: &str) {
        let (count, names) = self.reasons.entry(reason.into()).or_default();
        *count += 1;
        if names.len() < NAMES_MAX {
            names.push(name.to_owned());
        }
    }

    pub fn add_if(&mut self, is_so: bool, reason: &str, name: &str) {
        if is_so {
            self.add(reason, name);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.reasons.is_empty()
    }

    pub fn lines(&self) -> Vec<String> {
        let line = |(reason, (count, names)): (&String, &(u64, Vec<String>))| {
            let more = if *count > names.len() as u64 { ", …" } else { "" };
            format!("{count} × {reason}: {}{more}", names.join(", "))
        };
        self.reasons.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_and_their_first_names_told() {
        let mut told = Told::default();
        told.add_if(false, "never", "x");
        assert!(told.is_empty());
        for n in 1..=7 {
            told.add("no column for it", &n.to_string());
        }
        told.add_if(true, "deleted", "y");
        assert_eq!(told.lines(), ["1 × deleted: y", "7 × no column for it: 1, 2, 3, 4, 5, …"]);
    }
}
