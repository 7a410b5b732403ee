"""Routes of the audit record: the page, and the file."""

from django.urls import path

from messages import audit_export, audit_page

app_name = "audit"
urlpatterns = [
    path("", audit_page.record, name="record"),
    path("export/", audit_export.export, name="export"),
]
