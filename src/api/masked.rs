//! What callers see of messages about persons who may not see what is personal. Which fields those
//! are is read from the contract: there is no second list to forget a field in.

use std::sync::OnceLock;

use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, MessageDescriptor,
    ReflectMessage, Value,
};

use crate::ctx::Ctx;
use crate::domain::error::{Error, Result};
use crate::pb;

const PACKAGE: &str = "ballast.v1";
/// Full name of our field option.
const SENSITIVITY: &str = "ballast.v1.sensitivity";
/// The field by which a message says that some of it is left out.
const MASKED: &str = "masked";

struct Contract {
    pool: DescriptorPool,
    sensitivity: ExtensionDescriptor,
}

impl Contract {
    fn ours() -> Result<&'static Self> {
        static OURS: OnceLock<std::result::Result<Contract, String>> = OnceLock::new();
        let read = || {
            let pool =
                DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).map_err(|e| e.to_string())?;
            let sensitivity = pool.get_extension_by_name(SENSITIVITY);
            let sensitivity = sensitivity.ok_or_else(|| format!("no option {SENSITIVITY}"))?;
            Ok(Contract { pool, sensitivity })
        };
        OURS.get_or_init(read).as_ref().map_err(|e| Error::internal(format!("descriptors: {e}")))
    }

    fn is_sensitive(&self, field: &FieldDescriptor) -> bool {
        let options = field.options();
        let value = options.get_extension(&self.sensitivity).as_enum_number();
        value.is_some_and(|number| number != pb::Sensitivity::Unspecified as i32)
    }

    fn message(&self, name: &str) -> Result<MessageDescriptor> {
        let found = self.pool.get_message_by_name(&format!("{PACKAGE}.{name}"));
        found.ok_or_else(|| Error::internal(format!("the contract has no {name}")))
    }

    /// Clears what is sensitive, at any depth; says so where the message has a field for that.
    fn clear(&self, message: &mut DynamicMessage) {
        let descriptor = message.descriptor();
        for field in descriptor.fields() {
            if self.is_sensitive(&field) {
                message.clear_field(&field);
            } else if message.has_field(&field) {
                self.clear_within(message.get_field_mut(&field));
            }
        }
        if let Some(masked) = descriptor.get_field_by_name(MASKED) {
            message.set_field(&masked, Value::Bool(true));
        }
    }

    /// Whether anything that is sensitive is there, at any depth.
    fn tells(&self, message: &DynamicMessage) -> bool {
        message.fields().any(|(field, value)| {
            self.is_sensitive(&field)
                || match value {
                    Value::Message(part) => self.tells(part),
                    Value::List(parts) => {
                        parts.iter().filter_map(Value::as_message).any(|part| self.tells(part))
                    }
                    _ => false,
                }
        })
    }

    fn clear_within(&self, value: &mut Value) {
        match value {
            Value::Message(message) => self.clear(message),
            Value::List(values) => values.iter_mut().for_each(|value| self.clear_within(value)),
            _ => {}
        }
    }
}

/// Whether anything personal stands in a message, at any depth.
///
/// # Errors
/// INTERNAL if the contract has no message of that name.
pub fn tells_of_persons(name: &str, message: &impl Message) -> Result<bool> {
    let contract = Contract::ours()?;
    let bytes = message.encode_to_vec();
    let told = DynamicMessage::decode(contract.message(name)?, bytes.as_slice());
    Ok(contract.tells(&told.map_err(|e| Error::internal(format!("{name}: {e}")))?))
}

/// A message as a caller sees it who holds the scope, or else without what is personal.
///
/// # Errors
/// INTERNAL if the contract has no message of that name.
pub fn for_caller<M>(ctx: &Ctx, scope: &str, name: &str, message: M) -> Result<M>
where
    M: Message + Default,
{
    if ctx.scopes.allows(scope) {
        return Ok(message);
    }
    let contract = Contract::ours()?;
    let wrong = |e: prost::DecodeError| Error::internal(format!("{name}: {e}"));
    let bytes = message.encode_to_vec();
    let mut told =
        DynamicMessage::decode(contract.message(name)?, bytes.as_slice()).map_err(wrong)?;
    contract.clear(&mut told);
    told.transcode_to().map_err(wrong)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ctx::{Clock, Scopes};

    #[test]
    fn what_is_personal_is_cleared_at_any_depth_and_the_rest_stays() {
        let system = Ctx::system(Clock::system(chrono_tz::UTC));
        let reader = Ctx { scopes: Arc::new(Scopes::new(["a".to_owned()])), ..system.clone() };
        let address = pb::ContactAddress {
            value: "+8613812345678".into(),
            kind: "mobile".into(),
            valid_to: None,
        };
        let contact = pb::Contact {
            name: "contacts/1".into(),
            display_name: "王芳".into(),
            former_names: vec!["王小芳".into()],
            phones: vec![address],
            ..pb::Contact::default()
        };
        let seen = |ctx| for_caller(ctx, "b", "Contact", contact.clone()).unwrap();
        assert_eq!(seen(&system), contact);
        let bare = pb::ContactAddress { kind: "mobile".into(), ..Default::default() };
        let expected = pb::Contact {
            name: "contacts/1".into(),
            phones: vec![bare],
            masked: true,
            ..Default::default()
        };
        assert_eq!(seen(&reader), expected);
        let tells = |contact: &pb::Contact| tells_of_persons("Contact", contact).unwrap();
        let phone = pb::Contact { phones: contact.phones.clone(), ..Default::default() };
        assert_eq!([&contact, &phone, &expected].map(tells), [true, true, false]);
    }
}
