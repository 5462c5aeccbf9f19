//! Squeezes a page before it goes to the store. Knows nothing of what a page means.

use super::{Corrupt, Reader, Writer};

/// The largest page that [`unpack`] opens, in bytes: damaged lengths must not fill the memory.
pub const UNPACKED_BYTES_MAX: usize = 64 << 20;

const PLAIN: u8 = 0;
const LZ4: u8 = 1;

/// LZ4 with its length before it, or the plain bytes where LZ4 would be longer.
/// What is longer than [`UNPACKED_BYTES_MAX`] cannot be unpacked: cut pages well below it.
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    let squeezed = lz4_flex::block::compress(bytes);
    let mut w = Writer::new();
    if squeezed.len() + 4 < bytes.len() {
        w.bytes.reserve(squeezed.len() + 6);
        w.u8(LZ4);
        w.count(bytes.len());
        w.bytes.extend_from_slice(&squeezed);
    } else {
        w.bytes.reserve(bytes.len() + 1);
        w.u8(PLAIN);
        w.bytes.extend_from_slice(bytes);
    }
    w.bytes
}

/// What [`pack`] was given. Any bytes end in a page or in [`Corrupt`].
pub fn unpack(packed: &[u8]) -> Result<Vec<u8>, Corrupt> {
    let mut r = Reader::new(packed);
    match r.u8()? {
        PLAIN if packed.len() <= UNPACKED_BYTES_MAX => Ok(packed[1..].to_vec()),
        LZ4 => {
            let len = r.index()?;
            let squeezed = r.rest();
            // LZ4 makes at most 255 bytes of one.
            if len > UNPACKED_BYTES_MAX || len / 255 > squeezed.len() {
                return Err(Corrupt("a packed length"));
            }
            match lz4_flex::block::decompress(squeezed, len) {
                Ok(bytes) if bytes.len() == len => Ok(bytes),
                _ => Err(Corrupt("packed bytes")),
            }
        }
        _ => Err(Corrupt("how bytes are packed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_comes_back(bytes: Vec<u8>, again in 1usize..50) {
            for page in [bytes.clone(), bytes.repeat(again)] {
                prop_assert_eq!(unpack(&pack(&page)).unwrap(), page);
            }
        }

        #[test]
        fn any_bytes_end_in_a_page_or_corrupt(bytes: Vec<u8>) {
            let _ = unpack(&bytes);
        }
    }

    #[test]
    fn repeats_are_squeezed_and_a_false_length_allocates_nothing() {
        let page = b"152722199001010019".repeat(1000);
        assert!(pack(&page).len() < page.len() / 20);
        let mut w = Writer::new();
        w.u8(LZ4);
        w.count(UNPACKED_BYTES_MAX);
        w.u8(0);
        assert!(unpack(&w.bytes).is_err());
        let mut packed = pack(&page);
        packed.truncate(packed.len() - 1);
        assert!(unpack(&packed).is_err());
        assert!(unpack(&[]).is_err());
    }
}
