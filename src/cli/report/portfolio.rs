//! `ballast report portfolio`: on how few customers the book rests, in words and as a picture.

#![expect(clippy::float_arithmetic, reason = "places in a picture, and no money")]

use std::path::PathBuf;

use chrono::NaiveDate;
use plotters::prelude::*;

use crate::app;
use crate::cli::options::{Opened, Options};
use crate::cli::say::say;
use crate::ctx::Ctx;
use crate::domain::money::digits;
use crate::domain::portfolio::concentration::{Concentration, Point};
use crate::domain::portfolio::{Portfolio, PortfolioQuery, Side};
use crate::service::tiers::Tiers;

const SIZE: (u32, u32) = (840, 480);
const FONT: (&str, i32) = ("sans-serif", 15);
const TITLE: (&str, i32) = ("sans-serif", 18);
/// The share that a line is drawn at, in percent.
const MOST: f64 = 80.0;
const REVENUE: RGBColor = RGBColor(31, 95, 168);
const RECEIVABLES: RGBColor = RGBColor(201, 107, 27);

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The day it describes (YYYY-MM-DD) [default: the business date].
    #[arg(long, value_name = "DATE")]
    as_of: Option<NaiveDate>,
    /// Draw the Pareto curve of revenue and receivables into this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// How many groups to list.
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    groups: u16,
    #[command(flatten)]
    options: Options,
}

pub(super) async fn run(args: Args) -> Result<(), String> {
    let Args { as_of, svg, groups, options } = args;
    let Opened { config, clock, store, .. } = options.open_read_only().await?;
    let settings = app::settings(&config).map_err(|e| e.to_string())?;
    let query = PortfolioQuery { as_of, groups_max: groups.into(), model: None };
    let answer = Tiers::new(store.clone(), settings).portfolio(&Ctx::system(clock), query).await;
    store.close().await;
    let portfolio = answer.map_err(|e| format!("{e} ({})", e.reason()))?;
    print(&portfolio);
    if let Some(path) = svg {
        let drawn = picture(&portfolio).map_err(|e| format!("cannot draw the curve: {e}"))?;
        std::fs::write(&path, drawn)
            .map_err(|e| format!("cannot write {}: {e}", path.display()))?;
        say!("the curve is in {}", path.display());
    }
    Ok(())
}

fn print(portfolio: &Portfolio) {
    let currency = portfolio.currency;
    say!("as of {}, in {currency}, by {}", portfolio.as_of, portfolio.policy_id);
    for (what, side) in sides(portfolio) {
        let Side { concentration: of, unknown } = side;
        let [one, three, five] = of.largest_bp.map(percent);
        say!("{what}: {} of {} groups", digits(of.total, currency), of.groups);
        say!("  largest 1, 3, 5: {one}, {three}, {five} %");
        for pareto in &of.pareto {
            say!("  {} % by {} groups", percent(pareto.share_bp), pareto.groups);
        }
        let effective = of.effective.map(|n| n.to_string()).unwrap_or_else(|| "none".into());
        let severity = of.severity.map_or("not concentrated", |severity| severity.as_str());
        say!("  like {effective} groups of one size, Gini {} %: {severity}", percent(of.gini_bp));
        if *unknown > 0 {
            say!("  {unknown} accounts are left out for want of a rate");
        }
    }
    for stress in &portfolio.stresses {
        let (revenue, open) =
            (digits(stress.revenue, currency), digits(stress.receivables, currency));
        say!("without the largest {}: revenue {revenue}, receivables {open}", stress.groups);
    }
    for row in &portfolio.groups {
        let (revenue, open) = (digits(row.revenue, currency), digits(row.receivables, currency));
        say!("{}\t{}\t{revenue}\t{open}", row.root_id, row.display_name);
    }
}

fn sides(portfolio: &Portfolio) -> [(&'static str, &Side); 2] {
    [("revenue", &portfolio.revenue), ("receivables", &portfolio.receivables)]
}

/// Basis points as percent.
fn percent(bp: i32) -> String {
    format!("{}.{:02}", bp / 100, bp.abs() % 100)
}

/// The curve of both figures, as SVG. Coordinates are no amounts: they are where a line goes on a
/// picture.
fn picture(portfolio: &Portfolio) -> Result<String, String> {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        draw(&root, portfolio).map_err(|e| e.to_string())?;
        root.present().map_err(|e| e.to_string())?;
    }
    Ok(text)
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

fn draw(
    root: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    portfolio: &Portfolio,
) -> Drawn {
    root.fill(&WHITE).map_err(|e| e.to_string())?;
    let title = format!("Share of the largest customers on {}", portfolio.as_of);
    let mut chart = ChartBuilder::on(root)
        .caption(title, TITLE)
        .margin(12)
        .x_label_area_size(38)
        .y_label_area_size(52)
        .build_cartesian_2d(0.0..100.0, 0.0..100.0)
        .map_err(|e| e.to_string())?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("customers, the largest first (%)")
        .y_desc("share (%)")
        .label_style(FONT)
        .axis_desc_style(FONT)
        .draw()
        .map_err(|e| e.to_string())?;
    let most = [(0.0, MOST), (100.0, MOST)];
    chart.draw_series(LineSeries::new(most, BLACK.mix(0.4))).map_err(|e| e.to_string())?;
    for ((what, side), color) in sides(portfolio).into_iter().zip([REVENUE, RECEIVABLES]) {
        let of = &side.concentration;
        let line = LineSeries::new(points(of), color.stroke_width(2));
        let label = format!("{what}: {} % by {}", MOST, makers(of));
        chart
            .draw_series(line)
            .map_err(|e| e.to_string())?
            .label(label)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE)
        .border_style(BLACK.mix(0.4))
        .label_font(FONT)
        .draw()
        .map_err(|e| e.to_string())?;
    Ok(())
}

/// How many customers make most of it, of how many.
fn makers(of: &Concentration) -> String {
    let most = of.pareto.iter().find(|pareto| f64::from(pareto.share_bp) >= MOST * 100.0);
    format!("{} of {}", most.map_or(0, |pareto| pareto.groups), of.groups)
}

fn points(of: &Concentration) -> Vec<(f64, f64)> {
    let whole = of.groups.max(1) as f64;
    let place =
        |point: &Point| (point.groups as f64 * 100.0 / whole, f64::from(point.share_bp) / 100.0);
    of.curve.iter().map(place).collect()
}
