"""A seal on each look and on each pause by a guardrail; what is on record is sealed as it stands."""

from typing import Any

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from analytics.disclosure.look_seals import look_digest, pause_digest
from messages.audit import log, signed_head


def drop_triggers(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Let the seals be added, on PostgreSQL too: the triggers are back after the migration."""
    if editor.connection.alias == "default" and editor.connection.vendor == "postgresql":
        for name, table in (("release_append_only", "release"), ("guardevent_stays", "guardevent")):
            editor.execute(f"DROP TRIGGER IF EXISTS analytics_{name} ON analytics_{table}")


def seal_what_is_on_record(apps: StateApps, editor: BaseDatabaseSchemaEditor | None) -> None:
    """Seal each look and each pause as it stands."""
    if editor is not None and editor.connection.alias != "default":
        return  # the other database holds open views alone
    release, event, estimate = (apps.get_model("analytics", name) for name in ("Release", "GuardEvent", "Estimate"))
    for look in release.objects.select_related("analysis").order_by("pk"):
        digest = look_digest(look.analysis, estimate.objects.filter(analysis=look.analysis), look)
        _seal(release, look, digest, of="look")
    for pause in event.objects.order_by("pk"):
        _seal(event, pause, pause_digest(pause), of="guard event")


def _seal(model: Any, row: Any, digest: str, *, of: str) -> None:
    log.begin_signing()
    model.objects.filter(pk=row.pk).update(seal=signed_head.seal(digest, of=of))


class Migration(migrations.Migration):
    dependencies = [("analytics", "0028_notice_of_a_change"), ("messaging", "0018_matched_sets")]

    operations = [
        migrations.RunPython(drop_triggers, migrations.RunPython.noop),
        migrations.AddField(
            model_name="guardevent",
            name="seal",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Of arm, outcome, bound and stop, by a key of the key directory.",
                max_length=64,
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="seal",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Of the whole look, by a key of the key directory.",
                max_length=64,
            ),
        ),
        migrations.RunPython(seal_what_is_on_record, migrations.RunPython.noop),
    ]
