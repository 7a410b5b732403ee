"""Describe the files of a bundle as a Research Object Crate (https://w3id.org/ro/crate/1.3)."""

import json
from collections.abc import Mapping
from typing import Any

from analytics.export.data_package import licence_url
from analytics.export.table import LookTables

SPECIFICATION = "https://w3id.org/ro/crate/1.3"
METADATA_FILE = "ro-crate-metadata.json"
_PROGRAM, _PUBLISHER = "#second-thought", "#publisher"
_MEDIA_TYPES = {"csv": "text/csv", "json": "application/json", "md": "text/markdown", "sha256": "text/plain"}


def metadata(
    tables: LookTables, files: Mapping[str, int], descriptions: Mapping[str, str], *, fingerprint: str, program: str
) -> bytes:
    """Return `ro-crate-metadata.json`; `files` are the sizes of all others by name."""
    graph: list[dict[str, Any]] = [
        {"@id": METADATA_FILE, "@type": "CreativeWork", "conformsTo": {"@id": SPECIFICATION}, "about": {"@id": "./"}},
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"{tables.name}: what was asked, shown and found",
            "description": " ".join(filter(None, [tables.sentence, tables.interval_sentence, tables.note])),
            "datePublished": tables.made_at.isoformat(),
            "license": {"@id": licence_url()},
            "publisher": {"@id": _PUBLISHER},
            "identifier": f"sha256:{tables.plan_fingerprint}",
            "creativeWorkStatus": tables.status,
            "hasPart": [{"@id": name} for name in sorted(files)],
            "mentions": [{"@id": "#analysis"}],
        },
        {
            "@id": _PUBLISHER,
            "@type": "Organization",
            "name": "The organisation that signed this",
            "identifier": f"Ed25519 public key, SHA-256 {fingerprint}",
        },
        {"@id": licence_url(), "@type": "CreativeWork", "name": licence_url().rpartition("/")[2]},
        {
            "@id": _PROGRAM,
            "@type": "SoftwareApplication",
            "name": "Second Thought",
            "softwareVersion": program,
            "version": program,
        },
        {
            "@id": "#analysis",
            "@type": "CreateAction",
            "name": f"Look {tables.look} by the frozen plan",
            "endTime": tables.made_at.isoformat(),
            "instrument": {"@id": _PROGRAM},
            "object": [{"@id": "plan.json"}, {"@id": "counts.csv"}],
            "result": [{"@id": "estimates.csv"}],
        },
    ]
    graph += [
        {
            "@id": name,
            "@type": "File",
            "name": name,
            "description": descriptions[name],
            "encodingFormat": _MEDIA_TYPES[name.rpartition(".")[2]],
            "contentSize": str(size),
        }
        for name, size in sorted(files.items())
    ]
    content = {"@context": f"{SPECIFICATION}/context", "@graph": graph}
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()
