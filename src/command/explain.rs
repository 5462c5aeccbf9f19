//! `wagewatch explain ALERT_ID`: the case file of one alert, as the console prints it; and what a payment would change.

pub mod what_if;

use super::casefile::told;
use super::client::{self, one_line};
use crate::proto::v1 as pb;
use crate::proto::v1::alert_service_client::AlertServiceClient;
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
