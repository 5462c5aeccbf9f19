//! Walks the blocks of one segment file, and looks behind damage for blocks that still stand.
//! Decides nothing: what damage means is the segment log's to say.

use super::Position;
use super::block::{HEADER, Header, MAGIC};
use super::files::SEGMENT_HEADER;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

const CHUNK: usize = 1 << 20;

/// The blocks of a segment, in order, read in large chunks.
pub(super) struct Blocks {
    file: File,
    salt: u64,
    /// Where the segment ends, or is known to end.
    end: u64,
    /// Offset in the file of the block that comes next.
    pub offset: u64,
    /// What the next block must be.
    pub expected: Position,
    /// What the next block must be tied to.
    pub chain: u32,
    buffer: Vec<u8>,
    at: usize,
}

pub(super) enum Step<'a> {
    Block(Header, &'a [u8]),
    End,
    /// No sound block stands here. `torn` if an interrupted write may leave this behind.
    Bad {
        torn: bool,
        what: String,
    },
}

impl Blocks {
    /// From the first block of a segment that begins with `first` and ends at byte `end`.
    pub fn open(path: &Path, salt: u64, first: Position, chain: u32, end: u64) -> io::Result<Blocks> {
        let mut file = File::open(path)?;
        let offset = SEGMENT_HEADER as u64;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Blocks { file, salt, end, offset, expected: first, chain, buffer: Vec::new(), at: 0 })
    }

    /// The next block, its checksums, place and tie to the one before found right.
    pub fn step(&mut self) -> io::Result<Step<'_>> {
        let have = self.fill(HEADER)?;
        if have == 0 {
            return Ok(Step::End);
        }
        let Some(header) = Header::parse(self.salt, &self.buffer[self.at..]) else {
            return Ok(Step::Bad { torn: true, what: self.describe(have) });
        };
        if header.position != self.expected || header.chain != self.chain {
            let what = format!(
                "block {} stands where block {} belongs, or is not tied to the block before",
                header.position.0, self.expected.0
            );
            return Ok(Step::Bad { torn: false, what });
        }
        let left = self.end - self.offset;
        if header.block_bytes() > left {
            let what =
                format!("block {} has {left} of its {} bytes", header.position.0, header.block_bytes());
            return Ok(Step::Bad { torn: true, what });
        }
        let length = HEADER + usize::try_from(header.stored).map_err(io::Error::other)?;
        self.fill(length)?;
        let payload = self.at + HEADER..self.at + length;
        if !header.payload_is_right(self.salt, &self.buffer[payload.clone()]) {
            let what = format!("the checksum of block {} is wrong", header.position.0);
            return Ok(Step::Bad { torn: true, what });
        }
        self.at += length;
        self.offset += header.block_bytes();
        self.expected = header.position.next();
        self.chain = header.crc;
        Ok(Step::Block(header, &self.buffer[payload]))
    }

    /// Has `want` bytes at hand, or all that are left, and says how many.
    fn fill(&mut self, want: usize) -> io::Result<usize> {
        let have = self.buffer.len() - self.at;
        if have >= want {
            return Ok(have);
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        let left = self.end.saturating_sub(self.offset + have as u64);
        let more = left.min((want.max(CHUNK) - have) as u64);
        let more = usize::try_from(more).map_err(io::Error::other)?;
        self.buffer.resize(have + more, 0);
        self.file.read_exact(&mut self.buffer[have..])?;
        Ok(have + more)
    }

    fn describe(&self, have: usize) -> String {
        let left = self.end - self.offset;
        let seen = &self.buffer[self.at..self.at + have];
        if have < HEADER {
            format!("the header of block {} has {left} of its {HEADER} bytes", self.expected.0)
        } else if seen.iter().all(|b| *b == 0) {
            format!("{left} bytes, zeros at first, where block {} belongs", self.expected.0)
        } else {
            format!("no sound header where block {} belongs", self.expected.0)
        }
    }
}

/// The first sound block header behind `offset`, at any byte. A damaged length says nothing of
/// where the next block begins, so each byte is looked at. A sound header is proof enough that a
/// later block was written: its checksum begins with the log's salt, which no sender knows.
pub(super) fn block_behind(path: &Path, salt: u64, offset: u64) -> io::Result<Option<(u64, Position)>> {
    let mut file = File::open(path)?;
    let mut base = offset + 1;
    file.seek(SeekFrom::Start(base))?;
    let mut window = Vec::new();
    loop {
        let read = (&mut file).take(4 * CHUNK as u64).read_to_end(&mut window)?;
        for (at, _) in window.windows(MAGIC.len()).enumerate().filter(|(_, w)| *w == MAGIC) {
            if let Some(header) = Header::parse(salt, &window[at..]) {
                return Ok(Some((base + at as u64, header.position)));
            }
        }
        if read == 0 {
            return Ok(None);
        }
        // A header may lie across two windows.
        let done = window.len().saturating_sub(HEADER - 1);
        window.drain(..done);
        base += done as u64;
    }
}
