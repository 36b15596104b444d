//! Accounts, their keys in other systems, their groups and their heads.

mod group;
mod lookup;

pub use lookup::KnownAccount;
