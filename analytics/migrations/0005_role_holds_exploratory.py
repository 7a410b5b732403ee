"""Widen two columns: a role can be "exploratory", and the name of a method can have 41 characters."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analytics", "0004_open_views_by_closing_hour")]
    operations = [
        migrations.AlterField(model_name="estimate", name="role", field=models.CharField(max_length=11)),
        migrations.AlterField(model_name="estimate", name="method", field=models.CharField(blank=True, max_length=60)),
    ]
