"""Captions and exchanges -> the words that should draw each picture, in the four shapes RoleScape-20 trains on.

Nothing is written here: every form is put together from records that were checked before. The shapes are
RoleScape's (arXiv 2605.08129): the caption alone; description, words and reply; the same with thinking and
instruction; the instruction alone. Trainers that want other labels get them from their exporter.
"""

from collections.abc import Mapping, Sequence

from rolescape_data.blueprints import KindContract
from rolescape_data.materials import Material
from rolescape_data.records import Caption, Cell, CharacterProfile, ImageDialogue, ImageRecord, Provenance
from rolescape_data.records.visual import T2I_SHAPES, T2IForm, T2IShape
from rolescape_data.stages.base import Result

RULE = "rule:t2i_form"


def t2i_forms(
    material: Material,
    contract: KindContract,
    profile: CharacterProfile,
    images: Sequence[ImageRecord],
    dialogues: Sequence[ImageDialogue],
    captions: Sequence[Caption],
) -> Result:
    """Put together the forms of every picture that has a caption: four each."""
    by_id = {dialogue.id: dialogue for dialogue in dialogues}
    names = {image.id: image.id.removeprefix(f"{material.id}_img_") for image in images}
    records: list[T2IForm] = []
    for caption in captions:
        dialogue = by_id[caption.dialogue_id]
        prompts = _prompts(profile, dialogue, caption)
        records += [
            T2IForm(
                id=f"{material.id}_t2i_{names[caption.image_id]}_{shape}",
                character_id=material.id,
                lang=material.entry.lang,
                license=material.license,
                source=material.source,
                provenance=Provenance(
                    source_kind="rule",
                    writer=RULE,
                    parents=[caption.image_id, caption.id, *_read(shape, profile, dialogue)],
                ),
                image_id=caption.image_id,
                shape=shape,
                prompt=prompts[shape],
            )
            for shape in T2I_SHAPES
        ]
    wanted = contract.cells(len(images))["count"]
    note = "the other pictures have no caption" if len(records) < wanted else ""
    cell = Cell(
        character_id=material.id,
        kind=T2IForm.kind,
        cell="count",
        wanted=wanted,
        found=len(records),
        note=note,
    )
    return Result(records, [], [cell])


def _prompts(profile: CharacterProfile, dialogue: ImageDialogue, caption: Caption) -> Mapping[T2IShape, str]:
    # The words said come first, so that no two forms of a set open alike.
    scene = [
        f"“{dialogue.user_text}” is what {profile.name} hears.",
        f"What {profile.name} answers: {dialogue.response}",
        f"Who {profile.name} is: {profile.description}",
    ]
    plan = [f"Plan: {caption.thinking_process}", f"To draw: {caption.generation_instruction}"]
    return {
        "pure_t2i": caption.t2i_caption,
        "t2i": "\n\n".join([*scene, f"Draw the picture in which {profile.name} gives this answer."]),
        "t2i_with_thinking": "\n\n".join(
            [*scene, *plan, f"Draw the picture in which {profile.name} gives this answer, as planned."]
        ),
        "instruction_only": caption.generation_instruction,
    }


def _read(shape: T2IShape, profile: CharacterProfile, dialogue: ImageDialogue) -> list[str]:
    """Return the further records that a shape is put together from."""
    return [] if shape in ("pure_t2i", "instruction_only") else [profile.id, dialogue.id]
