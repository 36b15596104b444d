//! `ballast healthcheck`: for containers and scripts that have no gRPC client at hand.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::options::Options;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    options: Options,
    /// Where the server listens, as HOST:PORT; by default what the configuration says.
    #[arg(long)]
    address: Option<String>,
    /// How long to wait for the answer.
    #[arg(long, default_value_t = 3_000, value_name = "MS")]
    timeout_ms: u64,
}

pub(super) async fn run(args: Args) -> Result<(), String> {
    let Args { options, address, timeout_ms } = args;
    let address = match address {
        Some(address) => address,
        None => reachable(options.load(Vec::new())?.server.listen).to_string(),
    };
    let timeout = Duration::from_millis(timeout_ms);
    let endpoint = Endpoint::from_shared(format!("http://{address}"))
        .map_err(|e| format!("{address} is not HOST:PORT: {e}"))?;
    let asked = async {
        let channel =
            endpoint.connect().await.map_err(|_| format!("no server answers at {address}"))?;
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

/// An address that listens everywhere is asked on this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
