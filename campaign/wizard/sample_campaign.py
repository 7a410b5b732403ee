"""A sample campaign: a draft in which each question has the recommended answer, to look around in and to change."""

from dataclasses import replace

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from campaign.models import Campaign, Placement
from campaign.placements import changes
from campaign.wizard.answers import create_draft, save_answer
from campaign.wizard.questions import ETHICS, QUESTIONS, SAMPLE_SIZE, HypothesisAnswer
from campaign.wizard.questions.placements import PlacementsQuestion

LEFT_OPEN = ETHICS
EXPECTED_OF_100 = 35.0  # who turn back after the neutral text: an assumption to be changed, as the page says


@transaction.atomic
def create_sample(*, by: User) -> Campaign:
    """Create the draft. It is shown on a page of our own; who agreed to the trial is left for its people to say."""
    name = gettext("Sample: which harm makes people turn back?")
    hypothesis = gettext("Naming both harms makes more people turn back than a neutral text.")
    page = _own_page(by=by)
    draft = create_draft(HypothesisAnswer(name, hypothesis), by=by)
    for question in QUESTIONS[1:]:
        stored = question.read(draft)
        answer = question.suggest(draft, stored, user=by)
        if isinstance(question, PlacementsQuestion):
            answer = replace(answer, chosen=(page.pk,))
        elif question is SAMPLE_SIZE:
            answer = SAMPLE_SIZE.with_computed_size(draft, replace(answer, expected=EXPECTED_OF_100))
        draft = save_answer(draft, question, answer, seen_digest=stored.digest(), by=by)
    return draft


def _own_page(*, by: User) -> Placement:
    """The first placement, or a new one: a page of this site, to which anybody can link."""
    existing = Placement.objects.order_by("pk").first()
    return existing or changes.add_placement(
        Placement(name=gettext("Our own page")), by=by, new_partner=gettext("Our own site")
    )
