"""Estimates of texts and of texts of their kind, and what of them a look may show."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("analytics", "0022_texts"), ("campaign", "0021_text_design")]
    operations = [
        migrations.RemoveConstraint("Estimate", "estimate_once"),
        migrations.RemoveConstraint("Estimate", "estimate_difference_has_a_control"),
        migrations.AddField(
            "Analysis",
            "texts_judged_at",
            models.FloatField(
                help_text="The share of the planned people at which it judges texts of a kind; empty: it does not.",
                null=True,
            ),
        ),
        migrations.AddField(
            "Estimate",
            "about",
            models.CharField(
                choices=[("these", "These texts"), ("kind", "Texts of this kind")], default="these", max_length=5
            ),
        ),
        migrations.AddField(
            "Estimate",
            "texts",
            models.JSONField(
                help_text="Texts of a kind: how many, how they were compared, how they differ, and what would help.",
                null=True,
            ),
        ),
        migrations.AddField(
            "Release",
            "texts",
            models.JSONField(
                help_text="Arm -> who saw it and the parts, by text; null if this look shows no text anew.", null=True
            ),
        ),
        migrations.AlterField(
            "Estimate",
            "kind",
            models.CharField(
                choices=[
                    ("rate", "Rate"),
                    ("difference", "Difference"),
                    ("factorial", "Factorial contrast"),
                    ("text", "One text"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            "Estimate",
            "term",
            models.CharField(
                blank=True,
                help_text="Factorial contrasts: which one. Texts: its number, or next for one more.",
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            "Estimate",
            models.UniqueConstraint(fields=("analysis", "outcome", "kind", "about", "position"), name="estimate_once"),
        ),
        migrations.AddConstraint(
            "Estimate",
            models.CheckConstraint(
                condition=Q(control__isnull=True, kind__in=["rate", "factorial", "text"])
                | Q(control__isnull=False, kind="difference"),
                name="estimate_difference_has_a_control",
            ),
        ),
    ]
