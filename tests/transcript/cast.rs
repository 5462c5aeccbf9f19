//! The cast of the transcripts: names, letters and numbers that a reader knows at a glance, and the
//! made-up valid numbers that the program sees. Knows no statement.

use wagewatch::domain::{Account, IdNumber, Period, ProjectId, Rule, Uscc};

/// Each has the identity number that follows from his place here.
const PEOPLE: [&str; 12] =
    ["Zhang", "Wang", "Li", "Zhao", "Chen", "Yang", "Wu", "Liu", "Zhou", "Xu", "Sun", "Ma"];

/// Employers who submit payroll sheets.
const EMPLOYERS: [(&str, &str); 4] = [
    ("E1", "91150621MA0NTET009"),
    ("E2", "91110000600037341L"),
    ("E3", "91150621MA0AAAAAA0"),
    ("E4", "91150621MA0BBBBBBB"),
];

pub fn is_person(word: &str) -> bool {
    PEOPLE.contains(&word)
}

/// Born on the first, second, ... of January 1990.
pub fn person(word: &str) -> Result<IdNumber, String> {
    let place = PEOPLE.iter().position(|name| *name == word);
    let place = place.ok_or_else(|| format!("{word:?} is nobody of {}", PEOPLE.join(", ")))?;
    let nth = u64::try_from(place).unwrap() + 1;
    Ok(IdNumber::from_packed(15_062_119_900_100_000 + nth * 1000 + nth))
}

pub fn name_of(id: &IdNumber) -> &'static str {
    PEOPLE.iter().find(|name| person(name).as_ref() == Ok(id)).unwrap()
}

/// `A` to `Z`: cards of people; `W0` to `W9`: accounts from which wages are paid.
pub fn account(word: &str) -> Result<Account, String> {
    let digits = match word.as_bytes() {
        [letter @ b'A'..=b'Z'] => format!("62284800000000000{:02}", letter - b'A' + 1),
        [b'W', digit @ b'0'..=b'9'] => format!("0537010104000000{}", char::from(*digit)),
        _ => return Err(format!("{word:?} is no account: A to Z, or W0 to W9")),
    };
    Ok(Account::parse("account", &digits).unwrap())
}

pub fn account_word(of: Account) -> String {
    let letters = ('A'..='Z').map(String::from);
    letters.chain((0..10).map(|n| format!("W{n}"))).find(|word| account(word) == Ok(of)).unwrap()
}

pub fn employer(word: &str) -> Result<Uscc, String> {
    let found = EMPLOYERS.iter().find(|(name, _)| *name == word);
    let (_, code) = found.ok_or_else(|| format!("{word:?} is no employer: E1 to E4"))?;
    Ok(Uscc::parse("employer_uscc", code).unwrap())
}

pub fn employer_word(of: Uscc) -> &'static str {
    EMPLOYERS.iter().map(|(name, _)| *name).find(|name| employer(name) == Ok(of)).unwrap()
}

pub fn is_project(word: &str) -> bool {
    word.strip_prefix('P').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
}

pub fn project(word: &str) -> Result<ProjectId, String> {
    match is_project(word) {
        true => Ok(ProjectId::parse("project_id", word).unwrap()),
        false => Err(format!("{word:?} is no project: P1, P2 ...")),
    }
}

pub fn period(word: &str) -> Result<Period, String> {
    Period::parse(word).ok_or_else(|| format!("{word:?} is no month: 2026-03"))
}

pub fn rule(word: &str) -> Result<Rule, String> {
    Rule::parse(word).ok_or_else(|| format!("{word:?} is no rule: {}", Rule::WORDS.join(", ")))
}
