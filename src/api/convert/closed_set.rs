//! Closed sets of the contract and the domain's, variant by variant: one that is new on either
//! side does not compile until it is placed. `None` is UNSPECIFIED.

/// Both directions of a set that may come in.
macro_rules! both_ways {
    ($($read:ident, $write:ident: $domain:ident = $wire:ident { $($variant:ident),+ $(,)? })+) => {$(
        pub fn $read(value: pb::$wire) -> Option<$domain> {
            match value {
                pb::$wire::Unspecified => None,
                $(pb::$wire::$variant => Some($domain::$variant),)+
            }
        }

        pub fn $write(value: $domain) -> pb::$wire {
            match value { $($domain::$variant => pb::$wire::$variant,)+ }
        }
    )+};
}

/// The way out of sets that never come in.
macro_rules! one_way {
    ($($write:ident: $domain:ident = $wire:ident { $($variant:ident),+ $(,)? })+) => {$(
        pub fn $write(value: $domain) -> pb::$wire {
            match value { $($domain::$variant => pb::$wire::$variant,)+ }
        }
    )+};
}

pub(crate) use {both_ways, one_way};
