//! `ballast config`.

use toml::{Table, Value};

use super::options::Options;
use crate::app;
use crate::cli::say::say;
use crate::config::{Auth, Certificate, Kind, Loaded, Token, reference};
use crate::ctx::RowScope;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    options: Options,
    /// As `serve` would be told.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// As `serve` would be told.
    #[arg(long)]
    insecure: bool,
}

/// Prints each setting as a line of TOML; passwords and hashes of tokens are left out.
pub(super) fn run(args: Args) -> Result<(), String> {
    let Args { options, listen, insecure } = args;
    let insecure = insecure.then(|| "true".to_owned());
    let loaded = options.loaded(vec![("server.listen", listen), ("auth.insecure", insecure)])?;
    let Loaded { config, sources } = loaded;
    let table = Table::try_from(&config).map_err(|e| e.to_string())?;
    for setting in reference() {
        let (section, field) = setting.path();
        let source = sources.get(setting.name).map_or("default", String::as_str);
        let value = table.get(section).and_then(|fields| fields.get(field));
        match (setting.kind, value) {
            (Kind::Tables, _) => {
                for (principal, scopes, accounts) in callers(&config.auth, field) {
                    let may = scopes.join(", ");
                    let where_at = match accounts {
                        RowScope::All => String::new(),
                        RowScope::Within(_) => format!(" at accounts {accounts} alone"),
                    };
                    say!("# {}: {principal} may {may}{where_at}  # {source}", setting.name);
                }
            }
            (_, Some(Value::String(text))) => say!("{} = {text:?}  # {source}", setting.name),
            (_, Some(Value::Integer(number))) => say!("{} = {number}  # {source}", setting.name),
            (_, Some(Value::Boolean(yes))) => say!("{} = {yes}  # {source}", setting.name),
            (_, _) => say!("# {} is not set", setting.name),
        }
    }
    app::check(&config).map_err(|e| e.to_string())
}

/// Who may call, by what he shows, and at which accounts.
fn callers<'a>(auth: &'a Auth, field: &str) -> Vec<(&'a str, &'a [String], &'a RowScope)> {
    match field {
        "certificates" => {
            let told = |of: &'a Certificate| (of.principal.as_str(), &of.scopes[..], &of.accounts);
            auth.certificates.iter().map(told).collect()
        }
        _ => {
            let told = |of: &'a Token| (of.principal.as_str(), &of.scopes[..], &of.accounts);
            auth.tokens.iter().map(told).collect()
        }
    }
}
