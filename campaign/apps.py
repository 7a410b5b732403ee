from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class CampaignConfig(AppConfig):
    name = "campaign"
    verbose_name = "Campaigns"

    def ready(self) -> None:
        from campaign import checks  # noqa: F401  (importing registers them)


class SupportConfig(SimpleAdminConfig):
    """Django's administration with a site of our own, which shows what campaign.admin names and nothing else."""

    default_site = "campaign.staff_site.admin_site.SupportSite"

    def ready(self) -> None:
        super().ready()
        from campaign import admin  # noqa: F401  (importing registers)
