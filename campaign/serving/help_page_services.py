"""The help behind each door, as pages show it: its parts by age or by whom one cares for, each with its services."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.outcomes import PAGE_ADDRESSES, OutcomeAction, offered_outcomes
from campaign.serving.page_paths import page_path
from messages.help_links import doors
from messages.i18n.countries import country_name
from messages.i18n.languages import language_name
from messages.models import HelpLink

_PARTS = {
    ("self", "under18"): _("I am under 18"),
    ("self", "adult"): _("I am 18 or older"),
    ("self", "of_minor"): _("I am 18 or older, and it shows someone under 18"),
    ("affected", "under18"): _("I am under 18, or was then"),
    ("affected", "adult"): _("I am 18 or older"),
    ("worried", "parent"): _("I am a parent or carer"),
    ("worried", "teacher"): _("I work with young people"),
    ("worried", "anyone"): _("I am a friend, or someone else"),
}


@dataclass(frozen=True, slots=True)
class Service:
    """A help link on a page in one language; empty: its country goes without saying, its language is the page's."""

    link: HelpLink
    country: str
    other_language: str


@dataclass(frozen=True, slots=True)
class Part:
    """The services for one of the people behind a door, or for several with the same, the most fitting first."""

    keys: tuple[str, ...]
    label: str
    services: tuple[Service, ...]
    elsewhere: tuple[Service, ...]  # of one country each, where nobody knows in which the visitors live


@dataclass(frozen=True, slots=True)
class Door:
    """A door with what is behind it; `crisis` comes first."""

    key: str
    label: str
    note: str
    href: str
    section_id: str
    crisis: tuple[Service, ...]
    parts: tuple[Part, ...]


def help_behind_doors(
    placement: str, links: Sequence[HelpLink], *, countries: Sequence[str], language: str
) -> list[Door]:
    """Every door, in the active language, which is `language`."""
    lines = doors.crisis_lines(links, countries=countries, language=language)
    crisis = tuple(
        _service(line, countries, language) for line in lines if countries or line.country == doors.EVERYWHERE
    )

    def door(action: OutcomeAction) -> Door:
        key = action.page.removeprefix("help/")
        parts = _merge_parts([_part(key, part, links, countries, language) for part in doors.PARTS[key]])
        href = page_path(placement, action.page, language)
        section_id = PAGE_ADDRESSES[action.page]
        return Door(key, gettext(action.label), gettext(action.note), href, section_id, crisis, parts)

    return [door(action) for _, action in offered_outcomes() if action.section == "help"]


def _part(door: str, part: str, links: Sequence[HelpLink], countries: Sequence[str], language: str) -> Part:
    fitting = doors.links_for_part(links, door=door, part=part, countries=countries, language=language)
    services = [_service(link, countries, language) for link in fitting]
    near = tuple(service for service in services if countries or service.link.country == doors.EVERYWHERE)
    far = tuple(service for service in services if service not in near)
    return Part((part,), str(_PARTS[door, part]), near, far)


def _merge_parts(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts, those in a row with the same services as one: the page is sent in one flight."""
    merged: list[Part] = []
    for part in parts:
        last = merged[-1] if merged else None
        if last and part.services and (last.services, last.elsewhere) == (part.services, part.elsewhere):
            merged[-1] = replace(last, keys=(*last.keys, *part.keys), label=f"{last.label} · {part.label}")
        else:
            merged.append(part)
    return tuple(merged)


def _service(link: HelpLink, countries: Sequence[str], language: str) -> Service:
    is_known = link.country == doors.EVERYWHERE or len(countries) == 1
    other = link.language if link.language and link.language != language else ""
    return Service(link, "" if is_known else country_name(link.country), other and language_name(other))
