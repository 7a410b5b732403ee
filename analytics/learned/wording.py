"""Say in sentences what an average over campaigns means: by rules, whatever came out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_lazy, ngettext

from analytics import wording
from analytics.models import LearnedComparison, PooledComparison
from campaign.outcomes import OUTCOMES, Outcome
from messages.models import Frame

STOPPED = "stopped"  # beside the verdicts
CHANGED_PLAN = gettext_lazy(
    "We are not showing a comparison, because the plan in the database is not the one that was frozen."
)
_FEW = 5  # campaigns, of which one more can turn the average
_SURE_TO_DIFFER = 0.1  # Cochran's Q has little power


@dataclass(frozen=True, slots=True)
class KnownSoFar:
    """One paragraph, sentence by sentence, and the contrast that it is about."""

    title: str
    sentences: tuple[str, ...]

    @property
    def paragraph(self) -> str:
        return " ".join(self.sentences)


def contrast_title(treated: str, control: str) -> str:
    """Name a contrast: what the messages appeal to."""
    return gettext("%(treated)s, against %(control)s") % {
        "treated": Frame(treated).label,
        "control": str(Frame(control).label).lower(),
    }


def verdict_label(verdict: str) -> str:
    """Name a verdict by which results are found."""
    return gettext("A message was stopped") if verdict == STOPPED else wording.verdict_name(verdict)


def scale_of(members: Sequence[LearnedComparison]) -> wording.PeopleScale:
    """Return the number of people in which the differences are told: as for the rates of all of them together."""
    pairs = [("treated_n", "treated_events"), ("control_n", "control_events")]
    seen = [sum(getattr(each, n) or 0 for each in members) for n, _events in pairs]
    did = [sum(getattr(each, events) or 0 for each in members) for _n, events in pairs]
    return wording.choose_scale([events / n for n, events in zip(seen, did, strict=True) if n])


def known_so_far(pooled: PooledComparison, members: Sequence[LearnedComparison]) -> KnownSoFar:
    """Say what the average of some campaigns means, on how many it rests, and what would change it."""
    outcome, scale = wording.translate_outcome(OUTCOMES[pooled.outcome]), scale_of(members)
    sentences = (
        _what_it_rests_on(pooled),
        *_result_sentences(members),
        *_average(pooled, outcome, scale),
        _what_would_change_it(pooled),
    )
    return KnownSoFar(contrast_title(pooled.treated, pooled.control), tuple(filter(None, sentences)))


def _what_it_rests_on(pooled: PooledComparison) -> str:
    sentence = ngettext(
        "%(campaigns)s campaign with %(people)s people has compared this.",
        "%(campaigns)s campaigns with %(people)s people in all have compared this.",
        pooled.campaigns,
    ) % {"campaigns": wording.number(pooled.campaigns), "people": wording.number(pooled.people)}
    if pooled.theirs:
        theirs = ngettext(
            "%(n)s of them is another organisation’s.", "%(n)s of them are other organisations’.", pooled.theirs
        )
        return f"{sentence} {theirs % {'n': wording.number(pooled.theirs)}}"
    return sentence


def _result_sentences(members: Sequence[LearnedComparison]) -> Iterator[str]:
    """Every verdict counts: those that found nothing, and those in which a message did worse."""
    found = Counter(each.verdict for each in members if each.verdict)
    if found:
        listed = ", ".join(
            f"{wording.verdict_name(verdict).lower()} {wording.number(count)}" for verdict, count in found.most_common()
        )
        yield gettext("Their verdicts: %(listed)s.") % {"listed": listed}


def _average(pooled: PooledComparison, outcome: Outcome, scale: wording.PeopleScale) -> Iterator[str]:
    if pooled.effect is None or pooled.low is None or pooled.high is None:
        yield (
            gettext("With fewer than two there is no average.")
            if pooled.campaigns < 2
            else wording.translate_reason(pooled.reason)
        )
        return
    values = {
        "people": scale.people,
        "gap": wording.difference_phrase(pooled.effect, scale),
        "phrase": wording.outcome_phrase(outcome, 2),
        "low": scale.signed(pooled.low),
        "high": scale.signed(pooled.high),
        "level": wording.level_text(pooled.level),
    }
    yield (
        gettext(
            "On average, of %(people)s people %(gap)s %(phrase)s than with the control (%(level)s interval "
            "%(low)s to %(high)s)."
        )
        % values
    )
    yield _one_network() if pooled.by_one_network else _direction(pooled.low, pooled.high, outcome)
    yield _next(pooled, scale)
    if pooled.heterogeneity_p is not None and pooled.heterogeneity_p < _SURE_TO_DIFFER:
        yield gettext("The campaigns differ by more than chance explains, so the average hides something.")


def _one_network() -> str:
    return gettext(
        "One network that came to all of these campaigns could have caused that, so we cannot tell yet whether it "
        "makes a difference on average."
    )


def _direction(low: float, high: float, outcome: Outcome) -> str:
    if low <= 0.0 <= high:
        return gettext("So we cannot tell yet whether it makes a difference on average.")
    if outcome.better == "none":
        return gettext("So it makes a difference on average.")
    if (low > 0.0) == (outcome.better == "higher"):
        return gettext("So it works better on average.")
    return gettext("So it backfires on average.")


def _next(pooled: PooledComparison, scale: wording.PeopleScale) -> str:
    if pooled.next_low is None or pooled.next_high is None:
        return ""
    sentence = gettext("In one more campaign like these, the true difference is likely between %(low)s and %(high)s.")
    told = sentence % {"low": scale.signed(pooled.next_low), "high": scale.signed(pooled.next_high)}
    if pooled.next_low <= 0.0 <= pooled.next_high:
        told += " " + gettext("That may be none, or the opposite.")
    return told


def _what_would_change_it(pooled: PooledComparison) -> str:
    if pooled.effect is None or pooled.low is None or pooled.high is None:
        return gettext("A second campaign with the same outcome, contrast and design would give one.")
    if pooled.campaigns < _FEW:
        return gettext("With so few campaigns, a single one more can change this.")
    if pooled.low <= 0.0 <= pooled.high or pooled.by_one_network:
        return gettext("More campaigns like these would change this.")
    return gettext(
        "Several campaigns with the opposite result would change this, or campaigns at other places and in "
        "other languages."
    )
