"""One picture, the exchange beside it and the profile -> questions that ask why, with reasoned answers.

Every reason joins things that are known: the words that are spoken, the face, the pose, a trait, the light. What such a
thing may tell is said with care ("suggests", "may"), because nobody has seen into the character.
"""

import re
from collections.abc import Iterator
from typing import Any

from rolescape_data.providers.offline.material import Seen
from rolescape_data.providers.offline.pictures.ask import ANSWER_WORDS
from rolescape_data.providers.offline.pictures.grounds import Why, nature, place, thing, traits_of
from rolescape_data.providers.offline.pictures.kinds import content, hues_of
from rolescape_data.providers.offline.pictures.look import (
    Look,
    face_clause,
    pose_clause,
    quote,
)
from rolescape_data.spans import folded, words

_LIGHTS = {
    "storm": (r"storm|lightning", "tense, as if there were no time to lose"),
    "lamp": (r"lamplight|candle|firelight", "snug and private, with the dark kept outside"),
    "moon": (r"moon", "still and a little lonely"),
    "dawn": (r"dawn|sunrise|morning", "quiet and hopeful, like the start of something"),
    "noon": (r"\bnoon|midday", "open and clear, with nothing hidden"),
    "evening": (r"evening|sunset", "warm and a little wistful, as at the end of a day"),
}


_FRAMES = {
    "full": "lets the whole pose and the place around {o} speak",
    "three-quarter": "leaves room for gesture and clothes without losing the face",
    "half": "keeps face and gesture in view together",
    "close": "brings the face so near that the expression matters more than the place",
}


_POSES = {
    "point": "pointing at something draws the listener's eyes to what is meant",
    "raise": "a gesture so high gives the words weight and can be seen from afar",
    "chest": "whatever is kept so close must matter",
    "balance": "such a steady balance suits somebody who feels sure of the ground",
    "sitting": "somebody who sits has taken the time to talk",
    "kneeling": "going down on a knee shows how much attention the moment gets",
    "crouching": "keeping low makes the whole figure look settled, in no hurry to leave",
    "walking": "somebody on the move speaks in passing, with a goal ahead",
    "hip": "a hand on the hip makes the words sound like the last ones on the matter",
    "standing": "standing there so plainly makes the words sound meant",
}


def subjective(
    look: Look, block: dict[str, Any], seen: Seen, used: set[str], count: int
) -> Iterator[dict[str, Any]]:
    """Yield reasoned questions and answers about the picture, the best grounded first; two of a sort never.

    Args:
        look: the picture.
        block: the request's inputs: dialogue, personality, facts.
        seen: questions taken so far; grows.
        used: folded questions of rounds before: what they asked in other words is not asked again.
        count: how many at most.
    """
    if not look.own:
        return
    dialogue = block.get("dialogue") or {}
    said, asked = str(dialogue.get("response") or ""), str(dialogue.get("user_text") or "")
    traits = traits_of(look, str(block.get("personality") or ""), f"{said} {asked} {look.told}")
    facts = [str(fact["text"]).rstrip(".") for fact in block.get("facts") or []]
    yielded = 0
    found = [
        *_face_and_words(look, said, asked),
        *_pose_and_words(look, said),
        *nature(look, traits),
        *thing(look, said, asked, facts),
        *place(look, said, asked, facts),
        *_light(look),
        *_feeling(look, asked, said),
        *_framing(look),
        *_colours(look),
    ]
    for why in [*found[:3], *sorted(found[3:], key=lambda why: (_rank(why), look.seed("why", why.topic)))]:
        again = any(folded(look.fill(question, **why.given)) in used for question in why.questions)
        item = _worded(look, why, seen) if yielded < count and not again else None
        if item is not None:
            yielded += 1
            yield item


def _rank(why: Why) -> int:
    """What rests on more than the picture comes first."""
    return 0 if len(why.grounding) > 1 else 1


def _worded(look: Look, why: Why, seen: Seen) -> dict[str, Any] | None:
    for step in range(len(why.questions)):
        question = look.fill(
            why.questions[(look.seed("q", why.topic) + step) % len(why.questions)], **why.given
        )
        if seen.near(question):
            continue
        for turn in range(len(why.answers)):
            answer = look.fill(
                why.answers[(look.seed("a", why.topic) + turn) % len(why.answers)], **why.given
            )
            if ANSWER_WORDS[0] <= len(words(answer)) <= ANSWER_WORDS[1]:
                seen.add(question)
                return {
                    "question": question,
                    "answer": answer,
                    "grounding": list(why.grounding),
                    "polarity": "positive",
                    "element": why.element,
                }
    return None


def _face_and_words(look: Look, said: str, asked: str) -> list[Why]:
    clause, words_ = face_clause(look, short=look.seed("face") % 3 > 0), quote(said, look.told)
    if not clause or not words_ or not look.mood:
        return []
    reasons = (
        (
            "Why does {n}'s expression fit the words {g}?",
            "How does the look on {n}'s face go with what {s} says?",
            "Why might {n} look like this while saying {g}?",
        ),
        (
            "The words {g} could be meant in several ways, but {c}, and this {m} tells how they should be heard.",
            "{C} while saying {g}, which suggests that {m} lies behind the words.",
            "Face and words belong together: {c}, and {g} can be heard with the same {m}.",
            "Perhaps {m} is the reason for both, as {c} and says {g}.",
            "{G} may well be said out of {m}, and that {c} agrees with it.",
        ),
    )
    gains = (
        (
            "What does {n}'s face add to the words {g}?",
            "What would be lost if {n}'s face could not be seen with the words {g}?",
            "What more does one learn from {n}'s face than from {p} words alone?",
        ),
        (
            "One would miss the {m} in {g}; it is plain only because {c}.",
            "A reader of {g} alone might not notice the {m}; that {c} makes it clear.",
            "The {m}, above all: {c} while saying {g}.",
            "Whoever only hears {g} may wonder how {n} feels; that {c} points to {m}.",
            "More than information: {c}, so there is {m} in {g}.",
        ),
    )
    questions, answers = (reasons, gains)[look.seed("side") % 2]
    given = {"g": words_, "c": clause, "m": look.mood}
    return [Why("face", "expression", questions, answers, ("image", "dialogue"), given)]


def _pose_and_words(look: Look, said: str) -> list[Why]:
    clause, words_ = pose_clause(look), quote(said, look.told, nth=1)
    reason = _POSES.get(look.gesture) or _POSES.get(look.posture)
    # Somebody who lies there wounded sits for no reason of the talk's.
    if not clause or not words_ or not reason or re.search(r"slump|bleed|wound|fallen|collaps", clause):
        return []
    return [
        Why(
            "pose", "pose",
            (
                "Why does the pose suit what {n} says?",
                "How does {n}'s pose support the words {g}?",
                "Why is it fitting that {n} says {g} in this pose?",
                "What does the way {n} is posed add to the talk?",
            ),
            (
                "{S} is {x}, and {r}; that suits the words {g}.",
                "With {o} {x}, the words {g} gain something, for {r}.",
                "{G} is easier to believe from somebody who is {x}, because {r}.",
                "One hears {g} differently when {s} is {x}: {r}.",
                "The pose speaks too: {s} is {x}, and {r}. That goes well with {g}.",
                "Words and pose agree. {N} says {g} and is {x}, and {r}.",
            ),
            ("image", "dialogue"), {"g": words_, "x": clause, "r": reason},
        )
    ]  # fmt: skip


def _light(look: Look) -> list[Why]:
    phrase = look.known.get("lighting", "")
    mood = next((mood for pattern, mood in _LIGHTS.values() if re.search(pattern, phrase)), "")
    if not mood:
        return []
    return [
        Why(
            "light", "lighting",
            (
                "What mood does the light give the picture?",
                "What does the light do for the moment?",
                "What feeling may the light of the picture wake in a viewer?",
            ),
            (
                "The moment seems {m}; {x} does that.",
                "With {x}, it all feels {m}.",
                "It makes the picture {m}, as one would expect of {x}.",
                "In {x} the moment becomes {m}.",
            ),
            ("image",), {"m": mood, "x": phrase},
        )
    ]  # fmt: skip


def _feeling(look: Look, asked: str, said: str) -> list[Why]:
    clause, heard = face_clause(look, short=True), quote(asked)
    if not clause or not heard or not look.mood:
        return []
    return [
        Why(
            "feeling", "expression",
            (
                "Hearing {g}, what may {n} be feeling?",
                "At the words {g}, what could be going through {n}'s mind?",
                "When somebody says {g}, how may that strike {n}?",
            ),
            (
                "Probably there is {m} in it: {c} at that moment.",
                "One may guess at {m}, for {c} when the words are spoken.",
                "A moment of {m}, by the look of it, because {c}.",
                "The face gives a hint: {c}, so {m} may well be part of it.",
            ),
            ("image", "dialogue"), {"g": heard, "c": clause, "m": look.mood},
        )
    ]  # fmt: skip


def _framing(look: Look) -> list[Why]:
    effect = _FRAMES.get(look.framing, "")
    if not effect:
        return []
    how = "as" if re.search(r"\bfigure\b", look.framed) else "in"
    return [
        Why(
            "framing", "composition",
            (
                "What effect does it have that {n} is shown {h} {x}?",
                "Why may the picture show {n} {h} {x}?",
            ),
            (
                "Such a framing {e}.",
                "It {e}, so one looks where the picture wants it.",
                "Showing {o} {h} {x} {e}.",
                "Being shown {h} {x} {e}.",
            ),
            ("image",), {"h": how, "x": look.framed, "e": look.fill(effect)},
        )
    ]  # fmt: skip


def _colours(look: Look) -> list[Why]:
    front, _, back = look.known.get("colour", "").partition(" against ")
    nouns = {piece.noun for piece in look.pieces if piece.noun}
    # Fur and hair are meant by their colours alone: "red-brown and cream against green".
    fur = any(piece.body and content(front) & content(piece.phrase) for piece in look.pieces)
    # "cream against cream" sets nobody apart.
    if content(front) & content(back) or hues_of(front) == hues_of(back):
        return []
    if not back or not (fur or nouns & content(front) or nouns & set(front.split())):
        return []
    return [
        Why(
            "colours", "colour",
            ("What do the colours do for {n} in the picture?", "Why do the colours help one to find {n} at once?"),
            (
                "With {x} against {y}, the eye goes straight to {n}.",
                "They set {o} apart: {x} against {y}.",
                "With {y} all around, nobody can overlook {x}, and so {n} becomes the centre of attention.",
            ),
            ("image",), {"x": front, "y": back},
        )
    ]  # fmt: skip
