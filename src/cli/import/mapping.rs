//! Mappings: which column of a file is which field of a document, and how its values are
//! written. TOML files; those for well-known exports are built in and chosen by the headers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::value::DatePattern;
use crate::domain::item::DocumentKind;

/// The mappings that come with the program; the generic one last.
const BUILT_IN: [&str; 3] = [
    include_str!("../../../mappings/erp_export.toml"),
    include_str!("../../../mappings/ledger_snapshot.toml"),
    include_str!("../../../mappings/generic.toml"),
];

/// What a column may be.
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
    /// Names the payer if its account has to be created.
    PayerName,
    SoldTo,
    SoldToName,
    DocumentDate,
    PostingDate,
    DueDate,
    /// Days from the document date to the due date.
    DueDays,
    Currency,
    Amount,
    /// Day on which the whole amount was settled.
    ClearDate,
    /// Number of the document that a credit settles.
    ClearsDocumentNo,
    AdjustmentReason,
    OrderRef,
    ContractRef,
    ProjectRef,
    Note,
}

impl Field {
    /// Without these no row is a document.
    pub const REQUIRED: [Self; 5] =
        [Self::DocumentNo, Self::Payer, Self::DocumentDate, Self::Amount, Self::Currency];

    /// As mappings and error files name it.
    pub fn name(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|name| name.as_str().map(str::to_owned))
            .unwrap_or_default()
    }
}

/// A mapping as written in its file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    pub name: String,
    /// Headers by which a file is recognized; all of them must be there.
    #[serde(default)]
    pub detect: Vec<String>,
    #[serde(default)]
    pub missing_columns: MissingColumns,
    #[serde(default = "comma")]
    pub delimiter: char,
    /// Source system of the document keys and account ids; `--source-system` comes first.
    #[serde(default)]
    pub source_system: Option<String>,
    /// Account ids of digits only are compared as numbers.
    #[serde(default)]
    pub numeric_ids: bool,
    /// Ids were written as floats: `471.0` is `471`.
    #[serde(default)]
    pub float_ids: bool,
    /// Tried in this order; a time of day behind the date, or `.0`, is dropped.
    #[serde(default = "iso")]
    pub dates: Vec<DatePattern>,
    #[serde(default = "point")]
    pub decimal_separator: char,
    #[serde(default)]
    pub thousands_separator: Option<char>,
    /// Values that stand for nothing: `NULL`, `nan`.
    #[serde(default)]
    pub empty_values: Vec<String>,
    /// Kind of a row without one.
    #[serde(default = "invoice")]
    pub default_kind: DocumentKind,
    /// Kind of a row with a negative amount, where its own is a debit.
    #[serde(default = "credit_note")]
    pub negative_kind: DocumentKind,
    /// The file's names of kinds: `RV = "INVOICE"`.
    #[serde(default)]
    pub kinds: BTreeMap<String, DocumentKind>,
    /// Field to header; `name#2` is the second column of that name.
    #[serde(default)]
    pub columns: BTreeMap<Field, String>,
    /// Field to the value that all rows have; a column comes first where it is not empty.
    #[serde(default)]
    pub constants: BTreeMap<Field, String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MissingColumns {
    #[default]
    Refuse,
    Ignore,
}

fn comma() -> char {
    ','
}

fn point() -> char {
    '.'
}

fn iso() -> Vec<DatePattern> {
    vec![DatePattern::iso()]
}

fn invoice() -> DocumentKind {
    DocumentKind::Invoice
}

fn credit_note() -> DocumentKind {
    DocumentKind::CreditNote
}

impl Mapping {
    pub fn parse(text: &str) -> Result<Self, String> {
        let mapping: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        if !mapping.delimiter.is_ascii() {
            return Err(format!("delimiter {:?} is not an ASCII character", mapping.delimiter));
        }
        Ok(mapping)
    }

    /// The built-in mapping whose headers a file has.
    pub fn detect(headers: &[String]) -> Result<Self, String> {
        for text in BUILT_IN {
            let mapping = Self::parse(text)?;
            if mapping.detect.iter().all(|header| headers.contains(header)) {
                return Ok(mapping);
            }
        }
        Err(format!(
            "no built-in mapping knows these columns; write one and name it with --mapping. \
             The file has: {}",
            headers.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn every_built_in_mapping_reads_and_has_what_a_document_needs() {
        for text in BUILT_IN {
            let mapping = Mapping::parse(text).unwrap();
            for field in Field::REQUIRED {
                assert!(mapping.columns.contains_key(&field), "{}: {}", mapping.name, field.name());
            }
        }
    }

    #[test]
    fn a_file_is_recognized_by_its_headers_whatever_their_order() {
        let erp = "doc_id,cust_number,business_code,buisness_year,due_in_date,invoice_currency,total_open_amount,x";
        assert_eq!(Mapping::detect(&headers(erp)).unwrap().name, "erp_export");
        let generic = "amount,document_date,payer,document_no";
        assert_eq!(Mapping::detect(&headers(generic)).unwrap().name, "generic");
        let unknown = Mapping::detect(&headers("a,b")).unwrap_err();
        assert!(unknown.contains("a, b"), "{unknown}");
    }

    #[test]
    fn a_misspelt_setting_is_refused_with_its_name() {
        let error = Mapping::parse("name = \"x\"\ncolums = {}").unwrap_err();
        assert!(error.contains("colums"), "{error}");
        let error = Mapping::parse("name = \"x\"\n[columns]\ndocument_nr = \"a\"").unwrap_err();
        assert!(error.contains("document_nr"), "{error}");
        let error = Mapping::parse("name = \"x\"\ndates = [\"YY\"]").unwrap_err();
        assert!(error.contains("YY"), "{error}");
    }
}
