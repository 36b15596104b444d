//! Who has how many connections. Where there is none left, one on which no call is under way makes room:
//! connections cost their clients nothing to keep, so whoever keeps many would keep out everybody else.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::api::middleware::places;
use crate::config::Server;

/// Connections that were asked to leave and have not left: more than this many are not waited for.
const LEAVING_MAX: usize = 64;

/// Bounds, and the connections that are open.
#[derive(Debug)]
pub(super) struct Seats {
    max: usize,
    per_peer_max: usize,
    /// Uses so far: a count tells two of the same instant apart, which a clock does not.
    uses: AtomicU64,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    open: HashMap<u64, Open>,
}

#[derive(Debug)]
struct Open {
    peer: IpAddr,
    use_of: Use,
    /// It was asked to leave, and is counted no more.
    leaving: bool,
}

/// How much a connection is used.
#[derive(Debug, Clone, Default)]
pub(super) struct Use {
    pub calls: places::Connection,
    /// The number of its last use.
    last: Arc<AtomicU64>,
    leave: CancellationToken,
}

/// The place of a connection, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    number: u64,
    pub use_of: Use,
}

impl Seats {
    pub fn new(server: &Server) -> Self {
        let max = server.connections_max as usize;
        let per_peer_max = match server.connections_per_peer_max as usize {
            0 => max,
            some => some.min(max),
        };
        Self { max, per_peer_max, uses: AtomicU64::default(), taken: Mutex::default() }
    }

    /// A place for a connection from an address; `None` if there is none, nor one that makes room.
    pub fn take(this: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let peer = network(address);
        let mut taken = this.taken();
        // However fast they come, those that leave are not many more.
        if taken.open.len() >= this.max + LEAVING_MAX {
            return None;
        }
        let of_peer = taken.counted().filter(|open| open.peer == peer).count();
        if of_peer >= this.per_peer_max {
            taken.make_room(|open| open.peer == peer)?;
        } else if taken.counted().count() >= this.max {
            let most = taken.peer_with_most()?;
            taken.make_room(|open| open.peer == most)?;
        }
        let number = taken.next;
        taken.next += 1;
        let use_of = Use::default();
        this.note(&use_of);
        taken.open.insert(number, Open { peer, use_of: use_of.clone(), leaving: false });
        drop(taken);
        Some(Seat { seats: this.clone(), number, use_of })
    }

    fn note(&self, use_of: &Use) {
        use_of.last.store(self.uses.fetch_add(1, Ordering::AcqRel), Ordering::Release);
    }

    /// Counting is never left half done, also where a thread ended.
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn counted(&self) -> impl Iterator<Item = &Open> {
        self.open.values().filter(|open| !open.leaving)
    }

    /// Of those that have an idle one.
    fn peer_with_most(&self) -> Option<IpAddr> {
        let (mut counts, mut idle) = (HashMap::<IpAddr, usize>::new(), Vec::new());
        for open in self.counted() {
            *counts.entry(open.peer).or_default() += 1;
            if open.use_of.calls.is_idle() {
                idle.push(open.peer);
            }
        }
        idle.into_iter().max_by_key(|peer| counts.get(peer).copied())
    }

    /// Asks the one to leave that was not used for longest.
    fn make_room(&mut self, among: impl Fn(&Open) -> bool) -> Option<()> {
        let idle = self
            .open
            .values_mut()
            .filter(|open| !open.leaving && open.use_of.calls.is_idle() && among(open));
        let first = idle.min_by_key(|open| open.use_of.last.load(Ordering::Acquire))?;
        first.leaving = true;
        first.use_of.leave.cancel();
        Some(())
    }
}

impl Seat {
    /// A call came.
    pub fn used(&self) {
        self.seats.note(&self.use_of);
    }

    /// Waits until another connection needs the place.
    pub async fn wanted(&self) {
        self.use_of.leave.cancelled().await;
    }

    pub fn is_idle(&self) -> bool {
        self.use_of.calls.is_idle()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.taken().open.remove(&self.number);
    }
}

/// What one client can have addresses of at will: of IPv6 a network of 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6([a, b, c, d, 0, 0, 0, 0].into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(max: u32, per_peer_max: u32) -> Arc<Seats> {
        let server = Server {
            connections_max: max,
            connections_per_peer_max: per_peer_max,
            ..Server::default()
        };
        Arc::new(Seats::new(&server))
    }

    fn peer(number: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, number])
    }

    fn is_asked_to_leave(seat: &Seat) -> bool {
        seat.use_of.leave.is_cancelled()
    }

    #[test]
    fn the_idle_of_whoever_has_most_make_room_and_the_busy_stay() {
        let seats = seats(4, 0);
        let take = |number| Seats::take(&seats, peer(number));
        let greedy: Vec<_> = (0..3).filter_map(|_| take(1)).collect();
        let other = take(2).expect("a place");
        let busy = greedy[0].use_of.calls.busy();
        let third = take(3).expect("room was made");
        assert!(!is_asked_to_leave(&greedy[0]) && !is_asked_to_leave(&other));
        assert_eq!(greedy.iter().filter(|seat| is_asked_to_leave(seat)).count(), 1);
        let rest: Vec<_> = [&greedy[0], &other, &third].into_iter().collect();
        let all: Vec<_> = rest.iter().map(|seat| seat.use_of.calls.busy()).collect();
        let last = greedy.iter().skip(1).find(|seat| !is_asked_to_leave(seat)).expect("one");
        let last = last.use_of.calls.busy();
        assert!(take(4).is_none(), "all are busy");
        drop((busy, all, last));
        assert!(take(4).is_some());
    }

    #[test]
    fn the_oldest_use_goes_first() {
        let seats = seats(3, 0);
        let take = || Seats::take(&seats, peer(1)).expect("a place");
        let (first, second, third) = (take(), take(), take());
        first.used();
        third.used();
        let _fourth = take();
        let asked = [&first, &second, &third].map(is_asked_to_leave);
        assert_eq!(asked, [false, true, false]);
    }

    #[test]
    fn one_address_has_so_many_and_a_network_is_one() {
        let seats = seats(100, 2);
        let of = |address: &str| Seats::take(&seats, address.parse().expect("an address"));
        let one = of("2001:db8::1").expect("a place");
        let two = of("2001:db8::2").expect("a place");
        let three = of("2001:db8::3").expect("room was made");
        assert!(is_asked_to_leave(&one) && !is_asked_to_leave(&two));
        assert!(of("2001:db8:0:1::1").is_some(), "another network");
        let busy = [two.use_of.calls.busy(), three.use_of.calls.busy()];
        assert!(of("2001:db8::4").is_none());
        drop(busy);
        let mapped = [of("::ffff:192.0.2.1"), of("192.0.2.1"), of("::ffff:192.0.2.1")];
        assert!(is_asked_to_leave(mapped[0].as_ref().expect("a place")));
    }

    #[test]
    fn what_was_given_back_is_forgotten() {
        let seats = seats(2, 0);
        for _ in 0..10 {
            drop(Seats::take(&seats, peer(1)).expect("a place"));
        }
        assert!(seats.taken().open.is_empty());
    }
}
