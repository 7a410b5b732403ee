"""Folders of analytics are either in the contract `light-web` of pyproject.toml or reserved for worker and commands."""

import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[2]


def test_every_folder_that_imports_nothing_heavy_is_in_the_light_web_contract() -> None:
    """A new folder that pages may import cannot be forgotten in the contract."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    light = next(contract for contract in contracts if contract["id"] == "light-web")
    graph = grimp.build_graph("analytics", include_external_packages=True, cache_dir=None)
    for ignored in light["ignore_imports"]:
        importer, imported = ignored.split(" -> ")
        if importer in graph.modules:  # others are campaign's
            graph.remove_import(importer=importer, imported=imported)
    heavy = {
        folder
        for folder in graph.find_children("analytics")
        if any(
            graph.chain_exists(folder, package, as_packages=True)
            for package in light["forbidden_modules"]
            if package in graph.modules
        )
    }
    listed = set(light["source_modules"]) - {"campaign", "messages"}
    assert graph.find_children("analytics") - heavy - {"analytics.migrations"} == listed
