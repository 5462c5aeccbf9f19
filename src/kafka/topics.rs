//! The topics: their names, what each of them must be, and what is wrong with those that there are. Pure; who asks the
//! brokers is `admin`.

use super::settings::{MESSAGE_BYTES_MAX, Settings};
use std::collections::BTreeMap;
use std::fmt;

/// The names of the topics.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Topics {
    /// What names a project, by project.
    pub records: String,
    /// What belongs to no single project: one partition, one owner.
    pub county: String,
    /// Pages of state, by key.
    pub changelog: String,
    /// The last row of each alert, by id, and what every instance has to know to show it.
    pub alerts: String,
    /// What could not be taken, as it came.
    pub dead_letters: String,
}

impl Topics {
    pub fn new(prefix: &str) -> Topics {
        let name = |of: &str| format!("{prefix}{of}");
        Topics {
            records: name("records"),
            county: name("county"),
            changelog: name("changelog"),
            alerts: name("alerts"),
            dead_letters: name("dead-letters"),
        }
    }
}

/// What one setting of a topic must be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Need {
    Is(&'static str),
    AtLeast(u64),
    /// Milliseconds or bytes; -1 is without end.
    AtLeastOrEndless(u64),
    Endless,
}

/// What one topic must be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    pub topic: String,
    pub partitions: i32,
    /// More do no harm: the place of a message in this topic means nothing.
    pub may_have_more: bool,
    pub replication: i32,
    pub settings: Vec<(&'static str, Need)>,
}

/// What the brokers say that one topic is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found {
    pub partitions: i32,
    /// Of the partition that has the fewest.
    pub replication: i32,
    pub settings: BTreeMap<String, String>,
}

/// One thing that is not as it must be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    pub topic: String,
    pub setting: String,
    pub found: String,
    pub needed: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { topic, setting, found, needed } = self;
        write!(f, "topic {topic}: {setting} is {found}; needed: {needed}")
    }
}

const DAY_MS: u64 = 86_400_000;
/// A tombstone must be seen by whoever reads a compacted topic from its beginning.
const TOMBSTONE_MS: u64 = DAY_MS;

impl Need {
    /// What a topic is made with.
    pub fn value(&self) -> String {
        match self {
            Need::Is(value) => (*value).to_owned(),
            Need::AtLeast(number) | Need::AtLeastOrEndless(number) => number.to_string(),
            Need::Endless => "-1".into(),
        }
    }

    fn holds(&self, found: &str) -> bool {
        let number: Option<i64> = found.parse().ok();
        let at_least = |least: u64| number.and_then(|n| u64::try_from(n).ok()).is_some_and(|n| n >= least);
        match self {
            Need::Is(value) => found == *value,
            Need::AtLeast(least) => at_least(*least),
            Need::AtLeastOrEndless(least) => number == Some(-1) || at_least(*least),
            Need::Endless => number == Some(-1),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Need::Is(value) => f.write_str(value),
            Need::AtLeast(least) => write!(f, "{least} or more"),
            Need::AtLeastOrEndless(least) => write!(f, "{least} or more, or -1 (without end)"),
            Need::Endless => f.write_str("-1 (without end)"),
        }
    }
}

impl Settings {
    pub fn topics(&self) -> Topics {
        Topics::new(&self.topic_prefix)
    }

    /// Every topic, as it must be.
    pub fn wanted(&self) -> Vec<Wanted> {
        let names = self.topics();
        let partitions = i32::from(self.partitions);
        let kept = match self.retain_days {
            0 => Need::Endless,
            days => Need::AtLeastOrEndless(days.saturating_mul(DAY_MS)),
        };
        let everywhere = || {
            vec![
                ("min.insync.replicas", Need::AtLeast(u64::from(self.min_in_sync))),
                ("max.message.bytes", Need::AtLeast(MESSAGE_BYTES_MAX)),
                // By the brokers' clocks: an instance whose own is wrong would be refused, or would date what others read.
                ("message.timestamp.type", Need::Is("LogAppendTime")),
                // A replica that is behind and becomes leader would forget what was acknowledged.
                ("unclean.leader.election.enable", Need::Is("false")),
            ]
        };
        let log = || {
            let mut settings = everywhere();
            settings.push(("cleanup.policy", Need::Is("delete")));
            settings.push(("retention.ms", kept.clone()));
            settings.push(("retention.bytes", Need::Endless));
            settings
        };
        let table = || {
            let mut settings = everywhere();
            settings.push(("cleanup.policy", Need::Is("compact")));
            settings.push(("delete.retention.ms", Need::AtLeast(TOMBSTONE_MS)));
            settings
        };
        let topic = |topic: String, partitions: i32, settings| Wanted {
            topic,
            partitions,
            may_have_more: false,
            replication: i32::from(self.replication),
            settings,
        };
        vec![
            topic(names.records, partitions, log()),
            topic(names.county, 1, log()),
            topic(names.changelog, partitions + 1, table()),
            topic(names.alerts, partitions + 1, table()),
            Wanted { may_have_more: true, ..topic(names.dead_letters, 1, log()) },
        ]
    }
}

/// All that is wrong with a topic; `None` = there is no such topic.
pub fn compare(wanted: &Wanted, found: Option<&Found>) -> Vec<Mismatch> {
    let mut wrong = Vec::new();
    let mut say = |setting: &str, found: String, needed: String| {
        let (topic, setting) = (wanted.topic.clone(), setting.to_owned());
        wrong.push(Mismatch { topic, setting, found, needed });
    };
    let Some(found) = found else {
        say("the topic", "not there".into(), "`wagewatch kafka init`, which makes it".into());
        return wrong;
    };
    let more = wanted.may_have_more && found.partitions > wanted.partitions;
    if found.partitions != wanted.partitions && !more {
        let needed = format!(
            "{} (engine.shards says how many parts there are; it cannot be changed afterwards)",
            wanted.partitions
        );
        say("the number of partitions", found.partitions.to_string(), needed);
    }
    if found.replication < wanted.replication {
        let needed = format!("{} or more (kafka.replication)", wanted.replication);
        say("the number of replicas", found.replication.to_string(), needed);
    }
    for (setting, need) in &wanted.settings {
        match found.settings.get(*setting) {
            Some(value) if need.holds(value) => {}
            Some(value) => say(setting, value.clone(), need.to_string()),
            None => say(setting, "not told".into(), need.to_string()),
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(wanted: &Wanted) -> Found {
        let settings = wanted.settings.iter().map(|(key, need)| ((*key).to_owned(), need.value())).collect();
        Found { partitions: wanted.partitions, replication: wanted.replication, settings }
    }

    #[test]
    fn what_is_made_is_what_is_needed() {
        for retain_days in [0, 400] {
            for wanted in (Settings { retain_days, ..Settings::default() }).wanted() {
                assert_eq!(compare(&wanted, Some(&good(&wanted))), []);
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_topic_setting_found_and_needed() {
        let settings = Settings { retain_days: 2, partitions: 4, ..Settings::default() };
        let wanted = settings.wanted();
        let check = |at: usize, change: &dyn Fn(&mut Found), said: &[&str]| {
            let mut found = good(&wanted[at]);
            change(&mut found);
            let wrong: Vec<String> =
                compare(&wanted[at], Some(&found)).iter().map(ToString::to_string).collect();
            assert_eq!(wrong, said);
        };
        let set = |key: &'static str, value: &'static str| {
            move |found: &mut Found| {
                found.settings.insert(key.into(), value.into());
            }
        };
        check(
            0,
            &|found| found.partitions = 6,
            &[
                "topic wagewatch.records: the number of partitions is 6; needed: 4 (engine.shards says how many parts there are; it cannot be changed afterwards)",
            ],
        );
        check(
            1,
            &set("retention.ms", "604"),
            &["topic wagewatch.county: retention.ms is 604; needed: 172800000 or more, or -1 (without end)"],
        );
        check(0, &set("retention.ms", "-1"), &[]);
        check(0, &set("retention.ms", "172800001"), &[]);
        check(
            2,
            &set("cleanup.policy", "delete"),
            &["topic wagewatch.changelog: cleanup.policy is delete; needed: compact"],
        );
        check(
            3,
            &|found| {
                found.replication = 1;
                found.settings.remove("min.insync.replicas");
            },
            &[
                "topic wagewatch.alerts: the number of replicas is 1; needed: 3 or more (kafka.replication)",
                "topic wagewatch.alerts: min.insync.replicas is not told; needed: 2 or more",
            ],
        );
        // Of dead letters there may be more partitions than one, never of what belongs to the county.
        check(4, &|found| found.partitions = 9, &[]);
        assert_eq!(
            compare(&wanted[3], None)[0].to_string(),
            "topic wagewatch.alerts: the topic is not there; needed: `wagewatch kafka init`, which makes it"
        );
    }
}
