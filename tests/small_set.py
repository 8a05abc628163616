"""A set of two characters with three drawn pictures each, that builds in about a second and meets its contract.

It is written by code, so that a test can change one thing of it.
"""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
IDS = ("mara-quist", "bram-oake")

SET = """\
name: small
blueprint: small
seed: 3
license: CC0-1.0
source: drawn and written for a test
prompts: prompts
qa: qa

scripts:
  Gull Point:
    lines: [lines.jsonl]

characters:
  - name: Mara Quist
    aliases: [Mara]
    category: fictional
    script: Gull Point
    documents: [mara.md]
    images:
      - folder: pictures/mara
        notes: pictures/mara/notes.jsonl
  - name: Bram Oake
    aliases: [Bram]
    category: fictional
    script: Gull Point
    documents: [bram.md]
    images:
      - folder: pictures/bram
        notes: pictures/bram/notes.jsonl
"""

BLUEPRINT = """\
about: Small enough for a test.
rounds: 2
test_images: 1
kinds:
  profile: {count: 1, split: train}
  image: {min: 3, split: by_image}
  image_dialogue: {per_image: 1, split: by_image}
  caption: {per_image: 1, split: by_image}
  human_role_dialogue: {count: 1, split: by_image}
  text_dialogue: {count: 4, per_call: 2, split: {test_id: 1}}
  text_qa: {count: 8, per_call: 4, split: train}
  text_mcq: {mix: {easy: 1, medium: 1}, split: test_id}
"""

MARA = """\
# Mara Quist

Mara Quist is a weather clerk who runs the small green kiosk at Gull Point. Every morning Mara chalks the forecast on a board for the fishing boats. Mara is patient with sailors, and she is strict with clouds, which she counts twice a day.

## Background/Origin

- Mara was born above the rope store at Gull Point.
- Mara learned to read a barometer from her aunt Tilda.
- Mara opened the green kiosk at the age of nineteen.

## Personality/Traits

- Mara never promises a dry afternoon.
- Mara laughs at thunder.
- Mara trusts her left knee more than the newspaper.

## Abilities/Skills

- Mara can name eleven kinds of fog.
- Mara ties a storm flag with one hand.
- Mara draws pressure maps in charcoal.

## Relationships

- Mara buys her smoked eel from Bram Oake.
- Mara writes to the harbour master Odile every Sunday.

## Preferences/Habits

- Mara drinks ginger tea from a tin cup.
- Mara collects bent umbrella ribs.
- Mara keeps a tame crow named Isobar.

## Appearance

- Mara wears a yellow oilskin coat.
- Mara has a silver streak in her black hair.

## History/Timeline

- Mara forecast the great spring flood three days early.
- Mara lost her first kiosk to a winter gale.

## Goals/Motivations

- Mara wants to build a brass rain gauge on the pier.
- Mara hopes to see a waterspout from close by.
"""

BRAM = """\
# Bram Oake

Bram Oake is an eel smoker who tends three tall chimneys behind the harbour wall. Bram sells his eels from a blue barrow, and he sings old counting songs while he works. Bram is gentle, slow and very hard to hurry.

## Background/Origin

- Bram grew up on a barge called Patient Hen.
- Bram inherited his smokehouse from the widow Sorrel.
- Bram came to Gull Point with one iron kettle.

## Personality/Traits

- Bram apologises to every eel.
- Bram forgets names and remembers boots.
- Bram is afraid of geese.

## Abilities/Skills

- Bram can smell rain an hour ahead.
- Bram splits alder logs with a single blow.
- Bram sings two notes at once.

## Relationships

- Bram owes Mara Quist a new lantern.
- Bram plays draughts with the ferryman Joss on Fridays.

## Preferences/Habits

- Bram eats his bread with pickled samphire.
- Bram sleeps beside the warm chimney in winter.
- Bram whittles spoons from driftwood.

## Appearance

- Bram wears a leather apron with nine pockets.
- Bram has soot on his left cheek.

## History/Timeline

- Bram smoked his first eel at the age of seven.
- Bram rebuilt the middle chimney after the harbour fire.

## Goals/Motivations

- Bram wants to own a barge of his own.
- Bram hopes to teach the whole harbour one song.
"""

SCENES: list[list[tuple[str, str, str]]] = [
    [
        ("Visitor", "Good morning. Will it rain before the noon ferry leaves?", ""),
        ("Mara", "It will think about raining, and then it will go and do it over the marsh.", "mara-1.png"),
        ("Visitor", "How can you be so certain from inside a kiosk?", ""),
        ("Mara", "I am never certain, I am only early. I look at the flags and count the creases.", ""),
        ("Visitor", "And if the creases tell you a lie?", ""),
        ("Mara", "Then I wipe the board and write the truth underneath, in the same chalk.", ""),
    ],
    [
        ("Odile", "Which way has the wind gone round since breakfast?", ""),
        ("Mara", "West. I heard the rope store door complain about it at six.", "mara-2.png"),
        ("Odile", "Who taught you to listen to a door?", ""),
        ("Mara", "My aunt did. She never once looked out of a window before noon.", "mara-3.png"),
        ("Joss", "What is it that you carry under that cloth, friend?", ""),
        ("Bram", "Four eels and one apology. The apology is for being late.", "bram-1.png"),
        ("Joss", "Will you sit down with me until the squall is over?", ""),
        ("Bram", "I will sit down gladly. My knees have been asking since the bridge.", "bram-2.png"),
    ],
    [
        ("Visitor", "What is it that you burn under those chimneys of yours?", ""),
        ("Bram", "Alder for the colour, apple for the manners, and never a scrap of pine.", "bram-3.png"),
        ("Visitor", "Why never pine? There is a whole heap of it on the beach.", ""),
        ("Bram", "Pine shouts. An eel ought to be spoken to quietly until it is done.", ""),
        ("Visitor", "Do you speak to each of them, one after the other?", ""),
        ("Bram", "I say sorry to each of them. It takes no longer than tying the string.", ""),
    ],
    [
        ("Joss", "Are you coming to the draughts table this Friday evening?", ""),
        ("Bram", "I am, if the middle chimney lets me go before the lamp is lit.", ""),
        ("Joss", "How long does a big eel hang in the smoke?", ""),
        ("Bram", "Two nights and the morning between them. A small one needs only the nights.", ""),
        ("Joss", "Which of your songs do the gulls like best?", ""),
        ("Bram", "The one about the eleven kettles. They leave before I reach the seventh.", ""),
        ("Joss", "Is that barrow of yours new, or only newly painted?", ""),
        ("Bram", "It is newly painted. The wheels are older than the two of us together.", ""),
        ("Joss", "Where did you find so much driftwood in one week?", ""),
        ("Bram", "Below the ferry steps, where the tide leaves whatever it cannot spell.", ""),
    ],
    [
        ("Odile", "How many boats did you turn back this morning?", ""),
        ("Mara", "I sent back four, and the fifth turned itself back once it saw the others.", ""),
        ("Odile", "Were their skippers angry with you about it?", ""),
        ("Mara", "They always are until supper, and at supper they are all still here.", ""),
        ("Odile", "May I borrow the big storm flag for the parade?", ""),
        ("Mara", "You may borrow the small one. The big one believes what it says.", ""),
        ("Odile", "When do you sleep in a week like this one?", ""),
        ("Mara", "I sleep between two and four, with one ear on the barometer.", ""),
        ("Odile", "What shall I write into the harbour book for tomorrow?", ""),
        ("Mara", "Write that it will be grey and honest, with a little temper towards evening.", ""),
    ],
    [
        ("Bram", "Mara cannot swim a single stroke, everybody on this pier knows that.", ""),
        ("Mara", "Everybody on this pier may keep to the eels and leave the water to me.", ""),
    ],
]

LOOKS = [
    {
        "expression": "a calm smile with half-closed eyes",
        "pose": "standing upright with both hands on the counter",
        "setting": "a wooden stall at the head of a long pier",
        "style": "flat coloured shapes with clean edges",
        "lighting": "pale early light from the left",
        "colour": "yellow and green against a light grey sky",
        "composition": "the whole figure, left of the middle",
        "prop": "a chalk board on a short easel",
        "outfit": "a long coat with wide sleeves",
    },
    {
        "expression": "a startled look with raised brows",
        "pose": "leaning forward with one arm stretched out",
        "setting": "a narrow quay beside a row of moored boats",
        "style": "flat coloured shapes with clean edges",
        "lighting": "hard white light before a storm",
        "colour": "deep blue and black with one red patch",
        "composition": "a waist-up view, right of the middle",
        "prop": "a coil of rope over one shoulder",
        "outfit": "a thick woollen jersey and a cap",
    },
    {
        "expression": "a tired frown and a firm mouth",
        "pose": "seated on an upturned crate, feet apart",
        "setting": "a yard with three brick chimneys behind a wall",
        "style": "flat coloured shapes with clean edges",
        "lighting": "warm orange light from a low fire",
        "colour": "brown and orange under a dark sky",
        "composition": "a close view of head and shoulders",
        "prop": "a small iron kettle with a bent spout",
        "outfit": "a leather apron over a striped shirt",
    },
]


def draw(number: int, *, width: int = 384, height: int = 288) -> Image.Image:
    """Draw picture `number`: blocks of light and dark that no other number shares."""
    image = Image.new("RGB", (width, height), (230, 224, 210))
    pen = ImageDraw.Draw(image)
    digest = hashlib.sha256(f"picture {number}".encode()).digest()
    for row in range(4):
        for column in range(4):
            byte = digest[4 * row + column]
            box = (
                column * width // 4,
                row * height // 4,
                (column + 1) * width // 4 - 1,
                (row + 1) * height // 4 - 1,
            )
            pen.rectangle(box, fill=(byte, 255 - byte if byte % 2 else byte, byte // 2))
    pen.ellipse((width // 3, height // 4, 2 * width // 3, 3 * height // 4), fill=(20 + number, 20, 60))
    return image


def write_small_set(folder: Path) -> Path:
    """Write the set into a new folder and return its set file."""
    (folder / "prompts").mkdir(parents=True)
    (folder / "qa" / "blueprints").mkdir(parents=True)
    (folder / "qa" / "blueprints" / "small.yaml").write_text(BLUEPRINT)
    (folder / "mara.md").write_text(MARA)
    (folder / "bram.md").write_text(BRAM)
    rows = [
        {"scene": f"s{scene}", "line": line, "speaker": speaker, "text": text, "image": image or None}
        for scene, lines in enumerate(SCENES, 1)
        for line, (speaker, text, image) in enumerate(lines, 1)
    ]
    write_rows(folder / "lines.jsonl", rows)
    for first, (person, name) in enumerate((("mara", "Mara Quist"), ("bram", "Bram Oake"))):
        (folder / "pictures" / person).mkdir(parents=True)
        notes = []
        for number, look in enumerate(LOOKS, 1):
            file = f"{person}-{number}.png"
            draw(10 * first + number).save(folder / "pictures" / person / file)
            note = (
                f"{name} is seen {look['pose']}, in {look['setting']}. There is {look['prop']} close by. "
                f"The face shows {look['expression']}."
            )
            notes.append({"image": file, "note": note, "attributes": look})
        write_rows(folder / "pictures" / person / "notes.jsonl", notes)
    (folder / "set.yaml").write_text(SET)
    return folder / "set.yaml"


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def edit(path: Path, old: str, new: str) -> None:
    """Replace `old`, which must be there, by `new`."""
    text = path.read_text()
    assert old in text, f"{path} does not hold {old!r}"
    path.write_text(text.replace(old, new))


def own_copy(prompt: str, folder: Path, addition: str) -> None:
    """Put a changed copy of a shipped prompt into an overlay folder."""
    shutil.copyfile(ROOT / "prompts" / prompt, folder / prompt)
    with (folder / prompt).open("r+") as file:
        head, front, body = file.read().split("---\n", 2)
        file.seek(0)
        file.write(f"{head}---\n{front}---\n{addition}\n{body}")


# What belongs to one run, and is promised to nobody byte for byte. The report counts calls, so it is among them.
OF_ONE_RUN = re.compile(r"build\.json|run\.log|\.lock|.*/ledger\.sqlite.*|report/.*")


def contents(workspace: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that two builds of the same set must share, by its path."""
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in _files(workspace).items()
        if not OF_ONE_RUN.fullmatch(name)
    }


def times(workspace: Path) -> dict[str, int]:
    """Return the modification time of every file that a build makes, in nanoseconds."""
    kept = {"build.json", "run.log", ".lock"}
    return {name: path.stat().st_mtime_ns for name, path in _files(workspace).items() if name not in kept}


def _files(workspace: Path) -> dict[str, Path]:
    found = (path for path in sorted(workspace.rglob("*")) if path.is_file())
    return {path.relative_to(workspace).as_posix(): path for path in found}


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Return the names whose values differ, or that only one side has."""
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def tables(names: set[str]) -> set[str]:
    """Return the character tables among file names, as 'ID/KIND'."""
    return {
        f"{parts[1]}/{parts[3].removesuffix('.parquet')}"
        for parts in (name.split("/") for name in names)
        if parts[0] == "characters" and len(parts) == 4
    }
