"""One picture and what is known of it -> open questions with short answers (VisualQAAnswer).

Each maker asks about one thing in several wordings; which one is used depends on the picture alone, so that a
character's pictures do not all ask in the same words. What the attributes and notes do not say is not asked.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rolescape_data.providers.offline.looks import (
    Look,
    Piece,
    attributes_of,
    brief,
    clothes,
    content,
    face_clause,
    look_of,
    looks,
    mood_of,
    names,
    place_clause,
    place_head,
    place_noun,
    pose_clause,
    posture_of,
    thing_of,
    time_of,
)
from rolescape_data.providers.offline.material import Seen
from rolescape_data.providers.offline.phrases import article, is_light, placed, shape_of, with_article
from rolescape_data.providers.offline.picture_reasons import subjective
from rolescape_data.spans import words

ANSWER_WORDS = (3, 60)
LINKED = 3  # questions that join picture and profile
DOUBTS = 3  # negative and unanswerable ones of 15
PER_ELEMENT = 3


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing to ask about: wordings of the question, wordings of the answer; all fit each other."""

    topic: str
    element: str
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    grounding: tuple[str, ...] = ("image",)
    polarity: str = "positive"


@dataclass(frozen=True, slots=True)
class Known:
    """Beside the picture itself: facts of the profile, and what the character's other pictures show."""

    facts: tuple[str, ...]
    others: tuple[dict[str, str], ...]


def visual_qa(block: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any] | None:
    """Write open questions about one picture for the keys `objective_n` and `subjective_n`, as far as it reaches.

    Args:
        block: character, description, personality, facts, image, shows, dialogue, others, used.
        keys: the cells asked for.
    """
    if block["character"].get("lang", "en") != "en":
        return None
    look = look_of(block)
    known = Known(
        tuple(str(fact["text"]) for fact in block.get("facts") or []),
        tuple(attributes_of(other) for other in block.get("others") or []),
    )
    seen = Seen([str(question) for question in block.get("used") or []])
    wanted = [key for key in keys if key.startswith("objective_")]
    written = dict(zip(wanted, _objective(look, known, seen, len(wanted)), strict=False))
    wanted = [key for key in keys if key.startswith("subjective_")]
    written |= dict(zip(wanted, subjective(look, block, seen, len(wanted)), strict=False))
    return {key: written[key] for key in keys if key in written} or None


def _objective(look: Look, known: Known, seen: Seen, count: int) -> Iterator[dict[str, Any]]:
    """Choose by need: the plain elements first, then some negatives and links, then what is left."""
    spent: Counter[str] = Counter()
    twins: set[str] = set()
    yielded = 0
    for ask in _in_order(look, known):
        doubtful, linked = ask.polarity != "positive", "profile" in ask.grounding
        full = spent[ask.element] >= PER_ELEMENT or (doubtful and spent["-"] >= DOUBTS) or (linked and spent["+"] >= LINKED)
        twin = _TWINS.get(ask.topic, ask.topic)
        item = None if full or yielded == count or twin in twins else _worded(look, ask, seen)
        if item is None:
            continue
        spent.update([ask.element, *(["-"] if doubtful else []), *(["+"] if linked else [])])
        twins.add(twin)
        yielded += 1
        yield item


def _in_order(look: Look, known: Known) -> list[Ask]:
    """The elements in their order, then a negative, a link and a count, then the rest as the picture's seed says."""
    makers: tuple[Callable[[Look, Known], list[Ask]], ...] = (
        _face, _pose, _place, _thing, _outfit, _light, _colours, _frame, _style, _counted, _linked, _denied, _whole,
    )  # fmt: skip
    if not look.own:
        makers = (_place_alone, _light, _colours, _style, _counted, _whole)
    asks = [ask for maker in makers for ask in maker(look, known)]
    first = [topic for topic in _FIRST if any(ask.topic == topic for ask in asks)]
    doubts = sorted((a for a in asks if a.polarity != "positive"), key=lambda a: look.seed("doubt", a.topic))
    links = sorted((a for a in asks if "profile" in a.grounding), key=lambda a: look.seed("link", a.topic))
    early = [a for topic in first for a in asks if a.topic == topic] + doubts[:2] + links[:2]
    late = sorted((a for a in asks if a not in early), key=lambda a: (a.topic in _LAST, look.seed("rest", a.topic)))
    return early + late


_FIRST = ("expression", "pose", "setting", "prop", "outfit", "lighting", "count", "framing")
_LAST = frozenset({"whole", "more"})
# The same thing asked for with yes and with no: one of the two is enough.
_TWINS = {
    "no pose": "posture", "no expression": "feeling", "no lighting": "time", "no composition": "side", "no style": "style",
    "weather": "air", "no outfit": "colour",
}  # fmt: skip


def _worded(look: Look, ask: Ask, seen: Seen) -> dict[str, Any] | None:
    """Take the wordings that the picture's seed points at; the next ones where a question is too like one taken."""
    for step in range(len(ask.questions)):
        question = ask.questions[(look.seed("q", ask.topic) + step) % len(ask.questions)]
        for turn in range(len(ask.answers)):
            answer = ask.answers[(look.seed("a", ask.topic) + turn) % len(ask.answers)]
            if not seen.near(question) and ANSWER_WORDS[0] <= len(words(answer)) <= ANSWER_WORDS[1]:
                seen.add(question)
                return {
                    "question": question,
                    "answer": answer,
                    "grounding": list(ask.grounding),
                    "polarity": ask.polarity,
                    "element": ask.element,
                }
    return None


def _ask(
    look: Look,
    topic: str,
    element: str,
    questions: Sequence[str],
    answers: Sequence[str],
    grounding: tuple[str, ...] = ("image",),
    polarity: str = "positive",
    **given: str,
) -> Ask:
    return Ask(
        topic,
        element,
        tuple(look.fill(question, **given) for question in questions),
        tuple(look.fill(answer, **given) for answer in answers),
        grounding,
        polarity,
    )


def _face(look: Look, known: Known) -> list[Ask]:
    phrase = with_article(look.known.get("expression", ""))
    if not phrase:
        return []
    answers = {
        "noun": ("{S} has {x}.", "It is {x}.", "{N} shows {x}.", "What can be seen is {x}."),
        "quality": ("{S} looks {x}.", "{N} seems {x}.", "In the picture {s} appears {x}."),
    }.get(shape_of(phrase), ("{S} is {x}.", "The picture shows {o} {x}.", "{N} can be seen {x}."))
    asks = [
        _ask(
            look, "expression", "expression",
            ("What expression does {n} have in the picture?", "How would you describe the look on {n}'s face?",
             "Which expression can be seen on {n}'s face?", "What does {n}'s face show?"),
            answers, x=phrase,
        )
    ]  # fmt: skip
    clause = face_clause(look, short=True)
    eyes = (
        "half closed" if re.search(r"half-closed|half closed|droop\w* lids?|lids? droop|heavy lids", phrase)
        else "closed" if re.search(r"eyes (?:\w+ )?(?:shut|closed)|closed eyes|shut eyes", phrase)
        else "wide open" if re.search(r"eyes wide|wide eyes|(?:round|huge) eyes", phrase)
        else ""
    )  # fmt: skip
    if eyes:
        asks.append(
            _ask(
                look, "eyes", "expression",
                ("Are {n}'s eyes open or closed?", "What can be said of {n}'s eyes?"),
                ("They are {x}, for {c}.", "{P} eyes are {x}.", "The eyes are {x}: {c}.", "Both eyes are {x}."),
                x=eyes, c=clause,
            )
        )  # fmt: skip
    for part, verb in (("tear", "Can a tear be seen on {n}'s face?"), ("teeth", "Are {n}'s teeth visible?")):
        if re.search(rf"\b{part}\b", phrase):
            asks.append(
                _ask(look, part, "expression", (verb,), ("Yes, {c}.", "Yes: {c}.", "Indeed, {c}."), c=clause)
            )
    if look.mood in _FEELINGS:
        asks.append(
            _ask(
                look, "feeling", "expression",
                ("Does {n} look {m} in the picture?", "Would you say that {n} looks {m}?"),
                ("Yes, {c}.", "Yes; one can tell because {c}.", "That is how it looks, since {c}."),
                m=_FEELINGS[look.mood], c=clause,
            )
        )  # fmt: skip
    return asks


_FEELINGS = {
    "worry": "worried", "sorrow": "sad", "anger": "angry", "surprise": "surprised", "weariness": "sleepy",
    "mirth": "amused", "pride": "proud", "good will": "friendly",
}  # fmt: skip
# What nobody would take for the other; neighbours such as worry and sorrow are left out.
_OPPOSITE = {
    "worry": ("mirth", "pride"), "sorrow": ("mirth", "pride", "good will"), "anger": ("mirth", "good will", "weariness"),
    "surprise": ("weariness", "pride", "anger"), "weariness": ("surprise", "anger", "mirth"),
    "mirth": ("sorrow", "anger", "worry"), "pride": ("worry", "sorrow", "surprise"),
    "good will": ("anger", "sorrow", "worry"), "calm": ("surprise", "mirth"),
}  # fmt: skip


def _pose(look: Look, known: Known) -> list[Ask]:
    clause = pose_clause(look)
    if not clause:
        return []
    questions = ["How is {n} posed?", "What pose does {n} take in the picture?", "In what position is {n} shown?"]
    if shape_of(clause) == "doing":
        questions.append("What is {n} doing at this moment?")
    asks = [
        _ask(
            look, "pose", "pose", questions,
            ("{S} is {x}.", "{N} is shown {x}.", "In the picture {s} is {x}.", "One sees {o} {x}."),
            x=clause,
        )
    ]  # fmt: skip
    if look.posture:
        asks.append(
            _ask(
                look, "posture", "pose", ("Is {n} {v} in the picture?", "Does the picture show {n} {v}?"),
                ("Yes, {s} is {x}.", "Yes; {n} is {x}.", "Yes: one sees {o} {x}."),
                v=look.posture, x=clause,
            )
        )  # fmt: skip
    return asks


def _place(look: Look, known: Known) -> list[Ask]:
    clause = place_clause(look)
    if not clause:
        return []
    if not place_noun(look.known["setting"]):
        questions = ("Where is {n} shown?", "What kind of background does {n} have?")
        answers = ("{S} is shown {x}.", "{N} is set {x}.", "The picture has {o} {x}.")
        return [_ask(look, "setting", "setting", questions, answers, x=clause)]
    return [
        _ask(
            look, "setting", "setting",
            ("Where is {n} shown?", "What place does the picture show {n} in?", "Where does the picture take place?",
             "In what surroundings can {n} be seen?"),
            ("{S} is {x}.", "{N} can be found {x}.", "It all happens {x}.", "The picture is set {x}."),
            x=clause,
        )
    ]  # fmt: skip


def _place_alone(look: Look, known: Known) -> list[Ask]:
    clause = place_clause(look)
    if not clause:
        return []
    questions = ("Where does the picture take place?", "What place does the picture show?")
    return [_ask(look, "setting", "setting", questions, ("It is set {x}.", "The picture is set {x}."), x=clause)]


def _thing(look: Look, known: Known) -> list[Ask]:
    thing = look.thing
    if thing is None:
        return []
    if thing.held:
        questions = ("What is {n} holding?", "Which object does {n} hold in the picture?", "What does {n} hold?")
        answers = ("{S} is holding {x}.", "{N} holds {x}.", "What {s} holds is {x}.", "It is {x}.")
    elif thing.noun:
        questions = ("What object is shown with {n}?", "Which object besides {n} catches the eye?")
        answers = ("{N} is shown with {x}.", "It is {x}.", "The object is {x}.", "{S} has {x}.")
    else:
        questions, answers = ("What is shown with {n}?",), ("{N} is shown with {x}.", "There is {x} to be seen.")
    asks = [_ask(look, "prop", "prop", questions, answers, x=thing.phrase)]
    if not thing.noun or thing.noun.endswith("s"):
        return asks
    if thing.detail:
        asks.append(
            _ask(
                look, "prop detail", "prop",
                ("What detail can be made out on the {k}?", "What is there to notice about the {k}?",
                 "What does the {k} in the picture have?"),
                ("The {k} has {x}.", "It has {x}.", "One can make out {x}.", "{X} can be seen on it."),
                k=thing.noun, x=thing.detail,
            )
        )  # fmt: skip
    said = [word.lower() for word in re.findall(r"[\w-]+", thing.short)[:-1]]
    made = [word for word in said if word in _MATERIALS]
    if len(made) == 1:
        asks.append(
            _ask(
                look, "prop material", "prop",
                ("What does the {k} seem to be made of?", "Of which material does the {k} seem to be?"),
                ("It seems to be {x}.", "The {k} is {x}.", "To all appearance it is {x}."),
                k=thing.noun, x=made[0],
            )
        )  # fmt: skip
    hues = [word for word in said if word in _HUES]
    if len(hues) == 1:
        asks.append(
            _ask(
                look, "prop colour", "prop", ("What colour is the {k}?", "Which colour does the {k} have?"),
                ("The {k} is {x}.", "Its colour is {x}.", "{X} is its colour."), k=thing.noun, x=hues[0],
            )
        )  # fmt: skip
    return asks


_MATERIALS = frozenset({"brass", "copper", "iron", "steel", "wooden", "leather", "glass", "stone", "bronze", "wicker"})
_HUES = frozenset({"red", "blue", "green", "yellow", "black", "white", "grey", "brown", "orange", "purple", "pink", "silver",
                   "golden", "violet", "crimson", "scarlet", "cream"})  # fmt: skip


def _outfit(look: Look, known: Known) -> list[Ask]:
    asks: list[Ask] = []
    worn = clothes(look)
    if worn:
        asks.append(
            _ask(
                look, "outfit", "outfit",
                ("What is {n} wearing?", "How is {n} dressed in the picture?", "Which clothes can be seen on {n}?"),
                ("{S} is wearing {x}.", "{N} wears {x}.", "{S} is dressed in {x}.", "One can see {x}."),
                x=worn,
            )
        )  # fmt: skip
    body = looks(look)
    if body is not None:
        asks.append(
            _ask(
                look, "looks", "outfit",
                ("Clothes aside, what can be seen of {n}'s looks?", "What does the picture tell of {n}'s {k}?"),
                ("{S} has {x}.", "{N} has {x}.", "What one sees is {x}."),
                k=body.noun, x=body.phrase,
            )
        )  # fmt: skip
    for piece in _coloured(look):
        be = "are" if piece.noun.endswith("s") else "is"
        asks.append(
            _ask(
                look, f"colour of {piece.noun}", "outfit",
                ("What colour {b} {n}'s {k}?", "Which colour {d} {n}'s {k} have?"),
                ("{P} {k} {b} {x}.", "The {k} {b} {x}.", "{N}'s {k} {b} {x}."),
                b=be, d="do" if be == "are" else "does", k=piece.noun, x=piece.colour,
            )
        )  # fmt: skip
    return asks


def _coloured(look: Look) -> list[Piece]:
    nouns = Counter(piece.noun for piece in look.pieces)
    return [piece for piece in look.pieces if piece.noun and piece.colour and nouns[piece.noun] == 1]


def _light(look: Look, known: Known) -> list[Ask]:
    phrase = look.known.get("lighting", "")
    if not phrase:
        return []
    seen_in = "{N} is seen in {x}." if look.own else "Everything is seen in {x}."
    falls = "What light is {n} shown in?" if look.own else "What light falls on it all?"
    asks = [
        _ask(
            look, "lighting", "lighting",
            ("What is the light like in the picture?", "How is the picture lit?", falls),
            ("It is lit by {x}.", "There is {x}.", seen_in, "The picture has {x}."), x=phrase,
        )
    ]  # fmt: skip
    if look.time:
        asks.append(
            _ask(
                look, "time", "lighting",
                ("What time of day does it seem to be?", "At what time of day is the picture set?",
                 "Which part of the day does the light point to?"),
                ("It seems to be {t}, for there is {x}.", "Most likely it is {t}, judging by {x}.", "Probably {t}: one sees {x}.",
                 "The light tells of {t}."),
                t=look.time, x=brief(phrase),
            )
        )  # fmt: skip
    if look.weather and re.search(_AIR, phrase):
        asks.append(
            _ask(
                look, "weather", "lighting",
                ("What is the weather like?", "What weather does the picture show?"),
                ("It is {w}: one sees {x}.", "The weather is {w}, with {x}.", "Rather {w}, to judge by {x}."),
                w=look.weather, x=phrase,
            )
        )  # fmt: skip
    air = re.search(r"\b(?:among|with|through) ((?:[\w-]+ ){0,2}(?:petals|leaves|snowflakes|mist|snow|rain)\b.*)$", phrase)
    if air:
        asks.append(
            _ask(
                look, "air", "lighting",
                ("What can be seen in the air?", "What fills the air in the picture?", "What is in the air besides light?"),
                ("{X} can be seen there.", "The air is full of {x}.", "One can make out {x}."), x=air[1],
            )
        )  # fmt: skip
    return asks


_AIR = r"rain|snow|mist|fog|storm|clear sky"


def _colours(look: Look, known: Known) -> list[Ask]:
    phrase = look.known.get("colour", "")
    if not phrase:
        return []
    front, _, back = phrase.partition(" against ")
    if not back:
        given = phrase if phrase.endswith("s") or " " in phrase else f"{phrase} tones"
        questions = ("What are the main colours of the picture?", "Which colours does the picture use most?")
        return [_ask(look, "colours", "colour", questions, ("The main colours are {x}.", "One sees mostly {x}."), x=given)]
    several = " and " in front
    asks = [
        _ask(
            look, "colours", "colour",
            ("Which colours stand out in the picture?", "What contrast of colours does the picture have?"),
            (f"{{X}} stand{'' if several else 's'} out against {{y}}.", f"{{X}} {'are' if several else 'is'} set against {{y}}.",
             "One sees {x} against {y}."),
            x=front, y=back,
        )
    ]  # fmt: skip
    if look.own:
        are, colours = ("are", "colours") if " and " in back or back.endswith("s") else ("is", "colour")
        asks.append(
            _ask(
                look, "background", "colour",
                (f"What {colours} surround{'' if are == 'are' else 's'} {{n}}?", "What is the background like in colour?"),
                ("{N} is surrounded by {x}.", f"The {colours} around {{o}} {are} {{x}}.", "It is kept in {x}."), x=back,
            )
        )  # fmt: skip
    return asks


def _frame(look: Look, known: Known) -> list[Ask]:
    asks: list[Ask] = []
    if look.framed:
        how = "as" if re.search(r"\bfigure\b", look.framed) else "in"
        asks.append(
            _ask(
                look, "framing", "composition",
                ("How much of {n} can be seen?", "How closely is {n} shown?", "What part of {n} does the picture show?"),
                ("{N} is shown {h} {x}.", "The picture shows {o} {h} {x}.", "One sees {o} {h} {x}.", "{S} can be seen {h} {x}."),
                h=how, x=look.framed,
            )
        )  # fmt: skip
    if look.sided:
        asks.append(
            _ask(
                look, "side", "composition",
                ("Where in the picture is {n} placed?", "On which side of the picture is {n}?",
                 "Does {n} stand in the middle of the picture or to one side?")[: 2 if look.side != "middle" else 1],
                ("{N} is placed {x}.", "{S} can be found {x}.", "The figure is {x}."), x=look.sided,
            )
        )  # fmt: skip
    bare = look.framing in ("half", "close") and not re.search(r"\b(?:feet|foot|boots?|shoes?|legs?|sandals)\b", look.told)
    if bare:
        how = "as" if re.search(r"\bfigure\b", look.framed) else "in"
        asks.append(
            _ask(
                look, "unseen", "composition",
                ("What does {n} have on {p} feet?", "How are {n}'s feet placed?"),
                ("That cannot be told, as {n} is shown {h} {x}.", "The feet are out of sight: {n} is shown {h} {x}.",
                 "Nothing can be said of the feet, for the picture shows {o} {h} {x}."),
                polarity="unanswerable", h=how, x=look.framed,
            )
        )  # fmt: skip
    return asks


def _style(look: Look, known: Known) -> list[Ask]:
    if "style" not in look.known:
        return []
    return [
        _ask(
            look, "style", "style",
            ("In what style is the picture made?", "What kind of picture is it?", "How is the picture made?"),
            ("It is {x}.", "The picture is {x}.", "One would call it {x}.")
            if re.match(r"an? |the ", with_article(look.known["style"])) else ("The style is {x}.", "It is kept in {x} style."),
            x=with_article(look.known["style"]),
        )
    ]  # fmt: skip


def _counted(look: Look, known: Known) -> list[Ask]:
    return [
        _ask(
            look, "count" if number == 0 else f"count {number}", "count",
            ("How many {k} can be seen?", "How many {k} does the picture show?", "What is the number of {k} in the picture?"),
            ("There are {x} {k}.", "{X} {k} can be seen.", "It shows {x} {k}.", "One can count {x} {k}."), k=things, x=count,
        )
        for number, (count, things) in enumerate(look.counts[:2])
    ]  # fmt: skip


def _whole(look: Look, known: Known) -> list[Ask]:
    """Sentences of the note as they are: they were written to describe."""
    asks: list[Ask] = []
    if look.notes:
        questions = ("What does the picture show?", "How would you sum up the picture?")
        asks.append(_ask(look, "whole", "", questions, (_safe(look.notes[0]),)))
    if len(look.notes) > 1:
        questions = ("What more can be made out in the picture?", "Which further details are there to see?")
        asks.append(_ask(look, "more", "", questions, tuple(_safe(note) for note in reversed(look.notes[1:]))))
    return asks


def _safe(text: str) -> str:
    return text.replace("{", "(").replace("}", ")")


def _linked(look: Look, known: Known) -> list[Ask]:
    """Something to be seen, and a fact of the profile that tells of the same thing."""
    asks: list[Ask] = []
    taken: set[str] = set()

    def told_of(noun: str, colour: str = "", *, worn: bool = False) -> str:
        fitting = [fact for fact in known.facts if fact not in taken and _tells(fact, noun, colour, look, worn=worn)]
        if not fitting:
            return ""
        # A fact that opens with the thing itself ("Oda's coat is ...") tells most of it.
        fact = min(fitting, key=lambda fact: (not _opens(fact, noun, look), look.seed("fact", fact)))
        taken.add(fact)
        return fact.rstrip(".")

    for piece in look.pieces:
        fact = told_of(piece.noun, piece.colour, worn=True) if piece.noun else ""
        if fact:
            verb = "has" if piece.body else "wears"
            asks.append(
                _ask(
                    look, f"known {piece.noun}", "outfit",
                    ("What is known of {n}'s {k}, and how does the picture show it?",
                     "Which known fact about {n} fits the {k} in the picture?"),
                    ("{F}, and in the picture {s} {v} {x}.", "It is known that {f}; here {s} {v} {x}.",
                     "The picture, in which {s} {v} {x}, goes with what is known: {f}."),
                    ("image", "profile"), k=piece.noun, f=fact, v=verb, x=piece.phrase,
                )
            )  # fmt: skip
    thing = look.thing
    if thing is not None and thing.noun:
        fact = told_of(thing.noun)
        if fact:
            verb = "is holding" if thing.held else "is shown with"
            asks.append(
                _ask(
                    look, "known prop", "prop",
                    ("What is known of {n} that goes with the {k} in the picture?",
                     "Which fact about {n} comes to mind at the sight of the {k}?"),
                    ("{F}, and here {s} {v} {x}.", "One fact is that {f}; in the picture {s} {v} {x}.",
                     "Seeing {x}, one may recall that {f}."),
                    ("image", "profile"), k=thing.noun, f=fact, v=verb, x=thing.phrase,
                )
            )  # fmt: skip
    noun = place_noun(look.known.get("setting", ""))
    fact = told_of(noun) if noun else ""
    if fact:
        asks.append(
            _ask(
                look, "known place", "setting",
                ("What connects {n} with the {k} in the picture?", "What is known of {n} and the {k} shown here?"),
                ("{F}, and the picture shows {o} {x}.", "It is known that {f}; here {s} is {x}.",
                 "The profile tells that {f}, and {x} is where the picture has {o}."),
                ("image", "profile"), k=noun, f=fact, x=place_clause(look),
            )
        )  # fmt: skip
    return asks


def _opens(fact: str, noun: str, look: Look) -> bool:
    """Whether the fact's subject is the character's own thing: "Oda's red coat is ..."."""
    return any(re.match(rf"{re.escape(form)}['’]s (?:[\w'’-]+ ){{0,3}}{re.escape(noun)}\b", fact) for form in look.name.forms)


def _tells(fact: str, noun: str, colour: str, look: Look, *, worn: bool) -> bool:
    """Whether a fact of this character names the thing, and gives it no other colour; of clothes it must say how they look."""
    if not fact.startswith(look.name.forms) or len(words(fact)) > 22 or "“" in fact or '"' in fact:
        return False
    if not names(fact, noun) or (worn and not _opens(fact, noun, look) and not re.search(r" (?:wears|has|ties) ", fact)):
        return False
    mine = {word for word in content(colour) if word in _HUES | {"mustard", "navy", "copper"}}
    theirs = {word for word in content(fact) if word in _HUES | {"mustard", "navy", "copper"}}
    return not mine or not theirs or bool(mine & theirs)


def _denied(look: Look, known: Known) -> list[Ask]:
    """Questions whose answer is no, because what is known says something else."""
    return [
        ask
        for maker in (_other_mood, _other_posture, _other_thing, _other_place, _other_time, _other_side, _other_colour, _photo)
        for ask in maker(look, known)
    ]


def _no(look: Look, topic: str, element: str, questions: Sequence[str], answers: Sequence[str], **given: str) -> list[Ask]:
    return [_ask(look, f"no {topic}", element, questions, answers, ("image",), "negative", **given)]


def _pick(look: Look, topic: str, options: Sequence[str]) -> str:
    """Choose one of the options by the picture's seed; '' of none."""
    ordered = sorted(set(options))
    return ordered[look.seed(topic) % len(ordered)] if ordered else ""


def _other_mood(look: Look, known: Known) -> list[Ask]:
    shown = {mood_of(other.get("expression", "")) for other in known.others}
    options = [mood for mood in _OPPOSITE.get(look.mood, ()) if mood in shown] or list(_OPPOSITE.get(look.mood, ())[:2])
    mood = _pick(look, "mood", options)
    if not mood:
        return []
    return _no(
        look, "expression", "expression", ("Does {n} look {m} in the picture?", "Could one call {n}'s expression {m}?"),
        ("No, {c}.", "No; {c}.", "Not here: {c}.", "On the contrary, {c}."), m=_FEELINGS[mood], c=face_clause(look, short=look.seed("short") % 2 == 0),
    )  # fmt: skip


def _other_posture(look: Look, known: Known) -> list[Ask]:
    shown = {posture_of(other.get("pose", "")) for other in known.others} - {look.posture, ""}
    posture = _pick(look, "posture", [p for p in shown if p != "lying down"]) if look.posture else ""
    if not posture:
        return []
    return _no(
        look, "pose", "pose", ("Is {n} {v} in the picture?", "Does the picture show {n} {v}?"),
        ("No, {s} is {x}.", "No; {n} is {x}.", "Not at all, for {s} is {x}.", "The picture has {o} {x} instead."),
        v=posture, x=pose_clause(look),
    )  # fmt: skip


def _other_thing(look: Look, known: Known) -> list[Ask]:
    thing = look.thing
    if thing is None or not thing.noun:
        return []
    others = [thing_of(other.get("prop", "")) for other in known.others]
    options = {
        other.short for other in others
        if other and other.noun and other.noun not in look.told and not content(other.short) & content(thing.phrase)
    }  # fmt: skip
    chosen = _pick(look, "thing", sorted(options))
    if not chosen:
        return []
    if thing.held:
        return _no(
            look, "prop", "prop", ("Is {n} holding {y}?", "Does {n} hold {y} in the picture?"),
            ("No; {s} is holding {x}.", "No, what {s} holds is {x}.", "It is not that but {x}.", "Not that; {n} holds {x}."),
            y=chosen, x=thing.phrase,
        )  # fmt: skip
    return _no(
        look, "prop", "prop", ("Is {n} shown with {y}?", "Does {n} have {y} in the picture?"),
        ("No; {s} is shown with {x}.", "No, the object in the picture is {x}.", "It is not that but {x}."),
        y=chosen, x=thing.phrase,
    )  # fmt: skip


def _other_place(look: Look, known: Known) -> list[Ask]:
    here = look.known.get("setting", "")
    options = [
        placed(place_head(other["setting"])) for other in known.others
        if other.get("setting") and place_noun(other["setting"]) and not content(other["setting"]) & content(f"{here} {look.told}")
    ]  # fmt: skip
    chosen = _pick(look, "place", options) if here else ""
    if not chosen:
        return []
    return _no(
        look, "setting", "setting", ("Is {n} {y}?", "Does the picture show {n} {y}?"),
        ("No, {s} is {x}.", "No; the picture is set {x}.", "It does not look so: {s} is {x}.")[: 2 + (look.seed("place") % 2)],
        y=chosen, x=place_clause(look),
    )  # fmt: skip


_FAR = {
    "early morning": ("midday", "night"), "midday": ("night", "evening"), "evening": ("midday", "early morning"),
    "night": ("midday", "early morning"), "dusk": ("midday", "early morning"),
}  # fmt: skip


def _other_time(look: Look, known: Known) -> list[Ask]:
    shown = {time_of(other.get("lighting", "")) for other in known.others}
    options = [time for time in _FAR.get(look.time, ()) if time in shown] or list(_FAR.get(look.time, ()))
    chosen = _pick(look, "time", options)
    if not chosen or not is_light(look.known["lighting"]):
        return []
    when = f"at {chosen}" if chosen in ("midday", "night") else f"in the {chosen}"
    return _no(
        look, "lighting", "lighting", ("Is the picture set {y}?", "Could the picture be set {y}?"),
        ("No, there is {x}.", "No; it is lit by {x}.", "Hardly, since the picture shows {x}.", "That cannot be, as one sees {x}."),
        y=when, x=brief(look.known["lighting"]),
    )  # fmt: skip


def _other_side(look: Look, known: Known) -> list[Ask]:
    opposite = {"left": "right", "right": "left"}.get(look.side, "")
    if not opposite:
        return []
    return _no(
        look, "composition", "composition",
        ("Is {n} on the {y} side of the picture?", "Has {n} been placed on the {y}?"),
        ("No, {s} is {x}.", "No; {n} is placed {x}.", "The other way round: {s} is {x}."), y=opposite, x=look.sided,
    )  # fmt: skip


def _other_colour(look: Look, known: Known) -> list[Ask]:
    pieces = [piece for piece in _coloured(look) if not piece.body]
    if not pieces:
        return []
    piece = pieces[look.seed("piece") % len(pieces)]
    hues = [hue for hue in ("green", "blue", "black", "white", "purple", "orange", "pink") if hue not in look.told]
    be = "Are" if piece.noun.endswith("s") else "Is"
    hue = _pick(look, "hue", hues)
    if not hue:
        return []
    return _no(
        look, "outfit", "outfit", ("{b} {n}'s {k} {y}?", "Does {n} wear {z} {k}?" if be == "Is" else "{b} {n}'s {k} {y}?"),
        ("No, the {k} {c} {x}.", "No; {p} {k} {c} {x}.", "{P} {k} {c} not {y} but {x}."),
        b=be, c=be.lower(), k=piece.noun, y=hue, z=f"{article(hue)} {hue}", x=piece.colour,
    )  # fmt: skip


def _photo(look: Look, known: Known) -> list[Ask]:
    style = with_article(look.known.get("style", ""))
    if not re.search(r"illustration|poster|painting|drawing|watercolou?r|fresco|cartoon|engraving", style):
        return []
    if not re.match(r"an? |the ", style):
        return []
    return _no(
        look, "style", "style", ("Is the picture a photograph?", "Could the picture be a photograph?"),
        ("No, it is {x}.", "No; the picture is {x}.", "It is no photograph but {x}."), x=style,
    )  # fmt: skip

