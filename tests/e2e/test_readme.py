import json
import re
from pathlib import Path
from typing import Any

from tests.e2e.conftest import OpenProgram
from tests.support.shell import paste

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_story_of_the_readme_comes_out_right_when_it_is_pasted(
    program: OpenProgram, tmp_path: Path
) -> None:
    (tmp_path / ".local").mkdir()
    record = {"api_url": program.deployed.api_url, "program_id": program.id}
    (tmp_path / ".local" / "cloud.json").write_text(json.dumps(record))

    output = paste(_story(), tokens=program.tokens, folder=tmp_path)

    answers = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert [_gist(answer) for answer in answers] == [
        "second-shop",
        "received",
        "received",
        49,
        "accrual 73",
        "clawback -30",
        "issued",
        "used",
        "voucher_used",
        "cancelled",
        "adjustment 10",
        ["adjustment", "return", "redemption", "redemption", "clawback", "accrual", "accrual"],
        62,
    ]
    assert "points_outstanding" in output


def _story() -> str:
    """Every line of the section, in one shell."""
    _, _, rest = README.read_text(encoding="utf-8").partition("## The story by hand\n")
    section, _, _ = rest.partition("\n## ")
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL))


def _gist(answer: dict[str, Any]) -> object:
    """What an answer says in a word."""
    match answer:
        case {"code": str(code), "status": int()}:
            return code
        case {"entry": {"kind": kind, "points": points}}:
            return f"{kind} {points}"
        case {"items": [*entries]}:
            return [entry["kind"] for entry in entries]
        case {"closing": {"balance": balance}} | {"balance": balance}:
            return balance
        case {"state": gist} | {"status": gist} | {"id": gist}:
            return gist
    raise AssertionError(f"the README does not ask for {answer}")
