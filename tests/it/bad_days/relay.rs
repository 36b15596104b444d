//! The way to a PostgreSQL, which may vanish: what was sent is never answered, and nothing is closed.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    /// What is sent is never answered.
    Gone,
    /// New ones are carried; those from before it are as they were.
    Back,
    /// New ones are carried; those from before it are closed when something is sent on them.
    Another,
}

pub struct Relay {
    address: SocketAddr,
    way: Arc<watch::Sender<Way>>,
}

impl Relay {
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let way = Arc::new(watch::channel(Way::Open).0);
        let told = way.clone();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("a connection");
                tokio::spawn(carry(client, port, told.subscribe()));
            }
        });
        Self { address, way }
    }

    pub fn url(&self) -> String {
        format!("postgres://ballast@{}/postgres", self.address)
    }

    pub fn vanish(&self) {
        self.way.send_replace(Way::Gone);
    }

    /// New connections are carried again; those from before stay as they are.
    pub fn come_back(&self) {
        self.way.send_replace(Way::Back);
    }

    /// As [`Relay::come_back`], of a host that knows nothing of connections from before.
    pub fn come_back_another(&self) {
        self.way.send_replace(Way::Another);
    }
}

async fn carry(mut client: TcpStream, port: u16, mut way: watch::Receiver<Way>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let gone = async { way.wait_for(|way| *way == Way::Gone).await.is_ok() };
    let stays_open = tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => false,
        gone = gone => gone,
    };
    if !stays_open {
        return;
    }
    loop {
        let Ok(sent) = client.read(&mut [0; 4_096]).await else { return };
        if sent == 0 || *way.borrow() == Way::Another {
            return;
        }
    }
}
