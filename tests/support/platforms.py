"""A platform's API on this machine: it answers what a test says, and knows what it was asked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple


class Reply(NamedTuple):
    status: int
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


class PlatformServer:
    """Each path is answered by its replies in turn, the last of them for ever; others by 404.

    `requests` are the paths with their headers, `posted` the bodies that were posted.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.replies: dict[str, list[Reply]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.posted: list[Any] = []

    def answer(self, path: str, *replies: Reply) -> None:
        self.replies[path] = list(replies)

    def reply(self, path: str, headers: dict[str, str]) -> Reply:
        self.requests.append((path, headers))
        replies = self.replies.get(path, [Reply(404)])
        return replies.pop(0) if len(replies) > 1 else replies[0]


@contextmanager
def serving() -> Iterator[PlatformServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    platform = PlatformServer(f"http://127.0.0.1:{server.server_port}")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._reply(platform.reply(self.path, headers))

        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            platform.posted.append(json.loads(self.rfile.read(int(headers["content-length"]))))
            self._reply(platform.reply(self.path, headers))

        def _reply(self, reply: Reply) -> None:
            body = b"" if reply.body is None else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_line: Any) -> None:
            pass

    server.RequestHandlerClass = Handler
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
