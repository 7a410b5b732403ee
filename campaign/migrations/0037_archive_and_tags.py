"""When a campaign was first sent for approval, whether it is archived, and tags."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def drop_trigger(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Let the trigger be made again: from now on another one refuses to delete versions."""
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP TRIGGER IF EXISTS campaign_draftversion_stays ON campaign_draftversion")


def note_what_was_sent(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Say of each campaign that was ever sent for approval when that was, as far as it is on record."""
    campaigns, entries = apps.get_model("campaign", "Campaign"), apps.get_model("messaging", "AuditEntry")
    sent = entries.objects.filter(kind="campaign", action="campaign-submit").order_by("-number")
    first = dict(sent.values_list("ref", "at"))
    for pk, slug, state, launched, changed in campaigns.objects.values_list(
        "pk", "slug", "state", "launched_at", "changed_at"
    ):
        at = first.get(slug) or launched or (changed if state != "draft" else None)
        if at is not None:
            campaigns.objects.filter(pk=pk).update(submitted_at=at)


class Migration(migrations.Migration):
    dependencies = [("campaign", "0036_plain_labels"), ("messaging", "0022_plain_labels")]

    operations = [
        migrations.RunPython(drop_trigger, migrations.RunPython.noop),
        migrations.CreateModel(
            name="Tag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=24)),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(django.db.models.functions.Lower("name"), name="tag_name_once")
                ],
            },
        ),
        migrations.AddField(
            model_name="campaign",
            name="submitted_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When it was first sent for approval; it stays from then on.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="archived_at",
            field=models.DateTimeField(
                blank=True, editable=False, help_text="Since when the list leaves it out.", null=True
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="tags",
            field=models.ManyToManyField(blank=True, related_name="campaigns", to="campaign.tag"),
        ),
        migrations.AlterField(
            model_name="draftversion",
            name="campaign",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="versions", to="campaign.campaign"
            ),
        ),
        migrations.RunPython(note_what_was_sent, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(("archived_at__isnull", True), ("state__in", ("draft", "closed")), _connector="OR"),
                name="campaign_archived_at_rest",
            ),
        ),
    ]
