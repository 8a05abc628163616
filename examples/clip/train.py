"""Train the starter set's own CLIP model on drawings: `python -m examples.clip.train --out examples/starter/clip`.

A small open_clip architecture (96 px, 77 tokens, the standard tokenizer), trained from nothing in two phases. To see:
the picture tower learns to name the details of a drawing, which costs no text. To tell: its last layer and the text
tower learn which caption belongs to which picture, and not to the same caption with one false detail (hard negatives).
It knows this drawing style and its words, and nothing else.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from examples.clip.captions import FIELDS, KINDS, Form, caption, falsified, form
from examples.clip.draws import SIDE, TRAINING_SEEDS, drawn
from examples.drawing.vocabulary import PictureSpec
from rolescape_data.vision.clip import import_open_clip

ABOUT = "trained on the drawings of the starter set's own style: its scores mean something for that look only"
MODEL: dict[str, Any] = {
    "embed_dim": 192,
    "vision_cfg": {"image_size": SIDE, "layers": [1, 1, 1, 1], "width": 24},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 4, "layers": 2},
}
PREPROCESS: dict[str, Any] = {
    "mean": [0.5, 0.5, 0.5],
    "std": [0.25, 0.25, 0.25],
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}
FALSE_PER_CAPTION = 2
WEIGHTS = "open_clip_model.safetensors"


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--pictures", type=int, default=12_000)
    options.add_argument("--see", type=int, default=12, help="epochs of the first phase")
    options.add_argument("--tell", type=int, default=20, help="epochs of the second phase")
    options.add_argument("--batch", type=int, default=64)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    options.add_argument("--jobs", type=int, default=1, help="processes that draw")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--start", type=Path, help="folder of an earlier run to go on from")
    options.add_argument("--cache", type=Path, default=Path("build/clip-drawings"))
    given = options.parse_args()
    torch.manual_seed(given.seed)
    torch.set_num_threads(given.threads)
    # Sums that fade out below the smallest normal number would slow a CPU down tenfold.
    torch.set_flush_denormal(True)
    specs, pictures = drawn(
        TRAINING_SEEDS, given.pictures, evaluation=False, folder=given.cache, jobs=given.jobs
    )
    train(specs, pictures, given)


def train(specs: list[PictureSpec], pictures: np.ndarray, given: argparse.Namespace) -> None:
    open_clip = import_open_clip()
    model = open_clip.CLIP(**MODEL).to(given.device, memory_format=torch.channels_last)
    tokenizer = open_clip.SimpleTokenizer(context_length=MODEL["text_cfg"]["context_length"])
    if given.start:
        told = load_file(given.start / WEIGHTS)
        model.load_state_dict({name: tensor.float() for name, tensor in told.items()})
    else:
        known = _known_tokens(specs, tokenizer)
        with torch.no_grad():
            # Words that no caption of the training holds must say nothing, instead of something random.
            model.token_embedding.weight.zero_()
            model.token_embedding.weight[known] = 0.02 * torch.randn(
                len(known), MODEL["text_cfg"]["width"], device=given.device
            )
    values = torch.tensor([[FIELDS[name].index(_value(spec, name)) for name in FIELDS] for spec in specs])
    if given.see:
        see(model, torch.from_numpy(pictures), values, given)
    if given.tell:
        tell(model, tokenizer, specs, torch.from_numpy(pictures), values, given)


def see(model: Any, picture_NHWC: Tensor, values_NF: Tensor, given: argparse.Namespace) -> None:
    """Train the picture tower to name details."""
    helpers = Helpers(model.visual).to(given.device)
    steps = Steps(
        [*model.visual.named_parameters(), *helpers.named_parameters()], len(values_NF), given.see, given
    )
    model.train()
    for batch in steps:
        image_NCHW = augmented(picture_NHWC[batch].to(given.device))
        with torch.autocast(given.device, dtype=torch.bfloat16):
            half_ND = model.encode_image(image_NCHW)
        loss, right = helpers.loss(half_ND.float(), values_NF[batch].to(given.device))
        steps.step(loss, right)
        if steps.epoch_ends:
            shown = zip(FIELDS, steps.means(), strict=True)
            print(
                f"see {steps.where()}: right " + ", ".join(f"{name} {share:.2f}" for name, share in shown),
                flush=True,
            )
            save(model, given.out)
    helpers.release()


def tell(
    model: Any,
    tokenizer: Any,
    specs: list[PictureSpec],
    picture_NHWC: Tensor,
    values_NF: Tensor,
    given: argparse.Namespace,
) -> None:
    """Train text tower and the picture tower's last layer on captions, true and false."""
    learning = [
        (name, p) for name, p in model.named_parameters() if "visual" not in name or "attnpool" in name
    ]
    steps = Steps(learning, len(specs), given.tell, given)
    rng = random.Random(given.seed)
    model.train()
    model.visual.eval()
    for batch in steps:
        image_NCHW = augmented(picture_NHWC[batch].to(given.device))
        with torch.no_grad(), torch.autocast(given.device, dtype=torch.bfloat16):
            map_NCHW = model.visual.stem(image_NCHW)
            for layer in (model.visual.layer1, model.visual.layer2, model.visual.layer3, model.visual.layer4):
                map_NCHW = layer(map_NCHW)
        # Texts of one batch are as long as its longest: a batch of short ones costs less.
        most = rng.choice((3, 5, 7))
        forms = [form(rng, most=most) for _ in batch]
        texts, real_NK = _texts([specs[number] for number in batch.tolist()], forms, rng)
        image_ND = functional.normalize(model.visual.attnpool(map_NCHW.float()), dim=-1)
        text_TD = functional.normalize(_text_embedding(model, tokenizer(texts).to(given.device)), dim=-1)
        scale = model.logit_scale.exp().clamp(max=60)
        contrast, hard = _losses(
            image_ND, text_TD, real_NK.to(given.device), values_NF[batch].to(given.device), forms, scale
        )
        steps.step(contrast + 4 * hard, [contrast.item(), hard.item()])
        if steps.epoch_ends:
            means = steps.means()
            print(f"tell {steps.where()}: batch {means[0]:.3f}, false detail {means[1]:.3f}", flush=True)
            save(model, given.out)


class Steps:
    """Batches of one phase in random order, the optimizer behind them, and what an epoch came to."""

    def __init__(
        self, named: Sequence[tuple[str, nn.Parameter]], count: int, epochs: int, given: argparse.Namespace
    ) -> None:
        decayed = [p for name, p in named if p.ndim > 1 and "embedding" not in name]
        others = [p for name, p in named if p.ndim <= 1 or "embedding" in name]
        groups = [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
        self.parameters = [*decayed, *others]
        self.count, self.epochs, self.batch = count, epochs, given.batch
        self.optimizer = torch.optim.AdamW(groups, lr=2e-3, betas=(0.9, 0.98))
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, 2e-3, total_steps=epochs * (count // given.batch) + 1, pct_start=0.1
        )
        self.began, self.epoch, self.epoch_ends = time.monotonic(), 0, False
        self.told: list[list[float]] = []

    def __iter__(self) -> Iterator[Tensor]:
        for epoch in range(1, self.epochs + 1):
            self.epoch = epoch
            order = torch.randperm(self.count)
            self.told = []
            starts = range(0, self.count - self.batch + 1, self.batch)
            for at in starts:
                self.epoch_ends = at == starts[-1]
                yield order[at : at + self.batch]

    def step(self, loss: Tensor, told: list[float]) -> None:
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.schedule.step()
        self.told.append(told)

    def means(self) -> list[float]:
        return [sum(column) / len(column) for column in zip(*self.told, strict=True)]

    def where(self) -> str:
        return f"{self.epoch}/{self.epochs} ({time.monotonic() - self.began:.0f} s)"


class Helpers(nn.Module):
    """Tell the details of a picture from its embedding and from the network's last two layers; thrown away after training.

    Small things (a face, a prop) reach the embedding late: a layer whose strongest response anywhere must name them
    learns them first.
    """

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        width = MODEL["vision_cfg"]["width"]
        self.seen: dict[str, Tensor] = {}
        self.hooks: list[Any] = []
        self.heads = nn.ModuleDict()
        for layer, size in (("layer3", width * 16), ("layer4", width * 32)):
            self.hooks.append(getattr(visual, layer).register_forward_hook(self._keep(layer)))
            self.heads[layer] = nn.Linear(2 * size, sum(map(len, FIELDS.values())))
        self.heads["embedding"] = nn.Linear(MODEL["embed_dim"], sum(map(len, FIELDS.values())))

    def release(self) -> None:
        """Let go of the network."""
        for hook in self.hooks:
            hook.remove()

    def _keep(self, layer: str) -> Any:
        def hook(module: nn.Module, given: Any, found: Tensor) -> None:
            self.seen[layer] = found

        return hook

    def loss(self, raw_ND: Tensor, values_NF: Tensor) -> tuple[Tensor, list[float]]:
        """Return the mean loss, and the share of each field that is told right from the embedding."""
        features = {
            layer: torch.cat([map_NCHW.float().amax((2, 3)), map_NCHW.float().mean((2, 3))], dim=1)
            for layer, map_NCHW in self.seen.items()
        }
        features["embedding"] = functional.layer_norm(raw_ND, raw_ND.shape[-1:])
        losses: list[Tensor] = []
        right: list[float] = []
        for layer, head in self.heads.items():
            parts = head(features[layer]).split([len(values) for values in FIELDS.values()], dim=1)
            for column, logits in enumerate(parts):
                losses.append(functional.cross_entropy(logits, values_NF[:, column]))
                if layer == "embedding":
                    right.append((logits.argmax(1) == values_NF[:, column]).float().mean().item())
        return torch.stack(losses).mean(), right


def _text_embedding(model: Any, token_TL: Tensor) -> Tensor:
    """Return what `model.encode_text` does, without the padding behind the longest text."""
    end_T = token_TL.argmax(dim=1)
    length = int(end_T.max()) + 1
    x_TLW = model.token_embedding(token_TL[:, :length]) + model.positional_embedding[:length]
    x_TLW = model.ln_final(model.transformer(x_TLW, attn_mask=model.attn_mask[:length, :length]))
    found: Tensor = x_TLW[torch.arange(len(end_T), device=end_T.device), end_T] @ model.text_projection
    return found


def augmented(picture_NHWC: Tensor) -> Tensor:
    """Return pictures shifted, zoomed and lit a little differently, normalised as the model wants them."""
    image = picture_NHWC.permute(0, 3, 1, 2).float() / 255
    count = len(image)
    zoom = image.new_empty(count).uniform_(0.9, 1.04)
    shift = image.new_empty(count, 2).uniform_(-0.06, 0.06)
    theta = image.new_zeros(count, 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = zoom
    theta[:, :, 2] = shift
    grid = functional.affine_grid(theta, list(image.shape), align_corners=False)
    image = functional.grid_sample(image, grid, padding_mode="reflection", align_corners=False)
    image = image * image.new_empty(count, 1, 1, 1).uniform_(0.93, 1.07) + 0.012 * torch.randn_like(image)
    mean, std = (image.new_tensor(PREPROCESS[name]).view(1, 3, 1, 1) for name in ("mean", "std"))
    return ((image.clamp(0, 1) - mean) / std).contiguous(memory_format=torch.channels_last)


def _texts(batch: list[PictureSpec], forms: list[Form], rng: random.Random) -> tuple[list[str], Tensor]:
    """Return true captions, then FALSE_PER_CAPTION false ones each; and which of these are false indeed."""
    true = [caption(spec, how) for spec, how in zip(batch, forms, strict=True)]
    false: list[str] = []
    real = torch.zeros(len(batch), FALSE_PER_CAPTION, dtype=torch.bool)
    for row, (spec, how) in enumerate(zip(batch, forms, strict=True)):
        kinds = [kind for kind, name in KINDS.items() if name in how.fields]
        rng.shuffle(kinds)
        for column in range(FALSE_PER_CAPTION):
            if not kinds:
                false.append(true[row])
                continue
            false.append(caption(falsified(spec, kinds[column % len(kinds)], rng), how))
            real[row, column] = false[-1] != true[row]
    return true + false, real


def _losses(
    image_ND: Tensor, text_TD: Tensor, real_NK: Tensor, values_NF: Tensor, forms: list[Form], scale: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the loss against the batch, and the loss against false details on one picture and over all of them."""
    count = len(image_ND)
    place = image_ND.device
    told_NF = torch.tensor([[name in how.fields for name in FIELDS] for how in forms], device=place)
    same_NNF = values_NF[:, None, :] == values_NF[None, :, :]
    # A short caption may be true of other pictures of the batch: these are no wrong answers.
    fits_NN = (same_NNF | ~told_NF[None, :, :]).all(-1) & ~torch.eye(count, dtype=torch.bool, device=place)
    logit_NN = (scale * image_ND @ text_TD[:count].T).masked_fill(fits_NN, float("-inf"))
    target = torch.arange(count, device=place)
    contrast = (functional.cross_entropy(logit_NN, target) + functional.cross_entropy(logit_NN.T, target)) / 2
    false_NKD = text_TD[count:].view(count, FALSE_PER_CAPTION, -1)
    false_NK = scale * (image_ND[:, None, :] * false_NKD).sum(-1)
    own_N1 = logit_NN.diagonal()[:, None]
    own = functional.softplus(false_NK - own_N1)[real_NK].mean()
    # A threshold serves all pictures at once, so a false caption must score below the true ones of others too.
    others = functional.softplus(false_NK[real_NK][:, None] - own_N1[:, 0][None, :]).mean()
    return contrast, (own + others) / 2


def _value(spec: PictureSpec, name: str) -> str:
    return str(spec.worn_accent if name == "accent" else getattr(spec, name))


def _known_tokens(specs: list[PictureSpec], tokenizer: object) -> list[int]:
    rng = random.Random(0)
    known: set[int] = {0, tokenizer.sot_token_id, tokenizer.eot_token_id}  # type: ignore[attr-defined]
    for number in range(5_000):
        known.update(tokenizer.encode(caption(specs[number % len(specs)], form(rng, least=6))))  # type: ignore[attr-defined]
    return sorted(known)


def save(model: nn.Module, out: Path) -> None:
    """Write the model as open_clip reads a local directory; weights in half precision."""
    out.mkdir(parents=True, exist_ok=True)
    config = {"about": ABOUT, "model_cfg": MODEL, "preprocess_cfg": PREPROCESS}
    (out / "open_clip_config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    weights = {
        name: tensor.detach().cpu().half().contiguous()
        if tensor.is_floating_point()
        else tensor.cpu().clone()
        for name, tensor in model.state_dict().items()
    }
    part = out / ".open_clip_model.part"
    save_file(weights, part, metadata={"about": ABOUT})
    part.replace(out / WEIGHTS)


if __name__ == "__main__":
    main()
