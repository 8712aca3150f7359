"""`make token`, `program`, `mail` and `clock`: what they say, above all when something is wrong."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from local import living, mail, move_clock, program, token
from local.aws import Aws
from local.clock import Clock
from local.failures import LocalCloudError
from local.living import LivingCloud, living_cloud, run_command
from tests.unit.local.test_record import record


class FakeDirectory:
    """A user pool with the programs that were opened."""

    def __init__(self, *programs: str) -> None:
        self.programs = set(programs)

    def find(self, _aws: Aws, *, api_url: str) -> "FakeDirectory":
        return self

    def is_open(self, program_id: str) -> bool:
        return program_id in self.programs

    def open_program(self, program_id: str) -> None:
        self.programs.add(program_id)

    def token(self, role: str, program_id: str) -> str:
        return f"{role} of {program_id}"


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LivingCloud:
    """A cloud that is up and has the example program only."""
    cloud = LivingCloud(record(4600), Aws(4600), Clock(tmp_path / "clock"))
    directory = FakeDirectory("bean-and-leaf")
    for module in (token, program, mail, move_clock):
        monkeypatch.setattr(module, "living_cloud", lambda: cloud)
    for module in (token, program):
        monkeypatch.setattr(module, "Directory", directory)
    return cloud


@pytest.mark.usefixtures("cloud")
def test_a_token_is_for_the_example_program_by_default() -> None:
    assert token.fresh_token("cashier") == "cashier of bean-and-leaf"


@pytest.mark.usefixtures("cloud")
def test_a_token_of_an_unknown_program_names_the_command_that_opens_it() -> None:
    with pytest.raises(LocalCloudError, match=r"no program “bakery”.*make program NAME=bakery"):
        token.fresh_token("manager", "bakery")


def test_a_token_of_an_unknown_role_lists_the_roles() -> None:
    with pytest.raises(LocalCloudError, match=r"no role “boss”.*cashier, analyst, manager"):
        token.main(["boss"])


@pytest.mark.usefixtures("cloud")
def test_a_program_is_opened_and_then_has_tokens(capsys: pytest.CaptureFixture[str]) -> None:
    program.main(["bakery"])

    printed = capsys.readouterr().out
    assert "bakery is open" in printed
    assert "/v1/programs/bakery" in printed
    assert "--data-binary @bakery.json" in printed
    assert token.fresh_token("manager", "bakery") == "manager of bakery"


@pytest.mark.parametrize("name", ["B", "Bäckerei", "x", "a" * 41, "-a", "a b"])
def test_a_name_that_cannot_be_a_program_id_is_refused(name: str) -> None:
    with pytest.raises(LocalCloudError, match="cannot be the id of a program"):
        program.main([name])


@pytest.fixture
def _real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is chosen for the clock yet."""
    for name in ("DAYS", "HOURS", "RESET"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_real_time")
def test_the_clock_moves_forward_by_days_and_hours_from_where_it_is(
    cloud: LivingCloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hurried: list[Aws] = []
    monkeypatch.setattr(move_clock, "hurried", lambda aws: _noted(hurried, aws))
    monkeypatch.setattr(move_clock, "HURRIED_SECONDS", 0)

    monkeypatch.setenv("DAYS", "30")
    move_clock.main([])
    monkeypatch.setenv("DAYS", "2")
    monkeypatch.setenv("HOURS", "8")
    move_clock.main([])

    assert hurried == [cloud.aws, cloud.aws]
    assert "32 days and 8 hours ahead" in capsys.readouterr().out
    monkeypatch.setenv("RESET", "1")
    move_clock.main([])
    assert "real time" in capsys.readouterr().out


class _noted:  # noqa: N801  stands for a function
    def __init__(self, calls: list[Aws], aws: Aws) -> None:
        calls.append(aws)

    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


@pytest.mark.usefixtures("cloud", "_real_time")
@pytest.mark.parametrize("days", ["-3", "1.5", "soon", "99999"])
def test_the_clock_is_never_moved_back(days: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYS", days)
    with pytest.raises(LocalCloudError, match="moves forward only"):
        move_clock.main([])


def test_each_mail_becomes_a_page_and_older_pages_are_removed(tmp_path: Path) -> None:
    html = {"BodyHtml": "<p>Hello</p>", "BodyText": "Hello"}
    text = {"BodyHtml": "", "BodyText": "1 < 2"}
    mail.write_mails([html, text, html], tmp_path)

    files = mail.write_mails([html, text], tmp_path)

    assert [file.read_text() for file in files] == ["<p>Hello</p>", "<pre>1 &lt; 2</pre>"]
    assert sorted(tmp_path.iterdir()) == files


def _refused(_: list[str]) -> None:
    error: Any = {"Error": {"Code": "AccessDenied", "Message": "no"}}
    raise ClientError(error, "CreateGroup")


def _answered_500(_: list[str]) -> None:
    httpx.Response(500, text="boom", request=httpx.Request("GET", "http://x")).raise_for_status()


def _silent(_: list[str]) -> None:
    raise httpx.ConnectError("refused")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (_refused, "The local cloud refused CreateGroup: AccessDenied. no\n"),
        (_answered_500, "The local cloud answered 500: boom\n"),
        (_silent, "The local cloud stopped answering. refused\n"),
    ],
)
def test_a_command_that_fails_says_why_in_one_sentence(
    command: Callable[[list[str]], None],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["command"])

    assert run_command(command) == 1
    assert capsys.readouterr().err == sentence


def test_without_a_cloud_the_command_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(living, "RECORD", tmp_path / "cloud.json")

    with pytest.raises(LocalCloudError, match=r"not running. Start it with `make run`"):
        living_cloud({})
    with pytest.raises(LocalCloudError, match="running on port 4999"):
        living_cloud({"PORT": "4999"})
