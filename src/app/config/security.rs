//! The section `[security]`: who may call, and by which certificates. Without principals the service is open to
//! whoever reaches it, so it then listens on the loopback address alone.

use super::directory::Directory;
use super::keys::Keys;
use super::problem::{ConfigError, ConfigErrors};
use super::sections::Server;
use super::{Text, principals, source};
use crate::app::data_keys;
use crate::cipher::KeyRing;
use crate::guard::{ListPolicy, Member, Tls, TlsFiles};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

#[derive(Clone, PartialEq, Debug, Default)]
pub struct Security {
    /// The file that names them; `None` = whoever reaches the loopback address may do everything.
    pub principals: Option<PathBuf>,
    /// Its content.
    pub members: Option<Vec<Member>>,
    /// `None` = plain text.
    pub tls: Option<TlsFiles>,
    /// By which what stands on disk is encrypted; `None` = it is plain.
    pub keys: Option<KeysFile>,
    /// The folder of the audit trail; `None` = `audit` in the data folder.
    pub audit_path: Option<PathBuf>,
    pub audit_retain_days: u64,
    pub reveals_per_hour: u32,
    /// 0 = no limit; so are the next two.
    pub calls_per_second: u32,
    pub records_per_second: u32,
    pub bytes_per_second: u32,
    /// Records of one caller that may be with the engine at once.
    pub records_waiting: usize,
    pub streams_per_caller: usize,
}

/// The file of the data keys, and its content.
#[derive(Clone, PartialEq, Debug)]
pub struct KeysFile {
    pub path: PathBuf,
    pub ring: KeyRing,
}

/// 724 号令 and 个人信息保护法: records of who was shown what are kept three years at least.
const RETAIN_DAYS_LEAST: u64 = 1096;

pub(super) fn read(keys: &mut Keys, folder: &Path, directory: &Directory) -> Security {
    let mut s = keys.section("security");
    let mut file = |key| s.path(key).map(|path| folder.join(path));
    let principals = file("principals");
    let certificate = file("certificate");
    let key = file("certificate_key");
    let client_authorities = file("client_authorities");
    let client_crls = file("client_crls");
    let policies = [("strict", ListPolicy::Strict), ("lenient", ListPolicy::Lenient)];
    let crl_policy = s.word("client_crls_policy", ListPolicy::Strict, &policies);
    // Asked for again: the keys are read in the file's order.
    let mut file = |key| s.path(key).map(|path| folder.join(path));
    let keys_file = file("keys_file");
    let audit_path = file("audit_path");
    let audit_retain_days = s.number("audit_retain_days", 1827, RETAIN_DAYS_LEAST, 36_500);
    let reveals_per_hour = s.number("reveals_per_hour", 60, 1, 100_000);
    let calls_per_second = s.number("calls_per_second", 1000, 0, 1_000_000);
    let records_per_second = s.number("records_per_second", 100_000, 0, 100_000_000);
    let bytes_per_second = s.number("bytes_per_second", 67_108_864, 0, u32::MAX);
    let records_waiting = s.number("records_waiting_per_caller", 16_384, 1, 100_000_000);
    let streams_per_caller = s.number("streams_per_caller", 64, 1, 100_000);
    let members = principals.as_ref().map(|path| match members(path, directory) {
        Ok(members) => members,
        Err(errors) => {
            keys.problems.extend(errors.0);
            Vec::new()
        }
    });
    let data_keys = keys_file.and_then(|path| read_keys(keys, path));
    let tls = match (certificate, key) {
        (Some(certificate), Some(key)) => {
            if client_crls.is_some() && client_authorities.is_none() {
                alone(keys, "client_crls", "security.client_authorities");
            }
            let files = TlsFiles { certificate, key, client_authorities, client_crls, crl_policy };
            check_files(keys, &files);
            Some(files)
        }
        (None, None) => {
            for (key, path) in [("client_authorities", &client_authorities), ("client_crls", &client_crls)] {
                if path.is_some() {
                    alone(keys, key, "security.certificate and security.certificate_key");
                }
            }
            None
        }
        (Some(_), None) => {
            alone(keys, "certificate", "security.certificate_key");
            None
        }
        (None, Some(_)) => {
            alone(keys, "certificate_key", "security.certificate");
            None
        }
    };
    Security {
        principals,
        members,
        tls,
        keys: data_keys,
        audit_path,
        audit_retain_days,
        reveals_per_hour,
        calls_per_second,
        records_per_second,
        bytes_per_second,
        records_waiting,
        streams_per_caller,
    }
}

fn read_keys(keys: &mut Keys, path: PathBuf) -> Option<KeysFile> {
    match data_keys::read(&path) {
        Ok(ring) => Some(KeysFile { path, ring }),
        Err(why) => {
            let place = keys.place("security", "keys_file");
            let expected = "a file as `wagewatch keys new` makes it";
            keys.problems.push(ConfigError::new(place, format!("security.keys_file {why:#}"), expected));
            None
        }
    }
}

/// Keys beside the data that they encrypt would be copied, and stolen, with it.
pub(super) fn check_keys_apart(keys: &mut Keys, data: &Path, security: &Security) {
    let whole = |path: &Path| std::path::absolute(path).ok().map(|path| path.canonicalize().unwrap_or(path));
    let Some(file) = &security.keys else { return };
    if let (Some(data), Some(path)) = (whole(data), whole(&file.path))
        && path.starts_with(&data)
    {
        let place = keys.place("security", "keys_file");
        let what = format!("security.keys_file {} lies in the data folder", file.path.display());
        keys.problems.push(ConfigError::new(place, what, "a file elsewhere, best on another disk"));
    }
}

fn alone(keys: &mut Keys, key: &str, with: &str) {
    let place = keys.place("security", key);
    keys.problems.push(ConfigError::new(
        place,
        format!("security.{key} stands alone"),
        format!("also {with}"),
    ));
}

const FITTING: &str = "a PEM file, and a key that fits its certificate";

fn check_files(keys: &mut Keys, files: &TlsFiles) {
    if let Err(error) = Tls::read(files) {
        let is_of_lists = files.client_crls.as_ref().is_some_and(|path| error.file.starts_with(path));
        let (key, expected) = if error.file == files.certificate {
            ("certificate", FITTING)
        } else if error.file == files.key {
            ("certificate_key", FITTING)
        } else if is_of_lists {
            (
                "client_crls",
                "lists of revoked certificates (CRL): a file, or a folder of .pem, .crl and .der files",
            )
        } else {
            ("client_authorities", FITTING)
        };
        let place = keys.place("security", key);
        keys.problems.push(ConfigError::new(place, format!("security.{key} {error}"), expected));
    }
}

/// The content of `principals.toml`.
pub(super) fn members(path: &Path, directory: &Directory) -> Result<Vec<Member>, ConfigErrors> {
    let text = source::read_text(path).map_err(|error| ConfigErrors(vec![error]))?;
    let text = Text { path: path.display().to_string(), text };
    let mut problems = Vec::new();
    let members = principals::parse(&text, directory, &mut problems);
    problems.sort();
    if problems.is_empty() { Ok(members) } else { Err(ConfigErrors(problems)) }
}

/// Whoever can be reached from elsewhere must know who comes, and be heard by nobody else.
pub(super) fn check_addresses(keys: &mut Keys, server: &Server, security: &Security) {
    let mut missing = Vec::new();
    if security.principals.is_none() {
        missing.push("security.principals");
    }
    if security.tls.is_none() {
        missing.push("security.certificate and security.certificate_key");
    }
    if missing.is_empty() {
        return;
    }
    let check = |keys: &mut Keys, key: &str, addr: SocketAddr| {
        if !addr.ip().is_loopback() {
            let place = keys.place("server", key);
            let what =
                format!("server.{key} is {addr}, which others reach, without {}", missing.join(" and "));
            let expected =
                "a loopback address such as 127.0.0.1, or callers with names on encrypted connections";
            keys.problems.push(ConfigError::new(place, what, expected));
        }
    };
    check(keys, "grpc_addr", server.grpc_addr);
    check(keys, "http_addr", server.http_addr);
}
