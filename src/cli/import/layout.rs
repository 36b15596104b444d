//! A mapping laid on the headers of one file: which column each field is read from.

use std::collections::BTreeMap;

use super::mapping::{Field, Mapping, MissingColumns};

/// Where the fields of a row come from.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    columns: BTreeMap<Field, usize>,
    constants: BTreeMap<Field, String>,
    empty: Vec<String>,
}

impl Layout {
    /// # Errors
    /// In words, if the file lacks a column or the mapping a field.
    pub fn new(mapping: &Mapping, headers: &[String]) -> Result<Self, String> {
        let mut columns = BTreeMap::new();
        for (field, name) in &mapping.columns {
            match find(headers, name) {
                Some(at) => {
                    columns.insert(*field, at);
                }
                None if mapping.missing_columns == MissingColumns::Ignore => {}
                None => {
                    return Err(format!(
                        "the mapping {} names the column {name:?}, which is not there; there are: {}",
                        mapping.name,
                        headers.join(", ")
                    ));
                }
            }
        }
        let constants = mapping.constants.clone();
        for field in Field::REQUIRED {
            if !columns.contains_key(&field) && !constants.contains_key(&field) {
                return Err(format!(
                    "the mapping {} gives no {}: name a column or a constant for it",
                    mapping.name,
                    field.name()
                ));
            }
        }
        Ok(Self { columns, constants, empty: mapping.empty_values.clone() })
    }

    /// The value of a field, without white space around it; empty if there is none.
    pub fn get<'a>(&'a self, row: &'a csv::StringRecord, field: Field) -> &'a str {
        let cell = self.columns.get(&field).and_then(|&at| row.get(at)).unwrap_or_default().trim();
        if cell.is_empty() || self.empty.iter().any(|empty| empty == cell) {
            self.constants.get(&field).map_or("", String::as_str)
        } else {
            cell
        }
    }
}

/// The column of a header; `name#2` is the second one of that name.
fn find(headers: &[String], name: &str) -> Option<usize> {
    if let Some(at) = headers.iter().position(|header| header == name) {
        return Some(at);
    }
    let (name, number) = name.rsplit_once('#')?;
    let nth = number.parse::<usize>().ok()?.checked_sub(1)?;
    headers.iter().enumerate().filter(|(_, header)| *header == name).nth(nth).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    const MAPPING: &str = r#"
        name = "test"
        empty_values = ["nan"]
        [columns]
        document_no = "no"
        payer = "customer"
        document_date = "date#2"
        amount = "amount"
        currency = "currency"
        [constants]
        currency = "USD"
    "#;

    #[test]
    fn doubled_headers_are_told_apart_by_number_and_constants_fill_gaps() {
        let mapping = Mapping::parse(MAPPING).unwrap();
        let headers = strings(&["no", "customer", "date", "date", "amount", "currency"]);
        let layout = Layout::new(&mapping, &headers).unwrap();
        let row = csv::StringRecord::from(vec![" 7 ", "c", "first", "second", "1", "nan"]);
        assert_eq!(layout.get(&row, Field::DocumentNo), "7");
        assert_eq!(layout.get(&row, Field::DocumentDate), "second");
        assert_eq!(layout.get(&row, Field::Currency), "USD");
        assert_eq!(layout.get(&row, Field::Note), "");
    }

    #[test]
    fn a_column_that_is_not_there_is_named() {
        let mapping = Mapping::parse(MAPPING).unwrap();
        let headers = strings(&["no", "customer", "date", "amount", "currency"]);
        let error = Layout::new(&mapping, &headers).unwrap_err();
        assert!(error.contains("date#2"), "{error}");
    }

    #[test]
    fn a_field_without_column_and_constant_is_named() {
        let mapping = Mapping::parse("name = \"x\"\n[columns]\ndocument_no = \"no\"").unwrap();
        let error = Layout::new(&mapping, &strings(&["no"])).unwrap_err();
        assert!(error.contains("payer"), "{error}");
    }
}
