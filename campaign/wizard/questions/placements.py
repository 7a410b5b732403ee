"""Where should they appear? The placements, and how many messages each is expected to show a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaign.assignment.slots import SLOTS
from campaign.i18n.numbers import format_number
from campaign.lifecycle.launch_checks import ObstacleReason
from campaign.lifecycle.placement_sharing import describe_sharing
from campaign.models import Campaign, Placement
from campaign.wizard.questions.base import Answer, Question, QuestionForm, WholeNumberField
from messages.audit import log

MAX_PER_DAY = 100_000_000
ADD_PLACE = "add-place"  # the button that leads to the form of a new placement, and back here


@dataclass(frozen=True, slots=True)
class PlacementsAnswer(Answer):
    chosen: tuple[int, ...]  # primary keys
    per_day: Mapping[int, int | None]  # of every placement; None leaves the number as it is
    first_slot: int = 1  # of 100 views
    last_slot: int = SLOTS


class PlacementsForm(QuestionForm[PlacementsAnswer]):
    places = forms.MultipleChoiceField(
        label=_("Where should the messages appear?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one placement.")},
    )

    first_slot = WholeNumberField(
        label=_("First slot"),
        required=False,
        min_value=1,
        max_value=SLOTS,
        error_messages={
            "invalid": _("Enter a whole number from 1 to 100."),
            "min_value": _("Enter a whole number from 1 to 100."),
            "max_value": _("Enter a whole number from 1 to 100."),
        },
    )
    last_slot = WholeNumberField(
        label=_("Last slot"),
        required=False,
        min_value=1,
        max_value=SLOTS,
        error_messages={
            "invalid": _("Enter a whole number from 1 to 100."),
            "min_value": _("Enter a whole number from 1 to 100."),
            "max_value": _("Enter a whole number from 1 to 100."),
        },
    )

    def __init__(self, data: Any = None, *, shown: PlacementsAnswer) -> None:
        super().__init__(data, shown=shown)
        self.fields["places"].required = data is None or data.get("do") != ADD_PLACE
        self.placements = list(Placement.objects.select_related("partner"))
        self.set_choices("places", [(str(placement.pk), placement.name) for placement in self.placements])
        for placement in self.placements:
            self.fields[f"per_day_{placement.pk}"] = WholeNumberField(
                label=_("Messages per day"),
                required=False,
                min_value=0,
                max_value=MAX_PER_DAY,
                error_messages={"invalid": _("Enter a whole number, such as 400, or leave it empty.")},
            )

    def initial_values(self, shown: PlacementsAnswer) -> dict[str, Any]:
        traffic = {f"per_day_{pk}": number or None for pk, number in shown.per_day.items()}  # 0: not known
        slots = {"first_slot": shown.first_slot, "last_slot": shown.last_slot}
        return {"places": [str(pk) for pk in shown.chosen], **traffic, **slots}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if {"first_slot", "last_slot"} & set(self.errors):
            return values
        first, last = values.get("first_slot") or 1, values.get("last_slot") or SLOTS
        values |= {"first_slot": first, "last_slot": last}
        if first > last:
            self.add_error("last_slot", _("The last slot must not come before the first."))
        return values

    @property
    def is_shared(self) -> bool:
        """Whether less than all slots were chosen, or something typed there has to be mended."""
        typed = {name: str(self[name].value() or "") for name in ("first_slot", "last_slot")}
        return typed["first_slot"] not in ("", "1") or typed["last_slot"] not in ("", str(SLOTS))

    def answer(self) -> PlacementsAnswer:
        return PlacementsAnswer(
            tuple(int(pk) for pk in self.cleaned_data["places"]),
            {placement.pk: self.cleaned_data[f"per_day_{placement.pk}"] for placement in self.placements},
            self.cleaned_data["first_slot"],
            self.cleaned_data["last_slot"],
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
    title, short_title = _("Where should the messages appear?"), _("Where")
    template_name = "campaign/wizard/placements.html"
    form_class = PlacementsForm
    is_required = True
    plan_keys = frozenset({"placements", "network_shares", "slots"})
    registration_rows = frozenset({"collection"})
    obstacles = {
        ObstacleReason.NO_PLACEMENT: _("Choose at least one placement."),
        ObstacleReason.PLACEMENT_OCCUPIED: _("“%(name)s” is already running at one of these placements."),
        ObstacleReason.SLOTS: _("Placements that show one message at a time cannot be shared."),
    }

    def read(self, campaign: Campaign) -> PlacementsAnswer:
        return PlacementsAnswer(
            tuple(campaign.placements.order_by("pk").values_list("pk", flat=True)),
            dict(Placement.objects.values_list("pk", "expected_per_day")),
            campaign.first_slot,
            campaign.last_slot,
        )

    def write(self, campaign: Campaign, answer: PlacementsAnswer, *, by: User) -> None:
        campaign.placements.set(Placement.objects.filter(pk__in=answer.chosen))
        campaign.first_slot, campaign.last_slot = answer.first_slot, answer.last_slot
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
        """Add the live campaigns at each placement, with their slots: two run there at once if they share it."""
        live = Campaign.objects.filter(state__in=Campaign.LIVE, purpose=campaign.purpose).exclude(pk=campaign.pk)
        running: dict[int, list[Campaign]] = {}
        for other in live.prefetch_related("placements").order_by("first_slot", "pk"):
            for placement in other.placements.all():
                running.setdefault(placement.pk, []).append(other)
        return {"rows": [(*row, running.get(row[0].pk, [])) for row in form.rows()]}

    def follow_up(self, campaign: Campaign, action: str, *, by: User) -> str:
        """Go to the form of a new placement, which leads back to this question."""
        if action != ADD_PLACE:
            return ""
        return f"{reverse('placements:add')}?{urlencode({'campaign': campaign.slug})}"

    def reminder(self, campaign: Campaign) -> str:
        if not campaign.placements.filter(expected_per_day=0).exists():
            return ""
        return gettext("The traffic of some placements is not known yet, so the duration is a guess.")

    def summarize(self, campaign: Campaign, answer: PlacementsAnswer) -> Iterable[str]:
        for placement in campaign.placements.select_related("partner"):
            per_day = placement.expected_per_day
            names = {"place": placement.name, "partner": placement.partner.name}
            traffic = ngettext("%(number)s message a day", "%(number)s messages a day", per_day)
            yield gettext("%(place)s (%(partner)s), ") % names + (
                traffic % {"number": format_number(per_day)} if per_day else gettext("traffic not known yet")
            )
        yield from describe_sharing(campaign)
