"""Designs of published trials from which a new campaign can start: their arms, and what counts as one unit."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from campaign.models import AnalysisPlan, Campaign
from campaign.wizard import arms, presets, text_design
from campaign.wizard.draft import DEFAULT_LOOKS, edit_draft, ensure_plan
from campaign.wizard.presets import Text
from campaign.wizard.revision_choice import missing_frames, selectable_revisions
from messages.audit.verified_before import verified_before
from messages.models import Frame, Revision
from messages.review import workflow

MOST_THEMES = 4
_HARMS = ("user", "victim", "both")
_BENCHMARKS = ("law", "help")  # themes of the starter library


@dataclass(frozen=True, slots=True)
class Design:
    """A design to start from. `source` names the trials that it follows; `hypothesis` is a sentence to begin with."""

    key: str
    name: Text
    about: Text
    source: str
    hypothesis: Text
    apply: Callable[[Campaign], None]
    missing: Callable[[], Collection[str]]  # what has no approved text yet, in words
    more_comparisons: tuple[tuple[str, str], ...] = ()  # beside each arm with the control


def _use_preset(key: str) -> Callable[[Campaign], None]:
    return lambda campaign: arms.apply_preset(campaign, key)


def _missing_of_preset(key: str) -> Callable[[], list[str]]:
    return lambda: [str(Frame(frame).label) for frame in dict.fromkeys(missing_frames(presets.PRESETS[key]))]


def _texts_of_themes(frames: Collection[str]) -> dict[str, list[Revision]]:
    """Return one approved text for each theme, by frame."""
    texts: dict[str, dict[int, Revision]] = {frame: {} for frame in frames}
    for revision in selectable_revisions(frames):
        of_frame, theme = texts[revision.message.frame], revision.message.theme_id
        if theme not in of_frame and len(of_frame) < MOST_THEMES and workflow.approved_locales(revision):
            of_frame[theme] = revision
    return {frame: list(found.values()) for frame, found in texts.items()}


def _use_themes(campaign: Campaign) -> None:
    """Compare themes of the frame that has most of them, the first of the harms where several have as many."""
    texts = max(_texts_of_themes(_HARMS).values(), key=len)
    if len(texts) < 2:
        raise arms.NoApprovedMessage(_HARMS[:1])
    arms.replace_arms(campaign, arms.one_text_each(texts))


def _missing_themes() -> list[str]:
    return [] if _has_themes(_HARMS) else [str(Frame(_HARMS[0]).label)]


@verified_before
def _has_themes(frames: tuple[str, ...]) -> bool:
    """Whether one of these frames has approved texts of two themes; all texts have to be read for it."""
    return any(len(texts) >= 2 for texts in _texts_of_themes(frames).values())


_BENCHMARK_ARMS = (("neutral", ""), ("both", ""), *(("other", key) for key in _BENCHMARKS))


def _missing_benchmarks() -> list[str]:
    return [str(Frame(frame).label) for frame in _frames_without_text(_BENCHMARK_ARMS)]


@verified_before
def _frames_without_text(arms_of_design: tuple[tuple[str, str], ...]) -> list[str]:
    return _approved_texts(arms_of_design)[1]


def _approved_texts(arms_of_design: tuple[tuple[str, str], ...]) -> tuple[list[Revision], list[str]]:
    """Return a text for each frame and theme, and the frames of which there is none."""
    found, missing = list[Revision](), list[str]()
    for frame, theme in arms_of_design:
        candidates = selectable_revisions([frame])
        if theme:
            candidates = candidates.filter(message__theme__key=theme)
        text = next((each for each in candidates if workflow.approved_locales(each)), None)
        if text is None:
            missing.append(frame)
        else:
            found.append(text)
    return found, list(dict.fromkeys(missing))


def _use_benchmarks(campaign: Campaign) -> None:
    texts, missing = _approved_texts(_BENCHMARK_ARMS)
    if missing:
        raise arms.NoApprovedMessage(("other",))
    arms.replace_arms(campaign, arms.one_text_each(texts))


def _use_switchback(campaign: Campaign) -> None:
    """Show one message at a time for a day each, with one look at the end."""
    arms.apply_preset(campaign, "any")
    text_design.use_design(campaign, text_design.ONE)
    plan = ensure_plan(campaign)
    plan.monitoring, plan.looks = AnalysisPlan.Monitoring.FIXED, list(DEFAULT_LOOKS["fixed"])
    plan.clusters, plan.period = AnalysisPlan.Clusters.PERIOD, AnalysisPlan.Period.DAY
    plan.save()
    campaign.unit = Campaign.Unit.PERIOD


DESIGNS = {
    design.key: design
    for design in (
        Design(
            "full",
            _("Four messages: a neutral text, each harm alone, and both"),
            _("A 2 × 2 design. You learn what each harm does, and whether naming both does more than naming one."),
            "Prichard et al. 2022, doi:10.1177/10790632211013809",
            _("Naming both harms makes more people turn back than a neutral text."),
            _use_preset("full"),
            _missing_of_preset("full"),
        ),
        Design(
            "any",
            _("A warning against none"),
            _(
                "Two messages: a warning, and a neutral text that makes no argument. The published trials showed "
                "nothing to the second group; with a neutral text, both groups stop and read."
            ),
            "Prichard et al. 2022, doi:10.1177/10790632211013809",
            _("The warning makes more people turn back than a neutral text."),
            _use_preset("any"),
            _missing_of_preset("any"),
        ),
        Design(
            "themes",
            _("Themes within one appeal"),
            _(
                "Up to four texts with the same appeal, each with its own theme. You learn which theme works "
                "best, but not whether any is better than none."
            ),
            "Ó Ciardha et al. 2026, arXiv:2606.06417",
            _("Among texts with the same appeal, the theme makes a difference."),
            _use_themes,
            _missing_themes,
        ),
        Design(
            "benchmarks",
            _("Law and help as benchmarks"),
            _(
                "Four messages: a neutral text, both harms, the law, and an offer of help. You learn whether naming "
                "the harms does as much as the two appeals that did best in earlier trials."
            ),
            "Prichard et al. 2022; 2024, Child Abuse & Neglect 155:106955",
            _("Naming both harms makes more people turn back than a neutral text, and no fewer than the law or help."),
            _use_benchmarks,
            _missing_benchmarks,
            more_comparisons=(("message-2", "message-3"), ("message-2", "message-4")),
        ),
        Design(
            "switchback",
            _("One message a day, for a search page"),
            _(
                "For a page that can show everyone only one message at a time. Chance decides which message each day "
                "shows. It takes whole weeks, and one look at the end."
            ),
            "Ó Ciardha et al. 2026, arXiv:2606.06417",
            _("On days with the warning, more people turn back than on days with a neutral text."),
            _use_switchback,
            _missing_of_preset("any"),
        ),
    )
}


def start_from_design(campaign: Campaign, key: str, *, by: User) -> Campaign:
    """Give a new draft the arms and the plan of a design, and return it as stored."""
    with edit_draft(campaign, by=by) as locked:
        previous = arms.arm_keys(locked)
        design = DESIGNS[key]
        design.apply(locked)
        arms.update_comparisons(locked, previous=previous)
        plan = ensure_plan(locked)
        plan.comparisons += [list(pair) for pair in design.more_comparisons]
        plan.save(update_fields=["comparisons"])
    return locked
