//! Made-up people, firms and accounts whose numbers satisfy their checksums. The n-th of a seed is
//! always the same, and no two are equal. Knows nothing of what they do.

use crate::domain::{Account, Day, IdNumber, Uscc};
use compact_str::{CompactString, format_compact};
use rand::Rng;
use rand::seq::IndexedRandom;

/// Counties that people come from.
const HOMES: [u64; 24] = [
    150_621, 150_602, 150_622, 150_623, 150_624, 150_625, 150_626, 150_627, 152_722, 152_701, 610_829,
    610_802, 410_223, 411_628, 511_321, 513_021, 620_421, 622_621, 130_723, 140_621, 230_521, 340_421,
    500_235, 532_128,
];
/// Birth dates: this many days from 1964-01-01.
const BIRTH_DAYS: u64 = 15_300;
/// The numbers given out on one day in one place.
const SEQUENCE: u64 = 999;

const SURNAMES: [&str; 40] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何",
    "郭", "马", "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "程", "曹", "袁", "邓",
    "许", "傅", "沈", "曾", "彭", "吕",
];
const GIVEN: [&str; 40] = [
    "伟",
    "强",
    "磊",
    "军",
    "勇",
    "杰",
    "涛",
    "超",
    "明",
    "刚",
    "平",
    "辉",
    "鹏",
    "飞",
    "波",
    "斌",
    "宇",
    "浩",
    "凯",
    "健",
    "俊",
    "帆",
    "帅",
    "旭",
    "宁",
    "龙",
    "林",
    "欢",
    "阳",
    "建华",
    "志强",
    "国庆",
    "海燕",
    "玉兰",
    "秀英",
    "丽",
    "敏",
    "静",
    "建国",
    "巴特尔",
];
const FIRM_FIRST: [&str; 16] = [
    "鼎盛", "宏远", "恒基", "中泰", "华宇", "天成", "金源", "瑞丰", "博达", "兴隆", "永安", "广厦", "同力",
    "东方", "蒙西", "河套",
];
const FIRM_LAST: [&str; 6] = [
    "建筑有限公司",
    "建设集团有限公司",
    "市政工程有限公司",
    "路桥有限公司",
    "水利水电有限公司",
    "安装工程有限公司",
];

pub(super) const BANKS: [&str; 6] = ["ICBC", "ABC", "CCB", "BOC", "PSBC", "MSBANK"];

/// The n-th person of a seed.
pub(super) fn id_number(seed: u64, n: u64) -> IdNumber {
    let places = u64::try_from(HOMES.len()).unwrap_or(1);
    let all = places * BIRTH_DAYS * SEQUENCE;
    // A step that shares no factor with `all` visits every number once.
    let at = (n % all * 7_777_777 + seed % all) % all;
    let home = HOMES[usize::try_from(at % places).unwrap_or(0)];
    let days = i32::try_from(at / places % BIRTH_DAYS).unwrap_or(0);
    let (year, month, day) = Day(days - 2192).ymd();
    let birth = u64::from(year.unsigned_abs()) * 10_000 + u64::from(month) * 100 + u64::from(day);
    let sequence = 1 + at / places / BIRTH_DAYS;
    IdNumber::from_packed((home * 100_000_000 + birth) * 1000 + sequence)
}

pub(super) fn name(dice: &mut impl Rng) -> CompactString {
    let mut name = CompactString::from(pick(dice, &SURNAMES));
    name.push_str(pick(dice, &GIVEN));
    name
}

pub(super) fn firm(dice: &mut impl Rng) -> CompactString {
    format_compact!("{}{}", pick(dice, &FIRM_FIRST), pick(dice, &FIRM_LAST))
}

/// The n-th firm: 17 characters, then the one check character that fits.
#[allow(clippy::expect_used, reason = "one of the 31 characters always satisfies the check")]
pub(super) fn uscc(n: u64) -> Uscc {
    const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let mut code = *b"91150621MA0000000_";
    let mut rest = n;
    for place in code[10..17].iter_mut().rev() {
        *place = ALPHABET[usize::try_from(rest % 31).unwrap_or(0)];
        rest /= 31;
    }
    ALPHABET
        .iter()
        .find_map(|check| {
            code[17] = *check;
            Uscc::parse("uscc", std::str::from_utf8(&code).unwrap_or("")).ok()
        })
        .expect("a check character exists")
}

/// The n-th wage card: 19 digits.
pub(super) fn card(n: u64) -> Account {
    digits(6_217_000_000_000_000_000 + u128::from(n % 1_000_000_000_000), 19)
}

/// A card that no worker has named.
pub(super) fn stray_card(n: u64) -> Account {
    digits(6_228_000_000_000_000_000 + u128::from(n % 1_000_000_000_000), 19)
}

/// The n-th project's wage account: 17 digits, the first of them 0.
pub(super) fn wage_account(n: u64) -> Account {
    digits(5_370_101_040_000_000 + u128::from(n % 10_000_000), 17)
}

/// An account's integer form is a 1 before its digits.
fn digits(number: u128, count: u32) -> Account {
    Account::from_packed(10u128.pow(count) + number)
}

pub(super) fn pick<T: Copy>(dice: &mut impl Rng, from: &[T]) -> T {
    // Every list here has entries.
    from.choose(dice).copied().unwrap_or(from[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn made_up_numbers_are_valid_and_no_two_are_equal() {
        let mut seen = BTreeSet::new();
        for n in 0..50_000 {
            let id = id_number(42, n);
            assert_eq!(IdNumber::parse("i", None, &id.reveal()), Ok(id.clone()));
            assert!(seen.insert(id));
            let card = card(n);
            assert_eq!(Account::parse("a", &card.reveal()), Ok(card));
        }
        let places = u64::try_from(HOMES.len()).unwrap() * BIRTH_DAYS * SEQUENCE;
        let mut step = (7_777_777, places);
        while step.1 > 0 {
            step = (step.1, step.0 % step.1);
        }
        assert_eq!(step.0, 1, "the step shares a factor with the number of numbers");
        let codes: BTreeSet<Uscc> = (0..2000).map(uscc).collect();
        assert_eq!(codes.len(), 2000);
        assert_eq!(wage_account(3).reveal(), "05370101040000003");
    }
}
