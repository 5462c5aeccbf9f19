//! The section `[cluster]`: which of several instances on Kafka this one is, and how the others reach it.

use super::kafka::LogKind;
use super::keys::Keys;
use super::problem::ConfigError;
use super::sections::Server;
use crate::kafka::Secret;
use std::path::Path;

/// One of several instances.
#[derive(Clone, PartialEq, Debug)]
pub struct Cluster {
    /// Its own among the others, the same after a restart; `serve` needs one.
    pub name: Option<String>,
    /// `host:port` of its gRPC door, for the others.
    pub advertise: String,
    /// Whether copies of the others' partitions are kept here, for a takeover at once.
    pub standby: bool,
    /// The name of the instance that delivers alerts (`[webhook]`, `[alertmanager]`).
    pub deliverer: Option<String>,
    /// What the others' doors are shown.
    pub token: Option<Secret>,
    /// Who signed their certificates, PEM; `None` = whom the machine trusts.
    pub authority: Option<Vec<u8>>,
}

const ADVERTISE: &str = "host:port of this instance's gRPC door, as the others reach it";

/// `None` where the log is local.
pub(super) fn read(keys: &mut Keys, kind: LogKind, server: &Server, folder: &Path) -> Option<Cluster> {
    let mut s = keys.section("cluster");
    let name = s.name("name");
    let advertise = s.text("advertise", ADVERTISE, is_address);
    let standby = s.number("standby", 0_u8, 0, 1) == 1;
    let deliverer = s.name("deliverer");
    let token = s.path("token_file");
    let authority = s.path("authority");
    if kind != LogKind::Kafka {
        return None;
    }
    let read = |keys: &mut Keys, key: &'static str, path: Option<String>, expected: &str| {
        let path = folder.join(path?);
        let what = match std::fs::read(&path) {
            Ok(bytes) if !bytes.trim_ascii().is_empty() => return Some(bytes),
            Ok(_) => "holds nothing".to_owned(),
            Err(error) => format!("cannot be read: {error}"),
        };
        let what = format!("cluster.{key} {} {what}", path.display());
        keys.problems.push(ConfigError::new(keys.place("cluster", key), what, expected));
        None
    };
    let token = read(keys, "token_file", token, "a file with the token alone")
        .map(|bytes| Secret(String::from_utf8_lossy(bytes.trim_ascii()).into_owned()));
    let authority = read(keys, "authority", authority, "a PEM file");
    let own = server.grpc_addr;
    if advertise.is_none() && own.ip().is_unspecified() {
        let what = format!(
            "server.grpc_addr is {own}, which is no address to be reached at, without cluster.advertise"
        );
        keys.problems.push(ConfigError::new(keys.place("server", "grpc_addr"), what, ADVERTISE));
    }
    let advertise = advertise.unwrap_or_else(|| own.to_string());
    Some(Cluster { name, advertise, standby, deliverer, token, authority })
}

/// What only one instance of a cluster can do.
pub(super) fn check(keys: &mut Keys, cluster: Option<&Cluster>, delivers: bool) {
    let Some(cluster) = cluster else { return };
    if delivers && cluster.deliverer.is_none() {
        let place = keys.place("log", "kind");
        let what = "webhook.url or alertmanager.url without cluster.deliverer: each instance would deliver every alert";
        keys.problems.push(ConfigError::new(place, what, "the cluster.name of the one that is to deliver"));
    }
}

fn is_address(text: &str) -> bool {
    let parts = text.rsplit_once(':');
    parts.is_some_and(|(host, port)| {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let good = |b: u8| b.is_ascii_alphanumeric() || b"._-:".contains(&b);
        !host.is_empty() && host.bytes().all(good) && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}
