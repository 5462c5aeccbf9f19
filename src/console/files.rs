//! The page's own files, part of the binary. The page loads nothing from anywhere else, and the browser
//! is told to see to that.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

macro_rules! page {
    ($($name:literal: $kind:expr),+ $(,)?) => {
        /// Name, kind, content.
        const FILES: &[(&str, &str, &[u8])] =
            &[$(($name, $kind, include_bytes!(concat!("page/", $name)))),+];
    };
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

page! {
    "index.html": HTML,
    "style.css": CSS,
    "print.css": CSS,
    "icon.svg": SVG,
    "main.js": SCRIPT,
    "api.js": SCRIPT,
    "words.js": SCRIPT,
    "dom.js": SCRIPT,
    "doubt.js": SCRIPT,
    "format.js": SCRIPT,
    "chart.js": SCRIPT,
    "status.js": SCRIPT,
    "sign_in.js": SCRIPT,
    "acts.css": CSS,
    "acts.js": SCRIPT,
    "view_overview.js": SCRIPT,
    "view_alerts.js": SCRIPT,
    "view_alert.js": SCRIPT,
    "view_projects.js": SCRIPT,
    "view_project.js": SCRIPT,
    "view_worker.js": SCRIPT,
    "view_letters.js": SCRIPT,
    "view_quality.js": SCRIPT,
    "view_quarantine.js": SCRIPT,
}

/// Nothing but the page's own files; no script or style within the HTML; nobody frames it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub async fn index(headers: HeaderMap) -> Response {
    find("index.html", &headers)
}

pub async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    find(&name, &headers)
}

fn find(name: &str, asked: &HeaderMap) -> Response {
    let Some((_, kind, content)) = FILES.iter().find(|(known, _, _)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", &blake3::hash(content).to_hex()[..32]);
    let headers = [
        (header::CONTENT_TYPE, *kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::ETAG, tag.as_str()),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    if known {
        (StatusCode::NOT_MODIFIED, headers).into_response()
    } else {
        (headers, *content).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a file of the page imports or links is there too.
    #[test]
    fn the_page_names_only_files_that_there_are() {
        let mut named = Vec::new();
        for (name, _, content) in FILES {
            let text = std::str::from_utf8(content).unwrap();
            let imports = text.split("from \"./").skip(1).filter_map(|rest| rest.split('"').next());
            let links = text.split("\"/console/").skip(1).filter_map(|rest| rest.split('"').next());
            named.extend(imports.chain(links).map(|file| (*name, file)));
        }
        assert!(named.len() > 20);
        for (by, file) in named {
            assert!(FILES.iter().any(|(name, _, _)| *name == file), "{by} names {file}");
        }
    }

    #[test]
    fn html_has_no_script_or_style_of_its_own() {
        let (_, _, html) = FILES.iter().find(|(name, _, _)| *name == "index.html").unwrap();
        let html = std::str::from_utf8(html).unwrap();
        assert!(!html.contains("style=") && !html.contains("<style") && !html.contains(" on"));
        assert!(html.split("<script").skip(1).all(|tag| tag.contains("src=")));
    }
}
