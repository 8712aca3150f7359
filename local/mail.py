"""`make mail`: list the mails that the local cloud has sent, and write each to a file.

The cloud's mail service delivers nothing and keeps everything. `TO=` lists only one person's mails.
"""

import html
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from local.aws import Aws
from local.cloud import ROOT
from local.home import HOME
from local.living import living_cloud, run_command

_ANSWER_SECONDS_MAX = 30.0


def sent_mails(aws: Aws, *, to: str | None = None) -> list[dict[str, Any]]:
    """Return the mails that this cloud sent, oldest first; with `to`, those to one address."""
    url = f"{aws.endpoint}/_ministack/ses/messages"
    answer = httpx.get(url, trust_env=False, timeout=_ANSWER_SECONDS_MAX).raise_for_status()
    by_account: dict[str, list[dict[str, Any]]] = answer.json()["messages"]
    mails = [mail for mails in by_account.values() for mail in mails]
    return [mail for mail in mails if to is None or to in mail["To"]]


def main(_arguments: list[str]) -> None:
    mails = sent_mails(living_cloud().aws, to=os.environ.get("TO") or None)
    if not mails:
        print("No mail has been sent yet.")
        return
    folder = HOME / "mails"
    for mail, file in zip(mails, write_mails(mails, folder), strict=True):
        print(f"{_sent_at(mail)}  {', '.join(mail['To']):<40}  {mail['Subject']}  {_shown(file)}")


def write_mails(mails: list[dict[str, Any]], folder: Path) -> list[Path]:
    """Write each mail as a page that a browser shows; replaces what was in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.html"):
        old.unlink()
    files = [folder / f"{number:03}.html" for number in range(1, len(mails) + 1)]
    for mail, file in zip(mails, files, strict=True):
        text = f"<pre>{html.escape(mail.get('BodyText') or '')}</pre>"
        file.write_text(mail.get("BodyHtml") or text, encoding="utf-8")
    return files


def _sent_at(mail: dict[str, Any]) -> str:
    """Return when the cloud sent it, by the machine's clock."""
    return f"{datetime.fromtimestamp(mail['Timestamp'], UTC):%Y-%m-%d %H:%M:%SZ}"


def _shown(file: Path) -> Path:
    return file.relative_to(ROOT) if file.is_relative_to(ROOT) else file


if __name__ == "__main__":
    sys.exit(run_command(main))
