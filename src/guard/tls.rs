//! The server's certificate and key, the authorities of clients' certificates and their lists of revoked ones, and the
//! handshake's settings.
//! A handshake takes what stands when it begins, so that new files count without a restart.

use super::revocation::{ListPolicy, Lists};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};

/// The files of one side of a connection, PEM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsFiles {
    /// The service's own certificate, then those between it and its authority.
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// Who may sign clients' certificates; without it clients have tokens only.
    pub client_authorities: Option<PathBuf>,
    /// Which of those certificates count no more: a file of lists, or a folder of such files.
    pub client_crls: Option<PathBuf>,
    pub crl_policy: ListPolicy,
}

/// What the next handshake takes.
#[derive(Clone, Debug)]
pub struct Tls {
    standing: Arc<RwLock<Standing>>,
}

/// One for each language that is spoken behind the handshake.
#[derive(Debug)]
struct Standing {
    grpc: Arc<ServerConfig>,
    http: Arc<ServerConfig>,
    lists: Arc<Lists>,
}

/// A file of [`TlsFiles`] that cannot be used, and why.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}: {what}", file.display())]
pub struct TlsError {
    pub file: PathBuf,
    pub what: String,
}

impl Tls {
    /// # Errors
    /// With the file that is at fault.
    pub fn read(files: &TlsFiles) -> Result<Tls, TlsError> {
        Ok(Tls { standing: Arc::new(RwLock::new(Standing::read(files)?)) })
    }

    /// Reads them again; what is wrong leaves the old ones in place.
    ///
    /// # Errors
    /// With the file that is at fault.
    pub fn reload(&self, files: &TlsFiles) -> Result<(), TlsError> {
        let read = Standing::read(files)?;
        *self.standing.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    /// Files with a list of revoked certificates that has ended: its authority should have given a newer one.
    pub fn ended_lists(&self, now: i64) -> Vec<PathBuf> {
        self.lists().ended(now)
    }

    pub(super) fn lists(&self) -> Arc<Lists> {
        self.standing.read().unwrap_or_else(PoisonError::into_inner).lists.clone()
    }

    pub(super) fn config(&self, language: Language) -> Arc<ServerConfig> {
        let standing = self.standing.read().unwrap_or_else(PoisonError::into_inner);
        match language {
            Language::Grpc => standing.grpc.clone(),
            Language::Http => standing.http.clone(),
        }
    }
}

/// What is spoken behind the handshake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    Grpc,
    Http,
}

impl Standing {
    fn read(files: &TlsFiles) -> Result<Standing, TlsError> {
        let lists = files.client_crls.as_deref().map(Lists::read).transpose()?.unwrap_or_default();
        let grpc = server_config(files, &lists)?;
        let mut http = grpc.clone();
        let mut grpc = grpc;
        grpc.alpn_protocols = vec![b"h2".to_vec()];
        http.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Standing { grpc: Arc::new(grpc), http: Arc::new(http), lists: Arc::new(lists) })
    }
}

fn server_config(files: &TlsFiles, lists: &Lists) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(crypto::ring::default_provider());
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|_| wrong(&files.key, "expected one private key as PEM"))?;
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|why| wrong(&files.certificate, why))?;
    let builder = match &files.client_authorities {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates(file)? {
                roots.add(authority).map_err(|why| wrong(file, why))?;
            }
            // Who has a token needs no certificate; who shows one must show a good one.
            let mut verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .allow_unauthenticated()
                .with_crls(lists.der.iter().cloned());
            verifier = match files.crl_policy {
                ListPolicy::Strict => verifier.enforce_revocation_expiration(),
                ListPolicy::Lenient => verifier.allow_unknown_revocation_status(),
            };
            let at_fault = files.client_crls.as_deref().unwrap_or(file);
            builder.with_client_cert_verifier(verifier.build().map_err(|why| wrong(at_fault, why))?)
        }
    };
    builder.with_single_cert(chain, key).map_err(|why| wrong(&files.key, why))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let expected = "expected certificates as PEM";
    let read =
        CertificateDer::pem_file_iter(file).map_err(|why| wrong(file, format!("{why}; {expected}")))?;
    let all: Result<Vec<_>, _> = read.collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        _ => Err(wrong(file, expected)),
    }
}

pub(super) fn wrong(file: &Path, what: impl ToString) -> TlsError {
    TlsError { file: file.to_owned(), what: what.to_string() }
}
