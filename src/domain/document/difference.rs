//! What tells two forms of a document apart, by the names of the contract. Names only: what the
//! fields say may be about persons.

use super::Draft;

impl Draft<String> {
    /// The fields in which two forms of one document differ, in the order of the contract; their
    /// versions are not compared.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let mut found = self.differences_that_count(other);
        let details = [
            ("sold_to", self.sold_to != other.sold_to),
            ("bill_to", self.bill_to != other.bill_to),
            ("net", self.net != other.net),
            ("tax", self.tax != other.tax),
            ("instalments", self.instalments != other.instalments),
            ("terms", self.terms != other.terms),
            ("baseline_dates", self.baseline_dates != other.baseline_dates),
            ("clears", self.clears != other.clears),
            ("adjustment_reason", self.adjustment_reason != other.adjustment_reason),
            ("order_ref", self.order_ref != other.order_ref),
            ("contract_ref", self.contract_ref != other.contract_ref),
            ("project_ref", self.project_ref != other.project_ref),
            ("note", self.note != other.note),
        ];
        found.extend(differing(details));
        found
    }

    /// Those of them that make it another document: who owes or paid how much, and when.
    pub fn differences_that_count(&self, other: &Self) -> Vec<&'static str> {
        let mut found = self.differences_that_last(other);
        found.extend(differing([
            ("side", self.side != other.side),
            ("gross", self.gross != other.gross),
            ("document_date", self.document_date != other.document_date),
            ("posting_date", self.posting_date != other.posting_date),
        ]));
        found
    }

    /// Those of them that no version may change.
    pub fn differences_that_last(&self, other: &Self) -> Vec<&'static str> {
        differing([
            ("payer", self.payer != other.payer),
            ("kind", self.kind != other.kind),
            ("gross.currency_code", self.currency != other.currency),
        ])
    }
}

fn differing<const N: usize>(fields: [(&'static str, bool); N]) -> Vec<&'static str> {
    fields.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}
