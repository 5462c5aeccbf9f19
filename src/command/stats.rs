//! `wagewatch stats`: what stands, what became of alerts by department, territory and rule, and the firms to be
//! published for a quarter; as a table, or as CSV. Counts nothing: the service does.

use super::client::{self, one_line};
use super::table::{Column, table};
use crate::alerts::info;
use crate::domain::Rule;
use crate::proto::v1 as pb;
use crate::proto::v1::alert_service_client::AlertServiceClient;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

#[derive(clap::Args, Debug)]
pub struct StatsArgs {
    #[command(flatten)]
    pub service: client::Service,
    /// The first month of the figures
    #[arg(long, value_name = "YYYY-MM")]
    pub from: Option<String>,
    /// The last month of the figures
    #[arg(long, value_name = "YYYY-MM")]
    pub to: Option<String>,
    /// Instead: the firms that were red in that quarter
    #[arg(long, value_name = "YYYYQn", conflicts_with_all = ["from", "to"])]
    pub publication: Option<String>,
    /// As CSV (UTF-8, comma)
    #[arg(long)]
    pub csv: bool,
}

/// 0 when told, 1 when the service cannot be reached or refuses.
pub fn run(args: StatsArgs) -> ExitCode {
    let answer = client::block_on_result(async {
        let channel =
            client::connect(&args.service).await.map_err(|why| format!("{}: {why}", args.service.addr))?;
        let request = pb::StatsRequest {
            filter: None,
            from_month: args.from.clone(),
            to_month: args.to.clone(),
            publication_quarter: args.publication.clone(),
        };
        let mut alerts = AlertServiceClient::new(channel).max_decoding_message_size(client::MESSAGE_BYTES);
        let answer = alerts.stats(request).await;
        answer.map(tonic::Response::into_inner).map_err(|status| status.message().to_owned())
    });
    match answer {
        Ok(answer) => {
            let text = match (args.publication.is_some(), args.csv) {
                (true, true) => csv(&publication_csv(publication(&answer.publication))),
                (true, false) => publication_screen(&publication(&answer.publication)),
                (false, true) => csv(&figures_csv(&lines(&answer))),
                (false, false) => figures_screen(&lines(&answer)),
            };
            // Whoever closes the pipe early has read enough.
            let _ = anstream::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("wagewatch stats: {why}");
            ExitCode::FAILURE
        }
    }
}

type Rows = Vec<Vec<String>>;

const FIGURES: [&str; 17] = [
    "of",
    "key",
    "opened",
    "acknowledged_in_time",
    "acknowledged_late",
    "settled_in_time",
    "settled_late",
    "escalated",
    "dismissed",
    "dismissed_by_reason",
    "confirmed",
    "precision_percent",
    "arrears_found_yuan",
    "arrears_cleared_yuan",
    "stands",
    "stands_yuan",
    "projects_in_doubt",
];

/// One line of figures: what the alerts have in common, and what became of them.
struct Line<'a> {
    of: &'static str,
    figures: Cow<'a, pb::Figures>,
    stands: u64,
    stands_fen: i64,
    in_doubt: u64,
}

fn lines(answer: &pb::StatsResponse) -> Vec<Line<'_>> {
    let all = [
        ("department", &answer.figures_by_department, &answer.by_department),
        ("territory", &answer.figures_by_territory, &answer.by_territory),
        ("rule", &answer.figures_by_rule, &answer.by_rule),
    ];
    let mut lines = Vec::new();
    for (of, figures, counts) in all {
        lines.extend(
            figures
                .iter()
                .map(|one| line(of, Cow::Borrowed(one), counts.iter().find(|count| count.key == one.key))),
        );
        // Where nothing was ever raised, silence is still to be seen.
        let silent = counts.iter().filter(|count| count.projects_in_doubt > 0);
        let unheard = silent.filter(|count| figures.iter().all(|one| one.key != count.key));
        lines.extend(unheard.map(|count| {
            let none = pb::Figures { key: count.key.clone(), ..pb::Figures::default() };
            line(of, Cow::Owned(none), Some(count))
        }));
    }
    lines.extend(
        answer.figures.as_ref().map(|total| line("total", Cow::Borrowed(total), answer.total.as_ref())),
    );
    lines
}

fn line<'a>(of: &'static str, figures: Cow<'a, pb::Figures>, count: Option<&pb::AlertCount>) -> Line<'a> {
    let stands = count.map_or(0, |count| count.open + count.acknowledged + count.handling);
    let in_doubt = count.map_or(0, |count| count.projects_in_doubt);
    Line { of, figures, stands, stands_fen: count.map_or(0, |count| count.amount_fen), in_doubt }
}

fn figures_csv(lines: &[Line<'_>]) -> Rows {
    let mut rows = vec![FIGURES.map(str::to_owned).to_vec()];
    rows.extend(lines.iter().map(|line| {
        let figures = &*line.figures;
        let mut row = vec![line.of.to_owned(), figures.key.clone()];
        let counts = [
            figures.opened,
            figures.acknowledged_in_time,
            figures.acknowledged_late,
            figures.settled_in_time,
            figures.settled_late,
            figures.escalated,
            figures.dismissed,
        ];
        row.extend(counts.map(|count| count.to_string()));
        row.extend([
            reasons(figures),
            figures.confirmed.to_string(),
            percent(figures),
            yuan(figures.arrears_found_fen),
            yuan(figures.arrears_cleared_fen),
            line.stands.to_string(),
            yuan(line.stands_fen),
            line.in_doubt.to_string(),
        ]);
        row
    }));
    rows
}

fn reasons(figures: &pb::Figures) -> String {
    let reason = |one: &pb::DismissCount| {
        format!("{} {}", client::word(one.reason().as_str_name(), "DISMISS_REASON_"), one.count)
    };
    figures.dismissed_by_reason.iter().map(reason).collect::<Vec<_>>().join("; ")
}

fn percent(figures: &pb::Figures) -> String {
    figures.precision.map(|share| format!("{}.{:02}", share / 100, share % 100)).unwrap_or_default()
}

/// A table a group, and under it why alerts were dismissed.
fn figures_screen(lines: &[Line<'_>]) -> String {
    let groups = [
        ("department", "部门 / by department"),
        ("territory", "属地 / by territory"),
        ("rule", "规则 / by rule"),
        ("total", "合计 / total"),
    ];
    let mut text = String::new();
    for (of, title) in groups {
        let group: Vec<&Line<'_>> = lines.iter().filter(|line| line.of == of).collect();
        if group.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let _ = writeln!(text, "{title}");
        text.push_str(&table(&columns(), &group.iter().map(|line| on_screen(line)).collect::<Rows>()));
        for line in group.iter().filter(|line| !line.figures.dismissed_by_reason.is_empty()) {
            let _ = writeln!(text, "  驳回理由 dismissed: {} {}", name(line), reasons(&line.figures));
        }
    }
    text
}

/// What is counted, Chinese and English; text stands left, numbers right.
fn columns() -> Vec<Column> {
    let number = |zh, en| Column { zh, en, right: true };
    vec![
        Column { zh: "", en: "", right: false },
        number("新发", "opened"),
        number("受理(按时/逾期)", "taken up"),
        number("办结(按时/逾期)", "settled"),
        number("升级", "escalated"),
        number("驳回", "dismissed"),
        number("属实", "confirmed"),
        number("准确率%", "precision"),
        number("查出(元)", "found"),
        number("追回(元)", "cleared"),
        number("现存", "stands"),
        number("涉及(元)", "yuan"),
        number("存疑项目", "in doubt"),
    ]
}

fn on_screen(line: &Line<'_>) -> Vec<String> {
    let figures = &*line.figures;
    vec![
        name(line),
        figures.opened.to_string(),
        format!("{}/{}", figures.acknowledged_in_time, figures.acknowledged_late),
        format!("{}/{}", figures.settled_in_time, figures.settled_late),
        figures.escalated.to_string(),
        figures.dismissed.to_string(),
        figures.confirmed.to_string(),
        percent(figures),
        yuan(figures.arrears_found_fen),
        yuan(figures.arrears_cleared_fen),
        line.stands.to_string(),
        yuan(line.stands_fen),
        line.in_doubt.to_string(),
    ]
}

/// A rule by its title, a department or a territory by its code.
fn name(line: &Line<'_>) -> String {
    let key = one_line(&line.figures.key);
    match (line.of, Rule::parse(&key)) {
        ("total", _) => String::new(),
        ("rule", Some(rule)) => format!("{} {key}", info(rule).title_zh),
        _ if key.is_empty() => "(不详 unknown)".to_owned(),
        _ => key,
    }
}

const PUBLICATION: [&str; 7] = [
    "contractor_name",
    "contractor_uscc",
    "project_id",
    "project_name",
    "amount_yuan",
    "red_since",
    "red_until",
];

fn publication(entries: &[pb::PublicationEntry]) -> Rows {
    let row = |entry: &pb::PublicationEntry| {
        vec![
            entry.contractor_name.clone(),
            entry.contractor_uscc.clone(),
            entry.project_id.clone(),
            entry.project_name.clone(),
            yuan(entry.amount_fen),
            entry.red_since.clone(),
            entry.red_until.clone().unwrap_or_default(),
        ]
    };
    entries.iter().map(row).collect()
}

fn publication_csv(rows: Rows) -> Rows {
    [PUBLICATION.map(str::to_owned).to_vec()].into_iter().chain(rows).collect()
}

fn publication_screen(rows: &[Vec<String>]) -> String {
    let text = |zh, en| Column { zh, en, right: false };
    let columns = [
        text("施工总承包单位", "contractor"),
        text("统一社会信用代码", "USCC"),
        text("项目", "project"),
        text("项目名称", "name"),
        Column { zh: "欠薪(元)", en: "arrears (yuan)", right: true },
        text("红色自", "red since"),
        text("至", "until"),
    ];
    match rows.is_empty() {
        true => "本季度无应公布的企业 / no firm is to be published for that quarter\n".to_owned(),
        false => table(&columns, rows),
    }
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

fn csv(rows: &[Vec<String>]) -> String {
    let line = |row: &Vec<String>| row.iter().map(|text| cell(text)).collect::<Vec<_>>().join(",") + "\n";
    rows.iter().map(line).collect()
}

/// Quoted where it must be. What a spreadsheet would take for a formula is made a text.
fn cell(text: &str) -> String {
    let text = one_line(text);
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text };
    match text.contains([',', '"']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_firms_cannot_break_the_table() {
        let entry = pb::PublicationEntry {
            contractor_name: "=甲,\"乙\"\n公司".into(),
            amount_fen: 300_005,
            rule: pb::Rule::ProjectArrears.into(),
            ..pb::PublicationEntry::default()
        };
        let text = csv(&publication_csv(publication(&[entry])));
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1], "\"'=甲,\"\"乙\"\" 公司\",,,,3000.05,,");
        assert!(publication_screen(&[]).contains("无应公布的企业"));
    }

    fn answer() -> pb::StatsResponse {
        let figures = pb::Figures { precision: Some(8_750), opened: 3, ..pb::Figures::default() };
        let rule = pb::Figures { key: "wage-unpaid".into(), ..figures.clone() };
        pb::StatsResponse {
            figures: Some(figures),
            figures_by_rule: vec![rule],
            ..pb::StatsResponse::default()
        }
    }

    #[test]
    fn each_row_has_a_value_for_each_name() {
        let answer = answer();
        let rows = figures_csv(&lines(&answer));
        assert_eq!(rows.len(), 3);
        assert!(rows.iter().all(|row| row.len() == FIGURES.len()));
        assert_eq!(rows[1][11], "87.50");
    }

    #[test]
    fn the_screen_has_a_table_for_each_group_that_has_lines() {
        let text = figures_screen(&lines(&answer()));
        assert!(
            !text.contains("by department") && text.contains("by rule") && text.contains("total"),
            "{text}"
        );
        assert!(
            text.lines().any(|line| line.contains("工资逾期未付 wage-unpaid") && line.contains("87.50")),
            "{text}"
        );
    }
}
