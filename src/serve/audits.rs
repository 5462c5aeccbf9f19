//! `AuditService`: the audit trail for auditors, read from its files. Proves nothing: that is done off line, on a copy.

use super::page;
use crate::access::Row;
use crate::audit::{self, Line};
use crate::guard::Visit;
use crate::proto::Refusal;
use crate::proto::v1 as pb;
use crate::proto::v1::audit_service_server::AuditService;
use std::path::PathBuf;
use tonic::{Request, Response, Status};

/// The door for auditors.
pub struct Audits {
    /// Where the trail is written; `None` = nowhere.
    folder: Option<PathBuf>,
}

impl Audits {
    pub fn new(folder: Option<PathBuf>) -> Audits {
        Audits { folder }
    }

    async fn page(
        &self,
        request: pb::ListEntriesRequest,
        visit: &Visit,
    ) -> Result<pb::ListEntriesResponse, Refusal> {
        if !visit.sees(&Row::Trail) {
            return Err(Refusal::Forbidden("the audit trail is the auditor's".into()));
        }
        let none = "no audit trail is written: callers have no names (security.principals)";
        let folder = self.folder.clone().ok_or_else(|| Refusal::Precondition("NO_TRAIL", none.into()))?;
        let size = page::size(request.page_size, 100, 1000)?;
        let after = request.after_seq;
        let reading = move || {
            let wanted = |line: &Line| request.who.as_ref().is_none_or(|who| line.entry.who == *who);
            audit::page(&folder, request.after_seq, size, wanted)
        };
        let read = tokio::task::spawn_blocking(reading).await.map_err(|_| Refusal::Failed)?;
        let lines = read.map_err(|error| {
            tracing::error!(%error, "the audit trail could not be read");
            Refusal::Untraced
        })?;
        visit.saw(lines.iter().map(|line| line.entry.seq.to_string()));
        let last = lines.last().filter(|_| lines.len() == size).map_or(0, |line| line.entry.seq);
        debug_assert!(last == 0 || last > after);
        let entries = lines.into_iter().map(shown).collect();
        Ok(pb::ListEntriesResponse { entries, next_after_seq: last })
    }
}

fn shown(line: Line) -> pb::AuditEntry {
    let Line { entry, hash } = line;
    pb::AuditEntry {
        seq: entry.seq,
        at: entry.at,
        who: entry.who,
        role: entry.role,
        from: entry.from,
        call: entry.call,
        count: entry.count,
        rows: entry.rows,
        why: entry.why,
        result: entry.result,
        hash: hash.to_string(),
    }
}

#[tonic::async_trait]
impl AuditService for Audits {
    async fn list_entries(
        &self,
        request: Request<pb::ListEntriesRequest>,
    ) -> Result<Response<pb::ListEntriesResponse>, Status> {
        let visit = Visit::of(request.extensions())?;
        Ok(Response::new(self.page(request.into_inner(), &visit).await?))
    }
}
