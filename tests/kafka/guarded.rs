//! A listener of a broker that asks for TLS and a password: its keys, its one user, its properties. Knows no client.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::fs;
use std::path::Path;

pub const USER: &str = "wagewatch";
pub const PASSWORD: &str = "open sesame";

/// The one user, as Kafka's storage tool takes it.
pub fn scram_user() -> String {
    format!("SCRAM-SHA-512=[name={USER},password={PASSWORD}]")
}

/// An authority, a broker's certificate of it with its key, and an authority that has nothing to do with it.
pub fn write_keys(folder: &Path) {
    let authority = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    };
    let ours = authority("Brokers");
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &*ours);
    let pem = format!("{}{}", key.serialize_pem(), certificate.unwrap().pem());
    fs::write(folder.join("broker.pem"), pem).unwrap();
    fs::write(folder.join("authority.pem"), ours.pem()).unwrap();
    fs::write(folder.join("another.pem"), authority("Others").pem()).unwrap();
}

/// A broker's properties with one listener more.
pub fn properties(properties: &str, port: u16, folder: &Path) -> String {
    let listener = format!(",GUARDED://127.0.0.1:{port}");
    let mut said = String::new();
    for line in properties.lines() {
        let more = match line.split('=').next().unwrap() {
            "listeners" | "advertised.listeners" => listener.as_str(),
            "listener.security.protocol.map" => ",GUARDED:SASL_SSL",
            _ => "",
        };
        said.push_str(&format!("{line}{more}\n"));
    }
    let security = "org.apache.kafka.common.security";
    let guarded = [
        ("ssl.keystore.type", "PEM".to_owned()),
        ("ssl.keystore.location", folder.join("broker.pem").display().to_string()),
        ("sasl.enabled.mechanisms", "SCRAM-SHA-512,PLAIN".to_owned()),
        ("scram-sha-512.sasl.jaas.config", format!("{security}.scram.ScramLoginModule required;")),
        (
            "plain.sasl.jaas.config",
            format!("{security}.plain.PlainLoginModule required user_{USER}=\"{PASSWORD}\";"),
        ),
    ];
    for (key, value) in guarded {
        said.push_str(&format!("listener.name.guarded.{key}={value}\n"));
    }
    said
}
