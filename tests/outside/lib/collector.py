"""A collector of spans (OTLP over gRPC), and traces as a client begins them."""

import concurrent.futures
import secrets
import time

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from .service import PATIENCE, free_port


def until(what, done, seen=lambda: ""):
    ends = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < ends, f"in {PATIENCE} s not {what}: {seen()}"
        time.sleep(0.1)


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps every span, with the service's name."""

    def __init__(self):
        self.port, self.spans, self.server = free_port(), [], None

    def Export(self, request, _):
        for resource in request.resource_spans:
            names = {one.key: one.value.string_value for one in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [(names["service.name"], span) for span in scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()

    def start(self):
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(self, self.server)
        self.server.add_insecure_port(f"127.0.0.1:{self.port}")
        self.server.start()

    def of(self, trace):
        """The spans of a trace, by name."""
        found = {}
        for _, span in list(self.spans):
            if span.trace_id.hex() == trace:
                found.setdefault(span.name, []).append(span)
        return found


def begin(sampled=True):
    """A trace as a client begins it: its id, and the headers."""
    trace, span = secrets.token_hex(16), secrets.token_hex(8)
    return trace, span, [("traceparent", f"00-{trace}-{span}-{'01' if sampled else '00'}")]
