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
use serde_json::Value as Json;
use tonic::{Code, Status};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;

use super::scene::Scene;
use super::{lists, mutations};
use crate::support::{Raw, TestServer, details};
use pools::Pools;

const SEED: u64 = 20_190_630;
/// In each of them every method is called a few times.
const ROUNDS: usize = 6;
/// At a time.
const CALLS: usize = 6;
/// Served requests of a method that are remembered.
const SERVED_KEPT: usize = 8;
/// How much the memory of this process may grow after everything was called for the first rounds.
const GROWTH_MIB_MAX: u64 = 64;

/// Methods that no request of these was ever served, each with why.
const NEVER_SERVED: &[(&str, &str)] = &[];

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
    let mut memory = Vec::new();
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
    fuzz.assert_served();
    let grown = memory[ROUNDS - 1].saturating_sub(memory[ROUNDS / 3]);
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
        let lines = mutations::TABLE.iter().map(|line| (line.method, line.request));
        let lines = lines.chain(lists::TABLE.iter().map(|line| (line.method, line.request)));
        for (method, request) in lines {
            fuzz.begin_with(method, vec![scene.fill(request)]);
        }
        for (method, messages) in requests::STREAMS {
            fuzz.begin_with(method, messages.iter().map(|json| scene.fill(json)).collect());
        }
        fuzz
    }

    /// A request that should be served.
    fn begin_with(&mut self, method: &str, messages: Vec<Json>) {
        let input = super::method(method).input();
        let read = |json: Json| {
            self.pools.learn_json(&json);
            let read = DynamicMessage::deserialize(input.clone(), &json);
            read.unwrap_or_else(|e| panic!("{method} {json}: {e}"))
        };
        let messages = messages.into_iter().map(read).collect();
        self.served.entry(method.to_owned()).or_default().push(messages);
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
        let mut bytes = Vec::new();
        for message in &messages {
            let mut body = message.encode_to_vec();
            if made == Made::Broken {
                requests::break_bytes(&mut self.rng, &mut body);
            }
            bytes.push(0);
            bytes.extend(u32::try_from(body.len()).expect("below 4 GiB").to_be_bytes());
            bytes.extend(body);
        }
        Call { method: method.clone(), made, messages, bytes }
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

    fn assert_served(&self) {
        let never = self.counts.iter().filter(|(_, (_, served))| *served == 0);
        let never: BTreeSet<&str> = never.map(|(name, _)| name.as_str()).collect();
        let expected: BTreeSet<&str> = NEVER_SERVED.iter().map(|(name, _)| *name).collect();
        assert_eq!(never, expected, "methods of which no request was served");
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
