"""Something to be seen and a fact of the profile that tells of the same thing -> questions that join the two."""

import re

from rolescape_data.providers.offline.pictures.ask import Ask, Known, ask
from rolescape_data.providers.offline.pictures.elements import HUES
from rolescape_data.providers.offline.pictures.kinds import content, place_noun
from rolescape_data.providers.offline.pictures.look import Look, place_clause
from rolescape_data.providers.offline.pictures.parts import goes_with, looks_like
from rolescape_data.spans import words


def linked(look: Look, known: Known) -> list[Ask]:
    """Something to be seen, and a fact of the profile that tells of the same thing."""
    asks: list[Ask] = []
    taken: set[str] = set()

    def told_of(noun: str, colour: str = "", *, worn: bool = False) -> str:
        fitting = [
            fact for fact in known.facts if fact not in taken and _tells(fact, noun, colour, look, worn=worn)
        ]
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
                ask(
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
                ask(
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
            ask(
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
    return any(
        re.match(rf"{re.escape(form)}['’]s (?:[\w'’-]+ ){{0,3}}{re.escape(noun)}\b", fact)
        for form in look.name.forms
    )


def _tells(fact: str, noun: str, colour: str, look: Look, *, worn: bool) -> bool:
    """Whether a fact of this character names the thing, and gives it no other colour; of clothes it must say how they look."""
    if not fact.startswith(look.name.forms) or len(words(fact)) > 22 or "“" in fact or '"' in fact:
        return False
    if not (looks_like(fact, noun, look.name.forms) if worn else goes_with(fact, noun)):
        return False
    mine = {word for word in content(colour) if word in HUES | {"mustard", "navy", "copper"}}
    theirs = {word for word in content(fact) if word in HUES | {"mustard", "navy", "copper"}}
    return not mine or not theirs or bool(mine & theirs)
