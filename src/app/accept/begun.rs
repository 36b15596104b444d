//! A connection whose first bytes were read to see what it speaks.

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Gives the bytes again, then goes on with the connection.
pub(super) struct Begun<S, const N: usize> {
    first: [u8; N],
    given: usize,
    rest: S,
}

impl<S, const N: usize> Begun<S, N> {
    pub fn new(first: [u8; N], rest: S) -> Self {
        Self { first, given: 0, rest }
    }
}

impl<S: AsyncRead + Unpin, const N: usize> AsyncRead for Begun<S, N> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let this = &mut *self;
        let left = this.first.get(this.given..).unwrap_or_default();
        if left.is_empty() {
            return Pin::new(&mut this.rest).poll_read(cx, into);
        }
        let count = left.len().min(into.remaining());
        into.put_slice(&left[..count]);
        this.given += count;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin, const N: usize> AsyncWrite for Begun<S, N> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.rest).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.rest).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.rest).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.rest).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.rest.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn what_was_read_comes_first_in_pieces_of_any_size() {
        let mut begun = Begun::new(*b"abc", &b"defg"[..]);
        let mut pieces = Vec::new();
        let mut piece = [0; 2];
        loop {
            let count = begun.read(&mut piece).await.unwrap();
            if count == 0 {
                break;
            }
            pieces.push(piece[..count].to_vec());
        }
        assert_eq!(pieces.concat(), b"abcdefg");
    }
}
