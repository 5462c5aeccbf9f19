//! Connections to the other instances, made when they are first needed. Knows no question.

use super::super::config::Cluster;
use crate::proto::v1::AskRequest;
use crate::proto::v1::peer_service_client::PeerServiceClient;
use crate::serve::server::PEER_BYTES;
use anyhow::{Context, anyhow};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};

const CONNECT: Duration = Duration::from_secs(2);
/// One that has been asked and is frozen must not hold up the question for long: it is asked again, of whoever owns then.
const PATIENCE: Duration = Duration::from_secs(3);
const KEEPALIVE: Duration = Duration::from_secs(10);
/// So often it is said of one instance.
const SAY_AGAIN: Duration = Duration::from_secs(60);

/// The other instances.
pub struct Peers {
    token: Option<MetadataValue<Ascii>>,
    tls: Option<ClientTlsConfig>,
    known: Mutex<BTreeMap<String, PeerServiceClient<Channel>>>,
    /// When it was last said that one does not answer.
    refused: Mutex<BTreeMap<String, Instant>>,
}

impl Peers {
    /// # Errors
    /// A file of the config cannot be used.
    pub fn new(cluster: &Cluster, encrypted: bool) -> anyhow::Result<Peers> {
        let token = cluster.token.as_ref().map(|token| {
            let mut value: MetadataValue<Ascii> = format!("Bearer {}", token.0)
                .parse()
                .map_err(|_| anyhow!("cluster.token_file: expected a token alone"))?;
            value.set_sensitive(true);
            anyhow::Ok(value)
        });
        let tls = encrypted.then(|| {
            let tls = ClientTlsConfig::new();
            match &cluster.authority {
                Some(pem) => tls.ca_certificate(tonic::transport::Certificate::from_pem(pem)),
                None => tls.with_native_roots(),
            }
        });
        Ok(Peers { token: token.transpose()?, tls, known: Mutex::default(), refused: Mutex::default() })
    }

    /// What that instance answers; an error: it cannot be reached, or will not say.
    pub async fn ask(&self, address: &str, questions: Vec<u8>) -> Result<Vec<u8>, Status> {
        let mut client = self.client(address).map_err(|why| Status::unavailable(format!("{why:#}")))?;
        let mut request = Request::new(AskRequest { questions: questions.into() });
        request.set_timeout(PATIENCE);
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        match client.ask(request).await {
            Ok(answer) => Ok(answer.into_inner().answers.to_vec()),
            Err(status) => {
                self.tell(address, &status);
                Err(status)
            }
        }
    }

    /// One that dies is asked again until another owns what it had; one that refuses does so until an operator has mended
    /// something, and he has to hear of it.
    fn tell(&self, address: &str, status: &Status) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.get(address).is_some_and(|last| last.elapsed() < SAY_AGAIN) {
            return;
        }
        refused.insert(address.to_owned(), Instant::now());
        tracing::warn!(
            address,
            %status,
            "another instance does not answer what this one asks; if it lives, see cluster.token_file, the role \"instance\" in its principals, cluster.authority, and whether both are of one version"
        );
    }

    fn client(&self, address: &str) -> anyhow::Result<PeerServiceClient<Channel>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = known.get(address) {
            return Ok(client.clone());
        }
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let endpoint = Endpoint::from_shared(format!("{scheme}://{address}"))
            .with_context(|| format!("{address} is no address of an instance"))?
            .connect_timeout(CONNECT)
            .timeout(PATIENCE)
            .http2_keep_alive_interval(KEEPALIVE);
        let endpoint = match &self.tls {
            Some(tls) => endpoint.tls_config(tls.clone()).context("cluster.authority")?,
            None => endpoint,
        };
        let client = PeerServiceClient::new(endpoint.connect_lazy()).max_decoding_message_size(PEER_BYTES);
        known.insert(address.to_owned(), client.clone());
        Ok(client)
    }
}
