//! What the demo shows: the addresses, each day's count, and the alerts that rise and resolve.
//! Plain lines, so that they scroll in a terminal and read well in a file.

use crate::alerts::{info, level_words};
use crate::domain::{AlertRow, Change, Day, Level, Rule};
use crate::engine::{Feed, Read, Status};
use crate::fiction::Plan;
use anstyle::{AnsiColor, Style};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) struct Screen {
    feed: Arc<Feed>,
    cursors: Vec<u64>,
    records: usize,
}

/// Alert lines of one day; the rest is counted.
const LINES: usize = 8;

impl Screen {
    pub fn new(feed: Arc<Feed>) -> Screen {
        let cursors = feed.heads();
        Screen { feed, cursors, records: 0 }
    }

    pub fn begin(&self, plan: &Plan, grpc: &str, http: &str) {
        let bold = Style::new().bold();
        anstream::println!("{bold}wagewatch 演示 / demo{bold:#}");
        anstream::println!(
            "一个虚构的旗县:{} 个项目,{} 名工人,{} 个月 / a made-up county: {} projects, {} workers, {} months",
            plan.projects,
            plan.workers,
            plan.months,
            plan.projects,
            plan.workers,
            plan.months
        );
        anstream::println!("控制台 console http://{http}/");
        anstream::println!("接口 API      grpc://{grpc}   (wagewatch watch --addr http://{grpc})");
        anstream::println!("指标 metrics  http://{http}/metrics   http://{http}/readyz");
        anstream::println!("停止 stop     Ctrl-C\n");
    }

    /// A business day is over: what came, and what it meant.
    pub fn day(&mut self, day: Day, records: usize) {
        self.records += records;
        let rows = self.fresh();
        let open = self.open();
        anstream::println!(
            "{day}  记录 records {:>9}  未结预警 open: {}",
            self.records,
            open.iter()
                .map(|(level, n)| paint(*level, &format!("{} {n}", level_words(*level).0)))
                .collect::<Vec<_>>()
                .join(" ")
        );
        for row in rows.iter().take(LINES) {
            anstream::println!("{}", line(row, day));
        }
        if rows.len() > LINES {
            let more = rows.len() - LINES;
            anstream::println!("            … 另有 {more} 条 / and {more} more");
        }
    }

    pub fn end(&self, status: &Status) {
        anstream::println!(
            "\n演示完毕,服务继续 / the story is told, the service goes on: {} 条记录 records, {} 个项目 projects, {} 名工人 workers, 日志 log {} MB",
            self.records,
            status.projects,
            status.workers,
            status.log_bytes / 1_000_000
        );
    }

    /// Rows since the last call that supervisors get: workers' wages stand in their project's alert.
    fn fresh(&mut self) -> Vec<Arc<AlertRow>> {
        let mut fresh = Vec::new();
        for (shard, cursor) in self.cursors.iter_mut().enumerate() {
            let shard = u16::try_from(shard).unwrap_or(u16::MAX);
            let rows = match self.feed.read(shard, *cursor, usize::MAX) {
                Read::Rows(rows) => rows,
                // More came in a day than the feed keeps: the screen goes on from its head.
                Read::Gone => Vec::new(),
            };
            *cursor = self.feed.heads()[usize::from(shard)];
            fresh.extend(rows.into_iter().filter(|row| is_shown(row)));
        }
        // Of one alert only its first and last row of the day; what rose and resolved within it is no news.
        let mut day: BTreeMap<_, (Change, Arc<AlertRow>)> = BTreeMap::new();
        for row in fresh {
            let first = day.get(&row.alert.id).map_or(row.change, |(first, _)| *first);
            day.insert(row.alert.id.clone(), (first, row));
        }
        let is_news = |first: Change, last: Change| match last {
            Change::Changed | Change::Escalated => matches!(first, Change::Raised | Change::Reopened),
            Change::Resolved => !matches!(first, Change::Raised | Change::Reopened),
            _ => true,
        };
        let mut fresh: Vec<_> = day
            .into_values()
            .filter(|(first, row)| is_news(*first, row.change))
            .map(|(_, row)| row)
            .collect();
        fresh.sort_by_key(|row| std::cmp::Reverse((row.alert.finding.level, row.alert.finding.amount)));
        fresh
    }

    fn open(&self) -> BTreeMap<Level, usize> {
        let mut open = BTreeMap::new();
        for shard in 0..self.feed.shards() {
            for row in self.feed.standing(shard).1.iter().filter(|row| is_shown(row)) {
                *open.entry(row.alert.finding.level).or_default() += 1;
            }
        }
        open
    }
}

fn is_shown(row: &AlertRow) -> bool {
    !row.alert.rolled_up && row.alert.held.is_none()
}

fn line(row: &AlertRow, today: Day) -> String {
    let finding = &row.alert.finding;
    let (zh, en) = match row.change {
        Change::Resolved => ("已结", "resolved"),
        Change::Reopened => ("复现", "reopened"),
        _ => ("新增", "raised"),
    };
    let (level, _) = level_words(finding.level);
    let words = info(finding.rule);
    let mut text = format!(
        "            {} {zh} {en:<8} {}  {} {}",
        paint(finding.level, level),
        if finding.project_id.is_county() { "全县 county" } else { finding.project_id.as_str() },
        words.title_zh,
        words.title_en,
    );
    if finding.rule == Rule::ProjectArrears {
        text.push_str(&format!(
            "  {} 人 workers, {} 元 yuan, 逾期 {} 天 days",
            finding.workers,
            yuan(finding.amount),
            finding.overdue_days(today).max(0)
        ));
    } else if let Some(id) = finding.subject.id_number() {
        text.push_str(&format!("  {id}"));
    }
    text
}

fn yuan(fen: i128) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

fn paint(level: Level, text: &str) -> String {
    let colour = match level {
        Level::Blue => AnsiColor::Blue,
        Level::Yellow => AnsiColor::Yellow,
        Level::Orange => AnsiColor::BrightRed,
        Level::Red => AnsiColor::Red,
    };
    let style = Style::new().fg_color(Some(colour.into())).bold();
    format!("{style}{text}{style:#}")
}
