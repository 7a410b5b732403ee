from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate


class CampaignConfig(AppConfig):
    name = "campaign"
    verbose_name = "Campaigns"

    def ready(self) -> None:
        from campaign import checks  # noqa: F401  (importing registers them)
        from campaign.file_permissions import restrict_database_files
        from campaign.lifecycle import arm_pauses, visitor_changes
        from campaign.overview.home_tasks import waiting_counts
        from campaign.placements import changes
        from campaign.record_triggers import refuse_to_drop_records, restore_triggers, suspend_triggers
        from campaign.staff_site import navigation
        from messages.accounts import partners
        from messages.help_links import running_campaigns
        from messages.review import withdrawn_texts

        running_campaigns.register(
            visitor_changes.are_help_links_settled,
            visitor_changes.missed_by_open_campaigns,
            visitor_changes.record_help_link_change,
            visitor_changes.record_help_link_author,
        )
        withdrawn_texts.register(arm_pauses.stop_withdrawn_texts)
        navigation.register_waiting_counts(waiting_counts)
        partners.register(changes.partner_choices, changes.add_contact)
        connection_created.connect(restrict_database_files)
        pre_migrate.connect(refuse_to_drop_records, sender=self)
        pre_migrate.connect(suspend_triggers, sender=self)
        post_migrate.connect(restore_triggers, sender=self)


class SupportConfig(SimpleAdminConfig):
    """Django's admin with a site of our own, which shows only the models of campaign.admin."""

    default_site = "campaign.staff_site.admin_site.SupportSite"

    def ready(self) -> None:
        super().ready()
        from campaign import admin  # noqa: F401  (importing registers)
