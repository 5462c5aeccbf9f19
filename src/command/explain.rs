//! `wagewatch explain ALERT_ID`: one alert in words, Chinese first with English beside it: what is the
//! matter, the arithmetic step by step, the article, and who must act.

pub mod what_if;

use super::client::{self, colour, one_line, sum};
use super::life;
use crate::proto::v1 as pb;
use crate::proto::v1::alert_service_client::AlertServiceClient;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use tonic::Code;

#[derive(clap::Args, Debug)]
pub struct ExplainArgs {
    /// The id of an alert, as `watch` prints it
    #[arg(value_name = "ALERT_ID")]
    pub alert_id: String,
    #[command(flatten)]
    pub service: client::Service,
    /// Which alerts would go if this were paid: "pay 2720.00 to 150621... for 2026-03 on 2026-05-01"; without
    /// `to` the alert's own worker is paid, without `for` the oldest open months, without `on` it is today
    #[arg(long, value_name = "PAYMENT", value_parser = what_if::parse)]
    pub what_if: Option<pb::HypotheticalPayment>,
}

/// Workers shown of a project's alert.
const WORKERS_SHOWN: usize = 20;

/// 0 when told, 1 when there is no such alert or the service cannot be reached.
pub fn run(args: ExplainArgs) -> ExitCode {
    let answer = client::block_on_result(async {
        let channel =
            client::connect(&args.service).await.map_err(|why| format!("{}: {why}", args.service.addr))?;
        let request = pb::GetRequest { id: args.alert_id.clone() };
        let mut alerts = AlertServiceClient::new(channel).max_decoding_message_size(client::MESSAGE_BYTES);
        let answer = match alerts.get(request).await {
            Ok(response) => Ok(response.into_inner()),
            Err(status) if status.code() == Code::NotFound => {
                Err(format!("{}: {}", one_line(&args.alert_id), status.message()))
            }
            Err(status) => Err(status.message().to_owned()),
        }?;
        let Some(payment) = args.what_if.clone() else { return Ok(told(&answer)) };
        let request = pb::WhatIfRequest { alert_id: args.alert_id.clone(), payment: Some(payment.clone()) };
        let changes = alerts.what_if(request).await.map_err(|status| status.message().to_owned())?;
        Ok(told(&answer) + &what_if::told(&payment, &changes.into_inner()))
    });
    match answer {
        Ok(text) => {
            // Whoever closes the pipe early has read enough.
            let _ = anstream::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("wagewatch explain: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The whole text.
pub fn told(answer: &pb::GetResponse) -> String {
    let alert = answer.alert.clone().unwrap_or_default();
    let mut text = String::new();
    let style = colour(alert.level());
    let title = alert.title.clone().unwrap_or_default();
    let _ = writeln!(text, "{style}{}{style:#}\n{}\n", one_line(&title.zh), one_line(&title.en));
    both(&mut text, "", alert.body.as_ref());
    let _ = writeln!(text, "\n计算 / Arithmetic");
    for (n, line) in alert.arithmetic.iter().enumerate() {
        both(&mut text, &format!("  {:<3} ", format!("{}.", n + 1)), Some(line));
    }
    let _ = writeln!(text, "\n依据 / Article");
    both(&mut text, "  ", alert.article.as_ref());
    if !alert.rulebook_version.is_empty() {
        let _ = writeln!(text, "  规则版本 / rulebook {}", one_line(&alert.rulebook_version));
    }
    let _ = writeln!(text, "\n责任 / Who must act");
    both(&mut text, "  ", alert.must_act.as_ref());
    life::causes(&mut text, &alert);
    offices(&mut text, &alert.audience.clone().unwrap_or_default());
    life::status(&mut text, &alert);
    life::history(&mut text, answer);
    workers(&mut text, &answer.rolled_up);
    text
}

/// The English below the Chinese, under it.
fn both(text: &mut String, lead: &str, line: Option<&pb::Text>) {
    let Some(line) = line else { return };
    let below = " ".repeat(lead.chars().count());
    let _ = writeln!(text, "{lead}{}\n{below}{}", one_line(&line.zh), one_line(&line.en));
}

fn offices(text: &mut String, audience: &pb::Audience) {
    let told = [
        ("行业部门 / sector", audience.department.as_ref()),
        ("属地 / territory", audience.territory.as_ref()),
        ("属地部门 / territory's department", audience.territory_department.as_ref()),
        ("牵头 / coordinator", audience.coordinator.as_ref()),
    ];
    let _ = writeln!(text, "\n送达 / Told");
    for (what, office) in told {
        if let Some(office) = office {
            let _ = writeln!(text, "  {what}: {} ({})", one_line(&office.name), one_line(&office.code));
        }
    }
    audience.flags.iter().for_each(|flag| {
        let _ = writeln!(text, "  ! {}", one_line(flag));
    });
}

fn workers(text: &mut String, alerts: &[pb::Alert]) {
    if alerts.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n其中 / Of which");
    for alert in alerts.iter().take(WORKERS_SHOWN) {
        let title = alert.title.clone().unwrap_or_default();
        let _ = writeln!(text, "  {}  {}  {}", one_line(&title.zh), sum(alert), alert.id);
    }
    if alerts.len() > WORKERS_SHOWN {
        let more = alerts.len() - WORKERS_SHOWN;
        let _ = writeln!(text, "  … 另有 {more} 条 / and {more} more");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_sent_can_steer_the_terminal() {
        let line = |text: &str| Some(pb::Text { zh: text.into(), en: text.into() });
        let alert = pb::Alert {
            title: line("标题\x1b[2Jx"),
            body: line("正文\r\n"),
            note: Some("a\x07b\u{9b}c".into()),
            arithmetic: vec![pb::Text { zh: "1 + 1 = 2".into(), en: "1 + 1 = 2".into() }; 11],
            level: pb::Level::Red.into(),
            ..pb::Alert::default()
        };
        let step = pb::HistoryStep { text: Some("a\x1b[1mb".into()), ..pb::HistoryStep::default() };
        let text = told(&pb::GetResponse {
            alert: Some(alert),
            rolled_up: vec![pb::Alert::default(); 25],
            history: vec![step],
            history_dropped: 1,
        });
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert!(plain.chars().all(|c| c == '\n' || !c.is_control()), "{plain:?}");
        assert!(plain.contains("  11. 1 + 1 = 2\n      1 + 1 = 2\n"), "{plain}");
        assert!(plain.contains("and 5 more"), "{plain}");
    }
}
