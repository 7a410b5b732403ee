"""Make what partners load (campaign/static/campaign/) from the readable files beside this.

    make embed                # needs npm, which brings esbuild; nothing else of the product does
    make embed RELEASE=1      # and keep these bytes at an address of their own for ever

What is made is in the repository, so that no installation needs npm. Each file begins with a digest of what it was
made from, by which a test sees that it is out of date. The packages are pinned in examples/package-lock.json.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
STATIC = FOLDER.parent / "campaign" / "static" / "campaign"
COPIES = STATIC / "copies"
EXAMPLES = FOLDER.parent / "examples"  # whose packages these are, the tools of this program among them
SOURCES = ("message.css", "mount.js", "tag.js", "library.js", "frame.js", "build.py")
MADE = {"embed.js": ("tag.js", "iife"), "embed.mjs": ("library.js", "esm"), "frame.js": ("frame.js", "iife")}
PINNED = ("embed.js", "embed.mjs")  # what partners name with its hash


def install_packages() -> Path:
    """Install the pinned packages, unless they are there; the folder of their programs."""
    wanted, there = EXAMPLES / "package-lock.json", EXAMPLES / "node_modules" / ".pinned"
    if not there.exists() or there.read_bytes() != wanted.read_bytes():
        subprocess.run(["npm", "ci", "--silent", "--prefix", str(EXAMPLES)], check=True, stdout=subprocess.DEVNULL)
        there.write_bytes(wanted.read_bytes())
    return EXAMPLES / "node_modules" / ".bin"


def digest() -> str:
    """The digest of all sources, and of the version of what bundles them."""
    bundler: str = json.loads((EXAMPLES / "package.json").read_text("utf-8"))["devDependencies"]["esbuild"]
    return sha256(b"".join((FOLDER / name).read_bytes() for name in SOURCES) + bundler.encode()).hexdigest()[:16]


def short_css(text: str) -> str:
    """The style sheet without comments and needless spaces."""
    text = re.sub(r"/[*].*?[*]/", "", text, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*", r"\1", " ".join(text.split())).replace(": ", ":").replace(";}", "}").strip()


def header() -> str:
    """The first line of each file."""
    return f"/* Second Thought {digest()}, readable in embed/ of our source */\n"


def build(name: str) -> bytes:
    """One file, as esbuild makes it."""
    entry, form = MADE[name]
    css = short_css((FOLDER / "message.css").read_text("utf-8"))
    command = [str(install_packages() / "esbuild"), str(FOLDER / entry), "--bundle", f"--format={form}", "--minify"]
    command += ["--charset=utf8", "--target=es2022", f"--define:CSS={json.dumps(css)}"]
    return header().encode() + subprocess.run(command, check=True, capture_output=True).stdout


def kept_name(made: Path) -> str:
    """The name under which a version is kept: that of its content."""
    return f"{made.stem}-{sha256(made.read_bytes()).hexdigest()[:16]}{made.suffix}"


def release(copies: Path = COPIES) -> list[Path]:
    """Keep the present script and module for ever; the new copies."""
    copies.mkdir(exist_ok=True)
    kept = []
    for name in PINNED:
        copy = copies / kept_name(STATIC / name)
        if not copy.exists():
            copy.write_bytes((STATIC / name).read_bytes())
            kept.append(copy)
    return kept


def main(arguments: list[str]) -> int:
    """Write the files; with --release keep a copy of each that partners pin."""
    for name in MADE:
        (STATIC / name).write_bytes(build(name))
    for copy in release() if arguments == ["--release"] else []:
        sys.stdout.write(
            f"{copy.relative_to(FOLDER.parent)}: commit it, and keep it as long as a partner may load it\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
