//! What instances ask each other: one partition a question, its answer as bytes, of one version of the program. Asks and
//! answers by values; knows no address.

use super::{Judged, Partition};
use crate::alerts::Tallies;
use crate::codec::{self, Corrupt, Reader, Writer};
use crate::domain::{Account, Position, ProjectId, SuspenseReason, Verdict};
use crate::engine::api::{DeadLetterId, ProjectAsk, ProjectSummary, Waiting};
use crate::engine::due::{self, Due, due_within};
use crate::engine::pages::{open, page, read_catalog, write_catalog};
use crate::engine::partition::{Mark, Owner, SharesSaid};
use crate::engine::tallies;
use crate::engine::wakes::Wakes;
use crate::ledger::KeptPayment;
use crate::store::StoreError;
use compact_str::CompactString;
use std::collections::BTreeMap;

/// What is asked of a partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Question {
    /// A copy of a project: [`crate::engine::ProjectCopy`]; empty of one that nothing is known of.
    Project(ProjectId),
    Projects,
    Tallies,
    /// Payments in suspense, at most so many.
    Suspense(u64),
    /// Of which bank these wage accounts are. The county's.
    Banks(Vec<Account>),
    /// What became of the messages at these offsets. Not the owner's to know, but the instance's.
    Verdicts(Vec<u64>),
    /// What its employers owe by the shadow rulebook, if that is not what this mark stands for: [`SharesSaid`]; empty of one
    /// without such a rulebook.
    Shares(Option<Mark>),
    /// What the instance has counted of senders: [`super::heard`]. Of whichever partition, for it is no owner's to know.
    Sources,
    /// What falls due of these projects within so many days: [`crate::engine::due`].
    Due {
        projects: Vec<ProjectId>,
        days: u8,
    },
}

const PROJECT: u8 = 1;
const PROJECTS: u8 = 2;
const TALLIES: u8 = 3;
const SUSPENSE: u8 = 4;
const BANKS: u8 = 5;
const VERDICTS: u8 = 6;
const SOURCES: u8 = 7;
const DUE: u8 = 8;
const SHARES: u8 = 9;

impl Question {
    /// # Errors
    /// A page of the store cannot be read.
    pub fn answer(&self, owner: &mut Owner) -> Result<Vec<u8>, StoreError> {
        Ok(match (self, owner) {
            (Question::Project(name), Owner::Projects(owner)) => {
                owner.shard_mut().copy(name)?.unwrap_or_default()
            }
            (Question::Projects, Owner::Projects(owner)) => write_projects(&owner.shard().projects()),
            (Question::Tallies, Owner::Projects(owner)) => tallies::write_all(owner.shard().tallies()),
            (Question::Tallies, Owner::County(owner)) => tallies::write_all(owner.bureau().tallies()),
            (Question::Suspense(max), Owner::Projects(owner)) => {
                write_suspense(&owner.shard_mut().suspense(most(*max))?)
            }
            (Question::Suspense(max), Owner::County(owner)) => {
                let homeless = owner.ledger().suspense().take(most(*max));
                let found: Vec<Waiting> =
                    homeless.map(|payment| (None, payment.clone(), SuspenseReason::NoProject)).collect();
                write_suspense(&found)
            }
            (Question::Banks(accounts), Owner::County(owner)) => {
                let bank =
                    |account: &Account| Some((*account, owner.ledger().account(*account)?.bank.clone()));
                let known: Vec<(Account, CompactString)> = accounts.iter().filter_map(bank).collect();
                page(|w| {
                    w.list(known.iter(), |w, (account, bank)| {
                        w.account(*account);
                        w.text(bank);
                    });
                })
            }
            (Question::Shares(known), Owner::Projects(owner)) => {
                owner.say_shares(*known).as_ref().map_or(Vec::new(), SharesSaid::to_bytes)
            }
            (Question::Due { projects, days }, Owner::Projects(owner)) => {
                let mut found = Due::new();
                for name in projects {
                    let months = |asked: Option<ProjectAsk<'_>>| {
                        asked.map_or(Vec::new(), |asked| due_within(&asked, *days))
                    };
                    let months = owner.shard_mut().ask(name, months)?;
                    if !months.is_empty() {
                        found.push((name.clone(), months));
                    }
                }
                page(|w| due::write(w, &found))
            }
            // Nobody asks that of it.
            _ => Vec::new(),
        })
    }

    fn write(&self, w: &mut Writer) {
        match self {
            Question::Project(name) => {
                w.u8(PROJECT);
                w.project_id(name);
            }
            Question::Projects => w.u8(PROJECTS),
            Question::Tallies => w.u8(TALLIES),
            Question::Suspense(max) => {
                w.u8(SUSPENSE);
                w.varint(*max);
            }
            Question::Banks(accounts) => {
                w.u8(BANKS);
                w.list(accounts.iter(), |w, account| w.account(*account));
            }
            Question::Verdicts(offsets) => {
                w.u8(VERDICTS);
                w.list(offsets.iter(), |w, offset| w.varint(*offset));
            }
            Question::Shares(known) => {
                w.u8(SHARES);
                w.option(*known, Writer::u128);
            }
            Question::Sources => w.u8(SOURCES),
            Question::Due { projects, days } => {
                w.u8(DUE);
                w.list(projects.iter(), Writer::project_id);
                w.u8(*days);
            }
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Question, Corrupt> {
        Ok(match r.u8()? {
            PROJECT => Question::Project(r.project_id()?),
            PROJECTS => Question::Projects,
            TALLIES => Question::Tallies,
            SUSPENSE => Question::Suspense(r.varint()?),
            BANKS => Question::Banks(r.list(Reader::account)?),
            VERDICTS => Question::Verdicts(r.list(Reader::varint)?),
            SHARES => Question::Shares(r.option(Reader::u128)?),
            SOURCES => Question::Sources,
            DUE => Question::Due { projects: r.list(Reader::project_id)?, days: r.u8()? },
            _ => return Err(Corrupt("a question")),
        })
    }
}

fn most(max: u64) -> usize {
    usize::try_from(max).unwrap_or(usize::MAX)
}

/// Several questions as one message.
pub fn write_questions(questions: &[(Partition, Question)]) -> Vec<u8> {
    page(|w| {
        w.list(questions.iter(), |w, (partition, question)| {
            partition.write(w);
            question.write(w);
        });
    })
}

/// # Errors
/// The bytes are of another version, or nobody's.
pub fn read_questions(bytes: &[u8]) -> Result<Vec<(Partition, Question)>, Corrupt> {
    open(bytes, |r| r.list(|r| Ok((Partition::read(r)?, Question::read(r)?))))
}

/// The answers in their order; `None`: the partition does not live there.
pub fn write_answers(answers: &[Option<Vec<u8>>]) -> Vec<u8> {
    page(|w| w.list(answers.iter(), |w, answer| w.option(answer.as_ref(), |w, bytes| w.blob(bytes))))
}

/// # Errors
/// The bytes are of another version, or nobody's.
pub fn read_answers(bytes: &[u8]) -> Result<Vec<Option<Vec<u8>>>, Corrupt> {
    open(bytes, |r| r.list(|r| r.option(|r| r.blob().map(<[u8]>::to_vec))))
}

fn write_projects(projects: &[ProjectSummary]) -> Vec<u8> {
    let wakes = Wakes::default();
    page(|w| w.list(projects.iter(), |w, summary| w.blob(&write_catalog(summary, &wakes))))
}

/// The answer to [`Question::Projects`].
///
/// # Errors
/// The bytes are no such answer.
pub fn read_projects(bytes: &[u8]) -> Result<Vec<ProjectSummary>, Corrupt> {
    open(bytes, |r| r.list(|r| Ok(read_catalog(r.blob()?)?.0)))
}

/// The answer to [`Question::Tallies`].
///
/// # Errors
/// The bytes are no such answer.
pub fn read_tallies(bytes: &[u8]) -> Result<Tallies, Corrupt> {
    tallies::read_all(bytes)
}

fn write_suspense(found: &[Waiting]) -> Vec<u8> {
    page(|w| {
        w.list(found.iter(), |w, (project, payment, reason)| {
            w.option(project.as_ref(), Writer::project_id);
            payment.write(w);
            w.text(reason.as_str());
        });
    })
}

/// The answer to [`Question::Suspense`].
///
/// # Errors
/// The bytes are no such answer.
pub fn read_suspense(bytes: &[u8]) -> Result<Vec<Waiting>, Corrupt> {
    open(bytes, |r| {
        r.list(|r| {
            let project = r.option(Reader::project_id)?;
            let payment = KeptPayment::parse(r)?;
            let reason = SuspenseReason::parse(r.str()?).ok_or(Corrupt("a reason to wait"))?;
            Ok((project, payment, reason))
        })
    })
}

/// The answer to [`Question::Banks`].
///
/// # Errors
/// The bytes are no such answer.
pub fn read_banks(bytes: &[u8]) -> Result<BTreeMap<Account, CompactString>, Corrupt> {
    open(bytes, |r| Ok(r.list(|r| Ok((r.account()?, r.text()?)))?.into_iter().collect()))
}

/// The answer to [`Question::Due`].
///
/// # Errors
/// The bytes are no such answer.
pub fn read_due(bytes: &[u8]) -> Result<Due, Corrupt> {
    open(bytes, due::read)
}

const ACCEPTED: u8 = 1;
const DUPLICATE: u8 = 2;
const REJECTED: u8 = 3;

/// The answer to [`Question::Verdicts`], in its order; `None`: not known (yet).
pub fn write_verdicts(verdicts: &[Option<Judged>]) -> Vec<u8> {
    page(|w| {
        w.list(verdicts.iter(), |w, verdict| {
            w.option(verdict.as_ref(), |w, judged| match &judged.verdict {
                Verdict::Accepted => w.u8(ACCEPTED),
                Verdict::Duplicate => w.u8(DUPLICATE),
                Verdict::Rejected(reason) => {
                    w.u8(REJECTED);
                    codec::write_reason(w, reason);
                    w.option(judged.letter.as_ref(), |w, letter| {
                        w.varint(letter.position.0);
                        w.u32(letter.index);
                    });
                }
            });
        });
    })
}

/// # Errors
/// The bytes are no such answer.
pub fn read_verdicts(bytes: &[u8]) -> Result<Vec<Option<Judged>>, Corrupt> {
    let letter = |r: &mut Reader<'_>| Ok(DeadLetterId { position: Position(r.varint()?), index: r.u32()? });
    let judged = |r: &mut Reader<'_>| {
        Ok(match r.u8()? {
            ACCEPTED => Verdict::Accepted.into(),
            DUPLICATE => Verdict::Duplicate.into(),
            REJECTED => {
                Judged { verdict: Verdict::Rejected(codec::read_reason(r)?), letter: r.option(letter)? }
            }
            _ => return Err(Corrupt("a verdict")),
        })
    };
    open(bytes, |r| r.list(|r| r.option(judged)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Reason;

    #[test]
    fn questions_and_answers_come_back_and_half_of_them_do_not() {
        let project = ProjectId::parse("project_id", "P-1").unwrap();
        let county = Partition::County;
        let questions = vec![
            (Partition::Projects(0), Question::Project(project.clone())),
            (Partition::Projects(65_535), Question::Projects),
            (county, Question::Tallies),
            (county, Question::Suspense(10_001)),
            (county, Question::Banks(vec![])),
            (county, Question::Verdicts(vec![0, 7, u64::MAX])),
            (Partition::Projects(3), Question::Shares(None)),
            (Partition::Projects(4), Question::Shares(Some(7))),
            (county, Question::Sources),
            (Partition::Projects(1), Question::Due { projects: vec![project.clone()], days: 31 }),
        ];
        let bytes = write_questions(&questions);
        assert_eq!(read_questions(&bytes), Ok(questions));
        assert!(read_questions(&bytes[..bytes.len() / 2]).is_err());
        let answers = vec![None, Some(Vec::new()), Some(b"x".to_vec())];
        assert_eq!(read_answers(&write_answers(&answers)), Ok(answers));
        let rejected =
            |letter| Judged { verdict: Verdict::Rejected(Reason::range("at", "a word", "a time")), letter };
        let letter = DeadLetterId { position: Position(u64::MAX), index: 7 };
        let verdicts = vec![
            None,
            Some(Verdict::Accepted.into()),
            Some(rejected(None)),
            Some(rejected(Some(letter))),
            Some(Verdict::Duplicate.into()),
        ];
        assert_eq!(read_verdicts(&write_verdicts(&verdicts)), Ok(verdicts));
        for nobodys in [&b""[..], b"x", b"nothing that was packed"] {
            assert!(read_questions(nobodys).is_err() && read_answers(nobodys).is_err());
        }
    }
}
