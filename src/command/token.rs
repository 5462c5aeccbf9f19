//! `wagewatch token`: makes a bearer token. It is shown once; what `principals.toml` gets is its hash.

use crate::app::business_date_now;
use crate::domain::DayStart;
use crate::guard::Token;
use std::io::Write;
use std::process::ExitCode;

#[derive(clap::Args, Debug)]
pub struct TokenArgs {
    /// How many days it counts, from today on
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=800))]
    pub days: u16,
}

/// 0 when it was made and shown.
pub fn run(args: TokenArgs) -> ExitCode {
    let token = match Token::new() {
        Ok(token) => token,
        Err(why) => {
            eprintln!("wagewatch token: no randomness: {why}");
            return ExitCode::FAILURE;
        }
    };
    let expires = business_date_now(DayStart(0)).plus(i32::from(args.days));
    eprintln!("# for its owner, who keeps it in a file that nobody else reads; it is not shown again:");
    let mut out = std::io::stdout();
    let said = writeln!(out, "{}", token.reveal()).and_then(|()| out.flush());
    eprintln!("# for principals.toml, beside those that still count:");
    let line = format!("tokens = [{{ hash = \"{}\", expires = \"{expires}\" }}]", token.hash_line());
    match said.and_then(|()| writeln!(out, "{line}")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
