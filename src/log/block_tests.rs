//! Blocks, plain and encrypted, come back; changed ones do not.

use super::*;
use crate::cipher::{Key, KeyRing, Suite};
use crate::domain::Day;
use proptest::prelude::*;

fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut encoder = Encoder::default();
    let plan = Plan { salt: 7, position: Position(3), chain: 9, written_ms: -5, entries, key: None };
    encoder.encode(&plan).unwrap();
    encoder.bytes
}

fn decode(bytes: &[u8]) -> Option<Block> {
    decode_with(bytes, None)
}

fn decode_with(bytes: &[u8], keys: Option<&DataKeys>) -> Option<Block> {
    let header = Header::parse(7, bytes)?;
    let payload = bytes.get(HEADER..HEADER + header.stored as usize)?;
    let mut decoder = Decoder::new(7, keys.is_some(), keys.cloned());
    header.payload_is_right(7, payload).then(|| decoder.decode(&header, payload).ok()).flatten()
}

fn keys() -> DataKeys {
    let key = Key::new(Suite::Aes256GcmSiv, Day(20_000), [5; 32]).unwrap();
    DataKeys::new(KeyRing::new(key), [6; 16])
}

/// The header's words with both checksums made right again, as a forger would.
fn mend(bytes: &mut [u8]) {
    let crc = checksum(7, &bytes[HEADER..]).to_le_bytes();
    bytes[4..8].copy_from_slice(&crc);
    let crc = checksum(7, &bytes[..44]).to_le_bytes();
    bytes[44..48].copy_from_slice(&crc);
}

#[test]
fn an_encrypted_block_comes_back_and_not_one_byte_can_be_forged() {
    let keys = keys();
    let entries: Vec<Entry> = (0..40).map(|d| Entry::Date(Day(d * 37))).collect();
    let key = Some((&keys, keys.current()));
    let plan = Plan { salt: 7, position: Position(3), chain: 9, written_ms: -5, entries: &entries, key };
    let mut encoder = Encoder::default();
    encoder.encode(&plan).unwrap();
    let bytes = encoder.bytes.clone();
    assert_eq!(bytes.len(), encode(&entries).len() + OVERHEAD);
    assert_eq!(decode_with(&bytes, Some(&keys)).unwrap().entries, entries);
    assert_eq!(decode(&bytes), None, "without keys");
    // Position, time, number, chain, flags, stamp, text and tag; what is left is the magic and the lengths.
    for (at, bit) in (12..44).chain(HEADER..bytes.len()).flat_map(|at| [(at, 1), (at, 2)]) {
        let mut bent = bytes.clone();
        bent[at] ^= bit;
        assert_eq!(decode_with(&bent, Some(&keys)), None, "byte {at}, checksums as they were");
        mend(&mut bent);
        assert_eq!(decode_with(&bent, Some(&keys)), None, "byte {at}, checksums mended");
    }
    // Under another key the same block is another one, and says the same.
    let header = Header::parse(7, &bytes).unwrap();
    let mut decoder = Decoder::new(7, true, Some(keys.clone()));
    let packed = decoder.packed(&header, &bytes[HEADER..]).unwrap().to_vec();
    encoder.encode_again(7, &Packed { header: &header, bytes: &packed }, 11, key).unwrap();
    let again = decode_with(&encoder.bytes, Some(&keys)).unwrap();
    assert_eq!((again.position, again.written_ms, again.entries), (Position(3), -5, entries.clone()));
    assert_ne!(encoder.bytes, bytes);
    encoder.encode_again(7, &Packed { header: &header, bytes: &packed }, 9, None).unwrap();
    assert_eq!(encoder.bytes, encode(&entries), "and plain again");
    assert_eq!(decode_with(&encoder.bytes, Some(&keys)), None, "a plain block where encrypted ones stand");
}

proptest! {
    #[test]
    fn blocks_come_back_and_no_flipped_bit_passes(days in prop::collection::vec(any::<i32>(), 0..200), at: prop::sample::Index, bit in 0u8..8) {
        let entries: Vec<Entry> = days.iter().map(|d| Entry::Date(Day(*d))).collect();
        let mut bytes = encode(&entries);
        let block = decode(&bytes).unwrap();
        prop_assert_eq!((block.position, block.written_ms), (Position(3), -5));
        prop_assert_eq!(block.entries, entries);
        prop_assert!(Header::parse(8, &bytes).is_none(), "another log's block");
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(decode(&bytes).is_none());
    }
}

#[test]
fn a_false_length_and_a_false_count_allocate_nothing() {
    let squeezed = encode(&vec![Entry::Date(Day(20_000)); 500]);
    let payload = squeezed[HEADER..].to_vec();
    let good = Header::parse(7, &squeezed).unwrap();
    assert_eq!((good.flags, good.entries), (FLAG_LZ4, 500));
    let mut scratch = Vec::new();
    let long = Header { plain: 256 << 20, ..good };
    assert!(long.unpack(&payload, &mut scratch).is_err() && scratch.is_empty());
    let many = Header { entries: u32::MAX, ..good };
    assert!(many.unpack(&payload, &mut scratch).is_err());
    assert_eq!(good.unpack(&payload, &mut scratch).unwrap().entries.len(), 500);
}

#[test]
fn one_encoder_makes_large_and_small_blocks_in_turn() {
    let mut encoder = Encoder::default();
    for count in [5000, 1, 300, 0] {
        let entries = vec![Entry::Date(Day(20_000)); count];
        let plan =
            Plan { salt: 7, position: Position(1), chain: 0, written_ms: 0, entries: &entries, key: None };
        encoder.encode(&plan).unwrap();
        assert_eq!(decode(&encoder.bytes).unwrap().entries.len(), count);
    }
}
