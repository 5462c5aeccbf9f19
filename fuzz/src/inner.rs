//! Decoders of our own bytes: what stands in the log and in the store, and what callers bring back to us.

use std::fmt::Debug;
use wagewatch::alerts::PUBLIC_ID_KEY;
use wagewatch::codec::{self, Corrupt, Reader, Writer};
use wagewatch::domain::{Entry, ProjectId};
use wagewatch::engine::loose::{PAGE_KINDS, read_page};
use wagewatch::ledger::{County, CountyPage, PageKey, ProjectLedger, Roster, RosterPage};
use wagewatch::log::read_block;
use wagewatch::serve::cursor::Cursor;
use wagewatch::serve::page;
use wagewatch::serve::seal::Seal;
use wagewatch::store::loose::{cut_value, first_key, join_value, key_of};

/// A block of the log whose checksums are right, whatever else is wrong. Its entries come back.
pub fn block(bytes: &[u8]) {
    if let Ok(block) = read_block(bytes) {
        block.entries.iter().for_each(comes_back);
    }
}

fn comes_back(entry: &Entry) {
    let mut w = Writer::new();
    codec::write_entry(&mut w, entry);
    let mut r = Reader::new(&w.bytes);
    assert_eq!(codec::read_entry(&mut r).as_ref(), Ok(entry));
    assert!(r.is_empty(), "an entry is read to its end");
}

/// The first byte says which value, the others are the value.
pub fn codec(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    match kind % 10 {
        0 => again(bytes, codec::read_entry, codec::write_entry),
        1 => again(bytes, codec::read_rejected, codec::write_rejected),
        2 => again(bytes, codec::read_reason, codec::write_reason),
        3 => again(bytes, codec::read_act, codec::write_act),
        4 => again(bytes, codec::read_record, codec::write_record),
        5 => again(bytes, codec::read_alert, codec::write_alert),
        6 => again(bytes, codec::read_alert_row, codec::write_alert_row),
        7 => again(bytes, codec::read_finding, codec::write_finding),
        8 => again(bytes, codec::read_rulebook, codec::write_rulebook),
        _ => {
            if let Ok(page) = codec::unpack(bytes) {
                assert_eq!(codec::unpack(&codec::pack(&page)).as_ref(), Ok(&page));
            }
        }
    }
}

/// What was read is what is read again once it is written.
fn again<T: PartialEq + Debug>(
    bytes: &[u8],
    read: impl Fn(&mut Reader<'_>) -> Result<T, Corrupt>,
    write: impl Fn(&mut Writer, &T),
) {
    let Ok(value) = read(&mut Reader::new(bytes)) else { return };
    let mut w = Writer::new();
    write(&mut w, &value);
    let mut r = Reader::new(&w.bytes);
    assert_eq!(read(&mut r).as_ref(), Ok(&value));
    assert!(r.is_empty(), "a value is read to its end");
}

/// Kinds of pages of the ledger, behind those of the engine.
pub const PROJECT_PAGE: u8 = PAGE_KINDS;
pub const COUNTY_PAGE: u8 = PAGE_KINDS + 1;
pub const ROSTER_PAGE: u8 = PAGE_KINDS + 2;
const PACKED: u8 = PAGE_KINDS + 3;

/// The first byte says which kind of page. The engine's own: the page before it is packed. The ledger's: its key with
/// the key's length before it, then the page.
pub fn page(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let kind = kind % (PACKED + PAGE_KINDS);
    if kind < PAGE_KINDS {
        let _ = read_page(kind, &codec::pack(bytes));
        return;
    }
    if kind >= PACKED {
        let _ = read_page(kind - PACKED, bytes);
        return;
    }
    let Some((length, rest)) = bytes.split_first() else { return };
    let Some((key, page)) = rest.split_at_checked(usize::from(*length)) else { return };
    match kind {
        PROJECT_PAGE => {
            let project = ProjectId::parse("project_id", "P1").expect("an id");
            let mut ledger = ProjectLedger::new(project);
            if let Some(key) = PageKey::from_bytes(key) {
                assert_eq!(key.to_bytes(), key.to_bytes());
                let loaded = ledger.load_page(key, page);
                let _ = loaded.and_then(|()| ledger.finish_load());
            }
        }
        COUNTY_PAGE => {
            if let Some(key) = CountyPage::from_bytes(key) {
                let _ = County::new().load_page(key, page);
            }
        }
        _ => {
            if let Ok(key) = RosterPage::from_bytes(key) {
                assert_eq!(RosterPage::from_bytes(&key.to_bytes()).as_ref(), Ok(&key));
                let _ = Roster::default().load_page(key, page);
            }
        }
    }
}

/// A value of the store in its pieces, and the key that it is kept under: two bytes say how long the first piece is.
pub fn value(bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first_chunk::<2>() else { return };
    let at = usize::from(u16::from_le_bytes(*length)).min(rest.len());
    let (first, later) = rest.split_at(at);
    if let Some(value) = join_value(first, later) {
        let (first, later) = cut_value(&value);
        assert_eq!(join_value(&first, &later).as_ref(), Some(&value));
    }
    if let Some(key) = key_of(rest) {
        assert_eq!(first_key(&key), rest, "a key is kept in one way only");
    }
    assert_eq!(key_of(&first_key(rest)).as_deref(), Some(rest));
}

/// What a caller brings back as his cursor or page token. The first byte says whether the bytes are the text that he
/// shows, or what he, knowing the key, has sealed. Without the key nothing opens.
pub fn cursor(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let (seal, another) = (Seal::new(&PUBLIC_ID_KEY, "somebody"), Seal::new(&PUBLIC_ID_KEY, "another"));
    let strange = Seal::new(&[7; 32], "somebody");
    let text = if kind % 2 == 0 {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        page::write(&seal, |w| w.bytes.extend_from_slice(bytes))
    };
    if let Ok(cursor) = Cursor::decode(&text, &seal) {
        assert_eq!(Cursor::decode(&cursor.encode(&seal), &seal).as_ref(), Ok(&cursor));
        assert!(Cursor::decode(&text, &another).is_err(), "a cursor is one caller's");
        assert!(Cursor::decode(&text, &strange).is_err(), "and one county's");
    }
    let read = |r: &mut Reader<'_>| Ok((r.varint()?, r.u32()?));
    if let Ok(Some((position, index))) = page::token(&text, &seal, read) {
        let written = page::write(&seal, |w| {
            w.varint(position);
            w.u32(index);
        });
        assert_eq!(page::token(&written, &seal, read).ok(), Some(Some((position, index))));
        assert!(page::token(&text, &another, read).is_err(), "a page token is one caller's");
    }
    let _ = page::token(&text, &seal, |r| r.project_id());
}
