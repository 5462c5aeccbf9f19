//! The dead letters that a caller may see: all of them for the coordinator, for others those that say that they are his.
//! Read in pieces, so that whoever has few among many is answered, too, and holds up nobody.

use super::ask::ask;
use super::dead_letters::{self, WriteLine};
use super::page;
use super::rows::Rows;
use crate::access::Row;
use crate::domain::{Account, ProjectId};
use crate::engine::Engine;
use crate::engine::api::{DeadContent, DeadLetter};
use crate::guard::{Claim, Visit};
use crate::proto::Refusal;
use crate::proto::v1 as pb;
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// Letters that are read at once,
const PIECE: usize = 500;
/// and for one page, his or not: the next page goes on behind them.
const READ_MOST: usize = 5000;

pub async fn letters(
    engine: &Engine,
    rows: &Rows,
    visit: &Visit,
    request: pb::ListDeadLettersRequest,
    write_line: WriteLine,
    until: Instant,
) -> Result<pb::ListDeadLettersResponse, Refusal> {
    let size = page::size(request.page_size, 100, 1000)?;
    let seal = rows.seal(&visit.caller.name);
    let mut after = page::token(&request.page_token, &seal, dead_letters::read_id)?;
    let (mut found, mut read, mut is_end) = (Vec::new(), 0, false);
    while found.len() <= size && read < READ_MOST && !is_end {
        let piece = ask(until, |done| engine.dead_letters(after, PIECE, done)).await?;
        is_end = piece.len() < PIECE;
        read += piece.len();
        after = piece.last().map(|letter| letter.id).or(after);
        found.extend(his(piece, engine, rows, visit, until).await?);
    }
    let next = match found.get(size) {
        Some(_) => found.get(size - 1).map(|letter: &DeadLetter| letter.id),
        None => after.filter(|_| !is_end),
    };
    found.truncate(size);
    visit.saw(found.iter().map(|letter| letter.id.to_string()));
    Ok(pb::ListDeadLettersResponse {
        next_page_token: next
            .map_or_else(String::new, |id| page::write(&seal, |w| dead_letters::write_id(w, id))),
        dead_letters: found.iter().map(|letter| dead_letters::shown(letter, write_line)).collect(),
    })
}

/// Those of the letters that he may see.
async fn his(
    letters: Vec<DeadLetter>,
    engine: &Engine,
    rows: &Rows,
    visit: &Visit,
    until: Instant,
) -> Result<Vec<DeadLetter>, Refusal> {
    if visit.sees_county() {
        return Ok(letters);
    }
    let claims: Vec<Option<Claim>> = letters.iter().map(claim).collect();
    let accounts: BTreeSet<Account> = claims.iter().flatten().filter_map(|claim| claim.account).collect();
    let banks = match accounts.is_empty() {
        true => BTreeMap::new(),
        false => ask(until, |done| engine.banks(accounts.into_iter().collect(), done)).await?,
    };
    let sees = |claim: &Claim| {
        let bank = claim.account.and_then(|account| banks.get(&account)).map(CompactString::as_str);
        let project = claim.project_id.as_deref().and_then(|id| ProjectId::parse("project_id", id).ok());
        let home = project.map(|project| rows.home_of(&project)).unwrap_or_default();
        visit.sees(&Row::Letter(claim.statement(bank, home.place())))
    };
    let pairs = letters.into_iter().zip(claims);
    Ok(pairs.filter(|(_, claim)| claim.as_ref().is_some_and(sees)).map(|(letter, _)| letter).collect())
}

fn claim(letter: &DeadLetter) -> Option<Claim> {
    match &letter.content {
        DeadContent::Input(input) => Claim::of_bytes(&input.raw),
        DeadContent::Conflict(record) => Some(Claim::of_body(&record.body)),
    }
}
