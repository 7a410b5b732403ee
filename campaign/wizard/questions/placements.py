"""Where should they appear? The placements, and how many messages each is expected to show a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaign.i18n.numbers import format_number
from campaign.lifecycle.launch_checks import ObstacleReason
from campaign.models import Campaign, Placement
from campaign.wizard.questions.base import Answer, Question, QuestionForm, WholeNumberField
from messages.audit import log

MAX_PER_DAY = 100_000_000


@dataclass(frozen=True, slots=True)
class PlacementsAnswer(Answer):
    chosen: tuple[int, ...]  # primary keys
    per_day: Mapping[int, int | None]  # of every placement; None leaves the number as it is


class PlacementsForm(QuestionForm[PlacementsAnswer]):
    places = forms.MultipleChoiceField(
        label=_("Where should they appear?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one place.")},
    )

    def __init__(self, data: Any = None, *, shown: PlacementsAnswer) -> None:
        super().__init__(data, shown=shown)
        self.placements = list(Placement.objects.select_related("partner"))
        self.set_choices("places", [(str(placement.pk), placement.name) for placement in self.placements])
        for placement in self.placements:
            self.fields[f"per_day_{placement.pk}"] = WholeNumberField(
                label=_("Messages a day"),
                required=False,
                min_value=0,
                max_value=MAX_PER_DAY,
                error_messages={"invalid": _("Use a whole number, such as 400, or leave it empty.")},
            )

    def initial_values(self, shown: PlacementsAnswer) -> dict[str, Any]:
        traffic = {f"per_day_{pk}": number or None for pk, number in shown.per_day.items()}  # 0: not known
        return {"places": [str(pk) for pk in shown.chosen], **traffic}

    def answer(self) -> PlacementsAnswer:
        return PlacementsAnswer(
            tuple(int(pk) for pk in self.cleaned_data["places"]),
            {placement.pk: self.cleaned_data[f"per_day_{placement.pk}"] for placement in self.placements},
        )

    def rows(self) -> list[tuple[Placement, bool, Any, list[str]]]:
        """Return placements, ticks, numbers and errors as values: widgets would take ten times as long to render."""
        ticked = {str(key) for key in self["places"].value() or ()}
        fields = [(placement, self[f"per_day_{placement.pk}"]) for placement in self.placements]
        return [
            (placement, str(placement.pk) in ticked, field.value(), [str(error) for error in field.errors])
            for placement, field in fields
        ]


class PlacementsQuestion(Question[PlacementsAnswer, PlacementsForm]):
    key = "places"
    title, short_title = _("Where should they appear?"), _("Where")
    template_name = "campaign/wizard/placements.html"
    form_class = PlacementsForm
    is_required = True
    plan_keys = frozenset({"placements", "network_shares"})
    registration_rows = frozenset({"collection"})
    obstacles = {
        ObstacleReason.NO_PLACEMENT: _("Choose at least one place."),
        ObstacleReason.PLACEMENT_OCCUPIED: _("“%(name)s” already runs at one of these places."),
    }

    def read(self, campaign: Campaign) -> PlacementsAnswer:
        return PlacementsAnswer(
            tuple(campaign.placements.order_by("pk").values_list("pk", flat=True)),
            dict(Placement.objects.values_list("pk", "expected_per_day")),
        )

    def write(self, campaign: Campaign, answer: PlacementsAnswer, *, by: User) -> None:
        campaign.placements.set(Placement.objects.filter(pk__in=answer.chosen))
        for placement in Placement.objects.select_for_update(no_key=True, of=("self",)).order_by("pk"):
            number = answer.per_day.get(placement.pk)
            if number is not None and number != placement.expected_per_day:
                placement.expected_per_day = number
                placement.save(update_fields=["expected_per_day"])
                names = {"ref": placement.key, "label": placement.name, "fields": "expected_per_day"}
                log.record(log.Action.PLACEMENT_CHANGE, by=by, kind=log.ObjectKind.PLACEMENT, **names)

    def is_answered(self, campaign: Campaign) -> bool:
        return campaign.placements.exists()

    def context(self, campaign: Campaign, form: PlacementsForm) -> dict[str, Any]:
        """Add the name of the live campaign at each placement: two cannot run there at once."""
        live = Campaign.objects.filter(state__in=Campaign.LIVE, purpose=campaign.purpose).exclude(pk=campaign.pk)
        running = dict(live.values_list("placements", "name"))
        return {"rows": [(*row, running.get(row[0].pk, "")) for row in form.rows()]}

    def reminder(self, campaign: Campaign) -> str:
        if not campaign.placements.filter(expected_per_day=0).exists():
            return ""
        return gettext("Of some places nobody knows the traffic yet, so how long it takes is a guess.")

    def summarize(self, campaign: Campaign, answer: PlacementsAnswer) -> Iterable[str]:
        for placement in campaign.placements.select_related("partner"):
            per_day = placement.expected_per_day
            names = {"place": placement.name, "partner": placement.partner.name}
            traffic = ngettext("%(number)s message a day", "%(number)s messages a day", per_day)
            yield gettext("%(place)s (%(partner)s), ") % names + (
                traffic % {"number": format_number(per_day)} if per_day else gettext("traffic not known yet")
            )
