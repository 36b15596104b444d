//! What a column may be.

use serde::{Deserialize, Serialize};

use crate::domain::item::DocumentKind;

/// A field of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Field {
    CompanyCode,
    FiscalYear,
    DocumentNo,
    LineNo,
    SourceVersion,
    Kind,
    Payer,
    PayerName,
    SoldTo,
    SoldToName,
    DocumentDate,
    PostingDate,
    DueDate,
    DueDays,
    Currency,
    Amount,
    DebitAmount,
    CreditAmount,
    DebitCredit,
    ClearDate,
    ClearsDocumentNo,
    ClearsFiscalYear,
    AdjustmentReason,
    OrderRef,
    ContractRef,
    ProjectRef,
    Note,
}

impl Field {
    pub const ALL: [Self; 27] = [
        Self::CompanyCode,
        Self::FiscalYear,
        Self::DocumentNo,
        Self::LineNo,
        Self::SourceVersion,
        Self::Kind,
        Self::Payer,
        Self::PayerName,
        Self::SoldTo,
        Self::SoldToName,
        Self::DocumentDate,
        Self::PostingDate,
        Self::DueDate,
        Self::DueDays,
        Self::Currency,
        Self::Amount,
        Self::DebitAmount,
        Self::CreditAmount,
        Self::DebitCredit,
        Self::ClearDate,
        Self::ClearsDocumentNo,
        Self::ClearsFiscalYear,
        Self::AdjustmentReason,
        Self::OrderRef,
        Self::ContractRef,
        Self::ProjectRef,
        Self::Note,
    ];

    /// Without these no row is a document; amounts may stand in two columns.
    pub const REQUIRED: [Self; 5] =
        [Self::DocumentNo, Self::Payer, Self::DocumentDate, Self::Amount, Self::Currency];

    pub const AMOUNTS: [Self; 3] = [Self::Amount, Self::DebitAmount, Self::CreditAmount];

    pub const DATES: [Self; 4] =
        [Self::DocumentDate, Self::PostingDate, Self::DueDate, Self::ClearDate];

    /// As mappings and error files name it.
    pub fn name(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|name| name.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// The field that a path within a document comes from.
    pub fn of_path(path: &str) -> Option<Self> {
        let path = path
            .strip_prefix("documents")
            .map_or(path, |rest| rest.split_once('.').map_or(path, |(_, behind)| behind));
        let begins = |start: &str| path.starts_with(start);
        let direct = || Self::ALL.into_iter().find(|field| field.name() == path);
        match path {
            "gross" => Some(Self::Amount),
            "instalments" => Some(Self::DueDate),
            "key.company_code" => Some(Self::CompanyCode),
            "key.fiscal_year" => Some(Self::FiscalYear),
            "key.line_no" => Some(Self::LineNo),
            _ if begins("gross") => Some(Self::Amount),
            _ if begins("instalments") && path.ends_with("due_date") => Some(Self::DueDate),
            _ if begins("instalments") => Some(Self::Amount),
            _ if begins("key") => Some(Self::DocumentNo),
            _ if begins("clears") => direct().or(Some(Self::ClearsDocumentNo)),
            _ => direct(),
        }
    }
}

/// The kind of the opposite sign, where it goes without saying.
pub(super) fn opposite(kind: DocumentKind) -> Option<DocumentKind> {
    match kind {
        DocumentKind::Invoice | DocumentKind::DebitNote => Some(DocumentKind::CreditNote),
        DocumentKind::CreditNote => Some(DocumentKind::DebitNote),
        // A payment that came back.
        DocumentKind::Receipt => Some(DocumentKind::Refund),
        DocumentKind::Refund => Some(DocumentKind::Receipt),
        _ => None,
    }
}

/// The kind of a name, however it is written: `credit note`, `Credit-Note`, `CREDIT_NOTE`.
pub(super) fn kind(name: &str) -> Option<DocumentKind> {
    let name = name.to_uppercase().replace([' ', '-'], "_");
    DocumentKind::parse(&name)
}

/// A currency that goes by a name of its own, for advice.
pub(super) fn currency_meant(name: &str) -> Option<&'static str> {
    let name = name.to_uppercase();
    Some(match &*name {
        "RMB" | "CN¥" | "元" | "人民币" | "YUAN" => "CNY",
        "US$" | "USD$" | "$US" | "DOLLAR" => "USD",
        "€" | "EURO" | "EUROS" => "EUR",
        "£" | "STG" => "GBP",
        "円" | "YEN" => "JPY",
        "SFR" | "FR" => "CHF",
        "HK$" => "HKD",
        "C$" | "CA$" | "CAN$" => "CAD",
        "A$" | "AU$" => "AUD",
        "NT$" => "TWD",
        "TL" | "₺" => "TRY",
        "₹" | "RS" => "INR",
        "ZŁ" => "PLN",
        "₩" => "KRW",
        _ => return None,
    })
}

/// Whether an amount that is written with this sign may be in this currency.
pub(super) fn unit_fits(unit: &str, code: &str) -> bool {
    let unit = unit.trim_end_matches('.');
    if unit == code || currency_meant(unit) == Some(code) {
        return true;
    }
    let codes: &[&str] = match unit {
        "$" => {
            &["USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "CLP", "COP", "ARS", "BRL"]
        }
        "¥" | "￥" => &["CNY", "JPY"],
        "元" => &["CNY", "TWD", "HKD"],
        "KR" => &["SEK", "NOK", "DKK", "ISK"],
        "RS" => &["INR", "PKR", "LKR", "NPR"],
        "R" => &["ZAR"],
        "R$" => &["BRL"],
        "KČ" => &["CZK"],
        "₽" => &["RUB"],
        "FT" => &["HUF"],
        _ => &[],
    };
    codes.contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_stands_in_the_list_once() {
        let names: std::collections::BTreeSet<String> =
            Field::ALL.into_iter().map(Field::name).collect();
        assert_eq!(names.len(), Field::ALL.len());
        assert!(names.iter().all(|name| !name.is_empty()));
    }

    #[test]
    fn a_path_within_a_document_leads_back_to_its_column() {
        for (path, field) in [
            ("gross", Field::Amount),
            ("instalments[0].due_date", Field::DueDate),
            ("instalments[0].amount", Field::Amount),
            ("key.document_no", Field::DocumentNo),
            ("key.fiscal_year", Field::FiscalYear),
            ("clears.targets[0].key", Field::ClearsDocumentNo),
            ("clears_fiscal_year", Field::ClearsFiscalYear),
            ("payer", Field::Payer),
        ] {
            assert_eq!(Field::of_path(path), Some(field), "{path}");
        }
        assert_eq!(Field::of_path("terms"), None);
    }

    #[test]
    fn signs_fit_the_currencies_that_are_written_with_them() {
        for (unit, code) in
            [("$", "CAD"), ("¥", "JPY"), ("RMB", "CNY"), ("EUR", "EUR"), ("KR.", "SEK")]
        {
            assert!(unit_fits(unit, code), "{unit} {code}");
        }
        assert!(!unit_fits("€", "USD") && !unit_fits("USD", "CAD"));
        assert_eq!(kind("credit note"), Some(DocumentKind::CreditNote));
    }
}
