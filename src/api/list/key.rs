//! The keys that lists are sorted by, as tokens carry them.

use chrono::{Datelike as _, NaiveDate};
use uuid::Uuid;

/// The key that the elements of a list are sorted by, as a token carries it.
pub trait PageKey: Sized {
    /// What says how a key is read: the order of a list that has several, else nothing.
    type Order;

    fn write(self) -> Vec<String>;
    fn read(key: &[String], order: Self::Order) -> Option<Self>;
}

/// A value of a key.
pub trait KeyPart: Sized {
    fn to_part(&self) -> String;
    fn of_part(text: &str) -> Option<Self>;
}

macro_rules! key_part {
    ($($type:ty,)+) => {$(
        impl KeyPart for $type {
            fn to_part(&self) -> String {
                self.to_string()
            }

            fn of_part(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )+};
}

key_part! { i64, i128, String, Uuid, }

/// A day that both engines have.
impl KeyPart for NaiveDate {
    fn to_part(&self) -> String {
        self.to_string()
    }

    fn of_part(text: &str) -> Option<Self> {
        text.parse().ok().filter(|day: &Self| (1..=9999).contains(&day.year()))
    }
}

/// A day and bytes: `2026-01-31 0a1b`.
impl KeyPart for (NaiveDate, Vec<u8>) {
    fn to_part(&self) -> String {
        let bytes: String = self.1.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{} {bytes}", self.0)
    }

    fn of_part(text: &str) -> Option<Self> {
        let (day, bytes) = text.split_once(' ')?;
        let digits: Vec<u32> = bytes.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
        let byte = |pair: &[u32]| u8::try_from(pair[0] * 16 + pair.get(1)?).ok();
        Some((NaiveDate::of_part(day)?, digits.chunks(2).map(byte).collect::<Option<_>>()?))
    }
}

impl<A: KeyPart> PageKey for A {
    type Order = ();

    fn write(self) -> Vec<String> {
        vec![self.to_part()]
    }

    fn read(key: &[String], (): ()) -> Option<Self> {
        let [a] = key else { return None };
        A::of_part(a)
    }
}

impl<A: KeyPart, B: KeyPart> PageKey for (A, B) {
    type Order = ();

    fn write(self) -> Vec<String> {
        vec![self.0.to_part(), self.1.to_part()]
    }

    fn read(key: &[String], (): ()) -> Option<Self> {
        let [a, b] = key else { return None };
        Some((A::of_part(a)?, B::of_part(b)?))
    }
}

impl<A: KeyPart, B: KeyPart, C: KeyPart> PageKey for (A, B, C) {
    type Order = ();

    fn write(self) -> Vec<String> {
        vec![self.0.to_part(), self.1.to_part(), self.2.to_part()]
    }

    fn read(key: &[String], (): ()) -> Option<Self> {
        let [a, b, c] = key else { return None };
        Some((A::of_part(a)?, B::of_part(b)?, C::of_part(c)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back<K: PageKey<Order = ()> + Clone + PartialEq + std::fmt::Debug>(key: K) {
        assert_eq!(K::read(&key.clone().write(), ()), Some(key));
    }

    #[test]
    fn a_key_is_read_as_it_was_written_and_no_other_is() {
        let date = NaiveDate::from_ymd_opt(9999, 12, 31).expect("a date");
        there_and_back(Uuid::max());
        there_and_back(("a".to_owned(), (date, vec![0, 15, 255])));
        there_and_back(("a".to_owned(), (date, Vec::new())));
        for wrong in ["2026-01-31", "2026-01-31 0", "2026-01-31 0x", "x 00"] {
            assert_eq!(<(NaiveDate, Vec<u8>)>::of_part(wrong), None, "{wrong}");
        }
        there_and_back("Ä \"".to_owned());
        there_and_back((i64::MIN, String::new()));
        there_and_back((date, Uuid::nil()));
        there_and_back((i128::MIN, "a".to_owned()));
        let parts = |parts: &[&str]| parts.iter().map(|&part| part.to_owned()).collect::<Vec<_>>();
        assert_eq!(Uuid::read(&parts(&["a", "b"]), ()), None);
        assert_eq!(NaiveDate::of_part("-262143-01-01"), None);
        assert_eq!(<(NaiveDate, Uuid)>::read(&parts(&["2026-02-30", "x"]), ()), None);
        assert_eq!(<(i64, String)>::read(&parts(&["1"]), ()), None);
    }
}
