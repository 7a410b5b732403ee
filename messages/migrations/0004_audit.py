"""Add the audit log."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0003_roles")]
    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("number", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(help_text="To the second.")),
                ("actor", models.CharField(help_text="A name, which outlives the account.", max_length=160)),
                ("action", models.CharField(max_length=40)),
                ("kind", models.CharField(max_length=20)),
                ("ref", models.CharField(help_text="The key of the thing that it was done to.", max_length=160)),
                ("label", models.CharField(help_text="Its name at that time.", max_length=200)),
                ("detail", models.JSONField(default=dict, help_text="A few plain values.")),
                ("previous", models.CharField(max_length=64)),
                ("digest", models.CharField(max_length=64, unique=True)),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "ordering": ["-number"],
                "indexes": [models.Index(fields=["kind", "ref"], name="audit_of_one_thing")],
            },
        )
    ]
