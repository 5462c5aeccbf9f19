//! How spans leave: gathered, sent by OTLP over gRPC, and dropped where the collector does not take them. Nothing ever waits
//! for it; what became of each span is told.

use super::Settings;
use opentelemetry::Context;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter as Otlp, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, Span, SpanData,
    SpanExporter, SpanProcessor,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tonic::transport::{ClientTlsConfig, Endpoint};

/// What became of spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    Sent,
    Dropped,
}

/// Told of what became of so many spans.
pub type Tell = Arc<dyn Fn(Outcome, usize) + Send + Sync>;

/// Spans that wait to be sent; more are dropped.
const WAITING_MOST: usize = 8192;
const BATCH: usize = 512;
/// A span waits so long for others.
const GATHER: Duration = Duration::from_secs(1);
/// For one batch.
const PATIENCE: Duration = Duration::from_secs(5);

/// The way out of spans.
pub(super) struct Exporting(SdkTracerProvider);

impl Exporting {
    pub fn start(settings: &Settings, tell: Tell) -> Result<Exporting, String> {
        let endpoint = Endpoint::from_shared(settings.endpoint.clone()).map_err(|why| why.to_string())?;
        let endpoint = match endpoint.uri().scheme_str() {
            Some("https") => {
                let tls = ClientTlsConfig::new().with_native_roots();
                endpoint.tls_config(tls).map_err(|why| why.to_string())?
            }
            _ => endpoint,
        };
        // Connects when the first spans leave, and again after each cut.
        let channel = endpoint.connect_timeout(PATIENCE).timeout(PATIENCE).connect_lazy();
        let otlp = Otlp::builder().with_tonic().with_channel(channel).with_timeout(PATIENCE).build();
        let waiting = Arc::new(AtomicUsize::new(0));
        let exporter = Counted {
            inner: otlp.map_err(|why| why.to_string())?,
            waiting: waiting.clone(),
            tell: tell.clone(),
            is_failing: AtomicBool::new(false),
        };
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(WAITING_MOST)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(GATHER)
            .build();
        let inner = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
        #[allow(clippy::float_arithmetic, reason = "the sampler takes nothing else")]
        let root = Sampler::TraceIdRatioBased(f64::from(settings.sample_millionths) / 1e6);
        let provider = SdkTracerProvider::builder()
            .with_span_processor(Bounded { inner, waiting, tell })
            .with_sampler(Sampler::ParentBased(Box::new(root)))
            .with_resource(Resource::builder_empty().with_service_name(settings.service_name.clone()).build())
            .build();
        Ok(Exporting(provider))
    }

    pub fn tracer(&self) -> SdkTracer {
        self.0.tracer("wagewatch")
    }

    pub fn stop(&self, patience: Duration) {
        // What could not be sent is counted.
        let _ = self.0.shutdown_with_timeout(patience);
    }
}

/// Keeps the queue within its bounds, and tells of what it drops.
struct Bounded {
    inner: BatchSpanProcessor,
    waiting: Arc<AtomicUsize>,
    tell: Tell,
}

impl std::fmt::Debug for Bounded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bounded")
    }
}

impl SpanProcessor for Bounded {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= WAITING_MOST {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            return (self.tell)(Outcome::Dropped, 1);
        }
        self.inner.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// Tells what became of each batch.
struct Counted {
    inner: Otlp,
    waiting: Arc<AtomicUsize>,
    tell: Tell,
    /// Said once, not at every batch.
    is_failing: AtomicBool,
}

impl std::fmt::Debug for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Counted")
    }
}

impl SpanExporter for Counted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let sent = self.inner.export(batch).await;
        self.waiting.fetch_sub(count, Ordering::AcqRel);
        let is_failing = sent.is_err();
        (self.tell)(if is_failing { Outcome::Dropped } else { Outcome::Sent }, count);
        if self.is_failing.swap(is_failing, Ordering::Relaxed) != is_failing {
            match is_failing {
                true => tracing::warn!("the collector of spans does not take them; they are dropped"),
                false => tracing::info!("the collector of spans takes them again"),
            }
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
