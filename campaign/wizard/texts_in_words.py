"""Describe how many texts a plan needs, and by how much they may differ, in words."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaign.i18n.numbers import format_number, format_per_hundred, format_rounded_per_hundred
from campaign.wizard.presets import Text
from campaign.wizard.sample_size import (
    TEXT_COUNTS,
    TEXT_SPREADS,
    NoSampleSize,
    SampleSize,
    SampleSizeInputs,
    fewest_texts,
    people_by_spread,
    people_by_texts,
)

_MOST = 1_000_000  # people; more are not told apart
SPREAD_LABELS: dict[str, tuple[Text, Text]] = {
    "matched": (
        gettext_lazy("How many out of 100 may the difference vary by between sets?"),
        gettext_lazy(
            "For about two in three sets, the difference is this close to the mean. An earlier campaign "
            "may help. If you leave it empty, we use 3."
        ),
    ),
    "different": (
        gettext_lazy("How many out of 100 may the texts of one message differ by?"),
        gettext_lazy(
            "About two in three texts are this close to their mean. An earlier campaign may help. If you "
            "leave it empty, we use 3."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class TextsRow:
    """A row of the table: how many people a number of texts takes, for each spread."""

    texts: str
    people: tuple[str, ...]
    is_planned: bool


@dataclass(frozen=True, slots=True)
class TextsTable:
    """The people in all by the texts of each arm and by how much these differ."""

    spreads: tuple[str, ...]  # of 100
    rows: tuple[TextsRow, ...]
    is_matched: bool


def describe_texts(size: SampleSize | NoSampleSize, inputs: SampleSizeInputs) -> TextsTable | None:
    """Describe what more or fewer texts would take; None for one text in each arm."""
    if isinstance(size, NoSampleSize) or not inputs.text_design:
        return None
    counts = sorted({*TEXT_COUNTS, *([inputs.texts] if inputs.texts > 1 else [])})
    spreads = sorted({*TEXT_SPREADS, inputs.text_spread})
    rows = [
        TextsRow(
            _count(row.texts, inputs),
            tuple(map(_people, row.people)),
            row.texts == inputs.texts and not inputs.text_pairs,
        )
        for row in people_by_texts(inputs, counts=counts, spreads=spreads)
    ]
    if inputs.text_pairs:
        people = people_by_spread(inputs, spreads=spreads)
        rows.insert(counts.index(inputs.texts) + 1, TextsRow(_planned(inputs), tuple(map(_people, people)), True))
    return TextsTable(
        spreads=tuple(_("by %(spread)s") % {"spread": format_number(round(spread * 100, 4))} for spread in spreads),
        rows=tuple(rows),
        is_matched=inputs.text_design == "matched",
    )


def describe_too_few_texts(size: SampleSize, inputs: SampleSizeInputs | None) -> str:
    """Say that no number of people is enough for messages of this kind, and what would be; empty if one is."""
    if inputs is None or not size.is_for_these_texts_alone:
        return ""
    values = {"texts": _planned(inputs), "spread": format_per_hundred(inputs.text_spread)}
    alone = _(
        "This many people can tell you what these texts do, but not what messages of this kind do. "
        "With %(texts)s that differ by %(spread)s, no number of people is enough."
    )
    said = [alone % values]
    if more := fewest_texts(inputs):
        enough = (
            _("With %(texts)s for each message, %(people)s people in total would be enough.")
            if inputs.text_pairs
            else _("With %(texts)s, %(people)s people in total would be enough.")
        )
        said.append(enough % {"texts": _count(more.texts, inputs), "people": _people(more.people[0])})
    if size.detectable_difference is not None:
        larger = _("With the texts and people you have, you can see a difference of %(shown)s or more.")
        said.append(larger % {"shown": format_rounded_per_hundred(size.detectable_difference)})
    return " ".join(said)


def describe_spread(design: str, spread: float) -> str:
    """Say by how much texts may differ, for the page with all answers."""
    values = {"spread": format_per_hundred(spread)}
    if design == "matched":
        return _("The difference may vary by %(spread)s between sets.") % values
    return _("Texts of one message may differ by %(spread)s.") % values


def _people(people: int | None) -> str:
    if people is None:
        return _("never")
    return format_number(people) if people <= _MOST else _("over %(people)s") % {"people": format_number(_MOST)}


def _planned(inputs: SampleSizeInputs) -> str:
    """The texts of each message: "3 texts", or "2 to 8 texts" where their numbers differ."""
    if not inputs.text_pairs:
        return _count(inputs.texts, inputs)
    numbers = [texts for pair in inputs.text_pairs for texts in pair]
    values = {"least": format_number(min(numbers)), "most": format_number(max(numbers))}
    return _("%(least)s to %(most)s texts") % values


def _count(texts: int, inputs: SampleSizeInputs) -> str:
    if inputs.text_design == "matched":
        return ngettext("%(count)s set", "%(count)s sets", texts) % {"count": format_number(texts)}
    return ngettext("%(count)s text", "%(count)s texts", texts) % {"count": format_number(texts)}
