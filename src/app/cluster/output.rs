//! What an instance writes beside messages to owners: rows of alerts, and the notes beside committed offsets.
//! Knows no transaction.

use super::{ALERT, broken, offset};
use crate::codec::{self, Writer};
use crate::domain::AlertRow;
use crate::engine::cluster::{Committed, TransportError};
use crate::kafka::message::{CONTENT_TYPE, Outgoing};

/// A row as the alerts topic has it.
pub(super) fn alert(topic: &str, partition: i32, row: &AlertRow) -> Outgoing {
    let mut writer = Writer::new();
    codec::write_alert_row(&mut writer, row);
    Outgoing {
        topic: topic.to_owned(),
        partition,
        key: row.alert.id.0.as_bytes().to_vec(),
        body: Some(writer.bytes),
        headers: vec![(CONTENT_TYPE.to_owned(), ALERT.as_bytes().to_vec())],
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
