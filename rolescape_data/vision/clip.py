"""Pictures and texts -> CLIP embeddings, through open_clip; the only module that imports it.

A model is named in one of three ways: an architecture with a weights tag or a checkpoint file, `hf-hub:OWNER/NAME`, or
`local-dir:FOLDER`. Only a tag or a hub name may reach for the network, and nothing ever runs on random weights.
"""

import hashlib
import importlib
import json
import logging
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from rolescape_data.errors import InputError, SettingsError

if TYPE_CHECKING:
    from torch import Tensor

Device = Literal["auto", "cuda", "mps", "cpu"]
Vectors = npt.NDArray[np.float32]

LOCAL = "local-dir:"
HUB = "hf-hub:"
CONFIG = "open_clip_config.json"
WEIGHT_SUFFIXES = (".safetensors", ".bin", ".pth", ".pt")
WAYS_OUT = (
    "Either name weights on this machine (`model: local-dir:FOLDER` with open_clip_config.json and the weights in it, "
    "or an architecture with `pretrained: FILE`), or build without CLIP: leave out `clip:` in the set file."
)

# Pictures are decoded ahead on this many threads while the model works.
_READERS = 4


@dataclass(frozen=True, slots=True)
class ClipModel:
    """A loaded model with all that shapes its embeddings.

    Args:
        fingerprint: SHA-256 of weights, architecture, preprocessing and text window; the device is not part of it.
        about: what its maker says that it is good for; '' when nothing is said.
        window: tokens of a text that it reads, start and end included.
    """

    fingerprint: str
    about: str
    device: str
    window: int
    network: Any
    preprocess: Callable[[Image.Image], "Tensor"]
    tokenizer: Any


def import_open_clip() -> Any:
    """Import open_clip, also where torchvision's compiled operators do not go with this build of torch."""
    try:
        return importlib.import_module("open_clip")
    except RuntimeError as fault:
        if "torchvision" not in str(fault):
            raise
    # torchvision 0.28 registers operators that a CPU-only torch 2.13 does not have; open_clip needs its transforms
    # alone. What the failed import left behind is taken away, or it would be found half made.
    for name in [name for name in sys.modules if name.split(".")[0] in ("torchvision", "open_clip")]:
        del sys.modules[name]
    empty = "torchvision._meta_registrations"
    sys.modules[empty] = types.ModuleType(empty)
    return importlib.import_module("open_clip")


def load_clip(model: str, pretrained: str | None, *, device: Device = "auto") -> ClipModel:
    """Load a model with its weights.

    Args:
        model: `local-dir:FOLDER`, `hf-hub:OWNER/NAME`, or an architecture that open_clip knows.
        pretrained: for an architecture: a weights tag, or a checkpoint file.
        device: `auto` takes CUDA, else MPS, else the CPU.

    Raises:
        InputError: the weights are not there or do not fit; the message names both ways out.
        SettingsError: no such architecture, or one without weights.
    """
    check_weights(model, pretrained)
    with _quiet(), _network(wanted=_from_hub(model, pretrained)):
        open_clip = import_open_clip()
        if not model.startswith((LOCAL, HUB)) and open_clip.get_model_config(model.replace("/", "-")) is None:
            raise SettingsError(
                f"open_clip knows no architecture '{model}'. Known: {', '.join(sorted(open_clip.list_models()))}."
            )
        place = _device(device)
        try:
            network, preprocess = open_clip.create_model_from_pretrained(
                model, pretrained, precision="fp32", device=place
            )
            tokenizer = open_clip.get_tokenizer(model)
        # A hub, a checkpoint and a tokenizer fail with whatever their libraries raise.
        except Exception as fault:
            cause = " ".join(str(fault).split())[:200]
            named = f"{model} {pretrained}" if pretrained else model
            raise InputError(
                f"The CLIP weights of '{named}' cannot be loaded ({cause}). {WAYS_OUT}"
            ) from fault
    network.eval().requires_grad_(False)
    config, about = _config(open_clip, model)
    window = int(getattr(network, "context_length", None) or tokenizer.context_length)
    return ClipModel(
        fingerprint=_fingerprint(network, config, window),
        about=about,
        device=str(place),
        window=window,
        network=network,
        preprocess=preprocess,
        tokenizer=tokenizer,
    )


def check_weights(model: str, pretrained: str | None) -> None:
    """Raise InputError or SettingsError for weights that cannot be there, without loading anything."""
    if model.startswith(LOCAL):
        folder = Path(model.removeprefix(LOCAL))
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder} with a CLIP model. {WAYS_OUT}")
        if not (folder / CONFIG).is_file():
            raise InputError(f"The CLIP model in {folder} has no {CONFIG}. {WAYS_OUT}")
        if not any(path.suffix in WEIGHT_SUFFIXES for path in folder.iterdir()):
            raise InputError(f"The CLIP model in {folder} has no weights. {WAYS_OUT}")
    elif model.startswith(HUB):
        return
    elif not pretrained:
        raise SettingsError(f"`clip:` names the architecture '{model}' without weights. {WAYS_OUT}")
    elif is_file_name(pretrained) and not Path(pretrained).is_file():
        raise InputError(f"There is no file {pretrained} with CLIP weights. {WAYS_OUT}")


def is_file_name(pretrained: str) -> bool:
    """Say whether `pretrained` names a checkpoint file; a tag has neither a folder nor a suffix."""
    return "/" in pretrained or pretrained.endswith(WEIGHT_SUFFIXES)


def embed_pictures(clip: ClipModel, paths: Sequence[Path], *, batch_size: int) -> Iterator[Vectors]:
    """Yield the embeddings of picture files, batch by batch in order; the next batch is read meanwhile.

    Raises:
        InputError: a file that is no readable picture.
    """
    batches = [paths[at : at + batch_size] for at in range(0, len(paths), batch_size)]
    with ThreadPoolExecutor(_READERS) as pool:
        ahead = [pool.submit(_prepared, clip, path) for path in batches[0]] if batches else []
        for number in range(len(batches)):
            ready = [job.result() for job in ahead]
            ahead = (
                [pool.submit(_prepared, clip, path) for path in batches[number + 1]]
                if number + 1 < len(batches)
                else []
            )
            yield _embedded(clip, clip.network.encode_image, ready, batch_size)


def embed_texts(clip: ClipModel, texts: Sequence[str], *, batch_size: int) -> Iterator[Vectors]:
    """Yield the embeddings of texts, batch by batch in order.

    Raises:
        ValueError: a text does not fit the model's window; cut it into pieces first (`clip_text.pieces`).
    """
    for text in texts:
        if (count := token_count(clip, text)) > clip.window:
            raise ValueError(
                f"a text of {count} tokens does not fit a window of {clip.window}: '{text[:60]}'"
            )
    for at in range(0, len(texts), batch_size):
        tokens = list(clip.tokenizer(list(texts[at : at + batch_size]), context_length=clip.window))
        yield _embedded(clip, clip.network.encode_text, tokens, batch_size)


def token_count(clip: ClipModel, text: str) -> int:
    """Return how many tokens a text has for this model, start and end included; nothing is cut."""
    if hasattr(clip.tokenizer, "encode"):
        return len(clip.tokenizer.encode(text)) + 2
    return len(clip.tokenizer.tokenizer(text)["input_ids"])


def clip_scores(image_ND: "Tensor", text_ND: "Tensor") -> "Tensor":
    """Score each caption against its own image.

    Args:
        image_ND: image embeddings, N pairs by D, any scale.
        text_ND: caption embeddings in the same order.

    Returns:
        N scores in [0, 2.5]: 2.5 * max(cosine, 0), CLIPScore of Hessel et al. 2021 (arXiv:2104.08718).

    Raises:
        ValueError: the two batches differ in shape.
    """
    if image_ND.shape != text_ND.shape or image_ND.ndim != 2:
        raise ValueError(
            f"N pictures and N captions make two tensors of one shape (N, D), not {tuple(image_ND.shape)} "
            f"and {tuple(text_ND.shape)}"
        )
    from torch.nn import functional

    return 2.5 * functional.cosine_similarity(image_ND, text_ND, dim=-1).clamp(min=0)


def _embedded(
    clip: ClipModel, encode: Callable[..., Any], rows: Sequence["Tensor"], batch_size: int
) -> Vectors:
    import torch

    # Every batch has one shape: kernels are chosen by shape, and a picture's numbers would depend on its company.
    padding = [torch.zeros_like(rows[0])] * (batch_size - len(rows))
    batch = torch.stack([*rows, *padding]).to(clip.device)
    with torch.inference_mode():
        vectors = encode(batch, normalize=True)[: len(rows)]
    found: Vectors = vectors.float().cpu().numpy()
    return found


def _prepared(clip: ClipModel, path: Path) -> "Tensor":
    try:
        with Image.open(path) as picture:
            return clip.preprocess(picture.convert("RGB"))
    except OSError as fault:
        raise InputError(
            f"The stored picture {path} cannot be read ({fault}). Delete it and build again."
        ) from fault


def _device(wanted: Device) -> str:
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return next(name for name, present in there.items() if present)
    if not there[wanted]:
        raise SettingsError(
            f"`clip: device: {wanted}` is not there on this machine. Write `device: auto`, which takes what is."
        )
    return wanted


def _from_hub(model: str, pretrained: str | None) -> bool:
    return model.startswith(HUB) or (not model.startswith(LOCAL) and not is_file_name(pretrained or ""))


def _config(open_clip: Any, model: str) -> tuple[Any, str]:
    """Return the architecture's description, and what its maker says about it."""
    if model.startswith(LOCAL):
        found = json.loads((Path(model.removeprefix(LOCAL)) / CONFIG).read_text(encoding="utf-8"))
        return found["model_cfg"], str(found.get("about", ""))
    return open_clip.get_model_config(model.replace("/", "-") if not model.startswith(HUB) else model), ""


def _fingerprint(network: Any, config: Any, window: int) -> str:
    digest = hashlib.sha256()
    said = {"model": config, "preprocess": network.visual.preprocess_cfg, "window": window}
    digest.update(json.dumps(said, sort_keys=True, default=str).encode())
    for name, tensor in sorted(network.state_dict().items()):
        values = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {tuple(values.shape)} {values.dtype}".encode())
        digest.update(values.numpy().tobytes())
    return digest.hexdigest()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep open_clip's log lines about its own loading from the user; what matters comes as an error."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)


@contextmanager
def _network(*, wanted: bool) -> Iterator[None]:
    """Keep the hub library off the network unless the user asked for a hub name."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or not wanted
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
