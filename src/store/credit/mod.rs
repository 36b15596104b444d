//! Credit: what it is ruled by.

pub(in crate::store) mod holds;
pub(in crate::store) mod limits;
pub(in crate::store) mod policies;
pub(in crate::store) mod securities;
