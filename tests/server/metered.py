# SPDX-License-Identifier: MIT
"""A server that tells its metrics."""
import contextlib
import re
import socket

from exposition import Exposition
from served import Server
from support import folder


class Metered(Server):
    """A server that tells its metrics."""

    def start(self, *more, **options):
        super().start("--metrics", "127.0.0.1:0", *more, **options)
        line = self.process.stderr.readline()
        self.metrics_port = int(re.fullmatch(r"\S+ info serves .* metrics=(\d+)\n", line)[1])

    def send_plainly(self, data):
        with socket.create_connection(("127.0.0.1", self.metrics_port), 30) as connection:
            connection.sendall(data)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        return answer

    def scrape(self):
        head, _, body = self.send_plainly(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ") and b"\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n" in head, head
        return Exposition(body.decode())


@contextlib.contextmanager
def metered():
    with folder() as top:
        served = Metered(top)
        served.start()
        try:
            yield served
        finally:
            if served.process.poll() is None:
                served.stop()
