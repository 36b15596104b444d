//! A power map as a picture: those who stand highest above, people of other accounts below.

use std::collections::{BTreeMap, BTreeSet};

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::domain::job::Level;
use crate::domain::power_map::{Influence, Node, PowerMap, hundredths, label};

const WIDTH: i32 = 960;
const MARGIN: i32 = 24;
const TITLE_HEIGHT: i32 = 44;
const BOX: (i32, i32) = (156, 44);
const ROW_HEIGHT: i32 = 118;
const LEGEND_HEIGHT: i32 = 34;
/// People of a row at most; more would not be read.
const ROW_MAX: usize = 5;
/// Characters that fit in a box.
const LABEL_MAX: usize = 22;
const FONT: (&str, i32) = ("sans-serif", 15);
const TITLE: (&str, i32) = ("sans-serif", 18);
const WAY: RGBColor = RGBColor(31, 95, 168);
const KNOWN: RGBColor = RGBColor(222, 235, 247);
const LINE: RGBColor = RGBColor(120, 120, 120);
const OUTSIDE: RGBColor = RGBColor(201, 107, 27);

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), String>;

/// Somebody in the picture, and where.
struct Place<'a> {
    node: &'a Node,
    /// Of the middle of his box.
    at: (i32, i32),
}

/// The map as SVG; people by what their positions are called, so that nothing is personal.
pub fn svg(map: &PowerMap) -> Result<String, String> {
    let rows = rows(map);
    let height = TITLE_HEIGHT + ROW_HEIGHT * rows.len().max(1) as i32 + LEGEND_HEIGHT;
    let mut text = String::new();
    {
        let size = (WIDTH.unsigned_abs(), height.unsigned_abs());
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&root, map, &rows, height)?;
        root.present().map_err(|e| e.to_string())?;
    }
    Ok(text)
}

/// The people of each row, the highest row first; of too many those who are met on the way to a
/// decision.
fn rows(map: &PowerMap) -> Vec<Vec<&Node>> {
    let on_the_way: BTreeSet<&str> = map
        .deciders
        .iter()
        .filter_map(|one| one.route.as_ref())
        .flat_map(|route| route.steps.iter().map(|step| step.to.as_str()))
        .collect();
    let row = |node: &Node| match node.positions.first() {
        Some(position) if !node.outside => match position.terms.level {
            Level::Executive => 0,
            Level::Manager => 1,
            Level::Staff => 2,
        },
        _ => 3,
    };
    let mut rows: BTreeMap<i32, Vec<&Node>> = BTreeMap::new();
    for node in &map.nodes {
        rows.entry(row(node)).or_default().push(node);
    }
    let matters = |node: &Node| (node.decides(), on_the_way.contains(node.contact_id.as_str()));
    for people in rows.values_mut() {
        people.sort_by_key(|node| std::cmp::Reverse(matters(node)));
        people.truncate(ROW_MAX);
        people.sort_by(|a, b| (label(a), &a.contact_id).cmp(&(label(b), &b.contact_id)));
    }
    rows.into_values().collect()
}

fn draw(root: &Area<'_>, map: &PowerMap, rows: &[Vec<&Node>], height: i32) -> Drawn {
    root.fill(&WHITE).map_err(|e| e.to_string())?;
    let shown: usize = rows.iter().map(Vec::len).sum();
    let left_out = match map.nodes.len() - shown {
        0 => String::new(),
        more => format!(" ({more} more people are not drawn)"),
    };
    let title = format!("Power map of {} on {}{left_out}", map.account_id, map.on);
    write(root, &title, (WIDTH / 2, TITLE_HEIGHT / 2), TITLE, &BLACK)?;
    let places = places(rows);
    let taken = map.on_the_way();
    // The lines first, so that boxes stand before them.
    for of_way in [false, true] {
        for one in map.influences.iter().filter(|one| taken.contains(&one.tie_id) == of_way) {
            arrow(root, &places, one, of_way)?;
        }
    }
    for place in places.values() {
        person(root, place)?;
    }
    let legend = "blue: met in the last 180 days · orange: of another account · double frame: decides · \
                  thick: on the best way";
    write(root, legend, (WIDTH / 2, height - LEGEND_HEIGHT / 2), FONT, &BLACK)
}

fn places<'a>(rows: &[Vec<&'a Node>]) -> BTreeMap<&'a str, Place<'a>> {
    let mut places = BTreeMap::new();
    for (row, people) in (0..).zip(rows) {
        let y = TITLE_HEIGHT + ROW_HEIGHT * row + ROW_HEIGHT / 2;
        let slot = (WIDTH - 2 * MARGIN) / (people.len().max(1) as i32);
        for (n, node) in (0..).zip(people) {
            // Every second one a little lower: lines along a row do not hide behind boxes.
            let at = (MARGIN + slot * n + slot / 2, y + if n % 2 == 0 { -12 } else { 12 });
            places.insert(node.contact_id.as_str(), Place { node, at });
        }
    }
    places
}

fn person(root: &Area<'_>, place: &Place<'_>) -> Drawn {
    let Place { node, at: (x, y) } = place;
    let fill = if node.known_by.is_empty() { WHITE } else { KNOWN };
    let line = if node.outside { OUTSIDE } else { BLACK };
    let frame = |more: i32| {
        let (w, h) = (BOX.0 / 2 + more, BOX.1 / 2 + more);
        [(x - w, y - h), (x + w, y + h)]
    };
    rectangle(root, frame(0), fill.filled())?;
    rectangle(root, frame(0), line.stroke_width(1))?;
    if node.decides() {
        rectangle(root, frame(3), line.stroke_width(1))?;
    }
    let text = label(node);
    let text = if text.is_empty() { node.contact_id.clone() } else { text };
    write(root, &shortened(&text), (*x, y - 9), FONT, &BLACK)?;
    let below = match node.known_by.as_slice() {
        [] => "nobody of ours".to_owned(),
        [one] => one.member_id.clone(),
        [first, rest @ ..] => format!("{} + {}", first.member_id, rest.len()),
    };
    write(root, &shortened(&below), (*x, y + 10), FONT, if node.outside { &OUTSIDE } else { &LINE })
}

fn rectangle(root: &Area<'_>, corners: [(i32, i32); 2], style: ShapeStyle) -> Drawn {
    root.draw(&Rectangle::new(corners, style)).map_err(|e| e.to_string())
}

fn arrow(
    root: &Area<'_>,
    places: &BTreeMap<&str, Place<'_>>,
    one: &Influence,
    of_way: bool,
) -> Drawn {
    let (Some(from), Some(to)) = (places.get(one.from.as_str()), places.get(one.to.as_str()))
    else {
        return Ok(());
    };
    let (from, to) = (edge_of(from.at, to.at), edge_of(to.at, from.at));
    let (color, width) = if of_way { (WAY, 3) } else { (LINE, 1) };
    let line = PathElement::new([from, to], color.stroke_width(width));
    root.draw(&line).map_err(|e| e.to_string())?;
    root.draw(&Polygon::new(head(from, to), color.filled())).map_err(|e| e.to_string())?;
    // Nearer to where it begins: there fewer lines meet.
    let middle = (from.0 + (to.0 - from.0) * 2 / 5, from.1 + (to.1 - from.1) * 2 / 5);
    let around = [(middle.0 - 15, middle.1 - 8), (middle.0 + 15, middle.1 + 8)];
    rectangle(root, around, WHITE.filled())?;
    write(root, &hundredths(one.weight_bp), middle, FONT, &color)
}

/// Where the line from the middle of a box to another leaves it.
fn edge_of(at: (i32, i32), towards: (i32, i32)) -> (i32, i32) {
    let (dx, dy) = (towards.0 - at.0, towards.1 - at.1);
    let (w, h) = (BOX.0 / 2 + 4, BOX.1 / 2 + 4);
    match (dx, dy) {
        (0, 0) => at,
        // It leaves above or below where it is steeper than the diagonal of the box.
        _ if dy.abs() * w >= dx.abs() * h => (at.0 + dx * h / dy.abs(), at.1 + dy.signum() * h),
        _ => (at.0 + dx.signum() * w, at.1 + dy * w / dx.abs()),
    }
}

/// The head of an arrow.
fn head(from: (i32, i32), to: (i32, i32)) -> Vec<(i32, i32)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.abs().max(dy.abs()).max(1);
    let (ux, uy) = (dx * 9 / length, dy * 9 / length);
    let base = (to.0 - ux, to.1 - uy);
    vec![to, (base.0 - uy / 2, base.1 + ux / 2), (base.0 + uy / 2, base.1 - ux / 2)]
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LABEL_MAX) {
        None => text.to_owned(),
        Some(_) => text.chars().take(LABEL_MAX - 1).chain(['…']).collect(),
    }
}

fn write(
    root: &Area<'_>,
    text: &str,
    at: (i32, i32),
    font: (&str, i32),
    color: &RGBColor,
) -> Drawn {
    let style = font.into_font().color(color).pos(Pos::new(HPos::Center, VPos::Center));
    root.draw(&Text::new(text.to_owned(), at, style)).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::power_map::Drawn;

    #[test]
    fn a_map_of_nobody_is_a_picture_too_and_long_labels_are_shortened() {
        let map = PowerMap::of("a&b".into(), chrono::NaiveDate::MIN, Drawn::default());
        let drawn = svg(&map).unwrap();
        assert!(drawn.starts_with("<svg width=\"960\""), "{drawn}");
        assert!(drawn.contains("a&amp;b"), "{drawn}");
        assert_eq!(shortened("Head of purchasing and stores"), "Head of purchasing an…");
        assert_eq!(shortened("Head of purchasing"), "Head of purchasing");
    }

    #[test]
    fn a_line_leaves_a_box_at_its_border_and_points_where_it_goes() {
        assert_eq!(edge_of((0, 0), (0, 100)), (0, 26));
        assert_eq!(edge_of((0, 0), (-500, 0)), (-82, 0));
        assert_eq!(edge_of((5, 5), (5, 5)), (5, 5));
        assert_eq!(head((0, 0), (0, 100)), [(0, 100), (-4, 91), (4, 91)]);
    }
}
