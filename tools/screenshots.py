"""The pictures of docs/screens: of a demo's pages, in Chinese and English, at a desk and on a phone.

    uv run python tools/screenshots.py --home var/demo

Serves the home by itself and signs in with the logins that the demo printed. A picture is NAME-zh.png, NAME-en.png,
NAME-zh-phone.png or NAME-en-phone.png; with names as arguments, only theirs are taken. Ends with an error if a login
fails, a step of the way to a page is missing, a page is wider than the screen or logs an error.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

ROOT = Path(__file__).parents[1]
SCREENS = ROOT / "docs" / "screens"
SIZES = {"": (1440, 900), "-phone": (390, 844)}
"""The ends of names, and the screens."""
HIGHEST = 2
"""A picture shows at most so many screens of a page."""
COLOURS = 128
LANGUAGES = {"zh": "zh-CN", "en": "en-US"}
PORT = 8719
SECONDS = 30
MANAGER, COUNTER, BRANCH, BANK = "relationship_manager", "vip_counter", "branch_manager", "personal_banking"


class Way(NamedTuple):
    """How somebody of a post gets to a page: the address where it begins, and what is clicked or done from there."""

    post: str
    address: str
    steps: tuple[str | Callable[[Page], None], ...] = ()


def ready(page: Page) -> None:
    """Wait until the page and what it fetches by itself are there."""
    page.wait_for_load_state("networkidle")
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


def served(page: Page) -> None:
    """Ask for the first customer's telephone number, and open the service card with it as at the counter."""
    page.locator("#tab-archive").click()
    ready(page)
    page.locator("form.reveal summary").first.click()
    page.locator("form.reveal [name=why]").first.fill("客户到柜台,核对电话")
    page.locator("form.reveal .btn").first.click()
    number = page.locator(".revealed").first
    number.wait_for()
    phone = re.sub(r"\D", "", number.inner_text())
    page.goto(f"{page.url.split('/customers/')[0]}/reception/")
    page.locator("#number").fill(phone)
    page.locator("#number").press("Enter")
    page.locator("[data-card-until]").wait_for()


def uploaded(page: Page) -> None:
    """Upload a workbook about the first customers, with mistakes as people make them, and have it checked."""
    links = [link.get_attribute("href") or "" for link in page.locator("#rows a[href*='/customers/P']").all()]
    numbers = list(dict.fromkeys(re.findall(r"/customers/(P\d+)/", " ".join(links))))
    rows = [
        f"{number if place % 9 else ''},{'21' if place % 7 == 3 else 210000 + 7 * place},{number.lower()}@example.com,南京"
        for place, number in enumerate(numbers)
    ]
    page.goto(f"{page.url.split('/customers/')[0]}/imports/")
    content = "\n".join(["客户号,邮政编码,电子邮箱,籍贯", *rows]).encode("gb18030")
    page.locator("[type=file]").set_input_files(
        {"name": "客户信息收集表.csv", "mimeType": "text/csv", "buffer": content}
    )
    page.locator("form[enctype] .btn-primary").click()
    ready(page)
    mapping = page.locator("form:has([name^=column-]) .btn-primary")
    mapping.wait_for()
    mapping.click()
    page.locator("#found").wait_for()


FIRST = ("#rows a",)
PICTURES = {
    "benefits": Way(BRANCH, "portfolios/benefits/"),
    "board": Way(BRANCH, "team/"),
    "book": Way(BRANCH, "grading/books/", ("table a",)),
    "campaign": Way(BANK, "campaigns/", ("tbody a",)),
    "cockpit": Way(BRANCH, "cockpit/"),
    "complaints": Way(BRANCH, "complaints/"),
    "completeness": Way(BRANCH, "archive/"),
    "customer": Way(MANAGER, "customers/", FIRST),
    "days": Way(BRANCH, "portfolios/days/"),
    "distribution": Way("rm_supervisor", "grading/"),
    "effects": Way(BANK, "cockpit/effects/?period=days"),
    "facts": Way(MANAGER, "customers/", (*FIRST, "#tab-archive", "#archive h3 a")),
    "filtered": Way(BRANCH, "customers/?f=sex:F&f=birth_date:5&c=hobbies&c=phone&c=primary&c=known"),
    "found-segments": Way(BANK, "segments/found/"),
    "form": Way(BRANCH, "forms/", ("table a",)),
    "import": Way(BRANCH, "customers/", (uploaded,)),
    "inter-branch": Way(MANAGER, "lists/inter_branch/?days=30"),
    "introductions": Way(BRANCH, "introductions/"),
    "lists": Way(MANAGER, "lists/"),
    "lost": Way("rm_supervisor", "cockpit/?period=days", ("[data-headline=lost]",)),
    "migration": Way(BRANCH, "grading/migration/"),
    "missing": Way(MANAGER, "lists/missing/"),
    "near": Way(BRANCH, "grading/near/"),
    "occasions": Way(MANAGER, "occasions/"),
    "pair": Way(BRANCH, "duplicates/", ("table a.btn",)),
    "portfolios": Way(BRANCH, "portfolios/"),
    "products": Way(BRANCH, "cockpit/?measure=products&period=days"),
    "public": Way(BRANCH, "forms/", ("table a", "#link")),
    "question": Way(BANK, "questions/build/?example=grades"),
    "reception": Way(COUNTER, "reception/"),
    "referrals": Way(BRANCH, "portfolios/referrals/"),
    "relations": Way(BRANCH, "households/", ("table a",)),
    "segment": Way(BANK, "segments/build/?example=idle"),
    "service-card": Way("lobby_manager", "customers/", (*FIRST, served)),
    "today": Way(MANAGER, ""),
    "whatif": Way(BRANCH, "grading/what-if/"),
}
"""The pictures by name."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*PICTURES, []], metavar="NAME")
    parser.add_argument("--home", type=Path, default=Path("var/demo"))
    parser.add_argument("--out", type=Path, default=SCREENS)
    asked = parser.parse_args()
    names = asked.names or list(PICTURES)
    asked.out.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    logins = {row["post"]: row for row in json.loads((asked.home / "demo.json").read_text(encoding="utf-8"))}
    wrong: list[str] = []
    with serving(asked.home) as url, sync_playwright() as playwright:
        for language, locale in LANGUAGES.items():
            browser = playwright.chromium.launch(
                executable_path=chromium,
                args=["--no-sandbox", f"--lang={locale}"],
                env={**os.environ, "LANGUAGE": locale.replace("-", "_")},
            )
            for post in sorted({PICTURES[name].post for name in names}):
                own = [name for name in names if PICTURES[name].post == post]
                wrong += visit(browser, url, logins[post], language, own, asked.out)
            browser.close()
    sys.exit("\n".join(wrong) or None)


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """The home's pages on a port of this machine; their address."""
    command = [sys.executable, "-m", "weihu.cli", "--home", str(home), "serve", "--port", str(PORT)]
    with tempfile.TemporaryFile() as said, subprocess.Popen(command, stderr=said, stdout=said) as process:
        try:
            yield f"http://127.0.0.1:{PORT}"
        finally:
            process.terminate()


def visit(browser: Browser, url: str, login: dict[str, str], language: str, names: list[str], out: Path) -> list[str]:
    """Take some pictures with one login; what went wrong."""
    wrong: list[str] = []
    context = browser.new_context(locale=LANGUAGES[language], viewport=_viewport(""))
    page = context.new_page()
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    try:
        sign_in(page, url, login)
    except Error:
        return [f"{login['staff_id']}: the login was refused"]
    for name in names:
        way = PICTURES[name]
        page.set_viewport_size(_viewport(""))
        try:
            page.goto(f"{url}/{way.address}")
            ready(page)
            for step in way.steps:
                take(page, step)
            for end, (width, height) in SIZES.items():
                page.set_viewport_size(_viewport(end))
                page.wait_for_timeout(600)  # charts draw anew, at their own time
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    wrong.append(f"{name} {language}: wider than {width} pixels")
                # a screen as high as the page, so that what stays at a screen's end stands at the picture's
                tall = page.evaluate("document.documentElement.scrollHeight")
                page.set_viewport_size({"width": width, "height": min(max(tall, height), height * HIGHEST)})
                page.wait_for_timeout(300)
                keep(page.screenshot(), out / f"{name}-{language}{end}.png")
        except (Error, AssertionError) as error:
            wrong.append(f"{name} {language}: {str(error).splitlines()[0]}")
    context.close()
    return wrong


def take(page: Page, step: str | Callable[[Page], None]) -> None:
    """One step: what is clicked, or a field whose address is gone to, or something that is done."""
    if callable(step):
        step(page)
    else:
        place = page.locator(step).first
        place.wait_for()
        if place.evaluate("node => node.tagName") == "INPUT":
            page.goto(place.input_value())
        else:
            place.click()
    ready(page)


def keep(shot: bytes, path: Path) -> None:
    """Write a picture with few colours, which the eye does not miss."""
    with Image.open(io.BytesIO(shot)) as picture:
        few = picture.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(path, optimize=True)


def sign_in(page: Page, url: str, login: dict[str, str]) -> None:
    for _ in range(SECONDS):  # until the server answers
        try:
            page.goto(f"{url}/login/")
            break
        except Error:
            page.wait_for_timeout(1000)
    page.fill("#id_username", login["staff_id"])
    page.fill("#id_password", login["password"])
    page.press("#id_password", "Enter")
    page.wait_for_url(lambda address: "/login/" not in address)
    ready(page)


def _viewport(end: str) -> dict[str, int]:  # playwright's own type
    width, height = SIZES[end]
    return {"width": width, "height": height}


if __name__ == "__main__":
    main()
