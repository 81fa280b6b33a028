"""The shape of the house, where no linter looks."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import Model

from ondemand import settings
from ondemand.servers import ROOT

LAYERS = {
    "ondemand": 0,
    "partners": 1,
    "customers": 2,
    "instances": 3,
    "commissions": 4,
    "signup": 4,
    "payments": 5,
}
MONEY = ("ondemand/money.py", "customers", "instances", "commissions", "payments")
# Where a float is no money: file and function, with the reason.
FLOATS_ALLOWED: dict[tuple[str, str], str] = {}
README = ROOT / "README.md"


def _python_files(*places: str) -> Iterator[Path]:
    for place in places:
        path = ROOT / place
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _upward(model: type[Model], layers: dict[str, int]) -> Iterator[str]:
    own = model._meta.app_label
    for field in model._meta.get_fields():
        parent = getattr(field, "related_model", None)
        if field.auto_created or not isinstance(parent, type) or not issubclass(parent, Model):
            continue
        other = parent._meta.app_label
        if other != own and other in layers and layers[other] >= layers[own]:
            yield f"{model._meta.label}.{field.name} → {parent._meta.label}"


def test_no_foreign_key_points_upwards() -> None:
    models = [model for model in apps.get_models() if model._meta.app_label in LAYERS]
    assert [problem for model in models for problem in _upward(model, LAYERS)] == []


def test_the_walk_over_foreign_keys_finds_one_that_points_upwards() -> None:
    turned = {name: -rank for name, rank in LAYERS.items()}
    models = [model for model in apps.get_models() if model._meta.app_label in LAYERS]
    assert [problem for model in models for problem in _upward(model, turned)]


def _floats(tree: ast.AST, within: str = "") -> Iterator[tuple[str, int]]:
    for node in ast.iter_child_nodes(tree):
        name = node.name if isinstance(node, ast.FunctionDef) else within
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield within, node.lineno
        if isinstance(node, ast.Name) and node.id == "float":
            yield within, node.lineno
        yield from _floats(node, name)


def test_money_is_never_a_float() -> None:
    found = [
        f"{_named(path)}:{line}"
        for path in _python_files(*MONEY)
        for function, line in _floats(ast.parse(path.read_text()))
        if (_named(path), function) not in FLOATS_ALLOWED
    ]
    assert found == []


@pytest.mark.parametrize("code", ["x = 0.5", "def f(x: int) -> float: ...", "def f():\n  return float(1)"])
def test_the_search_for_floats_finds_one(code: str) -> None:
    assert list(_floats(ast.parse(code)))


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(("." * node.level) + (node.module or ""))
    return names


def _of_product(name: str) -> bool:
    return name.split(".")[0] in LAYERS and not name.startswith("ondemand.standins")


def test_the_stand_ins_import_nothing_of_the_product() -> None:
    files = list(_python_files("ondemand/standins"))
    assert files
    assert {(_named(path), name) for path in files for name in _imports(path) if _of_product(name)} == set()


def test_the_product_imports_no_stand_in() -> None:
    product = [path for path in _python_files(*LAYERS) if "standins" not in path.parts]
    found = {(_named(path), name) for path in product for name in _imports(path) if "standins" in name}
    assert found == set()


def test_no_file_imports_what_no_requirement_brings() -> None:
    """psycopg 3 must stay uninstalled: Django would silently prefer it."""
    assert "psycopg" not in sys.modules
    assert not re.search(r"^psycopg==", (ROOT / "requirements/run.txt").read_text(), re.MULTILINE)


def _settings_table() -> set[str]:
    section = README.read_text().partition("## Settings\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE))


def test_the_readme_lists_exactly_the_settings_that_are_read() -> None:
    assert _settings_table() == settings.env.asked


INLINE = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:", re.IGNORECASE)


@pytest.mark.parametrize("markup", ['<p style="x">', "<script>x</script>", '<b onclick="x">', "<style>"])
def test_the_search_for_inline_code_finds_it(markup: str) -> None:
    assert INLINE.search(markup)


def test_templates_carry_no_inline_style_or_script() -> None:
    templates = [path for name in ("templates", *LAYERS) for path in (ROOT / name).rglob("*.html")]
    found = {
        f"{_named(path)}: {match.group()}"
        for path in templates
        if "standins" not in path.parts
        for match in INLINE.finditer(re.sub(r"{#.*?#}", "", path.read_text()))
    }
    assert found == set()


def test_no_registry_stands_in_the_requirements() -> None:
    locked = [path.read_text() for path in (ROOT / "requirements").glob("*.txt")]
    assert len(locked) == 3
    assert not any("://" in text or "index-url" in text for text in locked)
