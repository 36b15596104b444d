//! From state to state: ACTIVE and BLOCKED either way, both to DELETED and back to what it was.

use super::{Account, AccountState};
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::names::account_name;
use crate::domain::version;

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

    /// # Errors
    /// ACCOUNT_BLOCKED if it is already, ACCOUNT_DELETED.
    pub fn block(&mut self, reason: String) -> Result<()> {
        self.check_live()?;
        if self.blocked {
            return Err(self.refuse(Reason::AccountBlocked, "is blocked already").into());
        }
        self.blocked = true;
        self.block_reason = reason;
        Ok(())
    }

    /// # Errors
    /// ACCOUNT_NOT_BLOCKED, ACCOUNT_DELETED.
    pub fn unblock(&mut self) -> Result<()> {
        self.check_live()?;
        if !self.blocked {
            return Err(self.refuse(Reason::AccountNotBlocked, "is not blocked").into());
        }
        self.blocked = false;
        self.block_reason.clear();
        Ok(())
    }

    /// Every obstacle at once.
    ///
    /// # Errors
    /// ACCOUNT_DELETED; ACCOUNT_HAS_OPEN_ITEMS (metadata `open_items`), ACCOUNT_HAS_CHILDREN,
    /// ACCOUNT_HAS_RESERVATIONS (metadata `reservations`).
    pub fn delete(&mut self, ties: Ties, now_us: i64) -> Result<()> {
        self.check_live()?;
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
    /// ACCOUNT_NOT_DELETED.
    pub fn undelete(&mut self) -> Result<()> {
        match self.delete_us.take() {
            Some(_) => Ok(()),
            None => Err(self.refuse(Reason::AccountNotDeleted, "is not deleted").into()),
        }
    }

    fn refuse(&self, reason: Reason, description: impl Into<String>) -> Precondition {
        Precondition::new(reason, account_name(&self.id), description)
    }
}
