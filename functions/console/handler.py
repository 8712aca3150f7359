"""Console: the page that staff run a program with, and the files that it loads."""

from typing import Annotated

from loyalty.domain.kernel.errors import NotFound
from loyalty.edge import console
from loyalty.edge.console import ConsoleSettings
from loyalty.edge.http.app import ANYONE, ProgramId, create_app, html_page
from loyalty.edge.http.auth import ClaimSettings
from loyalty.edge.http.params import Path, Response
from loyalty.edge.settings import settings

api = create_app("console", limits_callers=False)
handler = api

Digest = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
FileName = Annotated[str, Path(pattern="^[a-z_]{1,30}\\.(css|js|json)$")]


@api.get(console.PATH, prefix="", allow=ANYONE)
def open_console() -> Response[str]:
    """Open the console.

    The page has no data of its own: it asks people to sign in, and calls the API with their token.
    """
    page = console.shell(
        settings(ConsoleSettings), groups_claim=settings(ClaimSettings).groups_claim
    )
    return html_page(page.html, policy=page.policy, compress=True)


@api.get(
    f"{console.PATH}/assets/<digest>/<name>",
    prefix="",
    allow=ANYONE,
    media=("application/json", "text/css", "text/javascript"),
    refuses=(NotFound,),
)
def read_console_file(digest: Digest, name: FileName) -> Response[str]:
    """Read a script or a style sheet of the console, or the schema of the program document.

    The digest in the path changes with the content, so an answer can be cached forever.
    """
    return _file(digest, name)


@api.get(
    f"{console.PATH}/assets/<digest>/{console.VIEWS}/<name>",
    prefix="",
    allow=ANYONE,
    media=("text/javascript",),
    refuses=(NotFound,),
)
def read_console_view(digest: Digest, name: FileName) -> Response[str]:
    """Read the script of one view of the console.

    Views are loaded when somebody goes to them.
    """
    return _file(digest, f"{console.VIEWS}/{name}")


@api.get(f"{console.PATH}/assets/<digest>/frames/mail", prefix="", allow=ANYONE)
def open_mail_frame(digest: Digest) -> Response[str]:
    """Open the page in which the console shows what a mail looks like.

    It is sandboxed and has no data: the console sends it the mail.
    """
    page = console.mail_frame(digest)
    return html_page(page.html, policy=page.policy)


@api.get("/reports", allow=ANYONE, status=303)
def open_reports(program_id: ProgramId) -> Response[None]:
    """Go to the reports in the console.

    Whoever asks needs no token here: the console asks for one.
    """
    return Response(
        status_code=303,
        # Relative, because a gateway may serve the API below a path of its own.
        headers={"location": f"../../console#/{program_id}/reports"},
    )


def _file(digest: str, name: str) -> Response[str]:
    text, content_type = console.asset(digest, name)
    return Response(
        status_code=200,
        content_type=content_type,
        body=text,
        headers={"cache-control": "public, max-age=31536000, immutable"},
        compress=True,
    )
