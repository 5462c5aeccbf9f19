//! Identifiers with their checksums. Personal ones mask themselves when printed: the full value
//! comes out only through `reveal`.

use super::{Day, Reason};
use compact_str::{CompactString, ToCompactString};
use std::cmp::Ordering;
use std::fmt;

/// A project: 1-64 of `A-Z a-z 0-9 . _ -`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectId(CompactString);

/// A person's identity document number. A number that satisfies GB 11643 is held as an integer.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdNumber(Number);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Number {
    /// The first 17 digits; the check character follows from them.
    Resident(u64),
    Other(Box<str>),
}

/// A unified social credit code, GB 32100.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uscc([u8; 18]);

/// A bank account or card, 8-32 digits: a leading 1, then the digits, as one integer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account(u128);

/// Not a project's: these never hold a `~`.
const COUNTY: &str = "~county";

impl ProjectId {
    pub fn parse(field: &str, text: &str) -> Result<ProjectId, Reason> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            return Ok(ProjectId(text.to_compact_string()));
        }
        Err(Reason::format(field, text, "1 to 64 of A-Z a-z 0-9 . _ -"))
    }

    /// The home of what belongs to no single project: alerts about employers, feeds, and complaints
    /// that name no project. No record can name it.
    pub const fn county() -> ProjectId {
        ProjectId(CompactString::const_new(COUNTY))
    }

    pub fn is_county(&self) -> bool {
        self.0 == COUNTY
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl IdNumber {
    /// A resident identity number unless `id_type` names another document (contract, section 2).
    pub fn parse(field: &str, id_type: Option<&str>, text: &str) -> Result<IdNumber, Reason> {
        if let Some(number) = resident(text.as_bytes()) {
            return Ok(IdNumber(Number::Resident(number)));
        }
        if matches!(id_type, None | Some("01")) {
            return Err(explain_resident(field, text));
        }
        if (4..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Ok(IdNumber(Number::Other(text.into())));
        }
        Err(Reason::format(field, text, "4 to 32 letters and digits for an id_type other than 01"))
    }

    /// Rebuilds a number from [`IdNumber::packed`] or [`IdNumber::reveal`] text kept by ourselves.
    pub fn from_packed(number: u64) -> IdNumber {
        IdNumber(Number::Resident(number))
    }

    pub fn from_kept(text: &str) -> IdNumber {
        match resident(text.as_bytes()) {
            Some(number) => IdNumber(Number::Resident(number)),
            None => IdNumber(Number::Other(text.into())),
        }
    }

    /// The first 17 digits of a number with a valid GB 11643 check; `None` for other documents.
    pub fn packed(&self) -> Option<u64> {
        match &self.0 {
            Number::Resident(n) => Some(*n),
            Number::Other(_) => None,
        }
    }

    /// The full number. Every caller must have a right to see it.
    pub fn reveal(&self) -> CompactString {
        match &self.0 {
            Number::Other(text) => text.to_compact_string(),
            Number::Resident(n) => {
                let mut text = CompactString::with_capacity(18);
                let mut digits = [0u8; 17];
                let mut rest = *n;
                for d in digits.iter_mut().rev() {
                    *d = b'0' + u8::try_from(rest % 10).unwrap_or(0);
                    rest /= 10;
                }
                digits.iter().for_each(|d| text.push(char::from(*d)));
                text.push(char::from(check_character(&digits)));
                text
            }
        }
    }

    /// First 6 and last 4 of an 18-character number (`150621********0012`); less of a shorter one.
    pub fn masked(&self) -> CompactString {
        mask(&self.reveal())
    }
}

impl Uscc {
    pub fn parse(field: &str, text: &str) -> Result<Uscc, Reason> {
        let expected = "a unified social credit code: 18 characters with a valid GB 32100 check";
        let bytes: [u8; 18] =
            text.as_bytes().try_into().map_err(|_| Reason::format(field, text, expected))?;
        let mut sum = 0usize;
        let mut weight = 1usize;
        for b in &bytes[..17] {
            let value = uscc_value(*b).ok_or_else(|| Reason::format(field, text, expected))?;
            sum += value * weight;
            weight = weight * 3 % 31;
        }
        if uscc_value(bytes[17]) != Some((31 - sum % 31) % 31) {
            return Err(Reason::checksum(field, text, expected));
        }
        Ok(Uscc(bytes))
    }

    pub fn as_str(&self) -> &str {
        // Only ASCII passes `parse`.
        std::str::from_utf8(&self.0).unwrap_or("")
    }
}

impl Account {
    pub fn parse(field: &str, text: &str) -> Result<Account, Reason> {
        if !(8..=32).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Reason::format(field, text, "8 to 32 digits"));
        }
        Ok(Account(text.bytes().fold(1u128, |n, b| n * 10 + u128::from(b - b'0'))))
    }

    /// The integer form, for storage.
    pub fn packed(self) -> u128 {
        self.0
    }

    pub fn from_packed(packed: u128) -> Account {
        Account(packed)
    }

    /// The full number. Every caller must have a right to see it.
    pub fn reveal(self) -> CompactString {
        CompactString::from(&self.0.to_compact_string()[1..])
    }

    /// First 6 and last 4.
    pub fn masked(self) -> CompactString {
        mask(&self.reveal())
    }
}

fn mask(text: &str) -> CompactString {
    // Only ASCII reaches this; a short number shows a smaller part of itself.
    let len = text.len();
    let (head, tail) = if len >= 16 { (6, 4) } else { (len / 4, len / 4) };
    let mut out = CompactString::from(&text[..head]);
    (head..len - tail).for_each(|_| out.push('*'));
    out.push_str(&text[len - tail..]);
    out
}

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

fn check_character(digits: &[u8; 17]) -> u8 {
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(d, w)| u32::from(d - b'0') * w).sum();
    b"10X98765432"[(sum % 11) as usize]
}

/// The first 17 digits if the 18 characters are a real birth date and a right check character.
fn resident(b: &[u8]) -> Option<u64> {
    let digits: &[u8; 17] = b.get(..17)?.try_into().ok()?;
    if b.len() != 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if b[17].to_ascii_uppercase() != check_character(digits) {
        return None;
    }
    birth_date(digits)?;
    Some(digits.iter().fold(0u64, |n, d| n * 10 + u64::from(d - b'0')))
}

fn birth_date(digits: &[u8; 17]) -> Option<Day> {
    let number =
        |range: std::ops::Range<usize>| digits[range].iter().fold(0u32, |n, d| n * 10 + u32::from(d - b'0'));
    let year = number(6..10);
    if !(1800..=2200).contains(&year) {
        return None;
    }
    Day::from_ymd(year.cast_signed(), number(10..12), number(12..14))
}

fn explain_resident(field: &str, text: &str) -> Reason {
    let b = text.as_bytes();
    let expected = "a resident identity number: 17 digits with a real birth date and the GB 11643 check character (or an id_type other than 01)";
    match <&[u8; 17]>::try_from(b.get(..17).unwrap_or(&[])) {
        Ok(digits) if b.len() == 18 && digits.iter().all(u8::is_ascii_digit) => {
            if birth_date(digits).is_none() {
                Reason::format(field, text, expected).found("18 characters whose birth date is no real date")
            } else {
                Reason::checksum(field, text, expected)
            }
        }
        _ => Reason::format(field, text, expected),
    }
}

fn uscc_value(b: u8) -> Option<usize> {
    b"0123456789ABCDEFGHJKLMNPQRTUWXY".iter().position(|c| *c == b)
}

impl Ord for IdNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Number::Resident(a), Number::Resident(b)) => a.cmp(b),
            _ => self.reveal().cmp(&other.reveal()),
        }
    }
}

impl PartialOrd for IdNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

macro_rules! shown_as {
    ($($type:ty => $show:expr),* $(,)?) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let show: fn(&$type) -> CompactString = $show;
                f.write_str(&show(self))
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}

shown_as! {
    ProjectId => |p| p.0.clone(),
    Uscc => |u| CompactString::from(u.as_str()),
    IdNumber => IdNumber::masked,
    Account => |a| a.masked(),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Result<IdNumber, Reason> {
        IdNumber::parse("id_number", None, text)
    }

    #[test]
    fn resident_numbers_round_trip_and_mask() {
        for text in ["152722199001010019", "150621200301010012", "150621199001010015"] {
            let number = id(text).unwrap();
            assert_eq!(number.reveal(), text);
            assert_eq!(IdNumber::from_packed(number.packed().unwrap()), number);
        }
        assert_eq!(id("152722199001010019").unwrap().to_string(), "152722********0019");
        assert_eq!(format!("{:?}", id("152722199001010019").unwrap()), "152722********0019");
    }

    #[test]
    fn the_check_letter_folds() {
        let upper = (0..10_000).find_map(|n| id(&format!("1527221990010{n:04}X")).ok()).unwrap();
        let lower = upper.reveal().replace('X', "x");
        assert_eq!(id(&lower).unwrap(), upper);
    }

    #[test]
    fn bad_numbers_say_why_without_the_number() {
        for (text, part) in [
            ("152722199001010018", "check"),
            ("152722199002300019", "birth date"),
            ("1527221990", "10 characters"),
            ("", "empty"),
        ] {
            let reason = id(text).unwrap_err().to_string();
            assert!(reason.contains(part), "{reason}");
            assert!(text.is_empty() || !reason.contains(text), "{reason}");
        }
    }

    #[test]
    fn other_documents_need_no_checksum() {
        let passport = IdNumber::parse("id_number", Some("08"), "E12345678").unwrap();
        assert_eq!((passport.reveal().as_str(), passport.masked().as_str()), ("E12345678", "E1*****78"));
        assert!(IdNumber::parse("id_number", Some("08"), "E1").is_err());
        assert!(IdNumber::parse("id_number", Some("01"), "E12345678").is_err());
    }

    #[test]
    fn credit_codes_are_checked() {
        assert!(Uscc::parse("u", "91110000600037341L").is_ok());
        assert!(Uscc::parse("u", "91150621MA0NTET009").is_ok());
        for bad in ["91150621MA0NTET008", "91150621MA0NTET00", "91150621MA0NTETI09", ""] {
            assert!(Uscc::parse("u", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn accounts_keep_leading_zeros_and_mask() {
        for text in [
            "05370101040012345",
            "00000000",
            "11111111111111111111111111111111",
            "99999999999999999999999999999999",
        ] {
            let account = Account::parse("account", text).unwrap();
            assert_eq!(account.reveal(), text);
            assert_eq!(Account::from_packed(account.packed()), account);
        }
        assert_eq!(Account::parse("a", "6228480000000000000").unwrap().to_string(), "622848*********0000");
        assert!(Account::parse("a", "1234567").is_err());
        assert!(Account::parse("a", "12345678a").is_err());
    }
}
