//! Changing fields of a resource, and saying which of them became different.

/// The fields that a change made different, by their names in the contract.
#[derive(Debug, Default)]
pub struct Changed(Vec<&'static str>);

impl Changed {
    /// Sets a field to a value, if there is one.
    pub fn set<T: PartialEq>(&mut self, name: &'static str, field: &mut T, value: Option<T>) {
        if let Some(value) = value.filter(|value| value != field) {
            *field = value;
            self.0.push(name);
        }
    }

    pub fn into_names(self) -> Vec<&'static str> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fields_that_become_different_are_named() {
        let (mut name, mut count, mut kept) = ("a", 1, 2);
        let mut changed = Changed::default();
        changed.set("name", &mut name, Some("b"));
        changed.set("count", &mut count, Some(1));
        changed.set("kept", &mut kept, None);
        assert_eq!((name, count, kept), ("b", 1, 2));
        assert_eq!(changed.into_names(), ["name"]);
    }
}
