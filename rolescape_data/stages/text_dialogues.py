"""Real exchanges and known sentences -> single exchanges without a picture."""

import re
from collections.abc import Sequence
from typing import Any

from rolescape_data.materials import Line
from rolescape_data.providers.base import Outcome
from rolescape_data.records import (
    CharacterProfile,
    HumanRoleDialogue,
    ImageDialogue,
    InterRoleDialogue,
    TextDialogue,
)
from rolescape_data.records.answers import Answer, TextDialogueAnswer
from rolescape_data.spans import Sentence, sentences
from rolescape_data.stages.asking import fill
from rolescape_data.stages.base import (
    Result,
    Setting,
    character_block,
    common_fields,
    gate_context,
    numbered,
    scene_of,
    spoken,
)


def text_dialogues(
    setting: Setting,
    profile: CharacterProfile,
    image_dialogues: Sequence[ImageDialogue],
    talks: Sequence[HumanRoleDialogue | InterRoleDialogue],
) -> Result:
    """Fill the contract of text dialogues.

    Lines that a dialogue beside a picture uses are left out: the two would otherwise have to share a split.
    """
    taken = {evidence.source for dialogue in image_dialogues for evidence in dialogue.evidence}
    taken |= {turn.evidence.source for dialogue in talks for turn in dialogue.messages if turn.evidence}
    exchanges = _exchanges(setting, taken)
    mine = {name.casefold() for name in setting.material.names}
    known = [
        {"document": document.name, "text": sentence.text}
        for document in setting.material.documents
        for sentence in sentences(document.text)
        if sentence.kind == "statement" or _own_quote(sentence, mine)
    ]

    def block(kept: list[TextDialogue], part: int, parts: int) -> dict[str, Any]:
        used = {dialogue.user_text for dialogue in kept}
        replies = {dialogue.response for dialogue in kept}
        return {
            "character": character_block(setting),
            "description": profile.description,
            "personality": profile.personality,
            "speech_style": profile.speech_style,
            "catchphrases": list(profile.catchphrases),
            "exchanges": [pair for pair in exchanges[part::parts] if pair["reply"] not in replies],
            "sentences": [sentence for sentence in known[part::parts] if sentence["text"] not in replies],
            "used": sorted(used),
        }

    def make(name: str, key: str, item: Answer, outcome: Outcome) -> TextDialogue | str:
        assert isinstance(item, TextDialogueAnswer)
        return TextDialogue(
            id=name,
            user_text=item.user_text,
            response=item.response,
            evidence=spoken(setting, item.user_text, item.response),
            **common_fields(setting, outcome, [profile.id]),
        )

    result = fill(
        setting,
        quota={"dialogue": setting.contract.cells()["count"]},
        block=block,
        make=make,
        context=gate_context(setting, [profile.id]),
        note="scripts and documents hold no further exchange or sentence that can stand alone",
    )
    return Result(numbered(result.records, f"{setting.material.id}_dlg"), result.rejects, result.cells)


def _own_quote(sentence: Sentence, mine: set[str]) -> bool:
    """Whether a document quotes the character: by its name, or as a saying on a list of quotes."""
    if sentence.kind != "quote":
        return False
    listed = re.search(r"\bquot|\bsaying|\bspeech|catchphrase", " ".join(sentence.headings), re.IGNORECASE)
    return sentence.speaker.casefold() in mine or (not sentence.speaker and bool(listed))


def _exchanges(setting: Setting, taken: set[str]) -> list[dict[str, Any]]:
    """Return every line of the character with the line before it, where somebody else speaks that one."""
    mine = {name.casefold() for name in setting.material.names}
    found: list[dict[str, Any]] = []
    before: Line | None = None
    for line in setting.material.lines:
        fits = (
            before is not None
            and scene_of(before) == scene_of(line)
            and line.speaker.casefold() in mine
            and before.speaker.casefold() not in mine
            and before.speaker.casefold() != "narrator"
            and not {before.source, line.source} & taken
        )
        if fits and before is not None:
            found.append({"before": {"speaker": before.speaker, "text": before.text}, "reply": line.text})
        before = line
    return found
