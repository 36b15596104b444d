//! Who has how many places.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::api::methods::Class;
use crate::config::Server;

/// The places of one connection; in the extensions of its requests.
#[derive(Debug, Clone, Default)]
pub struct Connection(Arc<AtomicU32>);

impl Connection {
    /// No call on it has a place.
    pub fn is_idle(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }

    /// A call has a place on it until this is dropped.
    #[cfg(test)]
    pub fn busy(&self) -> Busy {
        self.0.fetch_add(1, Ordering::AcqRel);
        Busy(self.clone())
    }
}

/// See [`Connection::busy`].
#[cfg(test)]
#[derive(Debug)]
pub struct Busy(Connection);

#[cfg(test)]
impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Bounds, and what is taken.
#[derive(Debug)]
pub struct Counts {
    server_max: u32,
    principal_max: u32,
    connection_max: u32,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    of_class: [u32; Class::COUNT],
    /// By class.
    of_principal: HashMap<Arc<str>, [u32; Class::COUNT]>,
}

/// For whom a place is asked.
#[derive(Debug)]
pub struct Wanted {
    pub class: Class,
    pub principal: Option<Arc<str>>,
    pub connection: Option<Connection>,
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    counts: Arc<Counts>,
    of: Wanted,
}

/// Of what there is no place left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    Server,
    Class,
    Principal,
    Connection,
}

impl Counts {
    pub fn new(server: &Server) -> Self {
        Self {
            server_max: server.requests_concurrent_max,
            principal_max: server.requests_per_principal_max,
            connection_max: server.requests_per_connection_max,
            taken: Mutex::default(),
        }
    }

    pub fn take(this: &Arc<Self>, of: Wanted) -> Result<Place, Full> {
        let mut taken = this.taken();
        this.check(&taken, &of)?;
        if let Some(principal) = &of.principal {
            taken.of_principal.entry(principal.clone()).or_default()[of.class.at()] += 1;
        }
        taken.of_class[of.class.at()] += 1;
        if let Some(Connection(count)) = &of.connection {
            count.fetch_add(1, Ordering::AcqRel);
        }
        drop(taken);
        Ok(Place { counts: this.clone(), of })
    }

    fn check(&self, taken: &Taken, of: &Wanted) -> Result<(), Full> {
        let of_class = |class: Class| taken.of_class[class.at()];
        let ours = || Class::OURS.iter().map(|class| of_class(*class)).sum::<u32>();
        let (used, max) = match of.class {
            // Watchers of health, and reflection, take nobody's place.
            Class::Open => (of_class(Class::Open), self.server_max.max(64)),
            Class::Bulk => (of_class(Class::Bulk), (self.server_max / 4).max(1)),
            Class::Question => (ours(), self.server_max - self.server_max / 8),
            Class::Decision => (ours(), self.server_max),
        };
        if of.class != Class::Open && ours() >= self.server_max {
            return Err(Full::Server);
        }
        if used >= max {
            return Err(Full::Class);
        }
        let of_principal = of.principal.as_ref().and_then(|p| taken.of_principal.get(p));
        if let Some(counts) = of_principal {
            // Of a class that has few places nobody takes more than half.
            let is_half = of.class == Class::Bulk && counts[of.class.at()] >= max.div_ceil(2);
            if is_half || counts.iter().sum::<u32>() >= self.principal_max {
                return Err(Full::Principal);
            }
        }
        let of_connection = of.connection.as_ref().map(|c| c.0.load(Ordering::Acquire));
        match of_connection.is_some_and(|count| count >= self.connection_max) {
            true => Err(Full::Connection),
            false => Ok(()),
        }
    }

    /// Counting is never left half done, also where a thread ended.
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Wanted { class, principal, connection } = &self.of;
        let mut taken = self.counts.taken();
        taken.of_class[class.at()] -= 1;
        if let Some(principal) = principal
            && let Some(counts) = taken.of_principal.get_mut(principal)
        {
            counts[class.at()] -= 1;
            if counts.iter().all(|count| *count == 0) {
                taken.of_principal.remove(principal);
            }
        }
        if let Some(Connection(count)) = connection {
            count.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(server_max: u32, principal_max: u32, connection_max: u32) -> Arc<Counts> {
        let server = Server {
            requests_concurrent_max: server_max,
            requests_per_principal_max: principal_max,
            requests_per_connection_max: connection_max,
            ..Server::default()
        };
        Arc::new(Counts::new(&server))
    }

    fn of(class: Class, principal: &str, connection: &Connection) -> Wanted {
        let connection = Some(connection.clone());
        Wanted { class, principal: Some(principal.into()), connection }
    }

    /// Takes places until there is none left.
    fn all(counts: &Arc<Counts>, of: impl Fn() -> Wanted) -> (Vec<Place>, Full) {
        let mut places = Vec::new();
        loop {
            match Counts::take(counts, of()) {
                Ok(place) => places.push(place),
                Err(full) => return (places, full),
            }
        }
    }

    #[test]
    fn nobody_takes_the_places_of_everybody() {
        let counts = counts(64, 16, 8);
        let (a, b, c) = (Connection::default(), Connection::default(), Connection::default());
        let question = |who, on| of(Class::Question, who, on);
        let (first, full) = all(&counts, || question("a", &a));
        assert_eq!((first.len(), full), (8, Full::Connection));
        let (second, full) = all(&counts, || question("a", &b));
        assert_eq!((second.len(), full), (8, Full::Principal));
        let (third, full) = all(&counts, || question("b", &b));
        assert_eq!((third.len(), full), (0, Full::Connection));
        assert!(Counts::take(&counts, question("b", &c)).is_ok());
        drop(first);
        assert!(Counts::take(&counts, question("a", &a)).is_ok());
    }

    #[test]
    fn reports_leave_room_for_questions_and_those_for_decisions() {
        let counts = counts(64, 64, 64);
        let on = Connection::default();
        let (_half, full) = all(&counts, || of(Class::Bulk, "b", &on));
        assert_eq!((_half.len(), full), (8, Full::Principal));
        let (_reports, full) = all(&counts, || of(Class::Bulk, "a", &on));
        assert_eq!((_reports.len(), full), (8, Full::Class));
        let (_questions, full) = all(&counts, || of(Class::Question, "a", &on));
        assert_eq!((_questions.len(), full), (40, Full::Class));
        let (_decisions, full) = all(&counts, || of(Class::Decision, "a", &on));
        assert_eq!((_decisions.len(), full), (8, Full::Server));
        // Whoever watches whether the server is alive is told.
        let open = Wanted { class: Class::Open, principal: None, connection: None };
        assert!(Counts::take(&counts, open).is_ok());
    }

    #[test]
    fn what_was_given_back_is_forgotten() {
        let counts = counts(4, 4, 4);
        let places: Vec<_> = (0..4)
            .map(|n| {
                let principal = format!("p{n}");
                Counts::take(&counts, of(Class::Decision, &principal, &Connection::default()))
            })
            .collect();
        assert!(places.iter().all(Result::is_ok));
        drop(places);
        let taken = counts.taken();
        assert!(taken.of_principal.is_empty() && taken.of_class == [0; Class::COUNT]);
    }
}
