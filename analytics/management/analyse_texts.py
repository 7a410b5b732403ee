"""Answer for texts of a kind from a table with a column text or set, as `manage.py analyse` shows it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from analytics import wording
from analytics.comparison.compare import Comparison
from analytics.comparison.inputs import Rules
from analytics.comparison.kinds import KindComparison, TextRules, compare_kinds, factorial_kinds
from analytics.comparison.text_means import ArmTexts, TextEstimate, text_estimates
from analytics.csv_analysis.arm_table import ArmTable
from analytics.management.analyse_fields import interval_as_dict, numbers_as_dict, sentence_fields
from analytics.stats import Counts, Estimate
from analytics.stats.texts.looks import last_checkpoint

MOST_SETS, MOST_TEXTS = 18, 200
TERMS = {"victim": "first", "user": "second", "interaction": "interaction", "both-minus-victim": "both_minus_first"}
NOT_YET = "Texts of this kind are judged from a quarter of the planned units on."


class UnusableTexts(ValueError):
    """The columns text and set do not say what was compared. The message is for users."""


@dataclass(frozen=True, slots=True)
class TableTexts:
    """What a table says of texts of a kind; without answers where it is too early."""

    design: str
    weight: float
    kinds: tuple[KindComparison, ...] = ()
    contrasts: tuple[KindComparison, ...] = ()
    texts: tuple[TextEstimate, ...] = ()
    names: tuple[tuple[str, ...], ...] = ()  # of the texts, arm by arm


def answer_for_kinds(table: ArmTable, look: Comparison, rules: Rules, factorial: Sequence[str]) -> TableTexts | None:
    """Answer each comparison for texts of these kinds; None without such a column.

    Raise UnusableTexts if a set lacks an arm, or there are more texts than the methods are made for.
    """
    column = "set" if "set" in table.columns else "text" if "text" in table.columns else ""
    if not column:
        return None
    design = "matched" if column == "set" else "nested"
    counted = {arm: table.by_text(arm, column) for arm in table.arms}
    names = {arm: sorted({text for texts in counted[arm].values() for text in texts}) for arm in table.arms}
    _check(names, matched=design == "matched")
    strata = sorted({stratum for texts in counted.values() for stratum in texts})
    arms = [
        ArmTexts(
            arm,
            {
                stratum: tuple(counted[arm].get(stratum, {}).get(text, Counts(0, 0)) for text in names[arm])
                for stratum in strata
            },
        )
        for arm in table.arms
    ]
    weight = _weight(look, rules)
    if weight is None:
        return TableTexts(design, 0.0)
    last = 1.0 if rules.monitoring == "fixed" else 0.8
    text_rules = TextRules("matched" if column == "set" else "nested", weight, last)
    by_key, counts = {arm.key: arm for arm in arms}, {arm.key: arm for arm in look.arms}
    return TableTexts(
        design=design,
        weight=weight,
        kinds=compare_kinds(look, arms, rules, text_rules),
        contrasts=factorial_kinds(
            [counts[key] for key in factorial],
            [by_key[key] for key in factorial],
            rules,
            text_rules,
            withheld=look.withheld,
        )
        if factorial
        else (),
        texts=text_estimates(arms, rules),
        names=tuple(tuple(names[arm]) for arm in table.arms if len(names[arm]) > 1),
    )


def _check(names: dict[str, list[str]], *, matched: bool) -> None:
    if matched:
        every = sorted({name for each in names.values() for name in each})
        if len(every) > MOST_SETS:
            raise UnusableTexts(f"The column set has {len(every)} sets. At most {MOST_SETS} can be compared.")
        for arm, sets in names.items():
            if missing := sorted(set(every) - set(sets)):
                raise UnusableTexts(
                    f"The set “{missing[0]}” has no row for the arm “{arm}”. Each set needs a row for every arm."
                )
    elif max(len(each) for each in names.values()) > MOST_TEXTS:
        raise UnusableTexts(f"An arm has more than {MOST_TEXTS} texts. Remove the column if it means something else.")


def _weight(look: Comparison, rules: Rules) -> float | None:
    """This look's share of the error; None before the first point, where nothing is judged."""
    if rules.monitoring == "fixed":
        return 1.0
    units = sum(arm.counts.n for arm in look.arms)
    passed = last_checkpoint(units / ((rules.planned_per_arm or 1) * len(look.arms)))
    return passed.weight if passed else None


def texts_as_dict(found: TableTexts, look: Comparison, rules: Rules) -> dict[str, Any]:
    """The part of `analyse --json` about texts of a kind."""
    named = _pair_with_names(found)
    return {
        "design": found.design,
        "weight": found.weight or None,
        "note": "" if found.weight else NOT_YET,
        "comparisons": [
            {
                "treated": row.treated,
                "control": row.control,
                **_row_as_dict(row),
                "sentence": kind_sentence(row, look, rules),
            }
            for row in found.kinds
        ],
        "factorial": [{"term": TERMS[row.treated], **_row_as_dict(row)} for row in found.contrasts],
        "texts": [
            {
                "arm": text.arm,
                "text": name,
                "n": text.n,
                "events": text.events,
                "rate": text.estimate.effect if isinstance(text.estimate, Estimate) else None,
                "interval": interval_as_dict(text.estimate),
            }
            for text, name in named
        ],
    }


def _pair_with_names(found: TableTexts) -> list[tuple[TextEstimate, str]]:
    """Each text with its name in the table; one more is “next”."""
    arms = list(dict.fromkeys(text.arm for text in found.texts))
    return [
        (text, found.names[arms.index(text.arm)][int(text.text) - 1] if text.text.isdigit() else text.text)
        for text in found.texts
    ]


def _row_as_dict(row: KindComparison) -> dict[str, Any]:
    return {
        **numbers_as_dict(row.estimate),
        "p_adjusted": row.p_adjusted,
        "verdict": row.verdict,
        "held": row.hold_reason or None,
        "details": asdict(row.details) if row.details else None,
    }


def kind_sentence(row: KindComparison, look: Comparison, rules: Rules) -> str:
    """Describe what holds for texts of a kind, as the results page does."""
    if not isinstance(row.estimate, Estimate):
        return wording.no_kind_sentence(row.estimate.reason)
    these = next(
        each.verdict for each in look.comparisons if (each.treated, each.control) == (row.treated, row.control)
    )
    details = row.details
    numbers = wording.KindNumbers(
        **sentence_fields(row, row.estimate, rules),
        these=these,
        helps=details.helps if details else "",
        people_factor=details.people_factor if details else None,
        more_texts=details.more_texts if details else None,
    )
    estimated = [rate.effect for rate in look.rates if isinstance(rate, Estimate)]
    design = "matched" if details and details.design == "matched" else "different"
    return wording.kind_sentence(numbers, wording.choose_scale(estimated), design=design)
