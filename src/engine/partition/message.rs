//! What stands in the topics that owners read: entries as doors write them, and what owners say to each
//! other. Knows no topic, no JSON: what came in another format is an [`Entry`] before it comes here.

use crate::codec::{self, Corrupt, Reader, Writer};
use crate::domain::{Day, Entry, Release, Rulebook};
use crate::engine::bureau::Tiding;
use crate::ledger::{Command, Heard};

/// One message of an input topic.
#[derive(Clone, PartialEq, Debug)]
pub enum Message {
    /// From a door.
    Entry(Entry),
    /// The county to the owner of a project's partition.
    Command(Command),
    /// The county to every partition of projects.
    Turn(Turn),
    /// A partition of projects to the county.
    Said(Said),
}

/// What is to hold everywhere. Numbered from 1 without gaps.
#[derive(Clone, PartialEq, Debug)]
pub struct Turn {
    pub number: u64,
    pub order: Everyone,
}

/// What the county asks of every partition.
#[derive(Clone, PartialEq, Debug)]
pub enum Everyone {
    /// The business date is this one now.
    Date(Day),
    /// This one judges from here on.
    Rulebook(Box<Rulebook>),
    /// What is held of a rule is told from here on.
    Release(Box<Release>),
}

/// What a partition of projects tells the county; once, and in the order in which it came about.
#[derive(Clone, PartialEq, Debug)]
pub struct Said {
    pub partition: u16,
    /// The last turn that it had followed when this came about.
    pub turn: u64,
    pub tidings: Vec<Tiding>,
    pub heard: Vec<Heard>,
}

const ENTRY: u8 = 1;
const COMMAND: u8 = 2;
const TURN: u8 = 3;
const SAID: u8 = 4;

const DATE: u8 = 1;
const RULEBOOK: u8 = 2;
const RELEASE: u8 = 3;

impl Message {
    /// Its bytes: a tag byte, then its fields.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        match self {
            Message::Entry(entry) => {
                w.u8(ENTRY);
                codec::write_entry(&mut w, entry);
            }
            Message::Command(command) => {
                w.u8(COMMAND);
                command.write(&mut w);
            }
            Message::Turn(turn) => {
                w.u8(TURN);
                turn.write(&mut w);
            }
            Message::Said(said) => {
                w.u8(SAID);
                said.write(&mut w);
            }
        }
        w.bytes
    }

    /// Reads one. Any bytes end in a message or in [`Corrupt`].
    ///
    /// # Errors
    /// The bytes are no message.
    pub fn from_bytes(bytes: &[u8]) -> Result<Message, Corrupt> {
        let mut r = Reader::new(bytes);
        let message = match r.u8()? {
            ENTRY => Message::Entry(codec::read_entry(&mut r)?),
            COMMAND => Message::Command(Command::read(&mut r)?),
            TURN => Message::Turn(Turn::read(&mut r)?),
            SAID => Message::Said(Said::read(&mut r)?),
            _ => return Err(Corrupt("a message")),
        };
        r.end()?;
        Ok(message)
    }
}

impl Turn {
    pub(super) fn write(&self, w: &mut Writer) {
        w.varint(self.number);
        self.order.write(w);
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Turn, Corrupt> {
        Ok(Turn { number: r.varint()?, order: Everyone::read(r)? })
    }
}

impl Everyone {
    pub(super) fn write(&self, w: &mut Writer) {
        match self {
            Everyone::Date(day) => {
                w.u8(DATE);
                w.day(*day);
            }
            Everyone::Rulebook(book) => {
                w.u8(RULEBOOK);
                codec::write_rulebook(w, book);
            }
            Everyone::Release(release) => {
                w.u8(RELEASE);
                codec::write_release(w, release);
            }
        }
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Everyone, Corrupt> {
        match r.u8()? {
            DATE => Ok(Everyone::Date(r.day()?)),
            RULEBOOK => Ok(Everyone::Rulebook(Box::new(codec::read_rulebook(r)?))),
            RELEASE => Ok(Everyone::Release(Box::new(codec::read_release(r)?))),
            _ => Err(Corrupt("what is asked of everyone")),
        }
    }
}

impl Said {
    pub(super) fn write(&self, w: &mut Writer) {
        w.u16(self.partition);
        w.varint(self.turn);
        w.list(self.tidings.iter(), |w, said| said.write(w));
        w.list(self.heard.iter(), |w, heard| heard.write(w));
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Said, Corrupt> {
        Ok(Said {
            partition: r.u16()?,
            turn: r.varint()?,
            tidings: r.list(Tiding::read)?,
            heard: r.list(Heard::read)?,
        })
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
