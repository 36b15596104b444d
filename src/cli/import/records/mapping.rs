//! Mappings of lists of records: which column is which field, and what the words of the file mean.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Kind;
use super::columns;
use crate::cli::import::file::encoding;
use crate::cli::import::mapping::MissingColumns;
use crate::cli::import::value::date::DatePattern;
use crate::cli::import::value::number::Decimal;

/// A mapping as written in its file. Columns that it does not name are read by their own names.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli::import) struct Mapping {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub missing_columns: MissingColumns,
    /// As the Encoding Standard names it.
    #[serde(default)]
    pub encoding: Option<String>,
    #[serde(default)]
    pub delimiter: Option<char>,
    /// Of a workbook.
    #[serde(default)]
    pub sheet: Option<String>,
    /// Of ids; `--source-system` comes first.
    #[serde(default)]
    pub source_system: Option<String>,
    /// Ids were written as floats: `471.0` is `471`.
    #[serde(default)]
    pub float_ids: bool,
    #[serde(default)]
    pub dates: Option<Vec<DatePattern>>,
    #[serde(default)]
    pub decimal_separator: Option<Decimal>,
    /// Values that stand for nothing, besides `NULL`, `nan`, `#N/A` and the like.
    #[serde(default)]
    pub empty_values: Vec<String>,
    /// Field to header; `name#2` is the second column of that name.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// Field to the value that all rows have; a column comes first where it is not empty.
    #[serde(default)]
    pub constants: BTreeMap<String, String>,
    /// Of a field, what the words of the file mean: `[values.function] Einkauf = "PROCUREMENT"`.
    #[serde(default)]
    pub values: BTreeMap<String, BTreeMap<String, String>>,
}

impl Mapping {
    /// # Errors
    /// In words: it is no such file, or names a field that the kind does not have.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, String> {
        let mapping: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        let named = mapping.columns.keys().chain(mapping.constants.keys());
        for field in named.chain(mapping.values.keys()) {
            let all = columns::of(kind);
            if !all.iter().any(|column| column.name == field) {
                let all: Vec<&str> = all.iter().map(|column| column.name).collect();
                return Err(format!("there is no field {field}; there are {}", all.join(", ")));
            }
        }
        if let Some(name) = &mapping.encoding {
            encoding::named(name)?;
        }
        Ok(mapping)
    }

    /// What a word of the file means in a field.
    pub fn meant<'a>(&'a self, field: &str, word: &'a str) -> &'a str {
        let known = self.values.get(field).into_iter().flatten();
        let mut same = known.filter(|(said, _)| said.to_lowercase() == word.to_lowercase());
        same.next().map_or(word, |(_, meant)| meant.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_manual_reads() {
        let manual = include_str!("../../../../docs/imports.md");
        let mut examples = manual.split("```toml\n").filter(|text| text.contains("contact_id ="));
        let example = examples.next().unwrap().split("```").next().unwrap();
        let mapping = Mapping::parse(example, Kind::Contacts).unwrap();
        assert_eq!(mapping.meant("function", "Einkauf"), "PROCUREMENT");
    }

    #[test]
    fn a_mapping_names_fields_of_its_kind_only() {
        let text = "[columns]\nname = \"Vollname\"\n[values.function]\nEinkauf = \"PROCUREMENT\"\n";
        let mapping = Mapping::parse(text, Kind::Contacts).unwrap();
        assert_eq!(mapping.meant("function", "einkauf"), "PROCUREMENT");
        assert_eq!(mapping.meant("function", "FINANCE"), "FINANCE");
        let refused = Mapping::parse(text, Kind::Members).unwrap_err();
        assert!(refused.contains("there is no field name"), "{refused}");
        assert!(Mapping::parse("colums = 1", Kind::Contacts).is_err());
    }
}
