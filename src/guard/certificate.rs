//! Whom a client's certificate names. The handshake has proved that he holds its key and that an authority of
//! ours signed it; nothing of that is looked at again here.

use compact_str::{CompactString, ToCompactString};
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

/// What of a certificate counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The subject's common name, then DNS names, URIs and mail addresses of the subject's alternatives.
    pub names: Vec<CompactString>,
    /// Unix seconds from which on it counts no more.
    pub until: i64,
}

/// Names beyond this are passed over: no certificate of ours has so many.
const NAMES_MAX: usize = 32;

/// `None` for bytes that are no certificate.
pub fn identity(der: &[u8]) -> Option<Identity> {
    let (_, certificate) = parse_x509_certificate(der).ok()?;
    let common = certificate.subject().iter_common_name();
    let mut names: Vec<CompactString> =
        common.filter_map(|name| name.as_str().ok()).map(CompactString::from).collect();
    if let Ok(Some(alternatives)) = certificate.subject_alternative_name() {
        names.extend(alternatives.value.general_names.iter().filter_map(|name| match name {
            GeneralName::DNSName(text) | GeneralName::URI(text) | GeneralName::RFC822Name(text) => {
                Some(text.to_compact_string())
            }
            _ => None,
        }));
    }
    names.truncate(NAMES_MAX);
    Some(Identity { names, until: certificate.validity().not_after.timestamp() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    #[test]
    fn subject_and_alternatives_are_names() {
        let mut params = CertificateParams::new(vec!["gate.example".into()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "water");
        params.subject_alt_names.push(SanType::URI("wagewatch:water".try_into().unwrap()));
        let key = KeyPair::generate().unwrap();
        let identity = identity(params.self_signed(&key).unwrap().der()).unwrap();
        assert!(identity.until > 0);
        let names: Vec<&str> = identity.names.iter().map(CompactString::as_str).collect();
        for name in ["water", "gate.example", "wagewatch:water"] {
            assert!(names.contains(&name), "{names:?}");
        }
    }

    #[test]
    fn other_bytes_are_none() {
        assert_eq!(identity(b""), None);
        assert_eq!(identity(b"-----BEGIN CERTIFICATE-----"), None);
    }
}
