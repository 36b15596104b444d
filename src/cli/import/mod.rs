//! `ballast import`: files of rows into the ledger, here or on a server.
//!
//! Files are read as streams and sent in numbered chunks; a chunk that was acknowledged is
//! committed. Run again, the same command goes on after the last acknowledged chunk: the id
//! of the import follows from the files and the options. Clearings are applied at the end.

mod chunks;
mod encode;
mod errors;
mod file;
mod layout;
mod mapping;
mod outcome;
mod remote;
mod report;
mod row;
#[cfg(test)]
mod row_tests;
mod run;
mod sink;
mod value;

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use self::mapping::Mapping;
use self::remote::Remote;
use self::run::Run;
use self::sink::Sink;
use super::options::Options;
use crate::app;
use crate::ctx::{Clock, Ctx};
use crate::domain::import::ImportHeader;
use crate::domain::names::{self, CanonicalForm};
use crate::service::ledger::Ledger;
use crate::store::Store;
use crate::telemetry;

/// Rows or clearings were refused, or documents are missing, and `--strict` asks for none.
const EXIT_REFUSED: u8 = 2;
const DEFAULT_SOURCE_SYSTEM: &str = "ERP";
/// Documents in a chunk; the server takes no more.
const CHUNK_DOCUMENTS_MAX: u16 = 500;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// CSV files in UTF-8, the first line naming the columns. Several are one import.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Which column is which field (TOML) [default: a built-in one, by the names of the columns].
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// System that the document numbers and account ids belong to [default: as mapped, or ERP].
    #[arg(long, value_name = "SYSTEM")]
    source_system: Option<String>,
    /// Account ids of digits only are numbers: 0000471 is 471.
    #[arg(long)]
    numeric_ids: bool,
    /// Create accounts that are not there yet.
    #[arg(long, value_name = "YES", default_value_t = true, action = clap::ArgAction::Set)]
    create_missing_accounts: bool,
    /// Id of the import; the same id goes on with it [default: from files and options].
    #[arg(long, value_name = "ID")]
    import_id: Option<String>,
    /// Where refused rows are written [default: the first FILE with .errors.csv behind it].
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
    /// Send to this server (http://HOST:PORT) instead of writing to the database.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Bearer token for the server.
    #[arg(long, env = "BALLAST_TOKEN", hide_env_values = true, requires = "server")]
    token: Option<String>,
    /// Documents in a chunk, committed together.
    #[arg(long, value_name = "N", default_value_t = CHUNK_DOCUMENTS_MAX,
        value_parser = clap::value_parser!(u16).range(2..=i64::from(CHUNK_DOCUMENTS_MAX)))]
    chunk: u16,
    /// At the end let credits that name nothing settle the oldest due first.
    #[arg(long)]
    clear_oldest_first: bool,
    /// Rows settled after this day are open (YYYY-MM-DD).
    #[arg(long, value_name = "DATE")]
    until: Option<NaiveDate>,
    /// Read and check the rows; write nothing but the error file.
    #[arg(long)]
    dry_run: bool,
    /// Exit with status 2 if anything was refused, or a document is named and missing.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    options: Options,
}

pub(super) async fn run(args: Args) -> Result<ExitCode, String> {
    let mapping = args.mapping()?;
    let source_system = args.source_system(&mapping)?;
    let numeric = args.numeric_ids || mapping.numeric_ids;
    let (digest, bytes) = args.digest(&mapping, &source_system)?;
    let header = ImportHeader {
        import_id: args.import_id.clone().unwrap_or_else(|| args.derived_id(&digest)),
        create_missing_accounts: args.create_missing_accounts,
        canonical_form: numeric.then_some(CanonicalForm::Numeric),
        clear_oldest_first: args.clear_oldest_first,
        content: digest,
    };
    crate::domain::text::check("--import-id", &header.import_id, 1, 64)
        .map_err(|v| format!("{}: {}", v.field, v.description))?;
    let strict = args.strict;
    let run = Run {
        import_id: header.import_id.clone(),
        files: args.files.clone(),
        mapping,
        source_system,
        until: args.until,
        errors: args.error_file(),
        chunk_documents: args.chunk.into(),
        bytes,
    };
    let import_id = run.import_id.clone();
    let Target { mut sink, database } = args.target(header).await?;
    let done = run.into(&mut sink).await.map_err(|error| broke_off(&error, &import_id));
    if let Some((store, ctx)) = database {
        while done.is_ok() && store.seal(&ctx).await.map_err(|e| e.to_string())? > 0 {}
        store.close().await;
    }
    let clean = done?;
    Ok(if strict && !clean { ExitCode::from(EXIT_REFUSED) } else { ExitCode::SUCCESS })
}

/// What was acknowledged stays, and what it asks to be cleared is not lost.
fn broke_off(error: &str, import_id: &str) -> String {
    format!(
        "{error}\nimport {import_id} broke off. What it posted before is in the books; what that asks \
         to be cleared waits for the finish of this import, or of any other. Mend the cause and run \
         the same command again: what is there already is passed over."
    )
}

struct Target {
    sink: Sink,
    /// To be sealed and closed afterwards, where the sink writes to it.
    database: Option<(Store, Ctx)>,
}

impl Args {
    fn mapping(&self) -> Result<Mapping, String> {
        let Some(path) = &self.mapping else { return detected(self) };
        let text = std::fs::read_to_string(path)
            .map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        Mapping::parse(&text).map_err(|e| format!("{}: {e}", path.display()))
    }

    fn source_system(&self, mapping: &Mapping) -> Result<String, String> {
        let mapped = || mapping.source_system.clone();
        let system = self.source_system.clone().or_else(mapped);
        let system = system.unwrap_or_else(|| DEFAULT_SOURCE_SYSTEM.to_owned());
        names::check_system("--source-system", &system)
            .map_err(|v| format!("{}: {}", v.field, v.description))?;
        Ok(system)
    }

    /// What the chunks follow from: files, mapping and options. Also the size of the files.
    fn digest(&self, mapping: &Mapping, system: &str) -> Result<(String, u64), String> {
        let mut hash = Sha256::new();
        let mut bytes = 0;
        for path in &self.files {
            bytes += file::digest(path, &mut hash)?;
        }
        let options = (mapping, system, self.until, self.chunk, self.numeric_ids);
        let options = (options, self.create_missing_accounts, self.clear_oldest_first);
        hash.update(serde_json::to_vec(&options).map_err(|e| e.to_string())?);
        Ok((hash.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect(), bytes))
    }

    /// The name of the first file, as far as it fits, and the digest.
    fn derived_id(&self, digest: &str) -> String {
        let name = self.files.first().and_then(|path| path.file_stem());
        let name = name.unwrap_or_default().to_string_lossy();
        let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
        format!("{}-{digest}", name.trim())
    }

    fn error_file(&self) -> PathBuf {
        self.errors.clone().unwrap_or_else(|| {
            let mut name = self.files.first().cloned().unwrap_or_default().into_os_string();
            name.push(".errors.csv");
            name.into()
        })
    }

    async fn target(self, header: ImportHeader) -> Result<Target, String> {
        if self.dry_run {
            return Ok(Target { sink: Sink::Nowhere, database: None });
        }
        if let Some(server) = &self.server {
            let remote = Remote::open(server, self.token.as_deref(), &header).await?;
            return Ok(Target { sink: Sink::Remote(remote), database: None });
        }
        let config = self.options.load(Vec::new())?;
        telemetry::init(&config.log);
        let clock = Clock::system(config.business.time_zone);
        let store =
            Store::connect(&config.database, clock.clone()).await.map_err(|e| e.to_string())?;
        store.migrate().await.map_err(|e| e.to_string())?;
        let settings = app::settings(&config).map_err(|e| e.to_string())?;
        let ctx = Ctx::system(clock);
        let ledger = Ledger::new(store.clone(), settings);
        let sink = Sink::local(&ledger, ctx.clone(), header).await?;
        Ok(Target { sink, database: Some((store, ctx)) })
    }
}

/// The built-in mapping that the first file asks for.
fn detected(args: &Args) -> Result<Mapping, String> {
    let first = args.files.first().ok_or("name a file")?;
    let headers = file::Rows::open(first, ',')?.headers;
    Mapping::detect(&headers).map_err(|e| format!("{}: {e}", first.display()))
}
