//! What a [`Desk`] does with documents that are posted, each by the number of its document.

use ballast::pb;
use tonic::Status;

use super::ledger::{ACCOUNT, Desk, fresh};

/// `None` is the business date, as on the wire.
type Day = Option<pb::Date>;

impl Desk {
    /// A document as it is known now, with everything that took effect by the day.
    pub async fn get(&mut self, no: &str, as_of: pb::Date) -> pb::Document {
        let request = pb::GetDocumentRequest {
            key: Some(super::ledger::key(no)),
            as_of: Some(as_of),
            ..pb::GetDocumentRequest::default()
        };
        self.client.get_document(request).await.expect("a document").into_inner()
    }

    /// The items of a document, open or not.
    pub async fn items(&mut self, no: &str) -> Vec<String> {
        let document = self.get(no, super::ledger::day(20_000)).await;
        document.items.into_iter().map(|i| i.name).collect()
    }

    pub async fn item(&mut self, no: &str) -> String {
        let items = self.items(no).await;
        assert_eq!(items.len(), 1, "{no} has one item");
        items[0].clone()
    }

    /// Sets one document against another.
    pub async fn try_clear(
        &mut self,
        credit: &str,
        debit: &str,
        amount: Option<pb::Money>,
        apply_date: Day,
    ) -> Result<pb::Clearing, Status> {
        let allocation = pb::Allocation {
            credit_item: self.item(credit).await,
            debit_item: self.items(debit).await[0].clone(),
            amount,
            ..pb::Allocation::default()
        };
        self.try_allocate(vec![allocation], apply_date).await
    }

    pub async fn clear(&mut self, credit: &str, debit: &str, apply_date: pb::Date) -> pb::Clearing {
        self.try_clear(credit, debit, None, Some(apply_date)).await.expect("cleared")
    }

    pub async fn try_allocate(
        &mut self,
        allocations: Vec<pb::Allocation>,
        apply_date: Day,
    ) -> Result<pb::Clearing, Status> {
        let request = pb::ClearItemsRequest {
            account: ACCOUNT.into(),
            allocations,
            apply_date,
            request_id: fresh(),
            ..pb::ClearItemsRequest::default()
        };
        Ok(self.client.clear_items(request).await?.into_inner())
    }

    pub async fn try_reset(&mut self, clearing: &str, date: Day) -> Result<pb::Clearing, Status> {
        let request = pb::ResetClearingRequest {
            name: clearing.into(),
            effective_date: date,
            reason: "wrong invoice".into(),
            request_id: fresh(),
        };
        Ok(self.client.reset_clearing(request).await?.into_inner())
    }

    pub async fn try_reverse(&mut self, no: &str, date: Day) -> Result<pb::Document, Status> {
        let request = pb::ReverseDocumentRequest {
            name: self.get(no, super::ledger::day(20_000)).await.name,
            effective_date: date,
            reason: "posted in error".into(),
            request_id: fresh(),
        };
        Ok(self.client.reverse_document(request).await?.into_inner())
    }

    pub async fn try_write_off(
        &mut self,
        no: &str,
        amount: Option<pb::Money>,
        date: Day,
    ) -> Result<pb::Document, Status> {
        let request = pb::WriteOffItemRequest {
            item: self.items(no).await[0].clone(),
            amount,
            posting_date: date,
            reason: "insolvent".into(),
            request_id: fresh(),
        };
        Ok(self.client.write_off_item(request).await?.into_inner())
    }

    pub async fn close_period(&mut self, company: &str, through: pb::Date) {
        let request = pb::ClosePeriodRequest {
            company_code: company.into(),
            through_date: Some(through),
            request_id: fresh(),
        };
        self.client.close_period(request).await.expect("closed");
    }

    pub async fn try_dispute(
        &mut self,
        no: &str,
        amount: Option<pb::Money>,
        open_date: Day,
    ) -> Result<pb::Dispute, Status> {
        let request = pb::OpenDisputeRequest {
            item: self.items(no).await[0].clone(),
            amount,
            reason_code: "QUALITY".into(),
            open_date,
            request_id: fresh(),
            ..pb::OpenDisputeRequest::default()
        };
        Ok(self.client.open_dispute(request).await?.into_inner())
    }

    pub async fn try_resolve(&mut self, dispute: &str, date: Day) -> Result<pb::Dispute, Status> {
        let request = pb::ResolveDisputeRequest {
            name: dispute.into(),
            outcome: pb::DisputeOutcome::Rejected.into(),
            resolve_date: date,
            request_id: fresh(),
        };
        Ok(self.client.resolve_dispute(request).await?.into_inner())
    }

    /// A promise to pay an amount on one document by a day.
    pub async fn promise(
        &mut self,
        no: &str,
        amount: pb::Money,
        made: pb::Date,
        pay_by: pb::Date,
        grace_days: i32,
    ) -> pb::PromiseToPay {
        let request = pb::RecordPromiseToPayRequest {
            account: ACCOUNT.into(),
            items: self.items(no).await,
            amount: Some(amount),
            promise_date: Some(made),
            pay_by_date: Some(pay_by),
            grace_days,
            promised_by: "Ms Li".into(),
            request_id: fresh(),
            ..pb::RecordPromiseToPayRequest::default()
        };
        self.client.record_promise_to_pay(request).await.expect("a promise").into_inner()
    }

    /// Spot rates: from, to, day, rate.
    pub async fn rates(&mut self, rates: &[(&str, &str, pb::Date, &str)]) {
        let rates = rates.iter().map(|(from, to, date, rate)| pb::ExchangeRate {
            from_currency: (*from).into(),
            to_currency: (*to).into(),
            date: Some(*date),
            rate: Some(pb::Decimal { value: (*rate).into() }),
            ..pb::ExchangeRate::default()
        });
        let request = pb::SetExchangeRatesRequest { rates: rates.collect(), request_id: fresh() };
        self.client.set_exchange_rates(request).await.expect("rates");
    }

    pub async fn statement(&mut self, from: pb::Date, to: pb::Date) -> pb::GetStatementResponse {
        self.statement_known(from, to, None).await
    }

    pub async fn statement_known(
        &mut self,
        from: pb::Date,
        to: pb::Date,
        known_at: Option<prost_types::Timestamp>,
    ) -> pb::GetStatementResponse {
        let request = pb::GetStatementRequest {
            account: ACCOUNT.into(),
            from_date: Some(from),
            to_date: Some(to),
            known_at,
            page_size: 1000,
            ..pb::GetStatementRequest::default()
        };
        self.client.get_statement(request).await.expect("a statement").into_inner()
    }

    /// The archive of the account, all pages.
    pub async fn documents(&mut self) -> Vec<pb::Document> {
        let mut found = Vec::new();
        let mut request = pb::ListDocumentsRequest {
            parent: ACCOUNT.into(),
            page_size: 3,
            ..pb::ListDocumentsRequest::default()
        };
        loop {
            let page = self.client.list_documents(request.clone()).await;
            let page = page.expect("documents").into_inner();
            found.extend(page.documents);
            if page.next_page_token.is_empty() {
                return found;
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Sends one import: its header, its chunks, its finish.
    pub async fn import(
        &mut self,
        id: &str,
        oldest_first: bool,
        chunks: Vec<Vec<pb::Document>>,
    ) -> (Vec<pb::ImportResult>, pb::ImportSummary) {
        use pb::import_documents_request::Step;
        let header = Step::Header(pb::ImportHeader {
            import_id: id.into(),
            create_missing_accounts: true,
            clear_oldest_first: oldest_first,
            ..pb::ImportHeader::default()
        });
        let chunk = |(i, documents): (i64, Vec<pb::Document>)| {
            Step::Chunk(pb::ImportChunk {
                sequence: i + 1,
                documents,
                ..pb::ImportChunk::default()
            })
        };
        let chunks = (0..).zip(chunks).map(chunk);
        let finish = Step::Finish(pb::ImportFinish::default());
        self.send_import([header].into_iter().chain(chunks).chain([finish]).collect()).await
    }

    /// Sends the steps of an import as they are.
    pub async fn send_import(
        &mut self,
        steps: Vec<pb::import_documents_request::Step>,
    ) -> (Vec<pb::ImportResult>, pb::ImportSummary) {
        use pb::import_documents_response::Step;
        let messages: Vec<_> =
            steps.into_iter().map(|step| pb::ImportDocumentsRequest { step: Some(step) }).collect();
        let answers = self.client.import_documents(tokio_stream::iter(messages)).await;
        let mut answers = answers.expect("an import").into_inner();
        let (mut results, mut summary) = (Vec::new(), pb::ImportSummary::default());
        while let Some(answer) = answers.message().await.expect("an answer") {
            match answer.step {
                Some(Step::Acknowledgement(chunk)) => results.extend(chunk.results),
                Some(Step::Summary(done)) => summary = done,
                _ => {}
            }
        }
        (results, summary)
    }
}
