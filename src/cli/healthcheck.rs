//! `ballast healthcheck`: for containers and scripts that have no gRPC client at hand.

mod pinned;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::options::Options;
use super::server::{Trust, told};
use crate::app;
use crate::config::Tls;
use pinned::Pinned;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    options: Options,
    /// Where the server listens, as HOST:PORT; by default what the configuration says, by TLS if it
    /// says so.
    #[arg(long)]
    address: Option<String>,
    #[command(flatten)]
    trust: Trust,
    /// How long to wait for the answer.
    #[arg(long, default_value_t = 3_000, value_name = "MS")]
    timeout_ms: u64,
}

pub(super) async fn run(args: Args) -> Result<(), String> {
    let Args { options, address, trust, timeout_ms } = args;
    let config = options.load(Vec::new())?;
    let address = address.unwrap_or_else(|| reachable(config.server.listen).to_string());
    let timeout = Duration::from_millis(timeout_ms);
    let endpoint = endpoint(&address, &config.tls, &trust)?;
    let asked = async {
        let channel = endpoint.connect().await;
        let channel =
            channel.map_err(|e| format!("no server answers at {address}: {}", told(&e)))?;
        HealthClient::new(channel)
            .check(HealthCheckRequest::default())
            .await
            .map_err(|status| format!("{address} answers {:?}", status.code()))
    };
    let answer = tokio::time::timeout(timeout, asked)
        .await
        .map_err(|_| format!("{address} did not answer within {timeout_ms} ms"))??;
    match answer.into_inner().status() {
        ServingStatus::Serving => Ok(()),
        _ => Err(format!("{address} does not serve")),
    }
}

/// With TLS where the server is configured with a certificate. It is asked on this machine by an
/// address that is hardly a name of that certificate, so that very certificate is trusted.
fn endpoint(address: &str, tls: &Tls, trust: &Trust) -> Result<Endpoint, String> {
    let scheme = if tls.cert.is_some() { "https" } else { "http" };
    let endpoint = Endpoint::from_shared(format!("{scheme}://{address}"))
        .map_err(|e| format!("{address} is not HOST:PORT: {e}"))?;
    let Some(path) = &tls.cert else { return Ok(endpoint) };
    let endpoint = match &trust.ca {
        Some(_) => endpoint.tls_config(trust.client()?),
        None => {
            let chain = app::certificates("cert", path).map_err(|e| e.to_string())?;
            let own = chain.into_iter().next().ok_or("tls.cert holds no certificate")?;
            endpoint.tls_config_with_verifier(trust.identity()?, Arc::new(Pinned::new(own)))
        }
    };
    endpoint.map_err(|e| told(&e))
}

/// An address that listens everywhere is asked on this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
