//! What the contract says about the fields of requests, as far as a scan of their bytes needs it.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost_reflect::{
    DescriptorPool, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor,
};

use crate::pb;

/// Full name of our field option.
const MAX_ITEMS: &str = "ballast.v1.max_items";
/// Elements of a list whose field does not say another number: more than any rule allows, so that a
/// list that is a little too long is refused by its rule.
pub const LIST_ELEMENTS_MAX: usize = 1_000;

/// Where a message's shape stands among all.
pub type At = usize;

#[derive(Debug, Default)]
pub struct Shape {
    /// By number, which are small.
    fields: Vec<Option<Field>>,
}

#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    /// `None` where there is one value only.
    pub elements_max: Option<usize>,
    /// Several numbers in one piece.
    pub packed: bool,
    /// The message it holds.
    pub message: Option<At>,
}

#[derive(Debug, Default)]
pub struct Shapes {
    all: Vec<Shape>,
    by_name: HashMap<String, At>,
}

/// The requests of our methods and what they hold. Empty if the descriptors cannot be read, which
/// the server finds out when it starts.
pub static REQUESTS: LazyLock<Shapes> = LazyLock::new(|| {
    DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET)
        .map(|pool| Shapes::of(&pool))
        .unwrap_or_default()
});

impl Shape {
    pub fn field(&self, number: u64) -> Option<&Field> {
        self.fields.get(usize::try_from(number).ok()?)?.as_ref()
    }
}

impl Shapes {
    /// `None` for what is no request.
    pub fn request(&self, name: &str) -> Option<At> {
        self.by_name.get(name).copied()
    }

    pub fn at(&self, at: At) -> Option<&Shape> {
        self.all.get(at)
    }

    fn of(pool: &DescriptorPool) -> Self {
        let (mut shapes, mut met) = (Self::default(), HashMap::new());
        let option = pool.get_extension_by_name(MAX_ITEMS);
        let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
        for method in methods {
            let input = method.input();
            let at = shapes.add(&input, option.as_ref(), &mut met);
            shapes.by_name.insert(input.full_name().to_owned(), at);
        }
        shapes
    }

    fn add(
        &mut self,
        message: &MessageDescriptor,
        option: Option<&ExtensionDescriptor>,
        met: &mut HashMap<String, At>,
    ) -> At {
        if let Some(at) = met.get(message.full_name()) {
            return *at;
        }
        let at = self.all.len();
        // Before its fields: a message may hold itself.
        met.insert(message.full_name().to_owned(), at);
        self.all.push(Shape::default());
        let mut fields = Vec::new();
        for field in message.fields() {
            let number = field.number() as usize;
            if fields.len() <= number {
                fields.resize(number + 1, None);
            }
            let (message, packed) = match field.kind() {
                Kind::Message(inner) => (Some(self.add(&inner, option, met)), false),
                Kind::String | Kind::Bytes => (None, false),
                _ => (None, field.is_list()),
            };
            fields[number] = Some(Field {
                name: field.name().to_owned(),
                elements_max: (field.is_list() || field.is_map())
                    .then(|| elements_max(&field, option)),
                packed,
                message,
            });
        }
        self.all[at] = Shape { fields };
        at
    }
}

fn elements_max(field: &FieldDescriptor, option: Option<&ExtensionDescriptor>) -> usize {
    let said = option.and_then(|option| field.options().get_extension(option).as_u32());
    match said {
        None | Some(0) => LIST_ELEMENTS_MAX,
        Some(max) => max as usize,
    }
}
