"""Matched sets that a draft can use: those with an approved text for each of its arms."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from campaign.models import Arm, ArmText
from campaign.wizard.revision_choice import selectable_revisions
from messages.library.matched_sets import read_matched_sets
from messages.models import Revision
from messages.review import workflow

LEAST_SETS = 2  # one shows nothing about others


def set_name(key: str) -> str:
    """Return the name of a set as pages show it.

    >>> set_name("scared-and-alone")
    'Scared and alone'
    """
    return key.replace("-", " ").capitalize()


@dataclass(frozen=True, slots=True)
class OfferedSet:
    """A matched set with a text for each frame that was asked for, in their order."""

    key: str
    revisions: tuple[Revision, ...]
    locales: frozenset[str]  # in which all of them are approved


def offered_sets(frames: Sequence[str], *, preferred: Collection[int] = ()) -> dict[str, OfferedSet]:
    """Return the sets that have a text for each of these frames, approved in a language in common, by key.

    Of a message with several approved revisions it is a preferred one, given by its primary key, or else the newest.
    """
    if len(set(frames)) < len(frames):  # a set has one text of each frame
        return {}
    texts: dict[str, dict[str, Revision]] = {}
    for revision in selectable_revisions(frames).exclude(message__matched_set=""):
        if workflow.approved_locales(revision):
            of_set = texts.setdefault(revision.message.matched_set, {})
            if revision.message.frame not in of_set or revision.pk in preferred:
                of_set[revision.message.frame] = revision
    offered = {}
    for key, of_set in texts.items():
        if set(of_set) == set(frames):
            revisions = tuple(of_set[frame] for frame in frames)
            locales = frozenset.intersection(*(frozenset(workflow.approved_locales(each)) for each in revisions))
            if locales:
                offered[key] = OfferedSet(key, revisions, locales)
    return offered


def sets_to_begin_with(offered: Collection[str]) -> list[str]:
    """Return the offered sets of the starter library, or else all, as many as an arm can have; none if it is one."""
    starter = [parts["key"] for parts in read_matched_sets()]
    begun = ([key for key in starter if key in offered] or sorted(offered))[: ArmText.MOST]
    return begun if len(begun) >= LEAST_SETS else []


def sets_of_arms(arms: Sequence[Arm]) -> tuple[str, ...]:
    """Return the sets of a matched plan, in order: those of the arm with the most texts."""
    texts = max((list(arm.texts.all()) for arm in arms), key=len, default=[])
    return tuple(text.revision.message.matched_set for text in texts)
