use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::ctx::Clock;
use tonic::Code;
use tonic_types::StatusExt as _;

fn ctx() -> Ctx {
    Ctx::system(Clock::system(chrono_tz::UTC))
}

async fn all(mut answers: Answers<u32>) -> (Vec<u32>, Option<Status>) {
    let mut told = Vec::new();
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(number) => told.push(number),
            Err(status) => return (told, Some(status)),
        }
    }
    (told, None)
}

#[tokio::test]
async fn work_that_is_done_ends_the_stream_cleanly() {
    let answers = answer(&ctx(), CancellationToken::new(), |outlet| async move {
        for number in 0..10 {
            outlet.send(number).await?;
        }
        Ok(())
    });
    let (told, end) = all(answers).await;
    assert_eq!(told, (0..10).collect::<Vec<_>>());
    assert!(end.is_none());
}

#[tokio::test]
async fn a_panic_is_told_and_never_looks_like_a_clean_end() {
    let answers = answer(&ctx(), CancellationToken::new(), |outlet| async move {
        outlet.send(1).await?;
        panic!("on purpose");
    });
    let (told, end) = all(answers).await;
    assert_eq!(told, [1]);
    assert_eq!(end.expect("a status").code(), Code::Internal);
}

#[tokio::test]
async fn the_work_stops_when_the_client_goes_away() {
    let (stopped, done) = tokio::sync::oneshot::channel();
    let answers = answer(&ctx(), CancellationToken::new(), |outlet| async move {
        let ended = loop {
            if let Err(ended) = outlet.send(1).await {
                break ended;
            }
        };
        stopped.send(matches!(ended, Ended::ClientGone)).expect("the test waits");
        Err(ended)
    });
    drop(answers);
    assert!(done.await.expect("the work came to its end"));
}

#[tokio::test]
async fn a_client_that_sends_nothing_does_not_hold_up_the_shutdown() {
    let ending = CancellationToken::new();
    let answers = answer(&ctx(), ending.clone(), |outlet: Outlet<u32>| async move {
        let mut silence = tokio_stream::pending::<Result<(), Status>>();
        outlet.receive(&mut silence).await?;
        Ok(())
    });
    ending.cancel();
    let (_, end) = all(answers).await;
    let status = end.expect("a status");
    assert_eq!(status.code(), Code::Unavailable);
    let details = status.get_error_details();
    assert_eq!(details.error_info().expect("info").reason, "SHUTTING_DOWN");
}

#[tokio::test]
async fn a_client_that_reads_nothing_does_not_hold_up_the_shutdown() {
    let ending = CancellationToken::new();
    let (stopped, done) = tokio::sync::oneshot::channel();
    let answers = answer(&ctx(), ending.clone(), |outlet| async move {
        let ended = loop {
            if let Err(ended) = outlet.send(1).await {
                break ended;
            }
        };
        stopped.send(()).expect("the test waits");
        Err(ended)
    });
    ending.cancel();
    done.await.expect("the work came to its end");
    let (told, end) = all(answers).await;
    assert_eq!(told.len(), CAPACITY);
    assert_eq!(end.expect("a status").code(), Code::Unavailable);
}

#[tokio::test]
async fn no_further_work_is_begun_after_the_deadline() {
    let late = Ctx { deadline: Some(std::time::Instant::now()), ..ctx() };
    let answers =
        answer(&late.clone(), CancellationToken::new(), |outlet: Outlet<u32>| async move {
            outlet.go_on(&late)
        });
    let (_, end) = all(answers).await;
    assert_eq!(end.expect("a status").code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_client_that_never_reads_gives_its_place_back_and_is_told_when_it_does() {
    let place = std::sync::Arc::new(());
    let ctx = Ctx { place: crate::ctx::Place::held(place.clone()), ..ctx() };
    let unread = Duration::from_millis(50);
    let answers = answer_within(unread, &ctx, CancellationToken::new(), |outlet| async move {
        loop {
            outlet.send(1).await?;
        }
    });
    drop(ctx);
    let is_held = || std::sync::Arc::strong_count(&place) > 1;
    assert!(is_held());
    tokio::time::timeout(Duration::from_secs(20), async {
        while is_held() {
            tokio::time::sleep(unread).await;
        }
    })
    .await
    .expect("given back");
    let (told, end) = all(answers).await;
    assert_eq!(told, vec![1; CAPACITY]);
    assert_eq!(end.expect("no clean end").code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn messages_are_read_ahead_in_their_order_and_one_that_cannot_be_read_is_told() {
    let messages = tokio_stream::iter([Ok(1), Ok(2), Err(Status::cancelled("gone")), Ok(3)]);
    let begun = Arc::new(AtomicU32::new(0));
    let count = begun.clone();
    let mut read = ahead(&ctx(), messages, move |number: i32| {
        count.fetch_add(1, Ordering::Relaxed);
        number * 10
    });
    // The next one is ready before anybody asks, and no more are read.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!((read.as_ref().len(), begun.load(Ordering::Relaxed)), (1, 1));
    let mut told = Vec::new();
    while let Some(message) = read.next().await {
        told.push(message.map_err(|status| status.code()));
    }
    assert_eq!(told, [Ok(10), Ok(20), Err(Code::Cancelled), Ok(30)]);

    let mut panics =
        ahead(&ctx(), tokio_stream::iter([Ok(1)]), |_| -> i32 { panic!("on purpose") });
    let status = panics.next().await.expect("no clean end").expect_err("a status");
    assert_eq!(status.code(), Code::Internal);
    assert!(panics.next().await.is_none());
}
