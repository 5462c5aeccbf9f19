//! `wagewatch stats`: what stands, what became of alerts by department, territory and rule, and the firms to be
//! published for a quarter; as a table, or as CSV. Counts nothing: the service does.

use super::client::{self, one_line};
use crate::proto::v1 as pb;
use crate::proto::v1::alert_service_client::AlertServiceClient;
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
            let rows = match args.publication {
                Some(_) => publication(&answer.publication),
                None => figures(&answer),
            };
            let text = if args.csv { csv(&rows) } else { table(&rows) };
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

fn figures(answer: &pb::StatsResponse) -> Rows {
    let mut rows = vec![FIGURES.map(str::to_owned).to_vec()];
    let all = [
        ("department", &answer.figures_by_department, &answer.by_department),
        ("territory", &answer.figures_by_territory, &answer.by_territory),
        ("rule", &answer.figures_by_rule, &answer.by_rule),
    ];
    for (of, figures, counts) in all {
        for one in figures {
            rows.push(row(of, one, counts.iter().find(|count| count.key == one.key)));
        }
        // Where nothing was ever raised, silence is still to be seen.
        let silent = counts.iter().filter(|count| count.projects_in_doubt > 0);
        for count in silent.filter(|count| figures.iter().all(|one| one.key != count.key)) {
            let none = pb::Figures { key: count.key.clone(), ..pb::Figures::default() };
            rows.push(row(of, &none, Some(count)));
        }
    }
    if let Some(total) = &answer.figures {
        rows.push(row("total", total, answer.total.as_ref()));
    }
    rows
}

fn row(of: &str, figures: &pb::Figures, count: Option<&pb::AlertCount>) -> Vec<String> {
    let reason = |one: &pb::DismissCount| {
        format!("{} {}", client::word(one.reason().as_str_name(), "DISMISS_REASON_"), one.count)
    };
    let reasons: Vec<String> = figures.dismissed_by_reason.iter().map(reason).collect();
    let counts = [
        figures.opened,
        figures.acknowledged_in_time,
        figures.acknowledged_late,
        figures.settled_in_time,
        figures.settled_late,
        figures.escalated,
        figures.dismissed,
    ];
    let stands = count.map_or(0, |count| count.open + count.acknowledged + count.handling);
    let mut row = vec![of.to_owned(), figures.key.clone()];
    row.extend(counts.map(|count| count.to_string()));
    row.extend([
        reasons.join("; "),
        figures.confirmed.to_string(),
        figures.precision.map(|share| format!("{}.{:02}", share / 100, share % 100)).unwrap_or_default(),
        yuan(figures.arrears_found_fen),
        yuan(figures.arrears_cleared_fen),
        stands.to_string(),
        yuan(count.map_or(0, |count| count.amount_fen)),
        count.map_or(0, |count| count.projects_in_doubt).to_string(),
    ]);
    row
}

const PUBLICATION: [&str; 8] = [
    "contractor_name",
    "contractor_uscc",
    "project_id",
    "project_name",
    "rule",
    "amount_yuan",
    "red_since",
    "red_until",
];

fn publication(entries: &[pb::PublicationEntry]) -> Rows {
    let mut rows = vec![PUBLICATION.map(str::to_owned).to_vec()];
    rows.extend(entries.iter().map(|entry| {
        vec![
            entry.contractor_name.clone(),
            entry.contractor_uscc.clone(),
            entry.project_id.clone(),
            entry.project_name.clone(),
            client::word(entry.rule().as_str_name(), "RULE_"),
            yuan(entry.amount_fen),
            entry.red_since.clone(),
            entry.red_until.clone().unwrap_or_default(),
        ]
    }));
    rows
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

fn csv(rows: &Rows) -> String {
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

/// A block a row, for the names are longer than a terminal is wide.
fn table(rows: &Rows) -> String {
    let Some((head, rows)) = rows.split_first() else { return String::new() };
    let mut text = String::new();
    for row in rows {
        let _ =
            writeln!(text, "{}", row.iter().take(2).map(|word| one_line(word)).collect::<Vec<_>>().join(" "));
        for (name, value) in head.iter().zip(row).skip(2).filter(|(_, value)| !value.is_empty()) {
            let _ = writeln!(text, "  {name:<22} {}", one_line(value));
        }
    }
    text
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
        let text = csv(&publication(&[entry]));
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1], "\"'=甲,\"\"乙\"\" 公司\",,,,project-arrears,3000.05,,");
    }

    #[test]
    fn each_row_has_a_value_for_each_name() {
        let figures = pb::Figures { precision: Some(8_750), ..pb::Figures::default() };
        let answer = pb::StatsResponse {
            figures: Some(figures.clone()),
            figures_by_rule: vec![figures],
            ..pb::StatsResponse::default()
        };
        let rows = super::figures(&answer);
        assert_eq!(rows.len(), 3);
        assert!(rows.iter().all(|row| row.len() == FIGURES.len()));
        assert_eq!(rows[1][11], "87.50");
    }
}
