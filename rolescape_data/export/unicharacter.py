"""A whole set -> the files that UniCharacter trains and tests on, in RoleScape-20's released layout (arXiv 2605.08129).

    data/personalized_data/{train,test}/FOLDER/annotation.json, NAME_with_image.json, NAME_knowledge_qa.json, 0.png ..
    data/personalized_data/{train,test}/FOLDER/processed/t2i/NAME_t2i.jsonl ..    drawing rows, by their file
    data/personalized_data/train/FOLDER/processed/t2i/NAME_t2i_parquet/           the same with the pictures inside
    data/personalized_data/train/FOLDER/processed/vlm/NAME_vlm.jsonl ..           language rows
    data/configs/FOLDER/PREFIX.yaml ..       data/dataset_info_rolescape.py       mixes, and the table to paste in
    flow_grpo/dataset/personalized_t2i/NAME/NAME_pure_t2i_with_vqa.jsonl          prompts with check questions

A drawing row, and one of the language task; numbers of samples are counted wherever they stand:

    {"text": "...", "image": "personalized_data/train/Bo/0.png", "character": "Bo", "scene_id": 0}
    {"id": "0_0", "image": "personalized_data/train/Bo/0.png", "conversations": [
        {"from": "human", "value": "<image>What ..."}, {"from": "gpt", "value": "..."}], "qa_type": "objective"}

Fields that the released files lack and readers ignore are added where they are known: a question's `aspect` and `category`.
Records of the splits val, test_id and test_ood stand on the test side. The drawing rows of the Parquet files stand in one row
group, as the released ones do.
"""

import io
import json
import pprint
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rolescape_data.collection import Collection
from rolescape_data.errors import InputError
from rolescape_data.records import (
    ImageRecord,
    MixtureRow,
    ProbeInput,
    T2ICheck,
    TextMCQ,
    TextQA,
    TrainingMix,
    VisualMCQ,
)
from rolescape_data.unicharacter import names
from rolescape_data.unicharacter.configs import (
    config_name,
    config_of,
    dataset_entries,
    mixes_of,
    to_yaml,
)
from rolescape_data.unicharacter.names import SIDES, Side, dataset_file
from rolescape_data.unicharacter.portrait import (
    Portrait,
    Row,
    Scene,
    drawing_rows,
    full_profile,
    language_rows,
    portrait,
    profile_text,
    side_of,
)
from rolescape_data.vision.decode import decode
from rolescape_data.vision.png import png_bytes

FORMAT = "rolescape-unicharacter"
TABLE = f"{names.DATA}/dataset_info_rolescape.py"

Content = bytes | Path

_PARQUET = pa.schema(
    [pa.field("image", pa.binary(), nullable=False), pa.field("captions", pa.string(), nullable=False)]
)
# Pictures that a merged data set repeats are stored once: its dictionary may grow to a gigabyte.
_DICTIONARY_BYTES = 1 << 30
# Arrow counts a binary column's bytes in 32 bits.
_MOST_IN_TABLE = (1 << 31) - 1
_MATTE = (255, 255, 255)
# What other kinds are made of, or what the layout has another form of.
_CARRIED = frozenset(
    [
        "profile",
        "profile_text",
        "image",
        "image_dialogue",
        "caption",
        "text_dialogue",
        "probe",
        "text_qa",
        "text_mcq",
        "visual_qa",
        "visual_mcq",
        "t2i_form",
        "t2i_check",
        "training_mix",
        "mixture_row",
        "meta_information",
        "detailed_profile",
    ]
)


def unicharacter_files(collection: Collection) -> tuple[dict[str, Content], dict[str, Any]]:
    """Return every file of the export by its path, and what it counts.

    Raises:
        InputError: no character has a profile, or two would lie in one folder.
    """
    files: dict[str, Content] = {}
    counts: dict[str, int] = {}
    table: dict[str, dict[str, Any]] = {"t2i_pretrain": {}, "vlm_sft": {}}
    left_out: Counter[str] = Counter()
    folders: dict[str, str] = {}
    for character in collection.characters:
        one = portrait(collection, character)
        if one is None:
            left_out.update(
                record.kind for rows in collection.characters[character].values() for record in rows
            )
            continue
        if (other := folders.setdefault(one.folder.casefold(), character)) != character:
            raise InputError(
                f"'{other}' and '{character}' would both lie in the folder '{one.folder}'. Rename one of them."
            )
        mine, rows, dropped = _character(collection, character, one)
        files |= mine
        left_out += dropped
        counts |= {f"{one.prefix}_{dataset}": number for dataset, number in rows.items()}
        for task, entries in dataset_entries(one.prefix, one.name, one.folder, rows).items():
            table[task] |= entries
    if not folders:
        raise InputError("No character of the set has a profile, so nothing can be exported. Build it first.")
    files[TABLE] = _table(table)
    return files, {"samples": counts, "left_out": dict(sorted(left_out.items()))}


def _character(
    collection: Collection, character: str, one: Portrait
) -> tuple[dict[str, Content], dict[str, int], Counter[str]]:
    """Return a character's files, its training rows by data set, and what finds no place in the layout."""
    files: dict[str, Content] = {}
    head = {"description": one.profile.description, "opening": one.profile.opening}
    full = full_profile(collection, character).encode()
    pictures: dict[tuple[Side, str], Content] = {}
    for side in SIDES:
        scenes = one.scenes[side]
        if side == "test" and not scenes:
            continue
        home = one.home(side)
        files[f"{home}/{one.name}_full_profile.txt"] = full
        for scene in scenes:
            pictures[side, scene.picture] = _png(collection, scene.image)
            files[f"{home}/{scene.picture}.png"] = pictures[side, scene.picture]
        if scenes:
            files[f"{home}/annotation.json"] = _json(
                head | {"scenes": [_plain(s, shown=True) for s in scenes]}
            )
            files[f"{home}/{one.name}_with_image.json"] = _json(head | {"scenes": [_full(s) for s in scenes]})
        drawn = [
            {"image_id": s.picture, "t2i_instruction": s.caption.t2i_caption} for s in scenes if s.caption
        ]
        if drawn:
            files[f"{home}/{one.name}_t2i_instruction.json"] = _json(head | {"t2i_instructions": drawn})
        for dataset, rows in drawing_rows(one, side).items():
            folder = f"{home}/processed/t2i"
            files[f"{folder}/{dataset_file(dataset, one.name, one.folder)}"] = _lines(rows)
            if side == "train":
                files[f"{folder}/{one.name}_{dataset}_parquet/{one.name}_{dataset}.parquet"] = _parquet(
                    rows, pictures
                )
    home = one.home("train")
    files |= {
        f"{home}/{one.name}{ending}": _json(head | told)
        for ending, told in _texts(collection, character, one)
    }
    personality = profile_text(collection, character, "personality")
    if personality:
        files[f"{home}/{one.name}_personality_simplified_profile.txt"] = personality.encode()
    language = language_rows(one)
    for dataset, rows in language.items():
        files[f"{home}/processed/vlm/{dataset_file(dataset, one.name, one.folder)}"] = _lines(rows)
    counts = {dataset: len(rows) for dataset, rows in (drawing_rows(one, "train") | language).items()}
    for mix, parts in mixes_of(collection.of(character, TrainingMix)).items():
        config = config_of(one.prefix, parts, counts)
        if config:
            path = f"{names.DATA}/{names.CONFIGS}/{one.folder}/{config_name(one.prefix, mix)}"
            files[path] = to_yaml(config)
    checks = collection.of(character, T2ICheck)
    if checks:
        files |= _checks(one, checks, pictures)
    return files, counts, _left_out(collection, character, one)


def _texts(collection: Collection, character: str, one: Portrait) -> list[tuple[str, dict[str, Any]]]:
    """Return the JSON files without pictures, by what their names end in; empty ones are left out."""
    trained = [_exchange(talk.user_text, talk.response) for talk in one.talks["train"]]
    # The released file ends with the exchanges beside pictures, without their pictures.
    trained += [_plain(scene, shown=False) for scene in one.scenes["train"]]
    told: list[tuple[str, str, list[Any]]] = [
        ("_dialogue_text_extension_train.json", "scenes", trained),
        (
            "_dialogue_text_extension_test.json",
            "scenes",
            [_exchange(talk.user_text, talk.response) for talk in one.talks["test"]],
        ),
        ("_knowledge_qa.json", "qa_items", [_open(number, q) for number, q in enumerate(one.knowledge, 1)]),
        (
            "_knowledge_qa_test.json",
            "mcq_items",
            [_choice(number, q) for number, q in enumerate(collection.of(character, TextMCQ), 1)],
        ),
    ]
    for probe in ("memorization", "personality", "diversity"):
        lines = [p.text for p in collection.of(character, ProbeInput) if p.probe == probe]
        told.append((f"_{probe}_test.json", "test_questions", lines))
    return [(ending, {key: items}) for ending, key, items in told if items]


def _exchange(user: str, response: str) -> list[dict[str, Any]]:
    return [{"role": "user", "text": user}, {"role": "machine", "text": response}]


def _plain(scene: Scene, *, shown: bool) -> list[dict[str, Any]]:
    said = _exchange(scene.dialogue.user_text, scene.dialogue.response)
    if shown:
        said[1]["image"] = scene.picture
    return said


def _full(scene: Scene) -> list[dict[str, Any]]:
    """Return a scene with its thoughts and questions; keys without content are left out."""
    said = _plain(scene, shown=True)
    if scene.caption is not None:
        said[1]["thinking_process"] = scene.caption.thinking_process
        said[1]["generation_instruction"] = scene.caption.generation_instruction
    if scene.questions:
        said[1]["qa_pairs"] = [
            {"question": q.question, "answer": q.answer, "type": q.type}
            | ({"category": q.category} if q.category else {})
            for q in scene.questions
        ]
    if scene.choices:
        said[1]["mcq_items"] = [_seen_choice(number, q) for number, q in enumerate(scene.choices, 1)]
    return said


def _open(number: int, question: TextQA) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": f"qa_{number:03d}",
        "question": question.question,
        "answer": question.answer,
        "evidence": _evidence(question),
    }
    if question.type is not None:
        told["type"] = question.type
    told |= {
        "difficulty": question.difficulty,
        "reasoning_steps": list(question.reasoning_steps),
        "confidence": question.confidence,
    }
    return told | ({"aspect": question.aspect} if question.aspect else {})


def _choice(number: int, question: TextMCQ) -> dict[str, Any]:
    told = {"id": f"mcq_{number:03d}"} | _four(question) | {"evidence": _evidence(question)}
    told["rationale"] = question.rationale
    return told | ({"aspect": question.aspect} if question.aspect else {})


def _seen_choice(number: int, question: VisualMCQ) -> dict[str, Any]:
    told = {"id": f"q{number}"} | _four(question) | {"rationale": question.rationale}
    return told | ({"category": question.category} if question.category else {})


def _four(question: TextMCQ | VisualMCQ) -> dict[str, Any]:
    return {
        "question": question.question,
        "options": dict(question.options.texts()),
        "answer_key": question.answer_key,
        "difficulty": question.difficulty,
    }


def _evidence(question: TextQA | TextMCQ) -> str | list[str]:
    """Return the passage, as the released files hold it; a list where a question rests on several."""
    passages = [piece.text for piece in question.evidence] + list(question.unanchored)
    return passages[0] if len(passages) == 1 else passages


def _checks(
    one: Portrait, checks: Sequence[T2ICheck], pictures: Mapping[tuple[Side, str], Content]
) -> dict[str, Content]:
    """Return what the drawing reward reads: one row per prompt, and the pictures it must resemble."""
    name = names.check_name(one.name)
    home = f"{names.GRPO}/{name}"
    rows = [
        {
            "text": check.prompt,
            "character": name,
            "scene_id": str(place),
            "reference_images_path": home.removeprefix("flow_grpo/"),
            "vqa_questions": [
                {"question": q.question, "type": q.type, "category": q.category, "answer": q.answer}
                | ({"choices": list(q.choices)} if q.choices else {})
                | {"weight": q.weight, "is_negative": q.is_negative}
                for q in check.questions
            ],
        }
        for place, check in enumerate(checks)
    ]
    files: dict[str, Content] = {f"{home}/{names.check_file(one.name)}": _lines(rows)}
    return files | {
        f"{home}/{picture}.png": content for (side, picture), content in pictures.items() if side == "train"
    }


def _left_out(collection: Collection, character: str, one: Portrait) -> Counter[str]:
    """Count the records that the layout has no place for, by kind."""
    placed = {scene.image.id for side in SIDES for scene in one.scenes[side]}
    lost: Counter[str] = Counter()
    for kind, rows in collection.characters[character].items():
        for record in rows:
            picture = record.id if isinstance(record, ImageRecord) else getattr(record, "image_id", None)
            unseen = (
                picture is not None
                and picture not in placed
                and not isinstance(record, MixtureRow | T2ICheck)
            )
            held_out = isinstance(record, TextQA) and side_of(collection, record.id) == "test"
            if kind not in _CARRIED or unseen or held_out:
                lost[kind] += 1
    return lost


def _png(collection: Collection, image: ImageRecord) -> Content:
    """Return a picture as real PNG: its file where it is one, else the same pixels in one."""
    path = collection.pictures.get(image.id)
    if path is None:
        raise InputError(f"The picture of '{image.id}' is not there. Build the set again, then export.")
    if image.format == "png":
        return path
    return png_bytes(decode(_bytes(path), name=path.name, matte=_MATTE).image)


def _bytes(content: Content) -> bytes:
    if isinstance(content, bytes):
        return content
    try:
        return content.read_bytes()
    except OSError as error:
        raise InputError(
            f"{content} cannot be read: {error.strerror}. Build the set again, then export."
        ) from error


def _parquet(rows: Sequence[Row], pictures: Mapping[tuple[Side, str], Content]) -> bytes:
    """Return drawing rows with their pictures inside, in one row group: what the trainer reads."""
    read: dict[str, bytes] = {}
    for row in rows:
        picture = Path(row["image"]).stem
        if picture not in read:
            read[picture] = _bytes(pictures["train", picture])
    shown = [read[Path(row["image"]).stem] for row in rows]
    if sum(map(len, shown)) > _MOST_IN_TABLE:
        told = f"{len(rows):,} drawing rows of {rows[0]['character']} hold more pictures than one table can (2 GiB)"
        raise InputError(f"{told}. Leave out rows that repeat each other.")
    table = pa.Table.from_pydict(
        {
            "image": shown,
            "captions": [json.dumps({"caption": row["text"]}, ensure_ascii=False) for row in rows],
        },
        schema=_PARQUET,
    )
    sink = io.BytesIO()
    pq.write_table(
        table,
        sink,
        row_group_size=len(rows),
        compression={"image": "none", "captions": "zstd"},
        dictionary_pagesize_limit=_DICTIONARY_BYTES,
        version="2.6",
    )
    return sink.getvalue()


def _table(entries: Mapping[str, Any]) -> bytes:
    """Return the table of data sets as Python, the form that UniCharacter keeps it in."""
    return (
        '"""Entries for DATASET_INFO of UniCharacter\'s data/dataset_info.py: paste them in; every number is counted."""\n\n'
        f"DATASET_INFO = {pprint.pformat(dict(entries), sort_dicts=False, width=110)}\n"
    ).encode()


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _lines(rows: Sequence[Row]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
