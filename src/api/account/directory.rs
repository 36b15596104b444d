//! SearchDirectory to and from the wire. All faults of a request are named at once.

use std::collections::BTreeSet;

use crate::api::convert::closed_set::{both_ways, one_way};
use crate::api::convert::read;
use crate::api::convert::request::all;
use crate::domain::directory::{
    Found, HITS_DEFAULT, HITS_MAX, Hit, KeyKind, Kind, Match, Named, Question, Search,
    TEXT_CHARS_MAX,
};
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::names::{parse_account, parse_contact, parse_member};
use crate::domain::text;
use crate::pb;
use crate::pb::search_directory_request::Question as Wire;

both_ways! {
    read_kind, write_kind: Kind = DirectoryKind { Account, Member, Contact, Position }
}

one_way! {
    write_key: KeyKind = LookupKind {
        Name, FormerName, TaxId, ExternalRef, Handle, Email, Function, PhoneEnd, Phone
    }
}

pub fn search(request: pb::SearchDirectoryRequest) -> Result<Search> {
    let pb::SearchDirectoryRequest { question, kinds, max_hits } = request;
    let mut violations = Violations::new();
    let question = violations.keep(self::question(question));
    let kinds = self::kinds(&kinds, &mut violations);
    let hits_max = violations.keep(hits_max(max_hits));
    let (question, hits_max) = all(violations, question.zip(hits_max))?;
    Ok(Search { question, kinds, hits_max })
}

fn question(question: Option<Wire>) -> Result<Question, Violation> {
    match question {
        None => Err(read::missing("text")),
        Some(Wire::Text(text)) => {
            text::check("text", text.trim(), 1, TEXT_CHARS_MAX)?;
            Ok(Question::Text(text))
        }
        Some(Wire::Like(name)) if name.starts_with("members/") => {
            parse_member("like", &name).map(|name| Question::Like(Named::Member(name)))
        }
        Some(Wire::Like(name)) if name.starts_with("contacts/") => {
            parse_contact("like", &name).map(|name| Question::Like(Named::Contact(name)))
        }
        Some(Wire::Like(name)) => {
            parse_account("like", &name).map(|name| Question::Like(Named::Account(name)))
        }
    }
}

fn kinds(kinds: &[i32], violations: &mut Violations) -> BTreeSet<Kind> {
    let mut read = BTreeSet::new();
    for (at, kind) in kinds.iter().enumerate() {
        let at = format!("kinds[{at}]");
        if let Some(kind) = violations.keep(read::required_enum(&at, *kind, read_kind))
            && !read.insert(kind)
        {
            violations.add(at, Reason::DuplicateElement, "is the same as one before it");
        }
    }
    read
}

fn hits_max(asked: i32) -> Result<usize, Violation> {
    match usize::try_from(asked) {
        Ok(0) => Ok(HITS_DEFAULT),
        Ok(hits) => Ok(hits.min(HITS_MAX)),
        Err(_) => {
            let what = "must not be negative; 0 means 10, at most 50 are sent";
            Err(Violation::new("max_hits", Reason::FieldInvalid, what))
        }
    }
}

pub fn found(Found { hits, cut }: Found) -> pb::SearchDirectoryResponse {
    pb::SearchDirectoryResponse { hits: hits.into_iter().map(hit).collect(), cut }
}

fn hit(hit: Hit) -> pb::DirectoryHit {
    let Hit { subject, display_name, matches, score_bp, masked } = hit;
    let matched = |found: Match| pb::DirectoryMatch {
        kind: write_key(found.kind).into(),
        value: found.value.into_exposed(),
        system: found.system,
        similarity_bp: found.similarity_bp,
    };
    pb::DirectoryHit {
        name: subject.name(),
        kind: write_kind(subject.kind).into(),
        display_name: display_name.into_exposed(),
        matched_on: matches.into_iter().map(matched).collect(),
        score_bp,
        masked,
    }
}
