"""The files of a look for programs: which there are, what each holds, and the request for one that takes long."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.export.files import FILES, ResultFile
from analytics.export.look_tables import NotExportable, exportable_look
from analytics.export.offered_files import FILE_STATES, OfferedFile, offered_files
from analytics.export.prepared_files import request_file
from analytics.export.views import file_content
from analytics.models import Analysis
from campaign.api.exceptions import TransitionConflict
from campaign.api.operation import ApiOperation
from campaign.api.views import PaginatedView, StaffView
from campaign.staff_site.access import campaign_for
from messages.downloads import download


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of a look as the API lists it."""

    name: str
    title: str
    audience: str
    state: str
    made_at: datetime | None
    url: str


class FileSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    audience = serializers.CharField(help_text="Who it is for, and what it holds.")
    state = serializers.ChoiceField(
        choices=FILE_STATES,
        help_text="`ready`: GET hands it out. `not asked`, `failed`: POST has it made. `asked`: it is being made.",
    )
    made_at = serializers.DateTimeField(allow_null=True, help_text="Null for a file that is made when it is asked for.")
    url = serializers.CharField()


class FileList(PaginatedView[FileEntry]):
    """The files of a look, as its results page offers them."""

    serializer_class = FileSerializer

    @ApiOperation(tag="results", response_serializer=FileSerializer, many=True, error_statuses=(401, 403, 404))
    def get(self, request: Request, slug: str, look: int) -> Response:
        analysis = _exportable(request, slug, look)
        return self.paginated_response(_entries(analysis))


class FileDetail(StaffView):
    """One file of a look. One that takes long is made by the worker after a POST, within a minute."""

    @ApiOperation(tag="results", response_serializer=None, error_statuses=(401, 403, 404, 409))
    def get(self, request: Request, slug: str, look: int, name: str) -> HttpResponse:
        analysis, file = _exportable(request, slug, look), _file(name)
        try:
            content = file_content(file, analysis)
        except NotExportable as reason:
            raise TransitionConflict(str(reason)) from None
        if content is None:
            raise TransitionConflict("This file is not made yet. POST asks for it; then it takes a minute at most.")
        return download(content, stem=f"{slug}-look-{look}-{file.stem}", extension=file.extension)

    @ApiOperation(
        tag="results", response_serializer=FileSerializer, status=202, error_statuses=(400, 401, 403, 404, 409)
    )
    def post(self, request: Request, slug: str, look: int, name: str) -> Response:
        analysis, file = _exportable(request, slug, look), _file(name)
        if request.data:
            raise exceptions.ParseError("This address takes no body.", code="unknown_field")
        if not file.made_by_worker:
            raise TransitionConflict("This file is made when it is asked for: GET hands it out.")
        request_file(analysis, file, now=timezone.now())
        entry = next(entry for entry in _entries(analysis) if entry.name == name)
        return Response(FileSerializer(entry).data, status=status.HTTP_202_ACCEPTED)


def _exportable(request: Request, slug: str, look: int) -> Analysis:
    analysis = exportable_look(campaign_for(request.user, slug), look)
    if analysis is None:
        raise exceptions.NotFound("There is no look with this number, or nothing to take away of it.")
    return analysis


def _file(name: str) -> ResultFile:
    file = next((each for each in FILES if each.name == name and each.is_available()), None)
    if file is None:
        raise exceptions.NotFound("There is no file of this name.")
    return file


def _entry(offer: OfferedFile, analysis: Analysis) -> FileEntry:
    return FileEntry(
        name=offer.file.name,
        title=str(offer.file.title),
        audience=str(offer.file.audience),
        state=offer.state,
        made_at=offer.prepared.made_at if offer.prepared else None,
        url=reverse("api-file", args=[analysis.campaign.slug, analysis.look, offer.file.name]),
    )


def _entries(analysis: Analysis) -> list[FileEntry]:
    return [_entry(offer, analysis) for offer in offered_files(analysis.campaign, analysis.look)]
