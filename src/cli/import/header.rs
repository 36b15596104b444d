//! Where the rows of a file begin: its line of headers, which tells mapping, delimiter and sheet.

use super::file::{Content, Format, Rows, Source};
use super::layout::{self, Layout, shown};
use super::mapping::Mapping;
use crate::domain::text::quote;

/// Lines above the headers, titles and the like, and the headers.
pub(super) const LINES_MAX: usize = 60;
/// Fewer columns are no list of documents.
const COLUMNS_MIN: usize = 3;
pub(super) const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// The headers that were found.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub mapping: Mapping,
    pub layout: Layout,
    pub line: u64,
    pub place: Place,
}

/// Which rows of the file they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Delimiter(char),
    Sheet(String),
}

impl Header {
    /// The rows behind the headers.
    pub fn rows(&self, source: &Source, format: &Format) -> Result<Rows, String> {
        let mut rows = open(source, format, &self.place)?;
        while let Some(row) = rows.next()? {
            if row.line >= self.line {
                break;
            }
        }
        rows.set_width(self.layout.width());
        Ok(rows)
    }
}

impl Place {
    /// As it is told.
    pub fn told(&self) -> String {
        match self {
            Self::Delimiter('\t') => "separated by tabs".to_owned(),
            Self::Delimiter(delimiter) => format!("separated by {delimiter:?}"),
            Self::Sheet(sheet) => format!("sheet {}", quote(sheet)),
        }
    }
}

pub(super) fn open(source: &Source, format: &Format, place: &Place) -> Result<Rows, String> {
    match (format, place) {
        (Format::Text { gzip, detected }, Place::Delimiter(delimiter)) => {
            source.text(*gzip, *detected, *delimiter)
        }
        (_, Place::Sheet(sheet)) => source.sheet(sheet),
        (Format::Workbook { .. }, Place::Delimiter(_)) => {
            Err(format!("{} is a workbook and has no delimiter", source.name))
        }
    }
}

/// How near a line came to being the headers of a mapping.
struct Near {
    found: usize,
    why: String,
    line: u64,
    place: Place,
}

/// Finds the headers of a file. `mappings` is the one that was named, or all that are built in.
///
/// # Errors
/// In words: nothing fits, with the nearest and what it lacks; or more than one sheet does.
pub(super) fn find(
    source: &Source,
    format: &Format,
    mappings: &[Mapping],
) -> Result<Header, String> {
    let places = match format {
        Format::Text { .. } => match mappings.first().and_then(|mapping| mapping.delimiter) {
            Some(delimiter) => vec![Place::Delimiter(delimiter)],
            None => DELIMITERS.map(Place::Delimiter).to_vec(),
        },
        Format::Workbook { sheets } => {
            let set = mappings.first().and_then(|mapping| mapping.sheet.as_ref());
            let wanted = sheets.iter().filter(|sheet| set.is_none_or(|set| set == *sheet));
            let places: Vec<Place> = wanted.cloned().map(Place::Sheet).collect();
            if places.is_empty() {
                return Err(format!("{} has only the sheets {}", source.name, shown(sheets)));
            }
            places
        }
    };
    let (mut fits, mut nearest): (Vec<Header>, Option<Near>) = (Vec::new(), None);
    for place in places {
        let rows = open(source, format, &place)?;
        match in_rows(rows, mappings, &place)? {
            Ok(header) => fits.push(header),
            Err(Some(near)) if nearest.as_ref().is_none_or(|n| n.found < near.found) => {
                nearest = Some(near);
            }
            Err(_) => {}
        }
    }
    let sheets = fits.iter().filter_map(|header| match &header.place {
        Place::Sheet(name) => Some(name.clone()),
        Place::Delimiter(_) => None,
    });
    let sheets: Vec<String> = sheets.collect();
    if sheets.len() > 1 {
        return Err(format!(
            "{}: more than one sheet is such a list: {}; name one with --sheet",
            source.name,
            shown(&sheets)
        ));
    }
    fits.sort_by_key(|header| header.line);
    match fits.into_iter().next() {
        Some(header) => Ok(header),
        None => Err(nothing_fits(source, format, nearest, mappings.len() == 1)),
    }
}

/// The first line that is the headers of a mapping, or the nearest to one.
fn in_rows(
    mut rows: Rows,
    mappings: &[Mapping],
    place: &Place,
) -> Result<Result<Header, Option<Near>>, String> {
    let mut nearest: Option<Near> = None;
    for _ in 0..LINES_MAX {
        let Some(row) = rows.next()? else { break };
        let Content::Cells(cells) = row.content else { continue };
        let mut headers: Vec<String> =
            cells.into_iter().map(|c| c.text.trim().to_owned()).collect();
        while headers.last().is_some_and(String::is_empty) {
            headers.pop();
        }
        // Number, customer, day and amount are never the same for all rows.
        if headers.len() < COLUMNS_MIN && nearest.is_some() {
            continue;
        }
        for mapping in mappings {
            let recognized = mappings.len() == 1 || layout::has_all(&headers, &mapping.detect);
            match Layout::new(mapping, &headers) {
                Ok(layout) if recognized => {
                    let (mapping, place) = (mapping.clone(), place.clone());
                    return Ok(Ok(Header { mapping, layout, line: row.line, place }));
                }
                Err(misfit) if nearest.as_ref().is_none_or(|n| n.found < misfit.found) => {
                    nearest = Some(Near {
                        // One that is recognized and lacks something is nearer than any other.
                        found: misfit.found + if recognized { 1_000 } else { 0 },
                        why: misfit.why,
                        line: row.line,
                        place: place.clone(),
                    });
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
    Ok(Err(nearest))
}

fn nothing_fits(source: &Source, format: &Format, nearest: Option<Near>, named: bool) -> String {
    let begins = match named {
        true => format!("{}: no line has the headers of the mapping", source.name),
        false => format!(
            "{}: no built-in mapping knows the columns; write one and name it with --mapping",
            source.name
        ),
    };
    let read = format.told();
    match nearest {
        Some(near) => {
            let place = match &near.place {
                Place::Delimiter(delimiter) => format!("{read}, separated by {delimiter:?}"),
                Place::Sheet(sheet) => format!("{read}, sheet {}", quote(sheet)),
            };
            format!("{begins}. Nearest is line {} ({place}): {}", near.line, near.why)
        }
        None => format!("{begins}. It was read as {read}"),
    }
}
