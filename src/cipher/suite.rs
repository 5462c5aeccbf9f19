//! The suites: which cipher encrypts, and which hash derives its keys and names them. Knows no key file.

use aes_gcm_siv::Aes256GcmSiv;
use aes_gcm_siv::aead::generic_array::GenericArray;
use aes_gcm_siv::aead::generic_array::typenum::U12;
use aes_gcm_siv::aead::{AeadInPlace, KeyInit};
use hmac::{Hmac, Mac};
use sm3::Sm3;
use sm4::Sm4;
use zeroize::{Zeroize, Zeroizing};

/// SM4 in Galois/counter mode, as in RFC 8998.
type Sm4Gcm = aes_gcm::AesGcm<Sm4, U12>;

/// 128-bit tags in every suite.
pub const TAG: usize = 16;

const BLIND_INDEX: &[u8] = b"wagewatch 2026 blind index";

/// A cipher and the hash that belongs to it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Suite {
    /// AES-256-GCM-SIV (RFC 8452), keys by HMAC-SHA-256: a nonce used twice would still not lose the text.
    Aes256GcmSiv,
    /// SM4-GCM (GB/T 32907, RFC 8998), keys by HMAC-SM3 (GB/T 32905): for sites that must use national ciphers.
    Sm4Gcm,
}

impl Suite {
    pub const ALL: [Suite; 2] = [Suite::Aes256GcmSiv, Suite::Sm4Gcm];

    pub fn as_str(self) -> &'static str {
        match self {
            Suite::Aes256GcmSiv => "aes-256-gcm-siv",
            Suite::Sm4Gcm => "sm4-gcm",
        }
    }

    pub fn parse(text: &str) -> Option<Suite> {
        Suite::ALL.into_iter().find(|suite| suite.as_str() == text)
    }

    /// The suite's keyed hash of the parts, one behind the other.
    pub(super) fn keyed_hash(self, key: &[u8; 32], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        match self {
            Suite::Aes256GcmSiv => hmac::<Hmac<sha2::Sha256>>(key, parts),
            Suite::Sm4Gcm => hmac::<Hmac<Sm3>>(key, parts),
        }
    }

    /// A blind index: 128 bits that stand for `what`, and tell nothing of it to whoever does not have the number that was
    /// drawn for it.
    pub fn blind_index(self, drawn: &[u8; 32], what: &[u8]) -> [u8; 16] {
        let hash = self.keyed_hash(drawn, &[BLIND_INDEX, what]);
        std::array::from_fn(|i| hash[i])
    }

    /// The cipher under a session's key.
    pub(super) fn cipher(self, key: &[u8; 32]) -> Cipher {
        match self {
            Suite::Aes256GcmSiv => Cipher::Aes(Box::new(Aes256GcmSiv::new(GenericArray::from_slice(key)))),
            // SM4 has keys of 128 bits: the first half.
            Suite::Sm4Gcm => {
                Cipher::Sm4(Box::new(<Sm4Gcm as KeyInit>::new(GenericArray::from_slice(&key[..16]))))
            }
        }
    }
}

fn hmac<M: Mac + hmac::digest::KeyInit>(key: &[u8; 32], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    // A key of 32 bytes, filled up with zeros to a block of the hash, as HMAC says.
    let mut block = hmac::digest::Key::<M>::default();
    block[..32].copy_from_slice(key);
    let mut mac = <M as hmac::digest::KeyInit>::new(&block);
    block.as_mut_slice().zeroize();
    parts.iter().for_each(|part| mac.update(part));
    let mut out = Zeroizing::new([0; 32]);
    out.copy_from_slice(&mac.finalize().into_bytes());
    out
}

/// A cipher that has its key.
pub(super) enum Cipher {
    Aes(Box<Aes256GcmSiv>),
    Sm4(Box<Sm4Gcm>),
}

impl Cipher {
    /// Encrypts in place; the tag. `None` for more bytes than a cipher takes (64 GiB).
    pub fn encrypt(&self, nonce: &[u8; 12], about: &[u8], bytes: &mut [u8]) -> Option<[u8; TAG]> {
        let nonce = GenericArray::from_slice(nonce);
        let tag = match self {
            Cipher::Aes(cipher) => cipher.encrypt_in_place_detached(nonce, about, bytes),
            Cipher::Sm4(cipher) => cipher.encrypt_in_place_detached(nonce, about, bytes),
        };
        tag.ok().map(Into::into)
    }

    /// Decrypts in place; whether the tag was right. If it was not, the bytes mean nothing.
    pub fn decrypt(&self, nonce: &[u8; 12], about: &[u8], bytes: &mut [u8], tag: &[u8; TAG]) -> bool {
        let (nonce, tag) = (GenericArray::from_slice(nonce), GenericArray::from_slice(tag));
        match self {
            Cipher::Aes(cipher) => cipher.decrypt_in_place_detached(nonce, about, bytes, tag).is_ok(),
            Cipher::Sm4(cipher) => cipher.decrypt_in_place_detached(nonce, about, bytes, tag).is_ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER_PERMISSIVE;

    fn hex(text: &str) -> Vec<u8> {
        HEXLOWER_PERMISSIVE.decode(text.replace(' ', "").as_bytes()).unwrap()
    }

    /// Text and tag under a key that is given as it is, not derived.
    fn known(suite: Suite, key: &str, nonce: &str, about: &str, text: &str, answer: &str) {
        let mut whole = [0; 32];
        let key = hex(key);
        whole[..key.len()].copy_from_slice(&key);
        let nonce: [u8; 12] = hex(nonce).try_into().unwrap();
        let (about, text) = (hex(about), hex(text));
        let cipher = suite.cipher(&whole);
        let mut bytes = text.clone();
        let tag = cipher.encrypt(&nonce, &about, &mut bytes).unwrap();
        assert_eq!([&bytes[..], &tag].concat(), hex(answer));
        assert!(cipher.decrypt(&nonce, &about, &mut bytes, &tag));
        assert_eq!(bytes, text);
    }

    #[test]
    fn aes_256_gcm_siv_gives_the_answers_of_rfc_8452() {
        // Appendix C.2.
        let key = "0100000000000000000000000000000000000000000000000000000000000000";
        let nonce = "030000000000000000000000";
        let suite = Suite::Aes256GcmSiv;
        known(suite, key, nonce, "", "", "07f5f4169bbf55a8400cd47ea6fd400f");
        known(suite, key, nonce, "", "0100000000000000", "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28");
        known(
            suite,
            key,
            nonce,
            "01",
            "0200000000000000",
            "1de22967237a813291213f267e3b452f02d01ae33e4ec854",
        );
    }

    #[test]
    fn sm4_gcm_gives_the_answer_of_rfc_8998() {
        // Appendix A.1.
        let text = "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD
                    EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA";
        let answer = "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735
                      D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D
                      83DE3541E4C2B58177E065A9BF7B62EC";
        let strip = |text: &str| text.split_whitespace().collect::<String>();
        known(
            Suite::Sm4Gcm,
            "0123456789ABCDEFFEDCBA9876543210",
            "00001234567800000000ABCD",
            "FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2",
            &strip(text),
            &strip(answer),
        );
    }

    #[test]
    fn sm4_and_sm3_give_the_answers_of_their_standards() {
        use sm3::Digest;
        use sm4::cipher::BlockEncrypt;
        // GB/T 32907, appendix A, example 1.
        let cipher =
            <Sm4 as KeyInit>::new(GenericArray::from_slice(&hex("0123456789abcdeffedcba9876543210")));
        let mut block = GenericArray::clone_from_slice(&hex("0123456789abcdeffedcba9876543210"));
        cipher.encrypt_block(&mut block);
        assert_eq!(block.to_vec(), hex("681edf34d206965e86b3e94f536e4246"));
        // GB/T 32905, appendix A, examples 1 and 2.
        let answer = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
        assert_eq!(Sm3::digest(b"abc").to_vec(), hex(answer));
        let answer = "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732";
        assert_eq!(Sm3::digest("abcd".repeat(16)).to_vec(), hex(answer));
    }

    #[test]
    fn the_keyed_hashes_are_hmac() {
        let key: [u8; 32] = std::array::from_fn(|i| u8::try_from(i + 1).unwrap());
        // As `openssl dgst -mac HMAC` has them.
        for (suite, answer) in [
            (Suite::Aes256GcmSiv, "9d10c92cc0a364b2d7d27c239157e1b8dbcd9c7cf7bc9f31d61e2f2cb26558e0"),
            (Suite::Sm4Gcm, "d1036a730dd91ee9800f018251d49123e27b63b1983e42ece330d145224c7940"),
        ] {
            assert_eq!(suite.keyed_hash(&key, &[b"wage", b"watch"]).to_vec(), hex(answer));
        }
    }

    #[test]
    fn names_of_suites_come_back() {
        for suite in Suite::ALL {
            assert_eq!(Suite::parse(suite.as_str()), Some(suite));
        }
        assert_eq!(Suite::parse("des"), None);
    }
}
