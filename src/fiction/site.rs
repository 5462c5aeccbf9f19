//! A building site: its project, its hands, and who comes through the turnstile on a day. Knows nothing
//! of what the days are worth.

use super::county::{Post, at, bank};
use super::guests::Guest;
use super::till::Till;
use super::trouble::{Fate, Trouble};
use super::{Plan, people};
use crate::domain::*;
use compact_str::{CompactString, format_compact};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Sectors (codes of `config/departments.toml`) and what is built in them.
const WORKS: [(&str, &str); 21] = [
    ("building", "住宅小区"),
    ("building", "学校教学楼"),
    ("building", "卫生院综合楼"),
    ("installation", "商业综合体"),
    ("decoration", "办公楼装修"),
    ("municipal", "道路改造工程"),
    ("sewage", "污水处理厂"),
    ("heating", "集中供热管网"),
    ("highway", "二级公路"),
    ("road-maintenance", "农村公路养护"),
    ("reservoir", "水库除险加固"),
    ("river-ecology", "河道治理"),
    ("rural-water", "农村饮水工程"),
    ("farmland-improvement", "高标准农田"),
    ("coal-chemical", "煤化工装置"),
    ("coal-mining", "煤矿配套工程"),
    ("solar", "光伏电站"),
    ("wind", "风电场"),
    ("grassland", "草原修复"),
    ("sand-control", "防沙治沙工程"),
    ("government-agency-built", "文体活动中心"),
];
/// Codes and names of `config/territories.toml`.
const TERRITORIES: [(&str, &str); 17] = [
    ("150621001", "工业街道"),
    ("150621002", "昭君街道"),
    ("150621003", "锡尼街道"),
    ("150621004", "白塔街道"),
    ("150621005", "西园街道"),
    ("150621006", "平原街道"),
    ("150621100", "树林召镇"),
    ("150621101", "吉格斯太镇"),
    ("150621102", "白泥井镇"),
    ("150621103", "王爱召镇"),
    ("150621104", "昭君镇"),
    ("150621105", "恩格贝镇"),
    ("150621106", "中和西镇"),
    ("150621107", "风水梁镇"),
    ("150621200", "展旦召苏木"),
    ("150621400", "达拉特经济开发区"),
    ("150621401", "恩格贝生态示范区"),
];

pub(super) struct Site {
    pub project: Project,
    pub account: Account,
    pub bank: CompactString,
    /// Subcontractors: name and code.
    pub employers: Vec<(CompactString, Uscc)>,
    pub till: Till,
    pub fate: Option<Fate>,
    pub hands: Vec<Hand>,
    /// Names on its lists whose bearers work elsewhere.
    pub guests: Vec<Guest>,
    pub dice: ChaCha8Rng,
}

/// One worker on one site.
pub(super) struct Hand {
    pub id_number: IdNumber,
    pub name: CompactString,
    pub card: Account,
    /// Index into the site's employers.
    pub employer: usize,
    pub basis: Basis,
    pub rate_fen: Fen,
    pub registered: Registered,
    night: bool,
    /// Weekday off, 0 = Monday.
    rest: u32,
    /// The month that is running.
    pub tally: Tally,
    /// The month closed last.
    pub month: Tally,
    /// The last day that was a whole one here.
    pub whole_on: Option<Day>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Registered {
    Yes,
    /// Enrolled weeks after he began.
    Late,
    Never,
}

/// A month's work so far: hundredths of days, and minutes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Tally {
    pub days: i64,
    pub minutes: i64,
}

impl Site {
    pub fn new(plan: &Plan, n: u64, fate: Option<Fate>, seed: u64) -> Site {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let employers =
            (0..1 + n % 3).map(|k| (people::firm(&mut dice), people::uscc(1_000_000 + n * 4 + k))).collect();
        let project = project(plan, n, fate, &mut dice);
        Site {
            account: people::wage_account(n),
            bank: bank(&mut dice),
            employers,
            till: Till::default(),
            project,
            fate,
            hands: Vec::new(),
            guests: Vec::new(),
            dice,
        }
    }

    pub fn has(&self, trouble: Trouble) -> Option<Fate> {
        self.fate.filter(|fate| fate.trouble == trouble)
    }

    /// The days on which the turnstile was broken.
    pub fn silent_days(&self) -> Option<(Day, Day)> {
        let fate = self.has(Trouble::LateAttendance)?;
        Some((fate.period.day_or_last(10), fate.period.day_or_last(12)))
    }

    /// One business day of swipes; some days are set right by the officer the next morning.
    pub fn attend(&mut self, day: Day, post: &mut Post, out: &mut Vec<Record>) {
        let silent = self.silent_days().is_some_and(|(first, last)| (first..=last).contains(&day));
        let (hands, away) = (self.hands.len(), one_away_of(day));
        let mut anybody = false;
        for (n, hand) in self.hands.iter_mut().enumerate() {
            // A site whose hands are all away by chance would seem to have stopped: the last one comes.
            let away = self.dice.random_ratio(1, away) && (anybody || n + 1 < hands);
            if silent || hand.rests(day) || away {
                continue;
            }
            anybody = true;
            let (from, spread) = if hand.night { (19 * 3600, 7000) } else { (6 * 3600 + 1200, 5900) };
            let came = from + self.dice.random_range(0..spread);
            // A night shift ends before the next business day begins at 04:00.
            let went =
                came + self.dice.random_range(360 * 60..370 * 60) + if hand.night { 0 } else { 4 * 3600 };
            for (second, direction) in [(came, SwipeDirection::In), (went, SwipeDirection::Out)] {
                let swiped_at = at(day, second);
                let body = Body::Swipe(Swipe {
                    project_id: self.project.project_id.clone(),
                    id_number: hand.id_number.clone(),
                    swiped_at,
                    direction: Some(direction),
                    device: Some(CompactString::const_new("gate-1")),
                });
                out.push(post.record('a', "realname", swiped_at, body));
            }
            let mut worked = Tally { days: 100, minutes: (went - came) / 60 };
            if self.dice.random_ratio(1, 400) {
                worked = if self.dice.random() {
                    Tally { days: 50, minutes: 240 }
                } else {
                    Tally { days: 150, minutes: 720 }
                };
                let body = hand.day(&self.project.project_id, day, worked);
                post.send('d', "officer", at(day.plus(1), 9 * 3600), body);
            }
            if worked.days >= 100 {
                hand.whole_on = Some(day);
            }
            hand.tally.days += worked.days;
            hand.tally.minutes += worked.minutes;
        }
    }
}

/// Of so many hands one stays away: frost, and the way home before Spring Festival, leave fewer.
fn one_away_of(day: Day) -> u32 {
    match day.ymd().1 {
        12 | 1 | 2 => 5,
        3 | 11 => 10,
        _ => 25,
    }
}

impl Hand {
    /// The n-th person of the county.
    pub fn new(seed: u64, n: u64, employers: &[(CompactString, Uscc)], dice: &mut impl Rng) -> Hand {
        let basis = match dice.random_range(0..20) {
            0..=10 => Basis::Daily,
            11..=15 => Basis::Monthly,
            16..=17 => Basis::Hourly,
            _ => Basis::Piece,
        };
        // Whole yuan; a day 180-420, a month 4500-12000, an hour 18-45.
        let yuan = match basis {
            Basis::Daily => dice.random_range(18..=42) * 10,
            Basis::Monthly => dice.random_range(45..=120) * 100,
            Basis::Hourly => dice.random_range(18..=45),
            Basis::Piece => 0,
        };
        Hand {
            id_number: people::id_number(seed, n),
            name: people::name(dice),
            card: people::card(n),
            employer: dice.random_range(0..employers.len()),
            basis,
            rate_fen: Fen(yuan * 100),
            registered: Registered::Yes,
            night: dice.random_ratio(1, 20),
            rest: if dice.random_ratio(3, 4) { 6 } else { dice.random_range(0..6) },
            tally: Tally::default(),
            month: Tally::default(),
            whole_on: None,
        }
    }

    /// The same person on another list, by the day for that rate.
    pub fn again(&self, card: Account, employer: usize, rate_fen: Fen) -> Hand {
        Hand {
            id_number: self.id_number.clone(),
            name: self.name.clone(),
            card,
            employer,
            basis: Basis::Daily,
            rate_fen,
            registered: Registered::Yes,
            night: false,
            rest: self.rest,
            tally: Tally::default(),
            month: Tally::default(),
            whole_on: None,
        }
    }

    pub fn works_by_day(&self) -> bool {
        !self.night
    }

    pub fn rests(&self, day: Day) -> bool {
        day.weekday() == self.rest
    }

    /// The statement of one day.
    pub fn day(&self, project_id: &ProjectId, work_date: Day, worked: Tally) -> Body {
        Body::WorkDay(WorkDay {
            project_id: project_id.clone(),
            id_number: self.id_number.clone(),
            work_date,
            days: Days(u32::try_from(worked.days).unwrap_or(0)),
            minutes: u16::try_from(worked.minutes).ok(),
        })
    }
}

#[allow(clippy::expect_used, reason = "the id is built from allowed characters")]
fn project(plan: &Plan, n: u64, fate: Option<Fate>, dice: &mut impl Rng) -> Project {
    let (year, _) = plan.first.ym();
    let id = format_compact!("DLT-{year}-{:04}", n + 1);
    let (territory, place) = people::pick(dice, &TERRITORIES);
    let (sector, work) = people::pick(dice, &WORKS);
    // The account is opened and known, and the deposit lodged, within their times.
    let signed = plan.first.first_day().plus(-dice.random_range(10..=20));
    let funding = people::pick(dice, Funding::ALL);
    let unknown = fate.is_some_and(|f| f.trouble == Trouble::UnknownProject);
    // While the project is unknown its wages fall due on the default day.
    let pay_day = if unknown { 15 } else { people::pick(dice, &[15, 20, 25, 28]) };
    Project {
        project_id: ProjectId::parse("project_id", &id).expect("a well-formed id"),
        name: format_compact!("{place}{work}（{}号）", n + 1),
        sector: sector.into(),
        territory: territory.into(),
        funding,
        owner_name: people::firm(dice),
        owner_uscc: Some(people::uscc(2_000_000 + n)),
        contractor_name: people::firm(dice),
        // Some contractors have two projects or three.
        contractor_uscc: people::uscc(n * 2 / 3),
        contract_signed_on: signed,
        contract_fen: Fen(dice.random_range(500..20_000) * 1_000_000),
        labour_fee_fen: None,
        started_on: Some(plan.first.first_day()),
        completed_on: None,
        pay_day: Some(pay_day),
        pay_month_offset: Some(1),
        labour_officer: Some(people::name(dice)),
        status: ProjectStatus::Active,
    }
}
