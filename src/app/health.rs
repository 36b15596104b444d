//! `grpc.health.v1`: serving exactly while the database answers and no shutdown was
//! requested.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use crate::domain::error::Result;
use crate::presence::Presence;

/// Asked for one by one, or as the empty name for the server as a whole.
const SERVICES: [&str; 7] = [
    "",
    "ballast.v1.AccountService",
    "ballast.v1.ContactService",
    "ballast.v1.CreditService",
    "ballast.v1.InteractionService",
    "ballast.v1.ReceivableService",
    "ballast.v1.TierService",
];

/// Between two questions, whoever suspects what.
const SUSPICION_PAUSE: Duration = Duration::from_millis(100);
/// How long it takes at most to see that the database is back.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
pub(super) struct Health {
    reporter: HealthReporter,
    stopping: Arc<AtomicBool>,
}

impl Health {
    /// Not serving: the database has not answered yet.
    pub async fn new() -> Self {
        let health = Self { reporter: HealthReporter::new(), stopping: Arc::default() };
        health.set(ServingStatus::NotServing).await;
        health
    }

    pub fn server(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }

    /// Asks the database at intervals, and when somebody suspects that it is away; without end.
    /// Reports when the answer changes; no answer for longer than `patience` is none.
    pub async fn watch<F, A>(
        self,
        interval: Duration,
        patience: Duration,
        presence: Presence,
        ping: F,
    ) where
        F: Fn() -> A + Send,
        A: Future<Output = Result<()>> + Send,
    {
        let mut serving = false;
        loop {
            let answer = tokio::time::timeout(patience, ping()).await;
            let answers = matches!(answer, Ok(Ok(())));
            if answers != serving {
                serving = answers;
                if serving {
                    tracing::info!("serving");
                } else {
                    tracing::error!("not serving: the database does not answer");
                }
                let status =
                    if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
                self.set(status).await;
            }
            let asked = tokio::time::Instant::now();
            // Nobody is let through meanwhile, who could suspect that it is back.
            let pause = if serving { interval } else { interval.min(RETRY_PAUSE) };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = presence.suspected() => {
                    // However many suspect.
                    tokio::time::sleep_until(asked + interval.min(SUSPICION_PAUSE)).await;
                }
            }
        }
    }

    /// Not serving until the process ends.
    pub async fn set_stopping(&self) {
        self.stopping.store(true, Ordering::Release);
        self.set(ServingStatus::NotServing).await;
    }

    async fn set(&self, status: ServingStatus) {
        let stopping = self.stopping.load(Ordering::Acquire);
        let status = if stopping { ServingStatus::NotServing } else { status };
        for service in SERVICES {
            self.reporter.set_service_status(service, status).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error::Error;
    use tonic::Request;
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_check_response::ServingStatus as Wire;
    use tonic_health::pb::health_server::Health as _;

    async fn status(health: &Health, service: &str) -> Wire {
        let asked = Request::new(HealthCheckRequest { service: service.into() });
        let service = HealthService::from_health_reporter(health.reporter.clone());
        service.check(asked).await.expect("known").into_inner().status()
    }

    #[tokio::test]
    async fn health_follows_the_database_until_the_server_stops() {
        let health = Health::new().await;
        for service in SERVICES {
            assert_eq!(status(&health, service).await, Wire::NotServing, "before it was asked");
        }

        let soon = Duration::from_millis(200);
        let up = Arc::new(AtomicBool::new(false));
        let database = up.clone();
        let watch = health.clone().watch(soon / 40, 10 * soon, Presence::default(), move || {
            let up = database.load(Ordering::Acquire);
            async move { if up { Ok(()) } else { Err(Error::internal("down")) } }
        });
        tokio::spawn(watch);
        for answers in [false, true, false, true] {
            up.store(answers, Ordering::Release);
            tokio::time::sleep(soon).await;
            let expected = if answers { Wire::Serving } else { Wire::NotServing };
            assert_eq!(status(&health, "").await, expected);
        }

        health.set_stopping().await;
        up.store(false, Ordering::Release);
        tokio::time::sleep(soon).await;
        up.store(true, Ordering::Release);
        tokio::time::sleep(soon).await;
        assert_eq!(status(&health, "").await, Wire::NotServing);
    }
}
