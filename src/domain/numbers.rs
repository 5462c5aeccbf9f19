//! Every number that rules judge by, with its place in the rulebook, its default and its bounds, and
//! which rules are on. What each means to an inspector stands in `config/rulebook.toml`, not twice.

use super::Rule;
use compact_str::CompactString;
use std::collections::BTreeMap;

/// Where a number stands in the rulebook, and what it may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NumberKey {
    /// A rule's name, or `wages` for what several rules share.
    pub section: &'static str,
    pub key: &'static str,
    pub default: i64,
    pub least: i64,
    pub most: i64,
}

/// In which sectors a rule judges.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Switch {
    /// Off everywhere.
    pub off: bool,
    /// Codes of sectors in which it is off.
    pub off_in: Vec<CompactString>,
}

macro_rules! numbers {
    ($($(#[$meta:meta])* $field:ident = $section:literal $key:literal $default:literal ($least:literal to $most:literal);)+) => {
        /// Sums in fen, ages in days, shares in percent; the unit ends each name.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub struct Numbers {
            $($(#[$meta])* pub $field: i64,)+
            /// Minutes between a day's first and last swipe -> hundredths of a day, ascending; the last
            /// step that is reached counts. Empty: any swipe is a whole day (contract, section 4).
            pub presence_steps: Vec<(u32, u32)>,
            /// Rules that are not on everywhere.
            pub switches: BTreeMap<Rule, Switch>,
        }

        impl Default for Numbers {
            fn default() -> Self {
                Numbers { $($field: $default,)+ presence_steps: Vec::new(), switches: BTreeMap::new() }
            }
        }

        impl Numbers {
            /// All of them, in the order in which [`Numbers::values`] has them.
            pub const KEYS: &'static [NumberKey] = &[
                $(NumberKey { section: $section, key: $key, default: $default, least: $least, most: $most },)+
            ];

            pub fn values(&self) -> Vec<i64> {
                vec![$(self.$field,)+]
            }

            /// Sets the one at that place in [`Numbers::KEYS`]; another place is none.
            pub fn set(&mut self, place: usize, value: i64) {
                let fields = [$(&mut self.$field,)+];
                if let Some(field) = fields.into_iter().nth(place) {
                    *field = value;
                }
            }
        }
    };
}

numbers! {
    /// Arrears up to this sum are no arrears.
    tolerance_fen = "wages" "tolerance_fen" 100 (0 to 10_000_000_000_000);
    /// Overdue by more days than these: orange, red.
    orange_after_days = "wages" "orange_after_days" 30 (0 to 36_500);
    red_after_days = "wages" "red_after_days" 60 (0 to 36_500);
    /// From so many workers on arrears are a group's.
    group_workers = "project-arrears" "group_workers" 10 (1 to 1_000_000);
    /// A group that is owed this much or more is red.
    group_red_fen = "project-arrears" "group_red_fen" 3_000_000 (0 to 10_000_000_000_000);
    coverage_least_heads = "coverage-low" "least_heads" 5 (1 to 1_000_000);
    coverage_red_below_percent = "coverage-low" "red_below_percent" 90 (0 to 100);
    group_arrears_workers = "group-arrears" "workers" 10 (1 to 1_000_000);
    group_arrears_red_after_days = "group-arrears" "red_after_days" 30 (0 to 36_500);
    criminal_worker_months = "criminal-threshold" "months" 3 (1 to 120);
    criminal_worker_fen = "criminal-threshold" "fen" 500_000 (1 to 10_000_000_000_000);
    criminal_group_workers = "criminal-threshold" "group_workers" 10 (1 to 1_000_000);
    criminal_group_fen = "criminal-threshold" "group_fen" 3_000_000 (1 to 10_000_000_000_000);
    minimum_monthly_fen = "below-minimum-wage" "monthly_fen" 227_000 (0 to 10_000_000_000_000);
    /// Hundredths of a working day.
    minimum_full_month_days = "below-minimum-wage" "full_month_hundredths" 2_067 (1 to 3_100);
    left_working_days = "left-unsettled" "working_days" 5 (0 to 250);
    left_red_after_days = "left-unsettled" "red_after_days" 30 (0 to 36_500);
    returned_working_days = "payout-returned" "working_days" 3 (0 to 250);
    returned_orange_working_days = "payout-returned" "orange_working_days" 10 (0 to 250);
    payroll_below_percent = "payroll-below-attendance" "percent" 5 (0 to 100);
    payroll_below_fen = "payroll-below-attendance" "fen" 5_000 (0 to 10_000_000_000_000);
    implausible_month_fen = "implausible-pay" "month_fen" 5_000_000 (1 to 10_000_000_000_000);
    implausible_year_fen = "implausible-pay" "year_fen" 30_000_000 (1 to 10_000_000_000_000);
    account_days = "account-not-opened" "days" 30 (0 to 36_500);
    account_warn_days = "account-not-opened" "warn_days" 5 (0 to 365);
    account_red_after_days = "account-not-opened" "red_after_days" 30 (0 to 36_500);
    labour_fee_days = "labour-fee-late" "days" 31 (1 to 365);
    labour_fee_red_cycles = "labour-fee-late" "red_cycles" 2 (1 to 100);
    labour_fee_red_months = "labour-fee-late" "red_months" 3 (1 to 120);
    labour_fee_orange_below_percent = "labour-fee-short" "orange_below_percent" 80 (0 to 100);
    balance_working_days = "balance-short" "working_days" 5 (1 to 60);
    balance_yellow_working_days = "balance-short" "yellow_working_days" 1 (0 to 60);
    balance_fee_grace_days = "balance-short" "fee_grace_days" 5 (0 to 60);
    doubtful_in_time_below_percent = "pay-day-doubtful" "in_time_below_percent" 25 (1 to 100);
    closed_days = "account-closed-early" "days" 30 (0 to 3_650);
    deposit_days = "deposit-missing" "days" 20 (0 to 36_500);
    deposit_exempt_below_fen = "deposit-missing" "exempt_below_fen" 300_000_000 (0 to 10_000_000_000_000);
    deposit_clean_days = "deposit-missing" "clean_days" 365 (0 to 3_650);
    deposit_red_after_days = "deposit-missing" "red_after_days" 30 (0 to 36_500);
    /// Hundredths of a percent of the contract sum.
    deposit_rate = "deposit-low" "rate_hundredths_percent" 100 (0 to 10_000);
    deposit_expiry_days = "deposit-expiring" "days" 30 (0 to 365);
    deposit_refill_working_days = "deposit-not-refilled" "working_days" 10 (0 to 250);
    guarantee_days = "guarantee-missing" "days" 30 (0 to 36_500);
    unregistered_many_percent = "unregistered-many" "percent" 5 (1 to 100);
    no_contract_days = "no-contract" "days" 30 (0 to 36_500);
    payroll_working_days = "payroll-missing" "working_days" 5 (0 to 60);
    silent_blue_days = "attendance-silent" "blue_days" 3 (1 to 365);
    silent_yellow_days = "attendance-silent" "yellow_days" 7 (1 to 365);
    silent_orange_days = "attendance-silent" "orange_days" 15 (1 to 365);
    upload_percent = "upload-late" "percent" 20 (0 to 100);
    upload_hours = "upload-late" "hours" 24 (1 to 8_760);
    suspicious_long_hours = "attendance-suspicious" "long_hours" 16 (1 to 24);
    suspicious_long_days = "attendance-suspicious" "long_days" 5 (1 to 31);
    suspicious_steady_days = "attendance-suspicious" "steady_days" 30 (2 to 366);
    suspicious_steady_minutes = "attendance-suspicious" "steady_minutes" 2 (1 to 60);
    suspicious_bulk_percent = "attendance-suspicious" "bulk_percent" 50 (1 to 100);
    suspicious_bulk_days = "attendance-suspicious" "bulk_days" 5 (1 to 31);
    /// Hundredths of a worked day that each of two projects must have of one person's day.
    suspicious_shared_day = "attendance-suspicious" "shared_day_hundredths" 100 (1 to 300);
    inspection_by_day = "inspection-missing" "by_day" 5 (1 to 28);
    complaint_orange_after_days = "complaint-open" "orange_after_days" 30 (0 to 36_500);
    complaint_red_after_days = "complaint-open" "red_after_days" 60 (0 to 36_500);
    offender_cases = "repeat-offender" "cases" 3 (1 to 1_000);
    offender_months = "repeat-offender" "months" 12 (1 to 120);
    offender_years = "repeat-offender" "years" 3 (1 to 30);
    signal_level = "business-signal" "level" 70 (0 to 100);
    signal_pair_level = "business-signal" "pair_level" 50 (0 to 100);
    feed_silent_days = "feed-silent" "days" 3 (1 to 365);
    feed_silent_bank_days = "feed-silent" "bank_days" 40 (1 to 365);
    /// When a working day begins, in minutes after midnight, and how many hours it has.
    work_from_minute = "alert-overdue" "work_from_minute" 540 (0 to 1_439);
    work_hours = "alert-overdue" "work_hours" 8 (1 to 24);
    acknowledge_red_hours = "alert-overdue" "acknowledge_red_hours" 4 (1 to 1_000);
    acknowledge_orange_hours = "alert-overdue" "acknowledge_orange_hours" 8 (1 to 1_000);
    acknowledge_yellow_hours = "alert-overdue" "acknowledge_yellow_hours" 24 (1 to 1_000);
    acknowledge_blue_hours = "alert-overdue" "acknowledge_blue_hours" 24 (1 to 1_000);
    settle_red_working_days = "alert-overdue" "settle_red_working_days" 5 (1 to 250);
    settle_orange_working_days = "alert-overdue" "settle_orange_working_days" 10 (1 to 250);
    settle_yellow_working_days = "alert-overdue" "settle_yellow_working_days" 15 (1 to 250);
    /// Alerts of one rule that the county is told of on one business date; 0 = no limit. A shard has its share.
    flood_alerts = "alert-flood" "alerts" 20_000 (0 to 1_000_000_000);
    /// A county's first load is no flood: so many days from its first business date on nothing is held.
    flood_grace_days = "alert-flood" "grace_days" 7 (0 to 365);
}

impl Numbers {
    /// Whether a rule judges in that sector (`None`: the sector is not known).
    pub fn is_on(&self, rule: Rule, sector: Option<&str>) -> bool {
        match self.switches.get(&rule) {
            None => true,
            Some(switch) if switch.off => false,
            Some(switch) => sector.is_none_or(|sector| switch.off_in.iter().all(|off| off != sector)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_number_has_a_place_of_its_own_and_a_default_within_bounds() {
        let places: BTreeSet<_> = Numbers::KEYS.iter().map(|k| (k.section, k.key)).collect();
        assert_eq!(places.len(), Numbers::KEYS.len());
        for (key, value) in Numbers::KEYS.iter().zip(Numbers::default().values()) {
            assert_eq!(key.default, value);
            assert!((key.least..=key.most).contains(&value), "{}.{}", key.section, key.key);
            assert!(key.section == "wages" || Rule::parse(key.section).is_some(), "{}", key.section);
        }
    }

    #[test]
    fn a_number_is_set_by_its_place() {
        let mut numbers = Numbers::default();
        for place in 0..Numbers::KEYS.len() {
            numbers.set(place, 7);
        }
        assert!(numbers.values().iter().all(|value| *value == 7));
        let before = numbers.clone();
        numbers.set(Numbers::KEYS.len(), 8);
        assert_eq!(numbers, before);
    }

    #[test]
    fn rules_are_switched_off_everywhere_or_by_sector() {
        let mut numbers = Numbers::default();
        assert!(numbers.is_on(Rule::NoContract, Some("building")));
        numbers.switches.insert(Rule::NoContract, Switch { off: false, off_in: vec!["building".into()] });
        assert!(!numbers.is_on(Rule::NoContract, Some("building")));
        assert!(numbers.is_on(Rule::NoContract, Some("solar")) && numbers.is_on(Rule::NoContract, None));
        numbers.switches.insert(Rule::NoContract, Switch { off: true, off_in: vec![] });
        assert!(!numbers.is_on(Rule::NoContract, Some("solar")));
    }
}
