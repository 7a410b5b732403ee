"""The page for the board and the report: what they say, in which language, tagged, and the same each time."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pypdf
import pypdfium2
import pytest
from django.test import Client
from django.utils import translation

from analytics.export import board_page, files, report_document
from analytics.export.look_tables import NotExportable
from analytics.looks.evaluate import evaluate
from analytics.models import Analysis, CampaignCost, PreparedFile
from analytics.report_rows import DeviationRow
from analytics.results.build import Report, build
from analytics.results.certainty import Certainty, CertaintyStep, judge_certainty
from campaign.pdf.typeset import typeset
from tests import world
from tests.analytics.export.test_tables import COUNTS, url, with_look
from tests.analytics.export.test_worker_files import run_worker_step
from tests.campaign.pdf.test_render import keeps_to_the_standard, tags

pytestmark = pytest.mark.django_db
BACKFIRE = COUNTS | {"both": (4981, 998)}
DOCUMENTS = [file for file in files.FILES if file.extension == "pdf"]


def board(counts: Mapping[str, tuple[int, int]] = COUNTS) -> dict[str, Any]:
    with_look(counts)
    return board_page.board_values(Analysis.objects.get())


def without_differences() -> Report:
    """A report of which every comparison came out as no meaningful difference."""
    with_look()
    report = build(Analysis.objects.get())
    rows = tuple(replace(row, verdict="no-meaningful-difference") for row in report.primary.differences)
    return replace(report, primary=replace(report.primary, differences=rows))


def step(values: dict[str, Any]) -> str:
    return str(next(each["name"] for each in values["certainty"]["steps"] if each["here"]))


def next_lines(values: dict[str, Any]) -> str:
    return " ".join(values["next"]["lines"])


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)).split())


class TestTheBoardsPage:
    def test_a_message_that_works_is_to_be_used_and_what_is_open_is_a_reservation(self) -> None:
        values = board()
        assert step(values) == "Certain, with a reservation"
        assert values["certainty"]["reasons"] == ["We cannot tell yet for “User”."]
        assert next_lines(values).startswith("Use “Both”.")

    def test_a_message_that_backfires_is_not_to_be_used(self) -> None:
        assert "Do not use “Both”. Tell others too" in next_lines(board(BACKFIRE))

    def test_no_meaningful_difference_is_an_answer_and_nothing_is_replaced(self) -> None:
        report = without_differences()
        judged = judge_certainty(report)
        assert (judged.step, judged.reasons) == (Certainty.SECURE, ())
        assert "There is no reason to replace “Neutral”" in " ".join(board_page.next_steps(report, judged.step))

    def test_a_change_of_the_plan_is_a_reservation(self) -> None:
        changed = replace(
            without_differences(), deviations=(DeviationRow(world.NOON, "On Sunday too.", "It was asked."),)
        )
        assert judge_certainty(changed) == CertaintyStep(
            Certainty.RESERVED, ("The plan was changed along the way. The report lists the changes.",)
        )

    def test_a_look_that_was_not_planned_is_a_reservation(self) -> None:
        judged = judge_certainty(replace(without_differences(), exploratory=True))
        assert judged.reasons == ("This look was not planned, so chance had more than one opportunity.",)

    def test_too_few_people_leave_it_open(self) -> None:
        values = board({name: (400, 100 + 3 * number) for number, name in enumerate(COUNTS)})
        assert step(values) == "Still open"
        assert next_lines(values) == "Let the campaign run to the end of its plan before you act on the result."

    def test_a_broken_split_makes_it_unusable_and_draws_no_chart(self) -> None:
        values = board(COUNTS | {"both": (3000, 1200)})
        assert step(values) == "Not usable"
        assert values["charts"] == []
        assert next_lines(values).startswith("Find the cause")

    def test_it_is_one_page(self) -> None:
        with_look()
        CampaignCost.objects.create(campaign=Analysis.objects.get().campaign, amount=4200, currency="EUR")
        for language in ("en", "es"):
            with translation.override(language):
                assert len(pypdfium2.PdfDocument(board_page.board_pdf(Analysis.objects.get()))) == 1


class TestTheReport:
    def test_it_has_all_messages_as_shown_the_flow_and_each_estimate_twice(self) -> None:
        campaign = with_look()
        values = report_document.report_values(Analysis.objects.get())
        words = {message["headline"] for message in values["messages"]}
        assert words == {
            text.revision.renditions.get().headline for arm in campaign.arms.all() for text in arm.texts.all()
        }
        assert values["flow"]["rows"][0] == ["Neutral", "5,012", "5,012", "1,354"]
        # 1,798 of 4,981 beside 1,354 of 5,012: 36.10 − 27.01 = 9.08 of 100, and 36.10 / 27.01 − 1 = 34 percent.
        assert values["results"][0]["rows"][2][1:] == ["9 more (7 to 11)", "+34 % (+26 % to +42 %)"]

    def test_it_names_the_methods_that_this_look_used(self) -> None:
        with_look()
        references = " ".join(report_document.report_values(Analysis.objects.get())["references"])
        for name in ("CONSORT 2025", "Miettinen", "Holm", "Wilson", "factorial"):
            assert name in references
        assert "Dunnett" not in references

    def test_a_small_count_is_hidden(self) -> None:
        with_look(COUNTS | {"both": (2000, 3)})
        assert report_document.report_values(Analysis.objects.get())["flow"]["rows"][3][3] == "fewer than 10"

    def test_the_longest_campaign_takes_eight_pages_at_most(self) -> None:
        with_look()
        values = report_document.report_values(Analysis.objects.get())
        text = {"headline": "A headline of the usual length, six words", "body": "Fifty words. " * 25}
        values["messages"] = [
            {**text, "arm": arm, "locale": locale, "direction": "ltr"}
            for arm in ("Neutral", "Victim", "User", "Both")
            for _number in range(4)
            for locale in ("en", "es", "ar")
        ]
        assert len(pypdfium2.PdfDocument(typeset("report", json.dumps(values)))) <= 8


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
class TestBoth:
    def test_it_is_tagged_in_reading_order_with_words_for_each_chart(self, file: files.ResultFile) -> None:
        with_look()
        read = pypdf.PdfReader(io.BytesIO(file.make(Analysis.objects.get())))
        assert keeps_to_the_standard(read)
        found = tags(read)
        assert found.index("/H1") < found.index("/Figure")
        assert found.count("/H1") == 1

    def test_the_same_look_gives_the_same_bytes(self, file: files.ResultFile) -> None:
        with_look()
        assert file.make(Analysis.objects.get()) == file.make(Analysis.objects.get())

    def test_it_is_made_in_the_language_of_whoever_asked(self, file: files.ResultFile, client: Client) -> None:
        with_look()
        world.sign_in(client, world.person("ana", "analyst"))
        for language in ("en", "es"):
            client.post(url(file.name), headers={"accept-language": language})
        assert run_worker_step() == "2 files of results made"
        made = {each.language: bytes(each.content or b"") for each in PreparedFile.objects.all()}
        assert "De cada 100 personas" in text_of(made["es"])
        assert "Of 100 people" in text_of(made["en"])
        assert client.get(url(file.name), headers={"accept-language": "es"}).content == made["es"]

    def test_before_the_first_planned_look_there_is_none(self, file: files.ResultFile) -> None:
        campaign = world.launched()
        world.tally(campaign, dict.fromkeys(COUNTS, (40, 10)))
        evaluate(campaign, now=world.NOON)
        with pytest.raises(NotExportable):
            file.make(Analysis.objects.get())
