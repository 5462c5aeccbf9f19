//! `wagewatch keys`: makes the keys by which what stands on disk is encrypted, adds new ones, and writes a data folder anew
//! under the newest. Shows names of keys, never a key.

use crate::app::config::{Config, Sources};
use crate::app::{data_keys, rewrite};
use crate::cipher::{KeyRing, Suite};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args, Debug)]
pub struct KeysArgs {
    #[command(subcommand)]
    pub what: What,
}

/// Which file of keys.
#[derive(clap::Args, Debug)]
pub struct Where {
    /// The file of keys; without it, that of the configuration (security.keys_file)
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The config file that names it; without it the defaults and the environment count
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(clap::Subcommand, Debug)]
pub enum What {
    /// Makes a file with one new key, which only its owner may read
    New {
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// aes-256-gcm-siv, or sm4-gcm where national ciphers must be used
        #[arg(long, value_name = "SUITE", value_parser = suite, default_value = "aes-256-gcm-siv")]
        suite: Suite,
    },
    /// Adds a new key: a running service encrypts what is new with it from then on. Older keys stay, for what is older
    Rotate {
        #[command(flatten)]
        place: Where,
        /// Of the new key; without it, that of the key before
        #[arg(long, value_name = "SUITE", value_parser = suite)]
        suite: Option<Suite>,
    },
    /// Lists the names of keys, and whether a data folder that nobody works on needs them
    List {
        #[command(flatten)]
        place: Where,
    },
    /// Writes the log and the store of a stopped service anew under the newest key; then older keys can be thrown away
    Rewrite {
        /// The config file that names keys and data folder; without it the defaults and the environment count
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

fn suite(text: &str) -> Result<Suite, String> {
    let all = Suite::ALL.map(Suite::as_str).join(" or ");
    Suite::parse(text).ok_or_else(|| format!("expected {all}"))
}

/// 0 when it was done, 1 when it was not, 2 for a config that is not right.
pub fn run(args: KeysArgs) -> ExitCode {
    let done = match args.what {
        What::New { file, suite } => data_keys::create(&file, suite).map(|ring| told_new(&ring)),
        What::Rotate { place, suite } => match file_of(place) {
            Ok((file, _)) => data_keys::rotate(&file, suite).map(|ring| told_new(&ring)),
            Err(code) => return code,
        },
        What::List { place } => match file_of(place) {
            Ok((file, config)) => data_keys::read(&file).map(|ring| list(&ring, config.as_ref())),
            Err(code) => return code,
        },
        What::Rewrite { config } => match load(config) {
            Ok(config) => rewritten(&config),
            Err(code) => return code,
        },
    };
    match done {
        Ok(text) => {
            anstream::print!("{text}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            anstream::eprintln!("wagewatch keys: {why:#}");
            ExitCode::FAILURE
        }
    }
}

fn load(config: Option<PathBuf>) -> Result<Config, ExitCode> {
    Config::load(&Sources::of_process(config, Vec::new())).map_err(|errors| {
        anstream::eprintln!("{errors}");
        ExitCode::from(2)
    })
}

/// The file, and the config where it named it.
fn file_of(place: Where) -> Result<(PathBuf, Option<Config>), ExitCode> {
    if let Some(file) = place.file {
        return Ok((file, None));
    }
    let config = load(place.config)?;
    match &config.security.keys {
        Some(keys) => Ok((keys.path.clone(), Some(config))),
        None => {
            anstream::eprintln!("wagewatch keys: the configuration names no security.keys_file; use --file");
            Err(ExitCode::from(2))
        }
    }
}

fn told_new(ring: &KeyRing) -> String {
    let key = ring.current();
    let (id, suite) = (key.id, key.suite.as_str());
    format!(
        "key {id} ({suite}) encrypts from now on. Copy the file to a safe place apart from data and backups: what is encrypted with a key that is lost is lost.\n"
    )
}

fn list(ring: &KeyRing, config: Option<&Config>) -> String {
    let used = config.map(rewrite::keys_in_use);
    let mut text = String::new();
    for key in ring.iter() {
        let now = if key.id == ring.current().id { "encrypts" } else { "decrypts" };
        let needed = match &used {
            Some(Ok(used)) if used.contains(&Some(key.id)) => ", needed by the data folder",
            Some(Ok(_)) => ", not needed by the data folder (older backups may need it)",
            Some(Err(_)) | None => "",
        };
        text.push_str(&format!("{} {} made {} {now}{needed}\n", key.id, key.suite.as_str(), key.made));
    }
    match used {
        Some(Ok(used)) if used.contains(&None) => {
            text.push_str("the data folder holds plain parts: `wagewatch keys rewrite`\n");
        }
        Some(Err(why)) => text.push_str(&format!("what the data folder needs is not known: {why:#}\n")),
        _ => {}
    }
    text
}

fn rewritten(config: &Config) -> anyhow::Result<String> {
    let done = rewrite::rewrite(config)?;
    let mut text = String::new();
    match done.log {
        Some(log) => text.push_str(&format!(
            "log: {} blocks in {} segments, {} bytes, now under key {}\n",
            log.blocks, log.segments, log.bytes, done.key
        )),
        None => text.push_str(&format!("log: all under key {} already\n", done.key)),
    }
    match done.store {
        Some(pages) => text.push_str(&format!("store: {pages} pages, now under key {}\n", done.key)),
        None => text.push_str(&format!("store: all under key {} already\n", done.key)),
    }
    Ok(text)
}
