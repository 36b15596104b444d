//! The rules of the ledger where a reader could choose otherwise, asked of the running service.

mod blocked;
mod closed;
mod corrections;
mod currencies;
mod facts;
mod groups;
mod keys;
mod kinds;
mod promises;
mod ranges;
mod reversal;
mod terms;
mod times;
mod versions;
mod waiting;

use ballast::pb;

fn version(mut document: pb::Document, version: i64) -> pb::Document {
    document.source_version = version;
    document
}
