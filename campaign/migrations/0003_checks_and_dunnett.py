from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaign", "0002_frozen_plan")]

    operations = [
        migrations.AlterField(
            model_name="analysisplan",
            name="correction",
            field=models.CharField(
                choices=[
                    ("holm", "Holm"),
                    ("bonferroni", "Bonferroni"),
                    ("benjamini-hochberg", "Benjamini-Hochberg"),
                    ("dunnett", "Dunnett"),
                    ("none", "None"),
                ],
                default="holm",
                max_length=20,
            ),
        )
    ]
