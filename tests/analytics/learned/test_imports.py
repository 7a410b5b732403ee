"""Bundles of other organisations: what is accepted, what is refused with a sentence, and what is removed."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from analytics.export import bundle
from analytics.learned.imports import Imported, confirm_signer, import_bundle, remove_import
from analytics.models import KnownSigner, LearnedComparison, LearnedFacet, LearnedResult, PooledComparison
from campaign.lifecycle.actions import ActionRefused
from campaign.models import Campaign
from messages.models import AuditEntry
from tests import world
from tests.analytics.bundle_check.test_check import unpacked
from tests.analytics.learned.closed_campaigns import NOTHING, closed, learned
from tests.analytics.learned.their_bundles import changed, their_bundle, their_fingerprint
from tests.analytics.public_page.test_publication import client_of

pytestmark = pytest.mark.django_db
LOOK = "looks/look-0001.json"
OTHERS = "/learned/others/"


def take_in(content: bytes) -> Imported:
    return import_bundle(content, by="mara", now=world.NOON)


def confirm(organisation: str, fingerprint: str) -> None:
    confirm_signer(organisation, fingerprint, by="mara", now=world.NOON)


@pytest.fixture(scope="module")
def their_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key directory of another organisation, the same for all tests: what they record of it is alike."""
    return tmp_path_factory.mktemp("their-keys")


@pytest.fixture
def theirs(their_keys: Path) -> Path:
    """Their key directory, whose key is confirmed here."""
    confirm("Example Trust", their_fingerprint(their_keys))
    return their_keys


def refusal(content: bytes) -> str:
    """The sentence with which a bundle is refused, after which nothing of it is here."""
    with pytest.raises(ActionRefused) as refused:
        take_in(content)
    assert not LearnedResult.objects.filter(campaign=None).exists()
    return str(refused.value)


class TestAccepted:
    def test_a_bundle_that_holds_is_theirs_and_is_found(self, theirs: Path) -> None:
        imported = take_in(their_bundle(theirs))
        assert imported.is_new
        result = imported.result
        assert (result.campaign, str(result.signer), result.name) == (None, "Example Trust", "The pilot")
        assert result.sentences == {
            "en": "Of 100 people who saw the message with both harms, 36 turned back; 9 more than with the neutral "
            "text (7 to 11)."
        }
        assert set(result.facets.values_list("kind", flat=True)) == {"frame", "language", "verdict"}

    def test_it_is_averaged_with_ours(self, theirs: Path) -> None:
        learned("ours", NOTHING)
        take_in(their_bundle(theirs))
        pooled = PooledComparison.objects.get(treated="both", control="neutral", outcome="turned_back", design="view")
        assert (pooled.campaigns, pooled.theirs, pooled.people) == (2, 1, 80_000 + 5012 + 4981)
        assert pooled.effect is not None

    def test_another_design_is_not_averaged_and_says_why(self, theirs: Path) -> None:
        learned("ours")
        result = take_in(their_bundle(theirs, plan={"strata": "placement"})).result
        assert set(result.comparisons.values_list("not_pooled", flat=True)) == {"design"}
        assert PooledComparison.objects.get(treated="both", outcome="turned_back").campaigns == 1
        page = client_of("ana", "analyst").get("/learned/averages/", {"show": "turned_back.both.neutral.view"})
        assert "The pilot: it was not compared message by message" in page.content.decode()

    def test_imported_twice_it_is_one(self, theirs: Path) -> None:
        content = their_bundle(theirs)
        first, second = take_in(content), take_in(content)
        assert (second.is_new, second.result) == (False, first.result)
        assert AuditEntry.objects.filter(action="bundle-import").count() == 1

    def test_nulls_backfires_and_hidden_counts_come_through(self, theirs: Path) -> None:
        counts = {"neutral": (5012, 1354), "victim": (4987, 900), "user": (5020, 3), "both": (4981, 1360)}
        rows = {row.treated: row for row in take_in(their_bundle(theirs, counts=counts)).result.comparisons.all()}
        assert rows["victim"].verdict == "worse"
        assert (rows["user"].treated_events, rows["user"].not_pooled) == (None, "hidden")

    def test_it_is_on_record_who_confirmed_and_who_imported(self, theirs: Path) -> None:
        take_in(their_bundle(theirs))
        entries = AuditEntry.objects.filter(kind="organisation").order_by("number")
        assert [(entry.action, entry.actor, entry.label) for entry in entries] == [
            ("signer-confirm", "mara", "Example Trust"),
            ("bundle-import", "mara", "Example Trust"),
        ]
        assert entries[0].detail["fingerprint"] == their_fingerprint(theirs)


class TestRefused:
    def test_a_key_that_nobody_confirmed(self, tmp_path: Path) -> None:
        said = refusal(their_bundle(tmp_path / "unknown"))
        assert "Nobody here has confirmed the key" in said
        assert their_fingerprint(tmp_path / "unknown") in said

    def test_a_changed_file(self, theirs: Path) -> None:
        files = unpacked(their_bundle(theirs))
        files["counts.csv"] = files["counts.csv"].replace(b"1798", b"1799")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        assert "counts.csv was changed" in refusal(packed.getvalue())

    def test_numbers_that_do_not_follow_from_the_counts_although_signed(self, theirs: Path) -> None:
        def lie(look: Any) -> None:
            look["outcomes"][0]["comparisons"][0]["effect"] = 0.3

        assert "of its statements are wrong" in refusal(changed(their_bundle(theirs), LOOK, lie, theirs))

    def test_a_campaign_that_still_runs(self, theirs: Path) -> None:
        def reopen(assignment: Any) -> None:
            assignment["seed"] = None

        assert "still running" in refusal(changed(their_bundle(theirs), "assignment.json", reopen, theirs))

    def test_one_of_ours(self, tmp_path: Path) -> None:
        own = tmp_path / "own"
        confirm("Ourselves", their_fingerprint(own))
        closed("ours")
        content = bundle.make_bundle(Campaign.objects.get(slug="ours"), key_directory=own)
        assert refusal(content) == "This campaign is yours, so it already counts."

    def test_the_campaign_of_one_signed_by_another(self, theirs: Path, tmp_path: Path) -> None:
        other = tmp_path / "others"
        confirm("Another Trust", their_fingerprint(other))
        content = their_bundle(theirs)
        take_in(content)
        again = changed(content, "versions.json", lambda values: values, other)
        with pytest.raises(ActionRefused, match="already imported from another organisation"):
            take_in(again)

    @pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + b"\0" * 100], ids=["empty", "text", "torn"])
    def test_what_is_no_archive(self, content: bytes) -> None:
        assert "It is not a ZIP archive" in refusal(content)

    def test_an_archive_that_would_unpack_to_too_much(self, theirs: Path) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README.md", b"\0" * 30_000_000)
        assert len(packed.getvalue()) < 100_000
        assert "too large" in refusal(packed.getvalue())

    def test_an_archive_that_lies_about_what_it_unpacks_to(self, theirs: Path) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README.md", b"\0" * 30_000_000)
        content = packed.getvalue().replace((30_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
        assert "damaged" in refusal(content)

    def test_a_way_to_compress_that_may_ask_for_any_memory(self) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr("README.md", b"x")
        assert "compressed in a way" in refusal(packed.getvalue())

    @pytest.mark.parametrize(
        ("name", "change"),
        [
            (LOOK, lambda v: v["outcomes"][0]["rates"][0].update(n=10**400)),
            (LOOK, lambda v: v["outcomes"][0]["rates"][0].update(n="5012")),
            (LOOK, lambda v: v["outcomes"][0]["rates"][0].update(n=5012.0)),
            (LOOK, lambda v: v["outcomes"][0]["rates"][0].update(n=True)),
            (LOOK, lambda v: v["outcomes"][0]["rates"][0].update(events=-4)),
            (LOOK, lambda v: v["outcomes"][0]["comparisons"][0].update(verdict="splendid")),
            (LOOK, lambda v: v["outcomes"][0]["comparisons"][0].update(effect=float("nan"))),
            (LOOK, lambda v: v.update(outcomes=[])),
            (LOOK, lambda v: v.update(outcomes=7)),
            (LOOK, lambda v: v.update(sentence="x" * 10_000)),
            (LOOK, lambda v: v.update(sentence={"a": 1})),
            (LOOK, lambda v: v.update(people="many")),
            (LOOK, lambda v: v.update(to_day="yesterday")),
            (LOOK, lambda v: v.update(withheld="no")),
            (LOOK, lambda v: v.update(embargoed=True)),
            (LOOK, lambda v: []),
            ("looks.json", lambda v: v * 1000),
            ("looks.json", lambda v: [{"file": None}]),
            ("looks.json", lambda v: {"a": 1}),
            ("plan.json", lambda v: v["arms"][0].update(frame="menace")),
            ("plan.json", lambda v: v.update(arms=v["arms"] * 20)),
            ("plan.json", lambda v: v.update(comparisons=[["a"]])),
            ("plan.json", lambda v: 7),
            ("assignment.json", lambda v: [1]),
            ("datapackage.json", lambda v: {"title": 7}),
            ("messages.json", lambda v: [7]),
            ("versions.json", lambda v: v.update(format_version=99)),
        ],
    )
    def test_values_that_are_not_what_they_should_be_although_signed(
        self, theirs: Path, name: str, change: Callable[[Any], Any]
    ) -> None:
        assert refusal(changed(their_bundle(theirs), name, change, theirs))

    def test_files_that_are_nested_without_end(self, theirs: Path) -> None:
        from tests.analytics.bundle_check.test_check import signed_anew

        files = unpacked(their_bundle(theirs)) | {"plan.json": b"[" * 100_000}
        assert "is not JSON" in refusal(signed_anew(files, theirs))


class TestWordsOfOthers:
    def test_are_text_on_every_page(self, theirs: Path) -> None:
        def name_it(values: Any) -> None:
            values["title"] = '<script>alert("x")</script>\u202e: look 1'

        result = take_in(changed(their_bundle(theirs), "datapackage.json", name_it, theirs)).result
        assert "\u202e" not in result.name
        client = client_of("ana", "analyst")
        for address in ("/learned/", OTHERS, "/learned/averages/"):
            shown = client.get(address).content.decode()
            assert '<script>alert("x")' not in shown
            assert "&lt;script&gt;alert(" in shown

    def test_are_marked_as_theirs(self, theirs: Path) -> None:
        take_in(their_bundle(theirs))
        client = client_of("ana", "analyst")
        for address in ("/learned/", "/learned/averages/"):
            assert "from Example Trust" in client.get(address).content.decode()
        assert "Example Trust" in client.get("/learned/averages/").content.decode().partition("<svg")[2]


class TestRemoved:
    def test_a_result_is_gone_with_what_it_gave_to_averages(self, theirs: Path) -> None:
        result = take_in(their_bundle(theirs)).result
        remove_import(result, by="mara")
        for model in (LearnedResult, LearnedComparison, LearnedFacet, PooledComparison):
            assert not model._default_manager.exists()
        assert AuditEntry.objects.filter(action="bundle-remove").count() == 1

    def test_a_result_of_ours_is_not_removed(self) -> None:
        with pytest.raises(ActionRefused):
            remove_import(learned(), by="mara")

    def test_a_key_goes_with_all_that_it_signed(self, theirs: Path) -> None:
        take_in(their_bundle(theirs))
        client = client_of("mara", "manager")
        signer = KnownSigner.objects.get()
        shown = client.post(f"{OTHERS}keys/{signer.pk}/remove/", follow=True).content.decode()
        assert "Removed, with everything that was imported from them." in shown
        assert not KnownSigner.objects.exists()
        assert not LearnedResult.objects.exists()
        for button in (f"keys/{signer.pk}", "results/999"):
            again = client.post(f"{OTHERS}{button}/remove/", follow=True).content.decode()
            assert "It was already removed." in again


class TestThePage:
    @pytest.fixture
    def mara(self) -> Client:
        return client_of("mara", "manager")

    def uploaded(self, client: Client, content: bytes) -> str:
        return client.post(
            f"{OTHERS}import/", {"file": SimpleUploadedFile("theirs.zip", content)}, follow=True
        ).content.decode()

    def test_confirms_a_key_and_imports(self, mara: Client, tmp_path: Path) -> None:
        content = their_bundle(tmp_path)
        assert "Nobody here has confirmed the key" in self.uploaded(mara, content)
        fields = {"organisation": " Example  Trust ", "fingerprint": their_fingerprint(tmp_path).upper()}
        assert (
            "You can import their bundles now." in mara.post(f"{OTHERS}confirm/", fields, follow=True).content.decode()
        )
        assert "Imported: “The pilot”." in self.uploaded(mara, content)
        assert "This result was already here." in self.uploaded(mara, content)
        assert KnownSigner.objects.get().organisation == "Example Trust"

    @pytest.mark.parametrize("fingerprint", ["", "abcd", "g" * 64, "a" * 63])
    def test_takes_whole_fingerprints_alone(self, mara: Client, fingerprint: str) -> None:
        fields = {"organisation": "Example", "fingerprint": fingerprint}
        assert "A fingerprint has 64 digits" in mara.post(f"{OTHERS}confirm/", fields, follow=True).content.decode()
        assert not KnownSigner.objects.exists()

    def test_refuses_a_file_that_is_too_large(self, mara: Client) -> None:
        assert "too large for this page" in self.uploaded(mara, b"x" * 100_001)

    def test_asks_for_a_fresh_confirmation(self, mara: Client) -> None:
        session = mara.session
        session["confirmed_at"] = 0
        session.save()
        for button in ("confirm/", "import/", "keys/1/remove/", "results/1/remove/"):
            assert mara.post(OTHERS + button).headers["Location"].startswith("/account/confirm/")


class TestTheCommand:
    def test_confirms_and_imports(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file, keys = tmp_path / "theirs.zip", tmp_path / "keys"
        file.write_bytes(their_bundle(keys))
        call_command("import_bundle", str(file), signed_by=their_fingerprint(keys), organisation="Example Trust")
        assert "Imported “The pilot”." in capsys.readouterr().out
        call_command("import_bundle", str(file))
        assert "already here" in capsys.readouterr().out

    def test_does_not_confirm_a_key_for_a_bundle_that_does_not_hold(self, tmp_path: Path) -> None:
        file, keys = tmp_path / "theirs.zip", tmp_path / "keys"
        file.write_bytes(b"nothing")
        with pytest.raises(CommandError, match="not a ZIP archive"):
            call_command("import_bundle", str(file), signed_by=their_fingerprint(keys), organisation="Example Trust")
        assert not KnownSigner.objects.exists()

    def test_says_what_it_cannot_read(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("import_bundle", str(tmp_path / "nothing.zip"))
        with pytest.raises(CommandError, match="together"):
            call_command("import_bundle", str(tmp_path / "nothing.zip"), organisation="Example")


def test_our_bundle_and_the_pages_together_hold_no_count_that_the_bundle_does_not(theirs: Path) -> None:
    """Each count that pages across campaigns have is one that the bundle shows: there is nothing to combine."""
    result = learned(counts={"neutral": (5012, 1354), "victim": (4987, 1596), "user": (5020, 3), "both": (4981, 1798)})
    content = bundle.make_bundle(Campaign.objects.get())
    look = json.loads(unpacked(content)[LOOK])
    told = {row["frame"]: (row["n"], row["events"]) for row in look["outcomes"][0]["rates"]}
    for row in result.comparisons.all():
        for frame, counts in (
            (row.treated, (row.treated_n, row.treated_events)),
            (row.control, (row.control_n, row.control_events)),
        ):
            assert counts in (told[frame], (None, None))
    assert result.people == look["people"]
    assert result.sentences["en"] == look["sentence"]
