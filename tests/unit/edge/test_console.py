"""The console's page and files: what they let in, who is signed in, and how light they are."""

import base64
import gzip
import json
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pytest

from loyalty.domain.kernel.errors import NotFound
from loyalty.edge import console
from loyalty.edge.console import ConsoleSettings, HtmlPage
from loyalty.lake import reports
from tests.support.pages import Parts, directives
from tools import bundles
from tools.chromium import PACKAGES

FILES: Final = Path(console.__file__).parents[1] / "console"
NODE: Final = Path(sys.prefix) / "bin" / "node"
HOSTILE: Final = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & “קפה”"
# Without the libraries, which are others' work.
OURS: Final = sorted({*console.assets()} - {"lit.js", "plot.js", "program_schema.json"})


class TestShell:
    def test_it_runs_nothing_but_our_own_files(self) -> None:
        allowed = directives(shell())

        assert allowed["default-src"] == ["'none'"]
        assert allowed["script-src"] == allowed["style-src"] == ["'self'"]
        assert allowed["connect-src"] == ["'self'"]
        assert allowed["frame-ancestors"] == allowed["base-uri"] == ["'none'"]

    def test_it_has_no_script_or_style_of_its_own(self) -> None:
        parts = Parts(shell())

        assert [each["type"] for _, each, _ in parts.inline] == ["application/json"]
        assert list(parts.attributes("style")) == []
        assert not any(name.startswith("on") for _, each in parts.elements for name in each)

    def test_it_loads_files_that_exist_and_nothing_from_elsewhere(self) -> None:
        parts = Parts(shell())

        loaded = [
            each
            for name in ("src", "href")
            for each in parts.attributes(name)
            if not each.startswith(("#", "data:"))
        ]

        named = [
            re.fullmatch(r"console/assets/([0-9a-f]{16})/([a-z]+\.\w+)", each) for each in loaded
        ]
        assert all(named)
        assert all(console.asset(each[1], each[2]) for each in named if each)
        assert {"app.js", "console.css"} < {each[2] for each in named if each}

    def test_it_is_in_a_language_and_names_the_way_to_the_content(self) -> None:
        parts = Parts(shell())

        assert parts.elements[0] == ("html", {"lang": "en"})
        assert "#main" in parts.attributes("href")

    def test_it_reaches_the_issuer_where_staff_sign_in(self) -> None:
        sign_in = ConsoleSettings(
            authorize_url='https://id.example.com/authorize?a="1"</script>',
            token_url="https://tokens.example.com:8443/oauth2/token",
            client_id="console",
        )

        page = shell(sign_in)

        assert directives(page)["connect-src"] == ["'self'", "https://tokens.example.com:8443"]
        assert config(page)["sign_in"] == asdict(sign_in)

    def test_on_the_local_cloud_staff_sign_in_at_the_api_s_own_origin(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
        hosted = "https://pool.auth.eu-west-1.amazoncognito.com/oauth2"

        page = shell(
            ConsoleSettings(
                authorize_url=f"{hosted}/authorize", token_url=f"{hosted}/token", client_id="c"
            )
        )

        assert directives(page)["connect-src"] == ["'self'"]
        assert config(page)["sign_in"]["token_url"] == "/oauth2/token"

    def test_it_lists_every_report_once(self) -> None:
        listed = [each["name"] for group in config(shell())["reports"] for each in group["reports"]]

        assert sorted(listed) == reports.names()

    def test_a_visit_is_light(self) -> None:
        sizes = {
            name: len(gzip.compress(console.text_of(name).encode())) for name in console.assets()
        }

        assert sizes.pop("plot.js") < 95_000
        # What every visit loads; a view brings its own parts.
        frame = {*console.FRAME, "app.js", "base.css", "console.css"}
        assert sum(sizes[name] for name in frame) < 35_000


def shell(sign_in: ConsoleSettings | None = None) -> HtmlPage:
    return console.shell(sign_in or ConsoleSettings(), groups_claim="cognito:groups")


def config(page: HtmlPage) -> dict[str, Any]:
    """The data block of the shell."""
    (text,) = (text for _, each, text in Parts(page).inline if each.get("id") == "config")
    read: dict[str, Any] = json.loads(text)
    return read


class TestMailFrame:
    def test_a_mail_has_styles_and_pictures_but_no_scripts_and_no_way_to_the_console(self) -> None:
        allowed = directives(console.mail_frame(console.assets_digest()))

        assert allowed["default-src"] == allowed["base-uri"] == allowed["form-action"] == ["'none'"]
        assert allowed["script-src"] == allowed["frame-ancestors"] == ["'self'"]
        assert (allowed["style-src"], allowed["img-src"]) == (
            ["'unsafe-inline'"],
            ["https:", "data:"],
        )
        # Without `allow-same-origin`, its origin is nobody's.
        assert allowed["sandbox"] == ["allow-scripts"]

    def test_it_loads_one_script_that_exists(self) -> None:
        (script,) = Parts(console.mail_frame(console.assets_digest())).attributes("src")

        assert script.removeprefix("../") in console.assets()


class TestScripts:
    def test_they_name_no_address(self) -> None:
        for name in OURS:
            assert not re.search(r"https?:|//\w+\.", console.text_of(name)), name

    def test_nothing_is_written_as_markup(self) -> None:
        for name in OURS:
            script = console.text_of(name)
            assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write", script), (
                name
            )
            assert not re.search(r"\beval\b|new Function|unsafeHTML", script), name

    def test_the_frame_is_loaded_at_once_with_the_page(self) -> None:
        """A browser that learns of a file only from another one waits twice."""
        imported = {
            name
            for script in ("app.js", *console.FRAME)
            for name in re.findall(r'from "\./(\w+\.js)"', console.text_of(script))
        }

        assert imported <= set(console.FRAME)

    def test_a_listed_view_has_a_file(self) -> None:
        listed = set(re.findall(r'name: "(\w+)"', console.text_of("views.js")))

        assert {f"views/{name}.js" for name in listed} == {
            name for name in console.assets() if name.startswith("views/")
        }

    @pytest.mark.parametrize("name", sorted(console.assets()))
    def test_a_view_is_short(self, name: str) -> None:
        if name.startswith("views/"):
            assert console.text_of(name).count("\n") < 300


class TestColors:
    @pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
    def test_letters_and_charts_are_told_from_what_they_stand_on(self, scheme: int) -> None:
        """At least 4.5 and 3 to 1 (Web Content Accessibility Guidelines, 1.4.3 and 1.4.11)."""
        roots = re.findall(r":root \{(.+?)\}", console.text_of("base.css"), re.DOTALL)
        colors = dict(re.findall(r"--([\w-]+): (#\w+);", roots[scheme]))

        for ground in ("paper", "ground"):
            for name in ("ink", "quiet", "accent", "danger"):
                assert contrast(colors[name], colors[ground]) >= 4.5, (name, ground)
        for name in ("edge", *(each for each in colors if each.startswith("series-"))):
            assert contrast(colors[name], colors["paper"]) >= 3, name


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    """The relative luminance of `#rgb` or `#rrggbb`."""
    digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
    parts = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class TestAssets:
    def test_a_digest_names_what_all_of_them_are(self) -> None:
        text, media = console.asset(console.assets_digest(), "draw.js")

        assert text == (FILES / "draw.js").read_text(encoding="utf-8")
        assert media == "text/javascript; charset=utf-8"

    @pytest.mark.parametrize(
        "name", ["shell.html", "report.html", "summary.sql", "../plot.js", "types.d.ts", ""]
    )
    def test_no_other_file_is_served(self, name: str) -> None:
        with pytest.raises(NotFound):
            console.asset(console.assets_digest(), name)

    def test_an_unknown_digest_is_not_found(self) -> None:
        with pytest.raises(NotFound):
            console.asset("0" * 16, "draw.js")


def test_a_link_keeps_the_token_behind_the_hash() -> None:
    link = console.link(
        "https://api.example.com/", program_id="bean", view="reports", token="a.b-c"
    )

    before, _, fragment = link.partition("#")
    assert before == "https://api.example.com/v1/console"
    assert fragment == "/bean/reports?token=a.b-c"


def signed_in(steps: str) -> Any:
    """What an array of expressions over `session`, a tab's sign-in, gives one after the other."""
    script = f"""
        import {{ Session, bearer }} from {json.dumps((FILES / "session.js").as_uri())};
        const kept = new Map();
        const storage = {{
          getItem: (name) => kept.get(name) ?? null,
          setItem: (name, value) => kept.set(name, value),
          removeItem: (name) => kept.delete(name),
          key: (place) => [...kept.keys()][place],
          get length() {{ return kept.size; }},
        }};
        let clock = 0;
        const session = new Session(storage, {{ scope: "/v1/console", now: () => clock }});
        const [ana, mallory] = {json.dumps([token_of("ana@example.com"), token_of("mallory")])};
        const as = (...groups) => [`x.${{btoa(JSON.stringify({{ "cognito:groups": groups }}))}}.x`]
          .map((id) => session.signIn({{ id }}));
        console.log(JSON.stringify([{steps}]));
    """
    run = subprocess.run(
        [NODE, "--input-type=module", "--eval", script], capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)


def token_of(email: str) -> str:
    """A token as an issuer writes one; nothing in a page checks its signature."""
    claims = {"email": email, "sub": email}
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "x"])


class TestWhoIsSignedIn:
    def test_a_link_signs_in_where_nobody_is_and_says_so(self) -> None:
        outcome = signed_in("session.follow(`#/bean/reports?by=day&token=${ana}`), session.who")

        assert outcome == ["#/bean/reports?by=day", "ana@example.com, by a link"]

    def test_a_link_does_not_take_the_place_of_somebody_who_is_signed_in(self) -> None:
        outcome = signed_in(
            "session.signIn({ id: ana }), session.follow(`#/b?token=${mallory}`), session.who,"
            "session.token === ana, bearer(session.offered)"
        )

        assert outcome[1:] == ["#/b", "ana@example.com", True, "mallory"]

    def test_a_link_is_used_once_somebody_agrees_and_forgotten_if_not(self) -> None:
        outcome = signed_in(
            "session.signIn({ id: ana }), session.follow(`#?token=${mallory}`),"
            "session.answerOffer(false), session.who, session.offered,"
            "session.follow(`#?token=${mallory}`), session.answerOffer(true), session.who,"
            "session.offered"
        )

        assert outcome[3:5] == ["ana@example.com", None]
        assert outcome[7:] == ["mallory, by a link", None]

    def test_the_same_link_again_asks_nothing(self) -> None:
        outcome = signed_in(
            "session.follow(`#?token=${ana}`), session.follow(`#?token=${ana}`), session.offered"
        )

        assert outcome == ["#", "#", None]

    def test_nothing_is_left_after_signing_out(self) -> None:
        outcome = signed_in(
            "session.follow(`#?token=${ana}`), session.write('kept', 1), session.signOut(),"
            "session.who, kept.size"
        )

        assert outcome[3:] == [None, 0]

    def test_what_was_typed_waits_for_the_same_person_and_for_nobody_else(self) -> None:
        outcome = signed_in(
            "session.signIn({ id: ana }), session.write('kept', 1), session.lose(), session.who,"
            "session.signIn({ id: ana }), session.read('kept'), session.lose(),"
            "session.signIn({ id: mallory }), session.read('kept')"
        )

        assert [outcome[place] for place in (3, 5, 8)] == [None, 1, None]

    def test_roles_are_those_of_the_program_and_of_every_program(self) -> None:
        outcome = signed_in(
            "as('bean/cashier', '*/analyst', 'tea/manager', 'bean/owner', 'x'),"
            "[...session.rolesIn('bean')], [...session.rolesIn('tea')], session.programs,"
            "session.isOperator, as('operator'), [...session.rolesIn('bean')]"
        )

        assert outcome[1:5] == [
            ["cashier", "analyst"],
            ["analyst", "manager"],
            ["bean", "tea"],
            False,
        ]
        assert outcome[6] == ["operator"]

    def test_idle_time_is_counted_from_the_last_touch(self) -> None:
        outcome = signed_in(
            "session.signIn({ id: ana }), clock = 5000, session.idleFor, session.touch(),"
            "session.idleFor"
        )

        assert (outcome[2], outcome[4]) == (5000, 0)

    @pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.bnVsbA.c", "a.eyJlbWFpbCI6MX0.c"])
    def test_a_token_that_names_nobody_is_of_somebody_unknown(self, token: str) -> None:
        assert signed_in(f"bearer({json.dumps(token)})") == ["somebody unknown"]

    def test_a_name_in_a_token_is_read_as_text(self) -> None:
        assert signed_in(f"bearer({json.dumps(token_of(HOSTILE))})") == [HOSTILE]


class TestBundles:
    def test_the_lock_pins_by_integrity_and_names_no_registry(self) -> None:
        for folder in (bundles.SOURCES, PACKAGES):
            lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))

            packages = [each for path, each in lock["packages"].items() if path]

            assert all(each["integrity"].startswith("sha512-") for each in packages)
            assert not any("resolved" in each for each in packages)

    @pytest.mark.parametrize(
        ("name", "holder", "terms"),
        [
            ("plot.js", "copyright 2020-2025 Observable, Inc.", "Permission to use, copy, modify"),
            ("lit.js", "copyright 2017 Google LLC", "Redistribution and use in source"),
        ],
    )
    def test_a_library_keeps_its_license(self, name: str, holder: str, terms: str) -> None:
        text = console.text_of(name)

        assert holder in text
        assert terms in text
