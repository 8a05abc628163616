"""A picture of a character: what the file is, and what somebody said is to be seen."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from rolescape_data.records.base import Model, OptionalText, Record, RecordId, Sha256, Text

VISUAL_ELEMENTS = (
    "expression",
    "pose",
    "setting",
    "style",
    "lighting",
    "colour",
    "composition",
    "prop",
    "outfit",
)


class Annotation(Model):
    """MMRole's three fields; an empty one is unknown."""

    role_info: OptionalText = ""
    place_info: OptionalText = ""
    scene_info: OptionalText = ""


class VisualAttributes(Model):
    """Single visual elements, each a plain phrase; an empty one is unknown."""

    expression: OptionalText = ""
    pose: OptionalText = ""
    setting: OptionalText = ""
    style: OptionalText = ""
    lighting: OptionalText = ""
    colour: OptionalText = ""
    composition: OptionalText = ""
    prop: OptionalText = ""
    outfit: OptionalText = ""


class ImageRecord(Record):
    """One usable picture, in the pixels a person would see."""

    kind: ClassVar[str] = "image"

    owner: Literal["character", "script", "pool"] = "character"
    path: Text = Field(description="file as the set names it, POSIX, relative to the set file")
    sha256: Sha256 = Field(description="of the original file")
    blob: Text = Field(description="stored picture below blobs/, e.g. ab/abcd....png")
    blob_sha256: Sha256
    phash64: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] = Field(description="equal to imagehash.phash")
    width: int = Field(gt=0, description="pixels, upright")
    height: int = Field(gt=0, description="pixels, upright")
    format: Literal["png", "jpeg", "webp"] = Field(description="of the stored picture")
    original_format: Text
    decoding: list[Text] = Field(default_factory=list, description="what was done to reach the seen pixels")
    brightness: float | None = Field(None, ge=0, le=255, description="mean of the grey levels")
    sharpness: float | None = Field(
        None, ge=0, description="variance of the Laplacian at 512 pixels; next to nothing when blurred"
    )
    note: OptionalText = ""
    annotation: Annotation = Annotation()
    attributes: VisualAttributes = VisualAttributes()
    characters_present: list[Text] = Field(default_factory=list)
    group_id: RecordId = Field(description="pictures that must stay in one split share it")
