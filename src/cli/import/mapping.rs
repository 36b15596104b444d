//! Mappings: which column of a file is which field of a document, and how its values are
//! written. TOML files; those for well-known exports are built in and chosen by the headers.
//! What a mapping leaves open is found out by looking at the whole file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::field::{self, Field};
use super::file::encoding;
use super::value::date::DatePattern;
use super::value::number::Decimal;
use crate::domain::item::DocumentKind;

/// The mappings that come with the program; the generic one last.
const BUILT_IN: [&str; 3] = [
    include_str!("../../../mappings/erp_export.toml"),
    include_str!("../../../mappings/ledger_snapshot.toml"),
    include_str!("../../../mappings/generic.toml"),
];

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
    /// As the Encoding Standard names it, for instance `windows-1252`.
    #[serde(default)]
    pub encoding: Option<String>,
    #[serde(default)]
    pub delimiter: Option<char>,
    /// Of a workbook.
    #[serde(default)]
    pub sheet: Option<String>,
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
    #[serde(default)]
    pub dates: Option<Vec<DatePattern>>,
    #[serde(default)]
    pub decimal_separator: Option<Decimal>,
    /// The other one of point and comma; blanks and apostrophes always separate groups.
    #[serde(default)]
    pub thousands_separator: Option<Decimal>,
    /// Values that stand for nothing, besides `NULL`, `nan`, `#N/A` and the like.
    #[serde(default)]
    pub empty_values: Vec<String>,
    /// Kind of a row without one.
    #[serde(default = "invoice")]
    pub default_kind: DocumentKind,
    /// The sign that amounts of a kind have in this file, where it is not found out.
    #[serde(default)]
    pub signs: BTreeMap<DocumentKind, Sign>,
    /// What a row of a kind is whose amount has the opposite sign.
    #[serde(default)]
    pub opposite: BTreeMap<DocumentKind, DocumentKind>,
    /// The file's names of kinds: `RV = "INVOICE"`.
    #[serde(default)]
    pub kinds: BTreeMap<String, DocumentKind>,
    /// What is put before the numbers of a kind, where kinds share numbers.
    #[serde(default)]
    pub prefixes: BTreeMap<DocumentKind, String>,
    /// The file's names of currencies: `RMB = "CNY"`.
    #[serde(default)]
    pub currencies: BTreeMap<String, String>,
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

/// The sign of an amount that is nothing special for its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Sign {
    Positive,
    Negative,
}

fn invoice() -> DocumentKind {
    DocumentKind::Invoice
}

impl Mapping {
    pub fn parse(text: &str) -> Result<Self, String> {
        let mapping: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        mapping.check()?;
        Ok(mapping)
    }

    /// # Errors
    /// In words, if settings contradict each other.
    pub fn check(&self) -> Result<(), String> {
        if self.delimiter.is_some_and(|d| d.is_alphanumeric() || d == '"' || d == '\n') {
            return Err("the delimiter is a sign like , ; | or a tab".into());
        }
        if let Some(name) = &self.encoding {
            encoding::named(name)?;
        }
        if self.thousands_separator.is_some() && self.thousands_separator == self.decimal_separator
        {
            return Err("decimal_separator and thousands_separator are the same".into());
        }
        Ok(())
    }

    /// What the mapping says of the decimal separator.
    pub fn decimal(&self) -> Option<Decimal> {
        let by_groups = || match self.thousands_separator? {
            Decimal::Point => Some(Decimal::Comma),
            Decimal::Comma => Some(Decimal::Point),
        };
        self.decimal_separator.or_else(by_groups)
    }

    pub fn built_in() -> Result<Vec<Self>, String> {
        BUILT_IN.into_iter().map(Self::parse).collect()
    }

    /// What a row of this kind is whose amount has the opposite sign.
    pub fn opposite(&self, kind: DocumentKind) -> Option<DocumentKind> {
        self.opposite.get(&kind).copied().or_else(|| field::opposite(kind))
    }

    /// The kind that a file's word means.
    pub fn kind(&self, word: &str) -> Option<DocumentKind> {
        if word.is_empty() {
            return Some(self.default_kind);
        }
        let mapped = self.kinds.iter().find(|(name, _)| name.to_lowercase() == word.to_lowercase());
        mapped.map(|(_, kind)| *kind).or_else(|| field::kind(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_mapping_reads_and_has_what_a_document_needs() {
        for mapping in Mapping::built_in().unwrap() {
            for field in Field::REQUIRED {
                assert!(mapping.columns.contains_key(&field), "{}: {}", mapping.name, field.name());
            }
        }
    }

    #[test]
    fn a_misspelt_or_contradictory_setting_is_refused_with_its_name() {
        for (text, told) in [
            ("colums = {}", "colums"),
            ("[columns]\ndocument_nr = \"a\"", "document_nr"),
            ("dates = [\"YYY\"]", "YYY"),
            ("encoding = \"EBCDIC\"", "EBCDIC"),
            ("decimal_separator = \"x\"", "decimal separator"),
            ("decimal_separator = \".\"\nthousands_separator = \".\"", "the same"),
        ] {
            let error = Mapping::parse(&format!("name = \"x\"\n{text}")).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn kinds_are_known_in_any_case_and_by_the_words_of_the_file() {
        let mapping = Mapping::parse("name = \"x\"\n[kinds]\nRV = \"INVOICE\"").unwrap();
        for (word, kind) in [
            ("rv", DocumentKind::Invoice),
            ("", DocumentKind::Invoice),
            ("credit_note", DocumentKind::CreditNote),
            ("Opening Balance", DocumentKind::OpeningBalance),
        ] {
            assert_eq!(mapping.kind(word), Some(kind), "{word}");
        }
        assert_eq!(mapping.kind("BILL"), None);
    }

    #[test]
    fn every_key_and_field_stands_in_the_manual_and_its_examples_read() {
        let manual = include_str!("../../../docs/imports.md");
        let mapping = serde_json::to_value(Mapping::parse("name = \"x\"").unwrap()).unwrap();
        let keys = mapping.as_object().unwrap().keys().cloned();
        for name in keys.chain(Field::ALL.into_iter().map(Field::name)) {
            assert!(manual.contains(&format!("`{name}`")), "{name}");
        }
        let examples = manual.split("```toml\n").skip(1);
        let examples: Vec<&str> = examples.filter(|text| text.contains("document_no =")).collect();
        assert_eq!(examples.len(), 3);
        for example in examples {
            Mapping::parse(example.split("```").next().unwrap()).unwrap();
        }
    }
}
