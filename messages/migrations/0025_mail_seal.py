"""A seal on each mail in the queue; those that wait are sealed as they stand."""

import json
from hashlib import sha256

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from messages.audit import log, signed_head


def seal_waiting_mails(apps: StateApps, _editor: BaseDatabaseSchemaEditor | None) -> None:
    """Seal the mails that wait."""
    for mail in apps.get_model("messaging", "QueuedMail").objects.select_related("person"):
        log.begin_signing()
        parts = [mail.person_id, mail.person.email, mail.subject, mail.text, int(mail.due_at.timestamp())]
        mail.seal = signed_head.seal(sha256(json.dumps(parts).encode()).hexdigest(), of="queued mail")
        mail.save(update_fields=["seal"])


class Migration(migrations.Migration):
    dependencies = [("messaging", "0024_token_scopes")]

    operations = [
        migrations.AddField(
            model_name="queuedmail",
            name="seal",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Of the mail and its address, by a key of the key directory.",
                max_length=64,
            ),
        ),
        migrations.RunPython(seal_waiting_mails, migrations.RunPython.noop),
    ]
