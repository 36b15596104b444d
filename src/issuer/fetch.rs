//! Reads the keys from where they are.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, DEFAULT_VERSIONS, RootCertStore};

use super::IssuerError;
use crate::config::{Address, KeySource};

/// From the first byte to the last.
const TIMEOUT: Duration = Duration::from_secs(5);
/// A key has about five hundred.
const BYTES_MAX: usize = 256 << 10;

/// Where the keys are, and how to get there.
pub(super) enum Fetch {
    File(PathBuf),
    Address { address: Address, tls: Option<TlsConnector> },
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Address { address, .. } => write!(f, "{}", KeySource::Address(address.clone())),
        }
    }
}

impl Fetch {
    pub fn new(source: &KeySource, ca: Option<&Path>) -> Result<Self, IssuerError> {
        Ok(match source {
            KeySource::File(path) => Self::File(path.clone()),
            KeySource::Address(address) => {
                let tls = if address.is_https { Some(connector(ca)?) } else { None };
                Self::Address { address: address.clone(), tls }
            }
        })
    }

    /// # Errors
    /// What went wrong, in words.
    pub async fn fetch(&self) -> Result<Vec<u8>, String> {
        let fetching = async {
            match self {
                Self::File(path) => tokio::fs::read(path).await.map_err(|e| e.to_string()),
                Self::Address { address, tls } => ask(address, tls.as_ref()).await,
            }
        };
        let fetched = tokio::time::timeout(TIMEOUT, fetching).await;
        fetched.unwrap_or_else(|_| Err(format!("no answer in {} s", TIMEOUT.as_secs())))
    }
}

/// Trusts the authorities of a file, or those that browsers trust.
fn connector(ca: Option<&Path>) -> Result<TlsConnector, IssuerError> {
    let mut roots = RootCertStore::empty();
    match ca {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let refuse = |fault: &dyn fmt::Display| IssuerError::new("ca", path, fault);
            let bytes = std::fs::read(path).map_err(|e| refuse(&e))?;
            for certificate in CertificateDer::pem_slice_iter(&bytes) {
                let certificate = certificate.map_err(|e| refuse(&e))?;
                roots.add(certificate).map_err(|e| refuse(&e))?;
            }
            if roots.is_empty() {
                return Err(refuse(&"holds no certificate (PEM)"));
            }
        }
    }
    let path = ca.unwrap_or(Path::new(""));
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(DEFAULT_VERSIONS)
        .map_err(|e| IssuerError::new("ca", path, e))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn ask(address: &Address, tls: Option<&TlsConnector>) -> Result<Vec<u8>, String> {
    let host = (address.host.as_str(), address.port);
    let stream = TcpStream::connect(host).await.map_err(|e| e.to_string())?;
    match tls {
        None => converse(address, stream).await,
        Some(tls) => {
            let name = ServerName::try_from(address.host.clone()).map_err(|e| e.to_string())?;
            converse(address, tls.connect(name, stream).await.map_err(|e| e.to_string())?).await
        }
    }
}

/// One question, one answer. Nobody is followed elsewhere: the address that is configured is the one
/// that is trusted.
async fn converse<S>(address: &Address, stream: S) -> Result<Vec<u8>, String>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
    // It ends with the sender.
    let connection = tokio::spawn(connection);
    let request = Request::get(&address.path)
        .header(header::HOST, address.authority())
        .header(header::ACCEPT, "application/json")
        .body(Empty::<Bytes>::new())
        .map_err(|e| e.to_string())?;
    let response = sender.send_request(request).await.map_err(|e| e.to_string())?;
    if response.status() != StatusCode::OK {
        return Err(format!("answered {}", response.status()));
    }
    let body = Limited::new(response.into_body(), BYTES_MAX).collect().await;
    connection.abort();
    Ok(body.map_err(|e| e.to_string())?.to_bytes().to_vec())
}
