"""How to read the factorial: why four messages, which groups each comparison takes, the interaction on both scales.

As the extension of CONSORT 2010 to factorial trials asks (Kahan et al. 2023, JAMA 330:2106).
"""

from math import exp, fsum, log, sqrt

from django.utils.translation import gettext

from analytics import wording
from analytics.report_rows import EffectRange, OutcomeBlock, RateRow
from analytics.results.build import Report
from analytics.results.effect_texts import ratio_text
from analytics.stats.numerics.critical_values import critical_z
from campaign.models import AnalysisPlan

_WEIGHTS = {"neutral": 1.0, "victim": -1.0, "user": -1.0, "both": 1.0}


def factorial_sentences(report: Report, plan: AnalysisPlan) -> list[str]:
    """Return the sentences below the contrasts; none where there are no contrasts."""
    if not report.factorial:
        return []
    arms = {row.frame: row for row in report.primary.rates}
    sentences = [
        gettext(
            "Why four messages: two harms, each named or not, give four combinations. Everybody who sees one of them "
            "informs both questions, so the trial needs about half as many people as two separate trials."
        ),
        _groups_sentence(arms["victim"], arms["both"], arms["neutral"], arms["user"]),
        _groups_sentence(arms["user"], arms["both"], arms["neutral"], arms["victim"]),
    ]
    ratio = None if plan.clusters else odds_interaction(report.primary, report.level)
    if ratio is not None:
        sentences.append(
            gettext(
                "Both together, compared with their product: the odds are multiplied by a further %(ratio)s. 1 would "
                "mean that the two harms multiply. This is as for a single look, with its %(level)s interval."
            )
            % {"ratio": ratio_text(ratio), "level": wording.level_text(report.level)}
        )
    sentences.append(
        gettext(
            "The averages, the separate comparisons and “both together” are always shown. No test of “both together” "
            "decides which of them is read: the plan did, before launch."
        )
    )
    return sentences


def odds_interaction(block: OutcomeBlock, level: float) -> EffectRange | None:
    """Return the ratio of the odds ratios of the two harms, with Woolf's interval; None where a cell is empty."""
    cells = [(_WEIGHTS[row.frame], row.n, row.events) for row in block.rates if row.frame in _WEIGHTS]
    counts = [(weight, events, n - events) for weight, n, events in cells if n is not None and events is not None]
    if len(counts) != len(_WEIGHTS) or any(min(did, did_not) <= 0 for _, did, did_not in counts):
        return None
    effect = fsum(weight * log(did / did_not) for weight, did, did_not in counts)
    half = critical_z(level) * sqrt(fsum(1 / did + 1 / did_not for _, did, did_not in counts))
    return EffectRange(exp(effect), exp(effect - half), exp(effect + half))


def _groups_sentence(first: RateRow, second: RateRow, third: RateRow, fourth: RateRow) -> str:
    names = {"first": first.name, "second": second.name, "third": third.name, "fourth": fourth.name}
    values = names | {"with": _people(first, second), "without": _people(third, fourth)}
    return gettext(
        "%(harm)s: “%(first)s” and “%(second)s” (%(with)s) are compared with “%(third)s” and “%(fourth)s” "
        "(%(without)s)."
    ) % (values | {"harm": wording.term_name(first.frame)})


def _people(first: RateRow, second: RateRow) -> str:
    people = None if first.n is None or second.n is None else first.n + second.n
    return wording.people_text(people)
