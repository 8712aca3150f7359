"""Take pictures of views of the console on the cloud that is up, at desk and phone width.

    python -m local.screenshots home reports/trend --role analyst --program corner-coffee

`--live` serves scripts and styles from this checkout instead of from the build.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Route, ViewportSize, sync_playwright

from local.living import living_cloud, run_command
from local.people import STAFF_ROLES
from local.token import fresh_token
from loyalty.edge import console
from tools.chromium import chromium

WIDTHS = {
    "desk": ViewportSize(width=1280, height=900),
    "phone": ViewportSize(width=390, height=844),
}


def main(arguments: list[str]) -> None:
    options = _options(arguments)
    cloud = living_cloud()
    program_id = options.program or cloud.record["program_id"]
    token = fresh_token(options.role, program_id)
    browser = chromium()
    options.into.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=browser.path, args=browser.arguments, env=browser.environment
        )
        context = running.new_context(color_scheme=options.scheme, locale="en-GB")
        if options.live:
            context.route("**/console/assets/**", _from_checkout)
        for view in options.views:
            page = context.new_page()
            page.goto(
                console.link(cloud.record["api_url"], program_id=program_id, view=view, token=token)
            )
            page.wait_for_selector("main:not([aria-busy]) h1")
            page.wait_for_load_state("networkidle")
            for name, size in WIDTHS.items():
                page.set_viewport_size(size)
                file = options.into / f"{view.replace('/', '-')}-{name}.png"
                page.screenshot(path=file, full_page=True)
                print(file)
            page.close()
        running.close()


def _options(arguments: list[str]) -> Any:
    parser = argparse.ArgumentParser(description="Take pictures of views of the console.")
    parser.add_argument("views", nargs="+", help="home, reports/trend, …")
    parser.add_argument("--role", default="manager", choices=STAFF_ROLES)
    parser.add_argument("--program", default="")
    parser.add_argument("--scheme", default="light", choices=["light", "dark"])
    parser.add_argument("--into", type=Path, default=Path(".local/screenshots"))
    parser.add_argument("--live", action="store_true")
    return parser.parse_args(arguments)


def _from_checkout(route: Route) -> None:
    _, _, rest = route.request.url.partition("/console/assets/")
    name = rest.partition("/")[2]
    route.fulfill(body=console.text_of(name), content_type=console.MEDIA[name.rpartition(".")[2]])


if __name__ == "__main__":
    sys.exit(run_command(main))
