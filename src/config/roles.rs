//! Roles: named sets of scopes, so that who may call is said by what he does.

use serde::Deserialize;

use super::{Certificate, Token, TokenHash};
use crate::ctx::RowScope;

/// What callers of a kind may do.
#[derive(Debug)]
pub struct Role {
    pub name: &'static str,
    /// Who has it, for people.
    pub meaning: &'static str,
    pub scopes: &'static [&'static str],
}

/// Every role there is.
pub const ROLES: [Role; 8] = [
    Role {
        name: "erp_writer",
        meaning: "The ERP system: brings accounts and documents, and places orders.",
        scopes: &[
            "accounts.read",
            "accounts.write",
            "receivables.read",
            "receivables.write",
            "records.import",
            "credit.read",
            "credit.reserve",
        ],
    },
    Role {
        name: "credit_checker",
        meaning: "Order entry: asks whether orders may go out, and reserves for them.",
        scopes: &["accounts.read", "credit.read", "credit.reserve"],
    },
    Role {
        name: "risk_reader",
        meaning: "Reports on what is owed: reads the ledger, credit and classes.",
        scopes: &["accounts.read", "receivables.read", "credit.read", "tiers.read"],
    },
    Role {
        name: "sales",
        meaning: "Who looks after accounts: keeps contacts and what was said, reads what is owed.",
        scopes: &[
            "accounts.read",
            "people.read",
            "contacts.read",
            "contacts.write",
            "contacts.personal",
            "interactions.read",
            "interactions.write",
            "receivables.read",
            "credit.read",
            "tiers.read",
        ],
    },
    Role {
        name: "service",
        meaning: "Who serves accounts: reads contacts, records what was said.",
        scopes: &[
            "accounts.read",
            "people.read",
            "contacts.read",
            "contacts.personal",
            "interactions.read",
            "interactions.write",
        ],
    },
    Role {
        name: "manager",
        meaning: "Who answers for teams, classes and credit: decides limits, holds, referrals, tiers and gifts.",
        scopes: &[
            "accounts.read",
            "accounts.write",
            "people.read",
            "people.write",
            "contacts.read",
            "contacts.write",
            "contacts.personal",
            "directory.merge",
            "interactions.read",
            "interactions.write",
            "gifts.approve",
            "advice.verify",
            "receivables.read",
            "credit.read",
            "credit.limits",
            "credit.holds",
            "credit.override",
            "tiers.read",
            "tiers.write",
            "tiers.approve",
        ],
    },
    Role {
        name: "auditor",
        meaning: "Reads everything but what is personal, and changes nothing.",
        scopes: &[
            "accounts.read",
            "people.read",
            "contacts.read",
            "interactions.read",
            "receivables.read",
            "credit.read",
            "tiers.read",
        ],
    },
    Role {
        name: "admin",
        meaning: "May do everything: closes periods and sets policies too.",
        scopes: &["*"],
    },
];

/// The scopes that are named, and those of the roles.
fn granted(roles: &[String], scopes: Vec<String>) -> Result<Vec<String>, String> {
    let mut all = scopes;
    for name in roles {
        let Some(role) = ROLES.iter().find(|role| role.name == name) else {
            let known: Vec<&str> = ROLES.iter().map(|role| role.name).collect();
            return Err(format!("{name:?} is no role; there are {}", known.join(", ")));
        };
        all.extend(role.scopes.iter().map(|scope| (*scope).to_owned()));
    }
    all.sort();
    all.dedup();
    Ok(all)
}

/// A token as a file says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenGiven {
    principal: String,
    sha256: TokenHash,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    accounts: RowScope,
}

impl TryFrom<TokenGiven> for Token {
    type Error = String;

    fn try_from(given: TokenGiven) -> Result<Self, String> {
        let TokenGiven { principal, sha256, roles, scopes, accounts } = given;
        Ok(Self { principal, sha256, scopes: granted(&roles, scopes)?, accounts })
    }
}

/// A caller with a certificate as a file says him.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CertificateGiven {
    name: String,
    principal: String,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    accounts: RowScope,
}

impl TryFrom<CertificateGiven> for Certificate {
    type Error = String;

    fn try_from(given: CertificateGiven) -> Result<Self, String> {
        let CertificateGiven { name, principal, roles, scopes, accounts } = given;
        Ok(Self { name, principal, scopes: granted(&roles, scopes)?, accounts })
    }
}
