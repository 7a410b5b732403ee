"""Read from a plan what its sample size rests on."""

from collections.abc import Sequence
from typing import Literal

from campaign.models import AnalysisPlan, Arm
from campaign.wizard.sample_size import SampleSizeInputs, comparison_count

DEFAULT_SPREAD = 0.03  # by how much texts may differ, as a share, where nobody said it
_DESIGNS: dict[str, Literal["", "matched", "nested"]] = {"": "", "matched": "matched", "different": "nested"}


def sample_size_inputs(
    plan: AnalysisPlan,
    arms: Sequence[Arm],
    *,
    expected_rate: float,
    smallest_difference: float,
    text_spread: float | None,
    per_day: int = 0,
    placements: int = 0,
    planned_people: int | None = None,
) -> SampleSizeInputs:
    """Return the assumptions of a plan with a yes/no outcome, for these arms with their texts."""
    weights = {arm.key: arm.weight for arm in arms}
    texts = {arm.key: sum(text.stopped_at is None for text in arm.texts.all()) for arm in arms}
    pairs = [pair for pair in plan.pairs if {*pair} <= set(weights)]
    text_pairs = tuple((texts[pair.treated], texts[pair.control]) for pair in pairs)
    differs = plan.texts == AnalysisPlan.Texts.DIFFERENT and any(one != other for one, other in text_pairs)
    return SampleSizeInputs(
        expected_rate=expected_rate,
        smallest_difference=smallest_difference,
        weights=tuple(weights.values()),
        per_day=per_day,
        pairs=tuple((weights[pair.treated], weights[pair.control]) for pair in pairs),
        comparisons=comparison_count(plan.comparisons, plan.correction),
        level=plan.level,
        power=plan.power,
        monitoring=plan.monitoring,
        spending=plan.spending,
        # Of a block of hours, each message has as much as of a day.
        within="day" if plan.has_hour_periods else str(plan.period or plan.strata or plan.clusters),
        design_effect=plan.design_effect or 1.0,
        placements=placements,
        text_design=_DESIGNS[str(plan.texts)],
        texts=min(texts.values(), default=1),
        text_pairs=text_pairs if differs else (),
        text_spread=(DEFAULT_SPREAD if text_spread is None else text_spread) if plan.texts else 0.0,
        planned_people=planned_people,
    )
