//! Accounts, their keys in other systems, their groups and their heads.

pub mod lookup;
