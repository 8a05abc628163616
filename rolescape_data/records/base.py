"""What every record has in common: strict fields, a stable id, provenance, licence."""

import re
import unicodedata
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

ID_PATTERN = r"^[A-Za-z0-9_-]{1,80}$"
CHARACTER_ID_PATTERN = r"^[a-z0-9_-]{1,40}$"

# Tab and newline are text; every other control character breaks JSON lines, tar headers or terminals.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean_text(value: str) -> str:
    """Return `value` in NFC; raise ValueError for control characters."""
    if _CONTROL.search(value):
        raise ValueError("holds a control character")
    return unicodedata.normalize("NFC", value)


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty")
    return value


Text = Annotated[str, AfterValidator(clean_text), AfterValidator(_not_blank)]
OptionalText = Annotated[str, AfterValidator(clean_text)]
RecordId = Annotated[str, Field(pattern=ID_PATTERN)]
CharacterId = Annotated[str, Field(pattern=CHARACTER_ID_PATTERN)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

Split = Literal["train", "val", "test_id", "test_ood"]


class Model(BaseModel):
    """A strict, immutable part of a record: no unknown keys, no silent conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Provenance(Model):
    """Where a record comes from. It holds no clock: times live in the ledger and the run log."""

    source_kind: Literal["seed", "human", "llm", "vlm", "rule"]
    writer: str = Field(description="'offline', 'openai:MODEL', 'gemini:MODEL', or the rule's name")
    prompt_id: str | None = None
    prompt_sha256: Sha256 | None = None
    call_key: Sha256 | None = Field(None, description="key of the model call in the ledger")
    take: int = 0
    parents: list[str] = Field(default_factory=list, description="ids of the records it was made from")


class Evidence(Model):
    """An exact span of one source: `source_text[start:end] == text`."""

    source: Text = Field(description="document name, or LINES_FILE#SCENE/LINE for a spoken line")
    start: int = Field(ge=0)
    end: int = Field(gt=0)
    text: Text


class Record(Model):
    """The fields all records share. Split and verdicts are joined by id at export, never stored here."""

    kind: ClassVar[str]

    id: RecordId
    schema_version: Literal[1] = 1
    character_id: CharacterId
    lang: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
    license: Text = Field(description="SPDX expression")
    source: OptionalText = Field("", description="where the material came from, as the set file states it")
    provenance: Provenance
