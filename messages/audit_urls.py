"""Route of the page of the audit record."""

from django.urls import path

from messages import audit_page

app_name = "audit"
urlpatterns = [path("", audit_page.record, name="record")]
