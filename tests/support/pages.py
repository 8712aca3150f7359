"""What a page of HTML consists of, and what its policy allows."""

from collections.abc import Iterator
from html.parser import HTMLParser

from loyalty.edge.console import HtmlPage


class Parts(HTMLParser):
    """The elements of a page, and the text of those that hold scripts and styles."""

    def __init__(self, page: HtmlPage) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[tuple[str, dict[str, str | None], str]] = []
        self._text = ""
        self.feed(page.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._text = ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"} and self._text:
            self.inline.append((tag, self.elements[-1][1], self._text))

    def attributes(self, name: str) -> Iterator[str]:
        for _, attributes in self.elements:
            if found := attributes.get(name):
                yield found


def directives(page: HtmlPage) -> dict[str, list[str]]:
    parts = (part.split() for part in page.policy.split(";"))
    return {name: sources for name, *sources in parts}
