//! Names that are on two lists: somebody works at one site, and on some days another site has him for the whole day,
//! too, and draws his wage. Which names, where and when has dice of its own, so that it changes nothing else that
//! happens in a county. Knows nothing of rules.

use super::Plan;
use super::county::{Post, at};
use super::people;
use super::site::{Hand, Site};
use super::trouble::{Planted, Trouble};
use crate::domain::*;
use compact_str::CompactString;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A name on a site's list whose bearer works elsewhere.
pub(super) struct Guest {
    pub hand: Hand,
    pub dice: ChaCha8Rng,
    /// Where he works: the place of the site, and of the hand there.
    home: (usize, usize),
    home_id: ProjectId,
    /// The first month, and the first day in each, on which this site has him, too.
    first: Period,
    from: u32,
    /// So many days a month.
    days: u32,
    /// The days of the month that is running.
    met: (Period, u32),
}

/// Puts names of one honest site on the list of another: of a fifth of the share of troubles, one a site.
pub(super) fn invite(plan: &Plan, sites: &mut [Site]) {
    let mut dice = ChaCha8Rng::seed_from_u64(plan.seed ^ 0x4755_4553_5453);
    let is_honest = |(_, site): &(usize, &Site)| site.fate.is_none() && !site.hands.is_empty();
    let mut honest: Vec<usize> = sites.iter().enumerate().filter(is_honest).map(|(n, _)| n).collect();
    honest.shuffle(&mut dice);
    let count = plan.troubles.fifth().of(u32::try_from(honest.len()).unwrap_or(u32::MAX));
    let homes = honest.iter().cycle().skip(1);
    // Cards behind those of all workers.
    let cards = u64::from(plan.workers)..;
    for ((host, home), card) in honest.iter().zip(homes).zip(cards).take(count as usize) {
        let Some(place) = sites[*home].hands.iter().position(Hand::works_by_day).filter(|_| host != home)
        else {
            continue;
        };
        // One who has hands there, and so makes a sheet.
        let employer = sites[*host].hands[dice.random_range(0..sites[*host].hands.len())].employer;
        let rate_fen = Fen(dice.random_range(20..=40) * 1000);
        let guest = Guest {
            hand: sites[*home].hands[place].again(people::card(card), employer, rate_fen),
            home: (*home, place),
            home_id: sites[*home].project.project_id.clone(),
            first: plan.first.plus(dice.random_range(0..plan.months)),
            from: dice.random_range(3..=12),
            days: dice.random_range(3..=8),
            met: (plan.first, 0),
            dice: ChaCha8Rng::seed_from_u64(dice.random()),
        };
        sites[*host].guests.push(guest);
    }
}

/// One business day: the guests of all sites, after everybody came who works there.
pub(super) fn attend(sites: &mut [Site], day: Day, post: &mut Post, out: &mut Vec<Record>) {
    let Some(period) = day.period() else { return };
    for n in 0..sites.len() {
        for k in 0..sites[n].guests.len() {
            let (home, place) = sites[n].guests[k].home;
            if sites[home].hands[place].whole_on == Some(day) && sites[n].guests[k].comes(day, period) {
                let host = sites[n].project.project_id.clone();
                sites[n].guests[k].swipe(&host, day, period, post, out);
            }
        }
    }
}

impl Guest {
    fn comes(&mut self, day: Day, period: Period) -> bool {
        if self.met.0 != period {
            self.met = (period, 0);
        }
        period >= self.first && day.day_of_month() >= self.from && self.met.1 < self.days
    }

    fn swipe(&mut self, host: &ProjectId, day: Day, period: Period, post: &mut Post, out: &mut Vec<Record>) {
        let came = 6 * 3600 + 1200 + self.dice.random_range(0..5900);
        let went = came + self.dice.random_range(10 * 3600..11 * 3600);
        for (second, direction) in [(came, SwipeDirection::In), (went, SwipeDirection::Out)] {
            let swiped_at = at(day, second);
            let body = Body::Swipe(Swipe {
                project_id: host.clone(),
                id_number: self.hand.id_number.clone(),
                swiped_at,
                direction: Some(direction),
                device: Some(CompactString::const_new("gate-1")),
            });
            out.push(post.record('a', "realname", swiped_at, body));
        }
        self.hand.tally.days += 100;
        self.hand.tally.minutes += (went - came) / 60;
        if self.met.1 == 0 {
            post.plant(Planted {
                trouble: Trouble::TwoSites,
                project_id: host.clone(),
                other_id: Some(self.home_id.clone()),
                id_number: Some(self.hand.id_number.clone()),
                period: Some(period),
                amount_fen: Fen(0),
                from: day,
                until: None,
                unseen: true,
            });
        }
        self.met.1 += 1;
    }

    /// Closes the month; what he has earned in it.
    pub fn close(&mut self) -> i64 {
        self.hand.month = std::mem::take(&mut self.hand.tally);
        super::wages::earned(&self.hand, self.hand.month)
    }
}
