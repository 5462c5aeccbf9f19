//! Certificates that their authority has taken back: no new connection, no further call on an open one, and an open
//! stream ends.

use crate::house::{House, Plan};
use crate::tls::{Authority, authority, channel, listed, member, numbered, write};
use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, RevocationReason, RevokedCertParams, SerialNumber,
    date_time_ymd,
};
use std::path::Path;
use std::time::Duration;
use tonic::Code;
use tonic::transport::Channel;
use tonic_types::StatusExt;
use wagewatch::access::Role;
use wagewatch::guard::{Equipment, Guard, ListPolicy, Tls, TlsFiles};
use wagewatch::proto::v1 as pb;
use wagewatch::proto::v1::alert_service_client::AlertServiceClient;

const KEPT: u64 = 71;
const LOST: u64 = 72;

/// A list of these numbers that is due again in that year.
fn list(by: &Authority, numbers: &[u64], due: i32) -> rcgen::CertificateRevocationList {
    let revoked = |number: &u64| RevokedCertParams {
        serial_number: SerialNumber::from(*number),
        revocation_time: date_time_ymd(2024, 6, 17),
        reason_code: Some(RevocationReason::KeyCompromise),
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2024, 6, 17),
        next_update: date_time_ymd(due, 6, 17),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: numbers.iter().map(revoked).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(by).unwrap()
}

/// A folder of lists, with this one in it.
fn with_list(folder: &Path, files: TlsFiles, text: &str) -> TlsFiles {
    let crls = folder.join("crls");
    std::fs::create_dir_all(&crls).unwrap();
    std::fs::write(crls.join("ours.pem"), text).unwrap();
    std::fs::write(crls.join("README"), "no list, and no file of lists").unwrap();
    TlsFiles { client_crls: Some(crls), ..files }
}

async fn lets_in(house: &House, ours: &Authority, shows: &(String, String)) -> bool {
    match channel(house, ours, Some(shows)).await {
        // A refusal in the handshake is told with the first answer.
        Some(channel) => listed(channel).await == Code::Ok,
        None => false,
    }
}

async fn house(files: &TlsFiles) -> (House, Tls) {
    let tls = Tls::read(files).unwrap();
    let guard = Guard::of(
        &[member("kept", Role::Coordinator), member("lost", Role::Coordinator)],
        Equipment::default(),
    );
    (House::build(Plan { guard, tls: Some(tls.clone()), ..Plan::default() }).await, tls)
}

async fn follow(channel: Channel) -> tonic::Streaming<wagewatch::proto::SubscribeResponse> {
    AlertServiceClient::new(channel).subscribe(pb::SubscribeRequest::default()).await.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_comes_in_no_more_and_its_stream_ends() {
    let ours = authority("ours");
    let folder = tempfile::tempdir().unwrap();
    let none = list(&ours, &[], 2100).pem().unwrap();
    let files = with_list(folder.path(), write(folder.path(), &ours), &none);
    let (house, tls) = house(&files).await;
    let kept = numbered(&ours, "kept.example", &[], Some(KEPT));
    let lost = numbered(&ours, "lost.example", &[], Some(LOST));
    let (his, hers) = (
        channel(&house, &ours, Some(&kept)).await.unwrap(),
        channel(&house, &ours, Some(&lost)).await.unwrap(),
    );
    assert_eq!((listed(his.clone()).await, listed(hers.clone()).await), (Code::Ok, Code::Ok));
    let (mut goes_on, mut ends) = (follow(his.clone()).await, follow(hers.clone()).await);

    std::fs::write(folder.path().join("crls/ours.pem"), "no list").unwrap();
    assert_eq!(tls.reload(&files).unwrap_err().file, folder.path().join("crls/ours.pem"));
    assert_eq!(listed(hers.clone()).await, Code::Ok, "what is no list changes nothing");

    std::fs::write(folder.path().join("crls/ours.pem"), list(&ours, &[LOST], 2100).pem().unwrap()).unwrap();
    tls.reload(&files).unwrap();
    assert_eq!(listed(hers).await, Code::Unauthenticated, "on the connection that was open before");
    assert!(!lets_in(&house, &ours, &lost).await);
    assert!(lets_in(&house, &ours, &kept).await);
    let ended = async {
        loop {
            if let Err(status) = ends.message().await {
                return status;
            }
        }
    };
    let status = tokio::time::timeout(Duration::from_secs(30), ended).await.expect("the stream ends");
    assert_eq!(status.get_details_error_info().unwrap().reason, "REVOKED");
    assert_eq!(listed(his).await, Code::Ok);
    goes_on.message().await.expect("his stream goes on");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_has_ended_counts_as_the_config_says() {
    let ours = authority("ours");
    let folder = tempfile::tempdir().unwrap();
    // As DER, and as one file.
    let file = folder.path().join("old.crl");
    std::fs::write(&file, list(&ours, &[LOST], 2025).der()).unwrap();
    let strict = TlsFiles { client_crls: Some(file.clone()), ..write(folder.path(), &ours) };
    let kept = numbered(&ours, "kept.example", &[], Some(KEPT));
    let lost = numbered(&ours, "lost.example", &[], Some(LOST));
    for (policy, lets) in [(ListPolicy::Strict, false), (ListPolicy::Lenient, true)] {
        let files = TlsFiles { crl_policy: policy, ..strict.clone() };
        let (house, tls) = house(&files).await;
        assert_eq!(tls.ended_lists(1_900_000_000), std::slice::from_ref(&file), "it is known to have ended");
        assert!(tls.ended_lists(1_740_000_000).is_empty());
        assert_eq!(lets_in(&house, &ours, &kept).await, lets, "{policy:?}");
        assert!(!lets_in(&house, &ours, &lost).await, "{policy:?}: it is on the list all the same");
        house.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_without_a_list_is_believed_only_by_the_lenient() {
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    let folder = tempfile::tempdir().unwrap();
    let files = with_list(folder.path(), write(folder.path(), &ours), &list(&ours, &[], 2100).pem().unwrap());
    let both = format!("{}{}", ours.pem(), theirs.pem());
    std::fs::write(folder.path().join("clients.pem"), both).unwrap();
    let of_theirs = numbered(&theirs, "kept.example", &[], Some(KEPT));
    for (policy, lets) in [(ListPolicy::Strict, false), (ListPolicy::Lenient, true)] {
        let (house, _) = house(&TlsFiles { crl_policy: policy, ..files.clone() }).await;
        assert_eq!(lets_in(&house, &ours, &of_theirs).await, lets, "{policy:?}");
        house.end().await;
    }
}
