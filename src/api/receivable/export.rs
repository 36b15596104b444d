//! ExportOpenItems: page after page at the point of the first.

use tokio_util::sync::CancellationToken;

use super::encode;
use crate::api::list::PageRequest;
use crate::api::stream::{self, Answers, Ended, Outlet};
use crate::ctx::Ctx;
use crate::domain::error::Result;
use crate::domain::ledger::{OpenItem, PointQuery};
use crate::domain::receivables::query::{ExportKey, OpenItemsQuery, PageAt};
use crate::pb;
use crate::service::receivables::Receivables;

/// Behind the first message, so many are read at once: the statements of a page cost as much as
/// the rows of some hundred items. A client that does not read on holds up to twice as many in memory.
const MESSAGES_AT_ONCE: usize = 5;

/// Reads the first page, so that a wrong request is refused before there is a stream.
///
/// # Errors
/// As the use case.
pub async fn run(
    ctx: Ctx,
    ending: CancellationToken,
    receivables: Receivables,
    query: OpenItemsQuery<ExportKey>,
    request: PageRequest,
) -> Result<Answers<pb::ExportOpenItemsResponse>> {
    if request.is_finished() {
        return Ok(stream::nothing());
    }
    let first = receivables.export_page(&ctx, query.clone()).await?;
    let work = |outlet| pages(ctx.clone(), receivables, query, request, first, outlet);
    Ok(stream::answer(&ctx, ending, work))
}

/// Sends what was read and reads on meanwhile.
async fn pages(
    ctx: Ctx,
    receivables: Receivables,
    mut query: OpenItemsQuery<ExportKey>,
    request: PageRequest,
    first: PageAt<OpenItem, ExportKey>,
    outlet: Outlet<pb::ExportOpenItemsResponse>,
) -> Result<(), Ended> {
    let PageAt { mut page, point, known_from } = first;
    query.point = PointQuery { as_of: Some(point.as_of), known_at: Some(point.known_at) };
    let size = query.page.size;
    query.page.size = size * MESSAGES_AT_ONCE;
    loop {
        query.page.after.clone_from(&page.next);
        // Past midnight the same day may no longer lie ahead; the stream tells one point.
        let sent = async {
            for page in page.parts(size) {
                let answer = PageAt { page, point, known_from };
                outlet.send(encode::export_page(answer, &request)?).await?;
            }
            Ok::<_, Ended>(())
        };
        if query.page.after.is_none() {
            return sent.await;
        }
        let read = async {
            outlet.go_on(&ctx)?;
            Ok::<_, Ended>(receivables.export_page(&ctx, query.clone()).await?.page)
        };
        // What was read is sent, whatever becomes of what follows.
        let (sent, read) = tokio::join!(sent, read);
        sent?;
        page = read?;
    }
}
