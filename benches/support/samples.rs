//! Medians of rounds that take turns.

use std::time::{Duration, Instant};

/// What one candidate did in each round.
#[derive(Debug, Default, Clone)]
pub struct Samples(Vec<f64>);

impl Samples {
    pub fn several<const N: usize>() -> [Self; N] {
        std::array::from_fn(|_| Self::default())
    }

    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    pub fn push_time(&mut self, time: Duration) {
        self.push(time.as_secs_f64() * 1e3);
    }

    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() % 2 {
            0 => (sorted[middle - 1] + sorted[middle]) / 2.0,
            _ => sorted[middle],
        }
    }
}

/// Milliseconds that one run takes, the mean over `times` of them.
pub async fn mean_ms<F: Future>(times: u32, mut work: impl FnMut() -> F) -> f64 {
    let start = Instant::now();
    for _ in 0..times {
        work().await;
    }
    start.elapsed().as_secs_f64() * 1e3 / f64::from(times)
}
