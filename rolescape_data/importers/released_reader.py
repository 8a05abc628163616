"""Files of a released data set -> plain values that a record can hold; what had to be made right is a finding each time."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rolescape_data.collection import Finding
from rolescape_data.importers.inside import is_file_in, lies_in, parsed
from rolescape_data.records.base import Record

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(slots=True)
class Reader:
    """A data set's folder, read tolerantly; everything it met that is not as it should be.

    Args:
        root: the data set's folder; findings name files below it.
    """

    root: Path
    findings: list[Finding] = field(default_factory=list)
    seen: set[Path] = field(default_factory=set)
    places: dict[str, tuple[str, str]] = field(default_factory=dict)

    def name(self, path: Path) -> str:
        """Return a file's name below the root; the whole of it for one that is named from elsewhere."""
        name = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        return name.as_posix().encode("utf-8", errors="replace").decode()

    def there(self, path: Path) -> bool:
        """Say whether a file is there to be read; one that leads out of the data set is not, and a finding."""
        if is_file_in(self.root, path):
            self.seen.add(path)
            return True
        if not lies_in(self.root, path):
            self.outside(path)
        return False

    def outside(self, path: Path) -> None:
        """Note what leads out of the data set."""
        self.seen.add(path)
        self.wrong("outside", path, "", "leads out of the data set's folder; not read")

    def mended(self, rule: str, path: Path, place: str, detail: str) -> None:
        """Note what was made right."""
        self.findings.append(Finding(rule, self.name(path), place, detail, hard=False, repaired=True))

    def wrong(self, rule: str, path: Path, place: str, detail: str, *, hard: bool = True) -> None:
        """Note what is wrong and stays so, or was left out."""
        self.findings.append(Finding(rule, self.name(path), place, detail, hard=hard))

    def file(self, folder: Path, name: str, *, needed: bool = False) -> Path | None:
        """Return a file by name, in any case; None when it is not there, with a finding for a needed one."""
        exact = folder / name
        if self.there(exact):
            return exact
        if folder.is_dir():
            for path in sorted(folder.iterdir()):
                if path != exact and path.name.casefold() == name.casefold() and self.there(path):
                    self.mended("file_case", path, "", f"is called {name} in another case")
                    return path
        if needed:
            self.wrong("file_missing", exact, "", "is not there", hard=False)
        return None

    def document(self, path: Path) -> str | None:
        """Return a text file's words; None, with a finding, when they are not UTF-8."""
        try:
            return self.text(path.read_bytes().decode("utf-8-sig"), path, "")
        except (OSError, UnicodeDecodeError):
            self.wrong("file_text", path, "", "is not UTF-8; left out")
            return None

    def json(self, path: Path) -> dict[str, Any] | None:
        """Return a JSON file's object; None, with a finding, when it holds none."""
        try:
            value = parsed(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError, ValueError) as error:
            self.wrong("file_json", path, "", f"cannot be read as JSON ({error}); left out")
            return None
        if not isinstance(value, dict):
            self.wrong("file_shape", path, "", "holds no object; left out")
            return None
        return value

    def lines(self, path: Path) -> list[tuple[int, dict[str, Any]]]:
        """Return the rows of a JSON-lines file with their places; a line that is none is a finding."""
        rows: list[tuple[int, dict[str, Any]]] = []
        try:
            told = path.read_text(encoding="utf-8-sig").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            self.wrong("file_json", path, "", f"cannot be read ({error}); left out")
            return rows
        for place, line in enumerate(line for line in told if line.strip()):
            try:
                value = parsed(line)
            except ValueError as error:
                self.wrong("file_json", path, f"[{place}]", f"is no JSON ({error}); left out")
                continue
            if not isinstance(value, dict):
                self.wrong("file_shape", path, f"[{place}]", "is no object; left out")
                continue
            rows.append((place, value))
        return rows

    def text(self, value: Any, path: Path, place: str) -> str:
        """Return a value as text that records can hold: in NFC, without control characters; '' for nothing."""
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self.wrong("text_type", path, place, f"is {type(value).__name__}, not text; read as empty")
            return ""
        if not isinstance(value, str):
            self.mended("text_type", path, place, f"is the number {value}; made text")
            value = str(value)
        found: str = value
        if "\r" in found:
            found = found.replace("\r\n", "\n").replace("\r", "\n")
            self.mended("text_lines", path, place, "ends lines with carriage returns")
        if _CONTROL.search(found):
            found = _CONTROL.sub("", found)
            self.mended("text_control", path, place, "held control characters; removed")
        plain = unicodedata.normalize("NFC", found)
        if plain != found:
            self.mended("text_nfc", path, place, "was not in Unicode's NFC")
        return plain

    def items(self, value: Any, path: Path, place: str) -> list[tuple[str, Any]]:
        """Return a list's items with their places; anything else is a finding and no items."""
        if isinstance(value, list):
            return [(f"{place}[{number}]", item) for number, item in enumerate(value)]
        self.wrong("file_shape", path, place, "is no list; left out")
        return []

    def keys(self, entry: Mapping[str, Any], known: Sequence[str], path: Path, place: str) -> None:
        """Note the keys that belong to no field; they are dropped."""
        for key in entry:
            if key not in known:
                where = f"{place}.{key}" if place else key
                self.mended("stray_key", path, where, f"'{key}' belongs to no field; dropped")

    def picked(self, value: Any, allowed: Sequence[str], rule: str, path: Path, place: str) -> str | None:
        """Return a value of a list; None, with a finding, for another."""
        found = self.text(value, path, place).strip()
        if found in allowed:
            return found
        for one in allowed:
            if one.casefold() == found.casefold():
                self.mended(rule, path, place, f"'{found}' is written '{one}'")
                return one
        self.wrong(rule, path, place, f"'{found[:60]}' is outside the list")
        return None

    def made(self, model: type[Record], values: dict[str, Any], path: Path, place: str) -> Record | None:
        """Return the record; None, with a finding, when the values are none."""
        try:
            record = model(**values)
        except ValidationError as error:
            told = error.errors(include_url=False)[0]
            field_ = ".".join(str(part) for part in told["loc"])
            self.wrong(f"no_{model.kind}", path, place, f"{field_}: {told['msg']}; left out")
            return None
        self.places[record.id] = (self.name(path), place)
        return record
