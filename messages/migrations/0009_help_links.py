"""Help links say how they are reached, when, at what cost, how that is known, who checked them, and may be retired."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

import messages.models

# The one starter link of which a source that was read says more than its page.
KNOWN = {
    "stop-it-now-uk": {
        "channels": ["web", "phone"],
        "facts_from": "Newman and others 2023/24 (abstract read): people called it and visited its site",
    }
}


def tell_what_is_known(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.alias == "default":
        for key, facts in KNOWN.items():
            apps.get_model("messaging", "HelpLink").objects.filter(key=key).update(**facts)


PROBES = [
    ("answers", "It answers"),
    ("moved", "It sends people elsewhere"),
    ("missing", "The page is not there"),
    ("shut", "It lets no machine in"),
    ("fails", "The site is out of order"),
    ("silent", "It does not answer"),
    ("unsafe", "Not looked up"),
]
FIELDS = {
    "channels": models.JSONField(default=messages.models.by_web, help_text="How one can reach it, from Channel."),
    "contact": models.CharField(blank=True, help_text="A number or an e-mail address.", max_length=120),
    "hours": models.CharField(blank=True, max_length=120),
    "cost": models.CharField(blank=True, choices=[("free", "Free"), ("charged", "Costs money")], max_length=8),
    "facts_from": models.CharField(
        blank=True, help_text="Where the hours, cost and channels were read.", max_length=300
    ),
    "verified_by": models.CharField(blank=True, help_text="A name, which outlives the account.", max_length=160),
    "retired_on": models.DateField(blank=True, null=True),
    "probe": models.CharField(blank=True, choices=PROBES, max_length=8),
    "probe_said": models.CharField(blank=True, max_length=300),
    "probed_at": models.DateTimeField(blank=True, null=True),
}


class Migration(migrations.Migration):
    dependencies = [("messaging", "0008_people")]
    operations = [
        *(migrations.AddField(model_name="helplink", name=name, field=field) for name, field in FIELDS.items()),
        migrations.RunPython(tell_what_is_known, migrations.RunPython.noop),
    ]
