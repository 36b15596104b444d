//! Names of reservations: by our id, or by the key of the order in its own system.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::external::{decode, encode, key_segment};
use super::{AccountRef, CREDIT_RESERVATIONS, MAX_SYSTEM_CHARS, bad_name, segments};
use crate::domain::error::{Result, Violation};

/// An order of another system. Companies number their orders each by itself, so that the company
/// is part of the key, as of a document's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OrderKey {
    pub system: String,
    /// Empty if there is only one.
    pub company_code: String,
    pub order_ref: String,
}

/// How a request names a reservation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReservationName {
    pub account: AccountRef,
    pub reservation: ReservationRef,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ReservationRef {
    Id(Uuid),
    Key(OrderKey),
}

/// Parses `accounts/{account}/creditReservations/{uuid}`, or `…/{system}~{company}~{order_ref}`, both
/// percent-encoded, `~` as well; without a company `…/{system}~{order_ref}`, and no other form.
///
/// # Errors
/// `RESOURCE_NAME_INVALID`.
pub fn parse_reservation(field: &str, name: &str) -> Result<ReservationName, Violation> {
    let reservation = segments(name).and_then(|[parent, account, of, last]| {
        if parent != "accounts" || of != CREDIT_RESERVATIONS {
            return None;
        }
        Some(ReservationName {
            account: AccountRef::of_segment(account)?,
            reservation: reservation_ref(last)?,
        })
    });
    let form = "accounts/{account}/creditReservations/{uuid or system~company~order_ref}";
    reservation.ok_or_else(|| bad_name(field, name, form))
}

fn reservation_ref(segment: &str) -> Option<ReservationRef> {
    let Some((system, encoded)) = segment.split_once('~') else {
        let id = Uuid::try_parse(segment).ok().filter(|id| id.to_string() == segment)?;
        return Some(ReservationRef::Id(id));
    };
    let (company_code, order_ref) = match encoded.split_once('~') {
        Some((_, order_ref)) if order_ref.contains('~') => return None,
        Some((company, order_ref)) => (decode(company)?, order_ref),
        None => (String::new(), encoded),
    };
    let order_ref = decode(order_ref)?;
    let key = OrderKey { system: system.to_owned(), company_code, order_ref };
    is_system(system).then_some(ReservationRef::Key(key))
}

/// As documents name their source system: here it may begin with a punctuation mark.
fn is_system(system: &str) -> bool {
    (1..=MAX_SYSTEM_CHARS).contains(&system.len())
        && system.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// The full resource name, as a client sends it.
impl fmt::Display for ReservationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, reservation } = self;
        write!(f, "{account}/{CREDIT_RESERVATIONS}/")?;
        match reservation {
            ReservationRef::Id(id) => write!(f, "{id}"),
            ReservationRef::Key(OrderKey { system, company_code, order_ref }) => {
                if company_code.is_empty() {
                    return f.write_str(&key_segment(system, order_ref));
                }
                let company = encode(company_code);
                f.write_str(&key_segment(&format!("{system}~{company}"), order_ref))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::MAX_EXTERNAL_ID_CHARS;
    use proptest::prelude::*;

    fn by_key(
        account: AccountRef,
        system: &str,
        company: &str,
        order_ref: &str,
    ) -> ReservationName {
        let key = OrderKey {
            system: system.into(),
            company_code: company.into(),
            order_ref: order_ref.into(),
        };
        ReservationName { account, reservation: ReservationRef::Key(key) }
    }

    fn acme() -> AccountRef {
        AccountRef::Id("acme".into())
    }

    #[test]
    fn an_order_is_named_by_its_id_and_by_its_key() {
        let id = Uuid::from_u128(7);
        let name = ReservationName { account: acme(), reservation: ReservationRef::Id(id) };
        let text = format!("accounts/acme/creditReservations/{id}");
        assert_eq!(parse_reservation("name", &text), Ok(name.clone()));
        assert_eq!(name.to_string(), text);

        let text = "accounts/acme/creditReservations/_SAP.1~%E8%AE%A2%E5%8D%95%2F7";
        let name = by_key(acme(), "_SAP.1", "", "订单/7");
        assert_eq!(parse_reservation("name", text), Ok(name.clone()));
        assert_eq!(name.to_string(), text);

        let text = "accounts/acme/creditReservations/SAP~10%7E%E5%8D%95~7%7E8";
        let name = by_key(acme(), "SAP", "10~单", "7~8");
        assert_eq!(parse_reservation("name", text), Ok(name.clone()));
        assert_eq!(name.to_string(), text);
    }

    #[test]
    fn the_longest_keys_of_account_and_order_fit_in_a_name() {
        let long = "𠮷".repeat(MAX_EXTERNAL_ID_CHARS);
        let account = AccountRef::External { system: "s".repeat(32), id: long.clone() };
        let name = by_key(account, &"t".repeat(32), &"𠮷".repeat(16), &long);
        assert_eq!(parse_reservation("name", &name.to_string()), Ok(name));
    }

    #[test]
    fn anything_else_names_no_reservation() {
        for order in [
            "",
            "-",
            "7",
            "~7",
            "SAP~",
            "SAP~%",
            "SAP~%2",
            "SAP~%00",
            "SAP~ 7",
            "S P~7",
            "金蝶~7",
            "SAP~7/8",
            "SAP~~7",
            "SAP~10~",
            "SAP~10~7~8",
            "~10~7",
            "00000000000000000000000000000007",
            "0197F2A4-9D2E-7CC3-98C4-DC0C0C07398F",
        ] {
            let name = format!("accounts/acme/creditReservations/{order}");
            assert!(parse_reservation("name", &name).is_err(), "{name}");
        }
        let id = Uuid::from_u128(7);
        for name in [
            format!("accounts/-/creditReservations/{id}"),
            format!("accounts/acme/creditHolds/{id}"),
            format!("creditReservations/{id}"),
        ] {
            assert!(parse_reservation("name", &name).is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_order_survives_its_name(
            system in "[A-Za-z0-9._-]{1,32}",
            company in "[^\\p{Cc}\\p{Cf}\\s]{0,16}",
            order_ref in "[^\\p{Cc}\\p{Cf}\\s]{1,128}",
        ) {
            let name = by_key(acme(), &system, &company, &order_ref);
            prop_assert_eq!(parse_reservation("name", &name.to_string()), Ok(name));
        }
    }
}
