"""Generated pages of the documentation are up to date, and links inside the repository lead somewhere."""

import re
from pathlib import Path

import pytest

from dexora_core import fault_reference

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    page
    for folder in (
        ROOT,
        ROOT / "docs",
        ROOT / "docker",
        ROOT / "tools" / "ros2_from_pypi",
        ROOT / "requirements",
    )
    for page in (folder.glob("*.md") if folder != ROOT / "docs" else folder.rglob("*.md"))
]
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def test_fault_codes_page_is_current():
    page = ROOT / "docs" / "reference" / "faults.md"
    assert fault_reference.main(["--check", "--output", str(page)]) == 0


def test_fault_codes_page_that_differs_is_reported(tmp_path, capsys):
    page = tmp_path / "faults.md"
    page.write_text("old")
    assert fault_reference.main(["--check", "--output", str(page)]) == 1
    assert "out of date" in capsys.readouterr().err


@pytest.mark.system
def test_parameters_page_is_current():
    parameter_reference = pytest.importorskip("dexora_ros.parameter_reference")
    page = ROOT / "docs" / "reference" / "parameters.md"
    assert parameter_reference.main(["--check", "--output", str(page)]) == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_that_exist(page):
    targets = [target for target in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in target]
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing
