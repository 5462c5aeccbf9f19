//! One delivery over HTTP, tried until it is taken, refused for good, or given up; many at once, but no more than so many
//! tries. Knows no alert.

use super::Patience;
use super::counts::{Deliveries, Target};
use axum::http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use prost::bytes::Bytes;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

type Https = HttpsConnector<HttpConnector>;

/// Posts to one target.
pub(super) struct Post {
    client: Client<Https, Full<Bytes>>,
    target: Target,
    uri: Uri,
    patience: Patience,
    counts: Deliveries,
    stop: CancellationToken,
    /// Tries at once. Who waits between two tries holds no place.
    places: Semaphore,
    /// Deliveries that failed and are tried again: said of the first, not at every try.
    failing: AtomicUsize,
}

/// One delivery that failed, until it ends.
struct Failing<'a>(&'a Post);

/// What became of a delivery.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    Taken,
    /// It will never be taken, or was not for too long.
    Dead(String),
    Stopping,
}

/// What one try brought.
enum Answer {
    Taken,
    Again(String, Option<Duration>),
    Never(String),
}

/// Of an answer only so much is read, so that the connection can be used again.
const ANSWER_BYTES: usize = 64 << 10;
/// The longest that a target may ask us to wait.
const RETRY_AFTER_MOST: u64 = 3600;

impl Post {
    pub fn new(
        target: Target,
        uri: Uri,
        patience: Patience,
        concurrency: usize,
        counts: Deliveries,
        stop: CancellationToken,
    ) -> Result<Post, String> {
        let roots = HttpsConnectorBuilder::new().with_native_roots();
        let roots = roots.map_err(|why| format!("the machine's certificates cannot be read: {why}"))?;
        let https = roots.https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(https);
        let (places, failing) = (Semaphore::new(concurrency), AtomicUsize::new(0));
        Ok(Post { client, target, uri, patience, counts, stop, places, failing })
    }

    /// Tries until it ends. `headers` is asked before each try.
    pub async fn deliver(&self, body: &Bytes, headers: impl Fn() -> Vec<(&'static str, String)>) -> End {
        let begun = Instant::now();
        let mut pause = self.patience.pause_first;
        let mut failing = None;
        loop {
            let (why, wait) = match self.once(body.clone(), headers()).await {
                Answer::Taken => {
                    self.counts.taken(self.target);
                    return End::Taken;
                }
                Answer::Never(why) => {
                    self.counts.dead(self.target);
                    return End::Dead(why);
                }
                Answer::Again(why, wait) => (why, wait),
            };
            self.counts.again(self.target);
            failing.get_or_insert_with(|| self.note_failing(&why));
            if begun.elapsed() >= self.patience.give_up {
                self.counts.dead(self.target);
                return End::Dead(format!("given up: {why}"));
            }
            tokio::select! {
                () = tokio::time::sleep(wait.unwrap_or(pause)) => {}
                () = self.stop.cancelled() => return End::Stopping,
            }
            pause = (pause * 2).min(self.patience.pause_most);
        }
    }

    fn note_failing(&self, why: &str) -> Failing<'_> {
        if self.failing.fetch_add(1, Ordering::AcqRel) == 0 {
            self.counts.failing(self.target, true);
            tracing::warn!(to = self.target.as_str(), why, "a delivery failed; it is tried again");
        }
        Failing(self)
    }

    async fn once(&self, body: Bytes, headers: Vec<(&'static str, String)>) -> Answer {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let own = request.headers_mut();
        own.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        own.insert(
            header::USER_AGENT,
            HeaderValue::from_static(concat!("wagewatch/", env!("CARGO_PKG_VERSION"))),
        );
        for (name, value) in headers {
            match HeaderValue::from_str(&value) {
                Ok(value) => own.insert(name, value),
                Err(_) => return Answer::Never("a header that is none".to_owned()),
            };
        }
        let talk = async {
            let response = self.client.request(request).await.map_err(|why| reason(&why))?;
            let (head, body) = response.into_parts();
            // What it says beside its status is of no use to us.
            let _ = Limited::new(body, ANSWER_BYTES).collect().await;
            Ok(head)
        };
        // Never closed.
        let Ok(_place) = self.places.acquire().await else {
            return Answer::Again("stopping".to_owned(), None);
        };
        let head = tokio::select! {
            answered = tokio::time::timeout(self.patience.answer, talk) => match answered {
                Ok(Ok(head)) => head,
                Ok(Err(why)) => return Answer::Again(why, None),
                Err(_) => return Answer::Again("no answer in time".to_owned(), None),
            },
            () = self.stop.cancelled() => return Answer::Again("stopping".to_owned(), None),
        };
        judge(head.status, head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()))
    }
}

impl Drop for Failing<'_> {
    fn drop(&mut self) {
        let post = self.0;
        if post.failing.fetch_sub(1, Ordering::AcqRel) == 1 {
            post.counts.failing(post.target, false);
            tracing::info!(to = post.target.as_str(), "nothing waits any more to be delivered again");
        }
    }
}

/// Whether the same may be taken later.
fn judge(status: StatusCode, retry_after: Option<&str>) -> Answer {
    let why = format!("it answered {}", status.as_u16());
    let wait = retry_after.and_then(|seconds| seconds.parse::<u64>().ok());
    let wait = wait.map(|seconds| Duration::from_secs(seconds.min(RETRY_AFTER_MOST)));
    match status {
        _ if status.is_success() => Answer::Taken,
        // Who it is, and where, is the operator's to mend: what is delivered is not to blame.
        StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::NOT_FOUND
        | StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_EARLY
        | StatusCode::TOO_MANY_REQUESTS => Answer::Again(why, wait),
        _ if status.is_client_error() => Answer::Never(why),
        _ => Answer::Again(why, wait),
    }
}

/// Without the address, which may bear a secret.
fn reason(why: &hyper_util::client::legacy::Error) -> String {
    if why.is_connect() { "it cannot be reached".to_owned() } else { "the connection broke".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_taken_later_is_tried_again() {
        let again =
            |status: u16| matches!(judge(StatusCode::from_u16(status).unwrap(), None), Answer::Again(..));
        let never =
            |status: u16| matches!(judge(StatusCode::from_u16(status).unwrap(), None), Answer::Never(_));
        assert!(matches!(judge(StatusCode::NO_CONTENT, None), Answer::Taken));
        assert!([301, 401, 403, 404, 408, 429, 500, 503].into_iter().all(again));
        assert!([400, 410, 413, 422].into_iter().all(never));
        let Answer::Again(_, wait) = judge(StatusCode::SERVICE_UNAVAILABLE, Some("7")) else { panic!() };
        assert_eq!(wait, Some(Duration::from_secs(7)));
        let Answer::Again(_, wait) = judge(StatusCode::TOO_MANY_REQUESTS, Some("999999")) else { panic!() };
        assert_eq!(wait, Some(Duration::from_secs(3600)));
    }
}
