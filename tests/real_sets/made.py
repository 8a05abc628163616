"""Builds a set of tests/real_sets once for all workers of a test session, and reads what came out beside the raw files."""

import fcntl
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Any

import pyarrow.parquet as pq
import pytest

CHECKOUT = Path(__file__).resolve().parent.parent.parent
REAL = Path(os.environ.get("ROLESCAPE_REAL_INPUTS", CHECKOUT.parent / "shared" / "real"))
SETS = CHECKOUT / "tests" / "real_sets"
HEIR = {
    "konrad": "Konrad", "delfador": "Delfador", "lisar": "Li'sar", "kalenz": "Kalenz", "asheviere": "Asheviere"
}  # fmt: skip
GREECE = {"socrates": "Socrates", "plato": "Plato", "aristotle": "Aristotle"}
BO = {"bo": "Bo"}
PEOPLE = {
    "heir_to_the_throne": HEIR, "heir_without_notes": HEIR, "mmrole_greece": GREECE, "rolescape20_bo": BO
}  # fmt: skip


@dataclass(frozen=True)
class Made:
    """A set that was built: its folder, its workspace, how the build ended and what it said."""

    name: str
    folder: Path
    workspace: Path
    status: int
    said: str

    def rows(self, kind: str, character: str | None = None) -> list[dict[str, Any]]:
        """Return the rows of a table, of one character or of all."""
        found: list[dict[str, Any]] = []
        for name in [character] if character else PEOPLE[self.name]:
            found += pq.read_table(
                self.workspace / "characters" / name / "tables" / f"{kind}.parquet"
            ).to_pylist()
        return found

    def wanted(self) -> list[dict[str, Any]]:
        """Return the cells of the contract."""
        cells: list[dict[str, Any]] = json.loads((self.workspace / "set" / "contract.json").read_text())
        return cells

    def document(self, character: str) -> str:
        """Return the one document of a character, as it stands on disk."""
        paths = {
            "mmrole_greece": f"raw_info/{PEOPLE[self.name][character]}.txt",
            "rolescape20_bo": "data/personalized_data/train/Bo/Bo_full_profile.txt",
        }
        return (self.folder / "real" / paths.get(self.name, f"notes/{character}.md")).read_text(
            encoding="utf-8"
        )

    def script(self) -> list[dict[str, Any]]:
        """Return the lines of the script, as they stand on disk."""
        path = self.folder / "real" / "script.jsonl"
        return (
            [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
            if path.exists()
            else []
        )

    def own_lines(self, character: str) -> set[str]:
        return {line["text"] for line in self.script() if line["speaker"] == PEOPLE[self.name][character]}


def run(set_file: Path, workspace: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "flows.cli",
        "build",
        str(set_file),
        "--out",
        str(workspace),
        "--engine",
        "none",
    ]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)


def make(name: str, shared: Path) -> Made:
    """Build a set once for all workers of the test session."""
    source = "heir_to_the_throne" if name == "heir_without_notes" else name
    if not (REAL / source).is_dir():
        pytest.skip(
            f"no real inputs at {REAL / source}; set ROLESCAPE_REAL_INPUTS to the folder that holds them"
        )
    folder, workspace = shared / "real" / name, shared / "real" / f"{name}.workspace"
    (shared / "real").mkdir(exist_ok=True)
    with (shared / "real" / f"{name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ending = shared / "real" / f"{name}.json"
        if not ending.exists():
            copytree(SETS / source, folder)
            (folder / "real").symlink_to(REAL / source, target_is_directory=True)
            if name == "heir_without_notes":
                text = (folder / "set.yaml").read_text()
                text = text.replace("        notes: notes.jsonl\n", "")
                (folder / "set.yaml").write_text(text.replace("blueprint: campaign", "blueprint: portraits"))
            done = run(folder / "set.yaml", workspace)
            ending.write_text(json.dumps([done.returncode, done.stdout + done.stderr]))
        status, said = json.loads(ending.read_text())
    return Made(name, folder, workspace, status, said)
