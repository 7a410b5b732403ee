"""Every kind of verdict is a sentence in each language of the staff pages, kept as it is in golden/.

`REWRITE=1 .venv/bin/python -m pytest tests/analytics/results/test_verdicts.py` writes the files anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from analytics.looks.evaluate import evaluate
from analytics.models import Analysis, GuardEvent
from analytics.results import build
from analytics.results.headline import KINDS
from campaign.models import AnalysisPlan, Campaign
from tests import world
from tests.analytics.export.golden_files import assert_golden

pytestmark = pytest.mark.django_db
GOLDEN = Path(__file__).with_name("golden")
NOT_SAID = re.compile(r"\bp\b|p-value|valor p|trend|tendencia|significan|significativ|%\(", re.IGNORECASE)
TERM_NOTE = re.compile(r'<div class="term-note"[^>]*>.*?</div>', re.DOTALL)
ALIKE = {"neutral": (20_000, 7_000), "victim": (20_000, 7_010), "user": (20_000, 6_990), "both": (20_000, 7_000)}
PLENTY = {"neutral": (5012, 1354), "victim": (4987, 1596), "user": (5020, 1541), "both": (4981, 1798)}
FEW = {"neutral": (410, 140), "victim": (404, 150), "user": (400, 145), "both": (398, 152)}
TWO = {"neutral": 1, "both": 1}


@world.cached_rows
def looked(counts: dict[str, tuple[int, int]], *, exception: str = "", **options: Any) -> Campaign:
    campaign = world.launched(**options)
    world.tally(campaign, counts)
    evaluate(campaign, now=world.NOON, embargo_exception=exception)
    return campaign


def stopped() -> Campaign:
    campaign = looked(PLENTY)
    both = campaign.arms.get(key="both")
    GuardEvent.objects.create(
        campaign=campaign, arm=both, outcome="annoyed", at=world.NOON, effect=0.05, bound=0.03, margin=0.02
    )
    return campaign


def plan_changed() -> Campaign:
    campaign = looked(PLENTY)
    world.drop_triggers()
    AnalysisPlan.objects.update(level=0.9)
    return campaign


CASES: dict[str, Callable[[], Campaign]] = {
    "plan changed": plan_changed,
    "split broken": lambda: looked(PLENTY | {"both": (3000, 1200)}),
    "too early": lambda: looked(PLENTY, plan={"planned_per_arm": 100_000}),
    "hidden": lambda: looked(dict.fromkeys(PLENTY, (120, 4))),
    "nobody counted": lambda: looked({}, exception="Ana: the funder asked."),
    "nothing to compare": lambda: looked({"both": (500, 200)}, arms={"neutral": 0, "both": 1}),
    "stopped for harm": stopped,
    "better": lambda: looked(PLENTY),
    "worse": lambda: looked(PLENTY | {"user": (5020, 1004)}, plan={"planned_per_arm": 5_000}),
    "less than planned": lambda: looked(
        {"neutral": (40_000, 14_000), "both": (40_000, 14_640)},
        arms=TWO,
        plan={"smallest_difference": 0.03, "planned_per_arm": 40_000},
    ),
    "no meaningful difference": lambda: looked(ALIKE, plan={"planned_per_arm": 20_000}),
    "cannot tell yet": lambda: looked(FEW),
}


def test_there_is_a_case_of_every_kind() -> None:
    assert tuple(CASES) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_verdict_is_a_sentence_in_each_language(kind: str) -> None:
    CASES[kind]()
    told = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            report = build.build(Analysis.objects.get())
            told[language] = f"{report.sentence}\n{report.interval_sentence}\n"
        assert report.kind == kind
        assert not NOT_SAID.search(told[language])
    assert len(set(told.values())) == len(told)
    for language, text in told.items():
        assert_golden(f"{kind.replace(' ', '-')}.{language}.txt", text.encode(), folder=GOLDEN)


@pytest.mark.parametrize("kind", ["better", "worse", "cannot tell yet", "split broken", "too early"])
def test_the_page_has_no_p_value_outside_the_fold_of_the_method(kind: str, client: Client) -> None:
    CASES[kind]()
    world.sign_in(client, world.person("ana", "analyst"))
    for language, _name in settings.LANGUAGES:
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        html = client.get("/campaigns/pilot/results/").content.decode()
        html = TERM_NOTE.sub("", html)  # opens at its term alone, and that of a p-value is in the fold
        before, fold, after = re.split(r'(?s)(<details id="methods">.*?</details>)', html)
        shown = re.sub(r"(?s)<script.*?</script>|<[^>]+>", " ", before + after)
        assert not NOT_SAID.search(shown)
        assert re.search(r"\bp\b|valor p|valores p", re.sub("<[^>]+>", " ", fold))
