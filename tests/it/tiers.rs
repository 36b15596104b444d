//! Tiers, and what they rest on, as callers see them.

mod calendars;
mod policies;
mod runs;
