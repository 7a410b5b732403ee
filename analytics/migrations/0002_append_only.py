"""Once created triggers, which are now declared in campaign/record_triggers.py."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("analytics", "0001_initial")]
    operations = []
