"""The script loads wherever partners put it: pinned, under strict policies, from their own domain, as a library."""

from __future__ import annotations

import base64
import json
from hashlib import sha384

import pytest

from campaign.placements.pinned_embed import STATIC, pinned_embed
from tests.browser.conftest import OpenPage
from tests.browser.test_embed_hostile import EMBED, Origin, Reply, partner, script_of, server, wait_told
from tests.browser.test_embed_tells import REASONS, example, open_page
from tests.waiting import let_pass, wait_in_page_until

__all__ = ["partner", "server"]  # fixtures
pytestmark = pytest.mark.browser

INTEGRITY = f"sha384-{base64.b64encode(sha384(EMBED).digest()).decode()}"
SPOT = '<div id="second-thought"></div>'


@pytest.fixture(autouse=True)
def module(server: Origin) -> None:
    module = (STATIC / "embed.mjs").read_bytes()
    server.replies["/static/campaign/embed.mjs"] = Reply(module, kind="text/javascript")


@pytest.mark.parametrize("bytes_are", ["ours", "others"])
def test_a_pinned_script_runs_only_if_its_bytes_are_ours(
    page: OpenPage, server: Origin, partner: Origin, bytes_are: str
) -> None:
    if bytes_are == "others":
        server.replies["/static/campaign/embed.js"] = Reply(EMBED + b"//", kind="text/javascript")
    tab = page()
    tag = f'<script async src="{script_of(server)}" integrity="{INTEGRITY}" crossorigin data-placement="spot"></script>'
    open_page(tab, partner, f"{SPOT}{tag}")
    if bytes_are == "ours":
        wait_told(tab, "shown")
    else:
        let_pass(tab, 500)
        assert tab.evaluate("harm.told") == []
        assert server.requests() == ["GET /static/campaign/embed.js"]


def test_the_digest_on_the_placements_page_is_that_of_the_script() -> None:
    assert pinned_embed().integrity == INTEGRITY


STRICT = (
    "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; connect-src {}; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types second-thought"
)


def test_strict_dynamic_with_a_nonce_lets_the_tag_run(page: OpenPage, server: Origin, partner: Origin) -> None:
    tab = page()
    tag = f'<script nonce="abc" async src="{script_of(server)}" data-placement="spot"></script>'
    open_page(tab, partner, tag, headers={"Content-Security-Policy": STRICT.format(server.url)})
    assert wait_told(tab, "shown") == ["shown"]
    assert tab.evaluate("harm.errors") == []


@pytest.mark.parametrize("policy", [STRICT, ""], ids=["strict", "none"])
def test_the_handbooks_script_that_makes_the_tag_runs(
    page: OpenPage, server: Origin, partner: Origin, policy: str
) -> None:
    code = example("createPolicy").replace("https://thought.example.org", server.url).replace("your-key", "spot")
    headers = {"Content-Security-Policy": policy.format(server.url)} if policy else {}
    tab = page()
    open_page(tab, partner, f'{SPOT}<script nonce="abc">{code}</script>', headers=headers)
    assert wait_told(tab, "shown") == ["shown"]
    assert tab.locator("#second-thought second-thought").count() == 1
    assert tab.evaluate("harm.errors") == []


def test_a_partner_can_serve_the_script_from_its_own_domain(page: OpenPage, server: Origin, partner: Origin) -> None:
    partner.replies["/ours/embed.js"] = Reply(EMBED, kind="text/javascript")
    tab = page()
    tag = f'<script async src="/ours/embed.js" data-server="{server.url}" data-placement="spot"></script>'
    open_page(tab, partner, tag)
    assert wait_told(tab, "shown") == ["shown"]
    assert server.requests()[0] == "POST /api/v1/decide"


MOUNT = """<script type="module">
  import {{ mount }} from "{url}/static/campaign/embed.mjs";
  window.seen = [];
  window.handle = mount(document.getElementById("second-thought"),
    {{ placement: "spot", locale: "en", onOutcome: (name, reason) => seen.push(name) }});
</script>"""


def test_the_module_shows_a_message_and_tells_a_function(page: OpenPage, server: Origin, partner: Origin) -> None:
    tab = page()
    open_page(tab, partner, SPOT + MOUNT.format(url=server.url))
    tab.get_by_role("button", name="Continue").click()
    wait_in_page_until(tab, lambda: "closed" in tab.evaluate("seen"))
    assert [name for name in tab.evaluate("seen") if name != "exposed"] == ["shown", "continued", "closed"]
    assert tab.evaluate("handle.outcome") == "continued"
    asked = [json.loads(body) for request, body, _ in server.asked if request.endswith("/decide")]
    assert [(one["placement"], one["locale"]) for one in asked] == [("spot", "en")]


def test_mounting_twice_as_react_does_is_one_draw_and_tells_nothing_of_the_first(
    page: OpenPage, server: Origin, partner: Origin
) -> None:
    again = "handle.destroy(); handle = mount(document.getElementById('second-thought'), {{ placement: 'spot' }});"
    tab = page()
    tab.add_init_script(REASONS)
    twice = MOUNT.replace("</script>", f"{again}</script>").format(url=server.url)
    open_page(tab, partner, SPOT + twice)
    tab.get_by_role("heading", name="You can stop here.").wait_for()
    assert tab.evaluate("harm.told") == ["shown"]
    assert tab.evaluate("seen") == []
    assert server.requests().count("POST /api/v1/decide") == 1
