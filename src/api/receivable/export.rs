//! ExportOpenItems: page after page at the point of the first.

use tokio_util::sync::CancellationToken;

use super::encode;
use super::parse_query::Export;
use super::stream::{self, Answers, Ended, Outlet};
use crate::api::list::{Fingerprint, PageToken};
use crate::ctx::Ctx;
use crate::domain::error::Result;
use crate::domain::ledger::{OpenItem, PointQuery};
use crate::domain::receivables::query::{OpenItemsQuery, Page};
use crate::pb;
use crate::service::receivables::Receivables;

/// Reads the first page, so that a wrong request is refused before there is a stream.
///
/// # Errors
/// As the use case.
pub async fn run(
    ctx: Ctx,
    ending: CancellationToken,
    receivables: Receivables,
    export: Export,
) -> Result<Answers<pb::ExportOpenItemsResponse>> {
    let Export { query, fingerprint, finished } = export;
    if finished {
        return Ok(stream::nothing());
    }
    let first = receivables.export_page(&ctx, query.clone()).await?;
    let work = |outlet| pages(ctx.clone(), receivables, query, fingerprint, first, outlet);
    Ok(stream::answer(&ctx, ending, work))
}

async fn pages(
    ctx: Ctx,
    receivables: Receivables,
    mut query: OpenItemsQuery,
    fingerprint: Fingerprint,
    first: Page<OpenItem>,
    outlet: Outlet<pb::ExportOpenItemsResponse>,
) -> Result<(), Ended> {
    let point = first.point;
    query.point = PointQuery { as_of: Some(point.as_of), known_at: Some(point.known_at) };
    let mut page = first;
    loop {
        let next = page.next.clone();
        // Past midnight the same day may no longer lie ahead; the stream tells one point.
        page.point = point;
        let token = PageToken {
            fingerprint,
            as_of: query.point.as_of,
            known_at: query.point.known_at,
            // Empty after the last page: nothing is left to resume.
            key: next.clone().unwrap_or_default(),
        };
        outlet.send(encode::export_page(page, token.encode())?).await?;
        let Some(after) = next else { return Ok(()) };
        outlet.go_on(&ctx)?;
        query.after = Some(after);
        page = receivables.export_page(&ctx, query.clone()).await?;
    }
}
