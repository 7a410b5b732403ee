"""Results of a campaign whose arms have several texts give both answers, and the verdict is the second."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import translation
from django.utils.html import strip_tags

from analytics.looks.evaluate import evaluate
from analytics.models import Analysis
from analytics.notifications.events import is_decided
from analytics.results import build
from analytics.results.look_summaries import look_summaries
from campaign.lifecycle import transitions
from tests import world
from tests.analytics.looks.test_texts import NEUTRAL, VICTIM, TextCounts, looked

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
IN_THESE = (
    "With these 4 sets of texts: Of 100 people who saw the message about harm to the victim, 50 turned back; 7 more "
)
IN_THESE += "than with the neutral text (5 to 9)."
FEW_DID_IT: TextCounts = {"neutral": NEUTRAL, "victim": [*VICTIM[:3], (1000, 6)]}


def page() -> str:
    client = Client()
    world.sign_in(client, world.person("ana", "analyst"))
    return re.sub(r"\s+", " ", strip_tags(client.get("/campaigns/pilot/results/").content.decode()))


def api(look: int = 1) -> dict[str, Any]:
    client = Client()
    world.sign_in(client, world.person("ana", "analyst"))
    told: dict[str, Any] = client.get(f"/api/v1/campaigns/pilot/analyses/{look}/").json()
    return told


def report(*options: str) -> str:
    output = io.StringIO()
    with redirect_stdout(output):
        call_command("report", "pilot", *options, stdout=output)
    return re.sub(r"\s+", " ", output.getvalue())


class TestTheHeadline:
    def test_says_what_holds_in_these_sets_and_for_messages_of_this_kind(self) -> None:
        told = build.build(looked())
        assert told.sentence == f"{IN_THESE} For messages of this kind: 7 more in 100 (4 to 10)."
        assert (
            "the first for the exact texts that were shown, the second for messages of this kind"
            in told.interval_sentence
        )

    def test_says_that_it_cannot_tell_and_what_would_help(self) -> None:
        assert build.build(looked("different")).sentence == (
            IN_THESE.replace("With these 4 sets of texts", "With these 4 texts of each message")
            + (
                " We cannot tell yet whether that holds for messages of this kind (−2 to 16). More texts "
                "would help, but more people would not. About 6 texts of each message would be enough, "
                "each with as many people as now."
            )
        )

    def test_names_the_method_where_numbers_of_texts_differ(self) -> None:
        mara = world.person("mara", "manager")
        campaign = world.draft(arms={"neutral": 1, "victim": 1}, texts=4, plan={"planned_per_arm": 4000})
        campaign.arms.get(key="victim").texts.get(position=3).delete()
        transitions.submit(campaign, by=mara)
        world.approve(campaign)
        transitions.launch(campaign, by=mara, now=world.NOON - timedelta(days=1))
        world.tally_texts(campaign, {"neutral": NEUTRAL, "victim": [*VICTIM[:2], (2000, 1010)]})
        (row,) = build.build(evaluate(campaign, now=world.NOON)).primary.kinds
        assert row.method == "banerjee over texts"
        assert row.differing.startswith(
            "The messages have unequal numbers of texts (3 and 4), so Banerjee’s method was used instead of Welch’s."
        )

    def test_says_when_the_kind_is_judged_while_it_has_not_been(self) -> None:
        counts: Mapping[str, Sequence[tuple[int, int]]] = {
            "neutral": [(200, 80)] * 4, "victim": [(200, 110)] * 4
        }  # fmt: skip
        told = build.build(looked(counts=counts, monitoring="always-valid", looks=[0.1, 1.0]))
        assert told.sentence.endswith(
            "Results for messages of this kind are judged at 25%, 50%, 75%, 100% of the planned people "
            "and stay the same in between."
        )
        assert told.primary.kinds == ()

    def test_says_that_a_count_of_one_text_is_too_small(self) -> None:
        told = build.build(looked(counts=FEW_DID_IT))
        assert told.sentence.endswith(
            "We cannot tell yet for messages of this kind, because a count for one text is too small to be shown."
        )
        assert told.primary.texts == ()

    def test_stands_in_the_list_of_campaigns(self) -> None:
        analysis = looked()
        summary = look_summaries([analysis.campaign])[analysis.campaign_id]
        assert summary.sentence == build.build(analysis).sentence

    def test_is_spanish_for_who_reads_spanish(self) -> None:
        analysis = looked()
        with translation.override("es"):
            told = build.build(analysis).sentence
        assert told.startswith("Con estos 4 conjuntos de textos: ")
        assert "Para los mensajes de este tipo: " in told


def test_a_campaign_is_decided_once_messages_of_this_kind_are() -> None:
    assert is_decided(looked())


def test_a_campaign_is_not_decided_by_these_texts_alone() -> None:
    assert not is_decided(looked("different"))


class TestThePage:
    def test_shows_both_answers_and_each_text(self) -> None:
        looked()
        told = page()
        for words in (
            "Results for messages of this kind",
            "The verdict is based on this answer.",
            "Differences between these exact texts",
            "Text by text",
            "Do not pick the best one",
            "One more like these",
            "Neutral, Set 1: 40 of 100",
        ):
            assert words in told, words

    def test_puts_the_method_in_its_fold(self) -> None:
        looked()
        told = page()
        for words in (
            "Student’s t over sets decides",
            "In one more set like these",
            "Sign-flip p 0.125. With this many sets it cannot be below 0.125.",
            "t over sets",
        ):
            assert words in told, words

    @pytest.mark.parametrize(
        ("monitoring", "looks", "covers"),
        [
            ("always-valid", [0.1, 1.0], "The interval that holds at every look covers these exact texts only."),
            (
                "group-sequential",
                [0.5, 1.0],
                "The repeated intervals of the planned looks cover these exact texts only.",
            ),
        ],
    )
    def test_says_which_of_both_answers_the_monitoring_covers(
        self, monitoring: str, looks: list[float], covers: str
    ) -> None:
        looked(monitoring=monitoring, looks=looks)
        told = page()
        assert covers in told
        assert "judged at a few points only" in told

    def test_of_one_text_an_arm_speaks_of_no_kind(self) -> None:
        campaign = world.launched(plan={"planned_per_arm": 100})
        world.tally(campaign, dict.fromkeys(("neutral", "victim", "user", "both"), (200, 80)))
        evaluate(campaign, now=world.NOON)
        assert "of this kind" not in page()


class TestFiles:
    def test_the_api_has_both_answers_and_each_text(self) -> None:
        looked()
        block = api()["estimates"][0]
        (kind,) = block["kinds"]
        assert (kind["verdict"], kind["effect"], kind["details"]["texts"]) == ("better", 0.07, 4)
        assert [(row["arm"], row["text"], row["n"]) for row in block["texts"]][:2] == [
            ("neutral", "1", 1000),
            ("neutral", "2", 1000),
        ]

    def test_the_report_has_both_as_words_and_as_json(self) -> None:
        looked()
        told = report()
        assert "Differences, for messages of this kind" in told
        assert "Each text, adjusted towards the others of its message" in told
        (primary, *_) = json.loads(report("--json"))["outcomes"]
        assert (primary["design"], primary["kinds"][0]["verdict"]) == ("matched", "better")

    def test_nothing_hidden_is_in_any_of_them(self) -> None:
        looked(counts=FEW_DID_IT)
        assert "0.006" not in json.dumps(api())
        block = api()["estimates"][0]
        assert (block["texts"], block["kinds"][0]["effect"], block["kinds"][0]["hidden"]) == ([], None, True)
        assert Analysis.objects.get().release.texts is None
