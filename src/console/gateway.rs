//! From JSON to a call of a service and back, by the descriptors of `proto/`: the field names and enum
//! words of protobuf's JSON form, 64-bit numbers as numbers. Knows no method by name, so that each new one
//! can be called; decides nothing about the caller.

use super::caller::Caller;
use crate::guard::{Gate, GateLayer, Guard};
use crate::proto::DESCRIPTORS;
use crate::telemetry::{Kind, Open, TRACEPARENT, Telemetry, TraceLayer, Traces, traceparent};
use axum::http::HeaderMap;
use prost::Message;
use prost::bytes::Buf;
use prost_reflect::{
    DescriptorError, DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions,
};
use std::sync::Arc;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::service::Routes;
use tonic::{Request, Status, Streaming};
use tower::Layer;

/// The services behind the gate that gRPC's callers pass too, and what can be asked of them.
pub struct Gateway {
    services: Traces<Gate<Routes>>,
    telemetry: Telemetry,
    guard: Arc<Guard>,
    requests: Requests,
    pub hosts: Vec<String>,
    pub most_bytes: usize,
}

/// The requests that can be made, by the descriptors of `proto/`.
pub struct Requests(DescriptorPool);

/// One method that can be called.
pub struct Method {
    path: PathAndQuery,
    input: MessageDescriptor,
    output: MessageDescriptor,
    pub is_stream: bool,
}

const AUTHORIZATION: &str = "authorization";
const PACKAGE: &str = "wagewatch.v1";
/// A page of a thousand alerts with all their evidence is far below this.
const ANSWER_BYTES_MAX: usize = 64 << 20;

impl Gateway {
    pub fn new(
        services: Routes,
        guard: Arc<Guard>,
        telemetry: Telemetry,
        hosts: Vec<String>,
        most_bytes: usize,
    ) -> Result<Gateway, DescriptorError> {
        let services = TraceLayer(telemetry.clone()).layer(GateLayer(guard.clone()).layer(services));
        Ok(Gateway { services, telemetry, guard, requests: Requests::new()?, hosts, most_bytes })
    }

    /// The span of a call of the page, below the one that its headers name. Ends when the answer does, or its beginning.
    pub fn follow_call(&self, method: &Method, headers: &HeaderMap) -> Option<Open> {
        let name = method.path.path().trim_start_matches('/');
        self.telemetry.begin_for(&format!("console {name}"), Kind::Server, headers)
    }

    /// Whether callers have names.
    pub fn is_closed(&self) -> bool {
        self.guard.is_closed()
    }

    /// `None`: there is no such method, or its caller streams.
    pub fn method(&self, service: &str, method: &str) -> Option<Method> {
        self.requests.method(service, method)
    }

    pub async fn ask(&self, method: Method, input: DynamicMessage, by: Caller) -> Result<String, Status> {
        let answer = self.grpc().await?.unary(call(input, by), method.path, Dynamic(method.output)).await?;
        json(&answer.into_inner())
    }

    pub async fn follow(
        &self,
        method: Method,
        input: DynamicMessage,
        by: Caller,
    ) -> Result<Streaming<DynamicMessage>, Status> {
        let mut grpc = self.grpc().await?;
        Ok(grpc.server_streaming(call(input, by), method.path, Dynamic(method.output)).await?.into_inner())
    }

    async fn grpc(&self) -> Result<Grpc<Traces<Gate<Routes>>>, Status> {
        let mut grpc = Grpc::new(self.services.clone()).max_decoding_message_size(ANSWER_BYTES_MAX);
        let Ok(()) = grpc.ready().await;
        Ok(grpc)
    }
}

impl Requests {
    /// # Errors
    /// Never, as long as what was compiled in is what protobuf's compiler wrote.
    pub fn new() -> Result<Requests, DescriptorError> {
        DescriptorPool::decode(DESCRIPTORS).map(Requests)
    }

    /// Every method, as (service, method).
    pub fn names(&self) -> Vec<(String, String)> {
        let ours = self.0.services().filter(|service| service.package_name() == PACKAGE);
        ours.flat_map(|service| {
            let methods: Vec<_> = service.methods().map(|method| method.name().to_owned()).collect();
            methods.into_iter().map(move |method| (service.name().to_owned(), method))
        })
        .collect()
    }

    /// A request's body as the bytes that the service is given; `None`: there is no such method.
    pub fn read(&self, service: &str, method: &str, body: &[u8]) -> Option<Result<Vec<u8>, Status>> {
        let method = self.method(service, method)?;
        Some(method.read(body).map(|message| message.encode_to_vec()))
    }

    fn method(&self, service: &str, method: &str) -> Option<Method> {
        let service = self.0.get_service_by_name(&format!("{PACKAGE}.{service}"))?;
        let found = service.methods().find(|one| one.name() == method && !one.is_client_streaming())?;
        let path = format!("/{}/{method}", service.full_name()).parse().ok()?;
        let (input, output) = (found.input(), found.output());
        Some(Method { path, input, output, is_stream: found.is_server_streaming() })
    }
}

impl Method {
    /// The request as the page wrote it; what it says of a mistake is for the caller alone.
    pub fn read(&self, body: &[u8]) -> Result<DynamicMessage, Status> {
        let body = if body.is_empty() { b"{}" } else { body };
        let mut from = serde_json::Deserializer::from_slice(body);
        let options = DeserializeOptions::new().deny_unknown_fields(true);
        let read = DynamicMessage::deserialize_with_options(self.input.clone(), &mut from, &options);
        read.map_err(|why| Status::invalid_argument(format!("the request: {why}")))
    }
}

/// A message as JSON; fields that are not set are left out.
pub fn json(message: &DynamicMessage) -> Result<String, Status> {
    let mut out = Vec::new();
    let options = SerializeOptions::new().stringify_64_bit_integers(false);
    let mut to = serde_json::Serializer::new(&mut out);
    let written = message.serialize_with_options(&mut to, &options);
    let text = written
        .map_err(|why| why.to_string())
        .and_then(|()| String::from_utf8(out).map_err(|why| why.to_string()));
    text.map_err(Status::internal)
}

fn call(input: DynamicMessage, by: Caller) -> Request<DynamicMessage> {
    let mut request = Request::new(input);
    request.extensions_mut().insert(by.peer);
    let parent = by.trace.and_then(|mark| traceparent(mark).parse().ok());
    if let Some(parent) = parent {
        request.metadata_mut().insert(TRACEPARENT, parent);
    }
    if let Some(shown) = by.authorization {
        request.metadata_mut().insert(AUTHORIZATION, shown);
    }
    request
}

/// Messages of whatever type the descriptors say.
struct Dynamic(MessageDescriptor);

impl Codec for Dynamic {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Writer;
    type Decoder = Reader;

    fn encoder(&mut self) -> Writer {
        Writer
    }

    fn decoder(&mut self) -> Reader {
        Reader(self.0.clone())
    }
}

struct Writer;

impl Encoder for Writer {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, item: DynamicMessage, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.reserve(item.encoded_len());
        item.encode(to).map_err(|why| Status::internal(why.to_string()))
    }
}

struct Reader(MessageDescriptor);

impl Decoder for Reader {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let bytes = from.copy_to_bytes(from.remaining());
        let read = DynamicMessage::decode(self.0.clone(), bytes);
        read.map(Some).map_err(|why| Status::internal(why.to_string()))
    }
}
