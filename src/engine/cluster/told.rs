//! What owners tell every instance, one compacted topic of it: the last row of each alert, and what is needed to show it.
//! Of one key the last word counts. Knows no topic.

use crate::codec::{self, Corrupt, Reader, Writer};
use crate::domain::{AlertRow, Day, Doubt, DoubtKind, Doubts, ProjectId};
use crate::engine::api::ProjectFacts;
use crate::engine::pages::{open, page, read_facts, write_facts};
use std::sync::Arc;

/// One thing that is told.
#[derive(Clone, PartialEq, Debug)]
pub enum Told {
    Row(Arc<AlertRow>),
    /// What a `project` record says; told before rows of the project that follow from it.
    Project(ProjectId, ProjectFacts),
    /// The business date that the county has come to.
    Date(Day),
    /// The projects that depend on feeds that are silent.
    Doubts(Doubts),
    /// Who owns this partition: the address at which other instances reach him.
    Owner(String),
    Terms(Terms),
}

/// What holds in every instance, said once by the first owner of the county.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// Of the topics: made anew, their rows have the same numbers and are others.
    pub life: u32,
    /// Minutes after midnight.
    pub day_starts_at: u16,
    /// A fingerprint of the key that alert ids are made with.
    pub ids: u32,
}

const PROJECT: &str = "_project/";
const DATE: &str = "_date";
const DOUBTS: &str = "_doubts";
const OWNER: &str = "_owner";
const TERMS: &str = "_terms";

impl Told {
    /// An alert's id, or a word that begins with `_`, as no id does.
    pub fn key(&self) -> String {
        match self {
            Told::Row(row) => row.alert.id.0.to_string(),
            Told::Project(name, _) => format!("{PROJECT}{name}"),
            Told::Date(_) => DATE.into(),
            Told::Doubts(_) => DOUBTS.into(),
            Told::Owner(_) => OWNER.into(),
            Told::Terms(_) => TERMS.into(),
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Told::Row(row) => {
                let mut w = Writer::new();
                codec::write_alert_row(&mut w, row);
                w.bytes
            }
            Told::Project(_, facts) => page(|w| write_facts(w, facts)),
            Told::Date(day) => page(|w| w.day(*day)),
            Told::Doubts(doubts) => page(|w| write_doubts(w, doubts)),
            Told::Owner(address) => page(|w| w.text(address)),
            Told::Terms(terms) => page(|w| {
                w.u32(terms.life);
                w.u16(terms.day_starts_at);
                w.u32(terms.ids);
            }),
        }
    }

    /// # Errors
    /// Key or body are nobody's, or of another version.
    pub fn read(key: &[u8], body: &[u8]) -> Result<Told, Corrupt> {
        let key = std::str::from_utf8(key).map_err(|_| Corrupt("a key"))?;
        if let Some(name) = key.strip_prefix(PROJECT) {
            let name = ProjectId::parse("project_id", name).map_err(|_| Corrupt("a project id"))?;
            return Ok(Told::Project(name, open(body, read_facts)?));
        }
        Ok(match key {
            DATE => Told::Date(open(body, |r| r.day())?),
            DOUBTS => Told::Doubts(open(body, read_doubts)?),
            OWNER => Told::Owner(open(body, |r| r.str().map(str::to_owned))?),
            TERMS => Told::Terms(open(body, |r| {
                Ok(Terms { life: r.u32()?, day_starts_at: r.u16()?, ids: r.u32()? })
            })?),
            _ if key.starts_with('_') => return Err(Corrupt("a key that is known")),
            _ => {
                let mut r = Reader::new(body);
                let row = codec::read_alert_row(&mut r)?;
                r.end()?;
                Told::Row(Arc::new(row))
            }
        })
    }
}

fn write_doubts(w: &mut Writer, doubts: &Doubts) {
    w.list(doubts.iter(), |w, (project, reasons)| {
        w.project_id(project);
        w.list(reasons.iter(), |w, doubt| {
            w.text(doubt.kind.as_str());
            w.text(&doubt.source);
            w.day(doubt.since);
        });
    });
}

fn read_doubts(r: &mut Reader<'_>) -> Result<Doubts, Corrupt> {
    let reason = |r: &mut Reader<'_>| {
        let kind = DoubtKind::parse(r.str()?).ok_or(Corrupt("a doubt"))?;
        Ok(Doubt { kind, source: r.text()?, since: r.day()? })
    };
    Ok(r.list(|r| Ok((r.project_id()?, r.list(reason)?)))?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::{day, wage};
    use crate::domain::{Fen, Funding};

    #[test]
    fn what_is_told_comes_back_and_nothing_else_does() {
        let project = wage(1, "2026-03", 1).project_id;
        let facts = ProjectFacts {
            name: "桥".into(),
            sector: "transport".into(),
            territory: "150621".into(),
            funding: Funding::Government,
            contractor_name: "路桥公司".into(),
            contract_fen: Fen(7),
        };
        let doubt = Doubt { kind: DoubtKind::Bank, source: "ABC".into(), since: day("2026-03-01") };
        for told in [
            Told::Project(project.clone(), facts),
            Told::Date(day("2026-03-02")),
            Told::Doubts([(project, vec![doubt])].into()),
            Told::Owner("10.0.0.7:7443".into()),
            Told::Terms(Terms { life: 7, day_starts_at: 300, ids: 9 }),
        ] {
            let (key, bytes) = (told.key(), told.to_bytes());
            assert!(key.starts_with('_'));
            assert_eq!(Told::read(key.as_bytes(), &bytes), Ok(told));
            for end in 0..bytes.len() {
                assert!(Told::read(key.as_bytes(), &bytes[..end]).is_err());
            }
        }
        for (key, body) in [(&b"_what"[..], &b"x"[..]), (b"\xff", b""), (b"_project/", b""), (b"AL-1", b"x")]
        {
            assert!(Told::read(key, body).is_err());
        }
    }
}
