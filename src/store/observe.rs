//! Looking over the shoulder of the store: which statements a call runs, with which values.
//! For measurements; nothing in the service depends on it.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::Statement;

use super::Store;

impl Store {
    /// Tells `observer` of every statement after it ran, whether it failed or not. BEGIN, COMMIT and
    /// ROLLBACK are not among them. Clones made before are not observed.
    pub fn observe(&mut self, observer: impl Fn(&Statement) + Send + Sync + 'static) {
        self.observe_times(move |statement, _| observer(statement));
    }

    /// As [`Store::observe`], with how long each took.
    pub fn observe_times(
        &mut self,
        observer: impl Fn(&Statement, Duration) + Send + Sync + 'static,
    ) {
        let observer = Arc::new(observer);
        let told = observer.clone();
        self.reads.observe(move |ran| told(ran.statement, ran.elapsed));
        if self.is_sqlite() {
            self.writes.observe(move |ran| observer(ran.statement, ran.elapsed));
        } else {
            self.writes = self.reads.clone();
        }
    }
}
