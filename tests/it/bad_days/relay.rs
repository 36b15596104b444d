//! The way to a PostgreSQL, which may vanish: what was sent is never answered, and nothing is closed.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub struct Relay {
    address: SocketAddr,
    is_gone: Arc<watch::Sender<bool>>,
}

impl Relay {
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let is_gone = Arc::new(watch::channel(false).0);
        let told = is_gone.clone();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("a connection");
                tokio::spawn(carry(client, port, told.subscribe()));
            }
        });
        Self { address, is_gone }
    }

    pub fn url(&self) -> String {
        format!("postgres://ballast@{}/postgres", self.address)
    }

    pub fn vanish(&self) {
        self.is_gone.send_replace(true);
    }

    /// New connections are carried again; those from before stay as they are.
    pub fn come_back(&self) {
        self.is_gone.send_replace(false);
    }
}

async fn carry(mut client: TcpStream, port: u16, mut is_gone: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let gone = async { is_gone.wait_for(|is_gone| *is_gone).await.is_ok() };
    let stays_open = tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => false,
        gone = gone => gone,
    };
    if stays_open {
        std::future::pending().await
    }
}
