"""An endpoint on this machine: it answers what a test says, and keeps what it was sent."""

import base64
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Post(NamedTuple):
    """What was sent: header names in lower case, the body byte for byte."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = json.loads(self.body)
        return payload

    def is_signed_with(self, secret: str) -> bool:
        """Check a signature as Standard Webhooks describes it, without our own code."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        head = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}."
        made = base64.b64encode(hmac.new(key, head.encode() + self.body, hashlib.sha256).digest())
        return f"v1,{made.decode()}" in self.headers["webhook-signature"].split(" ")


class Reply(NamedTuple):
    status: int = 204
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    pause_seconds: float = 0


class Receiver:
    """Each path is answered by its replies in turn, the last of them for ever; others by 204."""

    def __init__(self, origin: str, port: int) -> None:
        self.origin = origin
        self.port = port
        self.posts: list[Post] = []
        self._replies: dict[str, list[Reply]] = {}

    def answer(self, path: str, *replies: Reply) -> None:
        self._replies[path] = list(replies)

    def posts_to(self, path: str) -> list[Post]:
        return [post for post in self.posts if post.path == path]

    def reply(self, post: Post) -> Reply:
        self.posts.append(post)
        replies = self._replies.get(post.path, [Reply()])
        return replies.pop(0) if len(replies) > 1 else replies[0]


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}", server.server_port)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers["content-length"]))
            reply = receiver.reply(Post(self.path, headers, body))
            time.sleep(reply.pause_seconds)
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_line: Any) -> None:
            pass

    server.RequestHandlerClass = Handler
    # Some tests close the connection early.
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # quiet
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Authority(NamedTuple):
    """What a server for one name shows, and a client that believes it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


def authority(folder: Path, name: str) -> Authority:
    """A certificate for a name that vouches for itself, good for an hour."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    shown = folder / f"{name}.pem"
    shown.write_bytes(secret + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(shown)
    return Authority(server, ssl.create_default_context(cadata=pem.decode()))
