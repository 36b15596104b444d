//! `ballast report power-map`: who moves whom at a customer, in words and as a picture.

mod picture;

use std::path::{Path, PathBuf};

use crate::app;
use crate::cli::options::{Opened, Options};
use crate::cli::say::say;
use crate::ctx::Ctx;
use crate::domain::names;
use crate::domain::power_map::{Decider, Node, PowerMap, hundredths, label};
use crate::service::contacts::Contacts;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The account: its id, or SYSTEM~ID.
    #[arg(long, value_name = "ACCOUNT")]
    account: String,
    /// Draw the map into this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write the map in the language of Graphviz into this file.
    #[arg(long, value_name = "FILE")]
    dot: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
}

pub(super) async fn run(args: Args) -> Result<(), String> {
    let Args { account, svg, dot, options } = args;
    let name = match account.starts_with("accounts/") {
        true => account,
        false => names::account_name(&account),
    };
    let name = names::parse_account("--account", &name);
    let name = name.map_err(|e| crate::domain::error::Error::from(e).to_string())?;
    let Opened { config, clock, store, .. } = options.open_read_only().await?;
    let settings = app::team_settings(&config).map_err(|e| e.to_string())?;
    let answer = Contacts::new(store.clone(), settings).power_map(&Ctx::system(clock), name).await;
    store.close().await;
    let map = answer.map_err(|e| format!("{e} ({})", e.reason()))?.map;
    print(&map);
    if let Some(path) = svg {
        let drawn = picture::svg(&map).map_err(|e| format!("cannot draw the map: {e}"))?;
        write(&path, &drawn)?;
    }
    if let Some(path) = dot {
        write(&path, &map.dot())?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    say!("the map is in {}", path.display());
    Ok(())
}

/// Who decides, the best way there, and who is missing; people by what their positions are called.
fn print(map: &PowerMap) {
    let known = map.nodes.iter().filter(|node| !node.known_by.is_empty()).count();
    let (people, ties) = (map.nodes.len(), map.influences.len());
    say!("{} on {}: {people} people, {known} of them known, {ties} ties", map.account_id, map.on);
    let called = |contact_id: &str| {
        let found = map.nodes.iter().find(|node| node.contact_id == contact_id);
        found.map(label).filter(|text| !text.is_empty()).unwrap_or_else(|| contact_id.to_owned())
    };
    for Decider { contact_id, route } in &map.deciders {
        let who = called(contact_id);
        let Some(route) = route else {
            say!("{who}: no way leads there");
            continue;
        };
        let steps: Vec<String> = route.steps.iter().map(|step| called(&step.to)).collect();
        let (value, risk) = (hundredths(route.value_bp), route.risk());
        say!("{who}: {} → {} ({value}, risk {risk})", route.member_id, steps.join(" → "));
    }
    for (stage, roles) in &map.missing {
        let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        say!("nobody for {stage}: {}", roles.join(", "));
    }
    let unknown: Vec<&Node> = map.nodes.iter().filter(|node| node.positions.is_empty()).collect();
    if !unknown.is_empty() {
        say!("{} people have no position that we know of", unknown.len());
    }
    if map.cut {
        say!("there is more than fits in a map");
    }
}
