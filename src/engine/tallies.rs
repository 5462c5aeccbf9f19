//! A shard's counts of alerts as pages of the store: a month a page, and one of the red projects.

use super::keys;
use super::pages::{open, page};
use crate::alerts::{RedSpell, Tallies, Tally, TallyKey};
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{DismissReason, ProjectId, Rule};
use crate::store::{Changes, Store, StoreError};

/// What changed since the last call.
pub(super) fn encode(shard: u16, tallies: &mut Tallies, changes: &mut Changes) {
    for month in tallies.take_dirty() {
        let counts: Vec<_> = tallies.of_month(month).collect();
        match counts.is_empty() {
            true => changes.remove.push(keys::tally(shard, month)),
            false => {
                changes.put.push((keys::tally(shard, month), page(|w| w.list(counts.into_iter(), write))))
            }
        }
    }
    if tallies.take_red_is_dirty() {
        changes.put.push((keys::red(shard), page(|w| w.list(tallies.red.iter(), write_red))));
    }
}

/// All that the store has.
pub(super) fn load(shard: u16, store: &dyn Store) -> Result<Tallies, StoreError> {
    let damaged = |corrupt: Corrupt| StoreError::Damaged(corrupt.to_string());
    let mut tallies = Tallies::default();
    store.scan(&keys::tallies(shard), &mut |_, bytes| {
        tallies.counts.extend(read_page(bytes).map_err(damaged)?);
        Ok(())
    })?;
    if let Some(bytes) = store.get(&keys::red(shard))? {
        tallies.red = read_red_page(&bytes).map_err(damaged)?.into_iter().collect();
    }
    Ok(tallies)
}

/// All of them, for another machine.
pub(super) fn write_all(tallies: &Tallies) -> Vec<u8> {
    page(|w| {
        w.list(tallies.counts.iter(), write);
        w.list(tallies.red.iter(), write_red);
    })
}

pub(super) fn read_all(bytes: &[u8]) -> Result<Tallies, Corrupt> {
    open(bytes, |r| {
        let counts = r.list(read)?.into_iter().collect();
        let red = r.list(read_red)?.into_iter().collect();
        let mut all = Tallies::default();
        (all.counts, all.red) = (counts, red);
        Ok(all)
    })
}

pub(super) fn read_page(bytes: &[u8]) -> Result<Vec<(TallyKey, Tally)>, Corrupt> {
    open(bytes, |r| r.list(read))
}

type RedPage = Vec<((ProjectId, Rule), Vec<RedSpell>)>;

pub(super) fn read_red_page(bytes: &[u8]) -> Result<RedPage, Corrupt> {
    open(bytes, |r| r.list(read_red))
}

fn write(w: &mut Writer, (key, tally): (&TallyKey, &Tally)) {
    w.period(key.month);
    w.text(key.rule.as_str());
    w.text(&key.sector);
    w.text(&key.territory);
    let Tally { opened, acknowledged_in_time, acknowledged_late, settled_in_time, settled_late, .. } = tally;
    for count in [opened, acknowledged_in_time, acknowledged_late, settled_in_time, settled_late] {
        w.varint(*count);
    }
    w.varint(tally.escalated);
    w.list(tally.dismissed.iter(), |w, count| w.varint(*count));
    w.varint(tally.confirmed);
    w.sum(tally.found);
    w.sum(tally.cleared);
}

fn read(r: &mut Reader<'_>) -> Result<(TallyKey, Tally), Corrupt> {
    let key = TallyKey { month: r.period()?, rule: rule(r)?, sector: r.text()?, territory: r.text()? };
    let mut tally = Tally {
        opened: r.varint()?,
        acknowledged_in_time: r.varint()?,
        acknowledged_late: r.varint()?,
        settled_in_time: r.varint()?,
        settled_late: r.varint()?,
        escalated: r.varint()?,
        ..Tally::default()
    };
    let dismissed = r.list(Reader::varint)?;
    // Written when there were fewer reasons: the others are none.
    if dismissed.len() > DismissReason::ALL.len() {
        return Err(Corrupt("counts of dismissals"));
    }
    tally.dismissed.iter_mut().zip(dismissed).for_each(|(count, kept)| *count = kept);
    tally.confirmed = r.varint()?;
    tally.found = r.sum()?;
    tally.cleared = r.sum()?;
    Ok((key, tally))
}

type Red<'a> = (&'a (ProjectId, Rule), &'a Vec<RedSpell>);

fn write_red(w: &mut Writer, ((project, rule), spells): Red<'_>) {
    w.project_id(project);
    w.text(rule.as_str());
    w.list(spells.iter(), |w, spell| {
        w.text(&spell.contractor_name);
        w.uscc(&spell.contractor_uscc);
        w.text(&spell.project_name);
        w.day(spell.since);
        w.option(spell.until, Writer::day);
        w.u32(spell.alerts);
        w.sum(spell.amount);
    });
}

fn read_red(r: &mut Reader<'_>) -> Result<((ProjectId, Rule), Vec<RedSpell>), Corrupt> {
    let key = (r.project_id()?, rule(r)?);
    let spells = r.list(|r| {
        Ok(RedSpell {
            contractor_name: r.text()?,
            contractor_uscc: r.uscc()?,
            project_name: r.text()?,
            since: r.day()?,
            until: r.option(Reader::day)?,
            alerts: r.u32()?,
            amount: r.sum()?,
        })
    })?;
    Ok((key, spells))
}

fn rule(r: &mut Reader<'_>) -> Result<Rule, Corrupt> {
    Rule::parse(r.str()?).ok_or(Corrupt("a rule"))
}
