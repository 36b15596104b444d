//! JSON for people: short things on one line, long lists cut, fields in the order they came.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// Columns that a line may take, and that one of a list may.
const WIDTH: usize = 116;
const ITEM_WIDTH: usize = 170;
/// What is shown of a list of things that take a line each.
const LINES_SHOWN: usize = 6;
const INDENT: &str = "  ";

/// A value of JSON with its fields in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// As it is written.
    Leaf(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// # Errors
    /// If it is not JSON.
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// In lines, indented by so many steps after the first. Of lists of things that take
    /// several lines each so many are shown, and one of those within others.
    pub fn shortened(&self, steps: usize, blocks: usize) -> String {
        Printer { blocks: Some(blocks), out: String::new() }.print(self, steps)
    }

    /// The same with all there is.
    pub fn whole(&self, steps: usize) -> String {
        Printer { blocks: None, out: String::new() }.print(self, steps)
    }

    /// Without what is in the fields of these names.
    #[must_use]
    pub fn folded(self, names: &[&str]) -> Self {
        match self {
            Self::Leaf(text) => Self::Leaf(text),
            Self::List(items) => {
                Self::List(items.into_iter().map(|item| item.folded(names)).collect())
            }
            Self::Object(fields) => {
                let fold = |(name, value): (String, Self)| {
                    let folds = names.contains(&name.trim_matches('"'));
                    let value = match value {
                        Self::Object(_) if folds => Self::Leaf("{ … }".into()),
                        Self::List(_) if folds => Self::Leaf("[ … ]".into()),
                        other => other.folded(names),
                    };
                    (name, value)
                };
                Self::Object(fields.into_iter().map(fold).collect())
            }
        }
    }

    fn one_line(&self) -> String {
        match self {
            Self::Leaf(text) => text.clone(),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(Self::one_line).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Object(fields) if fields.is_empty() => "{}".into(),
            Self::Object(fields) => {
                let field =
                    |(name, value): &(String, Self)| format!("{name}: {}", value.one_line());
                let fields: Vec<_> = fields.iter().map(field).collect();
                format!("{{ {} }}", fields.join(", "))
            }
        }
    }
}

struct Printer {
    /// `None` shows everything.
    blocks: Option<usize>,
    out: String,
}

impl Printer {
    fn print(mut self, json: &Json, steps: usize) -> String {
        self.write(json, steps, 0, WIDTH);
        self.out
    }

    /// `used`: columns taken on the line by what comes before and after.
    fn write(&mut self, json: &Json, steps: usize, used: usize, width: usize) {
        if self.fits(json, steps, used, width) {
            self.out.push_str(&json.one_line());
            return;
        }
        let (inner, outer) = (INDENT.repeat(steps + 1), INDENT.repeat(steps));
        match json {
            Json::Leaf(text) => self.out.push_str(text),
            Json::List(items) => {
                let shown = self.shown(items, steps + 1);
                let blocks = self.blocks;
                self.blocks = blocks.map(|_| 1);
                self.out.push_str("[\n");
                for (i, item) in items[..shown].iter().enumerate() {
                    self.out.push_str(&inner);
                    self.write(item, steps + 1, 1, ITEM_WIDTH);
                    self.out.push_str(if i + 1 < items.len() { ",\n" } else { "\n" });
                }
                self.blocks = blocks;
                if let more @ 1.. = items.len() - shown {
                    self.out.push_str(&format!("{inner}… {more} more\n"));
                }
                self.out.push_str(&format!("{outer}]"));
            }
            Json::Object(fields) => {
                self.out.push_str("{\n");
                for (i, (name, value)) in fields.iter().enumerate() {
                    self.out.push_str(&format!("{inner}{name}: "));
                    self.write(value, steps + 1, name.chars().count() + 3, WIDTH);
                    self.out.push_str(if i + 1 < fields.len() { ",\n" } else { "\n" });
                }
                self.out.push_str(&format!("{outer}}}"));
            }
        }
    }

    fn fits(&self, json: &Json, steps: usize, used: usize, width: usize) -> bool {
        let columns = json.one_line().chars().count() + used + steps * INDENT.len();
        columns <= width && !self.is_cut(json, steps)
    }

    /// How many of the items are shown.
    fn shown(&self, items: &[Json], steps: usize) -> usize {
        let lines = items.iter().all(|item| self.fits(item, steps, 1, ITEM_WIDTH));
        match (self.blocks, lines) {
            (None, _) => items.len(),
            (Some(_), true) => items.len().min(LINES_SHOWN),
            (Some(blocks), false) => items.len().min(blocks),
        }
    }

    /// Whether something in it is not shown.
    fn is_cut(&self, json: &Json, steps: usize) -> bool {
        match json {
            Json::Leaf(_) => false,
            Json::List(items) => {
                self.shown(items, steps) < items.len()
                    || items.iter().any(|item| self.is_cut(item, steps))
            }
            Json::Object(fields) => fields.iter().any(|(_, value)| self.is_cut(value, steps)),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Ordered)
    }
}

struct Ordered;

impl<'de> Visitor<'de> for Ordered {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Leaf(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Leaf(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Leaf(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Leaf(quoted(value)))
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Leaf("null".into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut fields = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Json>()? {
            fields.push((quoted(&name), value));
        }
        Ok(Json::Object(fields))
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pretty(text: &str) -> String {
        Json::parse(text).unwrap().shortened(0, 1)
    }

    #[test]
    fn what_fits_stays_on_one_line_in_its_order() {
        let text = r#"{"units":"12","code":"USD","ok":true,"none":null,"e":{},"l":[]}"#;
        let line =
            r#"{ "units": "12", "code": "USD", "ok": true, "none": null, "e": {}, "l": [] }"#;
        assert_eq!(pretty(text), line);
    }

    #[test]
    fn a_long_list_is_cut_and_says_by_how_much() {
        assert_eq!(pretty("[1,2,3,4,5,6]"), "[1, 2, 3, 4, 5, 6]");
        let cut = pretty("[1,2,3,4,5,6,7,8,9,0]");
        assert!(cut.ends_with("  6,\n  … 4 more\n]"), "{cut}");
        let whole = Json::parse("[1,2,3,4,5,6,7,8,9,0]").unwrap().whole(0);
        assert_eq!(whole, "[1, 2, 3, 4, 5, 6, 7, 8, 9, 0]");
    }

    #[test]
    fn of_large_things_one_is_shown() {
        let large = format!(r#"{{"a":"{0}","b":"{0}"}}"#, "x".repeat(90));
        let cut = pretty(&format!("[{large},{large}]"));
        assert!(cut.ends_with("  },\n  … 1 more\n]"), "{cut}");
    }

    #[test]
    fn what_does_not_fit_is_broken_where_it_must_be() {
        let long = "x".repeat(100);
        let broken = format!("{{\n  \"a\": \"{long}\",\n  \"b\": {{ \"c\": 1 }}\n}}");
        assert_eq!(pretty(&format!(r#"{{"a":"{long}","b":{{"c":1}}}}"#)), broken);
    }

    #[test]
    fn what_is_folded_is_seen_to_be_there() {
        let text = r#"{"a":{"b":{"c":1}},"l":[{"b":[2]}],"b":3}"#;
        let folded = Json::parse(text).unwrap().folded(&["b"]).whole(0);
        assert_eq!(folded, r#"{ "a": { "b": { … } }, "l": [{ "b": [ … ] }], "b": 3 }"#);
    }
}
