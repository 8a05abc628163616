"""The workspace on disk: where everything lies, what each table was built from, and who may write.

```
WORKSPACE/
  set.yaml  inputs.json  inputs/   the set as built, and a content-addressed copy of every input
  characters/ID/tables/KIND.parquet  rejects.parquet  ledger.sqlite  stages.json  (anew.json, begun.json: what is under way)
  set/                             verdicts, measurements, splits, contract: written by one coordinator
  blobs/ab/abcdef....png           pictures by SHA-256
  shards/  report/
```
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from rolescape_data.errors import InputError, StoppedError
from rolescape_data.records import RECORDS, Cell, Record, Rejected
from rolescape_data.settings import CharacterSet
from rolescape_data.store.atomic import sweep, write_json
from rolescape_data.store.blobs import Blobs
from rolescape_data.store.tables import read_table, write_table
from rolescape_data.yamlfile import load_yaml

R = TypeVar("R", bound=Record)


class Stamp(BaseModel):
    """What one table was built from. `content` is of the rows without their provenance."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fingerprint: str
    content: str
    take: int = 0
    rows: int
    rejected: int
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Workspace:
    """Paths of one workspace."""

    root: Path

    @property
    def set_file(self) -> Path:
        return self.root / "set.yaml"

    @property
    def set_folder(self) -> Path:
        return self.root / "set"

    @property
    def shards(self) -> Path:
        return self.root / "shards"

    @property
    def report(self) -> Path:
        return self.root / "report"

    @property
    def blobs(self) -> Blobs:
        return Blobs(self.root / "blobs")

    @property
    def inputs(self) -> Blobs:
        return Blobs(self.root / "inputs")

    def character(self, character_id: str) -> "CharacterFolder":
        return CharacterFolder(self.root / "characters" / character_id)

    def require(self) -> None:
        """Raise InputError unless a build has begun here."""
        if not self.set_file.is_file():
            raise InputError(
                f"{self.root} is no workspace (it has no set.yaml). Build one with `rolescape build SET.yaml --out {self.root}`."
            )

    def claim(self, set_name: str, set_file: Path) -> None:
        """Make sure that a set may be built here; nothing is written.

        Raises:
            InputError: the folder holds something that no build put there, or another set.
        """
        if not self.root.exists():
            return
        elsewhere = "Name another folder with `--out`."
        if not self.root.is_dir():
            raise InputError(f"{self.root} is a file, so nothing can be built in it. {elsewhere}")
        ours = (self.root / ".lock").is_file() and self.root.resolve() != set_file.resolve().parent
        if not ours and any(self.root.iterdir()):
            raise InputError(f"{self.root} holds files that no build put there. {elsewhere}")
        if self.set_file.is_file():
            built = load_yaml(self.set_file, CharacterSet).name
            if built != set_name:
                raise InputError(f"{self.root} holds the set '{built}', not '{set_name}'. {elsewhere}")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the workspace for one writer; the lock goes with the process, however it ends.

        Raises:
            StoppedError: another process is writing here.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoppedError(
                    f"Another rolescape process is writing to {self.root}. Wait for it, then run the same command again."
                ) from None
            for folder in {path.parent for path in self.root.rglob(".*.part")}:
                # What a killed process was writing; nobody else writes here now.
                sweep(folder)
            yield


@dataclass(frozen=True, slots=True)
class CharacterFolder:
    """One character's partition: it can be built, copied or deleted alone."""

    root: Path

    @property
    def id(self) -> str:
        return self.root.name

    @property
    def ledger(self) -> Path:
        return self.root / "ledger.sqlite"

    @property
    def anew(self) -> Path:
        """The takes that tables are to come to, by kind; there while a request to ask anew is not fulfilled."""
        return self.root / "anew.json"

    @property
    def begun(self) -> Path:
        """What a regeneration of questions found before it began; there while it is not at its end."""
        return self.root / "begun.json"

    @property
    def rejected(self) -> Path:
        return self.root / "rejects.parquet"

    def table(self, kind: str) -> Path:
        return self.root / "tables" / f"{kind}.parquet"

    def read(self, model: type[R]) -> list[R]:
        """Return a kind's records; none when it was not built."""
        path = self.table(model.kind)
        return read_table(path, model) if path.exists() else []

    def read_all(self) -> dict[str, list[Record]]:
        """Return every built kind's records, in the order of RECORDS."""
        return {kind: list(self.read(model)) for kind, model in RECORDS.items() if self.table(kind).exists()}

    def rejects(self) -> list[Rejected]:
        """Return the dropped records, sorted."""
        return read_table(self.rejected, Rejected) if self.rejected.exists() else []

    def replace_rejects(self, rows: Sequence[Rejected], *, origin: str, kinds: Sequence[str]) -> None:
        """Replace the rejects of one origin and these kinds; the others stay."""
        others = [row for row in self.rejects() if row.origin != origin or row.kind not in kinds]
        whole = sorted(
            [*others, *rows], key=lambda row: (row.kind, row.record_id, row.origin, row.record_json)
        )
        write_table(self.rejected, whole, Rejected)

    def stamps(self) -> dict[str, Stamp]:
        """Return what each table was built from; empty when nothing was, or when the file is unreadable."""
        path = self.root / "stages.json"
        if not path.exists():
            return {}
        try:
            raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return {kind: Stamp.model_validate(stamp) for kind, stamp in raw.items()}
        except (ValueError, ValidationError):
            # The stamps only say what may be skipped: without them everything is made again, from the ledger.
            return {}

    def stamp(self, kind: str, stamp: Stamp) -> None:
        """Record what a table was built from. It is written after the table itself."""
        stamps = self.stamps() | {kind: stamp}
        ordered = {name: stamps[name].model_dump() for name in RECORDS if name in stamps}
        write_json(self.root / "stages.json", ordered)

    def write(self, kind: str, records: Sequence[Record], rejects: Sequence[Rejected], stamp: Stamp) -> None:
        """Replace a table, its rejects and its stamp; a kill in between leaves it out of date.

        The old stamp is blanked first: it would otherwise vouch for rows that are no longer there. Its take stays.
        """
        if (before := self.stamps().get(kind)) is not None:
            self.stamp(kind, before.model_copy(update={"fingerprint": ""}))
        (self.root / "tables").mkdir(parents=True, exist_ok=True)
        write_table(self.table(kind), records, RECORDS[kind])
        self.replace_rejects(rejects, origin="stage", kinds=[kind])
        self.stamp(kind, stamp)


def content_hash(records: Sequence[Record]) -> str:
    """Return the SHA-256 of what the records say, whoever wrote them: provenance is left out."""
    digest = hashlib.sha256()
    for record in records:
        said = record.model_dump(mode="json", exclude={"provenance"})
        digest.update(json.dumps(said, sort_keys=True, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def fingerprint(parts: dict[str, Any]) -> str:
    """Return the SHA-256 of everything that a table is built from."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def append_log(workspace: Workspace, text: str) -> None:
    """Add a line to run.log, the only file here that knows the time."""
    from datetime import UTC, datetime

    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with (workspace.root / "run.log").open("a", encoding="utf-8") as log:
        log.write(f"{stamp} [{os.getpid()}] {text}\n")
