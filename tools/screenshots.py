"""Pictures of the demo's pages, in both languages, at desktop and phone width.

    make demo                                      # in another terminal
    uv run python tools/screenshots.py docs/screens --home var/demo

Signs in with every login that the demo printed; ends with an error if a login fails or a page logs one.
"""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright

WIDTHS = {"desktop": 1440, "phone": 390}
LANGUAGES = {"zh": "zh-CN", "en": "en-US"}
PAGES = {
    "relationship_manager": ("today", "lists", "maturities", "customers", "customer", "facts", "occasions", "evening", "cockpit"),
    "high_counter": ("today", "reception", "customer"),
    "branch_manager": (
        "today", "customers", "filtered", "segments", "segment", "customer", "completeness", "imports", "forms", "form", "public", "households", "relations",
        "duplicates", "pair", "complaints", "complaint", "rights", "board", "morning", "evening", "log", "introductions",
        "campaigns", "campaign", "messages", "cockpit", "days", "distribution", "migration", "near", "whatif", "book",
        "portfolios", "referrals", "benefits",
    ),
    "personal_banking": ("customers", "cockpit", "effects"),
    "it_operator": ("runs", "run"),
}  # fmt: skip

ADDRESSES: dict[str, tuple[str, ...]] = {
    "today": ("",),
    "customers": ("customers/",),
    "filtered": ("customers/?f=sex:F&f=birth_date:5&c=hobbies&c=phone&c=primary&c=known",),
    "customer": ("customers/", "#rows a"),
    "segments": ("segments/",),
    "segment": ("segments/build/?example=idle",),
    "facts": ("customers/", "#rows a", "#tab-archive", "#archive .section a"),
    "relations": ("households/", "table a"),
    "rights": ("customers/", "#rows a", "#tab-compliance"),
    "completeness": ("archive/",),
    "imports": ("imports/",),
    "forms": ("forms/",),
    "form": ("forms/", "table a"),
    "public": ("forms/", "table a", "#link"),
    "households": ("households/",),
    "duplicates": ("duplicates/",),
    "pair": ("duplicates/", "table a.btn"),
    "complaints": ("complaints/",),
    "complaint": ("complaints/?part=open", "table a"),
    "occasions": ("occasions/",),
    "board": ("team/",),
    "morning": ("team/morning/",),
    "evening": ("team/evening/",),
    "log": ("team/log/",),
    "introductions": ("introductions/",),
    "campaigns": ("campaigns/",),
    "campaign": ("campaigns/", "table a"),
    "messages": ("messages/",),
    "cockpit": ("cockpit/",),
    "effects": ("cockpit/effects/",),
    "lists": ("lists/",),
    "maturities": ("lists/", "table tr:nth-child(3) a"),
    "reception": ("reception/",),
    "days": ("portfolios/days/",),
    "distribution": ("grading/",),
    "migration": ("grading/migration/",),
    "near": ("grading/near/",),
    "whatif": ("grading/what-if/",),
    "book": ("grading/books/", "table a"),
    "portfolios": ("portfolios/",),
    "referrals": ("portfolios/referrals/",),
    "benefits": ("portfolios/benefits/",),
    "runs": ("runs/",),
    "run": ("runs/", "table a"),
}
"""Where a page is, and what is clicked on the way to it; a field with an address is gone to."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--home", type=Path, default=Path("var/demo"))
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    logins = json.loads((asked.home / "demo.json").read_text(encoding="utf-8"))
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    wrong: list[str] = []
    with sync_playwright() as playwright:
        for language, locale in LANGUAGES.items():
            arguments = ["--no-sandbox", f"--lang={locale}"]
            browser = playwright.chromium.launch(
                executable_path=chromium, args=arguments, env={**os.environ, "LANGUAGE": locale.replace("-", "_")}
            )
            for login in logins:
                wrong += visit(browser.new_context(locale=locale), asked.url, login, language, asked.out)
            browser.close()
    sys.exit("\n".join(wrong) or None)


def visit(context: BrowserContext, url: str, login: dict[str, str], language: str, out: Path) -> list[str]:
    """One login's pages; what went wrong on them."""
    wrong: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    sign_in(page, url, login)
    if page.locator("#id_password").count():
        return [f"{login['staff_id']}: the login was refused"]
    for name in PAGES.get(login["post"], ("today",)):
        if not go(page, url, name):
            wrong.append(f"{login['post']} {name} {language}: nothing to click on the way to it")
            continue
        for width_name, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(400)  # charts draw anew
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong.append(f"{login['post']} {name} {language}: wider than {width} pixels")
            page.screenshot(path=out / f"{name}-{login['post']}-{language}-{width_name}.png", full_page=name != "facts")
    context.close()
    return wrong


def sign_in(page: Page, url: str, login: dict[str, str]) -> None:
    page.goto(f"{url}/")
    page.fill("#id_username", login["staff_id"])
    page.fill("#id_password", login["password"])
    page.press("#id_password", "Enter")
    page.wait_for_load_state("networkidle")


def go(page: Page, url: str, name: str) -> bool:
    """Open a page the way a person does; whether there was one to open."""
    address, *clicks = ADDRESSES[name]
    page.goto(f"{url}/{address}")
    for target in clicks:
        place = page.locator(target).first
        if not place.count():
            return False
        if place.evaluate("node => node.tagName") == "INPUT":
            page.goto(place.input_value())
        else:
            place.click()
        page.wait_for_load_state("networkidle")
    return True


if __name__ == "__main__":
    main()
