"""Heavy libraries are loaded where they are used: the program answers at once, and a trainer's import stays light."""

import json
import subprocess
import sys

import pytest
from small_set import ROOT

HEAVY = [
    "torch",
    "prefect",
    "openai",
    "google.genai",
    "scipy",
    "open_clip",
    "scenedetect",
    "av",
    "webdataset",
]
# What only the command line or a build needs.
BUILDING = ["PIL", "numpy", "pyarrow", "imagehash", "lemminflect", "jinja2"]

HELP = """
import sys
sys.argv = ["rolescape", *sys.argv[1:]]
from flows.cli import main
try:
    main()
except SystemExit:
    pass
"""


def loaded(code: str, *args: str) -> set[str]:
    """Run code in a fresh interpreter and return the modules it loaded."""
    tail = "\nimport json, sys\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code + tail, *args], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_the_library_loads_no_heavy_package() -> None:
    modules = loaded("import rolescape_data")
    assert "rolescape_data" in modules
    assert modules & {*HEAVY, *BUILDING, "typer", "rich"} == set()


@pytest.mark.parametrize("command", [["--help"], ["build", "--help"], ["status", "--help"]])
def test_help_loads_no_heavy_package(command: list[str]) -> None:
    modules = loaded(HELP, *command)
    assert "flows.cli" in modules
    assert modules & {*HEAVY, *BUILDING} == set()


def test_records_and_settings_load_no_heavy_package() -> None:
    modules = loaded("import rolescape_data.records, rolescape_data.settings, rolescape_data.blueprints")
    assert modules & {*HEAVY, "PIL", "numpy"} == set()


def test_the_flows_load_prefect_only_when_an_engine_needs_it() -> None:
    modules = loaded("import flows.build_character_set, flows.regenerate_qa, flows.export_shards, flows.cli")
    assert modules & {"torch", "prefect", "openai", "google.genai", "scipy", "open_clip"} == set()


def test_an_offline_build_without_prefect_loads_neither_prefect_nor_a_vendors_package() -> None:
    modules = loaded(
        "import sys, tempfile, pathlib; sys.path.insert(0, 'tests')\n"
        "from small_set import write_small_set\n"
        "folder = pathlib.Path(tempfile.mkdtemp())\n"
        "set_file = write_small_set(folder / 'set')\n"
        "sys.argv = ['rolescape', 'build', str(set_file), '--out', str(folder / 'w'), '--engine', 'none', '--until', 'images']\n"
        "from flows.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0\n"
    )
    assert modules & {"torch", "prefect", "openai", "google.genai", "open_clip"} == set()
