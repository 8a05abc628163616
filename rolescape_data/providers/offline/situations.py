"""A fact about what somebody is like -> an everyday situation that provokes it: "hates being thanked in front of a crowd" ->
"You are thanked in front of a crowd. What do you do?"

Every situation is the fact turned towards the character; what no pattern fits is asked about as a habit, or left out.
"""

import re
from collections.abc import Iterator

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.english.names import Name
from rolescape_data.providers.offline.english.second_person import to_you
from rolescape_data.spans import words

# Frames of one kind take turns, so that no opening wears out. {x} is a noun phrase, a clause or a verb phrase with "you".
_FRAMES: dict[str, tuple[str, ...]] = {
    "when": (
        "{X}. What do you do?",
        "Imagine that {x}. How can one tell by looking at you?",
        "It has happened: {x}. What comes next?",
    ),
    "passive": ("You are {x}. What do you do?", "Before you can get away, you are {x}. How do you take it?"),
    "dislike": (
        "The whole table is singing the praises of {x}. What do you say?",
        "You are to spend a whole afternoon with {x}. How do you answer?",
        "Guests ask what you think of {x}. What do they hear?",
    ),
    "like": (
        "Your host has not a good word for {x}. What do you say?",
        "Nobody else here cares for {x}. How do you win them over?",
    ),
    "choice": (
        "You may choose between {x}. Which do you take, and why?",
        "There is only one left of {x}, so choose. Which is it?",
    ),
    "never": (
        "Somebody begs you to {x}. What do you say?",
        "A good friend wants you to {x}, only this once. What do you do?",
        "For a handful of silver, would you {x}?",
    ),
    "wish": (
        "A sceptic tells you that you will never {x}. How do you answer?",
        "You are given one free day. Would you use it to {x}, or for something else?",
        "Everybody laughs when you say that you want to {x}. What do you tell them?",
    ),
    "company": (
        "A long evening with {x} lies before you. How do you take it?",
        "Just as you want to go home, you are asked to look after {x}. What do you do?",
    ),
    "called": (
        "Behind your back, they call you {x}. What do you say when you hear of it?",
        "To your face, a stranger calls you {x}. How do you answer?",
        "Your oldest friend has called you {x}. Is that fair?",
    ),
    "habit": (
        "Somebody asks you why you {x}. What do you answer?",
        "A child wants to know why you {x}. How do you explain it?",
        "Two strangers laugh because you {x}. What do you say?",
        "Over supper, the talk turns to how you {x}. What do you add?",
        "A newcomer has heard that you {x}, and does not believe it. What do you tell them?",
        "It is late, and you are asked whether it is true that you {x}. What is your answer?",
        "Your hosts have noticed that you {x}. How do you make light of it?",
    ),
}
_ASPECTS = ("personality", "preferences", "quotes", "goals")
_STOP = re.compile(
    r",? (?:until|unless|even|without|instead|because|rather than|and (?:often|never|always|sometimes|then))\b.*$"
)
# "Even when a lie would be tidier": what somebody does in spite of an occasion is not asked for on it.
_WHEN = re.compile(r"^(?P<does>.+?)(?<! even)(?<! only)(?<! not),? (?:when|whenever) (?P<clause>[^,]+)$")
_DOES = re.compile(
    r"^(?:(?P<being>(?:hates?|dislikes?|detests?|fears?) being) (?P<passive>\w+(?:ed|en|wn|ght|ld|ade) .+)"
    r"|(?:hates?|dislikes?|detests?|distrusts?|despises?|avoids?|cannot stand) (?P<dislike>.+)"
    r"|prefers? (?P<this>[\w' -]+?) to (?P<that>[\w' -]+?)(?: and .+)?"
    r"|(?:likes?|loves?|enjoys?|adores?|is fond of) (?P<like>.+)"
    r"|never (?P<never>\w+ .+)"
    r"|refuses? to (?P<refused>.+)"
    r"|(?:wants?|hopes?|plans?|intends?|means|wishes|longs?|would like) to (?P<wish>.+)"
    r"|(?:is|was) patient with (?P<company>.+)"
    r"|(?:is|was) (?P<called>(?!not\b|the\b|able\b|allowed\b|known\b|to\b)(?:an? )?[a-z-]+\b.*))$"
)
_MOST = 15


def situations(facts: list[dict[str, str]], name: Name) -> Iterator[tuple[str, list[str]]]:
    """Yield, for each fact that carries one, its kind and the situations that it can be put as.

    Args:
        facts: `text` and `aspect`, in order; only those about nature, tastes, speech and wishes are used.
        name: what the character is called.
    """
    chosen = [fact for aspect in _ASPECTS for fact in facts if fact["aspect"] == aspect]
    for fact in chosen:
        found = _situation(fact["text"].strip().removesuffix("."), name)
        if found:
            kind, x = found
            shown = [frame.format(x=x, X=x[:1].upper() + x[1:]) for frame in _FRAMES[kind]]
            yield kind, shown


def _situation(text: str, name: Name) -> tuple[str, str] | None:
    """Return the kind of frame and what stands in it."""
    does = _after_name(text, name)
    if does is None or re.search(r"[\"“”()\[\]:;|*_#]", text) or len(words(text)) > _MOST + 3:
        return None
    when = _WHEN.match(does)
    if when and " when" not in when["clause"]:
        clause = to_you(when["clause"], name)
        return ("when", clause) if clause else None
    habit = _habit(text, name)
    match = _DOES.match(does)
    if match is None:
        return habit
    kind, x = _turned(match, name)
    return (kind, x) if x and len(words(x)) <= _MOST else habit


def _turned(match: re.Match[str], name: Name) -> tuple[str, str | None]:
    given = match.groupdict()
    if given["passive"]:
        return "passive", to_you(given["passive"], name)
    if given["this"]:
        return "choice", to_you(f"{given['this']} and {given['that']}", name)
    for kind in ("dislike", "like", "company"):
        if given[kind]:
            plain = not re.search(r"\b(?:as|than|to|that|being|any|most|nothing|how|when|it)\b", given[kind])
            return kind, to_you(given[kind], name) if plain else None
    if given["called"]:
        return "called", to_you(given["called"], name) if _is_quality(given["called"]) else None
    kind, phrase = next((kind, given[kind]) for kind in ("never", "refused", "wish") if given[kind])
    phrase = _STOP.sub("", phrase)
    if kind == "never":
        first, _, rest = phrase.partition(" ")
        lemma = lex.verb_lemma(first, "VBZ")
        if lemma is None or first in lex.HAVE | lex.BE:
            return kind, None
        phrase = re.sub(r"\bany(one|body|thing)\b", r"some\1", f"{lemma} {rest}")
    if re.search(r"^be\b|\bany\b", phrase):
        return kind, None
    return ("wish" if kind == "wish" else "never"), to_you(phrase, name)


def _is_quality(phrase: str) -> bool:
    """Whether a phrase after 'is' says what somebody is like: no doing, nothing done to them, no second verb."""
    if re.search(
        r"\b(?:by|than|of all)\b|^\w+ing\b|^\w+(?:ed|wn|ught) (?:to|at|in|for|as|on|under)\b", phrase
    ):
        return False
    second = re.search(r"\b(?:and|but|or) (\w+)", phrase)
    return second is None or lex.verb_lemma(second[1], "VBZ") in (None, second[1])


def _after_name(text: str, name: Name) -> str | None:
    """Return what follows the name at the head of a statement; None when something else is its subject."""
    form = next((form for form in name.forms if text.startswith(f"{form} ")), None)
    return text[len(form) + 1 :] if form else None


def _habit(text: str, name: Name) -> tuple[str, str] | None:
    """Return the statement as what 'you' do, where it tells of a doing and not of a being."""
    said = to_you(text, name)
    if said is None or not said.startswith("you ") or len(words(said)) > _MOST + 1:
        return None
    does = said.removeprefix("you ")
    if re.match(r"(?:are|were|have|had|can|could|would|will|do|did|must|may|might|should)\b", does):
        return None
    return "habit", does
