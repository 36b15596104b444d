//! Asks the questions one after the other and prints each with its command and its answer.

use std::io::Write;

use serde_json::Value;
use tonic::Status;
use tonic::transport::Endpoint;
use tonic_types::{FieldViolation, StatusExt as _};

use super::Demo;
use super::json::Json;
use super::questions::{self, Expected, Question};
use crate::cli::dynamic::Client;

/// How far commands and answers stand to the right, in steps of two columns.
const STEPS: usize = 2;
const INDENT: &str = "    ";

pub(super) async fn tour(demo: &Demo, out: &mut (dyn Write + Send)) -> Result<(), String> {
    let channel = Endpoint::from_shared(format!("http://{}", demo.address))
        .map_err(|e| e.to_string())?
        .connect_lazy();
    let client = Client::new(channel).map_err(|e| e.to_string())?;
    introduce(demo, out)?;
    let (mut wrong, mut last) = (Vec::new(), Value::Null);
    for (number, question) in (1..).zip(questions::all(&demo.company)) {
        let answer = ask(&client, number, &demo.address.to_string(), &question, out).await?;
        if let Err(fault) = check(&question.expected, &answer, &last) {
            write(out, &format!("{INDENT}NOT AS EXPECTED: {fault}\n\n"))?;
            wrong.push(format!("question {number} ({}): {fault}", question.heading));
        }
        last = answer.unwrap_or_default();
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

fn introduce(demo: &Demo, out: &mut (dyn Write + Send)) -> Result<(), String> {
    let (plan, filled_in_ms) = (&demo.company.plan, demo.filled_in_ms);
    let (customers, documents) = (demo.company.customers.len(), demo.filled.posted);
    let (months, eve) = (plan.months, plan.eve());
    let (seconds, tenths) = (filled_in_ms / 1_000, filled_in_ms % 1_000 / 100);
    let lines = [
        format!(
            "A made-up company: {customers} customers, {documents} documents of {months} months up \
             to {eve}, recorded in {seconds}.{tenths} s."
        ),
        format!("The server is at {}, its data in {}.", demo.address, demo.place.described()),
        "What it can be asked follows, each with a command to paste into another terminal.".into(),
    ];
    write(out, &format!("{}\n\n", lines.join("\n")))
}

/// Prints question, command and answer; answers the answer.
async fn ask(
    client: &Client,
    number: usize,
    address: &str,
    question: &Question,
    out: &mut (dyn Write + Send),
) -> Result<Result<Value, Status>, String> {
    let Question { heading, method, request, expected: _, folded, shown } = question;
    let fault = |e: serde_json::Error| format!("question {number}: {e}");
    let command = Json::parse(request).map_err(fault)?.whole(STEPS);
    write(
        out,
        &format!(
            "{number}. {heading}\n\n{INDENT}grpcurl -plaintext -d '{command}' \\\n\
             {INDENT}  {address} {method}\n\n"
        ),
    )?;
    // What is printed is what is sent.
    match client.call(method, &command).await.map_err(|e| format!("question {number}: {e}"))? {
        Ok(answer) => {
            let pretty =
                Json::parse(&answer).map_err(fault)?.folded(folded).shortened(STEPS, *shown);
            write(out, &format!("{INDENT}{pretty}\n\n"))?;
            serde_json::from_str(&answer).map(Ok).map_err(fault)
        }
        Err(status) => {
            write(out, &refusal(&status))?;
            Ok(Err(status))
        }
    }
}

/// Code, message and details of a refusal.
fn refusal(status: &Status) -> String {
    let details = status.get_error_details();
    let reason = details.error_info().map_or("", |info| &info.reason);
    let violations = details.bad_request().map(|b| &b.field_violations[..]).unwrap_or_default();
    let fields = violations.iter().map(|v| v.field.chars().count()).max().unwrap_or(0);
    let reasons = violations.iter().map(|v| v.reason.chars().count()).max().unwrap_or(0);
    let mut lines = vec![
        format!("ERROR {:?}: {}", status.code(), status.message()),
        format!("  reason {reason}"),
    ];
    lines.extend(violations.iter().map(|violation| {
        let FieldViolation { field, reason, description, .. } = violation;
        format!("  at {field:fields$}  {reason:reasons$}  {description}")
    }));
    lines.iter().map(|line| format!("{INDENT}{line}\n")).chain(["\n".to_owned()]).collect()
}

/// Whether the answer is as it must be; else what is wrong with it.
fn check(expected: &Expected, answer: &Result<Value, Status>, last: &Value) -> Result<(), String> {
    let (pointer, answer) = match (expected, answer) {
        (Expected::Refusal(reasons), Err(status)) => {
            let details = status.get_error_details();
            let found = details.bad_request().map(|b| &b.field_violations[..]).unwrap_or_default();
            let found: Vec<&str> = found.iter().map(|violation| &*violation.reason).collect();
            let complete = reasons.iter().all(|reason| found.contains(reason));
            return if complete { Ok(()) } else { Err(format!("refused for {found:?}")) };
        }
        (Expected::Refusal(reasons), Ok(_)) => return Err(format!("not refused for {reasons:?}")),
        (_, Err(status)) => return Err(format!("refused: {}", status.message())),
        (Expected::Some(at) | Expected::Is(at, _) | Expected::Other(at), Ok(answer)) => {
            (*at, answer)
        }
    };
    let found = answer.pointer(pointer).ok_or_else(|| format!("nothing at {pointer}"))?;
    match expected {
        Expected::Is(_, value) if found != value => Err(format!("{found} at {pointer}")),
        Expected::Other(_) if last.pointer(pointer) == Some(found) => {
            Err(format!("{found} at {pointer}, as before"))
        }
        _ => Ok(()),
    }
}

fn write(out: &mut (dyn Write + Send), text: &str) -> Result<(), String> {
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| format!("cannot print: {e}"))
}
