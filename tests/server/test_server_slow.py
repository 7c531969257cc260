# SPDX-License-Identifier: MIT
# Those who take their time with what they send or read are let go, and keep nobody else from being answered.
import contextlib
import resource
import socket
import ssl
import threading
import time

from served import server
from support import collect, main

HEAD_SECONDS = 15
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)  # the beginning of a TLS handshake
HEAD = b"GET /healthz HTTP/1.1\r\nHost: shop.example\r\nX-Slow: " + b"y" * 500


class Dribblers:
    """Many connections that send a byte every half second, each until the server ends it; then another one begins if `again`.
    Every second one speaks TLS."""

    def __init__(self, served, count, again=False, tls=True):
        self.served, self.count, self.again, self.tls = served, count, again, tls
        self.lived, self.is_over = [], False
        self.open = {}
        self.thread = threading.Thread(target=self.dribble)

    def __enter__(self):
        for i in range(self.count):
            self.begin(i)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join()
        for connection in self.open:
            connection.close()

    def begin(self, i):
        begun = time.monotonic()
        with contextlib.suppress(OSError):
            if self.tls and i % 2:
                connection, text = self.served.connect(), HEAD
            else:
                connection, text = socket.create_connection(("127.0.0.1", self.served.port), 30), HELLO
            connection.setblocking(False)
            self.open[connection] = (begun, iter(text), i)

    def is_ended(self, connection, byte):
        """Whether the server ended it."""
        try:
            connection.send(bytes([byte]))
            return connection.recv(100) == b""
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError:
            return True

    def dribble(self):
        while not self.is_over:
            for connection, (begun, text, i) in list(self.open.items()):
                if self.is_ended(connection, next(text)):
                    self.lived.append(time.monotonic() - begun)
                    connection.close()
                    del self.open[connection]
                    if self.again:
                        self.begin(i)
            time.sleep(0.5)


def slowest(served, count):
    """The longest of so many requests, each on a connection of its own."""
    most = 0
    for _ in range(count):
        begin = time.monotonic()
        assert served.is_alive()
        most = max(most, time.monotonic() - begin)
    return most


def test_who_sends_a_head_byte_by_byte_is_cut_while_others_are_answered():
    with server() as served, Dribblers(served, 400) as dribblers:
        end = time.monotonic() + HEAD_SECONDS + 15
        while dribblers.open and time.monotonic() < end:
            assert slowest(served, 5) < 3
            time.sleep(0.5)
        assert len(dribblers.lived) == 400 and not dribblers.open, (len(dribblers.lived), len(dribblers.open))
        assert min(dribblers.lived) > HEAD_SECONDS - 2 and max(dribblers.lived) < HEAD_SECONDS + 8, dribblers.lived
        _, err = served.stop()
        assert ' warning late from=127.0.0.1 why="its head did not come in time"' in err, err


def test_who_takes_all_connections_keeps_nobody_from_being_answered():
    with server() as served:
        served.stop()
        served.start(wrapper=["prlimit", "--nofile=300:300"])  # 172 connections
        assert resource.prlimit(served.process.pid, resource.RLIMIT_NOFILE) == (300, 300)
        with Dribblers(served, 400, again=True, tls=False) as dribblers:
            time.sleep(3)
            assert slowest(served, 8) < 15
            assert sum(lived < HEAD_SECONDS - 3 for lived in dribblers.lived) > 100, dribblers.lived
        assert slowest(served, 3) < 15


def test_who_does_not_pause_between_requests_keeps_the_connection():
    request = b"GET /healthz HTTP/1.1\r\nHost: shop.example\r\n\r\n"
    with server() as served, served.connect() as connection:
        for _ in range(12):
            connection.sendall(request)
            answer = b""
            while not answer.endswith(b"ok\n"):
                assert (piece := connection.recv(65536)), answer
                answer += piece
            time.sleep(2)


def test_bodies_have_a_minute():
    with server() as served, served.connect() as connection:
        connection.sendall(b"POST /v1/enroll HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n")
        begin = time.monotonic()
        connection.settimeout(1)
        with contextlib.suppress(OSError):
            while time.monotonic() - begin < 80:
                connection.sendall(b"x")
                with contextlib.suppress(TimeoutError):
                    assert not connection.recv(1000)
                    break
        took = time.monotonic() - begin
        assert 55 < took < 70, took
        assert "its body did not come in time" in served.stop()[1]


main(collect(globals()))
