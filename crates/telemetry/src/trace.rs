//! One trace per order, across all processes that work on it.
//!
//! The trace id is the order id: 128 bits that every process knows, so nothing needs to
//! travel through the queue, and an order's trace is found by its id.

use anyhow::Context as _;
use domain::OrderId;
use opentelemetry::{
    Context, KeyValue,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider},
};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::{Span, Subscriber, level_filters::LevelFilter};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

/// The path of traces under an OTLP endpoint.
const TRACES: &str = "/v1/traces";

/// Adds a span that has not started to its order's trace. Does nothing while tracing is off.
pub fn join(span: &Span, order: OrderId) {
    let bytes = order.0.into_bytes();
    let mut parent = [0; 8];
    parent.copy_from_slice(&bytes[8..]); // the random half, and never zero: it has the variant's bits
    let context = SpanContext::new(
        TraceId::from_bytes(bytes),
        SpanId::from_bytes(parent),
        TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    );
    let _ = span.set_parent(Context::new().with_remote_span_context(context)); // refused when off
}

pub(crate) fn provider(endpoint: &str, service: &'static str) -> anyhow::Result<SdkTracerProvider> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}{TRACES}", endpoint.trim_end_matches('/')))
        .build()
        .context("OTEL_EXPORTER_OTLP_ENDPOINT cannot be used")?;
    let resource = Resource::builder().with_attribute(KeyValue::new("service.name", service)).build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// Exports the engine's own spans only; those of libraries would drown them.
pub(crate) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let own = ["api", "worker", "infra", "venues"].map(|name| (name, LevelFilter::DEBUG));
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("order-execution-engine"))
        .with_filter(Targets::new().with_targets(own))
}
