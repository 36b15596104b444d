//! What records are found by. It is written in the transaction that writes the record, by whoever
//! writes it: see [`write`].

mod find;
mod write;

pub(super) use write::{add, pieces, write};
