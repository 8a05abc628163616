"""What is plainly to be seen of the character: face, pose, place, thing, clothes -> questions about it."""

import re
from collections import Counter

from rolescape_data.providers.offline.phrases import shape_of, with_article
from rolescape_data.providers.offline.pictures.ask import Ask, Known, ask
from rolescape_data.providers.offline.pictures.kinds import backdrop, place_noun
from rolescape_data.providers.offline.pictures.look import (
    Look,
    clothes,
    face_clause,
    looks,
    place_clause,
    pose_clause,
)
from rolescape_data.providers.offline.pictures.parts import Piece


def face(look: Look, known: Known) -> list[Ask]:
    """Ask about the expression, the eyes, a tear, the feeling."""
    phrase = with_article(look.known.get("expression", ""))
    if not phrase:
        return []
    answers = {
        "noun": ("{S} has {x}.", "It is {x}.", "{N} shows {x}.", "What can be seen is {x}."),
        "quality": ("{S} looks {x}.", "{N} seems {x}.", "In the picture {s} appears {x}."),
    }.get(shape_of(phrase), ("{S} is {x}.", "The picture shows {o} {x}.", "{N} can be seen {x}."))
    asks = [
        ask(
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
            ask(
                look, "eyes", "expression",
                ("Are {n}'s eyes open or closed?", "What can be said of {n}'s eyes?"),
                ("They are {x}, for {c}.", "{P} eyes are {x}.", "The eyes are {x}: {c}.", "Both eyes are {x}."),
                x=eyes, c=clause,
            )
        )  # fmt: skip
    for part, verb in (("tear", "Can a tear be seen on {n}'s face?"), ("teeth", "Are {n}'s teeth visible?")):
        if re.search(rf"\b{part}\b", phrase):
            # What is asked for must be in the answer, if the shorter clause leaves it out.
            told = clause if part in clause else face_clause(look)
            asks.append(
                ask(look, part, "expression", (verb,), ("Yes, {c}.", "Yes: {c}.", "Indeed, {c}."), c=told)
            )
    if look.mood in FEELINGS:
        asks.append(
            ask(
                look, "feeling", "expression",
                ("Does {n} look {m} in the picture?", "Would you say that {n} looks {m}?"),
                ("Yes, {c}.", "Yes; one can tell because {c}.", "That is how it looks, since {c}."),
                m=FEELINGS[look.mood], c=clause,
            )
        )  # fmt: skip
    return asks


FEELINGS = {
    "worry": "worried", "sorrow": "sad", "anger": "angry", "surprise": "surprised", "weariness": "sleepy",
    "mirth": "amused", "pride": "proud", "good will": "friendly",
}  # fmt: skip


def pose(look: Look, known: Known) -> list[Ask]:
    """Ask how the character is posed."""
    clause = pose_clause(look)
    if not clause:
        return []
    questions = [
        "How is {n} posed?",
        "What pose does {n} take in the picture?",
        "In what position is {n} shown?",
    ]
    if shape_of(clause) == "doing":
        questions.append("What is {n} doing at this moment?")
    asks = [
        ask(
            look, "pose", "pose", questions,
            ("{S} is {x}.", "{N} is shown {x}.", "In the picture {s} is {x}.", "One sees {o} {x}."),
            x=clause,
        )
    ]  # fmt: skip
    if look.posture:
        asks.append(
            ask(
                look, "posture", "pose", ("Is {n} {v} in the picture?", "Does the picture show {n} {v}?"),
                ("Yes, {s} is {x}.", "Yes; {n} is {x}.", "Yes: one sees {o} {x}."),
                v=look.posture, x=clause,
            )
        )  # fmt: skip
    return asks


def place(look: Look, known: Known) -> list[Ask]:
    """Ask where the character is."""
    clause = place_clause(look)
    if not clause:
        return []
    if look.known["setting"][:1].isupper():
        return [_named_place(look)]
    if backdrop(look.known["setting"]):
        return [_behind(look)]
    if not place_noun(look.known["setting"]):
        questions = ("Where is {n} shown?", "What kind of background does {n} have?")
        answers = ("{S} is shown {x}.", "{N} is set {x}.", "The picture has {o} {x}.")
        return [ask(look, "setting", "setting", questions, answers, x=clause)]
    return [
        ask(
            look, "setting", "setting",
            ("Where is {n} shown?", "What place does the picture show {n} in?", "Where does the picture take place?",
             "In what surroundings can {n} be seen?"),
            ("{S} is {x}.", "{N} can be found {x}.", "It all happens {x}.", "The picture is set {x}."),
            x=clause,
        )
    ]  # fmt: skip


def _behind(look: Look) -> Ask:
    """A plain backdrop is no answer to where somebody is, but to what lies behind them."""
    questions = (
        "What kind of background does the picture have?",
        "What is there behind the figure?",
        "What lies behind {n}?",
    )
    answers = ("There is {x}.", "The picture has {x}.", "Nothing but {x}.")
    return ask(
        look, "setting", "setting", questions, answers, x=with_article(backdrop(look.known["setting"]))
    )


def _named_place(look: Look) -> Ask:
    """A name takes no article and no preposition: "School of Aristotle in Mieza"."""
    questions = (
        "What place does the picture show?",
        "Where does the picture take place?",
        "Which place is this?",
        "Where is one led by the picture?",
    )
    # "It is School of Aristotle": a name that lacks its article stands by itself.
    answers = ("{x}.",)
    return ask(look, "setting", "setting", questions, answers, x=look.known["setting"])


def place_alone(look: Look, known: Known) -> list[Ask]:
    """Ask where a picture of several people takes place."""
    clause = place_clause(look)
    if not clause:
        return []
    if look.known["setting"][:1].isupper():
        return [_named_place(look)]
    if backdrop(look.known["setting"]):
        return [_behind(look)]
    questions = ("Where does the picture take place?", "What place does the picture show?")
    return [
        ask(look, "setting", "setting", questions, ("It is set {x}.", "The picture is set {x}."), x=clause)
    ]


def thing(look: Look, known: Known) -> list[Ask]:
    """Ask about the thing that is shown, and what it is like."""
    thing = look.thing
    if thing is None:
        return []
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    if thing.held:
        questions = (
            "What is {n} holding?",
            "Which object does {n} hold in the picture?",
            "What does {n} hold?",
        )
        answers = ("{S} is holding {x}.", "{N} holds {x}.", "What {s} holds is {x}.", "It is {x}.")
    elif thing.noun:
        questions = ("What object is shown with {n}?", "Which object besides {n} catches the eye?")
        answers = ("{N} is shown with {x}.", "It is {x}.", "The object is {x}.", "{S} has {x}.")
    else:
        questions, answers = (
            ("What is shown with {n}?",),
            ("{N} is shown with {x}.", "There is {x} to be seen."),
        )
    asks = [ask(look, "prop", "prop", questions, answers, x=thing.phrase)]
    if not thing.noun or thing.noun.endswith("s"):
        return asks
    if thing.detail:
        asks.append(
            ask(
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
            ask(
                look, "prop material", "prop",
                ("What does the {k} seem to be made of?", "What material does the {k} seem to be made of?"),
                ("It seems to be {x}.", "The {k} is {x}.", "To all appearance it is {x}."),
                k=thing.noun, x=made[0],
            )
        )  # fmt: skip
    hues = [word for word in said if word in HUES]
    if len(hues) == 1:
        asks.append(
            ask(
                look, "prop colour", "prop", ("What colour is the {k}?", "What is the colour of the {k}?"),
                ("The {k} is {x}.", "Its colour is {x}.", "{X} is its colour."), k=thing.noun, x=hues[0],
            )
        )  # fmt: skip
    return asks


_MATERIALS = frozenset(
    {"brass", "copper", "iron", "steel", "wooden", "leather", "glass", "stone", "bronze", "wicker"}
)


HUES = frozenset({"red", "blue", "green", "yellow", "black", "white", "grey", "brown", "orange", "purple", "pink", "silver",
                   "golden", "violet", "crimson", "scarlet", "cream"})  # fmt: skip


def outfit(look: Look, known: Known) -> list[Ask]:
    """Ask about clothes, hair or feathers, and their colours."""
    asks: list[Ask] = []
    worn = clothes(look)
    if worn:
        asks.append(
            ask(
                look, "outfit", "outfit",
                ("What is {n} wearing?", "How is {n} dressed in the picture?", "Which clothes can be seen on {n}?"),
                ("{S} is wearing {x}.", "{N} wears {x}.", "{S} is dressed in {x}.", "One can see {x}."),
                x=worn,
            )
        )  # fmt: skip
    body = looks(look)
    if body is not None:
        asks.append(
            ask(
                look, "looks", "outfit",
                ("Clothes aside, what can be seen of {n}'s looks?", "What does the picture tell of {n}'s {k}?"),
                ("{S} has {x}.", "{N} has {x}.", "What one sees is {x}."),
                k=body.noun, x=body.phrase,
            )
        )  # fmt: skip
    for piece in coloured(look):
        be = "are" if piece.noun.endswith("s") else "is"
        asks.append(
            ask(
                look, f"colour of {piece.noun}", "outfit",
                ("What colour {b} {n}'s {k}?", "What is the colour of {n}'s {k}?"),
                ("{P} {k} {b} {x}.", "The {k} {b} {x}.", "{N}'s {k} {b} {x}."),
                b=be, k=piece.noun, x=piece.colour,
            )
        )  # fmt: skip
    return asks


def coloured(look: Look) -> list[Piece]:
    """Return the pieces of the outfit whose colour is known and that bear a name of their own."""
    nouns = Counter(piece.noun for piece in look.pieces)
    return [piece for piece in look.pieces if piece.noun and piece.colour and nouns[piece.noun] == 1]
