//! The problems a route answers with, from the table of codes.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::{
    Content, Header, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type, example::ExampleBuilder,
};

use crate::problem::{Code, Problem};

/// Names the problems a route answers with, for `responses(…)`. Any route may answer `internal_error`.
macro_rules! problems {
    ($name:ident: $($code:ident),*) => {
        struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses()
            -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
                $crate::openapi::responses(&[$($crate::problem::Code::$code,)* $crate::problem::Code::Internal])
            }
        }
    };
}
pub(crate) use problems;

/// One response for each status, with an example of each of its codes.
pub(crate) fn responses(codes: &[Code]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<_, Vec<Code>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status().to_string()).or_default().push(*code);
    }
    by_status.into_iter().map(|(status, codes)| (status, response(&codes).into())).collect()
}

fn response(codes: &[Code]) -> Response {
    let titles: Vec<_> = codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.title())).collect();
    let examples = codes.iter().map(|code| {
        let example = ExampleBuilder::new().summary(code.title());
        let problem = Problem::new(*code, code.title());
        (code.as_str(), example.value(Some(json!(problem.body()))).build())
    });
    let content = Content::builder()
        .schema(Some(Ref::from_schema_name("Problem")))
        .examples_from_iter(examples)
        .build();
    let mut response =
        ResponseBuilder::new().description(titles.join("; ")).content("application/problem+json", content);
    if codes.iter().any(|code| code.is_retryable()) {
        response = response
            .header("Retry-After", header(Type::Integer, "Seconds to wait before repeating the request."));
    }
    if codes.contains(&Code::UpgradeRequired) {
        response = response.header("Upgrade", header(Type::String, "Protocol to connect with: `websocket`."));
    }
    response.build()
}

fn header(of_type: Type, description: &str) -> Header {
    let mut header = Header::new(ObjectBuilder::new().schema_type(of_type));
    header.description = Some(description.to_owned());
    header
}
