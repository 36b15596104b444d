//! From state to state: ACTIVE and BLOCKED either way, both to DELETED and back to what it was.

use super::{Account, AccountState};
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::machine::{self, Transition};
use crate::domain::names::account_name;
use crate::domain::personal::Personal;
use crate::domain::stored::stored_enum;
use crate::domain::version;

stored_enum! {
    pub enum AccountVerb {
        Block => "BLOCK",
        Unblock => "UNBLOCK",
        Delete => "DELETE",
        Undelete => "UNDELETE",
    }
}

/// What may become of an account.
pub const STATES: &[Transition<AccountState, AccountVerb>] = &[
    Transition {
        verb: AccountVerb::Block,
        from: &[AccountState::Active],
        to: AccountState::Blocked,
    },
    Transition {
        verb: AccountVerb::Unblock,
        from: &[AccountState::Blocked],
        to: AccountState::Active,
    },
    Transition {
        verb: AccountVerb::Delete,
        from: &[AccountState::Active, AccountState::Blocked],
        to: AccountState::Deleted,
    },
    // BLOCKED if it was when it was deleted: the block stays with it.
    Transition {
        verb: AccountVerb::Undelete,
        from: &[AccountState::Deleted],
        to: AccountState::Active,
    },
];

/// What stands in the way of deleting an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ties {
    pub open_items: u64,
    pub live_children: u64,
    /// Orders for which something is reserved.
    pub reservations: i64,
}

impl Account {
    /// Refuses a version that was read before somebody else changed the account.
    ///
    /// # Errors
    /// ETAG_MISMATCH.
    pub fn check_version(&self, read: i64) -> Result<()> {
        version::check("account", account_name(&self.id), self.version, read)
    }

    /// # Errors
    /// ACCOUNT_DELETED.
    pub fn check_live(&self) -> Result<()> {
        match self.state() {
            AccountState::Deleted => Err(self.refuse(Reason::AccountDeleted, "is deleted").into()),
            AccountState::Active | AccountState::Blocked => Ok(()),
        }
    }

    /// Whether the verb is allowed now.
    ///
    /// # Errors
    /// STATE_WRONG.
    pub fn check(&self, verb: AccountVerb) -> Result<()> {
        machine::advance(STATES, &account_name(&self.id), self.state(), verb).map(drop)
    }

    /// # Errors
    /// STATE_WRONG.
    pub fn block(&mut self, reason: Personal) -> Result<()> {
        self.check(AccountVerb::Block)?;
        self.blocked = true;
        self.block_reason = reason;
        Ok(())
    }

    /// # Errors
    /// STATE_WRONG.
    pub fn unblock(&mut self) -> Result<()> {
        self.check(AccountVerb::Unblock)?;
        self.blocked = false;
        self.block_reason = Personal::default();
        Ok(())
    }

    /// Every obstacle at once.
    ///
    /// # Errors
    /// STATE_WRONG; ACCOUNT_HAS_OPEN_ITEMS (metadata `open_items`), ACCOUNT_HAS_CHILDREN,
    /// ACCOUNT_HAS_RESERVATIONS (metadata `reservations`).
    pub fn delete(&mut self, ties: Ties, now_us: i64) -> Result<()> {
        self.check(AccountVerb::Delete)?;
        let Ties { open_items, live_children, reservations } = ties;
        let mut obstacles = Vec::new();
        if open_items > 0 {
            let description = format!("has {open_items} open items: settle them first");
            let obstacle = self.refuse(Reason::AccountHasOpenItems, description);
            obstacles.push(obstacle.with("open_items", open_items));
        }
        if live_children > 0 {
            let description = format!("{live_children} accounts belong to it: move them first");
            obstacles.push(self.refuse(Reason::AccountHasChildren, description));
        }
        if reservations > 0 {
            let description = format!("{reservations} orders are reserved: cancel them first");
            let obstacle = self.refuse(Reason::AccountHasReservations, description);
            obstacles.push(obstacle.with("reservations", reservations));
        }
        if !obstacles.is_empty() {
            return Err(Error::FailedPrecondition(obstacles));
        }
        self.delete_us = Some(now_us);
        Ok(())
    }

    /// # Errors
    /// STATE_WRONG.
    pub fn undelete(&mut self) -> Result<()> {
        self.check(AccountVerb::Undelete)?;
        self.delete_us = None;
        Ok(())
    }

    fn refuse(&self, reason: Reason, description: impl Into<String>) -> Precondition {
        Precondition::new(reason, account_name(&self.id), description)
    }
}
