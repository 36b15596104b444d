//! The contract as descriptors, for tools that know none of it: reflection serves them, and
//! `ballast descriptors` writes them for proxies that translate.

use prost::Message as _;
use prost_types::FileDescriptorSet;

use crate::domain::error::{Error, Result};
use crate::pb;

/// The messages in which an error tells its details (`google.rpc`), and what they import.
pub const ERRORS: &[u8] = tonic_types::pb::FILE_DESCRIPTOR_SET;

/// Everything that a call may answer as one set of files, each of them once.
///
/// # Errors
/// INTERNAL.
pub fn whole() -> Result<Vec<u8>> {
    let read = |bytes: &[u8]| {
        let failed = |e| Error::internal(format!("descriptors cannot be read: {e}"));
        FileDescriptorSet::decode(bytes).map_err(failed)
    };
    let contract = read(pb::FILE_DESCRIPTOR_SET)?;
    let mut rest = read(ERRORS)?;
    rest.file.retain(|file| contract.file.iter().all(|known| known.name != file.name));
    // The bytes of two sets behind each other are the set of the files of both. Those of the contract
    // are kept as they are: decoded, they would lose our options.
    let mut whole = pb::FILE_DESCRIPTOR_SET.to_vec();
    whole.extend(rest.encode_to_vec());
    Ok(whole)
}
