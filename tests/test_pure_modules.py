"""A module that calls itself PURE is in an import contract that forbids it Django."""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def modules_called_pure() -> set[str]:
    """The modules of the three apps whose docstring begins with PURE."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for app in ("analytics", "campaign", "messages")
        for path in (ROOT / app).rglob("*.py")
        if (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").startswith("PURE")
    }


def modules_without_django() -> set[str]:
    """The modules and folders that a contract forbids to import Django."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    return {
        module
        for contract in contracts
        if contract["type"] == "forbidden" and "django" in contract["forbidden_modules"]
        for module in contract["source_modules"]
    }


def test_every_module_called_pure_is_in_a_pure_contract() -> None:
    pure, covered = modules_called_pure(), modules_without_django()
    assert "campaign.outcomes" in pure
    assert {name for name in pure if not any(f"{name}.".startswith(f"{folder}.") for folder in covered)} == set()
