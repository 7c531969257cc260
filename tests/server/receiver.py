# SPDX-License-Identifier: MIT
"""A receiver of what a server forwards: it reads requests as their formats have them, and answers as it is told."""
import gzip
import http.server
import json
import socket
import ssl
import struct
import threading
import time

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

DEADLINE_SECONDS = 30
FIELD = descriptor_pb2.FieldDescriptorProto
TEXT, BYTES, INT64, BOOL, DOUBLE, FIXED64, FIXED32, UINT32, ENUM = (
    FIELD.TYPE_STRING, FIELD.TYPE_BYTES, FIELD.TYPE_INT64, FIELD.TYPE_BOOL, FIELD.TYPE_DOUBLE, FIELD.TYPE_FIXED64,
    FIELD.TYPE_FIXED32, FIELD.TYPE_UINT32, FIELD.TYPE_INT32)

# opentelemetry-proto 1.x, as published: name, number, type or message, and * for a list, | for one of several.
SCHEMA = {
    "AnyValue": [("string_value", 1, TEXT, "|"), ("bool_value", 2, BOOL, "|"), ("int_value", 3, INT64, "|"),
                 ("double_value", 4, DOUBLE, "|"), ("array_value", 5, "ArrayValue", "|"), ("kvlist_value", 6, "KeyValueList", "|"),
                 ("bytes_value", 7, BYTES, "|")],
    "ArrayValue": [("values", 1, "AnyValue", "*")],
    "KeyValueList": [("values", 1, "KeyValue", "*")],
    "KeyValue": [("key", 1, TEXT, ""), ("value", 2, "AnyValue", "")],
    "InstrumentationScope": [("name", 1, TEXT, ""), ("version", 2, TEXT, ""), ("attributes", 3, "KeyValue", "*"),
                             ("dropped_attributes_count", 4, UINT32, "")],
    "Resource": [("attributes", 1, "KeyValue", "*"), ("dropped_attributes_count", 2, UINT32, "")],
    "LogRecord": [("time_unix_nano", 1, FIXED64, ""), ("severity_number", 2, ENUM, ""), ("severity_text", 3, TEXT, ""),
                  ("body", 5, "AnyValue", ""), ("attributes", 6, "KeyValue", "*"), ("dropped_attributes_count", 7, UINT32, ""),
                  ("flags", 8, FIXED32, ""), ("trace_id", 9, BYTES, ""), ("span_id", 10, BYTES, ""),
                  ("observed_time_unix_nano", 11, FIXED64, ""), ("event_name", 12, TEXT, "")],
    "ScopeLogs": [("scope", 1, "InstrumentationScope", ""), ("log_records", 2, "LogRecord", "*"), ("schema_url", 3, TEXT, "")],
    "ResourceLogs": [("resource", 1, "Resource", ""), ("scope_logs", 2, "ScopeLogs", "*"), ("schema_url", 3, TEXT, "")],
    "ExportLogsServiceRequest": [("resource_logs", 1, "ResourceLogs", "*")],
    "ExportLogsPartialSuccess": [("rejected_log_records", 1, INT64, ""), ("error_message", 2, TEXT, "")],
    "ExportLogsServiceResponse": [("partial_success", 1, "ExportLogsPartialSuccess", "")],
}


def messages():
    """The classes of the schema."""
    file = descriptor_pb2.FileDescriptorProto(name="logs.proto", package="otlp", syntax="proto3")
    for name, fields in SCHEMA.items():
        message = file.message_type.add(name=name)
        for field, number, kind, how in fields:
            added = message.field.add(name=field, number=number, label=FIELD.LABEL_REPEATED if how == "*" else FIELD.LABEL_OPTIONAL)
            if isinstance(kind, str):
                added.type, added.type_name = FIELD.TYPE_MESSAGE, f".otlp.{kind}"
            else:
                added.type = kind
            if how == "|":
                if not message.oneof_decl:
                    message.oneof_decl.add(name="value")
                added.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return {name: factory.GetPrototype(pool.FindMessageTypeByName(f"otlp.{name}")) for name in SCHEMA}


MESSAGES = messages()


def plain(value):
    """An AnyValue as Python has it."""
    kind = value.WhichOneof("value")
    return [plain(item) for item in value.array_value.values] if kind == "array_value" else getattr(value, kind)


def attributes(pairs):
    """Each key is there once."""
    assert len({pair.key for pair in pairs}) == len(pairs), pairs
    return {pair.key: plain(pair.value) for pair in pairs}


class Request:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body
        self.is_otlp = headers["content-type"] == "application/x-protobuf"
        if self.is_otlp:
            assert headers["content-encoding"] == "gzip"
            self.message = MESSAGES["ExportLogsServiceRequest"].FromString(gzip.decompress(body))
            self.records = [(logs.resource, record) for logs in self.message.resource_logs
                            for scope in logs.scope_logs for record in scope.log_records]
            self.events = [json.loads(record.body.string_value) for _, record in self.records]
            self.ids = [attributes(record.attributes)["log.record.uid"] for _, record in self.records]
        else:
            assert headers["content-type"] == "application/x-ndjson" and "content-encoding" not in headers
            lines = body.decode().split("\n")
            assert lines.pop() == "" or not body
            self.events = [json.loads(line) for line in lines] if body else []
            self.ids = [event["metadata"]["uid"] for event in self.events]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        receiver, length = self.server.receiver, int(self.headers["Content-Length"])
        body = self.rfile.read(length // 2)
        if receiver.next_answer("killed"):
            self.reset()
            return
        body += self.rfile.read(length - length // 2)
        if len(body) < length:  # whoever sends died: nobody is there to be answered
            self.close_connection = True
            return
        answer = receiver.next_answer()
        request = Request(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        with receiver.lock:
            receiver.requests.append((answer, request))
        getattr(self, f"answer_{answer}", self.answer_status)(answer, request)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def answer_with(self, status, body=b"", *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_status(self, answer, _):
        """A status, or with what is waited for, or with a body."""
        status, after, body = (answer if isinstance(answer, tuple) else (answer, None, b"no\n"))
        self.answer_with(status, body, *([("Retry-After", str(after))] if after is not None else []))

    def answer_taken(self, _, request):
        with self.server.receiver.lock:
            self.server.receiver.taken.append((time.monotonic(), request))
        self.answer_with(200)

    def answer_slow(self, answer, request):
        time.sleep(3)
        self.answer_taken(answer, request)

    def answer_mortal(self, _, request):
        """It took them, and whoever sent them dies before it hears of that."""
        receiver = self.server.receiver
        receiver.die()
        with receiver.lock:
            receiver.taken.append((time.monotonic(), request))
        self.reset()

    def answer_silent(self, *_):
        self.server.receiver.is_over.wait(DEADLINE_SECONDS)

    def answer_half(self, *_):
        """It took them, but nobody knows."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        self.reset()

    def log_message(self, *_):
        pass


class Quiet(http.server.ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, *_):
        """Whoever forwards may go away."""


class Receiver:
    """Listens on a port of its own until `stop`; `start` listens there again."""

    def __init__(self, *answers, always="taken", host="127.0.0.1", certificate=None):
        self.lock, self.answers, self.certificate = threading.Lock(), list(answers), certificate
        self.requests, self.taken, self.host, self.port, self.always = [], [], host, 0, always
        self.start()

    def start(self):
        self.is_over = threading.Event()
        self.server = Quiet((self.host, self.port), Handler)
        self.server.receiver, self.port = self, self.server.server_port
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def stop(self):
        self.is_over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def next_answer(self, one=None):
        """The next one, or nothing unless that is the next one."""
        with self.lock:
            if one and self.answers[:1] != [one]:
                return None
            return self.answers.pop(0) if self.answers else self.always

    def url(self, path=""):
        return f"{'https' if self.certificate else 'http'}://{self.host}:{self.port}{path}"

    def ids(self):
        """Of all events that were taken, in their order."""
        with self.lock:
            return [one for _, request in self.taken for one in request.ids]

    def events(self):
        with self.lock:
            return [event for _, request in self.taken for event in request.events]

    def wait(self, condition):
        end = time.monotonic() + DEADLINE_SECONDS
        while not condition(self):
            assert time.monotonic() < end, f"{len(self.ids())} events came in {len(self.taken)} of {len(self.requests)} requests"
            time.sleep(0.02)

    def wait_for(self, count):
        """Until so many different events were taken."""
        self.wait(lambda receiver: len(set(receiver.ids())) >= count)
