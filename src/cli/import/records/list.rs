//! A list as its headers say, and how its values are written.

use super::columns::{self, Column, Form, key_of, of_path};
use super::mapping::Mapping;
use super::{Kind, Run};
use crate::cli::import::errors::Columns;
use crate::cli::import::file::{Cell, Content, Format, Rows, Source};
use crate::cli::import::header::{self, DELIMITERS, LINES_MAX, Place};
use crate::cli::import::layout::{find, fold, shown};
use crate::cli::import::mapping::MissingColumns;
use crate::cli::import::value::date::DatePattern;
use crate::cli::import::value::number::{Decimal, Written};
use crate::cli::import::value::text::{is_nothing, unguarded};
use crate::cli::import::votes::Votes;
use crate::domain::text::quote;

#[derive(Debug)]
pub(super) struct List {
    pub kind: Kind,
    /// Of ids in rows that name none.
    pub source_system: String,
    pub mapping: Mapping,
    pub headers: Vec<String>,
    /// Column of each field of the kind.
    at: Vec<Option<usize>>,
    line: u64,
    place: Place,
    pub decimal: Decimal,
    pub dates: Vec<DatePattern>,
    told: Vec<String>,
}

impl List {
    /// Finds the headers, and looks at all rows.
    ///
    /// # Errors
    /// In words: no line has the columns that are needed, two are one field, or the file can be read
    /// in more than one way.
    pub fn find(run: &Run, source: &Source, format: &Format) -> Result<Self, String> {
        let mut list = Self::by_headers(run, source, format)?;
        list.survey(run, source, format)?;
        Ok(list)
    }

    /// A list of these columns and no others, as an export writes it.
    pub fn exported(kind: Kind, columns: &[&str]) -> Self {
        let place = |column: &Column| columns.iter().position(|name| *name == column.name);
        Self {
            kind,
            source_system: String::new(),
            mapping: Mapping::default(),
            headers: columns.iter().map(|name| (*name).to_owned()).collect(),
            at: columns::of(kind).iter().map(place).collect(),
            line: 1,
            place: Place::Delimiter(','),
            decimal: Decimal::Point,
            dates: DatePattern::plain(),
            told: Vec::new(),
        }
    }

    fn by_headers(run: &Run, source: &Source, format: &Format) -> Result<Self, String> {
        let set = run.delimiter.or(run.mapping.delimiter);
        let sheet = run.sheet.or(run.mapping.sheet.as_deref());
        let places = match format {
            Format::Text { .. } => match set {
                Some(delimiter) => vec![Place::Delimiter(delimiter)],
                None => DELIMITERS.map(Place::Delimiter).to_vec(),
            },
            Format::Workbook { sheets } => sheets
                .iter()
                .filter(|name| sheet.is_none_or(|set| set == *name))
                .cloned()
                .map(Place::Sheet)
                .collect(),
        };
        for place in places {
            let mut rows = header::open(source, format, &place)?;
            for _ in 0..LINES_MAX {
                let Some(row) = rows.next()? else { break };
                let Content::Cells(cells) = row.content else { continue };
                if let Some(list) = Self::of(run, cells, row.line, &place)? {
                    return Ok(list);
                }
            }
        }
        let all = columns::of(run.kind);
        let needed: Vec<String> = all
            .iter()
            .filter(|column| column.needed && !run.mapping.constants.contains_key(column.name))
            .map(|column| match run.mapping.columns.get(column.name) {
                Some(header) => quote(header),
                None => column.name.to_owned(),
            })
            .collect();
        let all: Vec<&str> = all.iter().map(|column| column.name).collect();
        Err(format!(
            "{}: no line has the columns {}; columns may be {}. It was read as {}",
            source.name,
            needed.join(", "),
            all.join(", "),
            format.told()
        ))
    }

    /// The list, if a line is its headers.
    ///
    /// # Errors
    /// In words: two columns are one field, or one that the mapping names is not there.
    fn of(run: &Run, cells: Vec<Cell>, line: u64, place: &Place) -> Result<Option<Self>, String> {
        let headers: Vec<String> = cells.into_iter().map(|c| c.text.trim().to_owned()).collect();
        let folded: Vec<String> = headers.iter().map(|header| fold(header)).collect();
        let mapping = &run.mapping;
        let all = columns::of(run.kind);
        let name = |column: &Column| {
            mapping.columns.get(column.name).map_or(column.name, String::as_str).to_owned()
        };
        let at: Vec<Option<usize>> =
            all.iter().map(|column| find(&folded, &name(column))).collect();
        let is_there = |(column, at): (&Column, &Option<usize>)| {
            at.is_some() || !column.needed || mapping.constants.contains_key(column.name)
        };
        if !all.iter().zip(&at).all(is_there) || at.iter().all(Option::is_none) {
            return Ok(None);
        }
        for column in all {
            let name = fold(&name(column));
            if folded.iter().filter(|header| **header == name).count() > 1 {
                return Err(format!(
                    "two columns are called {}: say which one {} is in a mapping, as {}",
                    quote(&name),
                    column.name,
                    quote(&format!("{name}#2"))
                ));
            }
        }
        if mapping.missing_columns == MissingColumns::Refuse {
            let missing = mapping.columns.values().find(|header| find(&folded, header).is_none());
            if let Some(missing) = missing {
                return Err(format!(
                    "the mapping names {}, which is not there; there are: {}",
                    quote(missing),
                    shown(&headers)
                ));
            }
        }
        Ok(Some(Self {
            kind: run.kind,
            source_system: run.source_system.to_owned(),
            mapping: mapping.clone(),
            headers,
            at,
            line,
            place: place.clone(),
            decimal: Decimal::Point,
            dates: Vec::new(),
            told: Vec::new(),
        }))
    }

    /// Finds out how numbers and days are written.
    fn survey(&mut self, run: &Run, source: &Source, format: &Format) -> Result<(), String> {
        let set = run.dates.or(self.mapping.dates.as_deref()).map(<[_]>::to_vec);
        let plain = set.clone().unwrap_or_else(DatePattern::plain);
        let mut votes = Votes::default();
        let mut rows = self.rows(source, format)?;
        while let Some(row) = rows.next()? {
            let Content::Cells(cells) = row.content else { continue };
            for column in columns::of(self.kind) {
                let value = self.get(&cells, column.name);
                if value.is_empty() || self.is_typed(&cells, column.name) {
                    continue;
                }
                match column.form {
                    Form::Text | Form::Prose => {}
                    Form::Day => votes.day(row.line, false, value, &plain),
                    Form::Number => {
                        if let Some(written) = Written::read(value) {
                            votes.number(row.line, &written, value);
                        }
                    }
                }
            }
        }
        let mut told =
            vec![format.told(), self.place.told(), format!("headers in line {}", self.line)];
        if !self.mapping.name.is_empty() {
            told.push(format!("mapping {}", self.mapping.name));
        }
        let mut asked = Vec::new();
        let decimal = run.decimal.or(self.mapping.decimal_separator);
        self.decimal = votes.decimal(decimal, &mut told, &mut asked);
        self.dates = votes.dates(set.as_deref(), &mut told, &mut asked);
        if !asked.is_empty() {
            return Err(format!(
                "{} ({}) can be read in more than one way, and nothing was imported:\n  {}",
                source.name,
                told.join(", "),
                asked.join("\n  ")
            ));
        }
        self.told = told;
        Ok(())
    }

    /// As it is told.
    pub fn told(&self) -> String {
        self.told.join(", ")
    }

    pub fn unread(&self) -> Vec<String> {
        let read = |at: &usize| self.at.contains(&Some(*at));
        let headers = self.headers.iter().enumerate();
        let unread = headers.filter(|(at, header)| !read(at) && !header.is_empty());
        unread.map(|(_, header)| header.clone()).collect()
    }

    pub fn rows(&self, source: &Source, format: &Format) -> Result<Rows, String> {
        let mut rows = header::open(source, format, &self.place)?;
        while let Some(row) = rows.next()? {
            if row.line >= self.line {
                break;
            }
        }
        rows.set_width(self.headers.len());
        Ok(rows)
    }

    fn column_at(&self, field: &str) -> Option<usize> {
        let all = columns::of(self.kind);
        all.iter().position(|column| column.name == field).and_then(|at| self.at[at])
    }

    /// Each column of the file that is read, with the field that it is and what that says.
    pub fn explained(&self) -> Vec<String> {
        let all = columns::of(self.kind).iter().zip(&self.at);
        let read = all.filter_map(|(column, at)| Some((column, self.headers.get((*at)?)?)));
        let told = |(column, header): (&Column, &String)| {
            let header = shown(std::slice::from_ref(header));
            match column.about {
                "" => format!("{header}: {}", column.name),
                about => format!("{header}: {} ({about})", column.name),
            }
        };
        read.map(told).collect()
    }

    /// The value of a field, without white space around it; empty if there is none.
    pub fn get<'a>(&'a self, cells: &'a [Cell], field: &str) -> &'a str {
        let cell = self.column_at(field).and_then(|at| cells.get(at));
        let value = unguarded(cell.map_or("", |cell| cell.text.trim()));
        let all = columns::of(self.kind);
        let is_prose = all.iter().any(|of| of.name == field && of.form == Form::Prose);
        let nothing = self.mapping.empty_values.iter().any(|empty| empty == value);
        if value.is_empty() || nothing || (!is_prose && is_nothing(value)) {
            return self.mapping.constants.get(field).map_or("", String::as_str);
        }
        value
    }

    /// Whether a value is a number or a day by its type.
    pub fn is_typed(&self, cells: &[Cell], field: &str) -> bool {
        self.column_at(field).and_then(|at| cells.get(at)).is_some_and(|cell| cell.typed)
    }

    /// Whether a row is the line of headers once more.
    pub fn is_headers(&self, cells: &[Cell]) -> bool {
        cells.len() == self.headers.len()
            && cells.iter().zip(&self.headers).all(|(cell, header)| cell.text.trim() == header)
    }

    /// What a reader of the error file knows a row by.
    pub fn key(&self, cells: &[Cell]) -> String {
        let key = self.get(cells, key_of(self.kind));
        if key.is_empty() { self.get(cells, "account_id").to_owned() } else { key.to_owned() }
    }
}

impl Columns for List {
    fn column(&self, path: &str) -> String {
        let field = of_path(self.kind, path);
        match self.column_at(field) {
            Some(at) => format!("{} (column {})", self.headers[at], at + 1),
            None => field.to_owned(),
        }
    }
}
