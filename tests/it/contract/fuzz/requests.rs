//! Requests from descriptors.

use fastrand::Rng;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, MethodDescriptor,
    ReflectMessage as _, Value,
};

use super::pools::Pools;
use crate::support::ledger::fresh;

/// Messages within each other.
const DEPTH_MAX: usize = 5;

/// Requests that no other table has, streams as a message after the other; words as in the scene.
pub const FIRST: &[(&str, &[&str])] = &[
    ("InteractionService.GetVisitBrief", &[r#"{"name": "$visit"}"#]),
    (
        "ReceivableService.ImportDocuments",
        &[
            r#"{"header": {"import_id": "fuzz", "create_missing_accounts": true}}"#,
            r#"{"chunk": {"sequence": 1, "documents": ["$invoice F1", "$receipt F2"]}}"#,
            r#"{"finish": {}}"#,
        ],
    ),
    (
        "AccountService.ImportRecords",
        &[
            r#"{"header": {}}"#,
            r#"{"chunk": {"sequence": 1, "records": [
                {"member": {"source_key": {"system": "HR", "id": "1"}, "member": {"display_name": "Zhao"}}},
                {"account_profile": {"source_key": {"system": "CRM", "id": "1"}, "account": {"display_name": "Records"}}},
                {"contact": {"source_key": {"system": "CRM", "id": "2"}, "contact": {"display_name": "Qian"}}}]}}"#,
            r#"{"finish": {}}"#,
        ],
    ),
    (
        "TierService.UploadTierValues",
        &[
            r#"{"header": {"tier_value_set_id": "fuzz", "as_of": "$today", "currency_code": "USD"}}"#,
            r#"{"chunk": {"values": [{"account": "accounts/acme", "value": "$usd"}, {"account": "accounts/held", "value": "$usd"}]}}"#,
        ],
    ),
];

/// The messages of a call, of values that there are.
pub fn new(rng: &mut Rng, pools: &Pools, method: &MethodDescriptor) -> Vec<DynamicMessage> {
    let count = if method.is_client_streaming() { rng.usize(1..4) } else { 1 };
    (0..count).map(|_| message(rng, pools, method, &method.input(), 0)).collect()
}

fn message(
    rng: &mut Rng,
    pools: &Pools,
    method: &MethodDescriptor,
    of: &MessageDescriptor,
    depth: usize,
) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    for field in of.fields() {
        // What a request asks for by itself is there more often than what is deep in it.
        let is_there = match depth {
            0 => rng.u8(..10) < 7,
            _ => is_whole(of) || rng.u8(..10) < 5,
        };
        if is_there && depth < DEPTH_MAX && !is_for_pages(&field) {
            let value = value(rng, pools, method, &field, depth);
            message.set_field(&field, value);
        }
    }
    message
}

/// Half a date is none.
fn is_whole(of: &MessageDescriptor) -> bool {
    matches!(of.name(), "Date" | "Money" | "Decimal" | "DocumentKey" | "OrderKey" | "ExternalRef")
}

fn is_for_pages(field: &FieldDescriptor) -> bool {
    field.name().ends_with("_token")
}

fn value(
    rng: &mut Rng,
    pools: &Pools,
    method: &MethodDescriptor,
    field: &FieldDescriptor,
    depth: usize,
) -> Value {
    if field.is_map() {
        return labels(text(rng, pools, method, field), Value::String("x".into()));
    }
    let count = if rng.u8(..4) == 0 { 2 } else { 1 };
    let mut one = || match field.kind() {
        Kind::Message(of) => Value::Message(message(rng, pools, method, &of, depth + 1)),
        Kind::String => Value::String(text(rng, pools, method, field)),
        Kind::Enum(of) => {
            let values: Vec<i32> = of.values().map(|value| value.number()).collect();
            Value::EnumNumber(values[rng.usize(..values.len())])
        }
        Kind::Bool => Value::Bool(rng.bool()),
        Kind::Bytes => Value::Bytes(vec![rng.u8(..); rng.usize(..4)].into()),
        Kind::Double => Value::F64(rng.f64()),
        Kind::Float => Value::F32(rng.f32()),
        kind => integer(&kind, number(rng, field)),
    };
    if field.is_list() {
        return Value::List((0..count).map(|_| one()).collect());
    }
    one()
}

/// The maps that the contract takes are of texts.
fn labels(key: String, value: Value) -> Value {
    Value::Map([(MapKey::String(key), value)].into())
}

fn integer(kind: &Kind, number: i64) -> Value {
    match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(number as i32),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(number as u32),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(number as u64),
        _ => Value::I64(number),
    }
}

fn number(rng: &mut Rng, field: &FieldDescriptor) -> i64 {
    match field.name() {
        "year" => rng.i64(2018..=2020),
        "month" => rng.i64(1..=12),
        "day" => rng.i64(1..=28),
        "nanos" => 10_000_000 * rng.i64(0..100),
        // The day on which the company stands, and the months around it.
        "seconds" => 1_561_885_200 + 86_400 * rng.i64(-90..=30),
        "units" => rng.i64(0..=500),
        "page_size" => rng.i64(0..=20),
        "sequence" => 1,
        name if name.ends_with("_bp") => 500 * rng.i64(0..=20),
        _ => rng.i64(0..=12),
    }
}

/// By the name of its field, which says what it is.
fn text(
    rng: &mut Rng,
    pools: &Pools,
    method: &MethodDescriptor,
    field: &FieldDescriptor,
) -> String {
    let one = |rng: &mut Rng, of: &[&str]| of[rng.usize(..of.len())].to_owned();
    let name = field.name();
    match name {
        "request_id" => fresh(),
        "name" => named(rng, pools, method, field),
        "parent" | "account" | "accounts" | "payer" | "sold_to" | "bill_to" | "names" => {
            let word = if name == "names" { noun(method) } else { "account".into() };
            pools.name(rng, &word).unwrap_or_else(|| "accounts/acme".into())
        }
        "owner" | "member" | "manager" | "from" | "to" | "ours" | "leaver" => {
            let word = one(rng, &["member", "member", "contact"]);
            pools.name(rng, &word).unwrap_or_default()
        }
        "person" => {
            let word = one(rng, &["member", "contact"]);
            pools.name(rng, &word).unwrap_or_default()
        }
        "system" | "source_system" => "ERP".into(),
        "value" if field.parent_message().name() == "Decimal" => one(rng, &["1.25", "0.5", "7"]),
        "paths" => one(rng, &["display_name", "title", "reason", "*"]),
        "company_code" | "order_by" => String::new(),
        "document_no" => one(rng, &["TO-CLEAR", "CREDIT", "CLEARED", "H1"]),
        _ if name.ends_with("etag") => pools.etag(rng),
        _ if name.ends_with("currency_code") || name.ends_with("currency") => {
            one(rng, &["USD", "EUR", "CNY"])
        }
        _ if name.ends_with("_id") => format!("f{}", rng.u16(..)),
        _ => {
            let word = singular(&name.replace('_', ""));
            let known = pools.name(rng, &word);
            known.unwrap_or_else(|| one(rng, &["acme", "FINANCE", "宁波 1", "x"]))
        }
    }
}

/// Of what the method is about, or its message.
fn named(
    rng: &mut Rng,
    pools: &Pools,
    method: &MethodDescriptor,
    field: &FieldDescriptor,
) -> String {
    let message = field.parent_message().name().to_ascii_lowercase();
    let by_message = pools.name(rng, &message);
    let by_method = pools.name(rng, &noun(method));
    by_method.or(by_message).unwrap_or_else(|| pools.any_name(rng))
}

/// `dispute` of `ResolveDispute`: without its verb.
fn noun(method: &MethodDescriptor) -> String {
    let name = method.name().trim_start_matches("Batch");
    let verb = name.char_indices().skip(1).find(|(_, c)| c.is_ascii_uppercase());
    let noun = verb.map_or(name, |(at, _)| &name[at..]);
    singular(&noun.to_ascii_lowercase())
}

fn singular(word: &str) -> String {
    word.strip_suffix('s').unwrap_or(word).to_owned()
}

/// What a call has to have anew.
pub fn renew(rng: &mut Rng, message: &mut DynamicMessage) {
    // A repeated call is answered too.
    let is_repeated = message.has_field_by_name("request_id") && rng.u8(..10) == 0;
    if let Some(field) = message.descriptor().get_field_by_name("request_id")
        && !is_repeated
    {
        message.set_field(&field, Value::String(fresh()));
    }
}

/// Another value that there is, in some field.
pub fn vary(rng: &mut Rng, pools: &Pools, method: &MethodDescriptor, message: &mut DynamicMessage) {
    let fields: Vec<_> = message.descriptor().fields().filter(|f| !is_for_pages(f)).collect();
    if fields.is_empty() {
        return;
    }
    let field = &fields[rng.usize(..fields.len())];
    // Deeper, where there is something.
    if rng.bool()
        && let Value::Message(inner) = message.get_field_mut(field)
    {
        return vary(rng, pools, method, inner);
    }
    if rng.u8(..4) == 0 {
        return message.clear_field(field);
    }
    let value = value(rng, pools, method, field, 1);
    message.set_field(field, value);
}

/// A value that nobody should send, in some field.
pub fn spoil(rng: &mut Rng, message: &mut DynamicMessage) {
    let fields: Vec<_> = message.descriptor().fields().collect();
    if fields.is_empty() {
        return;
    }
    let there: Vec<_> = fields.iter().filter(|field| message.has_field(field)).collect();
    let field = match there.is_empty() || rng.u8(..4) == 0 {
        true => &fields[rng.usize(..fields.len())],
        false => there[rng.usize(..there.len())],
    };
    if field.is_list() {
        return spoil_list(rng, message, field);
    }
    if field.is_map() {
        let [key, value] = [(); 2].map(|()| spoiled(rng, &Kind::String));
        let key = key.as_str().unwrap_or_default().to_owned();
        return message.set_field(field, labels(key, value));
    }
    if let Kind::Message(of) = field.kind() {
        let mut inner = match message.get_field(field).as_message() {
            Some(inner) => inner.clone(),
            None => DynamicMessage::new(of),
        };
        if rng.u8(..5) > 0 {
            spoil(rng, &mut inner);
        }
        return message.set_field(field, Value::Message(inner));
    }
    message.set_field(field, spoiled(rng, &field.kind()));
}

fn spoil_list(rng: &mut Rng, message: &mut DynamicMessage, field: &FieldDescriptor) {
    let mut values = message.get_field(field).as_list().unwrap_or_default().to_vec();
    match (rng.u8(..4), field.kind()) {
        (0, _) => values.clear(),
        // More than any list may have, and none of them large.
        (1, Kind::Message(of)) => values = vec![Value::Message(DynamicMessage::new(of)); 1_001],
        (_, Kind::Message(of)) => {
            let first = values.first().and_then(Value::as_message).cloned();
            let mut one = first.unwrap_or_else(|| DynamicMessage::new(of));
            spoil(rng, &mut one);
            values.push(Value::Message(one));
        }
        (1, kind) => values = vec![spoiled(rng, &kind); 1_001],
        (_, kind) => values.push(spoiled(rng, &kind)),
    }
    message.set_field(field, Value::List(values));
}

fn spoiled(rng: &mut Rng, kind: &Kind) -> Value {
    const NUMBERS: [i64; 12] = [
        i64::MIN,
        i64::MAX,
        i32::MIN as i64,
        i32::MAX as i64,
        -1,
        0,
        1,
        1_000_000_000,
        36_501,
        9_999,
        10_000_000_000_000,
        -999_999_999,
    ];
    const TEXTS: [&str; 20] = [
        "",
        "\0",
        "a\0b",
        "\u{202e}",
        "\u{feff}",
        " a ",
        "a\nb",
        "/",
        "accounts/",
        "accounts/-",
        "accounts/ERP~%zz",
        "accounts/ERP~%00",
        "contacts/00000000-0000-0000-0000-000000000000",
        "NaN",
        "1e400",
        "79228162514264337593543950336",
        "-0.000000000000000000000000000001",
        "' OR 1=1 --",
        "%_\\",
        "USD",
    ];
    match kind {
        Kind::String => Value::String(match rng.usize(..TEXTS.len() + 2) {
            0 => "x".repeat(5_000),
            1 => "🙂".repeat(300),
            at => TEXTS[at - 2].to_owned(),
        }),
        Kind::Enum(_) => Value::EnumNumber([-1, 0, 99, i32::MAX, i32::MIN][rng.usize(..5)]),
        Kind::Bool => Value::Bool(rng.bool()),
        Kind::Bytes => Value::Bytes(vec![0xff; rng.usize(..2_000)].into()),
        Kind::Double => Value::F64([f64::NAN, f64::INFINITY, -0.0, 1e300][rng.usize(..4)]),
        Kind::Float => Value::F32([f32::NAN, f32::INFINITY, -0.0, 1e38][rng.usize(..4)]),
        kind => integer(kind, NUMBERS[rng.usize(..NUMBERS.len())]),
    }
}

/// Bytes that were changed on their way: flipped, cut, or more than there were.
pub fn break_bytes(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..=rng.usize(..4) {
        match rng.u8(..4) {
            0 => bytes.truncate(rng.usize(..=bytes.len())),
            1 => bytes.extend((0..rng.usize(..8)).map(|_| rng.u8(..))),
            _ if bytes.is_empty() => bytes.push(rng.u8(..)),
            _ => {
                let at = rng.usize(..bytes.len());
                bytes[at] ^= 1 << rng.u8(..8);
            }
        }
    }
}
