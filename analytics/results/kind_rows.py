"""Add to an outcome what holds for texts of a kind, and its texts one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from analytics import wording
from analytics.models import Estimate
from analytics.report_rows import DifferenceRow, KindDetails, KindRow, OutcomeBlock, TextResultRow
from campaign.models import AnalysisPlan
from campaign.outcomes import OUTCOMES

# Points of a plan that may be watched at any time: analytics.stats.texts.looks.
_POINTS = [0.25, 0.5, 0.75, 1.0]


def with_kinds(
    block: OutcomeBlock, estimates: Sequence[Estimate], plan: AnalysisPlan, scale: wording.PeopleScale
) -> OutcomeBlock:
    """Add both answers to the block of an outcome, if the plan has several texts an arm."""
    if not plan.texts:
        return block
    arms = {e.treated.key: e.treated for e in estimates} | {e.control.key: e.control for e in estimates if e.control}
    sizes = {key: len(arm.texts.all()) for key, arm in arms.items()}
    differences = tuple(replace(row, sentence=_with_basis(row.sentence, row, plan, sizes)) for row in block.differences)
    texts = tuple(_text_row(e, plan) for e in estimates if e.kind == Estimate.Kind.TEXT)
    of_these = {(row.treated, row.control): row for row in differences}
    hidden = any(row.n is None for row in texts if row.text.isdigit())
    kinds = [
        _kind_row(e, of_these[e.treated.key, e.control.key], plan, scale, hidden=hidden)
        for e in estimates
        if e.kind == Estimate.Kind.DIFFERENCE and e.about == Estimate.About.KIND and e.control
    ]
    return replace(
        block,
        differences=differences,
        design=plan.texts,
        kinds=tuple(kinds),
        texts=() if hidden else texts,
        kind_note="" if kinds else wording.wait_for_texts_sentence(_points(plan)),
    )


def _points(plan: AnalysisPlan) -> list[float]:
    """The shares of the planned people at which texts of a kind are judged."""
    if plan.monitoring == AnalysisPlan.Monitoring.FIXED:
        return [1.0]
    if plan.monitoring == AnalysisPlan.Monitoring.GROUP_SEQUENTIAL:
        return [float(share) for share in plan.looks]
    return _POINTS


def _with_basis(told: str, row: DifferenceRow, plan: AnalysisPlan, sizes: Mapping[str, int]) -> str:
    if row.effect is None or row.verdict == Estimate.Verdict.WITHHELD:
        return told
    return wording.these_texts_sentence(
        told, design=plan.texts, texts=sizes[row.treated], control_texts=sizes[row.control]
    )


def _kind_row(
    e: Estimate, these: DifferenceRow, plan: AnalysisPlan, scale: wording.PeopleScale, *, hidden: bool
) -> KindRow:
    details = KindDetails(**e.texts) if e.texts else None
    if hidden:
        told = wording.hidden_kind_sentence()
    elif e.effect is None or e.low is None or e.high is None:
        told = wording.no_kind_sentence(e.reason)
    else:
        numbers = wording.KindNumbers(
            outcome=OUTCOMES[e.outcome],
            these=these.verdict,
            verdict=e.verdict,
            effect=e.effect,
            low=e.low,
            high=e.high,
            level=plan.level,
            p_value=e.p_value,
            p_adjusted=e.p_adjusted,
            smallest_difference=e.smallest_difference,
            reason=e.reason,
            helps=details.helps if details else "",
            people_factor=details.people_factor if details else None,
            more_texts=details.more_texts if details else None,
        )
        told = wording.kind_sentence(numbers, scale, design=plan.texts)
    both = these.sentence if e.verdict == Estimate.Verdict.WITHHELD else f"{these.sentence} {told}"
    shared = asdict(these) | {
        "effect": e.effect,
        "low": e.low,
        "high": e.high,
        "p_value": e.p_value,
        "p_adjusted": e.p_adjusted,
        "verdict": e.verdict,
        "verdict_name": wording.verdict_name(e.verdict),
        "sentence": both,
        "more_per_arm": None,
        "more_per_arm_low": None,
        "more_per_arm_high": None,
        "reason": wording.translate_reason(e.reason),
        "method": e.method,
        "hidden": hidden,
    }
    ordered = OUTCOMES[e.outcome].kind == "ordered"
    sentences = [
        wording.unequal_numbers_sentence(details.texts, details.control_texts)
        if details and details.decided_by == "banerjee"
        else "",
        _differing(details, scale, plan.level) if details and not ordered else "",
    ]
    return KindRow(**shared, details=details, differing=" ".join(filter(None, sentences)))


def _differing(details: KindDetails, scale: wording.PeopleScale, level: float) -> str:
    """How much texts differ, and where one more set would lie."""
    sentences = []
    if details.spread is not None:
        sentences.append(
            wording.spread_sentence(
                details.spread, details.spread_low, details.spread_high, scale, design=details.design, level=level
            )
        )
    if details.next_low is not None and details.next_high is not None:
        sentences.append(wording.next_set_sentence(details.next_low, details.next_high, scale))
    return " ".join(sentences)


def _text_row(e: Estimate, plan: AnalysisPlan) -> TextResultRow:
    return TextResultRow(
        arm=e.treated.key,
        arm_name=e.treated.name,
        frame=e.treated.frame,
        text=e.term,
        name=wording.text_name(plan.texts, e.term),
        n=e.n,
        events=e.events,
        rate=e.effect,
        low=e.low,
        high=e.high,
    )
