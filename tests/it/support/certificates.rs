//! Authorities and certificates made for one test, as files.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use super::TestServer;

/// Issues certificates for this machine and for callers.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate with its key.
#[derive(Clone)]
pub struct Pair {
    pub cert: String,
    pub key: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate of a server on this machine.
    pub fn server(&self) -> Pair {
        let address = SanType::IpAddress([127, 0, 0, 1].into());
        self.issue(vec![address, SanType::DnsName("localhost".try_into().expect("a name"))])
    }

    /// A certificate of a caller.
    pub fn caller(&self, uri: &str) -> Pair {
        self.issue(vec![SanType::URI(uri.try_into().expect("a URI"))])
    }

    fn issue(&self, names: Vec<SanType>) -> Pair {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.subject_alt_names = names;
        let cert = params.signed_by(&key, &self.issuer).expect("a certificate");
        Pair { cert: cert.pem(), key: key.serialize_pem() }
    }

    /// Opens a connection to a server whose certificate this authority issued.
    pub async fn connect(
        &self,
        server: &TestServer,
        caller: Option<&Pair>,
    ) -> Result<Channel, tonic::transport::Error> {
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&self.pem));
        let tls = match caller {
            Some(pair) => tls.identity(Identity::from_pem(&pair.cert, &pair.key)),
            None => tls,
        };
        let address = format!("https://{}", server.address());
        let endpoint = Endpoint::from_shared(address).expect("an address");
        endpoint.tls_config(tls).expect("valid").connect().await
    }
}

/// Files of a server, in a folder of their own.
pub struct Files(tempfile::TempDir);

impl Files {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        std::fs::write(self.path(name), content).expect("written");
        self.path(name)
    }

    /// `server.pem` and `server.key`.
    pub fn write_server(&self, pair: &Pair) {
        self.write("server.pem", &pair.cert);
        self.write("server.key", &pair.key);
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }
}
