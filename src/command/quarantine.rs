//! `wagewatch quarantine`: what is held of a flood of alerts, by rule, and letting a rule go. Decides nothing: the
//! service does.

use super::client::{self, one_line, word};
use crate::proto::v1 as pb;
use crate::proto::v1::admin_service_client::AdminServiceClient;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(clap::Args, Debug)]
pub struct QuarantineArgs {
    #[command(flatten)]
    pub service: client::Service,
    /// Tell what is held of this rule, and hold no more of it today; also before a load that will raise many
    #[arg(long, value_name = "RULE", value_parser = rule)]
    pub release: Option<pb::Rule>,
    /// Who lets it go
    #[arg(long, value_name = "NAME", default_value = "operator", requires = "release")]
    pub actor: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "", requires = "release")]
    pub note: String,
}

fn rule(text: &str) -> Result<pb::Rule, String> {
    let name = format!("RULE_{}", text.to_uppercase().replace('-', "_"));
    let known = pb::Rule::from_str_name(&name).filter(|rule| *rule != pb::Rule::Unspecified);
    known.ok_or_else(|| "expected the name of a rule, as docs/rules.md lists them".to_owned())
}

/// 0 when told or done, 1 when the service cannot be reached or refuses.
pub fn run(args: QuarantineArgs) -> ExitCode {
    match client::block_on_result(ask(args)) {
        Ok(text) => {
            // Whoever closes the pipe early has read enough.
            let _ = anstream::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("wagewatch quarantine: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn ask(args: QuarantineArgs) -> Result<String, String> {
    let channel =
        client::connect(&args.service).await.map_err(|why| format!("{}: {why}", args.service.addr))?;
    let mut admin = AdminServiceClient::new(channel).max_decoding_message_size(client::MESSAGE_BYTES);
    let said = |status: tonic::Status| status.message().to_owned();
    let Some(rule) = args.release else {
        let answer = admin.list_quarantine(pb::ListQuarantineRequest {}).await.map_err(said)?;
        return Ok(shown(&answer.into_inner()));
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let request = pb::ReleaseRuleRequest {
        rule: rule.into(),
        actor: args.actor,
        act_id: format!("cli-{}", now.as_nanos()),
        text: args.note,
    };
    let alerts = admin.release_rule(request).await.map_err(said)?.into_inner().alerts;
    let name = word(rule.as_str_name(), "RULE_");
    Ok(format!(
        "{name}: 已放行 {alerts} 件，本业务日内不再隔离 / {alerts} alerts released, no more held today\n"
    ))
}

fn shown(answer: &pb::ListQuarantineResponse) -> String {
    if answer.rules.is_empty() {
        return "没有隔离中的预警 / nothing is held\n".to_owned();
    }
    let mut text = String::new();
    for held in &answer.rules {
        let (name, title) =
            (word(held.rule().as_str_name(), "RULE_"), held.title.clone().unwrap_or_default());
        let _ = writeln!(
            text,
            "{name}  {} / {}\n  隔离 / held: {}; 始于 / since {}",
            one_line(&title.zh),
            one_line(&title.en),
            held.alerts,
            one_line(&held.since),
        );
        for id in &held.examples {
            let _ = writeln!(text, "  例 / such as {}", one_line(id));
        }
        let _ = writeln!(text, "  放行 / let go: wagewatch quarantine --release {name}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_told_with_the_command_that_lets_it_go() {
        let held = pb::HeldRule {
            rule: pb::Rule::NoContract.into(),
            alerts: 812,
            since: "2026-03-02".into(),
            examples: vec!["no-contract-abc".into()],
            ..pb::HeldRule::default()
        };
        let text = shown(&pb::ListQuarantineResponse { rules: vec![held], business_date: None });
        assert!(text.contains("held: 812; 始于 / since 2026-03-02"), "{text}");
        assert!(text.contains("such as no-contract-abc"), "{text}");
        assert!(text.contains("wagewatch quarantine --release no-contract"), "{text}");
        assert_eq!(rule("no-contract"), Ok(pb::Rule::NoContract));
        assert!(rule("nothing").is_err() && rule("unspecified").is_err());
    }
}
