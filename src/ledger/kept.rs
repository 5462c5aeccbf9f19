//! A statement that stands, with the stamp by which it won, and who wins. Knows no type of record.

use super::stored::Stored;
use crate::domain::Stamp;

/// The winning statement of its key: greatest (`at`, `id`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Kept<T> {
    pub(super) value: T,
    pub(super) stamp: Stamp,
}

/// What a statement did to what stood before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// Said before, word for word.
    Repeat,
    /// A later statement stands.
    Superseded,
    /// It stands now.
    Stands,
}

impl<T: Stored + PartialEq> Kept<T> {
    /// Puts the statement here if it wins. Two different ones with one stamp are told apart by
    /// their bytes, so that the order in which they came never shows.
    pub(super) fn merge(&mut self, value: &T, stamp: &Stamp) -> Outcome
    where
        T: Clone,
    {
        let order = stamp.cmp(&self.stamp).then_with(|| {
            if *value == self.value {
                std::cmp::Ordering::Equal
            } else {
                value.packed().cmp(&self.value.packed())
            }
        });
        match order {
            std::cmp::Ordering::Equal => Outcome::Repeat,
            std::cmp::Ordering::Less => Outcome::Superseded,
            std::cmp::Ordering::Greater => {
                *self = Kept { value: value.clone(), stamp: stamp.clone() };
                Outcome::Stands
            }
        }
    }
}

impl<T: Stored> Stored for Kept<T> {
    fn put(&self, w: &mut crate::codec::Writer) {
        self.value.put(w);
        self.stamp.put(w);
    }
    fn get(r: &mut crate::codec::Reader<'_>) -> Result<Self, crate::codec::Corrupt> {
        Ok(Kept { value: T::get(r)?, stamp: Stamp::get(r)? })
    }
}

/// Merges into a map of kept statements.
pub(super) fn merge_into<K: Ord, T: Stored + PartialEq + Clone>(
    map: &mut std::collections::BTreeMap<K, Kept<T>>,
    key: K,
    value: &T,
    stamp: &Stamp,
) -> Outcome {
    match map.entry(key) {
        std::collections::btree_map::Entry::Occupied(mut kept) => kept.get_mut().merge(value, stamp),
        std::collections::btree_map::Entry::Vacant(free) => {
            free.insert(Kept { value: value.clone(), stamp: stamp.clone() });
            Outcome::Stands
        }
    }
}

/// What the allocator takes for a block of so many bytes (none for none): steps of 16 bytes up to 128,
/// then four steps for each doubling.
pub(super) fn block_bytes(len: usize) -> usize {
    match len {
        0 => 0,
        1..=128 => len.next_multiple_of(16),
        _ => len.next_multiple_of(len.next_power_of_two() / 8),
    }
}

#[cfg(test)]
mod tests {
    use super::block_bytes;

    #[test]
    fn blocks_are_counted_as_the_allocator_cuts_them() {
        for (len, block) in [
            (0, 0),
            (1, 16),
            (110, 112),
            (128, 128),
            (129, 160),
            (256, 256),
            (257, 320),
            (321, 384),
            (1025, 1280),
        ] {
            assert_eq!(block_bytes(len), block, "{len}");
        }
    }
}
