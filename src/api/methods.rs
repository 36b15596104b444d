//! The methods we serve and the scope each one needs, read once at start from the descriptors
//! that reflection serves too: there is no second list to forget a method in.

use std::collections::{BTreeSet, HashMap};

use prost_reflect::{DescriptorPool, MethodDescriptor};

use crate::ctx::{CONTACTS_PERSONAL, INTERACTIONS_PRIVATE};
use crate::domain::credit::decide::OVERRIDE;
use crate::domain::error::{Error, Result};
use crate::pb;

/// Full names of our method options.
const ACCESS: &str = "ballast.v1.access";
const LOAD: &str = "ballast.v1.load";
const ROW_SCOPED: &str = "ballast.v1.row_scoped";
/// Foreign contracts that anybody may call: they say nothing about the books.
const OPEN: [&str; 3] = [
    "/grpc.health.v1.Health/",
    "/grpc.reflection.v1.ServerReflection/",
    "/grpc.reflection.v1alpha.ServerReflection/",
];

/// One method of our contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// As in the request: `/ballast.v1.AccountService/GetAccount`.
    pub path: String,
    /// `None` if the contract forgot it: nobody may call it.
    pub scope: Option<String>,
    /// The client, the server or both send more than one message.
    pub streaming: bool,
    /// The client sends more than one message.
    pub client_streaming: bool,
    pub class: Class,
    /// Whether callers are served who may see some accounts alone.
    pub row_scoped: bool,
}

/// What goes first when there are many calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// May this order go out?
    Decision,
    /// Reads and writes that somebody waits for.
    Question,
    /// Reports over the book, exports and imports.
    Bulk,
    /// Watching health, and reflection.
    Open,
}

impl Class {
    pub const COUNT: usize = 4;
    /// Those of our methods.
    pub const OURS: [Self; 3] = [Self::Decision, Self::Question, Self::Bulk];

    pub fn at(self) -> usize {
        self as usize
    }

    /// By the number of the option's value.
    fn of(number: i32) -> Self {
        match pb::LoadClass::try_from(number) {
            Ok(pb::LoadClass::Decision) => Self::Decision,
            Ok(pb::LoadClass::Bulk) => Self::Bulk,
            Ok(pb::LoadClass::Unspecified) | Err(_) => Self::Question,
        }
    }
}

/// What a request path means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    Ours(&'a Method),
    /// Health and reflection.
    Open,
    Unknown,
}

impl Target<'_> {
    /// Streams have no default deadline and are ended at shutdown.
    pub fn is_streaming(&self) -> bool {
        match self {
            Self::Ours(method) => method.streaming,
            // Health's Watch and reflection; Check is over before it matters.
            Self::Open => true,
            Self::Unknown => false,
        }
    }
}

/// Every method of the contract by its path.
#[derive(Debug, Clone)]
pub struct Methods(HashMap<String, Method>);

impl Methods {
    /// Reads the contract this binary was built with.
    pub fn ours() -> Result<Self> {
        let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET)
            .map_err(|e| Error::internal(format!("descriptors: {e}")))?;
        Self::of(&pool)
    }

    fn of(pool: &DescriptorPool) -> Result<Self> {
        let option = |name: &str| {
            let missing = || Error::internal(format!("no option {name} in the descriptors"));
            pool.get_extension_by_name(name).ok_or_else(missing)
        };
        let (access, load) = (option(ACCESS)?, option(LOAD)?);
        let row_scoped = option(ROW_SCOPED)?;
        let read = |method: MethodDescriptor| {
            let options = method.options();
            let scope = options.get_extension(&access).as_str().unwrap_or_default().to_owned();
            let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
            let client_streaming = method.is_client_streaming();
            let streaming = client_streaming || method.is_server_streaming();
            let class = Class::of(options.get_extension(&load).as_enum_number().unwrap_or(0));
            let scope = (!scope.is_empty()).then_some(scope);
            let row_scoped = options.get_extension(&row_scoped).as_bool().unwrap_or(false);
            let method = Method { path, scope, streaming, client_streaming, class, row_scoped };
            (method.path.clone(), method)
        };
        let methods = pool.services().flat_map(|s| s.methods().collect::<Vec<_>>());
        Ok(Self(methods.map(read).collect()))
    }

    pub fn target(&self, path: &str) -> Target<'_> {
        match self.0.get(path) {
            Some(method) => Target::Ours(method),
            None if OPEN.iter().any(|prefix| path.starts_with(prefix)) => Target::Open,
            None => Target::Unknown,
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Method> {
        self.0.values()
    }

    /// Every scope that a caller may hold: those of methods, and those that are asked within one.
    pub fn scopes(&self) -> BTreeSet<&str> {
        let of_methods = self.0.values().filter_map(|method| method.scope.as_deref());
        of_methods.chain([OVERRIDE, CONTACTS_PERSONAL, INTERACTIONS_PRIVATE]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_contract_declares_its_scope() {
        let methods = Methods::ours().expect("descriptors");
        assert!(methods.iter().count() > 30);
        for method in methods.iter() {
            assert!(method.scope.is_some(), "{} declares no scope", method.path);
        }
    }

    #[test]
    fn paths_are_told_apart() {
        let methods = Methods::ours().expect("descriptors");
        let Target::Ours(get) = methods.target("/ballast.v1.AccountService/GetAccount") else {
            panic!("ours");
        };
        assert_eq!(get.scope.as_deref(), Some("accounts.read"));
        assert!(!get.streaming);
        let import = methods.target("/ballast.v1.ReceivableService/ImportDocuments");
        assert!(import.is_streaming());
        assert_eq!(methods.target("/grpc.health.v1.Health/Check"), Target::Open);
        for unknown in ["/ballast.v1.AccountService/Nope", "/", "", "/grpc.health.v1.Healthy/X"] {
            assert_eq!(methods.target(unknown), Target::Unknown);
        }
    }
}
