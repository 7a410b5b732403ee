"""The JSON export is what was hashed, the PDF can be read back, and both are reproducible."""

from __future__ import annotations

import hashlib
import io
import json

import pypdf
import pypdfium2
import pytest
from django.utils import translation

from campaign.lifecycle import transitions
from campaign.models import Campaign
from campaign.pdf import typeset
from campaign.preregistration import export
from messages.models import Rendition
from messages.review import workflow
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ARABIC = "يمكنك التوقف هنا"
TEMPLATE = [
    *("Study information", "Title", "Authors", "Description", "Hypotheses"),
    *("Design plan", "Study type", "Blinding", "Study design", "Randomization"),
    *("Sampling plan", "Existing data", "Explanation of existing data", "Data collection procedures"),
    *("Sample size", "Sample size rationale", "Stopping rule"),
    *("Variables", "Manipulated variables", "Measured variables", "Indices"),
    *("Analysis plan", "Statistical models", "Transformations", "Inference criteria", "Data exclusion"),
    *("Missing data", "Exploratory analysis", "Other"),
]


def pdf_of(campaign: Campaign) -> bytes:
    return export.as_pdf(export.build_plan_document(Campaign.objects.get(pk=campaign.pk).plan))


def pdf_in_this_process(campaign: Campaign) -> bytes:
    """Return the same bytes as `pdf_of`, without starting a process."""
    told = export.build_plan_document(Campaign.objects.get(pk=campaign.pk).plan)
    return typeset.typeset("plan", json.dumps(export._pdf_values(told)))


def read(pdf: bytes) -> str:
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]
    return " ".join(" ".join(pages).split())


def in_arabic_too(campaign: Campaign) -> None:
    for arm in campaign.arms.all():
        words = Rendition.objects.create(
            revision=arm.first_revision, locale="ar", headline=ARABIC, body="لم يوافق الشخص في الصورة على ذلك."
        )
        workflow.submit(words, now=world.NOON)
        workflow.approve(words, by=None, now=world.NOON)


def test_the_json_is_byte_for_byte_what_was_hashed() -> None:
    plan = world.launched().plan
    assert hashlib.sha256(export.as_json(plan)).hexdigest() == plan.fingerprint


def test_the_json_of_a_draft_says_that_it_is_one_and_saves_nothing() -> None:
    campaign = world.draft()
    told = json.loads(export.as_json(campaign.plan))
    assert "not frozen" in told["DRAFT"]
    assert told["arms"][0]["languages"].keys() == {"en"}
    campaign.refresh_from_db()
    assert (campaign.locales, campaign.plan.canonical) == ([], "")


def test_the_draft_of_a_plan_and_the_plan_promise_the_same() -> None:
    campaign = world.draft()
    draft = json.loads(export.as_json(campaign.plan))
    del draft["DRAFT"]
    assert draft == json.loads(export.as_json(_launch(campaign).plan))


def _launch(campaign: Campaign) -> Campaign:
    transitions.submit(campaign, by=world.person("mara", "manager"))
    world.approve(campaign)
    transitions.launch(campaign, by=world.person("mara"), now=world.NOON)
    return campaign


def test_the_pdf_stands_in_the_order_of_the_template() -> None:
    text = read(pdf_in_this_process(world.launched()))
    at = -1
    for title in TEMPLATE:
        found = text.find(title, at + 1)
        assert found > at, title
        at = found


def test_the_pdf_holds_the_fingerprint_the_words_of_each_arm_and_nobodys_name() -> None:
    campaign = world.launched()
    text = read(pdf_in_this_process(campaign))
    assert campaign.plan.fingerprint in text
    for arm in campaign.arms.all():
        assert arm.first_revision.renditions.get().headline in text
    assert "mara" not in text
    assert "rafael" not in text


@pytest.mark.proof
def test_the_pdf_of_a_draft_says_so_at_its_top_and_on_every_page() -> None:
    pdf = pdf_in_this_process(world.draft())
    for page in pypdf.PdfReader(io.BytesIO(pdf)).pages:
        assert "draft, not frozen" in page.extract_text()
    assert "DRAFT analysis plan" in read(pdf)
    assert "SHA-256 of its canonical JSON" not in read(pdf)


@pytest.mark.proof
def test_arabic_quotes_and_spanish_can_be_read_back() -> None:
    campaign = world.draft()
    campaign.name = "¿Qué frase “funciona”? Año uno"
    campaign.save()
    in_arabic_too(campaign)
    with translation.override("es"):
        text = read(pdf_in_this_process(campaign))
    assert "¿Qué frase “funciona”? Año uno" in text
    assert "Información" in text
    assert ARABIC in text


@pytest.mark.process
@pytest.mark.proof
def test_the_same_plan_makes_the_same_bytes() -> None:
    campaign = world.launched()
    in_arabic_too(campaign)
    assert pdf_of(campaign) == pdf_of(campaign) == pdf_in_this_process(campaign)


@pytest.mark.proof
def test_closing_changes_nothing_in_the_file() -> None:
    campaign = world.launched()
    before = pdf_in_this_process(campaign)
    transitions.close(campaign, by=world.person("mara"), now=world.NOON)
    assert pdf_in_this_process(campaign) == before


@pytest.mark.proof
def test_another_plan_makes_other_bytes() -> None:
    campaign = world.draft()
    before = pdf_in_this_process(campaign)
    campaign.plan.planned_per_arm += 1
    campaign.plan.save()
    assert pdf_in_this_process(campaign) != before
