//! A client of HTTP/2 that decides when each frame goes out, which libraries do by themselves.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const FRAME_HEAD: usize = 9;

pub struct Wire {
    stream: TcpStream,
    last: u32,
}

/// A frame as it came.
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Wire {
    pub async fn connect(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        stream.set_nodelay(true).expect("set");
        stream.write_all(PREFACE).await.expect("sent");
        let mut wire = Self { stream, last: 0 };
        wire.send(SETTINGS, 0, 0, &[]).await;
        wire
    }

    /// The headers of a call, and no message yet; answers the number of its stream.
    pub async fn begin(&mut self, path: &str) -> u32 {
        self.last = if self.last == 0 { 1 } else { self.last + 2 };
        let headers = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            (":authority", "localhost"),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
        ];
        let packed: Vec<u8> =
            headers.iter().flat_map(|(name, value)| literal(name, value)).collect();
        self.send(HEADERS, END_HEADERS, self.last, &packed).await;
        self.last
    }

    /// A message of a call, which ends with it.
    pub async fn finish(&mut self, stream: u32, message: &[u8]) {
        self.send(DATA, 0, stream, message).await;
        self.send(DATA, END_STREAM, stream, &[]).await;
    }

    /// Reads until the call is answered to its end.
    pub async fn answered(&mut self, stream: u32) {
        loop {
            let frame = self.next().await;
            let ends = matches!(frame.kind, DATA | HEADERS) && frame.flags & END_STREAM != 0;
            if frame.stream == stream && ends {
                return;
            }
        }
    }

    /// Reads until the server takes nothing more of a call.
    pub async fn reset(&mut self, stream: u32) {
        loop {
            let frame = self.next().await;
            if frame.stream == stream && frame.kind == RESET {
                return;
            }
        }
    }

    /// A part of a message of a call, which goes on. Answers whether the server, once it has read it,
    /// takes more of the call.
    pub async fn part(&mut self, stream: u32, part: &[u8]) -> bool {
        self.send(DATA, 0, stream, part).await;
        self.send(PING, 0, 0, b"anybody?").await;
        let mut takes_more = true;
        loop {
            let frame = self.next().await;
            takes_more &= frame.stream != stream || frame.kind != RESET;
            if frame.kind == PING && frame.flags & ACK != 0 {
                return takes_more;
            }
        }
    }

    /// Has the server answer, so that it has read all that was sent.
    pub async fn ping(&mut self) {
        self.send(PING, 0, 0, b"anybody?").await;
        loop {
            let frame = self.next().await;
            if frame.kind == PING && frame.flags & ACK != 0 {
                return;
            }
        }
    }

    /// The next frame, after those that keep the connection going.
    async fn next(&mut self) -> Frame {
        loop {
            let frame = self.read().await;
            match frame.kind {
                GO_AWAY => panic!("sent away: {}", String::from_utf8_lossy(&frame.payload)),
                SETTINGS if frame.flags & ACK == 0 => self.send(SETTINGS, ACK, 0, &[]).await,
                PING if frame.flags & ACK == 0 => self.send(PING, ACK, 0, &frame.payload).await,
                _ => return frame,
            }
        }
    }

    async fn read(&mut self) -> Frame {
        let mut head = [0; FRAME_HEAD];
        self.stream.read_exact(&mut head).await.expect("the connection holds");
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.stream.read_exact(&mut payload).await.expect("the connection holds");
        Frame { kind, flags, stream: u32::from_be_bytes(stream), payload }
    }

    async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).expect("small").to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        self.stream.write_all(&[&head[..], payload].concat()).await.expect("the connection holds");
    }
}

/// A header in full, by no table.
fn literal(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| {
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 127).expect("short");
        [&[length][..], text.as_bytes()].concat()
    };
    [vec![0], text(name), text(value)].concat()
}
