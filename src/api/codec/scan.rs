//! Counts the elements in the bytes of a request.

use tonic::Status;

use super::shapes::{At, REQUESTS, Shapes};
use crate::domain::error::{Error, Reason};

/// Elements of all lists of a message together, whatever is in what.
const ELEMENTS_MAX: usize = 200_000;
/// As deep as messages are decoded.
const DEPTH_MAX: usize = 100;

/// Refuses a request with a list that is too long. What is no request is not looked at.
///
/// # Errors
/// TOO_MANY_ELEMENTS with the field; REQUEST_MALFORMED.
pub fn check(name: &str, bytes: &[u8]) -> Result<(), Status> {
    let Some(at) = REQUESTS.request(name) else { return Ok(()) };
    let mut scan = Scan { shapes: &REQUESTS, elements: 0 };
    scan.message(at, bytes, 0).map_err(|fault| Error::from(fault).into())
}

struct Scan<'a> {
    shapes: &'a Shapes,
    elements: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Fault {
    Malformed,
    /// The field, and what it may hold.
    TooMany(String, usize),
    /// In the whole message.
    TooManyInAll,
}

impl Fault {
    /// Seen from the message around.
    fn within(self, field: impl FnOnce() -> String) -> Self {
        match self {
            Self::TooMany(path, max) => Self::TooMany(format!("{}.{path}", field()), max),
            other => other,
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Malformed => {
                let what = "failed to decode Protobuf message";
                Self::invalid("", Reason::RequestMalformed, what)
            }
            Fault::TooMany(field, max) => {
                Self::invalid(field, Reason::TooManyElements, format!("far more than {max}"))
            }
            Fault::TooManyInAll => {
                let what = format!("the lists of a request have at most {ELEMENTS_MAX} elements");
                Self::invalid("", Reason::TooManyElements, what)
            }
        }
    }
}

impl Scan<'_> {
    fn message(&mut self, at: At, mut bytes: &[u8], depth: usize) -> Result<(), Fault> {
        let shape = self.shapes.at(at).filter(|_| depth < DEPTH_MAX).ok_or(Fault::Malformed)?;
        // How often each field that is a list came, by its number.
        let mut counts: Vec<usize> = Vec::new();
        while !bytes.is_empty() {
            let tag = varint(&mut bytes)?;
            let (number, wire) = (tag >> 3, tag & 7);
            let value = value(wire, &mut bytes)?;
            let Some(field) = shape.field(number) else { continue };
            let mut place = None;
            if let Some(max) = field.elements_max {
                let number = number as usize;
                if counts.len() <= number {
                    counts.resize(number + 1, 0);
                }
                let came = match value {
                    // Numbers end with the byte whose first bit is not set.
                    Some(packed) if field.packed => packed.iter().filter(|b| **b < 0x80).count(),
                    _ => 1,
                };
                place = Some(counts[number]);
                counts[number] += came;
                self.elements += came;
                if counts[number] > max {
                    return Err(Fault::TooMany(field.name.clone(), max));
                }
                if self.elements > ELEMENTS_MAX {
                    return Err(Fault::TooManyInAll);
                }
            }
            if let (Some(inner), Some(value)) = (field.message, value) {
                self.message(inner, value, depth + 1).map_err(|fault| {
                    fault.within(|| match place {
                        Some(place) => format!("{}[{place}]", field.name),
                        None => field.name.clone(),
                    })
                })?;
            }
        }
        Ok(())
    }
}

/// Takes the value of a field; its bytes if it has a length.
fn value<'a>(wire: u64, bytes: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Fault> {
    match wire {
        0 => varint(bytes).map(|_| None),
        1 => take(bytes, 8).map(|_| None),
        2 => {
            let length = varint(bytes)?;
            let length = usize::try_from(length).map_err(|_| Fault::Malformed)?;
            take(bytes, length).map(Some)
        }
        5 => take(bytes, 4).map(|_| None),
        // Groups are in no contract of this syntax; within one anything could hide.
        _ => Err(Fault::Malformed),
    }
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], Fault> {
    let (value, rest) = bytes.split_at_checked(length).ok_or(Fault::Malformed)?;
    *bytes = rest;
    Ok(value)
}

fn varint(bytes: &mut &[u8]) -> Result<u64, Fault> {
    let mut value = 0;
    for at in 0..10 {
        let (first, rest) = bytes.split_first().ok_or(Fault::Malformed)?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << (7 * at);
        if first & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Fault::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::{Message, Name};

    use super::super::shapes::LIST_ELEMENTS_MAX;
    use super::*;
    use crate::pb;

    fn scan<M: Message + Name>(bytes: &[u8]) -> Result<(), Fault> {
        let at = REQUESTS.request(&M::full_name()).expect("a request");
        Scan { shapes: &REQUESTS, elements: 0 }.message(at, bytes, 0)
    }

    fn of<M: Message + Name>(message: &M) -> Result<(), Fault> {
        scan::<M>(&message.encode_to_vec())
    }

    #[test]
    fn lists_up_to_their_limit_pass_and_longer_ones_are_named() {
        let post = |documents| pb::PostDocumentsRequest { documents, ..Default::default() };
        let many = |count| vec![pb::Document::default(); count];
        assert_eq!(of(&post(many(LIST_ELEMENTS_MAX))), Ok(()));
        let fault = Fault::TooMany("documents".into(), LIST_ELEMENTS_MAX);
        assert_eq!(of(&post(many(LIST_ELEMENTS_MAX + 1))), Err(fault));

        let instalments = vec![pb::Instalment::default(); LIST_ELEMENTS_MAX + 1];
        let long = pb::Document { instalments, ..Default::default() };
        let fault = Fault::TooMany("documents[2].instalments".into(), LIST_ELEMENTS_MAX);
        assert_eq!(of(&post([many(2), vec![long]].concat())), Err(fault));
    }

    #[test]
    fn numbers_in_one_piece_are_counted_one_by_one() {
        let aging = |edges| pb::GetAgingRequest { edges, ..Default::default() };
        assert_eq!(of(&aging(vec![300; LIST_ELEMENTS_MAX])), Ok(()));
        let fault = Fault::TooMany("edges".into(), LIST_ELEMENTS_MAX);
        assert_eq!(of(&aging(vec![300; LIST_ELEMENTS_MAX + 1])), Err(fault));
    }

    #[test]
    fn a_field_may_say_how_many_it_takes() {
        let values = vec![pb::TierValue::default(); 5_000];
        let step = pb::upload_tier_values_request::Step::Chunk(pb::TierValueChunk { values });
        assert_eq!(of(&pb::UploadTierValuesRequest { step: Some(step) }), Ok(()));
    }

    #[test]
    fn all_lists_together_are_bounded() {
        let keys = vec![pb::ClearingTarget::default(); 900];
        let document = pb::Document {
            clears: Some(pb::ClearingInstruction { targets: keys, ..Default::default() }),
            ..Default::default()
        };
        let documents = vec![document; 500];
        let post = pb::PostDocumentsRequest { documents, ..Default::default() };
        assert_eq!(of(&post), Err(Fault::TooManyInAll));
    }

    #[test]
    fn a_group_hides_nothing() {
        // A group begins, and a million documents would follow in it.
        let bytes = [&[0x0b][..], &[0x0a, 0].repeat(1_000_000)].concat();
        assert_eq!(scan::<pb::PostDocumentsRequest>(&bytes), Err(Fault::Malformed));
    }

    proptest! {
        #[test]
        fn every_element_is_counted_once(lists in prop::collection::vec(0_usize..20, 0..20)) {
            let document = |count: &usize| pb::Document {
                instalments: vec![pb::Instalment::default(); *count],
                note: "x".repeat(*count),
                ..Default::default()
            };
            let documents = lists.iter().map(document).collect();
            let bytes = pb::PostDocumentsRequest { documents, ..Default::default() }.encode_to_vec();
            let at = REQUESTS.request("ballast.v1.PostDocumentsRequest").expect("a request");
            let mut scan = Scan { shapes: &REQUESTS, elements: 0 };
            prop_assert_eq!(scan.message(at, &bytes, 0), Ok(()));
            prop_assert_eq!(scan.elements, lists.len() + lists.iter().sum::<usize>());
        }

        /// The scan may refuse a group that the decoder would pass over, and nothing else that the
        /// decoder takes.
        #[test]
        fn bytes_of_any_kind_are_taken_as_the_decoder_takes_them(
            bytes in prop::collection::vec(any::<u8>(), 0..48),
        ) {
            let is_group = |byte: &u8| matches!(byte & 7, 3 | 4);
            let is_decoded = pb::PostDocumentsRequest::decode(&bytes[..]).is_ok();
            if is_decoded && !bytes.iter().any(is_group) {
                prop_assert_eq!(scan::<pb::PostDocumentsRequest>(&bytes), Ok(()));
            }
        }
    }
}
