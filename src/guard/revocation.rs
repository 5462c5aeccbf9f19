//! Lists of certificates that their authority has taken back (CRL, RFC 5280), from files. The handshake holds new
//! connections against them; what stands here is for those that were open before: their next call and their streams.
//! Knows no caller, and fetches nothing: whoever keeps the files up to date is outside.

use super::tls::{Tls, TlsError, wrong};
use hashbrown::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use x509_parser::{parse_x509_certificate, parse_x509_crl};

/// What becomes of a certificate of which no list tells, or only one that has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ListPolicy {
    /// It is refused: an authority that does not say is not believed.
    #[default]
    Strict,
    /// It is let in, as long as no list has it.
    Lenient,
}

/// One certificate as a list names it: who signed it, and its number.
type Link = (Box<[u8]>, Box<[u8]>);

/// The lists as they were read.
#[derive(Default)]
pub(super) struct Lists {
    taken_back: HashSet<Link>,
    /// The file of each, and the Unix seconds at which its next one was due.
    due: Vec<(PathBuf, i64)>,
    pub der: Vec<CertificateRevocationListDer<'static>>,
}

impl fmt::Debug for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lists({} with {} certificates)", self.due.len(), self.taken_back.len())
    }
}

const EXPECTED: &str = "expected lists of revoked certificates: PEM with any number of them, or one as DER";

impl Lists {
    /// Those of a file, or of all files of a folder.
    pub fn read(path: &Path) -> Result<Lists, TlsError> {
        let mut lists = Lists::default();
        for file in files(path).map_err(|why| wrong(path, format!("{why}; {EXPECTED}")))? {
            let bytes = std::fs::read(&file).map_err(|why| wrong(&file, format!("{why}; {EXPECTED}")))?;
            for der in in_file(&bytes).ok_or_else(|| wrong(&file, EXPECTED))? {
                lists.add(&file, der)?;
            }
        }
        if lists.der.is_empty() { Err(wrong(path, EXPECTED)) } else { Ok(lists) }
    }

    fn add(&mut self, file: &Path, der: CertificateRevocationListDer<'static>) -> Result<(), TlsError> {
        let (_, list) = parse_x509_crl(&der).map_err(|_| wrong(file, EXPECTED))?;
        let issuer = list.issuer().as_raw();
        let numbers = list.iter_revoked_certificates().map(|one| (issuer.into(), one.raw_serial().into()));
        self.taken_back.extend(numbers);
        let due = list.next_update().map_or(i64::MAX, |time| time.timestamp());
        self.due.push((file.to_owned(), due));
        self.der.push(der);
        Ok(())
    }

    /// Files with a list that has ended.
    pub fn ended(&self, now: i64) -> Vec<PathBuf> {
        let ended = self.due.iter().filter(|(_, due)| *due <= now);
        ended.map(|(file, _)| file.clone()).collect()
    }
}

/// The file itself, or a folder's files in the order of their names.
pub fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let file = entry?.path();
        let is_list = file.extension().is_some_and(|end| ["pem", "crl", "der"].iter().any(|one| end == *one));
        if is_list && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn in_file(bytes: &[u8]) -> Option<Vec<CertificateRevocationListDer<'static>>> {
    let begins = b"-----BEGIN";
    if bytes.windows(begins.len()).any(|window| window == begins) {
        let read: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(bytes).collect();
        return read.ok().filter(|lists| !lists.is_empty());
    }
    Some(vec![CertificateRevocationListDer::from(bytes.to_vec())])
}

/// The certificates that somebody showed in his handshake, to be held against the lists of any later time.
#[derive(Clone)]
pub struct Proof {
    links: Arc<[Link]>,
    tls: Tls,
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proof({} certificates)", self.links.len())
    }
}

impl Proof {
    pub(super) fn new(shown: &[CertificateDer<'_>], tls: Tls) -> Proof {
        let links = shown.iter().filter_map(|der| {
            let (_, certificate) = parse_x509_certificate(der).ok()?;
            Some((certificate.issuer().as_raw().into(), certificate.raw_serial().into()))
        });
        Proof { links: links.collect(), tls }
    }

    /// Whether one of them has been taken back since.
    pub fn is_taken_back(&self) -> bool {
        let lists = self.tls.lists();
        self.links.iter().any(|link| lists.taken_back.contains(link))
    }
}
