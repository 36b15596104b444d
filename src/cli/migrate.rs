//! `ballast migrate`.

use super::options::Options;
use crate::cli::say::say;
use crate::ctx::Clock;
use crate::store::Store;
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    options: Options,
}

pub(super) async fn run(args: Args) -> Result<(), String> {
    let config = args.options.load(Vec::new())?;
    telemetry::init(&config.log);
    let url = config.database.url.redacted();
    let clock = Clock::system(config.business.time_zone);
    let store = Store::connect(&config.database, clock)
        .await
        .map_err(|e| format!("cannot open the database {url}: {e}"))?;
    let migrated = store.migrate().await;
    store.close().await;
    migrated.map_err(|e| format!("cannot bring the database {url} up to date: {e}"))?;
    say!("{url} is up to date");
    Ok(())
}
