//! Who is calling: the one place where every call of the page's API is asked. Where callers have names, what this one
//! shows goes on to the gate before the services, which asks the guard as it does for gRPC. Where they have none, whoever
//! sits at the machine may read and write, and all others read.

use crate::domain::TraceMark;
use crate::guard::Peer;
use axum::http::{HeaderMap, header};
use std::net::IpAddr;
use tonic::metadata::{Ascii, MetadataValue};

/// What whoever calls shows. Goes with the call to the gate.
pub struct Caller {
    /// His connection, with the client certificate.
    pub peer: Peer,
    /// His bearer token.
    pub authorization: Option<MetadataValue<Ascii>>,
    /// The span of his call, where it is followed.
    pub trace: Option<TraceMark>,
}

/// Why a call goes no further.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Denied {
    /// The page's own calls bear a header that other sites cannot send.
    NotFromThePage,
    /// The address in the request is a name that another site may have pointed here.
    StrangeHost,
    /// Another site's page sent it.
    StrangeOrigin,
    /// Only whoever sits at the machine may change anything.
    ReadOnly,
}

impl Denied {
    /// A word for programs, a sentence for people.
    pub fn said(self) -> (&'static str, &'static str) {
        match self {
            Denied::NotFromThePage => {
                ("NOT_FROM_PAGE", "calls need Content-Type: application/json and X-Wagewatch: console")
            }
            Denied::StrangeHost => (
                "STRANGE_HOST",
                "open the page by the machine's IP address, as localhost, or by a name of http.hosts",
            ),
            Denied::StrangeOrigin => ("STRANGE_ORIGIN", "the call comes from another site's page"),
            Denied::ReadOnly => ("READ_ONLY", "only callers at the machine itself may change anything"),
        }
    }
}

/// Asked before every call of `/api/`. `method`: the last part of its path. `is_closed`: callers have names. Then a
/// strange host is no danger, for no other site has the token; nor is a strange address. `hosts`: names that the operator
/// says are the machine's.
pub fn admit(
    peer: Peer,
    headers: &HeaderMap,
    method: &str,
    is_closed: bool,
    hosts: &[String],
) -> Result<Caller, Denied> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST.as_str()).unwrap_or_default();
    if !is_closed && !is_address(host) && !is_named(host, hosts) {
        return Err(Denied::StrangeHost);
    }
    let is_json = text(header::CONTENT_TYPE.as_str()).is_some_and(|kind| {
        kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
    });
    if !is_json || text("x-wagewatch") != Some("console") {
        return Err(Denied::NotFromThePage);
    }
    let origin = text(header::ORIGIN.as_str()).map(|origin| origin.split_once("://").map(|(_, rest)| rest));
    let is_same_site = text("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none");
    if origin.is_some_and(|origin| origin != Some(host)) || !is_same_site {
        return Err(Denied::StrangeOrigin);
    }
    let is_here = peer.from.is_some_and(|from| from.ip().to_canonical().is_loopback());
    if !is_closed && !is_read(method) && !is_here {
        return Err(Denied::ReadOnly);
    }
    // What is no text is no token: the guard is to see that something was shown all the same.
    let shown = headers.get(header::AUTHORIZATION);
    let authorization = shown.map(|value| {
        value.to_str().ok().and_then(|text| text.parse().ok()).unwrap_or(MetadataValue::from_static("none"))
    });
    Ok(Caller { peer, authorization, trace: None })
}

/// What is not known to read counts as a change.
fn is_read(method: &str) -> bool {
    let words = ["Get", "List"];
    words.iter().any(|word| method.starts_with(word)) || ["Stats", "Subscribe", "WhatIf"].contains(&method)
}

/// Without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !port.is_empty() => name,
        _ => host,
    }
}

/// One of the operator's names; a name may end with the dot of the root.
fn is_named(host: &str, hosts: &[String]) -> bool {
    let name = name_of(host);
    let name = name.strip_suffix('.').unwrap_or(name);
    hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// `localhost` or a number, with a port or without: no other site can have such a name.
fn is_address(host: &str) -> bool {
    let name = name_of(host);
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    const HERE: &str = "127.0.0.1:5000";
    const AWAY: &str = "192.0.2.7:5000";

    fn check(peer: &str, method: &str, others: &[(&'static str, &'static str)], want: Result<(), Denied>) {
        assert_eq!(admitted(peer, method, others, false).map(|_| ()), want, "{peer} {method} {others:?}");
    }

    fn admitted(
        peer: &str,
        method: &str,
        others: &[(&'static str, &'static str)],
        is_closed: bool,
    ) -> Result<Caller, Denied> {
        let mut headers = HeaderMap::new();
        let usual =
            [("host", "127.0.0.1:7480"), ("content-type", "application/json"), ("x-wagewatch", "console")];
        for (name, value) in usual.iter().chain(others) {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        let peer = Peer { from: Some(peer.parse().unwrap()), ..Peer::default() };
        admit(peer, &headers, method, is_closed, &["wages.example".to_owned()])
    }

    #[test]
    fn where_callers_have_names_what_they_show_goes_on_to_the_gate() {
        let shown = [("host", "wagewatch.example"), ("authorization", "Bearer ww_x")];
        let caller = admitted(AWAY, "Act", &shown, true).unwrap();
        assert_eq!(caller.authorization.unwrap().to_str().unwrap(), "Bearer ww_x");
        assert!(caller.peer.from.unwrap().to_string() == AWAY);
        let nothing = admitted(AWAY, "Act", &[], true).unwrap();
        assert!(nothing.authorization.is_none());
        let others = [("host", "wagewatch.example"), ("origin", "https://evil.example")];
        assert_eq!(admitted(AWAY, "Act", &others, true).map(|_| ()), Err(Denied::StrangeOrigin));
    }

    #[test]
    fn only_the_page_itself_gets_through() {
        check(HERE, "List", &[], Ok(()));
        check(HERE, "Act", &[("origin", "http://127.0.0.1:7480"), ("sec-fetch-site", "same-origin")], Ok(()));
        check(HERE, "Act", &[("host", "localhost:7480"), ("origin", "http://localhost:7480")], Ok(()));
        check(HERE, "Act", &[("host", "[::1]:7480")], Ok(()));
        check(HERE, "Act", &[("content-type", "text/plain")], Err(Denied::NotFromThePage));
        check(HERE, "Act", &[("x-wagewatch", "")], Err(Denied::NotFromThePage));
        check(HERE, "List", &[("host", "evil.example:7480")], Err(Denied::StrangeHost));
        check(HERE, "List", &[("host", "wages.example.evil.example")], Err(Denied::StrangeHost));
        check(HERE, "List", &[("host", "")], Err(Denied::StrangeHost));
        for named in ["wages.example", "Wages.Example:7480", "wages.example.:7480"] {
            check(HERE, "List", &[("host", named)], Ok(()));
        }
        check(AWAY, "Act", &[("host", "wages.example")], Err(Denied::ReadOnly));
        check(HERE, "Act", &[("origin", "http://evil.example")], Err(Denied::StrangeOrigin));
        check(HERE, "Act", &[("origin", "null")], Err(Denied::StrangeOrigin));
        check(HERE, "Act", &[("sec-fetch-site", "cross-site")], Err(Denied::StrangeOrigin));
    }

    #[test]
    fn others_read_and_change_nothing() {
        for method in ["List", "ListDue", "Get", "GetProject", "Stats", "Subscribe", "WhatIf"] {
            check(AWAY, method, &[], Ok(()));
        }
        for method in ["Act", "Submit", "SubmitStream", "SetBusinessDate", "Unheard"] {
            check(AWAY, method, &[], Err(Denied::ReadOnly));
            check(HERE, method, &[], Ok(()));
        }
    }
}
