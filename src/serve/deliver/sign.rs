//! Signs what is delivered, so that the receiver knows who sent it, and that it is no old one sent again.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;

/// What both ends know.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(...)")
    }
}

impl Secret {
    pub fn new(bytes: Vec<u8>) -> Secret {
        Secret(bytes)
    }

    /// `v1=` and the hexadecimal HMAC-SHA256 of `<timestamp>.<body>`.
    pub fn sign(&self, timestamp: i64, body: &[u8]) -> String {
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(timestamp.to_string().as_bytes());
        mac.update(b".");
        mac.update(body);
        format!("v1={}", data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // From `printf '1700000000.{}' | openssl dgst -sha256 -hmac key`.
    #[test]
    fn a_signature_is_what_openssl_says() {
        let signed = Secret::new(b"key".to_vec()).sign(1_700_000_000, b"{}");
        assert_eq!(signed, "v1=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae");
        assert_eq!(format!("{:?}", Secret::new(b"key".to_vec())), "Secret(...)");
    }
}
