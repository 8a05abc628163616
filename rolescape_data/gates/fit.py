"""How well captions fit their pictures and how alike a character's pictures are, from scores made before.

No model runs here: the scores of `set/scores.parquet` come with the context. A set without `clip:` has none, and
nothing is measured then.
"""

from collections.abc import Callable

from rolescape_data.gates.base import Context, measured
from rolescape_data.records import Measurement, Record
from rolescape_data.records.score import ScoreRow


def clip_fit(record: Record, context: Context) -> list[Measurement]:
    """Measure CLIPScore of each text of a caption, 0 to 2.5, the mean over its pieces; a constant judges it."""
    return _told(record, context, "clip_fit", lambda row: row.score)


def clip_fit_pool(record: Record, context: Context) -> list[Measurement]:
    """Measure the share of the set's texts of the same sort that score lower, 0 to 1."""
    return _told(record, context, "clip_fit_pool", lambda row: row.rank)


def clip_fit_shuffled(record: Record, context: Context) -> list[Measurement]:
    """Measure how far a text's score lies above the 95th percentile of shuffled pairs; none in a very small set."""
    return _told(record, context, "clip_fit_shuffled", lambda row: row.margin)


def clip_coverage(record: Record, context: Context) -> list[Measurement]:
    """Measure the share of a text's letters that the model was given, 0 to 1."""
    return _told(record, context, "clip_coverage", lambda row: row.coverage)


def image_identity(record: Record, context: Context) -> list[Measurement]:
    """Measure how far a picture lies from the centre of its character's pictures, in standard deviations.

    Negative is farther off than the mean. Characters with fewer than six pictures are not measured.
    """
    return [
        measured(
            record,
            "image_identity",
            row.margin,
            f"cosine to the centre {row.score:.3f}, by CLIP {row.model[:12]}",
        )
        for row in context.scores.get(record.id, ())
        if row.margin is not None
    ]


def image_neighbour(record: Record, context: Context) -> list[Measurement]:
    """Measure the cosine to the most alike other picture of the character; `detail` is its id."""
    return [
        measured(record, "image_neighbour", row.minimum, f"{row.neighbour}, by CLIP {row.model[:12]}")
        for row in context.scores.get(record.id, ())
    ]


def _told(
    record: Record, context: Context, gate: str, value: Callable[[ScoreRow], float | None]
) -> list[Measurement]:
    return [
        measured(record, gate, found, _detail(row))
        for row in context.scores.get(record.id, ())
        if (found := value(row)) is not None
    ]


def _detail(row: ScoreRow) -> str:
    if row.pieces == 1 and row.coverage == 1:
        return row.measure
    return f"{row.measure}: {row.pieces} pieces, lowest {row.minimum:.3f}, {row.coverage:.0%} of the text"
