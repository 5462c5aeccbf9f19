//! What an instance writes beside messages to owners: what all are told, and the notes beside committed offsets.
//! Knows no transaction.

use super::transport::{broken, offset};
use crate::engine::cluster::{Committed, Told, TransportError};
use crate::kafka::message::{CONTENT_TYPE, Outgoing};

/// What an alert's message says of its body,
pub const ALERT: &str = "application/vnd.wagewatch.alert";
/// and one that goes with them.
const BESIDE: &str = "application/vnd.wagewatch.told";

/// As the alerts topic has it.
pub(super) fn told(topic: &str, partition: i32, one: &Told) -> Outgoing {
    let content = if matches!(one, Told::Row(_)) { ALERT } else { BESIDE };
    Outgoing {
        topic: topic.to_owned(),
        partition,
        key: one.key().into_bytes(),
        body: Some(one.to_bytes()),
        headers: vec![(CONTENT_TYPE.to_owned(), content.as_bytes().to_vec())],
    }
}

/// What stands beside a committed offset.
pub(super) fn write_note(committed: Committed) -> String {
    format!("pages={}", committed.covered)
}

/// What the group has; `None` = nothing ever was committed.
pub(super) fn read_committed(committed: Option<(i64, String)>) -> Result<Committed, TransportError> {
    committed.map_or(Ok(Committed::default()), |(next, note)| read_note(next, &note))
}

fn read_note(next: i64, note: &str) -> Result<Committed, TransportError> {
    let covered = note.strip_prefix("pages=").and_then(|covered| covered.parse().ok());
    let covered = covered.ok_or_else(|| {
        broken(format!(
            "kafka: beside the committed offset {next} stands {note:?}; needed: pages=N. Was the group's offset set by another program?"
        ))
    })?;
    Ok(Committed { next: offset(next), covered })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_beside_offsets_are_read_as_they_were_written() {
        let committed = Committed { next: 17, covered: 12 };
        assert_eq!(read_note(17, &write_note(committed)).unwrap(), committed);
        for strange in ["", "12", "pages=", "pages=-1"] {
            assert!(read_note(17, strange).unwrap_err().to_string().contains("needed: pages=N"));
        }
    }
}
