//! What the process says of itself, on standard error: lines for people, or JSON for machines.

use super::config::{LogFormat, Logging};
use tracing_subscriber::EnvFilter;

/// To be called once, before anything speaks.
pub fn init(logging: &Logging) {
    start(logging.level.as_str(), logging.format);
}

/// Only what goes wrong, for commands whose own lines are what the user reads.
pub fn quiet() {
    start("error", LogFormat::Human);
}

fn start(level: &str, format: LogFormat) {
    let filter = EnvFilter::new(format!("{level},h2=warn,hyper=warn,tower=warn,sled=warn"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let done = match format {
        LogFormat::Human => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    // A second call in one process (tests) keeps the first one's subscriber.
    let _ = done;
}
