"""Tags of campaigns: read from what somebody typed, given and taken away."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from campaign.models import Campaign, Tag

MOST_TAGS = 5
LONGEST_TAG = 24


class TagsRefused(Exception):
    """What was typed are no tags; the message says why, for staff."""


def read_tags(typed: str) -> list[str]:
    """Return the names between commas, each once and without spaces around it; raise TagsRefused."""
    names = {name.casefold(): name for part in typed.split(",") if (name := " ".join(part.split()))}
    if len(names) > MOST_TAGS:
        raise TagsRefused(_("Use up to %(most)s tags.") % {"most": MOST_TAGS})
    if any(len(name) > LONGEST_TAG for name in names.values()):
        raise TagsRefused(_("Use up to %(most)s characters for each tag.") % {"most": LONGEST_TAG})
    return list(names.values())


@transaction.atomic
def set_tags(campaign: Campaign, names: Sequence[str]) -> None:
    """Make these the only tags of a campaign. A tag that is there already is taken as it is written there."""
    campaign.tags.set([_tag(name) for name in names])
    delete_unused_tags()


def delete_unused_tags() -> None:
    """Delete the tags that no campaign has."""
    Tag.objects.filter(campaigns=None).delete()


def _tag(name: str) -> Tag:
    return Tag.objects.filter(name__iexact=name).first() or Tag.objects.create(name=name)
