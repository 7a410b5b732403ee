"""A new entry in the catalogue of outcomes is all that an outcome needs."""

import pytest
from django.core.exceptions import ValidationError

from analytics.data_inventory import schema
from analytics.fold.fold import fold
from analytics.looks.evaluate import evaluate
from analytics.models import Tally
from analytics.results import build
from campaign.api.schema import build_schema
from campaign.models import PlannedOutcome
from campaign.outcomes import OUTCOMES, RECORDED_OUTCOMES, REPORTED, Outcome, OutcomeAction
from campaign.serving.page_paths import page_path
from tests import world

pytestmark = [pytest.mark.django_db(databases=["default", "audience"]), pytest.mark.slow]
SHARED = Outcome(
    "shared",
    "Told a friend",
    "told a friend",
    better="higher",
    bit=max(outcome.bit or 0 for outcome in OUTCOMES.values()) + 1,
    action=OutcomeAction("feedback", "I told a friend"),
)


@pytest.fixture(autouse=True)
def _outcome_is_in_the_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OUTCOMES, SHARED.key, SHARED)
    monkeypatch.setitem(RECORDED_OUTCOMES, SHARED.key, SHARED)
    monkeypatch.setitem(REPORTED, SHARED.key, SHARED)


def test_it_is_offered_by_the_api_and_by_the_hosted_page() -> None:
    world.launched()
    site = world.AudienceSite()
    assert {"outcome": "shared", "label": "I told a friend"} in site.decide().json["message"]["actions"]
    page = site.get("/m/quiet-page/").body.decode()
    assert '<button class="plain" name="outcome" value="shared          ">I told a friend</button>' in page


def test_its_events_are_accepted_and_counted() -> None:
    world.launched()
    site = world.AudienceSite()
    assert site.report_event(site.new_receipt(), "shared").json == {"accepted": 1}
    form = site.press("/m/quiet-page/", receipt=site.new_receipt(), outcome="shared")
    assert form.headers["Location"] == page_path("quiet-page", "thanks", "en")
    fold(hour=site.hour + 3)
    assert sum(Tally.objects.filter(outcome="shared").values_list("count", flat=True)) == 2


def test_results_compare_it_under_its_name() -> None:
    campaign = world.launched(outcome="shared")
    counts = {"neutral": (400, 80), "victim": (400, 120), "user": (400, 100), "both": (400, 160)}
    world.tally(campaign, counts, outcome="shared")
    report = build.build(evaluate(campaign, now=world.NOON))
    assert report.primary.outcome.name == "Told a friend"
    assert "told a friend" in report.primary.differences[0].sentence


def test_it_is_described_in_the_api_and_in_the_privacy_schema() -> None:
    description = build_schema()["components"]["schemas"]["RecordedOutcome"]
    assert "`shared`: Told a friend" in description["description"]
    schema.tables.cache_clear()
    declared = [table.fields["bits"].what for table in schema.tables() if "bits" in table.fields]
    schema.tables.cache_clear()
    assert len(declared) == 2
    assert all("Told a friend" in what for what in declared)


def test_models_take_what_the_catalogue_holds_and_refuse_the_rest() -> None:
    plan = world.draft().plan
    PlannedOutcome(plan=plan, outcome="shared", role="secondary").full_clean()
    with pytest.raises(ValidationError, match="Value 'never heard of' is not a valid choice"):
        PlannedOutcome(plan=plan, outcome="never heard of", role="secondary").full_clean()
