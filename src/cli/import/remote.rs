//! An import into a running server, over its own stream.

use std::collections::HashMap;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use super::encode;
use super::errors::Fault;
use super::outcome::{Outcome, Progress};
use super::report::Summary;
use crate::cli::server::Server;
use crate::domain::document::{Draft, PostOutcome};
use crate::domain::import::{ClearingStatus, ImportHeader};
use crate::domain::names::AccountRef;
use crate::pb;
use pb::import_documents_request::Step as Ask;
use pb::import_documents_response::Step as Answer;
use pb::receivable_service_client::ReceivableServiceClient;

/// As large a message as the server may send.
const MESSAGE_BYTES_MAX: usize = 64 << 20;

pub(super) struct Remote {
    requests: mpsc::Sender<pb::ImportDocumentsRequest>,
    answers: Streaming<pb::ImportDocumentsResponse>,
    acknowledged: i64,
    finished: bool,
}

impl Remote {
    /// Opens the import.
    pub async fn open(server: &Server, header: &ImportHeader) -> Result<Self, String> {
        let mut client = ReceivableServiceClient::new(server.channel())
            .max_decoding_message_size(MESSAGE_BYTES_MAX);
        let (requests, queue) = mpsc::channel(1);
        // Before the call: a server may answer it only once it has the header.
        let send = requests.send(request(Ask::Header(encode::header(header))));
        send.await.map_err(|_| "the stream ended before it began".to_owned())?;
        let call = server.call(ReceiverStream::new(queue));
        let answers = client.import_documents(call).await.map_err(|s| explain(&s))?.into_inner();
        let mut remote = Self { requests, answers, acknowledged: 0, finished: false };
        match remote.answer().await? {
            Answer::Started(started) => {
                remote.acknowledged = started.acknowledged_sequence;
                remote.finished = started.finished;
            }
            _ => return Err(out_of_turn()),
        }
        Ok(remote)
    }

    pub fn acknowledged(&self) -> i64 {
        self.acknowledged
    }

    pub fn is_finished(&self) -> bool {
        self.finished
    }

    pub async fn chunk(
        &mut self,
        sequence: i64,
        documents: Vec<Draft<AccountRef>>,
        names: HashMap<AccountRef, String>,
        statuses: Vec<ClearingStatus>,
    ) -> Result<Vec<Outcome>, String> {
        self.ask(Ask::Chunk(encode::chunk(sequence, documents, names, statuses))).await?;
        match self.answer().await? {
            Answer::Acknowledgement(acknowledgement) if acknowledgement.sequence == sequence => {
                acknowledgement.results.into_iter().map(outcome).collect()
            }
            _ => Err(out_of_turn()),
        }
    }

    pub async fn finish(
        &mut self,
        rows_left_out: i64,
        progress: Progress<'_>,
    ) -> Result<Summary, String> {
        self.ask(Ask::Finish(pb::ImportFinish { rows_left_out })).await?;
        loop {
            match self.answer().await? {
                Answer::Progress(p) => progress(p.clearings_applied, p.clearings_waiting),
                Answer::Summary(summary) => return encode::summary(summary),
                _ => return Err(out_of_turn()),
            }
        }
    }

    async fn ask(&mut self, step: Ask) -> Result<(), String> {
        if self.requests.send(request(step)).await.is_ok() {
            return Ok(());
        }
        // The call has ended; its status says why.
        match self.answers.message().await {
            Err(status) => Err(explain(&status)),
            Ok(_) => Err("the server ended the import; run the same command again".into()),
        }
    }

    async fn answer(&mut self) -> Result<Answer, String> {
        match self.answers.message().await {
            Ok(Some(pb::ImportDocumentsResponse { step: Some(step), revision: _ })) => Ok(step),
            Ok(Some(_)) => Err(out_of_turn()),
            Ok(None) => Err("the server ended the import; run the same command again".into()),
            Err(status) => Err(explain(&status)),
        }
    }
}

fn request(step: Ask) -> pb::ImportDocumentsRequest {
    pb::ImportDocumentsRequest { step: Some(step) }
}

fn outcome(result: pb::ImportResult) -> Result<Outcome, String> {
    let outcome = result.outcome().as_str_name();
    let outcome = PostOutcome::parse(outcome.trim_start_matches("POST_OUTCOME_"))
        .ok_or_else(|| format!("the server is newer than this program: {outcome}"))?;
    let faults = result.faults.into_iter().map(|fault| Fault {
        reason: fault.reason,
        field: fault.field,
        description: fault.description,
    });
    let notices = result.notices.into_iter().map(|notice| notice.description).collect();
    Ok(Outcome { outcome, faults: faults.collect(), notices })
}

pub(super) fn explain(status: &Status) -> String {
    let hint = match status.code() {
        tonic::Code::Unavailable | tonic::Code::Cancelled | tonic::Code::Unknown => {
            "; run the same command again, it goes on where it stopped"
        }
        _ => "",
    };
    format!("{} ({:?}){hint}", status.message(), status.code())
}

pub(super) fn out_of_turn() -> String {
    "the server answered something else than was asked".into()
}
