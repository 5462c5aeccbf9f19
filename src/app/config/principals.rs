//! Who may call (`principals.toml`): each with a role, how far it reaches, and what he shows. Checked whole, and
//! against the directory.

use super::Text;
use super::directory::Directory;
use super::document::Value;
use super::problem::ConfigError;
use super::row::{CODE, Row, is_code, rows};
use crate::access::{Principal, Role};
use crate::domain::Day;
use crate::guard::{Member, StoredToken};
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

const KEYS: [&str; 10] = [
    "name",
    "role",
    "banks",
    "projects",
    "departments",
    "sectors",
    "territories",
    "certificates",
    "tokens",
    "reveal",
];

const TOKEN: &str = "{ hash = \"...\", expires = \"YYYY-MM-DD\" }, as `wagewatch token` prints it";

/// All of them; what is wrong goes to `problems`.
pub(super) fn parse(file: &Text, directory: &Directory, problems: &mut Vec<ConfigError>) -> Vec<Member> {
    let mut members = Vec::new();
    let mut names = BTreeMap::new();
    let mut shown: BTreeMap<String, usize> = BTreeMap::new();
    for mut row in rows(file, "principal", &KEYS, problems) {
        let name = row.code("name", &mut names);
        let role = role(&mut row);
        let mut principal = Principal { role, reveal: row.yes("reveal"), ..Principal::default() };
        reach(&mut row, &mut principal, directory);
        if let Some(role) = role {
            fits(&mut row, role, &principal);
        }
        let certificates = row.list("certificates", "a list of names", NAMED, is_text);
        let certificates = once(&mut row, certificates, &mut shown);
        let tokens = tokens(&mut row, &mut shown);
        if certificates.is_empty() && tokens.is_empty() && row.problems.is_empty() {
            row.problem(row.line, "neither certificates nor tokens".into(), "at least one of them");
        }
        if let Some(name) = name {
            principal.name = name.into();
            members.push(Member { principal, certificates, tokens });
        }
        problems.append(&mut row.problems);
    }
    members
}

/// What has ended, or soon will: said by `check` and at the start, refused by nobody.
pub(super) fn warnings(members: &[Member], today: Day) -> Vec<String> {
    let mut said = Vec::new();
    for member in members {
        for token in &member.tokens {
            let left = (token.until - end_of(today.plus(-1))).div_euclid(86_400);
            if left <= SOON_DAYS {
                let when = if left <= 0 { "has ended".to_owned() } else { format!("ends in {left} days") };
                said.push(format!("a token of principal \"{}\" {when}", member.principal.name));
            }
        }
    }
    said
}

const SOON_DAYS: i64 = 14;
const NAMED: &str =
    "a name that stands in the certificate: the subject's common name, a DNS name, a URI or a mail address";

fn is_text(text: &str) -> bool {
    (1..=256).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn role(row: &mut Row<'_>) -> Option<Role> {
    let expected = format!("one of {}", Role::WORDS.join(", "));
    let text = row.text("role", &expected)?;
    let role = Role::parse(&text);
    if role.is_none() {
        row.problem(row.line_of("role"), format!("role is {text:?}"), &expected);
    }
    role
}

/// Reads the lists of what is his, and holds them against the directory.
fn reach(row: &mut Row<'_>, principal: &mut Principal, directory: &Directory) {
    let set = |texts: Vec<(usize, String)>| texts.into_iter().map(|(_, text)| text.into()).collect();
    principal.banks = set(row.list("banks", "a list of banks", "the `bank` of its records", is_text));
    let pattern = |text: &str| {
        let id = text.strip_suffix('*').unwrap_or(text);
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        (1..=64).contains(&text.len()) && id.bytes().all(good)
    };
    let expected = "a project_id, or the beginning of some and a *";
    principal.projects = set(row.list("projects", "a list of projects", expected, pattern));
    principal.departments = known(row, "departments", CODE, |code| {
        directory.departments.iter().any(|department| department.code == code)
    });
    let sectors: BTreeSet<&str> = directory.sectors().into_iter().collect();
    principal.sectors = known(row, "sectors", CODE, |code| sectors.contains(code));
    principal.territories = known(row, "territories", "a territory's code, or its beginning", |code| {
        directory.territories.iter().any(|territory| territory.code.starts_with(code))
    });
}

fn known(
    row: &mut Row<'_>,
    key: &str,
    expected: &str,
    is_known: impl Fn(&str) -> bool,
) -> BTreeSet<CompactString> {
    let mut all = BTreeSet::new();
    for (line, code) in row.list(key, "a list of codes", expected, is_code) {
        if is_known(&code) {
            all.insert(code.into());
        } else {
            row.problem(line, format!("{key} has {code:?}, which is none"), "one that the county has");
        }
    }
    all
}

/// Each role has lists of its own: one that is of no use would only seem to bound it.
fn fits(row: &mut Row<'_>, role: Role, principal: &Principal) {
    let lists = [
        ("banks", &principal.banks),
        ("projects", &principal.projects),
        ("departments", &principal.departments),
        ("sectors", &principal.sectors),
        ("territories", &principal.territories),
    ];
    let (of_his, needs): (&[&str], &[&str]) = match role {
        Role::Bank => (&["banks"], &["banks"]),
        Role::SitePlatform => (&["projects"], &["projects"]),
        Role::Supervisor => (&["departments", "sectors"], &["departments", "sectors"]),
        Role::Territory => (&["departments", "territories"], &["departments", "territories"]),
        Role::Inspector => (&["departments", "sectors", "territories"], &["departments"]),
        Role::Coordinator | Role::Platform | Role::Auditor | Role::Operator | Role::Instance => (&[], &[]),
    };
    for (key, _) in lists {
        if row.find(key).is_some() && !of_his.contains(&key) {
            let what = format!("{key} of a principal with the role \"{role}\"");
            let expected = if of_his.is_empty() { "no such list".into() } else { of_his.join(", ") };
            row.problem(row.line_of(key), what, &expected);
        }
    }
    let is_there = lists.iter().any(|(key, list)| needs.contains(key) && !list.is_empty());
    if !needs.is_empty() && !is_there && row.problems.is_empty() {
        let what = format!("a principal with the role \"{role}\" that reaches nothing");
        row.problem(row.line, what, &needs.join(" or "));
    }
    let offices = [Role::Supervisor, Role::Territory, Role::Coordinator, Role::Inspector];
    if principal.reveal && !offices.contains(&role) {
        let what = format!("reveal of a principal with the role \"{role}\"");
        row.problem(row.line_of("reveal"), what, "only supervisor, territory, coordinator, inspector");
    }
}

/// What one shows nobody else may show.
fn once(
    row: &mut Row<'_>,
    texts: Vec<(usize, String)>,
    shown: &mut BTreeMap<String, usize>,
) -> Vec<CompactString> {
    let mut all = Vec::new();
    for (line, text) in texts {
        match shown.get(&text) {
            Some(first) => {
                let what = format!("{text:?} stands twice, first in line {first}");
                row.problem(line, what, "each name and token once");
            }
            None => {
                shown.insert(text.clone(), line);
                all.push(text.into());
            }
        }
    }
    all
}

fn tokens(row: &mut Row<'_>, shown: &mut BTreeMap<String, usize>) -> Vec<StoredToken> {
    let mut all = Vec::new();
    for item in row.items("tokens", "a list of tokens") {
        let (mut hash, mut expires) = (None, None);
        let Value::Table(keys) = &item.value else {
            row.problem(item.line, format!("tokens has {}", item.value.shown()), TOKEN);
            continue;
        };
        for key in keys {
            match (key.name.as_str(), &key.node.value) {
                ("hash", Value::Text(text)) => hash = Some(text.clone()),
                ("expires", Value::Text(text)) if Day::parse(text).is_some() => expires = Day::parse(text),
                // What stands there may be the token itself: it is not told.
                (name, _) => row.problem(key.line, format!("tokens has a {name} that is none"), TOKEN),
            }
        }
        let stored = hash.zip(expires).and_then(|(hash, day)| StoredToken::parse(&hash, end_of(day)));
        match stored {
            Some(stored) => {
                let id = data_encoding::HEXLOWER.encode(&stored.id);
                if !once(row, vec![(item.line, id)], shown).is_empty() {
                    all.push(stored);
                }
            }
            None => row.problem(item.line, "tokens has an entry that is none".into(), TOKEN),
        }
    }
    all
}

/// Unix seconds of the end of a day in China.
fn end_of(day: Day) -> i64 {
    (i64::from(day.0) + 1) * 86_400 - 8 * 3600
}
