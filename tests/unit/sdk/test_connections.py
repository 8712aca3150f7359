"""Kept connections, against a server that answers, hangs up or stays silent."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Thread
from typing import Final

import pytest

from loyalty.sdk.connections import KeptConnections, Reply, TimeLimits, Unanswered

LIMITS: Final = TimeLimits(connect=1, read=0.2)
OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

# These tests are about sockets.
pytestmark = pytest.mark.enable_socket

# What the server does with one connection.
type Serve = Callable[[socket.socket], None]
type Serving = Callable[..., Server]
type Connecting = Callable[[Server], KeptConnections]


class Server:
    """Serves each connection by the next plan, and lists the requests that it read."""

    def __init__(self, *plans: Serve) -> None:
        self._plans = plans
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.connections = 0
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        for plan in self._plans:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection, suppress(OSError):
                plan(connection)

    def close(self) -> None:
        self._listener.close()


def answering(times: int, answer: bytes = OK) -> Serve:
    """Answer some requests, then hang up."""

    def serve(connection: socket.socket) -> None:
        for _ in range(times):
            if not connection.recv(65536):
                return
            connection.sendall(answer)

    return serve


def read_and_hang_up(connection: socket.socket) -> None:
    connection.recv(65536)


def answer_once_and_stay_silent(connection: socket.socket) -> None:
    answering(1)(connection)
    connection.recv(65536)
    connection.recv(65536)


@pytest.fixture
def connect() -> Iterator[Connecting]:
    made: list[KeptConnections] = []

    def open_to(server: Server) -> KeptConnections:
        made.append(KeptConnections(server.endpoint, limits=LIMITS))
        return made[-1]

    yield open_to
    for connections in made:
        connections.close()


@pytest.fixture
def serve() -> Iterator[Serving]:
    started: list[Server] = []

    def start(*plans: Serve) -> Server:
        started.append(Server(*plans))
        return started[-1]

    yield start
    for server in started:
        server.close()


def ask(connections: KeptConnections) -> Reply:
    return connections.exchange("POST", "/", {"host": connections.host}, b"{}")


def test_one_connection_serves_many_requests(serve: Serving, connect: Connecting) -> None:
    server = serve(answering(3))
    connections = connect(server)

    assert [ask(connections) for _ in range(3)] == [Reply(200, b"hi")] * 3
    assert server.connections == 1


def test_a_kept_connection_that_was_closed_meanwhile_is_replaced(
    serve: Serving, connect: Connecting
) -> None:
    server = serve(answering(1), answering(1))
    connections = connect(server)

    assert [ask(connections), ask(connections)] == [Reply(200, b"hi")] * 2
    assert server.connections == 2


def test_a_request_is_not_sent_again_when_a_new_connection_hangs_up(
    serve: Serving, connect: Connecting
) -> None:
    server = serve(read_and_hang_up, answering(1))

    with pytest.raises(Unanswered):
        ask(connect(server))
    assert server.connections == 1


def test_a_silent_server_is_given_up_in_time_and_not_asked_again(
    serve: Serving, connect: Connecting
) -> None:
    server = serve(answer_once_and_stay_silent)
    connections = connect(server)
    ask(connections)

    with pytest.raises(Unanswered, match="TimeoutError"):
        ask(connections)
    assert server.connections == 1


def test_a_server_that_is_not_there_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(Unanswered, match="ConnectionRefusedError"):
        ask(KeptConnections(f"http://127.0.0.1:{port}", limits=LIMITS))


def test_an_answer_that_is_cut_off_is_no_answer(serve: Serving, connect: Connecting) -> None:
    server = serve(answering(1, OK[:-1]))

    with pytest.raises(Unanswered):
        ask(connect(server))


def test_what_is_no_http_is_no_answer(serve: Serving, connect: Connecting) -> None:
    server = serve(answering(1, b"220 mail.example.com ESMTP\r\n"))

    with pytest.raises(Unanswered):
        ask(connect(server))


def test_a_connection_that_the_answer_closes_is_not_kept(
    serve: Serving, connect: Connecting
) -> None:
    closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    server = serve(answering(1, closing), answering(1))
    connections = connect(server)

    assert [ask(connections), ask(connections)] == [Reply(200, b"hi")] * 2


def test_closing_leaves_no_connection_for_the_next_request(
    serve: Serving, connect: Connecting
) -> None:
    server = serve(answering(2), answering(1))
    connections = connect(server)
    ask(connections)

    connections.close()

    assert ask(connections) == Reply(200, b"hi")
    assert server.connections == 2
