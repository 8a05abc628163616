"""A character's training mixes and row counts -> UniCharacter's YAML configurations and its table of data sets.

Values are those of the released configurations (github.com/Tangc03/UniCharacter, data/configs); numbers of samples are
counted, not typed: 12 of the 143 entries of the released table were wrong.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from rolescape_data.records import MixPart, TrainingMix
from rolescape_data.unicharacter.names import DATA, PEOPLE, T2I_SETS, VLM_SETS, dataset_file

_TRANSFORM: dict[str, dict[str, Any]] = {
    "t2i_pretrain": {
        "image_transform_args": {"image_stride": 16, "max_image_size": 1024, "min_image_size": 512}
    },
    "vlm_sft": {
        "image_transform_args": {
            "image_stride": 14,
            "max_image_size": 980,
            "min_image_size": 378,
            "max_pixels": 2_007_040,
        },
        "frame_sampler_args": {"max_num_frames": 12, "min_num_frames": 8},
    },
}


def _mix(t2i: Sequence[str], weight: int, vlm: Sequence[str]) -> list[MixPart]:
    return [
        MixPart(task="t2i_pretrain", datasets=list(t2i), weight=weight),
        MixPart(task="vlm_sft", datasets=list(vlm), weight=1, shuffle_lines=True),
    ]


# The four that every released character has.
STANDARD: dict[str, list[MixPart]] = {
    "": _mix(["t2i"], 8000, ["vlm"]),
    "extension": _mix(["t2i"], 20000, ["vlm_extension"]),
    "extension_with_thinking": _mix(["t2i", "t2i_with_thinking"], 20000, ["vlm_extension", "vlm_thinking"]),
    "full": _mix(
        ["t2i", "t2i_with_thinking", "pure_t2i"],
        20000,
        ["vlm_extension", "vlm_thinking", "knowledge_qa", "vqa"],
    ),
}


def config_name(prefix: str, mix: str) -> str:
    """Return the file of a mix: 'bo.yaml', 'bo_full.yaml'."""
    return f"{prefix}_{mix}.yaml" if mix else f"{prefix}.yaml"


def config_of(prefix: str, parts: Sequence[MixPart], counts: Mapping[str, int]) -> dict[str, Any]:
    """Return one configuration; a data set without rows is left out, and a task without data sets."""
    found: dict[str, Any] = {}
    for part in parts:
        sets = [name for name in part.datasets if counts.get(name)]
        if not sets:
            continue
        section: dict[str, Any] = {"dataset_names": [f"{prefix}_{name}" for name in sets]}
        section |= _TRANSFORM[part.task]
        section["is_mandatory"] = True
        if part.task == "vlm_sft":
            section |= {"shuffle_lines": part.shuffle_lines, "shuffle_seed": 0}
        section["num_used_data"] = [counts[name] for name in sets]
        section["weight"] = part.weight
        found[part.task] = section
    return found


def mixes_of(records: Sequence[TrainingMix]) -> dict[str, list[MixPart]]:
    """Return a character's mixes by name: its own, or the standard four."""
    return {record.name: record.parts for record in records} if records else STANDARD


def read_mix(told: Mapping[str, Any], prefix: str) -> list[dict[str, Any]]:
    """Return what a configuration says of data sets, weights and shuffling, as values of MixPart."""
    parts = []
    for task, section in told.items():
        if not isinstance(section, Mapping):
            continue
        names = section.get("dataset_names")
        parts.append(
            {
                "task": task,
                "datasets": [str(name).removeprefix(f"{prefix}_") for name in names]
                if isinstance(names, list)
                else [],
                "weight": section.get("weight"),
                "shuffle_lines": section.get("shuffle_lines", False),
            }
        )
    return parts


def to_yaml(config: Mapping[str, Any]) -> bytes:
    """Return a configuration as YAML, keys in the released order."""
    return yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True).encode()


def dataset_entries(
    prefix: str, name: str, folder: str, counts: Mapping[str, int]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return a character's entries of the table, by task and data set."""
    home = f"{DATA}/{PEOPLE}/train/{folder}/processed"
    return {
        "t2i_pretrain": {
            f"{prefix}_{dataset}": {
                "data_dir": f"{home}/t2i/{name}_{dataset}_parquet",
                "num_files": 1,
                "num_total_samples": counts[dataset],
            }
            for dataset in T2I_SETS
            if counts.get(dataset)
        },
        "vlm_sft": {
            f"{prefix}_{dataset}": {
                "data_dir": DATA,
                "jsonl_path": f"{home}/vlm/{dataset_file(dataset, name, folder)}",
                "num_total_samples": counts[dataset],
            }
            for dataset in VLM_SETS
            if counts.get(dataset)
        },
    }
