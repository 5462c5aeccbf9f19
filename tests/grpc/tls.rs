//! Encrypted connections: who shows a certificate of ours is known by it, who shows another's comes in nowhere, and
//! new files count from the next handshake on.

use crate::house::{House, Plan};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SerialNumber};
use std::path::Path;
use tonic::Code;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};
use wagewatch::access::{Principal, Role};
use wagewatch::guard::{Equipment, Guard, ListPolicy, Member, Tls, TlsFiles};
use wagewatch::proto::v1 as pb;
use wagewatch::proto::v1::admin_service_client::AdminServiceClient;
use wagewatch::proto::v1::alert_service_client::AlertServiceClient;

pub type Authority = CertifiedIssuer<'static, KeyPair>;

pub fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate and its key, PEM.
pub fn signed(by: &Authority, common: &str, names: &[&str]) -> (String, String) {
    numbered(by, common, names, None)
}

pub fn numbered(by: &Authority, common: &str, names: &[&str], number: Option<u64>) -> (String, String) {
    let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, common);
    params.serial_number = number.map(SerialNumber::from);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &**by).unwrap();
    (certificate.pem(), key.serialize_pem())
}

pub fn write(folder: &Path, by: &Authority) -> TlsFiles {
    let (certificate, key) = signed(by, "wagewatch", &["localhost"]);
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    TlsFiles {
        certificate: file("server.pem", &certificate),
        key: file("server.key", &key),
        client_authorities: Some(file("clients.pem", &by.pem())),
        client_crls: None,
        crl_policy: ListPolicy::Strict,
    }
}

pub fn member(name: &str, role: Role) -> Member {
    Member {
        principal: Principal { name: name.into(), role: Some(role), ..Principal::default() },
        certificates: vec![format!("{name}.example").into()],
        tokens: Vec::new(),
    }
}

pub async fn channel(house: &House, trusts: &Authority, shows: Option<&(String, String)>) -> Option<Channel> {
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(trusts.pem()));
    if let Some((certificate, key)) = shows {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    let addr = format!("https://localhost:{}", house.grpc.port());
    Channel::from_shared(addr).unwrap().tls_config(tls).unwrap().connect().await.ok()
}

pub async fn listed(channel: Channel) -> Code {
    let answer = AlertServiceClient::new(channel).list(pb::ListRequest::default()).await;
    answer.map_or_else(|status| status.code(), |_| Code::Ok)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_says_who_calls() {
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    let folder = tempfile::tempdir().unwrap();
    let files = write(folder.path(), &ours);
    let tls = Tls::read(&files).unwrap();
    let guard =
        Guard::of(&[member("hrss", Role::Coordinator), member("ops", Role::Operator)], Equipment::default());
    let plan = Plan { guard, tls: Some(tls.clone()), ..Plan::default() };
    let house = House::build(plan).await;

    let by_alternative = signed(&ours, "somebody", &["hrss.example"]);
    let by_common_name = signed(&ours, "ops.example", &[]);
    let stranger = signed(&ours, "stranger", &["stranger.example"]);
    let forged = signed(&theirs, "somebody", &["hrss.example"]);

    let coordinator = channel(&house, &ours, Some(&by_alternative)).await.unwrap();
    assert_eq!(listed(coordinator).await, Code::Ok);
    let operator = channel(&house, &ours, Some(&by_common_name)).await.unwrap();
    assert_eq!(listed(operator.clone()).await, Code::PermissionDenied);
    AdminServiceClient::new(operator).get_status(pb::GetStatusRequest {}).await.unwrap();
    for shows in [None, Some(&stranger)] {
        let nobody = channel(&house, &ours, shows).await.unwrap();
        assert_eq!(listed(nobody).await, Code::Unauthenticated);
    }
    // A certificate of another authority fails in the handshake, which TLS 1.3 tells with the first answer.
    if let Some(channel) = channel(&house, &ours, Some(&forged)).await {
        assert_ne!(listed(channel).await, Code::Ok);
    }
    assert!(channel(&house, &theirs, None).await.is_none(), "the service is not whom they trust");
    let plain = Channel::from_shared(format!("http://127.0.0.1:{}", house.grpc.port())).unwrap();
    let plain = plain.connect_lazy();
    assert_ne!(listed(plain).await, Code::Ok);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_files_count_without_a_restart_and_bad_ones_do_not() {
    let (old, new) = (authority("old"), authority("new"));
    let folder = tempfile::tempdir().unwrap();
    let files = write(folder.path(), &old);
    let tls = Tls::read(&files).unwrap();
    let guard = Guard::of(&[member("hrss", Role::Coordinator)], Equipment::default());
    let house = House::build(Plan { guard, tls: Some(tls.clone()), ..Plan::default() }).await;
    let shows = signed(&new, "hrss.example", &[]);
    assert!(channel(&house, &new, Some(&shows)).await.is_none());

    std::fs::write(&files.key, "no key").unwrap();
    let error = tls.reload(&files).unwrap_err();
    assert_eq!(error.file, files.key);
    assert!(channel(&house, &old, None).await.is_some(), "the old ones stay");

    write(folder.path(), &new);
    tls.reload(&files).unwrap();
    let coordinator = channel(&house, &new, Some(&shows)).await.unwrap();
    assert_eq!(listed(coordinator).await, Code::Ok);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_certificate_is_refused() {
    let ours = authority("ours");
    let folder = tempfile::tempdir().unwrap();
    let files = write(folder.path(), &ours);
    let (_, key) = signed(&ours, "other", &["localhost"]);
    std::fs::write(&files.key, key).unwrap();
    assert_eq!(Tls::read(&files).unwrap_err().file, files.key);
    std::fs::write(&files.certificate, "nothing").unwrap();
    assert_eq!(Tls::read(&files).unwrap_err().file, files.certificate);
}
