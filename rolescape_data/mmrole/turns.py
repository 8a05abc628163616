"""A dialogue -> its instruction samples: one per turn of a character, the history growing; both sides of a talk of two.

Every sample follows from its dialogue, the two profiles and the picture's annotation alone, so it can be made again at any time
and compared with what a file holds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rolescape_data.mmrole.names import DialogueName
from rolescape_data.mmrole.prompt import HUMAN
from rolescape_data.records.base import Provenance
from rolescape_data.records.dialogue import Commentary, HumanRoleDialogue, InterRoleDialogue
from rolescape_data.records.image import Annotation
from rolescape_data.records.instruction import InstructionSample, Said

Dialogue = Commentary | HumanRoleDialogue | InterRoleDialogue


@dataclass(frozen=True, slots=True)
class Speaker:
    """A character as its samples need it: its id, name and script, and its short profile."""

    id: str
    name: str
    script: str
    profile: str


def messages_of(dialogue: Dialogue) -> list[tuple[str, str]]:
    """Return (speaker, text) in order; the speaker is 'human' or a character id."""
    if isinstance(dialogue, Commentary):
        return [(HUMAN, dialogue.question), (dialogue.character_id, dialogue.reply)]
    return [(turn.speaker, turn.text) for turn in dialogue.messages]


def samples_of(
    dialogue: Dialogue,
    name: DialogueName,
    *,
    speaker: Callable[[str], Speaker],
    image: str,
    annotation: Annotation,
) -> list[InstructionSample]:
    """Return one sample per turn of a character, in the order of the dialogue.

    Args:
        dialogue: what was said.
        name: its id in MMRole's files.
        speaker: returns what is known of a character id.
        image: the picture's path in MMRole's files.
        annotation: what is known of the picture; empty for generic ones.
    """
    said = messages_of(dialogue)
    others = {dialogue.character_id: ""}
    if isinstance(dialogue, InterRoleDialogue):
        others = {dialogue.character_id: dialogue.partner_id, dialogue.partner_id: dialogue.character_id}
    names = {HUMAN: HUMAN} | {identity: speaker(identity).name for identity in others}
    samples = []
    for turn, (who, answer) in enumerate(said):
        if who not in others:
            continue
        role = speaker(who)
        other = speaker(others[who]) if others[who] else None
        samples.append(
            InstructionSample(
                id=f"{dialogue.id}_{turn}"[-80:],
                character_id=who,
                lang=dialogue.lang,
                license=dialogue.license,
                source=dialogue.source,
                provenance=Provenance(source_kind="rule", writer="mmrole", parents=[dialogue.id]),
                sample_id=f"{name}_{turn}",
                dialogue_id=str(name),
                turn_index=turn,
                image=image,
                role=role.name,
                script=role.script,
                other_role=other.name if other else "",
                other_script=other.script if other else "",
                profile=role.profile,
                other_profile=other.profile if other else "",
                annotation=annotation,
                history=_history(said[: turn - 1] if turn else [], names),
                last_words=said[turn - 1][1] if turn else "",
                answer=answer,
            )
        )
    return samples


def _history(said: Sequence[tuple[str, str]], names: dict[str, str]) -> list[Said]:
    return [Said(speaker=names.get(who, who), text=text) for who, text in said]
