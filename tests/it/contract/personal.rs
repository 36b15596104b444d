//! Personal fields of answers: the table shows each of them with its text, so that a replay which
//! lost one is seen.

use std::collections::BTreeSet;

use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, Value};
use serde_json::Value as Json;

use super::method;
use super::scene::PERSONAL;
use crate::sensitivity::{field_name, is_personal};

/// The personal fields that were seen with the text of the scene.
#[derive(Debug, Default)]
pub struct Seen(BTreeSet<String>);

impl Seen {
    pub fn add(&mut self, of: &str, answer: &Json) {
        let answer = DynamicMessage::deserialize(method(of).output(), answer);
        self.look(&answer.unwrap_or_else(|e| panic!("the answer of {of}: {e}")));
    }

    fn look(&mut self, message: &DynamicMessage) {
        for (field, value) in message.fields() {
            // A number has no text: that it is there shows it.
            let is_shown = field.kind() == Kind::Int32 || format!("{value:?}").contains(PERSONAL);
            if is_personal(&field) && is_shown {
                self.0.insert(field_name(&field));
            }
            match value {
                Value::Message(message) => self.look(message),
                Value::List(values) => {
                    values.iter().filter_map(Value::as_message).for_each(|one| self.look(one));
                }
                _ => {}
            }
        }
    }

    /// Holds that these methods showed all they can answer.
    pub fn assert_all<'a>(&self, methods: impl Iterator<Item = &'a str>) {
        let (mut personal, mut met) = (BTreeSet::new(), BTreeSet::new());
        for of in methods {
            below(&method(of).output(), &mut personal, &mut met);
        }
        assert_eq!(self.0, personal, "personal fields seen in answers, and those that there are");
    }
}

fn below(message: &MessageDescriptor, personal: &mut BTreeSet<String>, met: &mut BTreeSet<String>) {
    if !met.insert(message.full_name().to_owned()) {
        return;
    }
    for field in message.fields() {
        if is_personal(&field) {
            personal.insert(field_name(&field));
        }
        if let Kind::Message(message) = field.kind() {
            below(&message, personal, met);
        }
    }
}
