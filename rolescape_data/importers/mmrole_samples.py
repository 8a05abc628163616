"""MMRole's sample files -> dialogues where there are no dialogue files, else a check that every sample follows from its dialogue."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rolescape_data.collection import Collection, Finding
from rolescape_data.errors import InputError
from rolescape_data.mmrole.library import library_of
from rolescape_data.mmrole.names import dialogue_name
from rolescape_data.mmrole.prompt import HUMAN, build
from rolescape_data.mmrole.samples import sample_of
from rolescape_data.records.instruction import InstructionSample

_TRAIN = re.compile(r"(^|/)train(_[^/]*)?(/|\.json$)")
_VAL = re.compile(r"(^|/)val(_[^/]*)?(/|\.json$)")
_TEST = re.compile(r"_test\.json$")
_USES = {"train": _TRAIN, "val": _VAL, "test": _TEST}
_NOT_SAMPLES = ("profiles", "dialogues", "images", "raw_info")


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A sample file: where it lies, whether a model is trained (train), watched (val) or tested (test) on it, and its entries."""

    file: str
    use: str
    entries: Sequence[Any]


def sample_files(root: Path, read: Callable[[Path], Any], findings: list[Finding]) -> list[SampleFile]:
    """Return the training, test and review files below `root`."""
    found = []
    for path in sorted(root.rglob("*.json")):
        file = path.relative_to(root).as_posix()
        use = next((name for name, form in _USES.items() if form.search(file)), "")
        if not use or file.split("/")[0] in _NOT_SAMPLES:
            continue
        content = read(path)
        if content is None:
            continue
        if not isinstance(content, list):
            findings.append(Finding("file_shape", file, "", "is no list of samples; left out"))
            continue
        found.append(SampleFile(file, use, content))
    return found


def read_samples(
    files: Sequence[SampleFile], findings: list[Finding], *, license_id: str
) -> list[tuple[SampleFile, str, InstructionSample]]:
    """Return (file, place, sample) of every sample that can be read; each other one is a finding."""
    found = []
    for one in files:
        seen: set[str] = set()
        for number, entry in enumerate(one.entries):
            place = f"[{number}]"
            try:
                sample = sample_of(
                    entry if isinstance(entry, Mapping) else {}, license_id=license_id, source=one.file
                )
            except InputError as fault:
                findings.append(Finding("sample_format", one.file, place, str(fault)))
                continue
            if sample.sample_id in seen:
                findings.append(
                    Finding("sample_twice", one.file, place, f"'{sample.sample_id}' stands here before")
                )
            seen.add(sample.sample_id)
            found.append((one, place, sample))
    return found


def profiles_of_samples(samples: Sequence[InstructionSample]) -> dict[str, tuple[str, str, str]]:
    """Return (short profile, script, file) by name of everybody that samples describe, in order of appearance."""
    found: dict[str, tuple[str, str, str]] = {}
    for sample in samples:
        found.setdefault(sample.role, (sample.profile, sample.script, sample.source))
        if sample.other_role:
            found.setdefault(sample.other_role, (sample.other_profile, sample.other_script, sample.source))
    return found


def dialogue_of_sample(sample: InstructionSample) -> dict[str, Any]:
    """Return a sample as the dialogue up to its answer, in the form of MMRole's dialogue files."""
    other = sample.other_role or HUMAN
    said = [(one.speaker, one.text) for one in sample.history]
    if sample.last_words:
        said.append((other, sample.last_words))
    said.append((sample.role, sample.answer))
    name = dialogue_name(sample.dialogue_id)
    infos = sample.annotation.model_dump() if name and name.place == "script" else {}
    return {
        "id": sample.dialogue_id,
        "image": sample.image,
        **infos,
        "conversations": [{"role": who, "value": words} for who, words in said],
    }


def check_samples(
    samples: Sequence[tuple[SampleFile, str, InstructionSample]],
    collection: Collection,
    findings: list[Finding],
) -> None:
    """Note samples that do not follow from their dialogues, and tests that training has seen."""
    library = library_of(collection)
    made = {sample.sample_id: sample for entry in library.entries for sample in library.samples(entry)}
    outside = {
        speaker.name for one, speaker in library.speakers.items() if library.profiles[one].split_role == "ood"
    }
    tested = {sample.dialogue_id for file, _, sample in samples if file.use == "test"}
    for file, place, sample in samples:
        own = made.get(sample.sample_id)
        if own is None:
            findings.append(
                Finding("sample_unknown", file.file, place, f"'{sample.sample_id}' has no dialogue here")
            )
        elif different := _different(sample, own):
            findings.append(
                Finding(
                    "sample_differs",
                    file.file,
                    place,
                    f"'{sample.sample_id}': {different} is not its dialogue's",
                )
            )
        if file.use == "train" and sample.dialogue_id in tested:
            findings.append(
                Finding("test_in_training", file.file, place, f"'{sample.dialogue_id}' is tested on")
            )
        if file.use == "train" and {sample.role, sample.other_role} & outside:
            findings.append(
                Finding("ood_in_training", file.file, place, f"'{sample.sample_id}' shows an unseen one")
            )


def _different(sample: InstructionSample, own: InstructionSample) -> str:
    for name in (
        "role",
        "script",
        "other_role",
        "profile",
        "other_profile",
        "annotation",
        "history",
        "last_words",
        "answer",
    ):
        if getattr(sample, name) != getattr(own, name):
            return name
    # Training files point at the folder of pictures, tests at the picture below it.
    if not (sample.image == own.image or sample.image.endswith(f"/{own.image}")):
        return "image"
    return "" if build(sample) == build(own) else "prompt"
