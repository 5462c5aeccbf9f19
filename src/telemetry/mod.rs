//! Spans for whoever collects them (OTLP): where the time of a call went, from the caller's own trace to what was delivered
//! because of it. Off unless a collector is named, and then no more than a check for it. One span a batch, never one a record;
//! attributes are counts and words of ours, never what came from outside. Knows no door: doors ask it.

mod door;
mod export;
mod follow;
mod taken;

pub use door::{TraceLayer, Traced, Traces};
pub use export::{Outcome, Tell};
pub use taken::{Taken, Touched};

use crate::domain::{TraceMark, Traceparent};
use axum::http::HeaderMap;
use export::Exporting;
use follow::Followed;
use opentelemetry::trace::{
    Link, Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags,
    TraceId, TraceState, Tracer as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, Span};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Where spans go, and how many.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// Of a collector that speaks OTLP over gRPC.
    pub endpoint: String,
    pub service_name: String,
    /// Of calls whose caller says nothing of it: so many of a million are followed.
    pub sample_millionths: u32,
}

/// The header of W3C's trace context.
pub const TRACEPARENT: &str = "traceparent";

/// How long an end waits for the last spans to leave.
const FAREWELL: Duration = Duration::from_secs(2);

/// A handle that all doors share; by default it is off.
#[derive(Clone, Default)]
pub struct Telemetry(Option<Arc<Inner>>);

struct Inner {
    tracer: SdkTracer,
    exporting: Exporting,
    followed: Followed,
}

/// What a span is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Server,
    Client,
    Internal,
}

/// A span that is not over; it ends when it is dropped.
pub struct Open(Span);

impl Telemetry {
    /// Within the runtime on which the exporter is to live. `tell`: what became of spans, for metrics.
    pub fn start(settings: &Settings, tell: Tell) -> Result<Telemetry, String> {
        let exporting = Exporting::start(settings, tell)?;
        let tracer = exporting.tracer();
        Ok(Telemetry(Some(Arc::new(Inner { tracer, exporting, followed: Followed::default() }))))
    }

    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Sends what waits; nothing is followed any more.
    pub fn stop(&self) {
        if let Some(inner) = &self.0 {
            inner.exporting.stop(FAREWELL);
        }
    }

    /// Begins a span below `parent`, or a trace of its own; `None`: it is not followed.
    pub fn begin(&self, name: &str, kind: Kind, parent: Option<TraceMark>) -> Option<Open> {
        self.begin_under(name, kind, parent.map(context), Vec::new())
    }

    /// The same, with links to what it is about.
    pub fn begin_linked(
        &self,
        name: &str,
        kind: Kind,
        parent: Option<TraceMark>,
        about: &[TraceMark],
    ) -> Option<Open> {
        self.begin_under(name, kind, parent.map(context), about.iter().map(|mark| link(*mark)).collect())
    }

    /// The same, below what a caller's headers name. He decides himself whether his call is followed.
    pub fn begin_for(&self, name: &str, kind: Kind, headers: &HeaderMap) -> Option<Open> {
        self.0.as_ref()?;
        self.begin_under(name, kind, named(headers), Vec::new())
    }

    fn begin_under(
        &self,
        name: &str,
        kind: Kind,
        parent: Option<SpanContext>,
        links: Vec<Link>,
    ) -> Option<Open> {
        let inner = self.0.as_ref()?;
        let builder = SpanBuilder::from_name(name.to_owned()).with_kind(kind.into()).with_links(links);
        let span = inner.tracer.build_with_context(builder, &under(parent));
        span.span_context().is_sampled().then_some(Open(span))
    }

    /// A span that is over already.
    fn past(
        &self,
        name: &'static str,
        parent: TraceMark,
        (from, to): (SystemTime, SystemTime),
        counts: &[(&'static str, i64)],
    ) -> Option<TraceMark> {
        let inner = self.0.as_ref()?;
        let attributes = counts.iter().map(|(key, value)| KeyValue::new(*key, *value));
        let builder = SpanBuilder::from_name(name).with_start_time(from).with_attributes(attributes);
        let mut span = inner.tracer.build_with_context(builder, &under(Some(context(parent))));
        let mark = mark_of(span.span_context());
        span.end_with_timestamp(to);
        mark
    }
}

impl Open {
    /// What others hang their spans on.
    pub fn mark(&self) -> Option<TraceMark> {
        mark_of(self.0.span_context())
    }

    pub fn count(&mut self, key: &'static str, value: u64) {
        self.0.set_attribute(KeyValue::new(key, i64::try_from(value).unwrap_or(i64::MAX)));
    }

    /// A word of ours, nothing that came from outside.
    pub fn word(&mut self, key: &'static str, value: &'static str) {
        self.0.set_attribute(KeyValue::new(key, value));
    }

    /// It went wrong: a word of ours for it.
    pub fn fail(&mut self, why: &'static str) {
        self.0.set_status(Status::error(why));
    }
}

/// The header by which another system goes on with the trace.
pub fn traceparent(mark: TraceMark) -> String {
    Traceparent { mark, is_followed: true }.to_string()
}

/// What a caller's headers say of his trace. The state that may stand beside it is a text from outside: it is not kept.
fn named(headers: &HeaderMap) -> Option<SpanContext> {
    let said = Traceparent::parse(headers.get(TRACEPARENT)?.to_str().ok()?)?;
    let flags = if said.is_followed { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
    let (trace, span) = (TraceId::from_bytes(said.mark.trace), SpanId::from_bytes(said.mark.span));
    Some(SpanContext::new(trace, span, flags, true, TraceState::NONE)).filter(SpanContext::is_valid)
}

fn context(mark: TraceMark) -> SpanContext {
    let (trace, span) = (TraceId::from_bytes(mark.trace), SpanId::from_bytes(mark.span));
    SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::NONE)
}

fn under(parent: Option<SpanContext>) -> Context {
    parent.map_or_else(Context::new, |parent| Context::new().with_remote_span_context(parent))
}

fn link(mark: TraceMark) -> Link {
    Link::with_context(context(mark))
}

/// `None`: it is not followed.
fn mark_of(context: &SpanContext) -> Option<TraceMark> {
    let mark = TraceMark { trace: context.trace_id().to_bytes(), span: context.span_id().to_bytes() };
    context.is_sampled().then_some(mark)
}

impl From<Kind> for SpanKind {
    fn from(kind: Kind) -> SpanKind {
        match kind {
            Kind::Server => SpanKind::Server,
            Kind::Client => SpanKind::Client,
            Kind::Internal => SpanKind::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    const GIVEN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn read(text: &'static str) -> Option<SpanContext> {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, HeaderValue::from_static(text));
        named(&headers)
    }

    #[test]
    fn a_callers_trace_is_read_and_given_on() {
        let given = read(GIVEN).unwrap();
        assert!(given.is_sampled() && given.is_remote());
        assert_eq!(traceparent(mark_of(&given).unwrap()), GIVEN);
        let unsampled = read("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00").unwrap();
        assert_eq!(mark_of(&unsampled), None);
        assert_eq!(read("00-0af7651916cd43dd8448eb211c80319c"), None);
    }

    #[test]
    fn off_it_follows_nothing() {
        let off = Telemetry::default();
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, HeaderValue::from_static(GIVEN));
        assert!(!off.is_on() && off.begin_for("x", Kind::Server, &headers).is_none());
        assert!(off.begin("x", Kind::Internal, mark_of(&read(GIVEN).unwrap())).is_none());
    }
}
