"""`rolescape init`: a folder with a set file to edit, and room for the material."""

import shutil
from pathlib import Path

from rolescape_data import assets
from rolescape_data.errors import InputError
from rolescape_data.schemas import schemas
from rolescape_data.settings import slug

_SET = """\
# yaml-language-server: $schema=character_set.schema.json
# A character set: everything that a build is made from. Paths are relative to this file.
# Check it with `rolescape check set.yaml`, build it with `rolescape build set.yaml`.

name: {name}

# A contract: which records, how many, in which mix. A file of qa/blueprints, without .yaml: starter, rolescape20, mmrole,
# rolescape20_mmrole, or one of your own in the folder that `qa:` names; it may `extend` one of these and `scale` it.
blueprint: starter

# offline calls no model and costs nothing. openai:MODEL and gemini:MODEL need a key in the environment.
# Of several (openai:A, gemini:B) each takes over where those before it cannot; every record says who wrote it.
writer: offline

# Writers of single stages (profile, images, image_dialogues, captions, dialogues, qa, reviews) or kinds of record (caption, probe,
# ...); a kind is stronger than its stage, and `--writer` on the command line is stronger than all of this. Keys are never
# written here: `key_env` names an environment variable other than OPENAI_API_KEY or GEMINI_API_KEY.
# writers:
#   captions: gemini:MODEL
#   qa: ["openai:MODEL", {{name: "openai:MY-MODEL", base_url: "http://127.0.0.1:8000/v1", key_env: MY_SERVER_KEY}}]

# A sample of the set's own replies judged by a model, which has to be named for it: `writers: {{reviews: openai:MODEL}}`.
# reviews:
#   sample: 10                            # of each character, drawn by seed: dialogues, what it can and what it cannot answer
#   rubrics: [rolescape_1to7, refusal]    # files of qa/rubrics; mmrole_pair judges preference pairs, in both orders
#   metrics: [personality, hallucination, refusal]    # all of these rubrics' when left out

# The same seed and the same material give the same bytes.
seed: 1

# Generic pictures, for the talks that blueprint mmrole holds beside them. None is used twice in the set.
# pools:
#   street: {{folder: pictures/street}}

# Most that this set may ever cost, in USD. It needs to know what the model charges: of models that the shipped list does not
# have, the price goes into prices.yaml of the folder that `qa:` names, for example
#   prices: {{"openai:MODEL": {{input: 2.00, output: 10.00, read: 2026-11-20, source: where you looked}}}}
# budget_usd: 5

# Colour behind transparent pictures.
matte: "#ffffff"

# Licence (SPDX expression) and origin of the material; characters and picture folders may name their own.
license: CC0-1.0
source: written for this set
{overlays}
# Material that several characters share, by the name that their `script:` gives.
# scripts:
#   The Long Pier:
#     lines: [lines/pier.jsonl]

characters:
  - name: Ada Fenn
    # id: ada-fenn            # made from the name when it is left out
    aliases: [Ada]            # other names in documents and scripts
    category: fictional       # fictional, historical_public, hypothetical, animal, anime
    # script: The Long Pier   # franchise, era or group
    lang: en
    # Text or Markdown about the character, in the third person.
    documents: [documents/ada-fenn.md]
    # seed: a ferry mechanic of 34 who hates being thanked   # in place of documents, for somebody invented
    # One JSON object per line: scene, line, speaker, text, and the picture shown, if any.
    lines: [lines/ada-fenn.jsonl]
    images:
      - folder: pictures/ada-fenn
        # What a person sees on each picture: JSON lines of image, note, attributes.
        # notes: pictures/ada-fenn/notes.jsonl
        # MMRole's fields: a JSON list of image, role_info, place_info, scene_info.
        # annotations: pictures/ada-fenn/annotations.json
        # Words in file names and what they stand for.
        # tags:
        #   mad: {{expression: angry}}
"""

_OVERLAYS = """
# Files in these folders replace the shipped ones of the same name; delete those that you do not change.
prompts: prompts
qa: qa
"""

_DOCUMENT = """\
# Ada Fenn

Ada Fenn is a ferry pilot on the river Lorn. Ada has steered the night ferry for eleven years. Passengers know Ada by
the green lamp at her bow. Ada never raises her voice, and she has never been late.

## Background/Origin

- Ada was born in the toll house at Lorn Bridge.
- Ada learned to steer from her aunt Marit.

## Preferences/Habits

- Ada drinks black tea from a tin mug.
"""

_LINES = """\
{"scene": "crossing", "line": 1, "speaker": "Passenger", "text": "Is it always this dark on the water?", "image": null}
{"scene": "crossing", "line": 2, "speaker": "Ada Fenn", "text": "Darker, most nights. You stop looking and start listening.", "image": null}
"""


def write_new_set(folder: Path, *, with_prompts: bool) -> list[str]:
    """Write a small set to edit; return what to tell the user.

    Raises:
        InputError: the folder holds something already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not empty. Name a new folder.")
    overlays = _OVERLAYS if with_prompts else ""
    files = {
        "set.yaml": _SET.format(name=slug(folder.resolve().name) or "my-set", overlays=overlays),
        "character_set.schema.json": schemas()["character_set.schema.json"],
        "documents/ada-fenn.md": _DOCUMENT,
        "lines/ada-fenn.jsonl": _LINES,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "pictures" / "ada-fenn").mkdir(parents=True)
    if with_prompts:
        shutil.copytree(assets.shipped("prompts"), folder / "prompts")
        shutil.copytree(assets.shipped("qa"), folder / "qa")
    return [
        f"Wrote {folder / 'set.yaml'}: one character to replace with yours.",
        f"Put pictures into {folder / 'pictures' / 'ada-fenn'}, then: rolescape check {folder / 'set.yaml'}",
    ]
