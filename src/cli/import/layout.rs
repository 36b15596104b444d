//! A mapping laid on the headers of one file: which column each field is read from.

use std::collections::{BTreeMap, BTreeSet};

use super::field::Field;
use super::file::Cell;
use super::mapping::{Mapping, MissingColumns};
use super::value::{half_width, text};
use crate::domain::text::quote;

/// Where the fields of a row come from.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    headers: Vec<String>,
    /// The headers as they are compared.
    folded: Vec<String>,
    columns: BTreeMap<Field, usize>,
    constants: BTreeMap<Field, String>,
    empty: Vec<String>,
}

/// Why a mapping does not fit the headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misfit {
    /// Columns that are there.
    pub found: usize,
    pub why: String,
}

impl Layout {
    pub fn new(mapping: &Mapping, headers: &[String]) -> Result<Self, Misfit> {
        let folded: Vec<String> = headers.iter().map(|header| fold(header)).collect();
        let (mut columns, mut missing) = (BTreeMap::new(), Vec::new());
        for (field, name) in &mapping.columns {
            match find(&folded, name) {
                Some(at) => {
                    columns.insert(*field, at);
                }
                None => missing.push(name),
            }
        }
        let found = columns.len();
        let misfit = |why| Err(Misfit { found, why });
        if mapping.missing_columns == MissingColumns::Refuse && !missing.is_empty() {
            let missing: Vec<String> = missing.into_iter().map(|name| quote(name)).collect();
            return misfit(format!(
                "the mapping {} names {}, which {} not there; there are: {}",
                mapping.name,
                missing.join(", "),
                if missing.len() == 1 { "is" } else { "are" },
                shown(headers)
            ));
        }
        let constants = mapping.constants.clone();
        let has = |field| columns.contains_key(&field) || constants.contains_key(&field);
        let two_columns = has(Field::DebitAmount) || has(Field::CreditAmount);
        for field in Field::REQUIRED {
            let elsewhere = field == Field::Amount && two_columns;
            if !elsewhere && !has(field) {
                return misfit(format!(
                    "the mapping {} gives no {}: name a column or a constant for it",
                    mapping.name,
                    field.name()
                ));
            }
        }
        if two_columns && has(Field::Amount) {
            let why = "the file has amount, and debit_amount or credit_amount: map one of the two";
            return misfit(why.into());
        }
        let headers = headers.to_vec();
        Ok(Self { headers, folded, columns, constants, empty: mapping.empty_values.clone() })
    }

    pub fn width(&self) -> usize {
        self.headers.len()
    }

    /// Whether there is a column for a field, or a value that all rows have.
    pub fn has(&self, field: Field) -> bool {
        self.columns.contains_key(&field) || self.constants.contains_key(&field)
    }

    /// Headers of columns that no field is read from.
    pub fn unread(&self) -> Vec<&str> {
        let read: BTreeSet<usize> = self.columns.values().copied().collect();
        let headers = self.headers.iter().enumerate();
        headers
            .filter(|(at, header)| !read.contains(at) && !header.is_empty())
            .map(|(_, header)| header.as_str())
            .collect()
    }

    /// Fields and the headers of their columns.
    pub fn columns(&self) -> impl Iterator<Item = (Field, &str)> {
        self.columns.iter().map(|(field, at)| (*field, self.headers[*at].as_str()))
    }

    /// The column of a field as the file has it: its header, and its number from 1.
    pub fn column(&self, field: Field) -> String {
        match self.columns.get(&field) {
            Some(&at) => format!("{} (column {})", self.headers[at], at + 1),
            None => field.name(),
        }
    }

    /// Whether a row is the line of headers once more.
    pub fn is_headers(&self, cells: &[Cell]) -> bool {
        cells.len() == self.headers.len()
            && cells.iter().zip(&self.folded).all(|(cell, header)| fold(&cell.text) == *header)
    }

    /// The cell of a field as it is written, without white space around it.
    pub fn written<'a>(&self, cells: &'a [Cell], field: Field) -> &'a str {
        let cell = self.columns.get(&field).and_then(|&at| cells.get(at));
        cell.map_or("", |cell| cell.text.trim())
    }

    /// The value of a field, without white space around it; empty if there is none.
    pub fn get<'a>(&'a self, cells: &'a [Cell], field: Field) -> &'a str {
        let cell = self.written(cells, field);
        if cell.is_empty() || text::is_nothing(cell) || self.empty.iter().any(|e| e == cell) {
            self.constants.get(&field).map_or("", String::as_str)
        } else {
            cell
        }
    }

    /// Whether the value is a number or a day by its type.
    pub fn is_typed(&self, cells: &[Cell], field: Field) -> bool {
        self.columns.get(&field).and_then(|&at| cells.get(at)).is_some_and(|cell| cell.typed)
    }
}

/// Headers for a message: no control character of a file gets to a terminal.
pub(super) fn shown(headers: &[String]) -> String {
    let shown: Vec<String> = headers
        .iter()
        .take(60)
        .map(|header| match header.chars().any(char::is_control) {
            true => quote(header),
            false => header.chars().take(40).collect(),
        })
        .collect();
    shown.join(", ")
}

/// Headers are the same whatever their case, spacing and width.
pub(super) fn fold(header: &str) -> String {
    let (visible, _) =
        text::visible(&half_width(header).replace(['\n', '\r', '\t', '\u{a0}'], " "));
    visible.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The column of a header; `name#2` is the second one of that name.
pub(super) fn find(folded: &[String], name: &str) -> Option<usize> {
    let at = |name: &str, nth: usize| {
        let name = fold(name);
        let same = folded.iter().enumerate().filter(|(_, header)| **header == name);
        same.map(|(at, _)| at).nth(nth)
    };
    if let Some(found) = at(name, 0) {
        return Some(found);
    }
    let (name, number) = name.rsplit_once('#')?;
    at(name, number.parse::<usize>().ok()?.checked_sub(1)?)
}

/// Whether all of these are among the headers.
pub(super) fn has_all(headers: &[String], names: &[String]) -> bool {
    let folded: Vec<String> = headers.iter().map(|header| fold(header)).collect();
    names.iter().all(|name| find(&folded, name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    const MAPPING: &str = r#"
        name = "test"
        empty_values = ["-"]
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
        let headers =
            strings(&["No", "ｃustomer ", "date", "date", "amount", "cur\u{200b}rency", "x"]);
        let layout = Layout::new(&mapping, &headers).unwrap();
        for nothing in ["nan", "-", ""] {
            let row: Vec<Cell> = [" 7 ", "c", "first", "second", "1", nothing]
                .map(|text| Cell::written(text.to_owned()))
                .into();
            assert_eq!(layout.get(&row, Field::DocumentNo), "7");
            assert_eq!(layout.get(&row, Field::DocumentDate), "second");
            assert_eq!(layout.get(&row, Field::Currency), "USD");
            assert_eq!(layout.get(&row, Field::Note), "");
        }
        assert_eq!(layout.unread(), ["date", "x"]);
        assert_eq!(layout.column(Field::Amount), "amount (column 5)");
    }

    #[test]
    fn a_column_that_is_not_there_is_named() {
        let mapping = Mapping::parse(MAPPING).unwrap();
        let headers = strings(&["no", "customer", "date", "amount", "currency"]);
        let misfit = Layout::new(&mapping, &headers).unwrap_err();
        assert!(misfit.why.contains("date#2") && misfit.found == 4, "{misfit:?}");
    }

    #[test]
    fn a_field_without_column_and_constant_is_named() {
        let mapping = Mapping::parse("name = \"x\"\n[columns]\ndocument_no = \"no\"").unwrap();
        let misfit = Layout::new(&mapping, &strings(&["no"])).unwrap_err();
        assert!(misfit.why.contains("payer"), "{misfit:?}");
    }
}
