"""How long a step took depends on how many people came. Nothing reads it any more."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("analytics", "0015_views_left_out")]

    operations = [migrations.RemoveField(model_name="workerstep", name="seconds")]
