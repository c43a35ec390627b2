//! One trace an order, over all processes.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, routing::post};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use testkit::eventually;
use tokio::net::TcpListener;

use crate::support::Services;

/// A span: the trace's id in hexadecimal, the service, the name.
pub(crate) type Seen = BTreeSet<(String, String, String)>;

/// Takes traces as a collector does.
pub(crate) async fn collector() -> (String, Arc<Mutex<Seen>>) {
    let seen = Arc::new(Mutex::new(Seen::new()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let exported = seen.clone();
    let take = async move |body: Bytes| {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        exported.lock().unwrap().extend(spans(&request));
    };
    let router = Router::new().route("/v1/traces", post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, seen)
}

fn spans(request: &ExportTraceServiceRequest) -> Seen {
    let mut seen = Seen::new();
    for of_service in &request.resource_spans {
        let attributes = of_service.resource.iter().flat_map(|resource| &resource.attributes);
        let name = attributes.into_iter().find(|attribute| attribute.key == "service.name").unwrap();
        let service = format!("{:?}", name.value);
        for span in of_service.scope_spans.iter().flat_map(|scope| &scope.spans) {
            let trace = u128::from_be_bytes(span.trace_id.clone().try_into().unwrap());
            seen.insert((format!("{trace:032x}"), service.clone(), span.name.clone()));
        }
    }
    seen
}

/// Whether a service exported a span of a trace.
pub(crate) fn has_span(seen: &Mutex<Seen>, trace: &str, service: &str, name: &str) -> bool {
    let seen = seen.lock().unwrap();
    seen.iter().any(|(id, of, span)| id == trace && of.contains(service) && span == name)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orders_trace_has_its_id_and_leads_from_the_request_to_the_confirmation() {
    let (url, seen) = collector().await;
    let services = Services::new().await;
    let settings = [("SIM_PRESET", "instant"), ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str())];
    let (mut api, mut worker) = (services.api(&settings).await, services.worker(&settings).await);
    let order = api.place("traced").await;
    assert_eq!(api.follow(&order).await.last().unwrap()["status"], "confirmed");
    assert!(api.terminate() && worker.terminate(), "they end well, with their last spans sent");

    let trace = order.replace('-', "");
    for (service, name) in [
        ("order-api", "accept"),
        ("order-worker", "execute"),
        ("order-worker", "quote"),
        ("order-worker", "commit"),
        ("order-worker", "settle"),
    ] {
        eventually(&format!("{service} told of {name}"), async || has_span(&seen, &trace, service, name))
            .await;
    }
}
