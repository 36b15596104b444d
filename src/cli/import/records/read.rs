//! Rows of lists of people to records.

use super::super::errors::{Columns, Fault};
use super::super::file::{Cell, Content, Format, Rows, Source};
use super::super::header::{self, DELIMITERS, LINES_MAX, Place};
use super::super::layout::fold;
use super::{Kind, Run};
use crate::api::convert::write;
use crate::domain::dates::parse_iso;
use crate::domain::money::{Currency, Money};
use crate::domain::names::AccountRef;
use crate::domain::names::MemberRef;
use crate::domain::team::TeamRole;
use crate::domain::text::quote;
use crate::pb;

const MEMBERS: [&str; 10] = [
    "member_id",
    "display_name",
    "manager_id",
    "business_unit",
    "principals",
    "negotiation",
    "product",
    "responsibility",
    "resources",
    "executive",
];
const TEAMS: [&str; 9] = [
    "account_id",
    "member_id",
    "role",
    "valid_from",
    "valid_to",
    "reason",
    "site",
    "cost_per_day",
    "currency",
];

/// Of each kind its fields, and how many of the first must be there.
const ROWS_KINDS: [(Kind, &[&str], usize); 2] =
    [(Kind::Members, &MEMBERS, 1), (Kind::Teams, &TEAMS, 3)];

/// A list, as its headers say.
#[derive(Debug)]
pub(super) struct List {
    kind: Kind,
    source_system: String,
    headers: Vec<String>,
    /// Column of each field of the kind.
    columns: Vec<Option<usize>>,
    line: u64,
    place: Place,
}

impl List {
    /// Finds the headers.
    ///
    /// # Errors
    /// In words: no line has the columns that are needed.
    pub fn find(run: &Run, source: &Source, format: &Format) -> Result<Self, String> {
        let places = match format {
            Format::Text { .. } => match run.delimiter {
                Some(delimiter) => vec![Place::Delimiter(delimiter)],
                None => DELIMITERS.map(Place::Delimiter).to_vec(),
            },
            Format::Workbook { sheets } => sheets
                .iter()
                .filter(|sheet| run.sheet.is_none_or(|set| set == *sheet))
                .cloned()
                .map(Place::Sheet)
                .collect(),
        };
        for place in places {
            let mut rows = header::open(source, format, &place)?;
            for _ in 0..LINES_MAX {
                let Some(row) = rows.next()? else { break };
                let Content::Cells(cells) = row.content else { continue };
                if let Some(list) = Self::of(run, cells, row.line, &place) {
                    return Ok(list);
                }
            }
        }
        let (fields, needed) = of_kind(run.kind);
        Err(format!(
            "{}: no line has the columns {}; columns may be {}. It was read as {}",
            source.name,
            fields[..needed].join(", "),
            fields.join(", "),
            format.told()
        ))
    }

    fn of(run: &Run, cells: Vec<Cell>, line: u64, place: &Place) -> Option<Self> {
        let headers: Vec<String> = cells.into_iter().map(|c| c.text.trim().to_owned()).collect();
        let folded: Vec<String> = headers.iter().map(|header| fold(header)).collect();
        let (fields, needed) = of_kind(run.kind);
        let columns: Vec<Option<usize>> =
            fields.iter().map(|field| folded.iter().position(|header| header == field)).collect();
        columns[..needed].iter().all(Option::is_some).then(|| Self {
            kind: run.kind,
            source_system: run.source_system.to_owned(),
            headers,
            columns,
            line,
            place: place.clone(),
        })
    }

    /// As it is told.
    pub fn told(&self, format: &Format) -> String {
        let place = match &self.place {
            Place::Delimiter('\t') => "separated by tabs".to_owned(),
            Place::Delimiter(delimiter) => format!("separated by {delimiter:?}"),
            Place::Sheet(sheet) => format!("sheet {}", quote(sheet)),
        };
        format!("{}, {place}, headers in line {}", format.told(), self.line)
    }

    pub fn unread(&self) -> Vec<String> {
        let read = |at: &usize| self.columns.contains(&Some(*at));
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

    fn cell<'a>(&self, cells: &'a [String], field: &str) -> &'a str {
        let (fields, _) = of_kind(self.kind);
        let at = fields.iter().position(|of| *of == field).and_then(|at| self.columns[at]);
        at.and_then(|at| cells.get(at)).map_or("", |cell| cell.trim())
    }

    /// What a reader of the error file knows a row by.
    pub fn key(&self, cells: &[String]) -> String {
        self.cell(cells, "member_id").to_owned()
    }

    /// # Errors
    /// What is wrong with the row.
    pub fn record(&self, cells: &[String]) -> Result<pb::Record, Vec<Fault>> {
        let mut faults = Vec::new();
        let content = match self.kind {
            Kind::Teams => pb::record::Content::TeamMembership(self.team(cells, &mut faults)),
            _ => pb::record::Content::Member(self.member(cells, &mut faults)),
        };
        match faults.is_empty() {
            true => Ok(pb::Record { content: Some(content) }),
            false => Err(faults),
        }
    }

    fn member(&self, cells: &[String], faults: &mut Vec<Fault>) -> pb::MemberRecord {
        let cell = |field| self.cell(cells, field);
        let mut rating = |field: &'static str| match cell(field) {
            "" => 0,
            text => text.parse().unwrap_or_else(|_| {
                faults.push(fault(field, format!("{} is not a number from 1 to 5", quote(text))));
                0
            }),
        };
        let competencies = pb::MemberCompetencies {
            negotiation: rating("negotiation"),
            product: rating("product"),
            responsibility: rating("responsibility"),
            resources: rating("resources"),
        };
        let executive = match &*cell("executive").to_lowercase() {
            "" => None,
            "yes" | "true" | "1" | "ja" | "是" => Some(true),
            "no" | "false" | "0" | "nein" | "否" => Some(false),
            text => {
                faults.push(fault("executive", format!("{} is neither yes nor no", quote(text))));
                None
            }
        };
        let manager = match cell("manager_id") {
            "" => String::new(),
            id => self.member_name(id),
        };
        let principals: Vec<String> = cell("principals")
            .split(';')
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .collect();
        let carried = [
            ("display_name", !cell("display_name").is_empty()),
            ("manager", !manager.is_empty()),
            ("principals", !principals.is_empty()),
            ("business_unit", !cell("business_unit").is_empty()),
            ("competencies", competencies != pb::MemberCompetencies::default()),
            ("executive", executive.is_some()),
        ];
        let paths: Vec<String> = carried
            .into_iter()
            .filter(|(_, carried)| *carried)
            .map(|(path, _)| path.to_owned())
            .collect();
        let source_key = pb::ExternalRef {
            system: self.source_system.clone(),
            id: cell("member_id").to_owned(),
        };
        let member = pb::Member {
            display_name: cell("display_name").to_owned(),
            manager,
            principals,
            business_unit: cell("business_unit").to_owned(),
            competencies: Some(competencies),
            executive: executive.unwrap_or_default(),
            ..pb::Member::default()
        };
        // A row that says nothing but the key carries nothing.
        let update_mask = (!paths.is_empty()).then_some(prost_types::FieldMask { paths });
        let member = if update_mask.is_some() { member } else { pb::Member::default() };
        pb::MemberRecord {
            source_key: Some(source_key),
            member: Some(member),
            update_mask,
            member_id: String::new(),
        }
    }

    fn team(&self, cells: &[String], faults: &mut Vec<Fault>) -> pb::TeamRecord {
        let cell = |field| self.cell(cells, field);
        let mut day = |field: &'static str| match cell(field) {
            "" => None,
            text => match parse_iso(field, text) {
                Ok(day) => Some(write::date(day)),
                Err(violation) => {
                    faults.push(fault(field, violation.description));
                    None
                }
            },
        };
        let (valid_from, valid_to) = (day("valid_from"), day("valid_to"));
        let word = cell("role").to_uppercase().replace([' ', '-'], "_");
        let role = TeamRole::parse(&word).or(match word.as_str() {
            "SPONSOR" => Some(TeamRole::ExecutiveSponsor),
            _ => None,
        });
        if role.is_none() {
            let roles: Vec<&str> = TeamRole::ALL.iter().map(|role| role.as_str()).collect();
            let what =
                format!("{} is no role; there are {}", quote(cell("role")), roles.join(", "));
            faults.push(fault("role", what));
        }
        let account = match cell("account_id") {
            name if name.starts_with("accounts/") => name.to_owned(),
            id => {
                let (system, id) = (self.source_system.clone(), id.to_owned());
                AccountRef::External { system, id }.to_string()
            }
        };
        let role = role.map_or(pb::TeamRole::Unspecified, crate::api::account::write_role);
        let cost_per_day = match (cell("cost_per_day"), cell("currency")) {
            // A currency alone says of nothing what it is in.
            ("", _) => None,
            (cost, "") => {
                faults.push(fault("currency", format!("is missing: {} of what?", quote(cost))));
                None
            }
            (cost, code) => match Currency::parse(&code.to_uppercase()) {
                None => {
                    faults.push(fault("currency", format!("{} is no currency", quote(code))));
                    None
                }
                Some(currency) => match Money::parse_decimal("cost_per_day", cost, currency) {
                    Ok(cost) => Some(write::money(cost.minor, cost.currency)),
                    Err(violation) => {
                        faults.push(fault("cost_per_day", violation.description));
                        None
                    }
                },
            },
        };
        pb::TeamRecord {
            account,
            member: self.member_name(cell("member_id")),
            role: role.into(),
            valid_from,
            valid_to,
            reason: cell("reason").to_owned(),
            site: cell("site").to_owned(),
            cost_per_day,
        }
    }

    fn member_name(&self, id: &str) -> String {
        if id.starts_with("members/") {
            return id.to_owned();
        }
        MemberRef::External { system: self.source_system.clone(), id: id.to_owned() }.to_string()
    }
}

impl Columns for List {
    fn column(&self, path: &str) -> String {
        let path = path.strip_prefix("member.").unwrap_or(path);
        let field = match path.split(['[', '.']).next().unwrap_or(path) {
            "source_key" | "member" => "member_id",
            "manager" => "manager_id",
            "account" => "account_id",
            "competencies" => path.rsplit('.').next().unwrap_or(path),
            other => other,
        };
        let (fields, _) = of_kind(self.kind);
        let at = fields.iter().position(|of| *of == field).and_then(|at| self.columns[at]);
        match at {
            Some(at) => format!("{} (column {})", self.headers[at], at + 1),
            None => field.to_owned(),
        }
    }
}

fn of_kind(kind: Kind) -> (&'static [&'static str], usize) {
    let known = ROWS_KINDS.iter().find(|(of, ..)| *of == kind);
    known.map_or((&[], 0), |(_, fields, needed)| (fields, *needed))
}

fn fault(field: &str, description: String) -> Fault {
    Fault { reason: "FIELD_INVALID".into(), field: field.into(), description }
}
