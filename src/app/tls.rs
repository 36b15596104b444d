//! Certificates of the server and of its callers, read from their files.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::{DEFAULT_VERSIONS, RootCertStore, ServerConfig};

use crate::config::Tls;

/// Which file is wrong, by its setting, and how.
#[derive(Debug, thiserror::Error)]
#[error("tls.{setting}: {path}: {fault}")]
pub struct TlsError {
    setting: &'static str,
    path: String,
    fault: String,
}

impl TlsError {
    fn new(setting: &'static str, path: &Path, fault: impl Display) -> Self {
        Self { setting, path: path.display().to_string(), fault: fault.to_string() }
    }
}

/// `None` where the server speaks plain text.
pub(super) fn load(tls: &Tls) -> Result<Option<Arc<ServerConfig>>, TlsError> {
    let (Some(cert), Some(key_file)) = (&tls.cert, &tls.key) else { return Ok(None) };
    let chain = certificates("cert", cert)?;
    let key = PrivateKeyDer::from_pem_slice(&read("key", key_file)?)
        // What it holds instead is not told: it may be a key all the same.
        .map_err(|_| TlsError::new("key", key_file, "holds no private key (PEM)"))?;
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(DEFAULT_VERSIONS)
        .map_err(|e| TlsError::new("cert", cert, e))?;
    let builder = match &tls.client_ca {
        Some(path) => builder.with_client_cert_verifier(verifier(tls, path, provider)?),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|e| TlsError::new("cert", cert, format!("with its key: {e}")))?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Some(Arc::new(config)))
}

/// What looks at the certificates of callers.
fn verifier(
    tls: &Tls,
    path: &Path,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let refuse = |fault: &dyn Display| TlsError::new("client_ca", path, fault);
    let mut authorities = RootCertStore::empty();
    for authority in certificates("client_ca", path)? {
        authorities.add(authority).map_err(|e| refuse(&e))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(authorities.into(), provider);
    let verifier = match tls.client_cert_required {
        true => verifier,
        false => verifier.allow_unauthenticated(),
    };
    verifier.build().map_err(|e| refuse(&e))
}

/// At least one.
pub(crate) fn certificates(
    setting: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let bytes = read(setting, path)?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let all = all.map_err(|e| TlsError::new(setting, path, e))?;
    match all.is_empty() {
        true => Err(TlsError::new(setting, path, "holds no certificate (PEM)")),
        false => Ok(all),
    }
}

fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|e| TlsError::new(setting, path, e))
}

/// The names of a caller in a certificate that was verified: URIs, then DNS names.
pub(super) fn names(certificate: &CertificateDer<'_>) -> Arc<[String]> {
    match webpki::EndEntityCert::try_from(certificate) {
        Ok(parsed) => {
            parsed.valid_uri_names().chain(parsed.valid_dns_names()).map(str::to_owned).collect()
        }
        Err(error) => {
            // It was parsed to be verified.
            tracing::error!(%error, "a verified certificate could not be read");
            Arc::default()
        }
    }
}
