//! `wagewatch audit`: proves an audit trail off line, and prints it.

use crate::audit::{self, Line};
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args, Debug)]
pub struct AuditArgs {
    #[command(subcommand)]
    pub what: What,
}

#[derive(clap::Subcommand, Debug)]
pub enum What {
    /// Walks the whole chain: says where it is broken first, or its first and last entry and its head
    Verify {
        /// The folder of the trail
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// A head that was kept elsewhere: it must be in the chain
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
    /// Prints entries as JSON, one a line
    Export {
        /// The folder of the trail
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Only of this caller
        #[arg(long, value_name = "NAME")]
        who: Option<String>,
        /// From this day on
        #[arg(long, value_name = "YYYY-MM-DD")]
        from: Option<String>,
        /// Up to and on this day
        #[arg(long, value_name = "YYYY-MM-DD")]
        to: Option<String>,
    },
}

/// 0 for a trail that is whole, or was printed; 1 otherwise.
pub fn run(args: AuditArgs) -> ExitCode {
    let told = match args.what {
        What::Verify { dir, head } => verify(&dir, head.as_deref()),
        What::Export { dir, who, from, to } => export(&dir, |line| {
            let day = line.entry.at.get(..10).unwrap_or_default();
            who.as_ref().is_none_or(|who| line.entry.who == *who)
                && from.as_deref().is_none_or(|from| day >= from)
                && to.as_deref().is_none_or(|to| day <= to)
        }),
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("wagewatch audit: {why}");
            ExitCode::FAILURE
        }
    }
}

fn verify(dir: &std::path::Path, head: Option<&str>) -> Result<(), String> {
    let report = audit::verify(dir).map_err(|why| why.to_string())?.map_err(|broken| broken.to_string())?;
    if let Some(head) = head {
        let mut found = false;
        let look = |line: &Line| {
            found |= line.hash.to_string() == head;
            Ok(())
        };
        audit::entries(dir, look).map_err(|why| why.to_string())?;
        if !found {
            return Err("the chain is whole, and has no such head: it was cut off or written anew".into());
        }
    }
    println!("good: entries {} to {}, head {}", report.first, report.last, report.head);
    Ok(())
}

fn export(dir: &std::path::Path, wanted: impl Fn(&Line) -> bool) -> Result<(), String> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    audit::entries(dir, |line| {
        if !wanted(line) {
            return Ok(());
        }
        let text = serde_json::to_string(&line.entry)?;
        writeln!(out, "{text}")
    })
    .and_then(|()| Ok(out.flush()?))
    .map_err(|why| why.to_string())
}
