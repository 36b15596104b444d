//! The parameters of a statement that is put together from parts, and what restricts it.

use sea_orm::{ConnectionTrait, Value};

use super::Whose;
use crate::domain::ledger::Narrow;
use crate::store::rows::Set;

/// Values in the order of their placeholders. The text depends on which parts a statement has,
/// never on a value.
#[derive(Debug, Default)]
pub(super) struct Params {
    values: Vec<Value>,
}

impl Params {
    /// The placeholder of a value.
    pub fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// A set of rows as a table.
    pub fn table(&mut self, conn: &impl ConnectionTrait, alias: &str, set: Set) -> String {
        let backend = conn.get_database_backend();
        let table = set.table(backend, alias, self.values.len() + 1);
        self.values.extend(set.into_values(backend));
        table
    }

    pub fn into_values(self) -> Vec<Value> {
        self.values
    }
}

/// Whose rows and which of them, bound once and used at every table of the statement.
#[derive(Debug)]
pub(super) struct Slice {
    accounts: Option<String>,
    /// Placeholder of the account, if it is one.
    single: Option<String>,
    company: Option<String>,
    currency: Option<String>,
}

impl Slice {
    pub fn bind(
        conn: &impl ConnectionTrait,
        params: &mut Params,
        whose: &Whose,
        narrow: &Narrow,
    ) -> Self {
        let (accounts, single) = match whose {
            Whose::Account(id) => {
                let id = params.bind(id.as_str());
                (Some(format!("= {id}")), Some(id))
            }
            Whose::Accounts(ids) => {
                let set = params.table(conn, "s", Set::one(ids));
                (Some(format!("IN (SELECT v FROM {set})")), None)
            }
            Whose::Book => (None, None),
        };
        Self {
            accounts,
            single,
            company: narrow.company_code.as_deref().map(|code| params.bind(code)),
            currency: narrow.currency.map(|currency| params.bind(currency.code())),
        }
    }

    /// Whether all accounts are meant.
    pub fn is_book(&self) -> bool {
        self.accounts.is_none()
    }

    /// The condition on a column with an account's id.
    pub fn account(&self, column: &str) -> String {
        match &self.accounts {
            Some(test) => format!("{column} {test}"),
            None => "TRUE".to_owned(),
        }
    }

    /// The currencies each account ever had an item in. Those of a single account are told by
    /// currency alone, so that a planner expects few.
    pub fn pairs(&self) -> String {
        match &self.single {
            Some(id) => format!(
                "SELECT CAST({id} AS TEXT) AS account_id, currency FROM account_due \
                 WHERE account_id = {id} GROUP BY currency"
            ),
            None => format!(
                "SELECT account_id, currency FROM account_due WHERE {whose} \
                 GROUP BY account_id, currency",
                whose = self.account("account_id")
            ),
        }
    }

    /// That a column has the account of another. Of a single account its parameter says so, along whose
    /// index a planner goes whatever it expects of the other rows.
    pub fn same_account(&self, column: &str, other: &str) -> String {
        format!("{column} = {}", self.single.as_deref().unwrap_or(other))
    }

    /// The conditions on company and currency of a table, each with a leading AND.
    pub fn narrow(&self, alias: &str) -> String {
        let test = |column: &str, placeholder: &Option<String>| match placeholder {
            Some(placeholder) => format!(" AND {alias}.{column} = {placeholder}"),
            None => String::new(),
        };
        test("company_code", &self.company) + &test("currency", &self.currency)
    }
}
