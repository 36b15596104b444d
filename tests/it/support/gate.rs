//! A place in the middle of a call, at which it waits until the test lets it go on.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sea_orm::Statement;
use tokio::sync::oneshot;

/// What is told of every statement of a server after it ran.
pub type Observer = Arc<dyn Fn(&Statement) + Send + Sync>;

/// Somebody waits for ever only if the test forgot him.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Holds the first call that runs a certain statement between it and whatever comes next.
pub struct Gate {
    reached: oneshot::Receiver<()>,
    open: Sender<()>,
}

impl Gate {
    /// The gate, and what a server has to be started with to have it.
    pub fn after(
        statement: impl Fn(&Statement) -> bool + Send + Sync + 'static,
    ) -> (Self, Observer) {
        let (tell, reached) = oneshot::channel();
        let (open, opened) = channel();
        let closed = Mutex::new(Some((tell, opened)));
        let observer = move |ran: &Statement| {
            if !statement(ran) {
                return;
            }
            let Some((tell, opened)) = closed.lock().expect("a gate").take() else { return };
            let _ = tell.send(());
            // The others that this thread serves go on elsewhere.
            let _ = tokio::task::block_in_place(|| opened.recv_timeout(WAIT_MAX));
        };
        (Self { reached, open }, Arc::new(observer))
    }

    /// Waits until a call stands at the gate.
    pub async fn reached(&mut self) {
        (&mut self.reached).await.expect("nobody came to the gate");
    }

    /// Lets it go on.
    pub fn open(self) {
        self.open.send(()).expect("somebody waits");
    }
}
