//! The server as a process: reflection, health, restart, and the way it goes down.

use std::time::{Duration, Instant};

use tonic::Code;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;

use crate::support::{Engine, TestServer};

const OURS: [&str; 2] = ["ballast.v1.AccountService", "ballast.v1.ReceivableService"];

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

macro_rules! reflection_lists_our_services {
    ($version:ident) => {
        #[tokio::test]
        async fn $version() {
            use tonic_reflection::pb::$version::ServerReflectionRequest;
            use tonic_reflection::pb::$version::server_reflection_client::ServerReflectionClient;
            use tonic_reflection::pb::$version::server_reflection_request::MessageRequest;
            use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;

            let server = super::TestServer::start(super::Engine::Sqlite).await;
            let asked = ServerReflectionRequest {
                host: String::new(),
                message_request: Some(MessageRequest::ListServices(String::new())),
            };
            let mut client = ServerReflectionClient::new(server.channel());
            let stream = client.server_reflection_info(tokio_stream::once(asked)).await;
            let mut stream = stream.expect("served").into_inner();
            let answer = stream.message().await.expect("answers").expect("one answer");
            let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
                panic!("another answer");
            };
            let names: Vec<_> = list.service.iter().map(|s| s.name.as_str()).collect();
            for service in super::OURS {
                assert!(names.contains(&service), "{service} is not among {names:?}");
            }
        }
    };
}

mod reflection {
    reflection_lists_our_services!(v1);
    reflection_lists_our_services!(v1alpha);
}

#[tokio::test]
async fn reflection_can_be_switched_off() {
    let server = TestServer::start_with(Engine::Sqlite, |c| c.server.reflection = false).await;
    let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let status = server.raw().call(path, &[], &()).await;
    assert_eq!(status.code(), Code::Unimplemented);
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
