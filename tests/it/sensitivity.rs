//! Personal fields of the contract are those of the domain: who adds one to either says so in the
//! other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ballast::pb::{FILE_DESCRIPTOR_SET, Sensitivity};
use prost_reflect::{DescriptorPool, FieldDescriptor};

use crate::support::rust_files;

/// Where a field of a domain type that is `Personal` stands in the contract.
const FIELDS: &[(&str, &str)] = &[
    ("Account.block_reason", "Account.block_reason"),
    ("Address.value", "ContactAddress.value"),
    ("Advice.text", "Advice.text"),
    ("Amended.reason", "Interaction.amend_reason"),
    ("Assignment.reason", "TierAssignment.reason"),
    ("Clearing.reset", "Clearing.reset_reason"),
    ("Contact.display_name", "Contact.display_name"),
    ("Contact.former_names", "Contact.former_names"),
    ("Contact.latin_name", "Contact.latin_name"),
    ("Commitment.text", "Commitment.text"),
    ("Decision.override_reason", "CreditDecision.override_reason"),
    ("Dispute.note", "Dispute.note"),
    ("DocumentEnd.reason", "Document.reverse_reason"),
    ("Draft.note", "Document.note"),
    ("Ending.reason", "Document.reverse_reason"),
    ("Evidence.note", "CommitmentEvidence.note"),
    ("Handover.end_reason", "Handover.end_reason"),
    ("Handover.reason", "Handover.reason"),
    ("Gift.occasion", "Gift.occasion"),
    ("GiftDecision.reason", "Gift.decide_reason"),
    ("Hit.display_name", "DirectoryHit.display_name"),
    ("Hold.reason", "CreditHold.reason"),
    ("Incumbency.leave_reason", "Incumbency.leave_reason"),
    ("Incumbency.reason", "Incumbency.reason"),
    ("Interaction.notes", "Interaction.notes"),
    ("Interaction.purpose", "Interaction.purpose"),
    ("Limit.approver", "CreditLimit.approver"),
    ("Limit.reason", "CreditLimit.reason"),
    ("Match.value", "DirectoryMatch.value"),
    ("Member.deactivate_reason", "Member.deactivate_reason"),
    ("Member.display_name", "Member.display_name"),
    ("Member.principals", "Member.principals"),
    ("MemberFilter.principal", "ListMembersRequest.principal"),
    ("Membership.end_reason", "TeamMembership.end_reason"),
    ("Membership.reason", "TeamMembership.reason"),
    ("NextHook.topic", "NextHook.topic"),
    ("Preference.source", "ContactPreference.source"),
    ("Preference.value", "ContactPreference.value"),
    ("Promise.promised_by", "PromiseToPay.promised_by"),
    ("Reason.hold_reason", "CreditReason.hold_reason"),
    ("Release.reason", "CreditHold.release_reason"),
    ("Reservation.cancel_reason", "CreditReservation.cancel_reason"),
    ("Reset.reason", "Clearing.reset_reason"),
    ("Settled.reason", "Commitment.settle_reason"),
    ("Snooze.reason", "FindingSnooze.reason"),
    ("Seating.reason", "Incumbency.reason"),
    ("SecurityEnd.reason", "CreditSecurity.end_reason"),
    ("Tie.end_reason", "Tie.end_reason"),
    ("Tie.review_reason", "Tie.review_reason"),
    ("AccountMerge.reason", "ContactMerge.reason"),
    ("Merge.reason", "ContactMerge.reason"),
    ("MergedRecord.reason", "MergedContact.reason"),
    ("Undone.reason", "ContactMerge.undo_reason"),
    ("Tie.source", "Tie.source"),
    ("TierOverride.end_reason", "TierOverride.end_reason"),
    ("TierOverride.reason", "TierOverride.reason"),
    ("Verification.evidence", "AdviceVerification.evidence"),
];

/// What is personal and no text: its type in the domain neither prints nor writes it into answers that
/// are kept.
const DAYS: &[(&str, &[&str])] =
    &[("Occasion.on", &["ContactOccasion.month", "ContactOccasion.day"])];

/// Fields of requests that become one of them, and of answers that repeat one; those of a resource are
/// [`FIELDS`].
const GIVEN: &[(&str, &str)] = &[
    ("AmendInteractionRequest.reason", "Interaction.amend_reason"),
    ("AmendReservationRequest.override_reason", "CreditDecision.override_reason"),
    ("BlockAccountRequest.reason", "Account.block_reason"),
    ("CancelInteractionRequest.reason", "Interaction.amend_reason"),
    ("CancelReservationRequest.reason", "CreditReservation.cancel_reason"),
    ("DeactivateMemberRequest.reason", "Member.deactivate_reason"),
    ("DecideGiftRequest.reason", "Gift.decide_reason"),
    ("DecideReferralRequest.approver", "CreditDecision.override_reason"),
    ("DecideReferralRequest.reason", "CreditDecision.override_reason"),
    ("EndCreditSecurityRequest.reason", "CreditSecurity.end_reason"),
    ("OpenDisputeRequest.note", "Dispute.note"),
    ("AssignTeamMemberRequest.reason", "TeamMembership.reason"),
    ("TeamRecord.reason", "TeamMembership.reason"),
    ("IncumbencyRecord.reason", "Incumbency.reason"),
    ("CommitmentRecord.settle_reason", "Commitment.settle_reason"),
    ("DecideTierChangeRequest.reason", "TierAssignment.reason"),
    ("EndTierOverrideRequest.reason", "TierOverride.end_reason"),
    ("OverrideTierRequest.reason", "TierOverride.reason"),
    ("SettleCommitmentRequest.reason", "Commitment.settle_reason"),
    ("EndTeamMembershipRequest.reason", "TeamMembership.end_reason"),
    ("ClearTieReviewRequest.reason", "Tie.review_reason"),
    ("EndTieRequest.reason", "Tie.end_reason"),
    ("PowerNode.display_name", "Contact.display_name"),
    ("AdvanceHandoverRequest.reason", "Handover.end_reason"),
    ("BriefAttendee.display_name", "Contact.display_name"),
    ("BriefHook.topic", "NextHook.topic"),
    ("SettledCommitment.reason", "Commitment.settle_reason"),
    ("MoveContactRequest.reason", "Incumbency.reason"),
    ("MergeRecordsRequest.reason", "ContactMerge.reason"),
    ("UndoMergeRequest.reason", "ContactMerge.undo_reason"),
    ("MergedContact.display_name", "Contact.display_name"),
    ("MergedContact.latin_name", "Contact.latin_name"),
    ("MergedContact.former_names", "Contact.former_names"),
    ("TransferAccountsRequest.reason", "TeamMembership.reason"),
    ("PlaceCreditHoldRequest.reason", "CreditHold.reason"),
    ("RecordPromiseToPayRequest.promised_by", "PromiseToPay.promised_by"),
    ("ReleaseCreditHoldRequest.reason", "CreditHold.release_reason"),
    ("SnoozeFindingRequest.reason", "FindingSnooze.reason"),
    ("ReserveCreditRequest.override_reason", "CreditDecision.override_reason"),
    ("ResetClearingRequest.reason", "Clearing.reset_reason"),
    ("ReverseDocumentRequest.reason", "Document.reverse_reason"),
    ("SearchDirectoryRequest.text", "DirectoryHit.display_name"),
    ("VerifyAdviceRequest.evidence", "AdviceVerification.evidence"),
    ("WriteOffItemRequest.reason", "Document.note"),
];

/// The fields of structs in `src/domain` whose type has the word `Personal` in it.
fn personal_in_domain() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain")) {
        let text = std::fs::read_to_string(&file).expect("read");
        let mut owner = String::new();
        for line in text.lines().map(str::trim) {
            if let Some(rest) = line.strip_prefix("pub struct ") {
                let name = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
                owner = name.to_owned();
            }
            let field = line.strip_prefix("pub ").and_then(|rest| rest.split_once(": "));
            let Some((field, kind)) = field else { continue };
            let is_name = |field: &str| field.chars().all(|c| c.is_alphanumeric() || c == '_');
            if is_name(field)
                && kind.split(|c: char| !c.is_alphanumeric()).any(|word| word == "Personal")
            {
                found.insert(format!("{owner}.{field}"));
            }
        }
    }
    found
}

fn sensitivity(field: &FieldDescriptor) -> i32 {
    let pool = field.parent_pool();
    let option = pool.get_extension_by_name("ballast.v1.sensitivity").expect("the option");
    field.options().get_extension(&option).as_enum_number().unwrap_or_default()
}

/// Whether the contract says that a field is personal.
pub fn is_personal(field: &FieldDescriptor) -> bool {
    sensitivity(field) == Sensitivity::Personal as i32
}

/// A field as it is listed here: `Member.display_name`.
pub fn field_name(field: &FieldDescriptor) -> String {
    format!("{}.{}", field.parent_message().name(), field.name())
}

/// The fields of the contract with a sensitivity, and which.
fn sensitive_in_contract() -> BTreeMap<String, i32> {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
    let ours = pool.all_messages().filter(|message| message.package_name() == "ballast.v1");
    ours.flat_map(|message| message.fields().collect::<Vec<_>>())
        .map(|field| (field_name(&field), sensitivity(&field)))
        .filter(|(_, sensitivity)| *sensitivity != 0)
        .collect()
}

#[test]
fn what_is_personal_in_the_domain_is_personal_in_the_contract() {
    let listed: BTreeSet<String> = FIELDS.iter().map(|(domain, _)| (*domain).to_owned()).collect();
    assert_eq!(personal_in_domain(), listed, "fields of type Personal, and those listed here");

    let personal = Sensitivity::Personal as i32;
    let sent = FIELDS.iter().map(|(_, contract)| *contract);
    let expected: BTreeMap<String, i32> = sent
        .chain(DAYS.iter().flat_map(|(_, fields)| *fields).copied())
        .chain(GIVEN.iter().map(|(request, _)| *request))
        .map(|field| (field.to_owned(), personal))
        .collect();
    assert_eq!(sensitive_in_contract(), expected, "fields with the option, and those listed here");
    for (request, becomes) in GIVEN {
        assert!(expected.contains_key(*becomes), "{request} becomes {becomes}");
    }
}
