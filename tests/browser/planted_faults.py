"""Faults to plant in the page to sign in, so that the checks of a page can be seen to find them."""

from collections.abc import Callable

from playwright.sync_api import Route

from campaign.staff_site import middleware
from tests.browser.proof import Tab

# What is put into the page, and one thing that is then said. Scripts and styles are files of their own,
# as the policy asks; "/late.js" and "/more.css" are answered with what stands beside them.
FAULTS = {
    "a field without a label": ('<input type="text">', "", "", "axe label"),
    "pale text": ("", ".card p { color: #aaa }", "", "at a desk: axe color-contrast"),
    "pale text in the dark alone": (
        "", "@media (prefers-color-scheme: dark) { .card p { color: #555 } }", "", "in the dark: axe color-contrast"
    ),
    "pale text the other way round, on a phone in the dark alone": (
        "", "@media (prefers-color-scheme: dark) and (max-width: 480px) { [dir=rtl] .card p { color: #555 } }", "",
        "on a phone: in the dark, the other way round: axe color-contrast",
    ),
    "pale text the other way round, at a desk in the light alone": (
        "", "@media (prefers-color-scheme: light) and (min-width: 900px) { [dir=rtl] .card p { color: #aaa } }", "",
        "at a desk: the other way round: axe color-contrast",
    ),
    "pale text on a phone in the light alone": (
        "", "@media (prefers-color-scheme: light) and (max-width: 480px) { .card p { color: #aaa } }", "",
        "on a phone: axe color-contrast",
    ),
    "an image from elsewhere": ('<img src="https://elsewhere.invalid/x" alt="">', "", "", "the policy forbids img-src"),
    "a script in the page": ("<script>window.x = 1</script>", "", "", "the policy forbids script-src-elem inline"),
    "a style in the page": ('<p style="color: red">x</p>', "", "", "the policy forbids style-src-attr inline"),
    "a banner that comes late": (
        "", "", "const late = document.createElement('p'); late.textContent = 'Late news'; late.style.height = '200px';"
        "new PerformanceObserver((list) => { if (list.getEntriesByName('first-contentful-paint').length)"
        "document.querySelector('main').prepend(late) }).observe({ type: 'paint', buffered: true })",
        "at a desk: the layout shifts by",
    ),
    "a script that fails": ("", "", "throw new Error('broken')", "a script failed: broken"),
    "a script that complains": ("", "", "console.warn('old')", "the console says: old"),
    "a table that is too wide": (
        "<table><tr><td class='w'>wide</td></tr></table>", ".w { min-width: 600px; display: block }", "",
        "on a phone: one must scroll sideways",
    ),
    "a row that is too wide on a very small phone": (
        "<p class='w'>wide</p>", ".w { min-width: 315px }", "", "at 320 px: one must scroll sideways"
    ),
    "a shelf that sticks out from right to left": (
        "<p class='w'>wide</p>", "[dir=rtl] .w { position: relative; left: -90vw }", "",
        "the other way round: one must scroll sideways",
    ),
    "a line that large text breaks": (
        f"<p class='w'>{'a line that does not wrap ' * 6}</p>",
        ".w { white-space: nowrap } .alone { max-width: none }", "", "with text at 200%: one must scroll sideways",
    ),
    "a focus that is not seen": ("", "button:focus-visible { outline: none }", "", "shows no focus"),
    "a button that Tab passes over": ('<button tabindex="-1">Go</button>', "", "", "“Go” is not reached by Tab"),
    "a button for a needle": (
        "<button class='w'>x</button>", ".w { width: 14px; height: 14px; padding: 0 }", "", "too small to touch"
    ),
}  # fmt: skip


def assert_fault_reported(fault: str, tab: Tab, findings: Callable[[], list[str]]) -> None:
    """Plant the fault in the page to sign in, and look at that page in the tab's context."""
    html, css, script, said = FAULTS[fault]
    context = tab.page.context

    def serve_with_fault(route: Route) -> None:
        body = route.fetch().text()
        head = '<link rel="stylesheet" href="/more.css"><script src="/late.js" defer></script></head>'
        route.fulfill(
            body=body.replace("</head>", head).replace("</main>", f"{html}</main>"),
            headers={"Content-Security-Policy": middleware.STAFF_CSP},
            content_type="text/html; charset=utf-8",
        )

    planting = {
        "**/sign-in/": serve_with_fault,
        "**/more.css": lambda route: route.fulfill(body=css, content_type="text/css"),
        "**/late.js": lambda route: route.fulfill(body=script, content_type="text/javascript"),
        "https://elsewhere.invalid/**": lambda route: route.abort(),
    }
    for where, answer in planting.items():
        context.route(where, answer)
    try:
        found = findings()
    finally:
        for where in planting:
            context.unroute(where)
    assert any(said in one for one in found), found
