//! How much a refusal may say. grpc-java takes 8 KiB of headers in all.

/// Violations told one by one.
pub const VIOLATIONS_MAX: usize = 20;
/// The details before their base64 form, which is a third larger and stays below 6 KiB.
pub const DETAILS_BYTES_MAX: usize = 4_500;
/// The message in its percent-encoded form.
pub const MESSAGE_WIRE_BYTES_MAX: usize = 1_024;
/// One field path, name or description.
pub const TEXT_BYTES_MAX: usize = 200;
/// One value of metadata; long enough for every resource name.
pub const METADATA_BYTES_MAX: usize = 256;

const ELLIPSIS: char = '…';

/// At most `bytes_max` bytes of a text, cut between characters.
pub fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// At most [`MESSAGE_WIRE_BYTES_MAX`] of a message as it is percent-encoded for its header.
pub fn cut_wire(text: &str) -> String {
    // As the gRPC library encodes it, which is more than the protocol asks for.
    let wire = |c: char| match c {
        ' ' | '"' | '#' | '%' | '<' | '>' | '`' | '?' | '{' | '}' => 3,
        '!'..='~' => 1,
        other => 3 * other.len_utf8(),
    };
    let mut left = MESSAGE_WIRE_BYTES_MAX - wire(ELLIPSIS);
    let mut kept = String::with_capacity(text.len().min(MESSAGE_WIRE_BYTES_MAX));
    for c in text.chars() {
        if wire(c) > left {
            kept.push(ELLIPSIS);
            break;
        }
        left -= wire(c);
        kept.push(c);
    }
    kept
}
