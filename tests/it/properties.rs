//! What holds after any sequence of operations: the same few cases on every run.

mod corrections;
mod export;
mod findings;
mod imports;
mod people;
mod records;
mod sequences;
mod statuses;
mod teams;
mod timeline;
mod work;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// Runs an asynchronous property on a few cases, always the same ones; `PROPTEST_CASES` sets how
/// many.
pub fn hold<S: Strategy>(
    cases: u32,
    strategy: &S,
    property: impl AsyncFn(S::Value) -> Result<(), TestCaseError>,
) where
    S::Value: Clone,
{
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let cases = asked.unwrap_or(cases);
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let here = tokio::runtime::Handle::current();
    let held = runner
        .run(strategy, |value| tokio::task::block_in_place(|| here.block_on(property(value))));
    held.unwrap_or_else(|failure| panic!("{failure}"));
}
