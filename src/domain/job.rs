//! What somebody at a customer does, and how high he stands.

use super::stored::stored_enum;

stored_enum! {
    /// What a position does.
    pub enum Function {
        Procurement => "PROCUREMENT",
        Production => "PRODUCTION",
        Technology => "TECHNOLOGY",
        Quality => "QUALITY",
        Logistics => "LOGISTICS",
        Marketing => "MARKETING",
        Finance => "FINANCE",
        Legal => "LEGAL",
        Management => "MANAGEMENT",
        Other => "OTHER",
    }
}

stored_enum! {
    /// How high a position stands, the lowest first.
    pub enum Level {
        Staff => "STAFF",
        Manager => "MANAGER",
        Executive => "EXECUTIVE",
    }
}
