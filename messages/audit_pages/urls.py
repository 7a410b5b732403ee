"""Routes of the audit record: the page and the export."""

from django.urls import path

from messages.audit_pages import export, views

app_name = "audit"
urlpatterns = [path("", views.audit_log, name="record"), path("export/", export.export, name="export")]
