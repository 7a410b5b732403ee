"""Route the audience's models to a database of their own."""

from typing import Any

from django.db.models import Model

AUDIENCE_MODELS = {"openview", "shuthour", "foldedhour", "foldmark"}  # the last two: in old migrations


class AudienceRouter:
    """Sends the audience models to the `audience` database and keeps all others out of it."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        meta = model._meta
        return "audience" if meta.app_label == "analytics" and meta.model_name in AUDIENCE_MODELS else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool | None:
        audience = app_label == "analytics" and model_name in AUDIENCE_MODELS
        if app_label == "analytics" and model_name is None:
            return None  # RunPython and RunSQL choose by hints or by the connection
        return audience == (db == "audience")
