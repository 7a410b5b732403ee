"""Check every page: reader settings, keyboard, phone size, no foreign requests. Planted faults must be found.

The pages come from the matrix of routes and roles, so a new route is checked without being listed here.
`make test` checks the main pages only (test_main_pages.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Response, Route

from campaign.entrypoints import launcher
from campaign.staff_site import middleware
from tests import route_matrix
from tests.browser import inventory, proof
from tests.browser.inventory import Page
from tests.browser.planted_faults import FAULTS, assert_fault_reported
from tests.browser.proof import Tab
from tests.browser.shared_cast import copy_cast
from tests.installation import new_installation

pytestmark = [pytest.mark.browser, pytest.mark.proof]


@dataclass
class Site:
    """The running installation, with a tab for each role, opened on first use."""

    url: str
    cast: dict[str, Any]
    browser: Browser

    def __post_init__(self) -> None:
        self._tabs: dict[str, tuple[Tab, Tab]] = {}
        self._seen: set[str] = set()

    def tab(self, role: str) -> Tab:
        """Return the desktop tab of a role."""
        return self._tabs_of(role)[0]

    def phone(self, role: str) -> Tab:
        """Return the phone tab of a role."""
        return self._tabs_of(role)[1]

    def _tabs_of(self, role: str) -> tuple[Tab, Tab]:
        if role not in self._tabs:
            context = self.browser.new_context(color_scheme="light")
            context.set_default_timeout(30_000)
            context.add_init_script(proof.WATCH)
            context.route("**/drawn/*/", self._draw)
            cookies = self.cast["cookies"].get(role, {})
            context.add_cookies([{"name": name, "value": cookies[name], "url": self.url} for name in cookies])
            self._tabs[role] = Tab(context.new_page()), Tab(context.new_page())
        return self._tabs[role]

    def _draw(self, route: Route) -> None:
        """Fulfil the request for a page without a path, with the policy of the site. The partner sends no policy."""
        name = route.request.url.rstrip("/").rpartition("/")[2]
        policy = {} if name == "partner" else {"Content-Security-Policy": middleware.STAFF_CSP}
        status = int(name) if name.isdigit() else 200
        route.fulfill(
            body=self.cast["drawn"][name], status=status, content_type="text/html; charset=utf-8", headers=policy
        )

    def close(self) -> None:
        for tab, _ in self._tabs.values():
            tab.page.context.close()

    def way_to(self, page: Page, tab: Tab | None = None) -> Callable[[], Response | None]:
        """Return a function that opens the page in a tab, by default the desktop tab."""
        tab, address = tab or self.tab(page.role), inventory.address(page, self.cast)

        def go() -> Response | None:
            tab.errors.clear()
            try:
                answer = tab.page.goto(self.url + address)
            except Error as reason:
                raise AssertionError(f"{address} cannot be opened ({reason}): {inventory.ADVICE}") from None
            assert answer is not None
            assert answer.status == page.status, f"{address} answers {answer.status}: {inventory.ADVICE}"
            assert answer.headers["content-type"].startswith("text/html"), f"{address} is no page: {inventory.ADVICE}"
            assert not page.route or tab.page.url == self.url + address, f"{address} is sent on: {inventory.ADVICE}"
            tab.ignore_load_error(address if page.status >= 400 else None)
            if page.send:
                tab.page.evaluate("document.querySelectorAll('form').forEach((form) => { form.noValidate = true })")
                with tab.page.expect_navigation():
                    tab.page.get_by_role("button", name=page.send).click()
            return answer

        return go

    def findings(self, page: Page) -> list[str]:
        """Return all faults of a page."""
        return proof.check_page(self.tab(page.role), self.phone(page.role), lambda tab: self.way_to(page, tab))

    def has_news(self, page: Page) -> bool:
        """Return whether the page of this role has content that the fully checked page lacks."""
        first = Page(page.route, inventory.roles_allowed(page.route)[0])
        self._seen.update(self._halves(first))
        new = set(self._halves(page)) - self._seen
        self._seen |= new
        return bool(new)

    def _halves(self, page: Page) -> tuple[str, ...]:
        """Return the two parts of the page as the server sends it."""
        address = self.url + inventory.address(page, self.cast)
        answer = self.tab(page.role).page.context.request.get(address, max_redirects=0)
        return proof.split_main(answer.text()) if answer.status == page.status else (f"{page}: {answer.status}",)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("pages")
    with new_installation(directory, {}) as environment:
        cast = copy_cast(directory)
        with launcher.run_server("tests.browser.long_confirmation:application", environment=environment) as url:
            made = Site(url, cast, browser)
            yield made
            made.close()


@pytest.mark.parametrize("page", inventory.pages(), ids=str)
def test_every_page_is_good(site: Site, page: Page) -> None:
    assert site.findings(page) == []


@pytest.mark.parametrize("page", inventory.other_roles(), ids=str)
def test_it_is_as_good_for_every_other_role(site: Site, page: Page) -> None:
    if site.has_news(page):
        assert proof.quick_check(site.tab(page.role), site.way_to(page)) == []


def test_only_what_changes_with_each_visit_makes_no_news() -> None:
    page = '<title>{0}</title><main><input name="next" value="{0}"><p>{1}</p></main>'
    here, there, other = (proof.split_main(page.format(*words)) for words in (("a", "Go"), ("b", "Go"), ("a", "Stop")))
    assert here == there
    assert (here[0] == other[0], here[1] == other[1]) == (False, True)


def test_the_administration_keeps_to_the_policy_and_calls_nobody(site: Site) -> None:
    tab = site.tab("administrator")
    wrong = {}
    for route in inventory.admin_routes():
        tab.page.goto(site.url + site.cast["addresses"][route])
        wrong[route] = tab.take_errors()
    assert {route: said for route, said in wrong.items() if said} == {}


def test_nothing_is_told_of_a_route_that_is_not_there() -> None:
    known = {route for route, _, _ in route_matrix.expected_outcomes()}
    for part in ("addresses", "states", "sent-empty"):
        assert set(inventory.page_settings()[part]) <= known, part


class TestANewRoute:
    """The messages for an author of a page who has left something out."""

    def test_is_looked_at_without_being_listed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        declared = route_matrix.expected_outcomes()
        new = {("/nobodys/", "GET", role): "forbidden" for _, _, role in declared}
        new |= {("/nobodys/", "GET", role): "allowed" for role in ("manager", "analyst")}
        monkeypatch.setattr(route_matrix, "expected_outcomes", lambda: declared | new)
        assert Page("/nobodys/", "manager") in inventory.pages()
        assert Page("/nobodys/", "analyst") in inventory.other_roles()

    def test_without_a_recipe_for_its_arguments_is_told_what_to_do(self, site: Site) -> None:
        with pytest.raises(LookupError, match=r"/nobodys/<int:pk>/ has no recipe for its arguments: fill them in"):
            site.way_to(Page("/nobodys/<int:pk>/", "manager"))

    def test_that_leads_nowhere_in_the_cast_is_told_so(self, site: Site) -> None:
        with pytest.raises(AssertionError, match=r"/nobodys/7/ answers 404: add it to tests/browser/cast.py"):
            site.way_to(Page("/nobodys/<int:pk>/", "manager", address="/nobodys/7/"))()

    def test_that_is_no_page_is_told_so(self, site: Site) -> None:
        with pytest.raises(AssertionError, match=r"/api/schema/ is no page: .* not_a_page"):
            site.way_to(Page("/api/schema/", "manager"))()

    def test_that_sends_one_on_is_told_so(self, site: Site) -> None:
        with pytest.raises(AssertionError, match=r"/campaigns/pilot is sent on"):
            site.way_to(Page("/campaigns/", "manager", address="/campaigns/pilot"))()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(site: Site, fault: str) -> None:
    sign_in = Page("/sign-in/", "stranger")
    assert_fault_reported(fault, site.tab(sign_in.role), lambda: site.findings(sign_in))
