//! One call of the page: who calls is asked, the request is read, the service answers. Streams leave as
//! server-sent events, each with the cursor to come back with.

use super::caller::{self, Denied};
use super::gateway::{Gateway, Method, json};
use crate::guard::Peer;
use crate::telemetry::Open;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use prost_reflect::DynamicMessage;
use serde_json::json as object;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio_stream::StreamExt;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// A proxy or a sleeping machine is told apart from a quiet county by a sign so often.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// `POST /api/{service}/{method}`.
pub async fn call(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path((service, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut by = match caller::admit(peer, &headers, &name, gateway.is_closed(), &gateway.hosts) {
        Ok(by) => by,
        Err(denied) => return refused(denied),
    };
    let Some(method) = gateway.method(&service, &name) else {
        return failed(&Status::unimplemented("there is no such method"));
    };
    let span = gateway.follow_call(&method, &headers);
    by.trace = span.as_ref().and_then(Open::mark);
    tracing::debug!(from = ?by.peer.from, %service, method = %name, "the console calls");
    let input = match read(&gateway, &method, body).await {
        Ok(input) => input,
        Err(status) => return failed(&status),
    };
    if method.is_stream {
        return match gateway.follow(method, input, by).await {
            Ok(messages) => events(messages),
            Err(status) => failed(&status),
        };
    }
    match gateway.ask(method, input, by).await {
        Ok(text) => answer(StatusCode::OK, text),
        Err(status) => failed(&status),
    }
}

async fn read(gateway: &Gateway, method: &Method, body: Body) -> Result<DynamicMessage, Status> {
    let bytes = to_bytes(body, gateway.most_bytes).await;
    method.read(&bytes.map_err(|_| Status::resource_exhausted("the request is too large"))?)
}

fn events(messages: tonic::Streaming<DynamicMessage>) -> Response {
    let events = messages.map(|message| {
        let text = message.and_then(|message| json(&message));
        let event = match text {
            Ok(text) => Event::default().event("message").data(text),
            Err(status) => Event::default().event("failed").data(told(&status)),
        };
        Ok::<Event, Infallible>(event)
    });
    let sse = Sse::new(events).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE).text("alive"));
    ([(header::CACHE_CONTROL, "no-store")], sse).into_response()
}

fn refused(denied: Denied) -> Response {
    let (reason, message) = denied.said();
    let text = object!({"code": "PERMISSION_DENIED", "reason": reason, "message": message});
    answer(StatusCode::FORBIDDEN, text.to_string())
}

fn failed(status: &Status) -> Response {
    answer(http_code(status.code()), told(status))
}

/// What the gRPC caller would be told, as JSON.
fn told(status: &Status) -> String {
    let details = status.get_error_details();
    let fields: Vec<_> = (details.bad_request().into_iter())
        .flat_map(|bad| &bad.field_violations)
        .map(|one| object!({"field": one.field, "description": one.description}))
        .collect();
    let retry = details.retry_info().and_then(|retry| retry.retry_delay);
    object!({
        "code": word(status.code()),
        "reason": details.error_info().map_or("", |info| info.reason.as_str()),
        "message": status.message(),
        "fields": fields,
        "retryAfterMs": retry.map(|delay| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
    })
    .to_string()
}

fn answer(code: StatusCode, text: String) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (code, headers, text).into_response()
}

fn http_code(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound | Code::Unimplemented => StatusCode::NOT_FOUND,
        Code::FailedPrecondition | Code::Aborted | Code::AlreadyExists => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded | Code::Cancelled => StatusCode::GATEWAY_TIMEOUT,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// gRPC's own word: `INVALID_ARGUMENT`.
fn word(code: Code) -> String {
    let mut word = String::new();
    for c in format!("{code:?}").chars() {
        if c.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(c.to_ascii_uppercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_words_of_grpc() {
        assert_eq!(word(Code::InvalidArgument), "INVALID_ARGUMENT");
        assert_eq!(word(Code::NotFound), "NOT_FOUND");
        assert_eq!(word(Code::Ok), "OK");
    }
}
