"""PURE  Simulate how often the intervals about texts of a kind cover the truth."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from analytics.simulation_study.error_rates import RandomGenerator, draw_counts, is_covered
from analytics.simulation_study.texts import TextCampaign, draw_rates
from analytics.stats import clusters, proportions
from analytics.stats.texts import looks, matched, nested, spread
from analytics.stats.texts.sizing import Design
from analytics.stats.texts.values import Measured, TextMeans, text_means
from analytics.stats.values import Counts, NotEstimable

Trial = Callable[[RandomGenerator], bool]
_PEOPLE = 1_000


def trials() -> Iterator[tuple[str, str, Trial]]:
    """List each interval with its setting and one trial."""
    for texts, between in ((3, 0.03), (4, 0.0), (6, 0.03), (12, 0.03)):
        setting = f"{texts} texts of {_PEOPLE:,} people an arm, {between:.0%} apart"
        yield "texts.nested.difference", setting, partial(_difference, TextCampaign("nested", texts, between))
        yield "texts.matched.difference", setting, partial(_difference, TextCampaign("matched", texts, between))
    yield "texts.nested.difference", "3 texts an arm, those of one arm 6% apart", _one_arm_varies
    yield "clusters.difference, cr2", "the same: 3 texts an arm, those of one arm 6% apart", _one_arm_varies_by_clusters
    yield "texts.matched.mean_over_sets", "8 ratings of sets, 0.3 apart", _ratings
    yield "texts.matched.contrast", "interaction in 4 sets, 3% apart", partial(_interaction, "matched")
    yield "texts.nested.contrast", "interaction, 4 texts an arm, 3% apart", partial(_interaction, "nested")
    for between in (0.0, 0.03):
        setting = f"4 sets, {between:.0%} apart"
        yield "texts.looks.at_look", f"{setting}, five looks together", partial(_five_looks, between)
        yield "texts.looks.no_surer_than", setting, partial(_no_surer, between)
    for sets, between in ((4, 0.01), (4, 0.03), (12, 0.03)):
        setting = f"{sets} sets, {between:.0%} apart"
        yield "texts.spread.between_texts", setting, partial(_between, sets, between)
        yield "texts.spread.new_text", setting, partial(_new_text, sets, between)
        yield "texts.spread.shrunken", setting, partial(_shrunken, sets, between)


def _means(source: RandomGenerator, rates: Sequence[Sequence[float]]) -> TextMeans:
    means = text_means([[draw_counts(source, _PEOPLE, float(p)) for p in arm] for arm in rates])
    assert not isinstance(means, NotEstimable)
    return means


def _difference(campaign: TextCampaign, source: RandomGenerator) -> bool:
    treated, control = _means(source, draw_rates(source, campaign).tolist())
    method = matched.difference if campaign.design == "matched" else nested.difference
    return is_covered(method(treated=treated, control=control), 0.0)


def _arms_of_which_one_varies(source: RandomGenerator) -> list[list[float]]:
    return [source.normal(0.4, 0.06, size=3).tolist(), [0.4] * 3]


def _one_arm_varies(source: RandomGenerator) -> bool:
    treated, control = _means(source, _arms_of_which_one_varies(source))
    return is_covered(nested.difference(treated=treated, control=control), 0.0)


def _one_arm_varies_by_clusters(source: RandomGenerator) -> bool:
    first, second = ([draw_counts(source, _PEOPLE, p) for p in arm] for arm in _arms_of_which_one_varies(source))
    return is_covered(clusters.difference(treated=first, control=second), 0.0)


def _ratings(source: RandomGenerator) -> bool:
    differences = source.normal(0.2, (0.3**2 + 2 * 1.5 / 100) ** 0.5, size=8)
    return is_covered(matched.mean_over_sets(differences.tolist()), 0.2)


def _interaction(design: Design, source: RandomGenerator) -> bool:
    campaign = TextCampaign(design, 4, 0.03)
    rates = [*draw_rates(source, campaign).tolist(), *draw_rates(source, campaign).tolist()]
    contrast = matched.contrast if design == "matched" else nested.contrast
    return is_covered(contrast(_means(source, rates), (1, -1, -1, 1)), 0.0)


def _five_looks(between: float, source: RandomGenerator) -> bool:
    rates, arms = draw_rates(source, TextCampaign("matched", 4, between)), [[Counts(0, 0)] * 4 for _ in range(2)]
    for look in range(1, 6):
        arms = [
            [seen + draw_counts(source, _PEOPLE // 5, float(p)) for seen, p in zip(arm, row, strict=True)]
            for arm, row in zip(arms, rates, strict=True)
        ]
        means = text_means(arms)
        assert not isinstance(means, NotEstimable)
        found = looks.at_look(
            lambda level, pair=means: matched.difference(treated=pair[0], control=pair[1], level=level),  # type: ignore[misc]  # a default
            weight=looks.planned_look_weight(look=look, looks=5),
        )
        if not is_covered(found, 0.0):
            return False
    return True


def _no_surer(between: float, source: RandomGenerator) -> bool:
    rates = draw_rates(source, TextCampaign("matched", 4, between))
    arms = [[draw_counts(source, _PEOPLE, float(p)) for p in arm] for arm in rates]
    means, (first, second) = text_means(arms), (sum(arm, Counts(0, 0)) for arm in arms)
    assert not isinstance(means, NotEstimable)
    kind = matched.difference(treated=means[0], control=means[1])
    these = proportions.difference(treated=first, control=second)
    if isinstance(kind, NotEstimable) or isinstance(these, NotEstimable):
        return True
    return is_covered(looks.no_surer_than(these, kind), 0.0)


def _draw_sets(source: RandomGenerator, sets: int, between: float) -> tuple[list[float], list[Measured]]:
    """True differences of sets about 5 points, and what 1,000 people a text showed of them."""
    truths = source.normal(0.05, between, size=sets)
    error = (2 * 0.24 / _PEOPLE) ** 0.5
    return truths.tolist(), [Measured(float(x), error**2) for x in source.normal(truths, error)]


def _between(sets: int, between: float, source: RandomGenerator) -> bool:
    return is_covered(spread.between_texts([_draw_sets(source, sets, between)[1]]), between)


def _new_text(sets: int, between: float, source: RandomGenerator) -> bool:
    found = spread.new_text([_draw_sets(source, sets, between)[1]])
    assert not isinstance(found, NotEstimable)
    return is_covered(found[0], float(source.normal(0.05, between)))


def _shrunken(sets: int, between: float, source: RandomGenerator) -> bool:
    truths, seen = _draw_sets(source, sets, between)
    found = spread.shrunken([seen])
    assert not isinstance(found, NotEstimable)
    one = int(source.integers(sets))
    return is_covered(found[0][one], truths[one])
