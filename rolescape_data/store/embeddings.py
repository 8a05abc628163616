"""Embeddings by name, kept in chunks that are written whole: `FOLDER/MODEL/pictures-0123abcd....npz`.

A chunk is one batch of a model. After a kill every finished batch is still there, so nothing is scored twice.
"""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from rolescape_data.store import atomic

Sort = Literal["pictures", "texts"]
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class EmbeddingStore:
    """The embeddings of one model; another fingerprint has a folder of its own."""

    folder: Path

    def read(self, sort: Sort) -> dict[str, Vectors]:
        """Return every embedding by its key; a chunk that cannot be read counts as not there and is removed."""
        found: dict[str, Vectors] = {}
        for path in sorted(self.folder.glob(f"{sort}-*.npz")):
            try:
                with np.load(path, allow_pickle=False) as chunk:
                    keys, vectors = chunk["keys"].tolist(), chunk["vectors"]
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
                path.unlink(missing_ok=True)
                continue
            found.update(zip(keys, vectors, strict=True))
        return found

    def add(self, sort: Sort, keys: Sequence[str], vectors: Vectors) -> None:
        """Keep one batch.

        Args:
            keys: SHA-256 hex digests, in the order of the rows.
            vectors: (keys, D).

        Raises:
            DiskFullError: no room left; earlier batches stay.
        """
        buffer = io.BytesIO()
        # numpy stamps the entries of its archives with 1980: the same rows give the same bytes.
        np.savez(buffer, keys=np.array(keys), vectors=vectors.astype(np.float32))
        name = hashlib.sha256("\n".join(keys).encode()).hexdigest()[:32]
        atomic.write_bytes(self.folder / f"{sort}-{name}.npz", buffer.getvalue())
