"""Style sheets and scripts: compressed, readable from any site, and the embed under a name of its content."""

import base64
import gzip
from hashlib import sha384

import pytest

from campaign.placements.pinned_embed import PINNED, STATIC, pinned_embed, pinned_name
from campaign.serving import assets
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])


@pytest.mark.parametrize("name", assets.ASSETS)
def test_an_asset_goes_out_compressed_to_who_takes_it_and_any_site_may_read_it(name: str) -> None:
    site = world.AudienceSite()
    plain = site.get(f"{assets.PREFIX}{name}")
    packed = site.get(f"{assets.PREFIX}{name}", HTTP_ACCEPT_ENCODING="gzip, deflate, br")
    assert plain.body == (STATIC / name).read_bytes() == gzip.decompress(packed.body)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    for answer in (plain, packed):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [("gzip", True), ("br, GZIP;q=0.5", True), ("gzip;q=0", False), ("gzip;q=0.0", False), ("br", False), ("", False)],
)
def test_what_is_refused_is_not_sent(accepted: str, packed: bool) -> None:
    answer = world.AudienceSite().get(f"{assets.PREFIX}embed.js", HTTP_ACCEPT_ENCODING=accepted)
    assert ("Content-Encoding" in answer.headers) is packed


def test_an_answer_of_the_api_is_never_compressed() -> None:
    world.launched()
    asked = b'{"placement": "quiet-page"}'
    answer = world.AudienceSite().request("POST", "/api/v1/decide", asked, HTTP_ACCEPT_ENCODING="gzip")
    assert (answer.status, answer.headers.get("Content-Encoding")) == (200, None)


@pytest.mark.parametrize("name", PINNED)
def test_a_page_can_pin_the_embed_by_its_content(name: str) -> None:
    pinned, site = pinned_embed(name), world.AudienceSite()
    answer = site.get(f"{assets.PREFIX}{pinned.name}")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert pinned.integrity == f"sha384-{base64.b64encode(sha384(answer.body).digest()).decode()}"
    assert site.get(f"{assets.PREFIX}embed-0123456789abcdef.js").headers.get("X-Behind") == "django"


def test_each_version_that_is_kept_has_the_name_of_its_content() -> None:
    for path in assets.COPIES.glob("*"):
        assert path.name == pinned_name(f"embed{path.suffix}", path.read_bytes())
