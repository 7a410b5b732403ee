"""What stands on a record in English, read in Spanish."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import translation

from analytics.guardrails import harm_stop
from campaign.lifecycle import arm_pauses
from campaign.placements import changes
from messages.i18n import recorded_sentences
from messages.i18n.recorded_sentences import translate_recorded
from tests import world


def test_what_the_program_wrote_is_read_in_the_language_of_the_reader() -> None:
    written = arm_pauses._ARM_PAUSED.format(arm="Harm (to both)")
    with translation.override("es"):
        assert translate_recorded(written) == "Se pausó el brazo «Harm (to both)»."
    with translation.override("en"):
        assert translate_recorded(written) == written == "The arm “Harm (to both)” was paused."


def test_an_outcome_within_a_sentence_is_translated_too() -> None:
    with translation.override("es"):
        assert "annoyed" not in translate_recorded(harm_stop._CROSSED.format(outcome="Was annoyed")).lower()


def test_what_a_person_wrote_stays_as_it_is() -> None:
    with translation.override("es"):
        assert translate_recorded("The arm was paused by mistake.") == "The arm was paused by mistake."


def test_each_declared_sentence_has_a_translation_with_the_same_gaps() -> None:
    assert changes._TOLD["leave_url"] in recorded_sentences._templates
    with translation.override("es"):
        for template in recorded_sentences._templates:
            translated = translation.gettext(template)
            assert translated != template
            assert set(recorded_sentences._GAP.findall(translated)) == set(recorded_sentences._GAP.findall(template))


@pytest.mark.django_db
def test_the_plan_of_a_campaign_says_a_pause_in_spanish(client: Client) -> None:
    campaign = world.launched()
    mara = world.person("mara", "manager")
    arm_pauses.pause_arm(campaign.arms.get(key="both"), reason="Too hard to read.", by=mara, now=world.NOON)
    world.sign_in(client, mara)
    page = client.get("/campaigns/pilot/plan/", headers={"Accept-Language": "es"}).content.decode()
    assert "Se pausó el brazo" in page
    assert "Too hard to read." in page
    assert "was paused" not in page
