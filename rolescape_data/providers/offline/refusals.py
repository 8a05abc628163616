"""Another character's facts, and things that no profile states -> questions that are declined (NegativeAnswer).

Contrastive questions are asked from the other's own facts. The rest come from lists of what documents about a person
hardly ever tell; one whose key word stands in the facts is left out. The refusals are plain and name what is missing.
"""

from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any
from zlib import crc32

from rolescape_data.providers.offline.questions import text_qa
from rolescape_data.spans import folded

# The question, and the words that must not stand in what is known.
_OWN_LIFE = (
    ("What is your shoe size?", ("shoe size",)),
    ("Which tooth did you lose first?", ("tooth", "teeth")),
    ("Which day of the week were you born on?", ("born on a",)),
    ("What did you have for supper on your ninth birthday?", ("birthday",)),
    ("How many stairs does your house have?", ("steps to", "stairs to")),
    ("What is your blood group?", ("blood",)),
    ("What was the first word you ever spoke?", ("first word",)),
    ("Which side of the bed do you sleep on?", ("side of the bed",)),
    ("How much money is in your pocket right now?", ("pocket",)),
    ("What did you dream of last Tuesday?", ("dream",)),
    ("How long did your longest letter take to arrive?", ("longest letter",)),
    ("What is the name of your dentist?", ("dentist",)),
    ("Which of your cousins is the tallest?", ("cousin",)),
    ("How heavy were you as a baby?", ("baby",)),
    ("What was your worst mark at school?", ("school mark",)),
    ("Who taught your grandmother to read?", ("grandmother",)),
    ("How many buttons have you lost in your life?", ("lost a button",)),
    ("What tune were you humming yesterday at noon?", ("humming",)),
    ("Which candle did you buy last, and what did it cost?", ("candle",)),
    ("What would your neighbour say you owe them?", ("neighbour",)),
)
_TO_COME = (
    "Who will be in charge of this town fifty years from now?",
    "What will the weather be like on this day next year?",
    "What will people say about you a hundred years after your death?",
    "Which of today's children will be famous one day?",
    "How will the next great storm end?",
    "What will you be doing on the last morning of your life?",
    "Which inventions will have changed everybody's work by the next century?",
    "What will a loaf of bread cost when I am old?",
    "Who is going to have your place when you have left it?",
    "Will the two of us ever meet again, and where?",
)
_BEYOND_PICTURE = (
    "What is written on the back of this picture?",
    "What was said a minute after this picture?",
    "Who stands just outside the left edge of this picture?",
    "What can be smelled at this place?",
    "What is behind whoever drew or took this picture?",
    "What lies under the ground that is to be seen here?",
    "Which day of the month is it in this picture?",
    "What song is being sung while this happens?",
    "How many people have looked at this scene before me?",
    "What did all that is shown here cost?",
    "How cold is the air at the moment that we see?",
    "Where did the path lead before it came here?",
    "Which of these colours had faded by the following spring?",
)
_OPENLY = {
    "background": (
        "What do {other}'s earliest memories hold?",
        "What did {other} go through before coming to be known here?",
    ),
    "goals": (
        "What does {other} hope for without telling anybody?",
        "Which wish of {other}'s has never been spoken aloud?",
    ),
}
_REFUSALS = {
    "own": (
        "That I could not tell you, and I will not make something up for you.",
        "Nobody ever wrote that down, least of all me.",
        "You ask for a thing that I never kept in mind.",
        "I have no answer to that. Ask me about something I have lived with.",
        "If I ever knew, it is gone. Better no word than a wrong one.",
        "There you have found a thing about me that I do not know myself.",
    ),
    "other": (
        "You would have to ask {other}. It is no business that I know of.",
        "How should I know? That is for {other} to tell, not for me.",
        "{other} may know. I do not, and I do not guess about other people.",
        "I cannot speak for {other}. Nobody has told me of it.",
        "That belongs to {other}'s life and not to mine, so I have nothing to say on it.",
    ),
    "future": (
        "What has not happened yet, I have not seen. Come back when it has.",
        "Nobody can know that today, and I will not play the prophet.",
        "I deal in what was and what is. That one is still to come.",
        "Ask me again when the day is over. Until then there is no answer.",
        "If I knew what is to come I would lead another life.",
    ),
    "picture": (
        "That is not to be seen here, so I will not say anything about it.",
        "Look as long as you like: nothing here shows it.",
        "From what is to be seen, nobody could tell you that.",
        "It lies outside of what is shown, and guessing would not help you.",
    ),
}


def negatives(block: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any] | None:
    """Write a NegativeAnswer for each key that the material reaches; None in other languages than English."""
    if str(block["character"].get("lang") or "en").split("-")[0] != "en":
        return None
    taken = {folded(str(text)) for text in [*block.get("used", []), *block.get("avoid", [])]}
    known = folded(" ".join(str(fact["text"]) for fact in block["facts"]))
    # Each character begins elsewhere in the lists, so that a set does not ask everybody the same.
    start = crc32(str(block["character"]["name"]).encode())
    own = [question for question, words in _OWN_LIFE if not any(folded(word) in known for word in words)]
    pools: dict[str, Iterator[str]] = {
        "unanswerable_profile": iter(_from(own, start)),
        "future_event": iter(_from(_TO_COME, start)),
        "unanswerable_image": iter(_from(_BEYOND_PICTURE, start)),
    }
    replies = {name: cycle(_from(texts, start)) for name, texts in _REFUSALS.items()}
    written: dict[str, Any] = {}
    for key in keys:
        kind = key.rpartition("_")[0]
        if kind == "other_character_question":
            other = block["others"].get(key)
            question = _asked_of(other, taken) if other else ""
            reply = next(replies["other"]).format(other=other["name"]) if other else ""
        elif kind in pools:
            # About another picture too: the answer to decline with would be the same, and one of both may be tested on.
            question = next((text for text in pools[kind] if folded(text) not in taken), "")
            reply = next(
                replies[{"unanswerable_profile": "own", "future_event": "future"}.get(kind, "picture")]
            )
        else:
            continue
        if question:
            taken.add(folded(question))
            written[key] = {"question": question, "answer": reply}
    return written or None


def _from(texts: Sequence[str], start: int) -> list[str]:
    place = start % len(texts) if texts else 0
    return [*texts[place:], *texts[:place]]


def _asked_of(other: dict[str, Any], taken: set[str]) -> str:
    """Return a question that the other's fact answers, '' when none can be made of it."""
    found = text_qa(
        {"character": {"name": other["name"], "aliases": [], "lang": "en"}, "facts": [other], "used": []},
        ("qa_1",),
    )
    question = str(found["qa_1"]["question"]) if found and "qa_1" in found else ""
    # A sentence with a gap is no question that somebody puts to somebody: what the fact is about is asked for openly.
    plain = [frame.format(other=other["name"]) for frame in _OPENLY.get(str(other.get("aspect")), ())]
    asked = [*([question] if question and "____" not in question else []), *plain]
    return next((text for text in asked if folded(text) not in taken), "")
