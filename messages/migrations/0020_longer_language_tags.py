"""A language tag has room for language, script and region, such as zh-hant-tw."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0019_help_doors")]

    operations = [
        migrations.AlterField("draft", "locale", models.CharField(max_length=12)),
        migrations.AlterField("rendition", "locale", models.CharField(max_length=12)),
        migrations.AlterField("helplink", "language", models.CharField(default="en", max_length=12)),
    ]
