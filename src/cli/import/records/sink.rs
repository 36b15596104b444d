//! Where records go: into the database, or to a server. Both answer alike.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use super::super::errors::Fault;
use super::super::remote::{explain, out_of_turn};
use crate::api::account::record;
use crate::cli::server::Server;
use crate::ctx::Ctx;
use crate::pb;
use crate::service::records::RecordImport;
use pb::account_service_client::AccountServiceClient;
use pb::import_records_request::Step as Ask;
use pb::import_records_response::Step as Answer;

/// What became of a record.
pub(super) struct Came {
    pub outcome: pb::RecordOutcome,
    /// Of the resource; empty if there is none.
    pub name: String,
    pub faults: Vec<Fault>,
    /// Names of what it may be the same as.
    pub duplicates: Vec<String>,
}

/// What became of a record that had to wait.
pub(super) struct Waited {
    pub sequence: i64,
    pub position: i32,
    pub came: Came,
}

/// In this process, with the use case that the server has.
pub(in crate::cli::import) struct Local {
    pub import: RecordImport,
    pub ctx: Ctx,
}

/// What an answer may have: the last one tells of each record that waited.
const SUMMARY_BYTES_MAX: usize = 64 << 20;

pub(in crate::cli::import) enum Sink {
    Local(Box<Local>),
    Remote(Box<Remote>),
}

/// The stream of a server.
pub(in crate::cli::import) struct Remote {
    requests: mpsc::Sender<pb::ImportRecordsRequest>,
    answers: Streaming<pb::ImportRecordsResponse>,
}

impl Sink {
    /// Opens the import.
    pub async fn remote(server: &Server, header: pb::RecordsHeader) -> Result<Self, String> {
        // The end tells of each record that waited.
        let client = AccountServiceClient::new(server.channel());
        let mut client = client.max_decoding_message_size(SUMMARY_BYTES_MAX);
        let (requests, queue) = mpsc::channel(1);
        // Before the call: a server may answer it only once it has the header.
        let header = Ask::Header(header);
        let send = requests.send(pb::ImportRecordsRequest { step: Some(header) });
        send.await.map_err(|_| "the stream ended before it began".to_owned())?;
        let call = server.call(ReceiverStream::new(queue));
        let answers = client.import_records(call).await.map_err(|s| explain(&s))?.into_inner();
        let mut remote = Remote { requests, answers };
        match remote.answer().await? {
            Answer::Started(_) => Ok(Self::Remote(Box::new(remote))),
            _ => Err(out_of_turn()),
        }
    }

    pub(super) async fn chunk(
        &mut self,
        sequence: i64,
        records: Vec<pb::Record>,
    ) -> Result<Vec<Came>, String> {
        let chunk = pb::RecordsChunk { sequence, records };
        let acknowledged = match self {
            Self::Local(local) => {
                let Local { import, ctx } = &mut **local;
                record::chunk(ctx, import, chunk).await.map_err(|e| e.to_string())?
            }
            Self::Remote(remote) => match remote.ask(Ask::Chunk(chunk)).await? {
                Answer::Acknowledgement(acknowledged) => acknowledged,
                _ => return Err(out_of_turn()),
            },
        };
        acknowledged.results.into_iter().map(came).collect()
    }

    pub(super) async fn finish(&mut self) -> Result<Vec<Waited>, String> {
        let summary = match self {
            Self::Local(local) => {
                let Local { import, ctx } = &mut **local;
                record::summary(import.finish(ctx).await.map_err(|e| e.to_string())?)
            }
            Self::Remote(remote) => match remote.ask(Ask::Finish(pb::RecordsFinish {})).await? {
                Answer::Summary(summary) => summary,
                _ => return Err(out_of_turn()),
            },
        };
        let waited =
            summary.waited.into_iter().map(|pb::RecordWaited { sequence, position, result }| {
                Ok(Waited { sequence, position, came: came(result.unwrap_or_default())? })
            });
        waited.collect()
    }
}

impl Remote {
    async fn ask(&mut self, step: Ask) -> Result<Answer, String> {
        // If the call has ended, its status says why.
        let _ = self.requests.send(pb::ImportRecordsRequest { step: Some(step) }).await;
        self.answer().await
    }

    async fn answer(&mut self) -> Result<Answer, String> {
        let answer = self.answers.message().await.map_err(|s| explain(&s))?;
        answer.and_then(|answer| answer.step).ok_or_else(out_of_turn)
    }
}

fn came(result: pb::RecordResult) -> Result<Came, String> {
    let outcome = result.outcome();
    if outcome == pb::RecordOutcome::Unspecified {
        return Err(out_of_turn());
    }
    let pb::RecordResult { outcome: _, name, faults, duplicates } = result;
    let fault = |fault: pb::ImportFault| {
        let pb::ImportFault { reason, field, description } = fault;
        Fault { reason, field, description }
    };
    Ok(Came { outcome, name, faults: faults.into_iter().map(fault).collect(), duplicates })
}
