"""Examples of reports and their files."""

from typing import Any, Final

from tools.api_examples.story import ANA, EARNED_AT, EXPORT, HTML, NOW, Json, page

_EXPORT_REQUEST: Final[Json] = {
    "report": "summary",
    "from": "2026-01-01",
    "to": "2026-12-31",
    "format": "csv",
}

_FILE: Final[Json] = {
    "id": EXPORT,
    "state": "queued",
    "report": "summary",
    "facts": None,
    "first_day": "2026-01-01",
    "last_day": "2026-12-31",
    "by": None,
    "within_days": None,
    "segment": None,
    "format": "csv",
    "requested_at": NOW,
    "started_at": None,
    "finished_at": None,
    "progress": {"objects_read": None, "objects_total": None, "rows_written": None},
    "reason": None,
    "as_of": None,
    "size_bytes": None,
    "sha256": None,
    "lapses_at": None,
    "download": None,
}

_FILE_DONE: Final = _FILE | {
    "state": "done",
    "started_at": "2026-11-24T17:00:02Z",
    "finished_at": "2026-11-24T17:00:05Z",
    "progress": {"objects_read": 12, "objects_total": 12, "rows_written": 1},
    "as_of": "2026-11-24T17:00:02Z",
    "size_bytes": 412,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "lapses_at": "2026-12-01T17:00:05Z",
}

_CSV: Final = "starts_on,orders\n2026-10-01,38\n2026-11-01,41\n"
_REPORT: Final[Json] = {
    "report": "trend",
    "title": "Trend: the summary by day, week or month",
    "about": "One row for each day, week (from Monday) or month (`by`).",
    "program": {
        "name": "Bean & Leaf",
        "time_zone": "Europe/Paris",
        "currency": "EUR",
        "currency_digits": 2,
        "points_one": "bean",
        "points_many": "beans",
        "names": {},
    },
    "first_day": "2026-10-01",
    "last_day": "2026-11-30",
    "by": "month",
    "as_of": NOW,
    "columns": [
        {
            "name": "starts_on",
            "type": "date",
            "unit": "date",
            "description": "The first day of the step.",
        },
        {"name": "orders", "type": "integer", "unit": "orders", "description": "Orders."},
    ],
    "chart": {"kind": "column", "x": "starts_on", "y": ["orders"], "series": None, "facet": None},
    "rows": [["2026-10-01", 38], ["2026-11-01", 41]],
    "totals": {},
    "segments": [],
    "by_segment": False,
}


REQUESTS: Final[dict[str, Json]] = {
    "count_segment_members": {"who": {"fact": "spent", "days": 90, "at_least_minor": 20_000}},
    "request_report_export": _EXPORT_REQUEST,
}

ANSWERS: Final[dict[str, Any]] = {
    "count_segment_members": {"members": 812},
    "list_report_exports": page(_FILE_DONE),
    "list_segment_members": page({"member_id": ANA, "since": EARNED_AT}) | {"as_of": NOW},
    "list_segments": page(
        {
            "id": "big-spenders",
            "name": "Big spenders",
            "in_words": "the money spent in the last 90 days is at least €200.00",
            "live": False,
            "members": 812,
            "as_of": NOW,
        }
    ),
    "open_console": HTML,
    "open_mail_frame": HTML,
    "read_console_file": {
        "application/json": "{}",
        "text/css": "body { margin: 0 }",
        "text/javascript": "export {};",
    },
    "read_console_view": {"text/javascript": "export {};"},
    "read_report": {"application/json": _REPORT, "text/csv": _CSV, "text/html": HTML},
    "read_report_export": _FILE_DONE
    | {
        "download": {
            "url": "https://exports.s3.eu-west-1.amazonaws.com/bean-and-leaf/…",
            "expires_at": "2026-11-24T17:15:10Z",
        }
    },
    "request_report_export": _FILE,
}
