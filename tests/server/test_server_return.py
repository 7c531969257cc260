# SPDX-License-Identifier: MIT
# A machine that comes back takes up its TLS session again, and a crowd does not come back at once.
import contextlib
import json
import socket
import ssl
import subprocess
import threading
import time

from served import CHAPERONE, SERVER, server
from support import clean_environment, collect, main, run

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: shop.example\r\n\r\n"
ANSWER = b"HTTP/1.1 503 Service Unavailable\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n"


def ask(served, context, session=None):
    """The session in which something was asked, and whether it was taken up."""
    with socket.create_connection(("127.0.0.1", served.port), 30) as plain:
        with context.wrap_socket(plain, server_hostname="shop.example", session=session) as connection:
            connection.sendall(REQUEST)
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
            return connection.session, connection.session_reused


def test_a_session_is_taken_up_again():
    with server() as served:
        for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
            context = ssl.create_default_context(cafile=served.data / "tls.crt")
            context.minimum_version = context.maximum_version = version
            session, was_taken_up = ask(served, context)
            assert not was_taken_up
            for _ in range(2):
                session, was_taken_up = ask(served, context, session)
                assert was_taken_up, version
            served.stop()
            served.start()  # nobody has what tickets were sealed with any more
            assert not ask(served, context, session)[1], version


class Busy:
    """Stands where a server was, with its key, and tells everybody to come later."""

    def __init__(self, served, header=b""):
        self.header, self.came, self.is_over = header, [], False
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(served.data / "tls.crt", served.data / "tls.key")
        self.listener = socket.create_server(("127.0.0.1", served.port))
        self.listener.settimeout(0.2)
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join()
        self.listener.close()

    def serve(self):
        while not self.is_over:
            with contextlib.suppress(TimeoutError, OSError):
                plain, _ = self.listener.accept()
                plain.settimeout(10)
                with self.context.wrap_socket(plain, server_side=True) as connection:
                    connection.recv(65536)
                    self.came.append((time.monotonic(), connection.session_reused))
                    connection.sendall(ANSWER % self.header)

    def wait_for(self, count, seconds):
        end = time.monotonic() + seconds
        while len(self.came) < count:
            assert time.monotonic() < end, self.came
            time.sleep(0.05)


@contextlib.contextmanager
def following(served):
    """A machine that follows its policy, whose server is gone by now."""
    kept = ["--folder", str(served.top / "kept")]
    part = json.loads(run(served.top, "code", "--data", str(served.data), "--json", program=SERVER)[1])["code"]
    status, _, err = run(served.top, "enroll", f"https://127.0.0.1:{served.port}", "--code", part, *kept, program=CHAPERONE)
    assert status == 0, err
    served.stop()
    with subprocess.Popen([CHAPERONE, "policy", "pull", "--follow", *kept], cwd=served.top, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, env=clean_environment(served.top / "home")) as process:
        try:
            yield
        finally:
            process.kill()


def test_a_machine_takes_up_its_session_and_keeps_away_meanwhile():
    with server() as served:
        with following(served), Busy(served) as busy:
            busy.wait_for(4, 60)
            assert [was_taken_up for _, was_taken_up in busy.came[:4]] == [False, True, True, True], busy.came


def test_a_machine_keeps_away_as_long_as_it_is_asked_to():
    with server() as served:
        with following(served), Busy(served, b"Retry-After: 4\r\n") as busy:
            busy.wait_for(3, 40)
            gaps = [later - earlier for (earlier, _), (later, _) in zip(busy.came, busy.came[1:])]
            assert all(4 <= gap < 9 for gap in gaps[:2]), gaps


main(collect(globals()))
