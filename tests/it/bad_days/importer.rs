//! A client that imports in chunks, and takes the import up again wherever it broke off.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ballast::pb;
use ballast::pb::import_documents_request::Step as Ask;
use ballast::pb::import_documents_response::Step as Answer;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::Receivables;

/// Chunks sent ahead of their acknowledgements.
const AHEAD: i64 = 3;

pub struct Importer {
    id: String,
    chunks: Vec<Vec<pb::Document>>,
    /// The last chunk acknowledged to us, and the last one sent.
    acknowledged: i64,
    sent: i64,
    /// Outcomes as they were acknowledged.
    pub posted: usize,
    pub summary: Option<pb::ImportSummary>,
    /// Answers received; of the whole life of the importer.
    pub answers: Arc<AtomicU32>,
    /// Answers since the finish was asked for, and one for asking; 0 before, in each session.
    pub finishing: Arc<AtomicU32>,
    /// Sessions that broke off after all chunks were acknowledged.
    pub broken_at_the_finish: u32,
}

impl Importer {
    pub fn new(id: &str, documents: &[pb::Document], chunk: usize) -> Self {
        Self {
            id: id.into(),
            chunks: documents.chunks(chunk).map(<[_]>::to_vec).collect(),
            acknowledged: 0,
            sent: 0,
            posted: 0,
            summary: None,
            answers: Arc::default(),
            finishing: Arc::default(),
            broken_at_the_finish: 0,
        }
    }

    /// One session: to the summary, or as far as the connection holds.
    pub async fn session(&mut self, client: &mut Receivables) -> Result<(), Status> {
        let done = self.go_on(client).await;
        if done.is_err() && self.acknowledged == self.last() {
            self.broken_at_the_finish += 1;
        }
        done
    }

    async fn go_on(&mut self, client: &mut Receivables) -> Result<(), Status> {
        self.finishing.store(0, Ordering::Release);
        let (outgoing, requests) = mpsc::channel(8);
        let header = pb::ImportHeader {
            import_id: self.id.clone(),
            create_missing_accounts: true,
            ..pb::ImportHeader::default()
        };
        ask(&outgoing, Ask::Header(header)).await?;
        let requests = ReceiverStream::new(requests);
        let mut answers = client.import_documents(requests).await?.into_inner();
        loop {
            let answer = answers.message().await?;
            let Some(answer) = answer.and_then(|a| a.step) else {
                return Err(Status::aborted("the stream ended"));
            };
            self.answers.fetch_add(1, Ordering::Release);
            match answer {
                Answer::Started(started) => self.started(started.acknowledged_sequence),
                Answer::Acknowledgement(acknowledged) => self.acknowledge(acknowledged),
                Answer::Progress(_) => {
                    self.finishing.fetch_add(1, Ordering::AcqRel);
                    continue;
                }
                Answer::Summary(summary) => {
                    self.summary = Some(summary);
                    return Ok(());
                }
            }
            if self.acknowledged == self.last() {
                ask(&outgoing, Ask::Finish(pb::ImportFinish::default())).await?;
                self.finishing.store(1, Ordering::Release);
                continue;
            }
            while self.sent < (self.acknowledged + AHEAD).min(self.last()) {
                self.sent += 1;
                let documents = self.chunks[self.sent as usize - 1].clone();
                let sequence = self.sent;
                let chunk = pb::ImportChunk { sequence, documents, ..pb::ImportChunk::default() };
                ask(&outgoing, Ask::Chunk(chunk)).await?;
            }
        }
    }

    fn last(&self) -> i64 {
        self.chunks.len() as i64
    }

    /// What was acknowledged is kept; what was sent may have been committed without our hearing
    /// of it.
    fn started(&mut self, acknowledged: i64) {
        let known = self.acknowledged..=self.sent;
        assert!(known.contains(&acknowledged), "{acknowledged} is not in {known:?}");
        self.acknowledged = acknowledged;
        self.sent = acknowledged;
    }

    fn acknowledge(&mut self, answer: pb::ImportAcknowledgement) {
        assert_eq!(answer.sequence, self.acknowledged + 1);
        assert_eq!(answer.results.len(), self.chunks[answer.sequence as usize - 1].len());
        self.posted +=
            answer.results.iter().filter(|r| r.outcome() == pb::PostOutcome::Posted).count();
        self.acknowledged = answer.sequence;
    }
}

async fn ask(outgoing: &mpsc::Sender<pb::ImportDocumentsRequest>, step: Ask) -> Result<(), Status> {
    let request = pb::ImportDocumentsRequest { step: Some(step) };
    outgoing.send(request).await.map_err(|_| Status::aborted("the stream broke"))
}
