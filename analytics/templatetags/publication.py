"""The template tag that says whether results are published, or can be."""

from dataclasses import dataclass

from django import template

from analytics.export.look_tables import publishable_look
from analytics.models import PublicPage
from campaign.models import Campaign

register = template.Library()


@dataclass(frozen=True, slots=True)
class Publication:
    """The public page of a campaign, or that there could be one."""

    page: PublicPage | None

    @property
    def is_published(self) -> bool:
        return self.page is not None and self.page.published_at is not None


@register.simple_tag
def publication_of(campaign: Campaign) -> Publication | None:
    """Return what is published or proposed of a campaign; None while nothing can be."""
    page = PublicPage.objects.filter(campaign=campaign).select_related("proposed_by", "published_by").first()
    if page is None and publishable_look(campaign) is None:
        return None
    return Publication(page)
