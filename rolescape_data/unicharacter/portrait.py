"""A Collection's records of one character -> what the released layout arranges: sides, scenes, data sets and their rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rolescape_data.collection import Collection
from rolescape_data.records import (
    Caption,
    CharacterProfile,
    ImageDialogue,
    ImageRecord,
    MixtureRow,
    ProfileText,
    TextDialogue,
    TextMCQ,
    TextQA,
    VisualMCQ,
    VisualQA,
)
from rolescape_data.unicharacter import names
from rolescape_data.unicharacter.names import SIDES, Side
from rolescape_data.unicharacter.wire import Form, Said, Speaker, drawing_prompt, turns

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture's exchange, and everything that is asked and said about it."""

    picture: str
    image: ImageRecord
    dialogue: ImageDialogue
    caption: Caption | None
    questions: Sequence[VisualQA]
    choices: Sequence[VisualMCQ]


@dataclass(frozen=True, slots=True)
class Portrait:
    """One character in the released layout."""

    profile: CharacterProfile
    name: str
    folder: str
    prefix: str
    pictures: dict[Side, dict[str, str]]
    scenes: dict[Side, list[Scene]]
    talks: dict[Side, list[TextDialogue]]
    knowledge: list[TextQA]
    mixture: list[MixtureRow] = field(default_factory=list)

    @property
    def speaker(self) -> Speaker:
        return Speaker(self.profile.name, self.profile.description, self.profile.opening)

    def home(self, side: Side) -> str:
        """Return the character's folder on one side, from the root."""
        return f"{names.DATA}/{names.PEOPLE}/{side}/{self.folder}"

    def shown(self, side: Side, picture: str) -> str:
        """Return a picture's path as rows name it, from `data/`."""
        return f"{names.PEOPLE}/{side}/{self.folder}/{picture}.png"


def side_of(collection: Collection, record_id: str) -> Side:
    """Return where a record stands; one without a split may be trained on."""
    return "train" if collection.splits.get(record_id, "train") == "train" else "test"


def portrait(collection: Collection, character: str) -> Portrait | None:
    """Arrange one character's records; None without a profile."""
    profile = collection.profile(character)
    if profile is None:
        return None
    of_image = {dialogue.image_id: dialogue for dialogue in collection.of(character, ImageDialogue)}
    captions = {caption.dialogue_id: caption for caption in collection.of(character, Caption)}
    questions: dict[str, list[VisualQA]] = {}
    for question in collection.of(character, VisualQA):
        questions.setdefault(question.image_id, []).append(question)
    choices: dict[str, list[VisualMCQ]] = {}
    for choice in collection.of(character, VisualMCQ):
        choices.setdefault(choice.image_id, []).append(choice)
    pictures: dict[Side, dict[str, str]] = {}
    scenes: dict[Side, list[Scene]] = {}
    images = collection.of(character, ImageRecord)
    for side in SIDES:
        mine = [image for image in images if side_of(collection, image.id) == side and image.id in of_image]
        pictures[side] = names.picture_names(mine)
        scenes[side] = [
            Scene(
                pictures[side][image.id],
                image,
                of_image[image.id],
                captions.get(of_image[image.id].id),
                questions.get(image.id, []),
                choices.get(image.id, []),
            )
            for image in mine
        ]
    talks: dict[Side, list[TextDialogue]] = {"train": [], "test": []}
    for talk in collection.of(character, TextDialogue):
        talks[side_of(collection, talk.id)].append(talk)
    return Portrait(
        profile=profile,
        name=names.file_name(profile.name),
        folder=names.folder_name(profile.name, profile.script),
        prefix=names.prefix_of(character),
        pictures=pictures,
        scenes=scenes,
        talks=talks,
        knowledge=[one for one in collection.of(character, TextQA) if side_of(collection, one.id) == "train"],
        mixture=collection.of(character, MixtureRow),
    )


def full_profile(collection: Collection, character: str) -> str:
    """Return the profile that questions are asked about: every passage they rest on stands in it, word for word.

    Our questions rest on documents and spoken lines; the layout has one text. What that text lacks is added at its end.
    """
    text = profile_text(collection, character, "full")
    asked = [*collection.of(character, TextQA), *collection.of(character, TextMCQ)]
    lacking: list[str] = []
    for passage in dict.fromkeys(piece.text for question in asked for piece in question.evidence):
        if passage not in text and not any(passage in other for other in lacking):
            lacking = [*(other for other in lacking if other not in passage), passage]
    if not lacking:
        return text
    return "\n".join(
        [text.rstrip("\n"), "", "### Said of and by this character", "", *(f"- {one}" for one in lacking), ""]
    )


def profile_text(collection: Collection, character: str, form: str) -> str:
    """Return a profile as one text; put together from its parts where the set has no text of it."""
    for text in collection.of(character, ProfileText):
        if text.form == form:
            return text.text
    profile = collection.profile(character)
    if profile is None:
        return ""
    if form == "personality":
        parts = [("Personality", profile.personality), ("Speech", profile.speech_style)]
    else:
        bonds = "\n".join(
            f"- {bond.name}{f' ({bond.relation})' if bond.relation else ''}: {bond.note}"
            for bond in profile.relationships
        )
        parts = [
            ("Introduction", profile.brief_introduction or profile.description),
            ("Appearance", profile.appearance),
            ("Personality", profile.personality),
            ("Life", profile.life_story or profile.background),
            ("Motivation", profile.motivation),
            ("Relationships", bonds),
            ("Speech", profile.speech_style),
            ("Sayings", "\n".join(f"- {saying}" for saying in profile.catchphrases)),
        ]
    return "\n\n".join(f"### {title}\n\n{text}" for title, text in parts if text)


def drawing_rows(one: Portrait, side: Side) -> dict[str, list[Row]]:
    """Return the rows of the drawing data sets of one side; those that are empty are left out."""
    captioned = [(scene, scene.caption) for scene in one.scenes[side] if scene.caption is not None]

    def prompt(scene: Scene, caption: Caption, form: Form) -> str:
        said = Said(
            form,
            scene.dialogue.user_text,
            scene.dialogue.response,
            caption.thinking_process,
            caption.generation_instruction,
        )
        return drawing_prompt(one.speaker, said)

    found = {
        "t2i": [drawn(one, side, s.picture, prompt(s, c, "t2i")) for s, c in captioned],
        "t2i_with_thinking": [
            drawn(one, side, s.picture, prompt(s, c, "t2i_with_thinking")) for s, c in captioned
        ],
        "t2i_generation_instruction_only": [
            drawn(one, side, s.picture, c.generation_instruction) for s, c in captioned
        ],
        # The released file writes this one's scene_id as text and the others' as a number.
        "pure_t2i": [
            drawn(one, side, s.picture, c.t2i_caption) | {"scene_id": s.picture} for s, c in captioned
        ],
    }
    if side == "train":
        # Merged and repeated drawing rows are written only where a set brought them: weights say the same for less.
        found["t2i_full"] = [_kept_drawing(one, row) for row in one.mixture if row.dataset == "t2i_full"]
    return {dataset: rows for dataset, rows in found.items() if rows}


def drawn(one: Portrait, side: Side, picture: str, text: str) -> Row:
    """Return one row of a drawing data set."""
    scene_id: str | int = int(picture) if picture.isdigit() else picture
    return {
        "text": text,
        "image": one.shown(side, picture),
        "character": one.profile.name,
        "scene_id": scene_id,
    }


def language_rows(one: Portrait) -> dict[str, list[Row]]:
    """Return the rows of the language data sets (training side); those that are empty are left out."""
    scenes = one.scenes["train"]
    replies = [Said("reply", s.dialogue.user_text, s.dialogue.response) for s in scenes]
    talks = [Said("reply", talk.user_text, talk.response) for talk in one.talks["train"]]
    thoughts = [
        Said(
            "thinking",
            s.dialogue.user_text,
            s.dialogue.response,
            s.caption.thinking_process,
            s.caption.generation_instruction,
        )
        for s in scenes
        if s.caption is not None
    ]
    knowledge = [Said("question", item.question, item.answer) for item in one.knowledge]
    visual = [
        (f"{scene.picture}_{place}", scene.picture, question)
        for scene in scenes
        for place, question in enumerate(scene.questions)
    ]
    found = {
        "vlm": _numbered(one, replies),
        "vlm_extension": _numbered(one, [*talks, *replies]),
        "vlm_thinking": _numbered(one, thoughts),
        "knowledge_qa": _numbered(one, knowledge),
        "vqa": [
            spoken(
                one,
                key,
                Said("visual_question", question.question, question.answer),
                one.shown("train", picture),
                question.type,
            )
            for key, picture, question in visual
        ],
    }
    kept = [row for row in one.mixture if row.dataset == "full"]
    if kept:
        found["full"] = [_kept_talk(one, place, row) for place, row in enumerate(kept)]
    else:
        parts = ("vlm_extension", "vlm_thinking", "knowledge_qa", "vqa")
        merged = [row for part in parts for row in found[part]]
        found["full"] = [row | {"id": place} for place, row in enumerate(merged)]
    return {dataset: rows for dataset, rows in found.items() if rows}


def _numbered(one: Portrait, said: Sequence[Said]) -> list[Row]:
    return [spoken(one, place, item) for place, item in enumerate(said)]


def spoken(one: Portrait, key: int | str, said: Said, picture: str = "", type_: str | None = None) -> Row:
    """Return one row of a language data set; only a row with a picture has `image`, and no row a `system` turn."""
    asked, answered = turns(one.speaker, said)
    row: Row = {"id": key}
    if picture:
        row["image"] = picture
    row["conversations"] = [{"from": "human", "value": asked}, {"from": "gpt", "value": answered}]
    if type_ is not None:
        row["qa_type"] = type_
    return row


def _kept_said(row: MixtureRow) -> Said:
    return Said(row.form, row.user_text, row.response, row.thinking_process, row.generation_instruction)


def _kept_drawing(one: Portrait, row: MixtureRow) -> Row:
    return drawn(one, "train", _picture(one, row), drawing_prompt(one.speaker, _kept_said(row)))


def _kept_talk(one: Portrait, place: int, row: MixtureRow) -> Row:
    picture = one.shown("train", _picture(one, row)) if row.image_id else ""
    return spoken(one, place, _kept_said(row), picture, row.type)


def _picture(one: Portrait, row: MixtureRow) -> str:
    return one.pictures["train"].get(row.image_id or "", "")
