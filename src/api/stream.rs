//! Streams of answers: a task of its own works, a bounded channel lets it work no faster than
//! the client reads, and however it ends, the client is told.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::api::status::{TRACE, retry_after};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason};

/// Answers that wait for the client to read them.
const CAPACITY: usize = 2;
/// How long a client may leave an answer unread before its stream is ended.
const UNREAD_MAX: Duration = Duration::from_secs(300);

pub type Answers<T> = ReceiverStream<Result<T, Status>>;

/// Why a stream came to its end before its work was done.
#[derive(Debug)]
pub enum Ended {
    Refused(Status),
    /// The client went away.
    ClientGone,
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Status> for Ended {
    fn from(status: Status) -> Self {
        Self::Refused(status)
    }
}

/// Where a stream's work sends its answers.
#[derive(Debug)]
pub struct Outlet<T> {
    sender: mpsc::Sender<Result<T, Status>>,
    ending: CancellationToken,
    /// How long an answer may stay unread.
    unread_max: Duration,
}

impl<T> Outlet<T> {
    /// Sends an answer as soon as the client has room for it.
    ///
    /// # Errors
    /// If the client went away, does not read for long, or the server goes down and it does not read.
    pub async fn send(&self, answer: T) -> Result<(), Ended> {
        tokio::select! {
            biased;
            permit = self.sender.reserve() => {
                permit.map_err(|_| Ended::ClientGone)?.send(Ok(answer));
                Ok(())
            }
            () = self.ending.cancelled() => Err(shutting_down().into()),
            () = tokio::time::sleep(self.unread_max) => Err(Error::DeadlineExceeded.into()),
        }
    }

    /// The next message of the client; `None` if it has no more.
    ///
    /// # Errors
    /// If it cannot be read, the client went away, or the server goes down.
    pub async fn receive<M>(
        &self,
        messages: &mut (impl Stream<Item = Result<M, Status>> + Unpin),
    ) -> Result<Option<M>, Ended> {
        tokio::select! {
            biased;
            () = self.ending.cancelled() => Err(shutting_down().into()),
            () = self.sender.closed() => Err(Ended::ClientGone),
            message = messages.next() => Ok(message.transpose()?),
        }
    }

    /// Whether another piece of work may be begun.
    ///
    /// # Errors
    /// If the deadline has passed, the client went away, or the server goes down.
    pub fn go_on(&self, ctx: &Ctx) -> Result<(), Ended> {
        if self.sender.is_closed() {
            return Err(Ended::ClientGone);
        }
        if self.ending.is_cancelled() {
            return Err(shutting_down().into());
        }
        Ok(ctx.check_deadline()?)
    }
}

/// A clean end would mean that everything was sent.
pub fn shutting_down() -> Error {
    Error::Unavailable {
        reason: Reason::ShuttingDown,
        description: "the server is going down: connect again and resume".into(),
        retry_after: retry_after(Duration::from_millis(500)),
    }
}

/// Lets `work` answer on a task of its own, which holds the place of the call until it is over. If it
/// fails or panics, that is the last answer.
pub fn answer<T, F>(
    ctx: &Ctx,
    ending: CancellationToken,
    work: impl FnOnce(Outlet<T>) -> F,
) -> Answers<T>
where
    T: Send + 'static,
    F: Future<Output = Result<(), Ended>> + Send + 'static,
{
    answer_within(UNREAD_MAX, ctx, ending, work)
}

fn answer_within<T, F>(
    unread_max: Duration,
    ctx: &Ctx,
    ending: CancellationToken,
    work: impl FnOnce(Outlet<T>) -> F,
) -> Answers<T>
where
    T: Send + 'static,
    F: Future<Output = Result<(), Ended>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(CAPACITY + 1);
    // Kept for the last answer: a client that reads on after a long while is told that there is more.
    // A new channel has room for it.
    let last = sender.clone().try_reserve_owned().ok();
    let work = work(Outlet { sender, ending, unread_max });
    let place = ctx.place.clone();
    let task = async move {
        let _place = place;
        let refused = match AssertUnwindSafe(work).catch_unwind().await {
            Ok(Ok(()) | Err(Ended::ClientGone)) => return,
            Ok(Err(Ended::Refused(status))) => status,
            Err(_) => Error::internal("the work of a stream panicked").into(),
        };
        if let Some(last) = last {
            last.send(Err(refused));
        }
    };
    tokio::spawn(TRACE.scope(ctx.trace.clone(), task));
    ReceiverStream::new(receiver)
}

/// The messages of a client, each read and parsed while the one before is worked on.
pub fn ahead<M, T>(
    ctx: &Ctx,
    messages: impl Stream<Item = Result<M, Status>> + Send + Unpin + 'static,
    mut parse: impl FnMut(M) -> T + Send + 'static,
) -> ReceiverStream<Result<T, Status>>
where
    T: Send + 'static,
{
    let (sender, receiver) = mpsc::channel(1);
    let last = sender.clone();
    let mut parsed = messages.map(move |message| message.map(&mut parse));
    let read = async move {
        // There is room once the one before is being worked on.
        while let Ok(room) = sender.reserve().await {
            let next = tokio::select! {
                biased;
                () = sender.closed() => return,
                next = parsed.next() => next,
            };
            let Some(next) = next else { return };
            room.send(next);
        }
    };
    let task = async move {
        if AssertUnwindSafe(read).catch_unwind().await.is_err() {
            // An end without a word would mean that the client has no more.
            _ = last.send(Err(Error::internal("a message could not be read").into())).await;
        }
    };
    tokio::spawn(TRACE.scope(ctx.trace.clone(), task));
    ReceiverStream::new(receiver)
}

/// A stream that has nothing to answer.
pub fn nothing<T>() -> Answers<T> {
    ReceiverStream::new(mpsc::channel(1).1)
}

#[cfg(test)]
mod tests;
