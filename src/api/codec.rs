//! How messages are read from the wire. An empty element of a list is two bytes there and up to a
//! thousand in memory, and what was sent compressed is a thousandth of that: so the bytes of a
//! request are counted through before anything is made of them.

mod scan;
mod shapes;

use std::marker::PhantomData;

use bytes::Buf as _;
use prost::{Message, Name};
use tokio::runtime::{Handle, RuntimeFlavor};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder};
use tonic_prost::{ProstCodec, ProstEncoder};

use scan::check;

/// What the generated clients and servers use.
#[derive(Debug, Clone)]
pub struct ContractCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for ContractCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for ContractCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Name + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = BoundedDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::default().encoder()
    }

    fn decoder(&mut self) -> Self::Decoder {
        BoundedDecoder(PhantomData)
    }
}

/// Decodes a message whose lists are no longer than the contract allows.
#[derive(Debug, Clone)]
pub struct BoundedDecoder<U>(PhantomData<U>);

impl<U: Message + Default + Name> Decoder for BoundedDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        beside(bytes.len(), LARGE_BYTES, || {
            check(&U::full_name(), &bytes)?;
            // The layer of the contract says it in our words.
            U::decode(bytes).map(Some).map_err(|error| Status::internal(error.to_string()))
        })
    }
}

/// A message of as many bytes takes some milliseconds.
const LARGE_BYTES: usize = 128 << 10;

/// Does what takes long beside the calls: the other tasks of this worker go to another thread first.
fn beside<T>(size: usize, large: usize, work: impl FnOnce() -> T) -> T {
    let runtime = Handle::try_current().map(|handle| handle.runtime_flavor());
    match runtime {
        Ok(RuntimeFlavor::MultiThread) if size >= large => tokio::task::block_in_place(work),
        // There is no other thread.
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    use super::*;

    /// Whether a task of the only worker is served while a message is worked at.
    fn is_served_meanwhile(size: usize) -> bool {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build();
        let runtime = runtime.expect("a runtime");
        let served = Arc::new(AtomicBool::new(false));
        let seen = runtime.block_on(async {
            let (other, looked) = (served.clone(), served.clone());
            let work = tokio::spawn(async move {
                tokio::spawn(async move { other.store(true, Ordering::Release) });
                beside(size, LARGE_BYTES, || {
                    let start = Instant::now();
                    while !looked.load(Ordering::Acquire)
                        && start.elapsed() < Duration::from_secs(2)
                    {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    looked.load(Ordering::Acquire)
                })
            });
            work.await
        });
        seen.expect("done")
    }

    #[test]
    fn others_are_served_while_a_large_message_is_decoded() {
        assert!(is_served_meanwhile(LARGE_BYTES));
        assert!(!is_served_meanwhile(LARGE_BYTES - 1), "a small one is not worth a thread");
    }

    #[tokio::test]
    async fn where_there_is_one_thread_it_is_done_there() {
        assert_eq!(beside(LARGE_BYTES, LARGE_BYTES, || 7), 7);
    }
}
