"""Record models and the set file -> JSON Schemas in schemas/, for editors and for readers in other languages."""

import json
from pathlib import Path

from pydantic import BaseModel

from rolescape_data.blueprint_files import BlueprintFile
from rolescape_data.records import RECORDS, Cell, InstructionSample, Measurement, Rejected, SplitRow, Verdict
from rolescape_data.records.score import ScoreRow
from rolescape_data.settings import CharacterSet

_OTHERS: dict[str, type[BaseModel]] = {
    "character_set": CharacterSet,
    "blueprint": BlueprintFile,
    "measurement": Measurement,
    "verdict": Verdict,
    "rejected": Rejected,
    "score_row": ScoreRow,
    "split_row": SplitRow,
    "cell": Cell,
    "instruction_sample": InstructionSample,
}


def schemas() -> dict[str, str]:
    """Return every schema's text by file name."""
    models: dict[str, type[BaseModel]] = {**RECORDS, **_OTHERS}
    return {f"{name}.schema.json": _text(name, model) for name, model in sorted(models.items())}


def write_schemas(folder: Path) -> list[str]:
    """Write the schemas into `folder`, remove those of kinds that are gone, and return the file names."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = schemas()
    for path in folder.glob("*.schema.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")
    return list(wanted)


def _text(name: str, model: type[BaseModel]) -> str:
    schema = model.model_json_schema()
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"{name}.schema.json"}
    return json.dumps({**head, **schema}, indent=1, ensure_ascii=False) + "\n"
