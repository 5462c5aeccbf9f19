//! Spans of calls: one for each call of ours that a caller makes, below the span that his headers name.

use super::{Kind, Open, Telemetry};
use crate::domain::TraceMark;
use axum::http::{Extensions, Request, Response};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tonic::{Code, Status};
use tower::{Layer, Service};

/// Puts a [`Traces`] before a service.
#[derive(Clone)]
pub struct TraceLayer(pub Telemetry);

#[derive(Clone)]
pub struct Traces<S> {
    telemetry: Telemetry,
    inner: S,
}

/// Goes with a request whose call is followed.
#[derive(Clone)]
pub struct Traced {
    telemetry: Telemetry,
    /// Of the call.
    pub mark: TraceMark,
}

impl Traced {
    pub fn of(extensions: &Extensions) -> Option<Traced> {
        extensions.get::<Traced>().cloned()
    }

    /// A span of a part of the call.
    pub fn begin(&self, name: &str) -> Option<Open> {
        self.telemetry.begin(name, Kind::Internal, Some(self.mark))
    }

    /// A span of a part of the call that is about what other calls caused.
    pub fn begin_about(&self, name: &str, rows: impl Iterator<Item = (u16, u64)>) -> Option<Open> {
        let mut causes: Vec<TraceMark> =
            rows.filter_map(|(shard, seq)| self.telemetry.cause(shard, seq)).collect();
        causes.dedup();
        causes.truncate(CAUSES);
        self.telemetry.begin_linked(name, Kind::Internal, Some(self.mark), &causes)
    }
}

/// Links of one span.
const CAUSES: usize = 32;
const PACKAGE: &str = "/wagewatch.v1.";
const NAME_CHARS: usize = 80;

impl<S> Layer<S> for TraceLayer {
    type Service = Traces<S>;

    fn layer(&self, inner: S) -> Traces<S> {
        Traces { telemetry: self.0.clone(), inner }
    }
}

impl<S, B, R> Service<Request<B>> for Traces<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    R: Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let name = name(request.uri().path());
        let span = name.and_then(|name| self.telemetry.begin_for(name, Kind::Server, request.headers()));
        let Some(mut span) = span else { return Box::pin(self.inner.call(request)) };
        if let Some(mark) = span.mark() {
            request.extensions_mut().insert(Traced { telemetry: self.telemetry.clone(), mark });
        }
        span.word("rpc.system", "grpc");
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            // A stream's span is that of its beginning: what follows has spans of its own.
            if let Some(status) = answer.extensions().get::<Status>() {
                span.count(
                    "rpc.grpc.status_code",
                    u64::try_from(i32::from(status.code())).unwrap_or_default(),
                );
                span.fail(word(status.code()));
            }
            Ok(answer)
        })
    }
}

/// `wagewatch.v1.AlertService/List`: letters alone, so that nothing of anybody can be in it.
fn name(path: &str) -> Option<&str> {
    let (service, method) = path.strip_prefix(PACKAGE)?.split_once('/')?;
    let is_name = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphabetic());
    let is_ours = is_name(service) && is_name(method) && path.len() <= NAME_CHARS;
    is_ours.then(|| path.trim_start_matches('/'))
}

fn word(code: Code) -> &'static str {
    match code {
        Code::InvalidArgument | Code::OutOfRange | Code::NotFound | Code::AlreadyExists => "asked wrongly",
        Code::Unauthenticated | Code::PermissionDenied => "not allowed",
        Code::ResourceExhausted | Code::Unavailable | Code::Aborted | Code::FailedPrecondition => "not now",
        Code::DeadlineExceeded | Code::Cancelled => "too late",
        _ => "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_calls_are_letters() {
        assert_eq!(name("/wagewatch.v1.AlertService/List"), Some("wagewatch.v1.AlertService/List"));
        for other in
            ["/", "/metrics", "/wagewatch.v1.X/152722199001010019", "/wagewatch.v1.X", "/wagewatch.v1./"]
        {
            assert_eq!(name(other), None, "{other}");
        }
    }
}
