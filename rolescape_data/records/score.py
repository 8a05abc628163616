"""What a CLIP model says about pictures and texts: one row for each record and measure."""

from typing import Literal

from pydantic import Field

from rolescape_data.records.base import CharacterId, Model, OptionalText, Sha256, Text

Measure = Literal["t2i_caption", "generation_instruction", "identity"]


class ScoreRow(Model):
    """One score of one record. The table is `set/scores.parquet`.

    A text's score is CLIPScore, 2.5 * max(cosine, 0), against its own picture; a picture's is its cosine to the centre
    of its character's pictures.
    """

    record_id: Text
    kind: Text
    character_id: CharacterId
    measure: Measure
    score: float = Field(description="mean over the text's pieces")
    minimum: float = Field(
        description="lowest of the pieces; for pictures the cosine to the nearest other one"
    )
    coverage: float = Field(ge=0, le=1, description="share of the text's letters that the model was given")
    pieces: int = Field(ge=1, description="parts that a text was scored in")
    rank: float = Field(ge=0, le=1, description="share of the set's rows of this measure that score lower")
    margin: float | None = Field(
        None,
        description="texts: score above the 95th percentile of shuffled pairs; pictures: standard deviations from "
        "the mean of the character's pictures. Empty where there are too few",
    )
    neighbour: OptionalText = Field("", description="pictures: the most alike other one")
    model: Sha256 = Field(description="fingerprint of weights, architecture, preprocessing and window")
