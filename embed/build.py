"""Make embed.js and embed.mjs, which partners load (campaign/static/campaign/), from the readable files beside this.

    make embed      # needs npm, which brings esbuild; nothing else of the project does

What is made is in the repository, so that no installation needs npm. Each file begins with a digest of what it was
made from, by which a test sees that it is out of date.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

ESBUILD = "esbuild@0.25.12"
FOLDER = Path(__file__).resolve().parent
STATIC = FOLDER.parent / "campaign" / "static" / "campaign"
SOURCES = ("message.css", "mount.js", "tag.js", "build.py")
MADE = {"embed.js": ("tag.js", "iife"), "embed.mjs": ("mount.js", "esm")}


def digest() -> str:
    """The digest of all sources, this program among them."""
    return sha256(b"".join((FOLDER / name).read_bytes() for name in SOURCES)).hexdigest()[:16]


def short_css(text: str) -> str:
    """The style sheet without comments and needless spaces."""
    text = re.sub(r"/[*].*?[*]/", "", text, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*", r"\1", " ".join(text.split())).replace(": ", ":").replace(";}", "}").strip()


def header() -> str:
    """The first line of each file."""
    return f"/* Second Thought {digest()}: readable in embed/ of our source. */\n"


def build(name: str) -> bytes:
    """One file, as esbuild makes it."""
    entry, form = MADE[name]
    css = short_css((FOLDER / "message.css").read_text("utf-8"))
    home = "import.meta.url" if form == "esm" else "0"
    command = ["npm", "exec", "--yes", "--package", ESBUILD, "--", "esbuild", str(FOLDER / entry), "--bundle"]
    command += [f"--format={form}", "--minify", "--charset=utf8", "--target=es2022"]
    command += [f"--define:CSS={json.dumps(css)}", f"--define:HOME={home}"]
    return header().encode() + subprocess.run(command, check=True, capture_output=True).stdout


def main() -> int:
    """Write both files."""
    for name in MADE:
        (STATIC / name).write_bytes(build(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
