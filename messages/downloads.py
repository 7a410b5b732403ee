"""Responses that browsers save as a file."""

from django.http import HttpResponse

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}


def download(content: bytes, *, stem: str, extension: str) -> HttpResponse:
    """Return a response that is saved as `stem`.`extension`."""
    headers = {"Content-Disposition": f'attachment; filename="{stem}.{extension}"'}
    return HttpResponse(content, content_type=CONTENT_TYPES[extension], headers=headers)
