//! Calls of every method with requests that are made from the descriptors: of names, days and amounts of
//! a company that is there, so that many are served, and of values that nobody should send. What was
//! served is sent again with a few fields changed. Always in the same order, from one seed.
//!
//! Whatever is sent, the answer is one of the contract: never INTERNAL or UNKNOWN.

mod pools;
mod requests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fastrand::Rng;
use http_body_util::BodyExt as _;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use tonic::{Code, Status};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;

use super::scene::Scene;
use super::{lists, mutations};
use crate::support::{Raw, TestServer, details, frame};
use pools::Pools;

const SEED: u64 = 20_190_630;
/// Requests of values that there are until one of a method is served of which no table has one.
const TRIES: usize = 60;
/// In each of them every method is called a few times.
const ROUNDS: usize = 6;
/// At a time.
const CALLS: usize = 6;
/// Served requests of a method that are remembered.
const SERVED_KEPT: usize = 8;
/// How much the memory of this process may grow after everything was called for the first rounds.
const GROWTH_MIB_MAX: u64 = 64;

/// What a request is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    /// One that was served, perhaps with a field or two of other values that there are.
    Near,
    /// Values that there are.
    New,
    /// One of the above with values that nobody should send.
    Hostile,
    /// One of the above whose bytes were changed.
    Broken,
}

const MADE: [Made; 5] = [Made::Near, Made::Near, Made::New, Made::Hostile, Made::Broken];

struct Call {
    method: MethodDescriptor,
    made: Made,
    messages: Vec<DynamicMessage>,
    bytes: Vec<u8>,
}

impl Call {
    /// With each message as bytes that something was done to.
    fn of(
        method: &MethodDescriptor,
        made: Made,
        messages: Vec<DynamicMessage>,
        mut change: impl FnMut(&mut Vec<u8>),
    ) -> Self {
        let mut bytes = Vec::new();
        for message in &messages {
            let mut body = message.encode_to_vec();
            change(&mut body);
            bytes.extend(frame(&body));
        }
        Self { method: method.clone(), made, messages, bytes }
    }
}

struct Fuzz {
    rng: Rng,
    pools: Pools,
    /// By method: what was served, or should be.
    served: BTreeMap<String, Vec<Vec<DynamicMessage>>>,
    /// How often each method was called, and how often served.
    counts: BTreeMap<String, (usize, usize)>,
    wrong: Vec<String>,
}

pub async fn hold(scene: Scene) {
    let mut fuzz = Fuzz::new(&scene);
    let raw = scene.server.raw();
    let methods = super::ours();
    fuzz.serve_each(&scene, &raw).await;
    let mut memory = vec![memory_mib()];
    for _ in 0..ROUNDS {
        let mut calls = Vec::new();
        for method in &methods {
            for made in MADE {
                calls.push(fuzz.call(method, made));
            }
        }
        while !calls.is_empty() {
            let some: Vec<Call> = calls.drain(..CALLS.min(calls.len())).collect();
            let answers = some.iter().map(|call| answered(&raw, call));
            let answers = futures_util::future::join_all(answers).await;
            for (call, answer) in some.into_iter().zip(answers) {
                fuzz.note(call, answer);
            }
        }
        memory.push(memory_mib());
    }
    fuzz.report(&memory);
    assert!(fuzz.wrong.is_empty(), "\n{}", fuzz.wrong.join("\n"));
    fuzz.assert_many_served();
    let grown = memory[ROUNDS].saturating_sub(memory[ROUNDS / 3]);
    assert!(grown <= GROWTH_MIB_MAX, "the memory grows by {grown} MiB: {memory:?}");
    assert_alive(&scene.server).await;
}

impl Fuzz {
    fn new(scene: &Scene) -> Self {
        let mut fuzz = Self {
            rng: Rng::with_seed(SEED),
            pools: Pools::default(),
            served: BTreeMap::new(),
            counts: BTreeMap::new(),
            wrong: Vec::new(),
        };
        for word in scene.words() {
            fuzz.pools.learn_json(word);
        }
        fuzz
    }

    /// Has each method serve a request, questions first: what changes the company comes in the order of its
    /// table, in which each line finds what it needs.
    async fn serve_each(&mut self, scene: &Scene, raw: &Raw) {
        let one = |(method, request): (&'static str, &'static str)| (method, vec![request]);
        let asked = lists::TABLE.iter().map(|line| one((line.method, line.request)));
        let first = requests::FIRST.iter().map(|(method, of)| (*method, of.to_vec()));
        let changes = mutations::TABLE.iter().map(|line| one((line.method, line.request)));
        let changes: Vec<_> = changes.collect();
        let seeds: Vec<_> = asked.chain(first).collect();
        self.send_seeds(scene, raw, &seeds).await;
        let of_table: BTreeSet<&str> =
            seeds.iter().chain(&changes).map(|(method, _)| *method).collect();
        for method in super::ours().into_iter().filter(|of| !of_table.contains(&*name(of))) {
            for _ in 0..TRIES {
                let call = self.call(&method, Made::New);
                let answer = answered(raw, &call).await;
                let is_served = answer.is_ok();
                self.note(call, answer);
                if is_served {
                    break;
                }
            }
        }
        self.send_seeds(scene, raw, &changes).await;
        let never = self.counts.iter().filter(|(_, (_, served))| *served == 0);
        self.wrong.extend(never.map(|(name, _)| format!("{name}: no request was served")));
    }

    async fn send_seeds(&mut self, scene: &Scene, raw: &Raw, seeds: &[(&str, Vec<&str>)]) {
        for (name, messages) in seeds {
            let method = super::method(name);
            let read = |request: &&str| {
                let json = scene.fill(request);
                self.pools.learn_json(&json);
                let read = DynamicMessage::deserialize(method.input(), &json);
                read.unwrap_or_else(|e| panic!("{name} {json}: {e}"))
            };
            let mut messages: Vec<_> = messages.iter().map(read).collect();
            messages.iter_mut().for_each(|message| requests::renew(&mut self.rng, message));
            let call = Call::of(&method, Made::Near, messages, |_| ());
            let answer = answered(raw, &call).await;
            self.note(call, answer);
        }
    }

    fn call(&mut self, method: &MethodDescriptor, made: Made) -> Call {
        let served = self.served.get(&name(method)).filter(|served| !served.is_empty());
        let near = served.map(|served| served[self.rng.usize(..served.len())].clone());
        let is_new = made == Made::New || (made != Made::Near && self.rng.bool());
        let mut messages = match near {
            Some(near) if !is_new => near,
            _ => requests::new(&mut self.rng, &self.pools, method),
        };
        for message in &mut messages {
            requests::renew(&mut self.rng, message);
            match made {
                Made::Near | Made::New => {
                    for _ in 0..self.rng.usize(..3) {
                        requests::vary(&mut self.rng, &self.pools, method, message);
                    }
                }
                Made::Hostile => {
                    for _ in 0..=self.rng.usize(..3) {
                        requests::spoil(&mut self.rng, message);
                    }
                }
                Made::Broken => {}
            }
        }
        let rng = &mut self.rng;
        Call::of(method, made, messages, |body| {
            if made == Made::Broken {
                requests::break_bytes(rng, body);
            }
        })
    }

    fn note(&mut self, call: Call, answer: Result<Vec<DynamicMessage>, Status>) {
        let name = name(&call.method);
        let counts = self.counts.entry(name.clone()).or_default();
        counts.0 += 1;
        match answer {
            Ok(answers) => {
                counts.1 += 1;
                answers.iter().for_each(|answer| self.pools.learn(answer));
                if call.made != Made::Broken {
                    let served = self.served.entry(name).or_default();
                    if served.len() == SERVED_KEPT {
                        served.remove(self.rng.usize(..SERVED_KEPT));
                    }
                    served.push(call.messages);
                }
            }
            Err(status) => {
                let is_ours = matches!(
                    status.code(),
                    Code::InvalidArgument
                        | Code::NotFound
                        | Code::AlreadyExists
                        | Code::FailedPrecondition
                        | Code::Aborted
                        | Code::PermissionDenied
                        | Code::ResourceExhausted
                );
                if !is_ours || details(&status).error_info().is_none() {
                    let request: Vec<_> = call.messages.iter().map(shown).collect();
                    self.wrong.push(format!("{name} {:?} {request:?}: {status:?}", call.made));
                }
            }
        }
    }

    fn report(&self, memory: &[u64]) {
        let (mut called, mut served) = (0, 0);
        for (of, by) in self.counts.values() {
            called += of;
            served += by;
        }
        println!(
            "{called} calls of {} methods, {served} served; MiB {memory:?}",
            self.counts.len()
        );
        for (name, (called, served)) in &self.counts {
            println!("    {name}: {served} of {called}");
        }
    }

    fn assert_many_served(&self) {
        let (called, served) =
            self.counts.values().fold((0, 0), |(a, b), (of, by)| (a + of, b + by));
        assert!(5 * served > called, "{served} of {called} were served");
    }
}

fn name(method: &MethodDescriptor) -> String {
    format!("{}.{}", method.parent_service().name(), method.name())
}

/// As JSON, cut: a request may be large.
fn shown(message: &DynamicMessage) -> String {
    let json = serde_json::to_string(message).unwrap_or_else(|e| e.to_string());
    json.chars().take(600).collect()
}

/// The first answers of a call.
async fn answered(raw: &Raw, call: &Call) -> Result<Vec<DynamicMessage>, Status> {
    let path = format!("/{}/{}", call.method.parent_service().full_name(), call.method.name());
    let headers = [("grpc-timeout", "20S")];
    let answer = raw.answer(&path, &headers, call.bytes.clone()).await;
    if let Some(status) = Status::from_header_map(answer.headers()) {
        return Err(status);
    }
    let body = answer.into_body().collect();
    let body = tokio::time::timeout(Duration::from_secs(30), body).await.expect("it ends");
    let body = body.expect("the connection holds");
    let status = body.trailers().and_then(Status::from_header_map).expect("a status");
    if status.code() != Code::Ok {
        return Err(status);
    }
    let bytes = body.to_bytes();
    let (mut rest, mut answers) = (&bytes[..], Vec::new());
    while let Some((header, more)) = rest.split_first_chunk::<5>() {
        let length = header[1..].iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        let (message, more) = more.split_at(length);
        let message = DynamicMessage::decode(call.method.output(), message);
        answers.push(message.expect("as described"));
        rest = more;
    }
    Ok(answers)
}

/// What is this process's own of its memory: server and clients.
fn memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("there");
    let line = status.lines().find(|line| line.starts_with("RssAnon")).expect("a line");
    let kib: String = line.chars().filter(char::is_ascii_digit).collect();
    kib.parse::<u64>().expect("a number") >> 10
}

async fn assert_alive(server: &TestServer) {
    let health = server.health().check(HealthCheckRequest::default()).await.expect("alive");
    assert_eq!(health.into_inner().status, ServingStatus::Serving as i32);
}
