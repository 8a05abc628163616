"""The writer that calls no model: it extracts and arranges what the material itself says.

It reads the fenced JSON block of a request and the answer asked for, nothing else, so it can stand behind a
wire protocol too. It is plain, deterministic and free, and leaves open what the material does not reach.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, Literal

from rolescape_data.prompts import data_block
from rolescape_data.providers.base import Outcome, Request
from rolescape_data.providers.ledger import call_key
from rolescape_data.providers.offline import (
    captions,
    checks,
    dialogues,
    human_talks,
    probes,
    profile,
    questions,
    refusals,
    seeds,
    talks,
)
from rolescape_data.providers.offline.pictures import annotations, choices
from rolescape_data.providers.offline.pictures import questions as picture_questions

Task = Callable[[dict[str, Any], tuple[str, ...]], dict[str, Any] | None]

TASKS: dict[str, Task] = {
    "ProfileAnswer": profile.profile,
    "ImageDialogueAnswer": dialogues.image_dialogue,
    "TextDialogueAnswer": dialogues.text_dialogues,
    "HumanRoleAnswer": human_talks.human_role,
    "CommentaryAnswer": talks.commentary,
    "InterRoleAnswer": talks.inter_role,
    "ProbeAnswer": probes.probes,
    "CaptionAnswer": captions.caption,
    "AnnotationAnswer": annotations.annotation,
    "VisualQAAnswer": picture_questions.visual_qa,
    "VisualMCQAnswer": choices.visual_mcq,
    "TextQAAnswer": questions.text_qa,
    "TextMCQAnswer": questions.text_mcq,
    # Whoever wrote the questions cannot examine them.
    "SolverLetterAnswer": lambda block, keys: None,
    "MetaInformationAnswer": seeds.meta_information,
    "DetailedProfileAnswer": seeds.detailed_profile,
    "T2ICheckAnswer": checks.t2i_checks,
    "NegativeAnswer": refusals.negatives,
    # Nor can it judge what it does not understand.
    "ReviewAnswer": lambda block, keys: None,
}


class OfflineWriter:
    """The default writer: no key, no network."""

    # Raise the number when the same material would be answered otherwise: old answers in ledgers must not serve then.
    name = "offline@5"
    kind: Literal["llm", "vlm", "rule"] = "rule"

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        """Answer every request from its own data block."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Request) -> Outcome:
        reply = TASKS[request.answer](data_block(request.user), request.keys)
        key = call_key(self.name, request)
        if not reply:
            return Outcome(key, None, error="empty", detail="the material holds nothing for it")
        return Outcome(key, reply, raw=json.dumps(reply, ensure_ascii=False, sort_keys=True))
