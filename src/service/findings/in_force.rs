//! Which version of a policy is in force from when.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::domain::dated::ChangePoint;
use crate::domain::error::Result;
use crate::domain::policy::{Policy, PolicyLog, Terms};
use crate::store::ReadTx;

/// The versions that are in force from which day on, as recorded by an instant, the built-in one
/// first.
pub(in crate::service) async fn in_force<T: Terms>(
    tx: &ReadTx,
    known_us: i64,
) -> Result<Vec<ChangePoint<Policy<T>>>> {
    let PolicyLog(log) = tx.policy_log::<T>().await?;
    let first = Policy::<T>::built_in().into_iter().next();
    let built_in = |value| ChangePoint { from_date: NaiveDate::MIN, recorded_us: 0, value };
    let mut points: Vec<ChangePoint<Policy<T>>> = first.map(built_in).into_iter().collect();
    let mut read: HashMap<String, Policy<T>> = HashMap::new();
    for point in log.into_iter().filter(|point| point.recorded_us <= known_us) {
        let id = point.value.id;
        let policy = match read.get(&id) {
            Some(policy) => policy.clone(),
            None => tx.policy::<T>(&id).await?.ok_or_else(|| Policy::<T>::missing(&id))?,
        };
        read.insert(id, policy.clone());
        let ChangePoint { from_date, recorded_us, .. } = point;
        points.push(ChangePoint { from_date, recorded_us, value: policy });
    }
    Ok(points)
}
