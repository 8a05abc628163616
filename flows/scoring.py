"""A workspace's pictures and captions -> set/embeddings and set/scores.parquet, by the CLIP model that the set names.

The only set stage that runs a model: everything after it reads rows. Embeddings are kept batch by batch under the
model's fingerprint, so that nothing is scored twice, whatever stops a run.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flows.whole_set import SCORES, WholeSet
from rolescape_data.records import Caption, ImageRecord
from rolescape_data.records.score import ScoreRow
from rolescape_data.settings import ClipSettings
from rolescape_data.stages.scores import PERCENTILE, TEXT_MEASURES, Embeddings, scores, text_key
from rolescape_data.store.atomic import write_json
from rolescape_data.store.embeddings import EmbeddingStore, Sort, Vectors
from rolescape_data.store.inputs import Inputs, model_files
from rolescape_data.store.tables import write_table
from rolescape_data.vision.clip import (
    LOCAL,
    ClipModel,
    embed_pictures,
    embed_texts,
    is_file_name,
    load_clip,
    token_count,
)
from rolescape_data.vision.clip_text import pieces

NOT_ASKED = "CLIP was not run (the set file has no `clip:`): captions are not scored against their pictures."
NOT_YET = (
    "CLIP was not run yet: captions are not scored against their pictures. `rolescape build` scores them."
)


def score(whole: WholeSet, *, load: Callable[..., ClipModel] = load_clip) -> None:
    """Score every caption and picture of the set; in a set without `clip:` remove what an earlier one left.

    Args:
        load: (model, pretrained, device=...) -> the model.

    Raises:
        InputError: the weights are not there; the message names both ways out.
        DiskFullError: no room left; every finished batch is kept.
    """
    folder = whole.workspace.set_folder
    settings = whole.inputs.found.clip
    if settings is None:
        for name in SCORES:
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / "embeddings", ignore_errors=True)
        return
    captions, images = _records(whole)
    with _model_at(settings, whole) as (model, pretrained):
        clip = load(model, pretrained, device=settings.device)
        cut = {
            text: pieces(text, count=lambda piece: token_count(clip, piece), window=clip.window)
            for text in sorted({getattr(caption, name) for caption in captions for name in TEXT_MEASURES})
        }
        store = EmbeddingStore(folder / "embeddings" / clip.fingerprint[:16])
        paths = {image.blob_sha256: whole.workspace.blobs.path(image.blob) for image in images}
        texts = {text_key(piece): piece for part in cut.values() for piece in part.texts}
        size = settings.batch_size
        known = Embeddings(
            pictures=_embedded(
                store, "pictures", paths, size, lambda todo: embed_pictures(clip, todo, batch_size=size)
            ),
            texts=_embedded(
                store, "texts", texts, size, lambda todo: embed_texts(clip, todo, batch_size=size)
            ),
            model=clip.fingerprint,
        )
    found = scores(captions, images, cut, known, seed=whole.inputs.found.seed)
    write_table(folder / "scores.parquet", found.rows, ScoreRow)
    told = {
        "model": settings.model,
        "pretrained": settings.pretrained,
        "fingerprint": clip.fingerprint,
        "about": clip.about,
        "window": clip.window,
        "percentile": PERCENTILE,
        "shuffled": found.shuffled,
        "pictures": len(paths),
        "texts": sum(1 for row in found.rows if row.kind == Caption.kind),
    }
    write_json(folder / "calibration.json", told)


def clip_note(whole: WholeSet) -> str:
    """Say in a sentence or two whether and by what the set was scored; no score is no pass."""
    if whole.inputs.found.clip is None:
        return NOT_ASKED
    try:
        told: dict[str, Any] = json.loads(
            (whole.workspace.set_folder / "calibration.json").read_text(encoding="utf-8")
        )
    except (FileNotFoundError, ValueError):
        return NOT_YET
    named = " ".join(name for name in (told["model"], told["pretrained"]) if name)
    lines = [
        f"CLIP scored {told['texts']} texts of captions and {told['pictures']} pictures: {named}, "
        f"fingerprint {told['fingerprint'][:12]}."
    ]
    if told["about"]:
        lines.append(f"The model was {told['about']}.")
    if told["shuffled"]:
        bounds = ", ".join(f"{name} {value:.3f}" for name, value in sorted(told["shuffled"].items()))
        lines.append(f"95 % of texts beside wrong pictures score below: {bounds}.")
    else:
        lines.append("The set is too small to calibrate the scores against shuffled pairs.")
    return " ".join(lines)


def _records(whole: WholeSet) -> tuple[list[Caption], list[ImageRecord]]:
    folders = [whole.workspace.character(character) for character in whole.characters]
    kinds = whole.blueprint.kinds
    captions = [row for folder in folders if Caption.kind in kinds for row in folder.read(Caption)]
    images = [row for folder in folders if ImageRecord.kind in kinds for row in folder.read(ImageRecord)]
    # Generic pictures show nobody: they would pull the centre of the character's own away.
    return captions, [image for image in images if image.owner != "pool"]


@contextmanager
def _model_at(settings: ClipSettings, whole: WholeSet) -> Iterator[tuple[str, str | None]]:
    """Give model and weights as the loader takes them; what was copied into the workspace gets its names back."""
    inputs: Inputs = whole.inputs

    def copied(name: str) -> Path:
        return whole.workspace.inputs.path(inputs.files[name]).resolve()

    if settings.pretrained and is_file_name(settings.pretrained):
        yield settings.model, str(copied(settings.pretrained))
        return
    if not settings.model.startswith(LOCAL):
        yield settings.model, settings.pretrained
        return
    with TemporaryDirectory(prefix="rolescape-clip-") as folder:
        for name in model_files(inputs):
            (Path(folder) / Path(name).name).symlink_to(copied(name))
        yield f"{LOCAL}{folder}", None


def _embedded(
    store: EmbeddingStore,
    sort: Sort,
    wanted: Mapping[str, Any],
    size: int,
    embed: Callable[[list[Any]], Iterable[Vectors]],
) -> dict[str, Vectors]:
    """Return the vectors of all wanted keys: what is known is read, the rest is made and kept batch by batch."""
    known = {key: vector for key, vector in store.read(sort).items() if key in wanted}
    todo = sorted(key for key in wanted if key not in known)
    names = iter(todo)
    for vectors in embed([wanted[key] for key in todo]):
        batch: Sequence[str] = list(islice(names, size))
        store.add(sort, batch, vectors)
        known.update(zip(batch, vectors, strict=True))
    return known
