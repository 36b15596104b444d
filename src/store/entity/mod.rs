//! The tables, each described once: columns with their types, and the way to domain types and back.
//!
//! Private to the store. Entities have no relations: what belongs together is read in one statement or
//! written in one transaction by the functions of the store.

pub mod account;
pub mod account_due;
pub mod account_head;
pub mod account_label;
pub mod account_link;
pub mod account_merge;
pub mod account_owner;
pub mod account_ref;
pub mod account_signal;
pub mod account_team;
pub mod advice;
pub mod allocation;
pub mod allocation_reset;
pub mod audit;
pub mod audit_pending;
pub mod audit_seal;
pub mod book_due;
pub mod book_move;
pub mod book_revision;
pub mod book_rolled;
pub mod clearing;
pub mod clearing_request;
pub mod clearing_status;
pub mod commitment;
pub mod commitment_delegation;
pub mod commitment_evidence;
pub mod contact;
pub mod contact_erased;
pub mod contact_label;
pub mod contact_merge;
pub mod contact_occasion;
pub mod contact_ref;
pub mod control_total;
pub mod credit_decision;
pub mod credit_exposure;
pub mod credit_hold;
pub mod credit_limit;
pub mod credit_policy;
pub mod credit_policy_activation;
pub mod credit_reservation;
pub mod credit_reservation_document;
pub mod credit_security;
pub mod credit_standing;
pub mod dispute;
pub mod dispute_end;
pub mod dispute_item;
pub mod document;
pub mod document_end;
pub mod document_key;
pub mod edge;
pub mod edge_day;
pub mod entry;
pub mod exchange_rate;
pub mod finding_snooze;
pub mod gift;
pub mod handover;
pub mod handover_item;
pub mod idempotency;
pub mod import_run;
pub mod incumbency;
pub mod interaction;
pub mod interaction_contact;
pub mod interaction_member;
pub mod interaction_past;
pub mod item;
pub mod job_lease;
pub mod lookup_gram;
pub mod lookup_key;
pub mod member;
pub mod member_principal;
pub mod member_ref;
pub mod outbox;
pub mod period_close;
pub mod policy_activation;
pub mod policy_version;
pub mod position;
pub mod promise;
pub mod promise_end;
pub mod promise_item;
pub mod promise_said;
pub mod record_key;
pub mod seal;
pub mod source_system;
pub mod team_member;
pub mod tie;
pub mod tier_assignment;
pub mod tier_override;
pub mod tier_run;
pub mod tier_value;
pub mod tier_value_set;
pub mod timeline;

#[cfg(test)]
mod tests;

/// Every entity by name, as `macro!(account, account_head, …)`.
#[cfg(test)]
macro_rules! every_entity {
    ($then:ident) => {
        $then!(
            account,
            account_due,
            account_head,
            account_label,
            account_link,
            account_owner,
            account_merge,
            account_ref,
            account_signal,
            account_team,
            advice,
            allocation,
            allocation_reset,
            audit,
            audit_pending,
            audit_seal,
            book_due,
            book_move,
            book_revision,
            book_rolled,
            clearing,
            clearing_request,
            clearing_status,
            contact,
            contact_erased,
            commitment,
            commitment_delegation,
            commitment_evidence,
            contact_label,
            contact_merge,
            contact_occasion,
            contact_ref,
            control_total,
            credit_decision,
            credit_exposure,
            credit_hold,
            credit_limit,
            credit_policy,
            credit_policy_activation,
            credit_reservation,
            credit_reservation_document,
            credit_security,
            credit_standing,
            dispute,
            dispute_end,
            dispute_item,
            document,
            document_end,
            document_key,
            edge,
            edge_day,
            entry,
            exchange_rate,
            finding_snooze,
            handover,
            handover_item,
            gift,
            idempotency,
            import_run,
            incumbency,
            interaction,
            interaction_contact,
            interaction_member,
            interaction_past,
            item,
            job_lease,
            lookup_gram,
            lookup_key,
            member,
            member_principal,
            member_ref,
            outbox,
            period_close,
            policy_activation,
            policy_version,
            position,
            promise,
            promise_end,
            promise_item,
            promise_said,
            record_key,
            seal,
            source_system,
            team_member,
            tie,
            tier_assignment,
            tier_override,
            tier_run,
            tier_value,
            tier_value_set,
            timeline
        )
    };
}
#[cfg(test)]
pub(super) use every_entity;
