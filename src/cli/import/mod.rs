//! `ballast import`: files of rows into the ledger, here or on a server.
//!
//! Each file is looked at as a whole first: how it is written is found out, or asked for, and
//! told. Then it is read as a stream and sent in numbered chunks; a chunk that was acknowledged
//! is committed. Run again, the same command goes on after the last acknowledged chunk: the id
//! of the import follows from the files and the options. Clearings are applied at the end.

mod chunks;
mod encode;
mod errors;
mod field;
mod figure;
mod file;
mod header;
mod layout;
mod mapping;
#[cfg(test)]
mod mutilated_tests;
mod noise;
mod outcome;
mod prepare;
mod reading;
mod records;
mod remote;
mod report;
mod row;
#[cfg(test)]
mod row_tests;
mod run;
mod sink;
mod value;
mod votes;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use self::mapping::Mapping;
use self::prepare::Prepared;
use self::records::{Local, RecordSink};
use self::remote::Remote;
use self::run::Run;
use self::sink::Sink;
use self::value::date::DatePattern;
use self::value::number::Decimal;
use super::options::Options;
use super::server::{Server, ServerArgs};
use crate::app;
use crate::cli::say::say;
use crate::config::{Config, DatabaseUrl};
use crate::ctx::{Clock, Ctx};
use crate::domain::import::ImportHeader;
use crate::domain::names::{self, CanonicalForm};
use crate::domain::record::{RecordsHeader, RecordsMode};
use crate::pb;
use crate::service::ledger::Ledger;
use crate::store::Store;
use crate::telemetry;

pub(super) use self::records::{Kind, Meant, ReadBack};

/// Something that the files hold is not in the books.
const EXIT_REFUSED: u8 = 2;
const DEFAULT_SOURCE_SYSTEM: &str = "ERP";
/// Documents in a chunk; the server takes no more.
const CHUNK_DOCUMENTS_MAX: u16 = 500;

/// What a row of records may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Mode {
    /// Create what is not there, and change what is.
    Upsert,
    /// Create only: what is there is refused.
    CreateOnly,
    /// Change only: what is not there is refused.
    UpdateOnly,
}

impl Mode {
    fn on_the_wire(self) -> pb::RecordsMode {
        match self {
            Self::Upsert => pb::RecordsMode::Upsert,
            Self::CreateOnly => pb::RecordsMode::CreateOnly,
            Self::UpdateOnly => pb::RecordsMode::UpdateOnly,
        }
    }
}

impl From<Mode> for RecordsMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Upsert => Self::Upsert,
            Mode::CreateOnly => Self::CreateOnly,
            Mode::UpdateOnly => Self::UpdateOnly,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// CSV or XLSX files, also compressed by gzip; - is the standard input. A line names the
    /// columns. Several are one import.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What the files list.
    #[arg(long, value_enum, value_name = "KIND", default_value_t = Kind::Documents)]
    kind: Kind,
    /// Of all but documents: what a row may do [default: upsert].
    #[arg(long, value_enum, value_name = "MODE", default_value_t = Mode::Upsert)]
    mode: Mode,
    /// Which column is which field (TOML) [default: of documents a built-in one, by the names of the
    /// columns; else columns that are named as the fields are].
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Encoding of the files, for instance windows-1252 [default: found out].
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// What separates the cells: , ; | or tab [default: found out].
    #[arg(long, value_name = "SIGN", value_parser = delimiter)]
    delimiter: Option<char>,
    /// Sheet of a workbook [default: the one that is such a list].
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// Decimal separator, . or , [default: found out].
    #[arg(long, value_name = "SIGN")]
    decimal: Option<Decimal>,
    /// Form of dates, for instance D/M/YYYY, DD.MM.YY or SERIAL; may be repeated [default: found
    /// out].
    #[arg(long, value_name = "FORM")]
    dates: Vec<DatePattern>,
    /// Say how the files would be read, with the first rows as understood; import nothing.
    #[arg(long)]
    explain: bool,
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
    #[command(flatten)]
    server: ServerArgs,
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
    /// Version of the documents of rows that have none; a higher one replaces what was posted
    /// under the same numbers.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32))]
    source_version: u32,
    /// The day that the files are of (YYYY-MM-DD): what they say of clearings is as of the end of
    /// it [default: today].
    #[arg(long, value_name = "DATE")]
    as_of: Option<NaiveDate>,
    /// The files list all that is open at the end of that day: what they leave out is settled,
    /// and an amount is what is open of the document.
    #[arg(long, requires = "as_of", conflicts_with = "until")]
    complete: bool,
    /// Try all of it against the books, and say what would be posted, revised, settled and
    /// refused; write nothing but the error file.
    #[arg(long)]
    dry_run: bool,
    /// Exit with status 2 also if a document is named and missing, or was taken with a notice.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    options: Options,
}

pub(super) async fn run(args: Args) -> Result<ExitCode, String> {
    if args.kind != Kind::Documents {
        return records(args).await;
    }
    if args.mode != Mode::Upsert {
        return Err("--mode: not for documents".into());
    }
    let mappings = args.mappings()?;
    let files = prepare::prepare(&args.files, &mappings)?;
    report::print_readings(&files);
    let mapped = files.iter().find_map(|file| file.header.mapping.source_system.clone());
    let source_system = args.source_system(mapped)?;
    if args.explain {
        report::print_rows(files, &source_system)?;
        return Ok(ExitCode::SUCCESS);
    }
    let numeric = args.numeric_ids || files.iter().any(|file| file.header.mapping.numeric_ids);
    let digest = args.digest(&files, &source_system)?;
    let header = ImportHeader {
        import_id: args.import_id.clone().unwrap_or_else(|| args.derived_id(&digest)),
        create_missing_accounts: args.create_missing_accounts,
        canonical_form: numeric.then_some(CanonicalForm::Numeric),
        clear_oldest_first: args.clear_oldest_first,
        content: digest,
        as_of: args.as_of,
        is_complete: args.complete,
        validate_only: args.dry_run,
    };
    crate::domain::text::check_key("--import-id", &header.import_id, 1, 64)
        .map_err(|v| format!("{}: {}", v.field, v.description))?;
    let Target { mut sink, database, import_id } = args.target(header).await?;
    let run = Run {
        import_id: import_id.clone(),
        files,
        source_system,
        until: args.until,
        source_version: args.source_version.into(),
        is_complete: args.complete,
        is_dry: args.dry_run,
        errors: args.error_file()?,
        chunk_documents: args.chunk.into(),
    };
    let done = run.into(&mut sink).await.map_err(|error| broke_off(&error, &import_id));
    if let Some((store, ctx)) = database {
        while done.is_ok()
            && !args.dry_run
            && store.seal(&ctx).await.map_err(|e| e.to_string())? > 0
        {}
        store.close().await;
    }
    let done = done?;
    let complete = done.is_complete && (!args.strict || done.is_strict);
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::from(EXIT_REFUSED) })
}

/// Lists of accounts, people and what is between them.
async fn records(args: Args) -> Result<ExitCode, String> {
    args.refuse_what_is_for_documents()?;
    let mapping = records::read_mapping(args.mapping.as_deref(), args.kind)?;
    let mapped = mapping.source_system.clone();
    let source_system = args.source_system(mapped)?;
    let run = records::Run {
        kind: args.kind,
        files: &args.files,
        mapping,
        encoding: args.encoding.as_deref(),
        delimiter: args.delimiter,
        sheet: args.sheet.as_deref(),
        decimal: args.decimal,
        dates: (!args.dates.is_empty()).then_some(args.dates.as_slice()),
        source_system: &source_system,
        errors: args.error_file()?,
        chunk: args.chunk.into(),
        is_dry: args.dry_run,
    };
    if args.explain {
        records::explain(&run)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (mut sink, database) = match args.server.connect().await? {
        Some(server) => {
            let header = pb::RecordsHeader {
                mode: args.mode.on_the_wire().into(),
                validate_only: args.dry_run,
            };
            (RecordSink::remote(&server, header).await?, None)
        }
        None => {
            let (store, config) = args.open_store().await?;
            let records = app::records(&config, &store).map_err(|e| e.to_string())?;
            let header = RecordsHeader { mode: args.mode.into(), validate_only: args.dry_run };
            let import = records.open(header);
            let ctx = Ctx::system(Clock::system(config.business.time_zone));
            (RecordSink::Local(Box::new(Local { import, ctx })), Some(store))
        }
    };
    let done = run.into(&mut sink).await;
    if let Some(store) = database {
        store.close().await;
    }
    Ok(if done? { ExitCode::SUCCESS } else { ExitCode::from(EXIT_REFUSED) })
}

fn delimiter(text: &str) -> Result<char, String> {
    let mut chars = text.chars();
    match (text, chars.next(), chars.next()) {
        ("tab", ..) => Ok('\t'),
        (_, Some(sign), None) if !sign.is_alphanumeric() && sign != '"' => Ok(sign),
        _ => Err("is one sign, for instance ; or |, or the word tab".into()),
    }
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
    /// Of the import that is opened.
    import_id: String,
    /// To be sealed and closed afterwards, where the sink writes to it.
    database: Option<(Store, Ctx)>,
}

impl Args {
    /// The database here, brought up to date; of a dry run one that is there is left as it is, and an
    /// empty one stands for one that is not.
    async fn open_store(&self) -> Result<(Store, Config), String> {
        let mut config = self.options.clone().load(Vec::new())?;
        telemetry::init(&config.log);
        let clock = Clock::system(config.business.time_zone);
        let is_new = self.dry_run && config.database.url.is_missing_file();
        if is_new {
            say!("there is no database {} yet: tried on an empty one", config.database.url);
            config.database.url = DatabaseUrl::in_memory();
        }
        let store = Store::connect(&config.database, clock).await.map_err(|e| e.to_string())?;
        match self.dry_run && !is_new {
            true => store.accept_schema().await,
            false => store.migrate().await,
        }
        .map_err(|e| e.to_string())?;
        Ok((store, config))
    }

    /// # Errors
    /// Names the options that say nothing about records.
    fn refuse_what_is_for_documents(&self) -> Result<(), String> {
        let options = [
            ("--numeric-ids", self.numeric_ids),
            ("--import-id", self.import_id.is_some()),
            ("--clear-oldest-first", self.clear_oldest_first),
            ("--until", self.until.is_some()),
            ("--source-version", self.source_version != 0),
            ("--as-of", self.as_of.is_some()),
            ("--complete", self.complete),
            ("--strict", self.strict),
            ("--create-missing-accounts", !self.create_missing_accounts),
        ];
        let set: Vec<&str> =
            options.iter().filter(|(_, set)| *set).map(|(name, _)| *name).collect();
        match set.is_empty() {
            true => Ok(()),
            false => Err(format!("{}: for documents only", set.join(", "))),
        }
    }

    /// The mapping that is named, or all that are built in, with what the command line says.
    fn mappings(&self) -> Result<Vec<Mapping>, String> {
        let mut mappings = match &self.mapping {
            None => Mapping::built_in()?,
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|e| format!("cannot read {}: {e}", path.display()))?;
                vec![Mapping::parse(&text).map_err(|e| format!("{}: {e}", path.display()))?]
            }
        };
        for mapping in &mut mappings {
            mapping.encoding = self.encoding.clone().or(mapping.encoding.take());
            mapping.delimiter = self.delimiter.or(mapping.delimiter);
            mapping.sheet = self.sheet.clone().or(mapping.sheet.take());
            if self.decimal.is_some() {
                (mapping.decimal_separator, mapping.thousands_separator) = (self.decimal, None);
            }
            if !self.dates.is_empty() {
                mapping.dates = Some(self.dates.clone());
            }
            mapping.check()?;
        }
        Ok(mappings)
    }

    fn source_system(&self, mapped: Option<String>) -> Result<String, String> {
        let system = self.source_system.clone().or(mapped);
        let system = system.unwrap_or_else(|| DEFAULT_SOURCE_SYSTEM.to_owned());
        names::check_system("--source-system", &system)
            .map_err(|v| format!("{}: {}", v.field, v.description))?;
        Ok(system)
    }

    /// What the chunks follow from: files, mappings and options.
    fn digest(&self, files: &[Prepared], system: &str) -> Result<String, String> {
        let mut hash = Sha256::new();
        for file in files {
            file.source.digest(&mut hash)?;
            let mapping = serde_json::to_vec(&file.header.mapping).map_err(|e| e.to_string())?;
            hash.update(mapping);
        }
        let options = (system, self.until, self.chunk, self.numeric_ids);
        let options = (options, self.create_missing_accounts, self.clear_oldest_first);
        let options = (options, self.source_version, self.as_of, self.complete);
        hash.update(serde_json::to_vec(&options).map_err(|e| e.to_string())?);
        Ok(hash.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect())
    }

    /// The name of the first file, as far as it fits, and the digest.
    fn derived_id(&self, digest: &str) -> String {
        let name = self.files.first().and_then(|path| path.file_stem());
        let name = name.unwrap_or_default().to_string_lossy();
        let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
        format!("{}-{digest}", name.trim())
    }

    /// # Errors
    /// It is one of the files that are read.
    fn error_file(&self) -> Result<PathBuf, String> {
        let path = self.errors.clone().unwrap_or_else(|| {
            let mut name = self.files.first().cloned().unwrap_or_default().into_os_string();
            name.push(".errors.csv");
            name.into()
        });
        let place = |path: &Path| std::fs::canonicalize(path).ok();
        let is_read = place(&path).is_some_and(|errors| {
            let mut read = self.files.iter().chain(&self.mapping);
            read.any(|file| place(file).as_ref() == Some(&errors))
        });
        match is_read {
            true => Err(format!("--errors: {} is read by this import", path.display())),
            false => Ok(path),
        }
    }

    /// Opens the import. One that was finished before is done anew under another id, unless its
    /// id was named: what was refused then may be taken now.
    async fn target(&self, mut header: ImportHeader) -> Result<Target, String> {
        let opener = Opener::new(self).await?;
        let id = header.import_id.clone();
        for again in 2..u32::MAX {
            let sink = opener.open(&header).await?;
            if !sink.is_finished() || self.import_id.is_some() {
                let database = opener.database;
                return Ok(Target { sink, database, import_id: header.import_id });
            }
            header.import_id = format!("{id}-{again}");
        }
        Err("every id of this import is taken".into())
    }
}

/// Opens imports, here or on a server.
struct Opener {
    server: Option<Server>,
    ledger: Option<Ledger>,
    database: Option<(Store, Ctx)>,
}

impl Opener {
    async fn new(args: &Args) -> Result<Self, String> {
        if let Some(server) = args.server.connect().await? {
            return Ok(Self { server: Some(server), ledger: None, database: None });
        }
        let (store, config) = args.open_store().await?;
        let clock = Clock::system(config.business.time_zone);
        let settings = app::settings(&config).map_err(|e| e.to_string())?;
        let ctx = Ctx::system(clock);
        let ledger = Some(Ledger::new(store.clone(), settings));
        Ok(Self { server: None, ledger, database: Some((store, ctx)) })
    }

    async fn open(&self, header: &ImportHeader) -> Result<Sink, String> {
        match (&self.ledger, &self.database, &self.server) {
            (Some(ledger), Some((_, ctx)), _) => {
                Sink::local(ledger, ctx.clone(), header.clone()).await
            }
            (_, _, Some(server)) => Ok(Sink::Remote(Remote::open(server, header).await?)),
            _ => Err("there is neither a database nor a server".into()),
        }
    }
}
