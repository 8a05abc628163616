"""Review files -> a folder of reward-model samples with a manifest; what cannot be used is listed in it."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rolescape_data.collection import Finding
from rolescape_data.errors import InputError
from rolescape_data.export.folder import export_folder, json_bytes
from rolescape_data.judging.reviews import counted_once, read_reviews, review_files
from rolescape_data.judging.reward import reward_samples
from rolescape_data.judging.rubrics import load_rubric
from rolescape_data.prompts import load_prompt

TO = "mmrole-reward"
RUBRIC = "mmrole_pair"


def export_rewards(reviews: Path, out: Path) -> dict[str, Any]:
    """Write `train_reward.json` from MMRole-format review files; return the manifest.

    Args:
        reviews: a review file, a folder of them, or the folder that `rolescape judge` wrote.
        out: folder to write to.

    Raises:
        InputError: no review file, a sample with two different reviews in one, or none of its reviews can be used.
    """
    rubric = load_rubric(RUBRIC)
    prompt = load_prompt(rubric.prompt)
    samples: list[dict[str, Any]] = []
    findings: list[Finding] = []
    inside = reviews / "reviews"
    for path in review_files([inside if inside.is_dir() else reviews]):
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as fault:
            raise InputError(f"{path} is no JSON ({fault}). Give review files in MMRole's format.") from fault
        if not isinstance(entries, list):
            raise InputError(f"{path} is no list of reviewed samples. Give review files in MMRole's format.")
        # One file judges one model: a row that stands there again teaches nothing new, one with other scores is refused.
        (once,) = counted_once([read_reviews(path, name=path.name)])
        entries = [entries[int(place.strip("[]"))] for _, place in once.samples]
        made, odd = reward_samples(entries, rubric, prompt, file=path.name)
        samples += made
        findings += odd
    if not samples:
        raise InputError(
            f"None of the reviews in {reviews} can be learnt from. The first fault: "
            f"{findings[0].detail if findings else 'there is none'}."
        )
    counts = {
        "samples": len(samples),
        "by_metric": dict(Counter(one["metric"] for one in samples)),
        "by_order": dict(Counter(one["order"] for one in samples)),
        "ties": sum(one["scores"][0] == one["scores"][1] for one in samples),
        "left_out": len(findings),
    }
    files: dict[str, bytes | Path] = {
        "train_reward.json": json_bytes(samples),
        "left_out.json": json_bytes([asdict(one) for one in findings]),
    }
    return export_folder(files, out, kind=f"rolescape-{TO}", name=reviews.name, counts=counts)
