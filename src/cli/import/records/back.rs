//! Rows that are exported, read as an import reads them: what does not come back as it was meant is
//! known before it stands in a file.

use std::collections::HashMap;

use super::Kind;
use super::list::List;
use super::row::Row;
use crate::api::account::record;
use crate::cli::import::file::only_row;
use crate::cli::import::value::text::guarded;
use crate::domain::error::Violation;

/// What a cell is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Meant {
    /// A name, a code, a day or a number.
    Word(String),
    /// A text of one line.
    Text(String),
    /// A text that may go over lines.
    Lines(String),
    /// Several, with `;` between them.
    Parts(Vec<String>),
    Labels(HashMap<String, String>),
}

impl Meant {
    /// The cell that says it.
    pub fn cell(&self) -> String {
        match self {
            Self::Word(text) | Self::Text(text) | Self::Lines(text) => guarded(text),
            Self::Parts(parts) => guarded(&parts.join(";")),
            Self::Labels(labels) => {
                let mut pairs: Vec<String> =
                    labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
                pairs.sort();
                guarded(&pairs.join(";"))
            }
        }
    }
}

/// Reads lines of a list of certain columns.
#[derive(Debug)]
pub(in crate::cli) struct ReadBack {
    list: List,
    columns: &'static [&'static str],
}

impl ReadBack {
    pub fn new(kind: Kind, columns: &'static [&'static str]) -> Self {
        Self { list: List::exported(kind, columns), columns }
    }

    /// The columns whose cells an import would read otherwise than they are meant, in the order of the
    /// columns.
    ///
    /// # Errors
    /// Why it would refuse the row, in words.
    pub fn check(&self, line: &str, meant: &[Meant]) -> Result<Vec<&'static str>, String> {
        let cells = only_row(line, self.columns.len());
        let cells = cells.ok_or("its lines would be taken for rows of their own")?;
        let row = Row { list: &self.list, cells: &cells, faults: Vec::new() };
        let same = |column: &str, meant: &Meant| match meant {
            Meant::Word(text) => row.get(column) == text,
            Meant::Text(text) => row.text(column) == *text,
            Meant::Lines(text) => row.lines(column) == *text,
            Meant::Parts(parts) => row.parts(column) == *parts,
            Meant::Labels(labels) => row.labels_of(column).as_ref() == Ok(labels),
        };
        let otherwise: Vec<&'static str> = (self.columns.iter().zip(meant))
            .filter(|(column, meant)| !same(column, meant))
            .map(|(column, _)| *column)
            .collect();
        // What an import would refuse may be what reads otherwise: without it the row is tried once more.
        if !otherwise.is_empty() {
            return Ok(otherwise);
        }
        match super::read(&self.list, &cells) {
            Err(faults) => {
                let told = |fault: &super::Fault| format!("{} {}", fault.field, fault.description);
                Err(faults.iter().map(told).collect::<Vec<_>>().join("; "))
            }
            Ok(records) => {
                let faults = records.into_iter().filter_map(|of| record::check(of).err());
                let told = |fault: Violation| format!("{} {}", fault.field, fault.description);
                let faults: Vec<String> = faults.flatten().map(told).collect();
                if faults.is_empty() { Ok(Vec::new()) } else { Err(faults.join("; ")) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[&str] = &["contact_id", "name", "former_names", "labels", "system"];

    fn line(meant: &[Meant]) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(meant.iter().map(Meant::cell)).unwrap();
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }

    fn otherwise(name: &str, former: &[&str], label: (&str, &str)) -> Vec<&'static str> {
        let meant = [
            Meant::Word("7".into()),
            Meant::Text(name.into()),
            Meant::Parts(former.iter().map(|name| (*name).to_owned()).collect()),
            Meant::Labels([(label.0.to_owned(), label.1.to_owned())].into()),
            Meant::Word("CRM".into()),
        ];
        ReadBack::new(Kind::Contacts, COLUMNS).check(&line(&meant), &meant).unwrap()
    }

    #[test]
    fn what_no_cell_can_say_is_found() {
        for name in ["李伟", "Li \"the\" Wei, Jr.", "=1+1", "Null", "'=x", "O'Neill"] {
            assert!(otherwise(name, &["Wei", "@wei"], ("a", "1")).is_empty(), "{name}");
        }
        assert_eq!(otherwise(" Li", &["a;b"], ("a", "1")), ["name", "former_names"]);
        assert_eq!(otherwise("Li", &[], ("a=b", "1")), ["labels"]);
        // Read so, it would be a label without a key, which is refused.
        assert_eq!(otherwise("Li", &[], ("a", "1; =2")), ["labels"]);
        assert_eq!(otherwise("Li", &[" a"], ("a", "1;2")), ["former_names", "labels"]);
    }

    #[test]
    fn a_row_that_would_be_refused_is_told() {
        let meant = [
            Meant::Word("2.01E+08".into()),
            Meant::Text("Li".into()),
            Meant::Parts(vec![]),
            Meant::Labels(HashMap::new()),
            Meant::Word("CRM".into()),
        ];
        let told = ReadBack::new(Kind::Contacts, COLUMNS).check(&line(&meant), &meant);
        assert!(told.unwrap_err().contains("was rounded"));
    }
}
