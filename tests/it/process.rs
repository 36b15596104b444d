//! The server as a process: health, restart, and the way it goes down.

use std::time::{Duration, Instant};

use tonic::Code;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;

use crate::support::{Engine, TestServer};

async fn until_serving(server: &TestServer) {
    for _ in 0..200 {
        let asked = HealthCheckRequest::default();
        let answer = server.health().check(asked).await.expect("health answers");
        if answer.into_inner().status == ServingStatus::Serving as i32 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never serving");
}

on_both_engines! {
    async fn it_serves_again_after_a_restart(mut server: TestServer) {
        until_serving(&server).await;
        server.restart().await;
        until_serving(&server).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn it_tells_its_watchers_before_it_ends_their_streams() {
    let mut server = TestServer::start_with(Engine::Sqlite, |config| {
        config.server.shutdown_notice_ms = 300;
    })
    .await;
    until_serving(&server).await;
    let watch = server.health().watch(HealthCheckRequest::default()).await;
    let mut watch = watch.expect("served").into_inner();
    let mut next = async || watch.message().await.map(|m| m.map(|m| m.status));
    assert_eq!(next().await.expect("a status"), Some(ServingStatus::Serving as i32));

    let asked = Instant::now();
    server.begin_shutdown();
    assert_eq!(next().await.expect("a status"), Some(ServingStatus::NotServing as i32));
    assert!(asked.elapsed() < Duration::from_millis(250), "told late");
    // Still there for those who have not heard yet.
    server.health().check(HealthCheckRequest::default()).await.expect("a new connection");

    let ended = next().await.expect_err("the stream ends");
    assert_eq!(ended.code(), Code::Unavailable);
    assert!(asked.elapsed() >= Duration::from_millis(300), "ended early");
    server.stop();
    assert!(asked.elapsed() < Duration::from_secs(3), "waited for an open stream");
}
