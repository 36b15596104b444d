//! Currencies: the codes of ISO 4217 that money can be kept in, today or on the day of an old document.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::error::{Reason, Violation};

/// Codes and minor digits by ISO 4217 list one, as of January 2026, and those of list three that were withdrawn
/// since 1999, in ascending order.
///
/// Left out: metals, bond units, test codes and special drawing rights, which have no
/// minor unit.
const TABLE: &[(&str, u32)] = &[
    ("ADP", 0),
    ("AED", 2),
    ("AFA", 2),
    ("AFN", 2),
    ("ALL", 2),
    ("AMD", 2),
    ("ANG", 2),
    ("AOA", 2),
    ("ARS", 2),
    ("ATS", 2),
    ("AUD", 2),
    ("AWG", 2),
    ("AZM", 2),
    ("AZN", 2),
    ("BAM", 2),
    ("BBD", 2),
    ("BDT", 2),
    ("BEF", 0),
    ("BGL", 2),
    ("BGN", 2),
    ("BHD", 3),
    ("BIF", 0),
    ("BMD", 2),
    ("BND", 2),
    ("BOB", 2),
    ("BOV", 2),
    ("BRL", 2),
    ("BSD", 2),
    ("BTN", 2),
    ("BWP", 2),
    ("BYB", 0),
    ("BYN", 2),
    ("BYR", 0),
    ("BZD", 2),
    ("CAD", 2),
    ("CDF", 2),
    ("CHE", 2),
    ("CHF", 2),
    ("CHW", 2),
    ("CLF", 4),
    ("CLP", 0),
    ("CNY", 2),
    ("COP", 2),
    ("COU", 2),
    ("CRC", 2),
    ("CSD", 2),
    ("CUC", 2),
    ("CUP", 2),
    ("CVE", 2),
    ("CYP", 2),
    ("CZK", 2),
    ("DEM", 2),
    ("DJF", 0),
    ("DKK", 2),
    ("DOP", 2),
    ("DZD", 2),
    ("ECS", 2),
    ("EEK", 2),
    ("EGP", 2),
    ("ERN", 2),
    ("ESP", 0),
    ("ETB", 2),
    ("EUR", 2),
    ("FIM", 2),
    ("FJD", 2),
    ("FKP", 2),
    ("FRF", 2),
    ("GBP", 2),
    ("GEL", 2),
    ("GHC", 2),
    ("GHS", 2),
    ("GIP", 2),
    ("GMD", 2),
    ("GNF", 0),
    ("GRD", 0),
    ("GTQ", 2),
    ("GYD", 2),
    ("HKD", 2),
    ("HNL", 2),
    ("HRK", 2),
    ("HTG", 2),
    ("HUF", 2),
    ("IDR", 2),
    ("IEP", 2),
    ("ILS", 2),
    ("INR", 2),
    ("IQD", 3),
    ("IRR", 2),
    ("ISK", 0),
    ("ITL", 0),
    ("JMD", 2),
    ("JOD", 3),
    ("JPY", 0),
    ("KES", 2),
    ("KGS", 2),
    ("KHR", 2),
    ("KMF", 0),
    ("KPW", 2),
    ("KRW", 0),
    ("KWD", 3),
    ("KYD", 2),
    ("KZT", 2),
    ("LAK", 2),
    ("LBP", 2),
    ("LKR", 2),
    ("LRD", 2),
    ("LSL", 2),
    ("LTL", 2),
    ("LUF", 0),
    ("LVL", 2),
    ("LYD", 3),
    ("MAD", 2),
    ("MDL", 2),
    ("MGA", 2),
    ("MGF", 0),
    ("MKD", 2),
    ("MMK", 2),
    ("MNT", 2),
    ("MOP", 2),
    ("MRO", 2),
    ("MRU", 2),
    ("MTL", 2),
    ("MUR", 2),
    ("MVR", 2),
    ("MWK", 2),
    ("MXN", 2),
    ("MXV", 2),
    ("MYR", 2),
    ("MZM", 2),
    ("MZN", 2),
    ("NAD", 2),
    ("NGN", 2),
    ("NIO", 2),
    ("NLG", 2),
    ("NOK", 2),
    ("NPR", 2),
    ("NZD", 2),
    ("OMR", 3),
    ("PAB", 2),
    ("PEN", 2),
    ("PGK", 2),
    ("PHP", 2),
    ("PKR", 2),
    ("PLN", 2),
    ("PTE", 0),
    ("PYG", 0),
    ("QAR", 2),
    ("ROL", 2),
    ("RON", 2),
    ("RSD", 2),
    ("RUB", 2),
    ("RWF", 0),
    ("SAR", 2),
    ("SBD", 2),
    ("SCR", 2),
    ("SDD", 2),
    ("SDG", 2),
    ("SEK", 2),
    ("SGD", 2),
    ("SHP", 2),
    ("SIT", 2),
    ("SKK", 2),
    ("SLE", 2),
    ("SLL", 2),
    ("SOS", 2),
    ("SRD", 2),
    ("SRG", 2),
    ("SSP", 2),
    ("STD", 2),
    ("STN", 2),
    ("SVC", 2),
    ("SYP", 2),
    ("SZL", 2),
    ("THB", 2),
    ("TJS", 2),
    ("TMM", 2),
    ("TMT", 2),
    ("TND", 3),
    ("TOP", 2),
    ("TRL", 0),
    ("TRY", 2),
    ("TTD", 2),
    ("TWD", 2),
    ("TZS", 2),
    ("UAH", 2),
    ("UGX", 0),
    ("USD", 2),
    ("USN", 2),
    ("UYI", 0),
    ("UYU", 2),
    ("UYW", 4),
    ("UZS", 2),
    ("VEB", 2),
    ("VED", 2),
    ("VEF", 2),
    ("VES", 2),
    ("VND", 0),
    ("VUV", 0),
    ("WST", 2),
    ("XAD", 2),
    ("XAF", 0),
    ("XCD", 2),
    ("XCG", 2),
    ("XOF", 0),
    ("XPF", 0),
    ("YER", 2),
    ("YUM", 2),
    ("ZAR", 2),
    ("ZMK", 2),
    ("ZMW", 2),
    ("ZWD", 2),
    ("ZWG", 2),
    ("ZWL", 2),
    ("ZWR", 2),
];

/// The last day of each code that was withdrawn since 1999: of the month before ISO 4217 withdrew it,
/// or of the months in which the old money was still taken beside the new.
const WITHDRAWN: &[(&str, (i32, u32, u32))] = &[
    ("ADP", (2002, 2, 28)),
    ("AFA", (2003, 1, 2)),
    ("ANG", (2025, 6, 30)),
    ("ATS", (2002, 2, 28)),
    ("AZM", (2006, 12, 31)),
    ("BEF", (2002, 2, 28)),
    ("BGL", (1999, 7, 4)),
    ("BGN", (2025, 12, 31)),
    ("BYB", (2000, 12, 31)),
    ("BYR", (2016, 12, 31)),
    ("CSD", (2006, 10, 31)),
    ("CUC", (2021, 6, 30)),
    ("CYP", (2007, 12, 31)),
    ("DEM", (2002, 2, 28)),
    ("ECS", (2000, 9, 30)),
    ("EEK", (2010, 12, 31)),
    ("ESP", (2002, 2, 28)),
    ("FIM", (2002, 2, 28)),
    ("FRF", (2002, 2, 28)),
    ("GHC", (2007, 12, 31)),
    ("GRD", (2002, 2, 28)),
    ("HRK", (2022, 12, 31)),
    ("IEP", (2002, 2, 28)),
    ("ITL", (2002, 2, 28)),
    ("LTL", (2014, 12, 31)),
    ("LUF", (2002, 2, 28)),
    ("LVL", (2013, 12, 31)),
    ("MGF", (2004, 12, 31)),
    ("MRO", (2017, 12, 31)),
    ("MTL", (2007, 12, 31)),
    ("MZM", (2006, 12, 31)),
    ("NLG", (2002, 2, 28)),
    ("PTE", (2002, 2, 28)),
    ("ROL", (2006, 12, 31)),
    ("SDD", (2007, 6, 30)),
    ("SIT", (2006, 12, 31)),
    ("SKK", (2008, 12, 31)),
    ("SLL", (2023, 12, 31)),
    ("SRG", (2003, 12, 31)),
    ("STD", (2017, 12, 31)),
    ("TMM", (2008, 12, 31)),
    ("TRL", (2005, 12, 31)),
    ("VEB", (2007, 12, 31)),
    ("VEF", (2018, 8, 19)),
    ("YUM", (2003, 7, 31)),
    ("ZMK", (2012, 12, 31)),
    ("ZWD", (2008, 7, 31)),
    ("ZWL", (2024, 8, 31)),
    ("ZWR", (2009, 6, 30)),
];

/// A currency that is, or was. Ordered by code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency(u8);

/// Refuses a currency that was withdrawn.
pub fn withdrawn(field: &str, currency: Currency, last_day: NaiveDate) -> Violation {
    let description = format!("{currency} was withdrawn; documents are in it until {last_day}");
    Violation::new(field, Reason::CurrencyWithdrawn, description)
        .with("currency", currency)
        .with("last_day", last_day)
}

const _: () = assert!(TABLE.len() <= u8::MAX as usize);

impl Currency {
    /// The currency of exactly this upper-case code.
    pub fn parse(code: &str) -> Option<Self> {
        let at = TABLE.binary_search_by_key(&code, |&(code, _)| code).ok()?;
        u8::try_from(at).ok().map(Self)
    }

    /// Every currency, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().filter_map(|&(code, _)| Self::parse(code))
    }

    pub fn code(self) -> &'static str {
        TABLE[usize::from(self.0)].0
    }

    /// The last day on which a document may be in it; `None` while it is in use.
    pub fn last_day(self) -> Option<NaiveDate> {
        let at = WITHDRAWN.binary_search_by_key(&self.code(), |&(code, _)| code).ok()?;
        let (year, month, day) = WITHDRAWN[at].1;
        NaiveDate::from_ymd_opt(year, month, day)
    }

    /// It is in use: what is agreed on from now on may be in it.
    pub fn is_active(self) -> bool {
        self.last_day().is_none()
    }

    /// How many decimal digits the minor unit has: 2 for USD, 0 for JPY, 3 for KWD.
    pub fn minor_digits(self) -> u32 {
        TABLE[usize::from(self.0)].1
    }

    /// Minor units in one unit of the currency: 100 for USD, 1 for JPY.
    pub fn minor_per_unit(self) -> i64 {
        10i64.pow(self.minor_digits())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&code).ok_or_else(|| de::Error::custom("not a code of ISO 4217"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_without_doubles_so_that_every_code_is_found() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(Currency::all().count(), TABLE.len());
        for currency in Currency::all() {
            assert_eq!(Currency::parse(currency.code()), Some(currency));
        }
    }

    #[test]
    fn minor_digits_follow_iso_4217() {
        for (code, digits) in
            [("USD", 2), ("CNY", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("CLF", 4), ("UYW", 4)]
        {
            assert_eq!(Currency::parse(code).map(Currency::minor_digits), Some(digits), "{code}");
        }
    }

    #[test]
    fn a_code_is_exact_and_has_a_minor_unit() {
        for code in ["", "usd", "US", "USDX", "US ", "XAU", "XXX", "XDR", "ＵＳＤ"] {
            assert_eq!(Currency::parse(code), None, "{code:?}");
        }
    }

    #[test]
    fn a_withdrawn_currency_has_a_last_day() {
        assert!(WITHDRAWN.is_sorted_by(|a, b| a.0 < b.0));
        for (code, _) in WITHDRAWN {
            let currency = Currency::parse(code).unwrap();
            assert!(currency.last_day().is_some() && !currency.is_active(), "{code}");
        }
        let last = |code| Currency::parse(code).unwrap().last_day().map(|day| day.to_string());
        for (code, day) in [("HRK", "2022-12-31"), ("LTL", "2014-12-31"), ("DEM", "2002-02-28")] {
            assert_eq!(last(code).as_deref(), Some(day), "{code}");
        }
        assert_eq!(last("EUR"), None);
    }

    #[test]
    fn json_carries_the_code() {
        let eur = Currency::parse("EUR").unwrap();
        assert_eq!(serde_json::to_string(&eur).unwrap(), "\"EUR\"");
        assert_eq!(serde_json::from_str::<Currency>("\"EUR\"").unwrap(), eur);
        assert!(serde_json::from_str::<Currency>("\"eur\"").is_err());
    }
}
