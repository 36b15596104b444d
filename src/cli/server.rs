//! The server that a command calls instead of opening the database.

use std::error::Error;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use http::Uri;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

/// Which server, and what it is shown.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ServerArgs {
    /// Call this server (https://HOST:PORT) instead of opening the database.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Bearer token for the server.
    #[arg(long, env = "BALLAST_TOKEN", hide_env_values = true, requires = "server")]
    token: Option<String>,
    #[command(flatten)]
    trust: Trust,
}

/// Whom to trust, and what to be trusted by.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Trust {
    /// Authorities that the certificate of the server is trusted by (PEM) [default: those of the
    /// public web].
    #[arg(long, env = "BALLAST_CA", value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Certificate to call with (PEM).
    #[arg(long, env = "BALLAST_CLIENT_CERT", value_name = "FILE", requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// Key of that certificate (PEM).
    #[arg(long, env = "BALLAST_CLIENT_KEY", value_name = "FILE", requires = "client_cert")]
    client_key: Option<PathBuf>,
}

/// A server that was reached.
#[derive(Debug, Clone)]
pub(super) struct Server {
    channel: Channel,
    token: Option<MetadataValue<Ascii>>,
}

impl ServerArgs {
    /// Connects; `None` where no server is named.
    pub async fn connect(&self) -> Result<Option<Server>, String> {
        let Self { server: Some(server), token, trust } = self else { return Ok(None) };
        let uri: Uri = server.parse().map_err(|e| format!("--server {server}: {e}"))?;
        let endpoint = Endpoint::from(uri.clone());
        let endpoint = match uri.scheme_str() {
            Some("https") => endpoint.tls_config(trust.client()?).map_err(|e| told(&e))?,
            Some("http") if token.is_some() && !is_this_machine(&uri) => {
                return Err(format!(
                    "--server {server}: a token would travel there in the clear; use https://"
                ));
            }
            Some("http") => endpoint,
            _ => return Err(format!("--server {server} must begin with https:// or http://")),
        };
        let channel = endpoint.connect().await;
        let channel =
            channel.map_err(|e| format!("no server answers at {server}: {}", told(&e)))?;
        let token = token.as_ref().map(|token| {
            MetadataValue::try_from(format!("Bearer {token}"))
                .map_err(|_| "the token has characters that no token has".to_owned())
        });
        Ok(Some(Server { channel, token: token.transpose()? }))
    }
}

impl Trust {
    /// What to call with, and whom to trust.
    pub fn client(&self) -> Result<ClientTlsConfig, String> {
        let tls = self.identity()?;
        Ok(match &self.ca {
            Some(path) => tls.ca_certificate(Certificate::from_pem(read(path)?)),
            None => tls.with_webpki_roots(),
        })
    }

    /// What to call with, trusting nobody yet.
    pub fn identity(&self) -> Result<ClientTlsConfig, String> {
        let tls = ClientTlsConfig::new();
        Ok(match (&self.client_cert, &self.client_key) {
            (Some(cert), Some(key)) => tls.identity(Identity::from_pem(read(cert)?, read(key)?)),
            _ => tls,
        })
    }
}

impl Server {
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// A call with the token, if there is one.
    pub fn call<T>(&self, message: T) -> Request<T> {
        let mut call = Request::new(message);
        if let Some(token) = &self.token {
            call.metadata_mut().insert("authorization", token.clone());
        }
        call
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

/// Whether what is sent there leaves this machine.
fn is_this_machine(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// An error with what caused it: the outer one of a connection only says that it failed.
pub(super) fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_addresses_are_this_machine_and_names_are_not() {
        let of = |text: &str| is_this_machine(&text.parse().expect("a URI"));
        for here in
            ["http://127.0.0.1:1", "http://127.9.9.9:1", "http://[::1]:1", "http://localhost"]
        {
            assert!(of(here), "{here}");
        }
        for there in
            ["http://10.0.0.1:1", "http://[::]:1", "http://ballast:1", "http://localhost.example"]
        {
            assert!(!of(there), "{there}");
        }
    }
}
