"""Once created a trigger, which is now declared in campaign/record_triggers.py."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial")]
    operations = []
