"""What the profile or the talk says of a trait, a thing or a place -> why it is fitting to see it in the picture."""

import re
from dataclasses import dataclass

from rolescape_data.providers.offline.meanings import meaning
from rolescape_data.providers.offline.pictures.kinds import place_noun
from rolescape_data.providers.offline.pictures.look import Look, face_clause, place_clause
from rolescape_data.providers.offline.pictures.parts import goes_with
from rolescape_data.providers.offline.profile import plain
from rolescape_data.spans import sentences, words


@dataclass(frozen=True, slots=True)
class Why:
    """A question of opinion: wordings of question and answer, what it rests on."""

    topic: str
    element: str
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    grounding: tuple[str, ...]
    given: dict[str, str]


# The words of a temper of which a face is the sign.
_TEMPERS = {
    "worry": r"worries|worrier|worried|anxious|nervous|timid|fearful|afraid|fears?|frets?",
    "sorrow": r"sad|sadness|melanchol(?:y|ic)|gloomy|mournful|grieves?|lonely|cries|weeps?|mourns?",
    "anger": r"angry|anger|(?:hot|quick|short)-tempered|temper|irascible|furious|rages?|scolds?|takes? offence|jealous|grumpy",
    "surprise": r"easily (?:surprised|startled|astonished)|startles|jumpy|nervous",
    "weariness": r"sleepy|drowsy|tired|weary|lazy|sluggish",
    "mirth": r"cheerful|merry|jolly|playful|laughs|jokes|joyful|fun-loving|amused",
    "pride": r"proud|pride|vain|vanity|pompous|haughty|arrogant|boasts?|boastful|conceited|self-important",
    "good will": r"kind|kindness|kindly|friendly|gentle|warm|warm-hearted|generous|cheerful|good-natured|affectionate|loving",
    "calm": r"calm|composed|patient|patience|serene|serious|steady|unshaken|unhurried",
}
_DENIED = re.compile(
    r"\b(?:never|not|no|nor|without|hardly|rarely|seldom|hates?|dislikes?|refuses?|loses?|lost)\b"
)
# Behind the word nothing but more words of the kind and a noun: "is a kind and patient keeper who ...".
_WHOLLY = re.compile(
    r"(?:,? (?:and |but |or )?(?:always |often |usually )?[\w-]+){0,3}(?:$|,| who\b| which\b)"
)
# Before the word: what makes somebody so, or what goes with being so.
_CAUSED = re.compile(r"\b(?:about|before|after|when|whenever|while|if|than|that|because|until|makes?|made)\b")
_TIED = re.compile(
    r"\b(?:about|of|at|with|to|for|before|after|when|whenever|while|if|by|in|on|over|that|than|only|towards?|because|until|even)\b"
)


def explains(mood: str, trait: str, scene: str) -> bool:
    """Whether a trait is the reason for the feeling that a face shows; an unknown feeling has none.

    Args:
        mood: the feeling, as `mood_of` names it.
        trait: a sentence on the character's personality.
        scene: what is said and shown. A temper that shows on one occasion only ("nervous about geese") explains nothing
            unless that occasion is part of the scene.
    """
    found = re.search(rf"\b(?:{_TEMPERS.get(mood, '(?!)')})\b", trait, re.IGNORECASE)
    if found is None or _DENIED.search(trait[: found.start()]) or _CAUSED.search(trait[: found.start()]):
        return False
    rest = trait[found.end() :].rstrip(".")
    whole = _WHOLLY.match(rest)
    if whole and not _TIED.search(whole[0]):
        return True
    return bool(meaning(rest) & meaning(scene))


def traits_of(look: Look, personality: str, scene: str) -> list[str]:
    """Return the sentences of the personality that begin with the name and explain the face."""
    found = [plain(sentence.text).rstrip(".") for sentence in sentences(personality)]
    fitting = [
        text for text in found
        if text.startswith(look.name.forms) and len(words(text)) <= 20 and '"' not in text
        and explains(look.mood, text, scene)
    ]  # fmt: skip
    return sorted(fitting, key=lambda text: look.seed("trait", text))


def nature(look: Look, traits: list[str]) -> list[Why]:
    """Join the face and a trait of the personality that explains it."""
    clause = face_clause(look, short=True)
    if not traits or not clause:
        return []
    return [
        Why(
            "nature", "expression",
            (
                "How does {n}'s expression fit {p} personality?",
                "Which trait of {n} helps to understand the look on {p} face?",
                "Why is {n}'s expression in character?",
                "What in {n}'s nature may explain the face in the picture?",
            ),
            (
                "{F}, so the {m} in the picture is in character: {c}.",
                "It is known that {f}; with this in mind, that {c} comes as no surprise.",
                "One trait explains much: {f}. In the picture {c}.",
                "That {c} goes well with what is known, namely that {f}.",
                "Knowing that {f}, one understands why {c}.",
            ),
            ("image", "profile"), {"f": traits[0], "c": clause, "m": look.mood},
        )
    ]  # fmt: skip


def _sentence_with(noun: str, *texts: str) -> str:
    """Return the first short sentence that names the thing, in quotation marks; '' for none."""
    for text in texts:
        clean = re.sub(r"[“”\"]", "'", " ".join(text.split()))
        for sentence in sentences(clean):
            if (
                re.search(rf"\b{re.escape(noun)}s?\b", sentence.text, re.IGNORECASE)
                and len(words(sentence.text)) <= 22
            ):
                return f"“{sentence.text.rstrip('.')}”"
    return ""


def thing(look: Look, said: str, asked: str, facts: list[str]) -> list[Why]:
    """Join the thing that is shown and what is said or known of it."""
    thing = look.thing
    if thing is None or not thing.noun:
        return []
    spoken, heard = _sentence_with(thing.noun, said), _sentence_with(thing.noun, asked)
    answers: tuple[str, ...]
    questions = (
        "Why does the {k} matter at this moment?",
        "Why is it fitting that {n} is shown with {x}?",
        "What does the {k} have to do with what is going on?",
    )
    if spoken or heard:
        answers = (
            ("{N} speaks of it, {g}, so the {k} belongs to the talk as much as to the picture.",
             "It is named in the words themselves: {g}. That is reason enough to have {x} in view.",
             "Without the {k} the words {g} would hang in the air.")
            if spoken else
            ("{N} is asked about it, {g}, so it is natural to see {x}.",
             "The question turns on it: {g} would make little sense without the {k}.",
             "It is part of the talk from the start, for {n} hears the words {g}.")
        )  # fmt: skip
        given = {"g": spoken or heard, "k": thing.noun, "x": thing.short}
        return [Why("thing", "prop", questions, answers, ("image", "dialogue"), given)]
    fact = _fact_with(look, thing.noun, facts)
    if not fact:
        return []
    answers = (
        "{F}, so {x} is hardly there by chance.",
        "It is known that {f}; {x} fits that well.",
        "A fact from {p} life makes it fitting: {f}.",
        "One may think of this: {f}. Then {x} has its place in the picture.",
    )
    return [
        Why(
            "thing",
            "prop",
            questions[:2],
            answers,
            ("image", "profile"),
            {"f": fact, "k": thing.noun, "x": thing.short},
        )
    ]


def place(look: Look, said: str, asked: str, facts: list[str]) -> list[Why]:
    """Join the place and what is known or said of it."""
    noun = place_noun(look.known.get("setting", ""))
    if not noun:
        return []
    clause = place_clause(look)
    answers: tuple[str, ...]
    questions = (
        "Why is this a fitting place to find {n}?",
        "What sense does it make that {n} is {x}?",
        "Why may {n} feel at home in such a place?",
    )
    spoken = _sentence_with(noun, said, asked)
    fact = _fact_with(look, noun, facts)
    if fact:
        answers = (
            "{F}, so it makes sense to find {o} {x}.",
            "It is known that {f}; no wonder, then, that {s} is {x}.",
            "There is a reason in {p} life: {f}.",
            "Whoever knows that {f} will not be surprised to see {o} {x}.",
        )
        return [Why("place", "setting", questions, answers, ("image", "profile"), {"f": fact, "x": clause})]
    if spoken:
        answers = (
            "The talk itself names it, {g}, and the picture shows {o} {x}.",
            "After the words {g}, one expects to see {o} {x}.",
        )
        return [
            Why("place", "setting", questions[:2], answers, ("image", "dialogue"), {"g": spoken, "x": clause})
        ]
    return []


def _fact_with(look: Look, noun: str, facts: list[str]) -> str:
    """Return a short fact of this character that names the thing or place; another one for another picture."""
    fitting = [
        fact for fact in facts
        if fact.startswith(look.name.forms) and len(words(fact)) <= 22 and '"' not in fact
        and goes_with(fact, noun)
    ]  # fmt: skip
    return fitting[look.seed("fact", noun) % len(fitting)] if fitting else ""
