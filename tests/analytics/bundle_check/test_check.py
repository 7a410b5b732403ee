"""A bundle is made from the record, and checked by whoever has the file alone."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import CommandError, call_command
from django.db.models import F

from analytics.bundle_check.archive import UnreadableBundle, open_bundle
from analytics.bundle_check.check import BundleReport, check_bundle
from analytics.export import bundle, signature
from analytics.export.look_tables import NotExportable
from analytics.export.zip_file import pack
from analytics.looks.evaluate import evaluate
from analytics.models import Tally
from campaign.follow_up.use import put_to_use
from campaign.lifecycle import transitions
from campaign.lifecycle.arm_pauses import stop_text
from campaign.models import Campaign
from tests import world

OF_NETWORKS = {"one_network", "verdict", "more_per_arm", "more_per_arm_low", "more_per_arm_high"}
COUNTS = {"neutral": (5012, 1354), "victim": (4987, 1596), "user": (5020, 1541), "both": (4981, 1798)}


def with_look(counts: Mapping[str, tuple[int, int]] = COUNTS, **options: Any) -> Campaign:
    campaign = world.launched(**options)
    world.tally(campaign, counts)
    evaluate(campaign, now=world.NOON)
    return Campaign.objects.get()


def with_texts(design: str, **plan: Any) -> Campaign:
    """A look at four texts of each arm, or four sets."""
    campaign = world.launched(texts=4, design=design, plan={"planned_per_arm": 4000} | plan)
    more = {"neutral": 0, "victim": 45, "user": 30, "both": 110}
    texts = {key: [(1000, 400 + each + own) for own in (0, 12, -8, 21)] for key, each in more.items()}
    texts["both"][1] = (1000, 535)
    world.tally_texts(campaign, texts)
    evaluate(campaign, now=world.NOON)
    return Campaign.objects.get()


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def signed_anew(files: dict[str, bytes], directory: Path) -> bytes:
    """A bundle of changed files as somebody makes it who has a key of their own."""
    rest = {name: content for name, content in files.items() if name not in (bundle.CHECKSUMS, bundle.SIGNATURE)}
    sums = bundle.checksums(rest)
    return pack(
        rest | {bundle.CHECKSUMS: sums, bundle.SIGNATURE: signature.to_json(signature.sign(sums, directory=directory))}
    )


def checked(content: bytes) -> BundleReport:
    return check_bundle(open_bundle(content))


@pytest.mark.django_db
class TestWhatHolds:
    def test_so_does_one_from_before_the_differences_stood_beside_the_counts(self, tmp_path: Path) -> None:
        with_look()
        files = unpacked(bundle.make_bundle(Campaign.objects.get()))
        rows = list(csv.DictReader(io.StringIO(files["counts.csv"].decode())))
        names = list(rows[0])[: list(rows[0]).index("control")]
        earlier = io.StringIO()
        writer = csv.DictWriter(earlier, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        assert checked(signed_anew(files | {"counts.csv": earlier.getvalue().encode()}, tmp_path)).faults == ()

    def test_every_number_of_a_plain_look_follows_but_those_that_rest_on_one_network(self) -> None:
        with_look()
        report = checked(bundle.make_bundle(Campaign.objects.get()))
        assert report.faults == ()
        assert report.following > 100
        assert {name.rpartition("/")[2] for name in report.others} == OF_NETWORKS | {"tipping"}

    @pytest.mark.parametrize(
        "plan",
        [
            {"monitoring": "always-valid", "planned_per_arm": 5000},
            {"monitoring": "group-sequential", "planned_per_arm": 4999, "looks": [0.5, 1.0]},
            {"correction": "dunnett"},
            {"correction": "benjamini-hochberg"},
        ],
        ids=str,
    )
    def test_so_do_those_of_other_ways_to_look_and_to_correct(self, plan: dict[str, Any]) -> None:
        pairs = [[key, "neutral"] for key in ("victim", "user", "both")]
        campaign = with_look({key: (n // 2, had // 2) for key, (n, had) in COUNTS.items()}, plan=plan, pairs=pairs)
        Tally.objects.update(count=2 * F("count"))
        evaluate(campaign, now=world.NOON.replace(day=3))
        report = checked(bundle.make_bundle(campaign))
        assert report.faults == ()
        assert report.looks == 2
        assert report.following > 150

    @pytest.mark.parametrize("design", ["matched", "different"])
    @pytest.mark.parametrize(
        "plan",
        [{}, {"monitoring": "always-valid"}, {"monitoring": "group-sequential", "looks": [0.5, 1.0]}],
        ids=["fixed", "always-valid", "group-sequential"],
    )
    def test_so_does_what_holds_for_texts_of_a_kind_and_each_text(self, design: str, plan: dict[str, Any]) -> None:
        campaign = with_texts(design, **plan)
        report = checked(bundle.make_bundle(campaign))
        assert report.faults == ()
        of_texts = [name for name in report.others if "kinds/" in name or "/texts/" in name]
        assert {name.rpartition("/")[2] for name in of_texts} <= {"verdict", "people_factor", "more_texts", "weight"}

    @pytest.mark.parametrize("design", ["matched", "different"])
    @pytest.mark.parametrize("arms", [["both"], ["victim", "both"], ["neutral", "victim", "user", "both"]], ids=len)
    @pytest.mark.parametrize("monitoring", ["fixed", "always-valid"])
    def test_so_does_a_campaign_of_which_texts_were_stopped(
        self, design: str, arms: list[str], monitoring: str, tmp_path: Path
    ) -> None:
        campaign = with_texts(design, monitoring=monitoring)
        for key in arms:
            text = campaign.arms.get(key=key).texts.get(position=1)
            stop_text(text, reason="It frightens.", now=world.NOON, by=world.person("mara", "manager"))
        more = {key: [(1000, 430)] * 4 for key in COUNTS}
        world.tally_texts(campaign, more | {key: [(1000, 430), (0, 0), (1000, 440), (1000, 420)] for key in arms})
        evaluate(campaign, now=world.NOON.replace(day=3))
        report = checked(bundle.make_bundle(campaign))
        assert (report.faults, report.looks) == ((), 2)
        call_command("bundle", "pilot", str(tmp_path / "pilot.zip"))
        call_command("analyse", bundle=tmp_path / "pilot.zip")

    def test_so_does_what_is_in_use_for_everybody(self) -> None:
        trial = with_texts("matched")
        use = put_to_use(
            trial, "both", holdout=0, by_period=True, placements=[trial.placements.get()], by=world.person("mara")
        )
        transitions.close(trial, by=world.person("mara", "manager"), now=world.NOON)
        world.approve(use)
        transitions.launch(use, by=world.person("mara"), now=world.NOON)
        world.tally_texts(use, {"both": [(9_000, 4_500)] * 4})
        evaluate(use, now=world.NOON.replace(day=20))
        assert checked(bundle.make_bundle(use)).faults == ()

    def test_texts_of_which_a_count_is_hidden_are_listed_and_not_called_wrong(self) -> None:
        campaign = world.launched(texts=2, design="matched")
        few = [(900, 400), (900, 3)]
        world.tally_texts(campaign, dict.fromkeys(COUNTS, few))
        evaluate(campaign, now=world.NOON)
        assert checked(bundle.make_bundle(campaign)).faults == ()

    def test_hidden_counts_leave_the_rest_to_follow(self) -> None:
        campaign = with_look(COUNTS | {"both": (4981, 3)})
        report = checked(bundle.make_bundle(campaign))
        assert report.faults == ()
        assert report.following > 30

    @pytest.mark.parametrize("plan", [{"strata": "placement"}, {"clusters": "placement-day"}], ids=str)
    def test_numbers_by_place_and_day_are_listed_and_not_called_wrong(self, plan: dict[str, Any]) -> None:
        campaign = with_look(plan=plan)
        report = checked(bundle.make_bundle(campaign))
        assert report.faults == ()
        assert any("comparisons" in name for name in report.others)

    def test_a_rating_is_listed(self) -> None:
        campaign = world.launched(outcome="rating")
        world.tally(campaign, dict.fromkeys(COUNTS, (2000, 0)))
        world.add_ratings(campaign, dict.fromkeys(COUNTS, (20, 30, 80, 40, 50)))
        evaluate(campaign, now=world.NOON)
        report = checked(bundle.make_bundle(campaign))
        assert report.faults == ()
        assert any(name.startswith("look 1: outcomes/rating") for name in report.others)

    def test_a_broken_split_leaves_counts(self) -> None:
        campaign = with_look(COUNTS | {"both": (3000, 1200)})
        report = checked(bundle.make_bundle(campaign))
        assert report.faults == ()
        assert not any("comparisons" in name for name in report.others)

    def test_the_seed_is_in_it_once_the_campaign_is_closed_and_is_that_of_the_plan(self) -> None:
        campaign = with_look()
        assert json.loads(unpacked(bundle.make_bundle(campaign))["assignment.json"])["seed"] is None
        transitions.close(campaign, by=world.person("mara", "manager"), now=world.NOON)
        content = bundle.make_bundle(Campaign.objects.get())
        assert json.loads(unpacked(content)["assignment.json"])["seed"] == "a-salt-for-tests"
        assert checked(content).holds

    def test_made_twice_it_is_the_same_byte_for_byte(self) -> None:
        with_look()
        assert bundle.make_bundle(Campaign.objects.get()) == bundle.make_bundle(Campaign.objects.get())


@pytest.mark.django_db
class TestWhatDoesNotHold:
    @pytest.fixture
    def files(self) -> dict[str, bytes]:
        return unpacked(bundle.make_bundle(with_look()))

    def test_a_changed_file_is_found_by_its_checksum(self, files: dict[str, bytes]) -> None:
        files["counts.csv"] = files["counts.csv"].replace(b"1798", b"1799")
        with pytest.raises(UnreadableBundle, match=r"counts\.csv was changed"):
            checked(pack(files))

    def test_changed_checksums_are_found_by_the_signature(self, files: dict[str, bytes]) -> None:
        files["counts.csv"] = files["counts.csv"].replace(b"1798", b"1799")
        rest = {name: each for name, each in files.items() if name not in (bundle.CHECKSUMS, bundle.SIGNATURE)}
        with pytest.raises(UnreadableBundle, match="not those that were signed"):
            checked(pack(files | {bundle.CHECKSUMS: bundle.checksums(rest)}))

    @pytest.mark.parametrize("change", [{"extra.txt": b"x"}, {"../outside": b"x"}], ids=["more", "outside"])
    def test_a_file_that_was_not_signed_is_refused(self, files: dict[str, bytes], change: dict[str, bytes]) -> None:
        with pytest.raises(UnreadableBundle):
            checked(pack(files | change))

    @pytest.mark.parametrize(
        ("name", "before", "after", "fault"),
        [
            ("looks/look-0001.json", b'"events": 1798', b'"events": 1500', "its counts give"),
            ("looks/look-0001.json", b'"verdict": "better"', b'"verdict": "worse"', "its counts give"),
            ("estimates.csv", b'"0.3609716924312387"', b'"0.46"', "estimates.csv does not match the look"),
            ("counts.csv", b'"1798"', b'"1799"', "counts.csv does not match the look"),
            ("counts.csv", b'"0.09082005635781493"', b'"0.19"', "counts.csv does not match the look"),
            ("counts.csv", b'"0.3361817743466531"', b'"0.19"', "counts.csv does not match the look"),
            ("counts-by-placement.csv", b'"1798"', b'"1799"', "does not add up"),
            ("messages.json", b"A both headline", b"Another headline", "the messages do not match the plan"),
            ("plan.json", b'"level":0.95', b'"level":0.90', "belongs to another plan"),
            ("assignment.json", b'"seed": null', b'"seed": "mine"', "the seed does not match the plan"),
        ],
    )
    def test_what_was_changed_and_signed_anew_is_found_by_working_it_out(
        self, files: dict[str, bytes], tmp_path: Path, name: str, before: bytes, after: bytes, fault: str
    ) -> None:
        assert before in files[name]
        files[name] = files[name].replace(before, after, 1)
        report = checked(signed_anew(files, tmp_path))
        assert any(fault in each for each in report.faults)

    def test_another_answer_for_texts_of_a_kind_is_found(self, tmp_path: Path) -> None:
        files = unpacked(bundle.make_bundle(with_texts("matched")))
        look = json.loads(files["looks/look-0001.json"])
        kind, text = look["outcomes"][0]["kinds"][0], look["outcomes"][0]["texts"][0]
        kind["low"], text["rate"] = kind["low"] + 0.01, text["rate"] - 0.01
        look["factorial_kinds"][0]["verdict"] = "worse"
        report = checked(signed_anew(files | {"looks/look-0001.json": json.dumps(look).encode()}, tmp_path))
        found = {each.partition(" is ")[0] for each in report.faults if "its counts give" in each}
        assert found == {
            f"look 1: outcomes/turned_back/kinds/{kind['treated']}/{kind['control']}/low",
            f"look 1: outcomes/turned_back/texts/{text['arm']}/1/rate",
            f"look 1: factorial_kinds/{look['factorial_kinds'][0]['term']}/verdict",
        }

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"{}"])
    def test_what_is_no_bundle_is_refused(self, content: bytes) -> None:
        with pytest.raises(UnreadableBundle):
            checked(content)

    def test_a_bundle_of_another_form_is_refused(self, files: dict[str, bytes], tmp_path: Path) -> None:
        for broken in (b"[]", b"{}", b"nonsense", b'{"format": "another", "format_version": 1}'):
            with pytest.raises(UnreadableBundle):
                checked(signed_anew(files | {"versions.json": broken}, tmp_path))

    def test_before_the_first_planned_look_there_is_none(self) -> None:
        with pytest.raises(NotExportable):
            bundle.make_bundle(with_look(plan={"planned_per_arm": 100_000}))


@pytest.mark.django_db
class TestTheCommands:
    def test_one_makes_it_and_the_other_says_in_one_line_that_it_holds(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with_look()
        call_command("bundle", "pilot", str(tmp_path / "pilot.zip"))
        call_command("analyse", bundle=tmp_path / "pilot.zip")
        last = capsys.readouterr().out.splitlines()[-1]
        assert last.startswith("The check passed: ")

    def test_another_key_is_found_by_who_knows_the_fingerprint(self, tmp_path: Path) -> None:
        content = bundle.make_bundle(with_look())
        own = open_bundle(content).fingerprint
        forged = signed_anew(unpacked(content), tmp_path / "their keys")
        path = tmp_path / "pilot.zip"
        path.write_bytes(content)
        call_command("analyse", bundle=path, signed_by=own.upper())
        path.write_bytes(forged)
        with pytest.raises(CommandError, match="another key"):
            call_command("analyse", bundle=path, signed_by=own)

    def test_what_does_not_hold_ends_in_an_error(self, tmp_path: Path) -> None:
        files = unpacked(bundle.make_bundle(with_look()))
        files["messages.json"] = files["messages.json"].replace(b"A both", b"Another")
        path = tmp_path / "pilot.zip"
        path.write_bytes(signed_anew(files, tmp_path))
        with pytest.raises(CommandError, match="The check failed"):
            call_command("analyse", bundle=path)

    def test_a_table_still_needs_its_control(self) -> None:
        with pytest.raises(CommandError, match="--control"):
            call_command("analyse", "table.csv")


def test_another_program_checks_the_signature(tmp_path: Path) -> None:
    """By the package cryptography, whose Ed25519 is OpenSSL's."""
    signed = signature.sign(b"checksums", directory=tmp_path)
    Ed25519PublicKey.from_public_bytes(signed.public_key).verify(signed.value, b"checksums")
    assert signature.sign(b"checksums", directory=tmp_path) == signed
