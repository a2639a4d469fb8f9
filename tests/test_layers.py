"""Imports go one way: bot, then engine, then storage."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FORBIDDEN = {"storage": {"engine", "bot", "telegram"}, "engine": {"bot", "telegram"}, "bot": {"tests"}}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_no_module_imports_from_a_layer_above(layer: str):
    files = list((ROOT / layer).rglob("*.py"))
    assert files
    for path in files:
        assert not imported(path) & FORBIDDEN[layer], path


def test_the_handlers_do_not_load_torch():
    code = "import sys, bot.chat, bot.inbox, bot.render, bot.settings; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
