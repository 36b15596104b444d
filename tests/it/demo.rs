//! `ballast demo`: every question of the tour is answered as it must be, and the books that
//! the made-up company leaves are in order.

use ballast::cli::demo::Demo;
use ballast::ctx::{Clock, Ctx};
use ballast::shutdown::Shutdown;
use tokio::net::TcpListener;

async fn start(directory: Option<std::path::PathBuf>) -> Result<Demo, String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    Demo::start(listener, directory, Shutdown::new()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tour_answers_every_question_and_the_books_add_up() {
    let demo = start(None).await.expect("started");
    let filled = demo.filled();
    assert_eq!(filled.refused, []);
    assert_eq!(filled.clearing_faults, []);
    assert_eq!(filled.missing, []);
    // Documents that came twice were posted once.
    assert!(filled.unchanged > 40, "{}", filled.unchanged);

    let ctx = Ctx::system(Clock::system(chrono_tz::UTC));
    for check in demo.store().verify(&ctx).await.expect("verified") {
        assert!(check.holds(), "{check:?}");
    }

    let mut printed = Vec::new();
    demo.tour(&mut printed).await.expect("every answer as expected");
    let printed = String::from_utf8(printed).expect("text");
    assert_eq!(printed.matches("grpcurl -plaintext").count(), 22, "{printed}");
    assert!(!printed.contains("NOT AS EXPECTED"), "{printed}");

    // Whoever pastes the commands sends them again.
    let again = demo.tour(&mut Vec::new()).await;
    assert_eq!(again, Ok(()), "the same request id answers as the first time");
    for check in demo.store().verify(&ctx).await.expect("verified") {
        assert!(check.holds(), "{check:?}");
    }
    demo.stop().await.expect("stopped");
}

#[tokio::test]
async fn a_directory_with_a_database_is_left_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("ballast.db"), "mine").expect("written");
    let Err(refused) = start(Some(directory.path().to_owned())).await else { panic!("started") };
    assert!(refused.contains("holds a database already"), "{refused}");
    let kept = std::fs::read_to_string(directory.path().join("ballast.db")).expect("read");
    assert_eq!(kept, "mine");
}
