"""A character's records -> the replies that a judge is shown: so many of each sort, drawn by seed.

- spoken: replies of its dialogues of every kind; of a talk one turn.
- answerable: what it can answer, in dialogues and in questions about its facts.
- unanswerable: questions that it cannot answer, and is to decline.
- preferred: pairs; the rejected reply is judged, the chosen one is the reference.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from rolescape_data.judging.replies import Reply
from rolescape_data.judging.rubrics import Rubric
from rolescape_data.mmrole.profile_text import short_profile
from rolescape_data.records import (
    CharacterProfile,
    Commentary,
    Exchange,
    HumanRoleDialogue,
    InterRoleDialogue,
    NegativeItem,
    PreferencePair,
    Record,
    TextQA,
)

R = TypeVar("R", bound=Record)
Tables = Mapping[str, Sequence[Record]]

SPOKEN = ("image_dialogue", "text_dialogue", "human_role_dialogue", "commentary", "inter_role_dialogue")
# Everything that a sample is drawn from.
DRAWN = (*SPOKEN, "text_qa", "negative", "preference")
# The same, and what tells who speaks and what is to be seen.
READ = ("profile", "profile_text", "image", *DRAWN)


def sampled(rubric: Rubric, tables: Tables, *, size: int, seed: int) -> dict[str, list[Reply]]:
    """Return the replies that a rubric is asked of, by sort, each in order of its records.

    Args:
        rubric: pairs are drawn from preference pairs, yes and no from what can and what cannot be answered, scales from dialogues.
        tables: one character's, with its profile; kinds that are missing have no records.
        size: so many of each sort at most.
        seed: of the draw; a record's place in it depends on nothing but seed and id.
    """
    return {sort: _drawn(_SORTS[sort](tables), size, seed) for sort in _ASKED_OF[rubric.judge_kind]}


def _drawn(replies: Sequence[Reply], size: int, seed: int) -> list[Reply]:
    order = sorted(replies, key=lambda one: _mark(seed, one.record))
    return sorted(order[:size], key=lambda one: one.record)


def _mark(seed: int, record: str) -> str:
    return hashlib.sha256(f"{seed}:{record}".encode()).hexdigest()


def _spoken(tables: Tables) -> list[Reply]:
    return [reply for kind in SPOKEN for record in tables.get(kind, ()) for reply in _said(record, tables)]


def _answerable(tables: Tables) -> list[Reply]:
    asked = cast(Sequence[TextQA], tables.get("text_qa", ()))
    return [*_spoken(tables), *(_reply(one, tables, asked=one.question, words=one.answer) for one in asked)]


def _unanswerable(tables: Tables) -> list[Reply]:
    found = cast(Sequence[NegativeItem], tables.get("negative", ()))
    # "No, it is a lamp" answers a question about what is not in the picture: nothing was declined.
    return [
        _reply(one, tables, asked=one.question, words=one.answer)
        for one in found
        if one.expected in ("refuse_in_character", "say_not_visible")
    ]


def _preferred(tables: Tables) -> list[Reply]:
    found = cast(Sequence[PreferencePair], tables.get("preference", ()))
    return [_reply(one, tables, asked=one.prompt, words=one.rejected, reference=one.chosen) for one in found]


_SORTS: dict[str, Callable[[Tables], list[Reply]]] = {
    "spoken": _spoken,
    "answerable": _answerable,
    "unanswerable": _unanswerable,
    "preferred": _preferred,
}
_ASKED_OF: dict[str, tuple[str, ...]] = {
    "rolescape_1to7": ("spoken",),
    "yes_no": ("answerable", "unanswerable"),
    "mmrole_pair": ("preferred",),
}


def _said(record: Record, tables: Tables) -> list[Reply]:
    """Return what the character says in a dialogue as one reply; nothing where it says nothing."""
    if isinstance(record, Exchange):
        return [_reply(record, tables, asked=record.user_text, words=record.response)]
    if isinstance(record, Commentary):
        return [_reply(record, tables, asked=record.question, words=record.reply)]
    if not isinstance(record, HumanRoleDialogue | InterRoleDialogue):
        return []
    turns = [at for at, turn in enumerate(record.messages) if turn.speaker == record.character_id]
    if not turns:
        return []
    # The turn goes by the id alone, so that it stays the same when others are added to the set.
    at = turns[int(_mark(0, record.id)[:8], 16) % len(turns)]
    before = record.messages[at - 1].text if at else ""
    return [_reply(record, tables, asked=before, words=record.messages[at].text)]


def _reply(record: Record, tables: Tables, **words: Any) -> Reply:
    profile = cast(CharacterProfile, tables["profile"][0])
    return Reply(
        target=record.id,
        record=record.id,
        character_id=record.character_id,
        lang=record.lang,
        license=record.license,
        source=record.source,
        role=profile.name,
        script=profile.script,
        profile=known(profile, tables),
        image=getattr(record, "image_id", None) or "",
        **words,
    )


def known(profile: CharacterProfile, tables: Tables) -> str:
    """Return who the character is: its short profile, then every fact that stands not in it already."""
    text = short_profile(profile, cast(Any, tables.get("profile_text", ())))
    facts = [fact.text for fact in profile.facts if fact.text not in text]
    return "\n".join([text, *(f"- {fact}" for fact in dict.fromkeys(facts))])
