//! Who is calling, and what he may do: the one place where every call of the page's API is asked. Today a
//! caller is known by his address alone: whoever sits at the machine may read and write, all others read.
//! Where callers and roles are known, they are joined here, and travel on in the call's extensions.

use axum::http::{HeaderMap, HeaderValue, header};
use std::net::{IpAddr, SocketAddr};

/// Whoever calls. Goes with the call to the services.
#[derive(Clone)]
pub struct Caller {
    pub address: IpAddr,
    /// What he shows of himself: handed on as it came, for whoever knows callers by it. Never told in a message.
    pub shown: Option<HeaderValue>,
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
            Denied::StrangeHost => {
                ("STRANGE_HOST", "open the page by the machine's IP address or as localhost")
            }
            Denied::StrangeOrigin => ("STRANGE_ORIGIN", "the call comes from another site's page"),
            Denied::ReadOnly => ("READ_ONLY", "only callers at the machine itself may change anything"),
        }
    }
}

/// Asked before every call of `/api/`. `method`: the last part of its path.
pub fn admit(peer: SocketAddr, headers: &HeaderMap, method: &str) -> Result<Caller, Denied> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST.as_str()).unwrap_or_default();
    if !is_address(host) {
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
    let address = peer.ip().to_canonical();
    if !is_read(method) && !address.is_loopback() {
        return Err(Denied::ReadOnly);
    }
    Ok(Caller { address, shown: headers.get(header::AUTHORIZATION).cloned() })
}

/// What is not known to read counts as a change.
fn is_read(method: &str) -> bool {
    let words = ["Get", "List"];
    words.iter().any(|word| method.starts_with(word)) || ["Stats", "Subscribe", "WhatIf"].contains(&method)
}

/// `localhost` or a number, with a port or without: no other site can have such a name.
fn is_address(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !port.is_empty() => name,
        _ => host,
    };
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "127.0.0.1:5000";
    const AWAY: &str = "192.0.2.7:5000";

    fn check(peer: &str, method: &str, others: &[(&'static str, &'static str)], want: Result<(), Denied>) {
        let mut headers = HeaderMap::new();
        let usual =
            [("host", "127.0.0.1:7480"), ("content-type", "application/json"), ("x-wagewatch", "console")];
        for (name, value) in usual.iter().chain(others) {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        let got = admit(peer.parse().unwrap(), &headers, method).map(|_| ());
        assert_eq!(got, want, "{peer} {method} {others:?}");
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
