//! Tiers, and what they rest on, as callers see them.

mod calendars;
mod overrides;
mod policies;
mod runs;
