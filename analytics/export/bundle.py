"""Make the bundle of a campaign: everything with which somebody else can check its result, in one signed file.

The same record gives the same bytes: no clock is in it but those of the looks. `analytics.bundle_check` checks one.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from django.conf import settings
from django.utils import translation

from analytics.export import bundle_contents as contents
from analytics.export import ro_crate, signature
from analytics.export.csv_tables import csv_for_programs
from analytics.export.data_package import CSV, descriptor
from analytics.export.look_tables import NotExportable, exportable_looks, look_numbers, look_tables
from analytics.export.table import LookTables
from analytics.export.zip_file import pack
from analytics.models import Analysis
from campaign.models import Campaign

CHECKSUMS, SIGNATURE = "checksums.sha256", "signature.json"
_LANGUAGE = "en"  # one for all, so that two readers make the same file
_DESCRIPTIONS = {
    "README.md": "What this is and how to check it.",
    "plan.json": "The plan, byte for byte as it was frozen and hashed before anybody was counted.",
    "messages.json": "Every message as it was shown, with the digest that the plan has of it.",
    "assignment.json": "How chance decided who saw which message.",
    "looks.json": "Every look on record, with those that nobody may read yet.",
    "versions.json": "By which versions of which programs this was made.",
    "datapackage.json": "What each column of the tables says.",
    CHECKSUMS: "The SHA-256 of every other file.",
    SIGNATURE: "The signature of the checksums.",
}
_README = """# {name}

{sentence} {interval}

Look {look}, {status}. Plan {plan}. Licence of results and words: {licence}.
{note}
This is a bundle of Second Thought: the plan as it was frozen, the messages as they were shown, the counts as they were
released, every look, and a signature of it all. A count that is small, or would tell one that is, is in none of the
files. To check it, with Second Thought installed:

    manage.py analyse --bundle FILE

That verifies every file against its checksum and the checksums against the signature, works out anew every number that
follows from the released counts, and lists the others. Whose signature it is, say four characters at a time:

    {fingerprint}

Ask the organisation for this fingerprint once, by another way than the one by which the file came.
Without Second Thought: `sha256sum -c checksums.sha256` checks the files, and any program that knows Ed25519 the
signature of `checksums.sha256` in `signature.json`. `estimates.csv` and `counts.csv` open everywhere.
"""


def make_bundle(campaign: Campaign, *, last_look: int | None = None, key_directory: Path | None = None) -> bytes:
    """Return the bundle of a campaign up to one look, or the last that may be read; raises NotExportable."""
    looks = [each for each in exportable_looks(campaign) if last_look is None or each.look <= last_look]
    if not looks:
        raise NotExportable("There is nothing to download before the first planned look.")
    with translation.override(_LANGUAGE):
        return _make(campaign, looks, key_directory or settings.KEY_DIRECTORY)


def _make(campaign: Campaign, looks: list[Analysis], key_directory: Path) -> bytes:
    tables = look_tables(looks[-1])
    plan = looks[-1].campaign.plan
    numbers = look_numbers(campaign)
    own = signature.sign(b"", directory=key_directory)
    files = {
        **{f"{table.name}.csv": csv_for_programs(table) for table in tables.tables},
        "plan.json": contents.plan_as_hashed(plan),
        "messages.json": contents.to_json(contents.messages_shown(plan)),
        "assignment.json": contents.to_json(contents.assignment(campaign)),
        "looks.json": contents.to_json(contents.list_looks(campaign, looks)),
        "versions.json": contents.to_json(contents.versions()),
        **{contents.look_file(each.look): contents.to_json(contents.look_values(each, numbers)) for each in looks},
        "README.md": _readme(tables, own.fingerprint),
    }
    files["datapackage.json"] = descriptor(tables, CSV, files)
    files[ro_crate.METADATA_FILE] = ro_crate.metadata(
        tables,
        {name: len(content) for name, content in files.items()},
        _descriptions(files, tables),
        fingerprint=own.fingerprint,
        program=contents.program_version(),
    )
    files[CHECKSUMS] = checksums(files)
    files[SIGNATURE] = signature.to_json(signature.sign(files[CHECKSUMS], directory=key_directory))
    return pack(files)


def checksums(files: Mapping[str, bytes]) -> bytes:
    """Return the SHA-256 of each file in the form that `sha256sum -c` reads."""
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return "".join(lines).encode()


def _descriptions(files: Iterable[str], tables: LookTables) -> dict[str, str]:
    of_tables = {f"{table.name}.csv": table.description for table in tables.tables}
    return {name: _DESCRIPTIONS.get(name) or of_tables.get(name) or "A look as its page shows it." for name in files}


def _readme(tables: LookTables, fingerprint: str) -> bytes:
    return _README.format(
        name=tables.name,
        sentence=tables.sentence,
        interval=tables.interval_sentence,
        look=tables.look,
        status=tables.status,
        plan=tables.plan_fingerprint,
        licence=settings.RESULTS_LICENCE,
        note="".join(f"\n{line}\n" for line in _notes(tables)),
        fingerprint=fingerprint,
    ).encode()


def _notes(tables: LookTables) -> Iterable[str]:
    if tables.note:
        yield tables.note
    for each in tables.deviations:
        yield f"Change from the plan, on {each.at:%Y-%m-%d}: {each.what} Reason: {each.why}"
