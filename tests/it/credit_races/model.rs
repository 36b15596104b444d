//! Credit as one person at one desk would keep it: a book of accounts, orders and documents, and
//! what each call would be answered. Written from the contract, without a look at the product.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::linear::Model;

/// A call with its answer.
#[derive(Debug, Clone)]
pub struct Call {
    pub ask: Ask,
    pub answer: Answer,
    /// The instant it was decided at; of a refusal only the ends of the call are known. A check
    /// reads the clock and then looks, and until its end others may have noted what lapsed since.
    pub at: Vec<i64>,
}

#[derive(Debug, Clone)]
pub enum Ask {
    Reserve {
        account: String,
        order: String,
        amount: i64,
        expire: i64,
        anyway: bool,
    },
    Amend {
        order: String,
        amount: Option<i64>,
        expire: Option<i64>,
    },
    Deliver {
        order: String,
        amount: Option<i64>,
    },
    Cancel {
        order: String,
        returned: i64,
    },
    /// Nothing more will come of it.
    Complete {
        order: String,
    },
    Check {
        account: String,
        amount: i64,
    },
    Post {
        documents: Vec<Document>,
    },
    Reverse {
        document: Document,
    },
    SetLimit {
        account: String,
        amount: i64,
    },
    Hold {
        account: String,
        group: bool,
        hold: String,
    },
    Release {
        account: String,
        hold: String,
    },
    Move {
        account: String,
        parent: String,
    },
}

#[derive(Debug, Clone)]
pub struct Document {
    pub no: String,
    pub account: String,
    /// Empty: it names none.
    pub order: String,
    pub amount: i64,
    pub receipt: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Decided {
        approved: bool,
        /// Approved in spite of its reasons.
        overridden: bool,
        /// Reason codes, sorted.
        reasons: Vec<&'static str>,
        counted: i64,
        /// The exposure against each limit before, the account's own first, then upward.
        exposures: Vec<(String, i64)>,
    },
    Reservation {
        amount: i64,
        delivered: i64,
        invoiced: i64,
        counted: i64,
    },
    Done,
    Refused(String),
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Account {
    parent: String,
    limit: i64,
    /// Debits less receipts that name no order.
    owed: i64,
    /// With whether each stops the whole group.
    holds: BTreeMap<String, bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    /// Documents name it, and nobody reserved it.
    Unknown,
    Open,
    Canceled,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Order {
    account: String,
    state: State,
    amount: i64,
    delivered: i64,
    /// By documents that count, and the most of it at any time since it was reserved.
    invoices: i64,
    invoiced: i64,
    paid: i64,
    expire: i64,
}

impl Order {
    fn counted(&self, at: i64) -> i64 {
        let delivered = (self.delivered - self.invoiced).max(0);
        let waiting = (self.amount - self.delivered.max(self.invoiced)).max(0);
        let reserved = match self.state {
            State::Unknown => 0,
            State::Open if at < self.expire => waiting + delivered,
            State::Open | State::Canceled => delivered,
        };
        reserved - self.paid.min(reserved)
    }
}

/// The desk's book.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Book {
    accounts: BTreeMap<String, Account>,
    orders: BTreeMap<String, Order>,
}

impl Book {
    pub fn open_account(&mut self, id: &str, parent: &str, limit: i64) {
        let account = Account { parent: parent.into(), limit, ..Account::default() };
        self.accounts.insert(id.into(), account);
    }

    /// The account and those above it.
    fn chain(&self, account: &str) -> Vec<String> {
        let mut chain = vec![account.to_owned()];
        while let Some(above) = self.accounts.get(chain.last().expect("one")) {
            if above.parent.is_empty() {
                break;
            }
            chain.push(above.parent.clone());
        }
        chain
    }

    /// The topmost account of a group.
    pub fn root(&self, account: &str) -> String {
        self.chain(account).pop().expect("one")
    }

    /// When a call may have been decided.
    fn instants(&self, call: &Call) -> Vec<i64> {
        let mut instants = call.at.clone();
        if let (Ask::Check { .. }, [from, to]) = (&call.ask, &call.at[..]) {
            let lapsed = self.orders.values().map(|order| order.expire);
            instants.extend(lapsed.filter(|expire| (*from..=*to).contains(expire)));
        }
        instants
    }

    /// What an account and everything below it owes and has reserved.
    pub fn exposure(&self, account: &str, at: i64) -> i64 {
        let belongs = |id: &str| self.chain(id).iter().any(|above| above == account);
        let owed = self.accounts.iter().filter(|(id, _)| belongs(id)).map(|(_, a)| a.owed);
        let orders = self.orders.values().filter(|order| belongs(&order.account));
        owed.sum::<i64>() + orders.map(|order| order.counted(at)).sum::<i64>()
    }

    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.accounts.keys().map(String::as_str)
    }

    /// Evaluates what an order would count more.
    fn decide(&self, account: &str, counted: i64, at: i64) -> Answer {
        let chain = self.chain(account);
        let exposures: Vec<_> =
            chain.iter().map(|id| (id.clone(), self.exposure(id, at))).collect();
        let mut reasons = Vec::new();
        if counted > 0 {
            for (level, (id, exposure)) in exposures.iter().enumerate() {
                let account = &self.accounts[id];
                if exposure + counted > account.limit {
                    let own = if level == 0 { "LIMIT_EXCEEDED" } else { "GROUP_LIMIT_EXCEEDED" };
                    reasons.push(own);
                }
                let holds = account.holds.values().filter(|group| level == 0 || **group);
                reasons.extend(holds.map(|_| "ON_HOLD"));
            }
        }
        reasons.sort_unstable();
        Answer::Decided {
            approved: reasons.is_empty(),
            overridden: false,
            reasons,
            counted,
            exposures,
        }
    }

    /// What the call is answered at an instant, having done what it does.
    fn handle(&mut self, ask: &Ask, at: i64) -> Answer {
        match ask {
            Ask::Reserve { account, order, amount, expire, anyway } => {
                if *expire <= at {
                    return refused("DATE_INVALID");
                }
                let known = self.orders.get(order).cloned();
                let blank = Order::named(account);
                let asked = Order {
                    state: State::Open,
                    amount: *amount,
                    expire: *expire,
                    ..known.unwrap_or(blank)
                };
                let mut answer = self.decide(account, asked.counted(at), at);
                if let Answer::Decided { approved, overridden, .. } = &mut answer {
                    *overridden = *anyway && !*approved;
                    *approved |= *overridden;
                }
                self.keep(order, asked, &answer);
                answer
            }
            Ask::Amend { order, amount, expire } => self.amend(order, *amount, *expire, at),
            Ask::Deliver { order, amount } => self.deliver(order, *amount, at),
            Ask::Cancel { order, returned } => self.cancel(order, *returned, at),
            Ask::Complete { order } => self.complete(order, at),
            Ask::Check { account, amount } => self.decide(account, *amount, at),
            Ask::Post { documents } => {
                documents.iter().for_each(|document| self.post(document));
                Answer::Done
            }
            Ask::Reverse { document } => {
                self.reverse(document);
                Answer::Done
            }
            Ask::SetLimit { account, amount } => {
                self.account(account).limit = *amount;
                Answer::Done
            }
            Ask::Hold { account, group, hold } => {
                self.account(account).holds.insert(hold.clone(), *group);
                Answer::Done
            }
            Ask::Release { account, hold } => {
                self.account(account).holds.remove(hold).expect("a hold");
                Answer::Done
            }
            Ask::Move { account, parent } => {
                self.account(account).parent.clone_from(parent);
                Answer::Done
            }
        }
    }

    fn account(&mut self, id: &str) -> &mut Account {
        self.accounts.get_mut(id).expect("an account")
    }

    /// The order that was reserved, if there is one.
    fn reserved(&self, order: &str) -> Option<Order> {
        self.orders.get(order).filter(|order| order.state != State::Unknown).cloned()
    }

    fn keep(&mut self, name: &str, order: Order, answer: &Answer) {
        if matches!(answer, Answer::Decided { approved: true, .. }) {
            self.orders.insert(name.into(), order);
        }
    }

    fn amend(&mut self, name: &str, amount: Option<i64>, expire: Option<i64>, at: i64) -> Answer {
        let Some(order) = self.reserved(name) else { return refused("RESOURCE_NOT_FOUND") };
        let after = Order {
            amount: amount.unwrap_or(order.amount),
            expire: expire.unwrap_or(order.expire),
            ..order.clone()
        };
        if order.state == State::Canceled {
            return refused("RESERVATION_NOT_LIVE");
        }
        if expire.is_some_and(|expire| expire <= at) {
            return refused("DATE_INVALID");
        }
        if after.amount < order.delivered.max(order.invoiced) {
            return refused("RESERVATION_BELOW_HANDLED");
        }
        // What lapsed counts nothing: without a new expiry there is nothing to decide about.
        if after.expire <= at && after.amount > order.delivered.max(order.invoiced) {
            return refused("RESERVATION_NOT_LIVE");
        }
        let counted = after.counted(at) - order.counted(at);
        let answer = self.decide(&order.account, counted, at);
        self.keep(name, after, &answer);
        answer
    }

    fn deliver(&mut self, name: &str, amount: Option<i64>, at: i64) -> Answer {
        let Some(mut order) = self.reserved(name) else { return refused("RESOURCE_NOT_FOUND") };
        let waits = order.amount > order.delivered.max(order.invoiced);
        if order.state == State::Canceled || (waits && order.expire <= at) {
            return refused("RESERVATION_NOT_LIVE");
        }
        let left = order.amount - order.delivered;
        let amount = amount.unwrap_or(left);
        if left <= 0 || amount > left {
            return refused("RESERVATION_EXCEEDED");
        }
        order.delivered += amount;
        self.replace(name, order, at)
    }

    fn cancel(&mut self, name: &str, returned: i64, at: i64) -> Answer {
        let Some(mut order) = self.reserved(name) else { return refused("RESOURCE_NOT_FOUND") };
        if order.state == State::Canceled && returned == 0 {
            return refused("RESERVATION_NOT_LIVE");
        }
        if returned > (order.delivered - order.invoiced).max(0) {
            return refused("RETURN_EXCEEDS_DELIVERED");
        }
        order.delivered -= returned;
        order.state = State::Canceled;
        self.replace(name, order, at)
    }

    fn complete(&mut self, name: &str, at: i64) -> Answer {
        let Some(mut order) = self.reserved(name) else { return refused("RESOURCE_NOT_FOUND") };
        if order.delivered > order.invoiced {
            return refused("RESERVATION_NOT_INVOICED");
        }
        order.amount = order.invoiced;
        self.replace(name, order, at)
    }

    fn replace(&mut self, name: &str, order: Order, at: i64) -> Answer {
        let answer = Answer::Reservation {
            amount: order.amount,
            delivered: order.delivered,
            invoiced: order.invoiced,
            counted: order.counted(at),
        };
        self.orders.insert(name.into(), order);
        answer
    }

    fn post(&mut self, document: &Document) {
        self.count(document, document.amount);
    }

    /// Takes a document out. What it used up of its order stays used up.
    fn reverse(&mut self, document: &Document) {
        self.count(document, -document.amount);
    }

    fn count(&mut self, document: &Document, amount: i64) {
        let Document { account, order, receipt, .. } = document;
        if !order.is_empty() {
            let blank = || Order::named(account);
            let order = self.orders.entry(order.clone()).or_insert_with(blank);
            let part = if *receipt { &mut order.paid } else { &mut order.invoices };
            *part += amount;
            let before = if order.state == State::Unknown { 0 } else { order.invoiced };
            order.invoiced = order.invoices.max(before);
        }
        match (receipt, order.is_empty()) {
            (false, _) => self.account(account).owed += amount,
            (true, true) => self.account(account).owed -= amount,
            // Money that names an order belongs to it.
            (true, false) => {}
        }
    }
}

impl Order {
    fn named(account: &str) -> Self {
        Self {
            account: account.into(),
            state: State::Unknown,
            amount: 0,
            delivered: 0,
            invoices: 0,
            invoiced: 0,
            paid: 0,
            expire: 0,
        }
    }
}

fn refused(reason: &str) -> Answer {
    Answer::Refused(reason.into())
}

impl Model for Book {
    type Call = Call;

    fn after(&self, call: &Call) -> Result<Self, String> {
        let mut due = Vec::new();
        for at in self.instants(call) {
            let mut after = self.clone();
            match after.handle(&call.ask, at) {
                answer if answer == call.answer => return Ok(after),
                other => due.push(other),
            }
        }
        Err(format!("{due:?}"))
    }
}

/// What the answers claim of themselves: but for overrides, and what counts nothing more, nothing
/// was approved that left more exposure than a limit allowed at its place.
pub fn assert_within_limits(start: &Book, order: impl IntoIterator<Item = Call>) {
    let mut limits: BTreeMap<String, i64> =
        start.accounts.iter().map(|(id, account)| (id.clone(), account.limit)).collect();
    let mut seen = BTreeSet::new();
    for call in order {
        match (&call.ask, &call.answer) {
            (Ask::SetLimit { account, amount }, Answer::Done) => {
                limits.insert(account.clone(), *amount);
            }
            (_, Answer::Decided { approved: true, overridden: false, counted, exposures, .. })
                if *counted > 0 =>
            {
                for (account, exposure) in exposures {
                    assert!(exposure + counted <= limits[account], "{call:?}");
                    seen.insert(account.clone());
                }
            }
            _ => {}
        }
    }
    assert!(!seen.is_empty(), "nothing was approved");
}
