"""The samples of the handbook and the real React, Vue, Turbo and htmx, which `npm ci` installs pinned by hash."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from embed.build import EXAMPLES, install_packages
from tests.browser.conftest import OpenPage
from tests.browser.test_embed_hostile import Origin, Reply, partner, script_of, server, wait_told
from tests.browser.test_embed_tells import open_page
from tests.waiting import let_pass, wait_in_page_until

__all__ = ["partner", "server"]  # fixtures
pytestmark = pytest.mark.browser
SAMPLES = ["react/main.tsx", "vue/main.ts", "typescript/main.ts"]


@pytest.fixture(scope="module")
def tools() -> Path:
    """The programs of the pinned packages."""
    try:
        return install_packages()
    except (OSError, subprocess.CalledProcessError) as reason:
        pytest.skip(f"npm brought no packages here ({reason})")


def bundle(tools: Path, text: str, *, server: Origin) -> str:
    """A script with all that it imports, as a partner's build makes it, for our test server."""
    command = [str(tools / "esbuild"), "--bundle", "--format=esm", "--jsx=automatic", "--target=es2022"]
    command += ["--define:process.env.NODE_ENV='development'", "--define:__VUE_OPTIONS_API__=true"]
    command += ["--define:__VUE_PROD_DEVTOOLS__=false", "--define:__VUE_PROD_HYDRATION_MISMATCH_DETAILS__=false"]
    made = subprocess.run(command, input=text, cwd=EXAMPLES, capture_output=True, text=True, check=True).stdout
    return made.replace("https://thought.example.org", server.url).replace("your-key", "spot")


def draws(server: Origin) -> int:
    return server.requests().count("POST /api/v1/decide")


def open_sample(tab: Page, tools: Path, sample: str, server: Origin, partner: Origin) -> None:
    script = bundle(tools, f'import "./{sample}"', server=server)
    partner.replies["/app.js"] = Reply(script, kind="text/javascript")
    style = "<style>#app { min-height: 1430px }</style>"
    open_page(tab, partner, f'{style}<div id="app"></div><script type="module" src="/app.js"></script>')


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_shows_one_message_and_opens_its_tool_after_the_answer(
    page: OpenPage, tools: Path, server: Origin, partner: Origin, sample: str
) -> None:
    tab = page()
    open_sample(tab, tools, sample, server, partner)
    assert wait_told(tab, "exposed") == ["shown", "exposed"]
    assert (draws(server), tab.locator("second-thought").count(), tab.locator("form").count()) == (1, 1, 0)
    tab.get_by_role("button", name="Continue").click()
    expect(tab.locator("form")).to_have_text("Your tool")
    assert tab.locator("second-thought").count() == 0
    wait_in_page_until(tab, lambda: len(server.events()) == 3)
    assert sorted(outcome for outcome, _ in server.events()) == ["continued", "dwell", "exposed"]
    assert (tab.evaluate("harm.errors"), tab.evaluate("harm.shift")) == ([], 0)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_opens_its_tool_when_there_is_no_message(
    page: OpenPage, tools: Path, server: Origin, partner: Origin, sample: str
) -> None:
    server.replies["/api/v1/decide"] = Reply("oops", 500)
    tab = page()
    open_sample(tab, tools, sample, server, partner)
    expect(tab.locator("form")).to_have_text("Your tool")
    assert tab.evaluate("harm.errors") == []


CALLS = {  # what a partner may write, and whether TypeScript refuses it
    '{ placement: "key", display: "cover", timeout: 900, onOutcome: (name) => name === "left" }': False,
    '{ placement: "key", locale: undefined }': False,
    "{}": True,
    '{ placement: "key", display: "over" }': True,
    '{ placement: "key", onOutcome: (name) => name === "gone" }': True,
}


def test_typescript_takes_the_samples_and_tells_right_calls_from_wrong_ones(tools: Path, tmp_path: Path) -> None:
    for number, call in enumerate(CALLS):
        text = f'import {{ mount }} from "second-thought/embed.mjs";\nmount(document.body, {call}).destroy();\n'
        (tmp_path / f"call-{number}.ts").write_text(text, encoding="utf-8")
    settings = json.loads((EXAMPLES / "tsconfig.json").read_text(encoding="utf-8"))
    included = [str(EXAMPLES / path) for path in settings["include"]]
    config = {"extends": str(EXAMPLES / "tsconfig.json"), "include": [*included, str(tmp_path / "*.ts")]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(config), encoding="utf-8")
    command = [str(tools / "tsc"), "--pretty", "false", "--project", str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    refused = {Path(line.split("(")[0]).name for line in said.splitlines() if line[:1].strip()}
    assert refused == {f"call-{number}.ts" for number, is_wrong in enumerate(CALLS.values()) if is_wrong}, said


def tag(server: Origin) -> str:
    source = script_of(server)
    return f'<div id="spot"></div><script async src="{source}" data-placement="spot" data-target="#spot"></script>'


def serve_two_pages(tools: Path, package: str, links: str, server: Origin, partner: Origin) -> str:
    """A page with the tag and one without; the body of the first."""
    partner.replies["/host.js"] = Reply(bundle(tools, package, server=server), kind="text/javascript")
    head = '<!doctype html><meta charset="utf-8"><title>Host</title><script type="module" src="/host.js"></script>'
    partner.replies["/other"] = Reply(f"{head}<body><h1>Other page</h1>{links}", kind="text/html")
    return f'<script type="module" src="/host.js"></script>{links}{tag(server)}'


def test_turbo_draws_once_for_preview_and_page_and_keeps_no_message(
    page: OpenPage, tools: Path, server: Origin, partner: Origin
) -> None:
    links = '<a id="go" href="/other">Other</a>'
    body = serve_two_pages(tools, 'import "@hotwired/turbo"', links, server, partner)
    tab = page()
    open_page(tab, partner, body)
    wait_told(tab, "exposed")
    tab.locator("#go").click()
    tab.get_by_role("heading", name="Other page").wait_for()
    assert tab.locator("second-thought").count() == 0
    tab.go_back()
    wait_in_page_until(tab, lambda: tab.evaluate("harm.told.filter((name) => name === 'shown').length") >= 2)
    let_pass(tab, 500)
    assert (draws(server), tab.locator("second-thought").count()) == (1, 1)
    assert tab.evaluate("Boolean(document.querySelector('second-thought').shadowRoot)")
    assert [outcome for outcome, _ in server.events()].count("exposed") == 1


def test_htmx_shows_the_same_words_in_a_part_and_after_going_back(
    page: OpenPage, tools: Path, server: Origin, partner: Origin
) -> None:
    partner.replies["/part"] = Reply(f"<h2>A part</h2>{tag(server)}", kind="text/html")
    links = (
        '<button hx-get="/part" hx-target="#area">Part</button><div id="area"></div>'
        '<a id="go" hx-get="/other" hx-target="body" hx-push-url="true">Other</a>'
    )
    body = serve_two_pages(tools, 'import "htmx.org"', links, server, partner).replace(tag(server), "")
    tab = page()
    open_page(tab, partner, body)
    tab.get_by_role("button", name="Part").click()
    wait_told(tab, "exposed")
    tab.locator("#go").click()
    tab.get_by_role("heading", name="Other page").wait_for()
    tab.go_back()
    tab.get_by_role("heading", name="A part").wait_for()
    wait_in_page_until(tab, lambda: tab.evaluate("Boolean(document.querySelector('second-thought')?.shadowRoot)"))
    assert (draws(server), tab.locator("second-thought").count()) == (1, 1)
