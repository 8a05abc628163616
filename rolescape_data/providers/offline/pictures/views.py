"""How the whole picture is: light, air, colours, framing, style, counts, the note itself -> questions about it."""

import re

from rolescape_data.providers.offline.phrases import with_article
from rolescape_data.providers.offline.pictures.ask import Ask, Known, ask
from rolescape_data.providers.offline.pictures.kinds import brief
from rolescape_data.providers.offline.pictures.look import Look


def light(look: Look, known: Known) -> list[Ask]:
    """Ask about the light, the time of day, the weather, what is in the air."""
    phrase = look.known.get("lighting", "")
    if not phrase:
        return []
    seen_in = "{N} is seen in {x}." if look.own else "Everything is seen in {x}."
    falls = "What light is {n} shown in?" if look.own else "What light falls on it all?"
    asks = [
        ask(
            look, "lighting", "lighting",
            ("What is the light like in the picture?", "How is the picture lit?", falls),
            ("It is lit by {x}.", "There is {x}.", seen_in, "The picture has {x}."), x=phrase,
        )
    ]  # fmt: skip
    if look.time:
        asks.append(
            ask(
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
            ask(
                look, "weather", "lighting",
                ("What is the weather like?", "What weather does the picture show?"),
                ("It is {w}: one sees {x}.", "The weather is {w}, with {x}.", "Rather {w}, to judge by {x}."),
                w=look.weather, x=phrase,
            )
        )  # fmt: skip
    air = re.search(
        r"\b(?:among|with|through) ((?:[\w-]+ ){0,2}(?:petals|leaves|snowflakes|mist|snow|rain)\b.*)$", phrase
    )
    if air:
        asks.append(
            ask(
                look, "air", "lighting",
                ("What can be seen in the air?", "What fills the air in the picture?", "What is in the air besides light?"),
                ("{X} can be seen there.", "The air is full of {x}.", "One can make out {x}."), x=air[1],
            )
        )  # fmt: skip
    return asks


_AIR = r"rain|snow|mist|fog|storm|clear sky"


def colours(look: Look, known: Known) -> list[Ask]:
    """Ask about the colours of figure and background."""
    phrase = look.known.get("colour", "")
    if not phrase:
        return []
    front, _, back = phrase.partition(" against ")
    if not back:
        given = phrase if phrase.endswith("s") or " " in phrase else f"{phrase} tones"
        questions = ("What are the main colours of the picture?", "Which colours does the picture use most?")
        return [
            ask(
                look,
                "colours",
                "colour",
                questions,
                ("The main colours are {x}.", "One sees mostly {x}."),
                x=given,
            )
        ]
    several = " and " in front
    asks = [
        ask(
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
            ask(
                look, "background", "colour",
                (f"What {colours} surround{'' if are == 'are' else 's'} {{n}}?", "What is the background like in colour?"),
                ("{N} is surrounded by {x}.", f"The {colours} around {{o}} {are} {{x}}."), x=back,
            )
        )  # fmt: skip
    return asks


def frame(look: Look, known: Known) -> list[Ask]:
    """Ask how much is shown and where, and what is out of sight."""
    asks: list[Ask] = []
    if look.framed:
        how = "as" if re.search(r"\bfigure\b", look.framed) else "in"
        asks.append(
            ask(
                look, "framing", "composition",
                ("How much of {n} can be seen?", "How closely is {n} shown?", "What part of {n} does the picture show?"),
                ("{N} is shown {h} {x}.", "The picture shows {o} {h} {x}.", "One sees {o} {h} {x}.", "{S} can be seen {h} {x}."),
                h=how, x=look.framed,
            )
        )  # fmt: skip
    if look.sided:
        asks.append(
            ask(
                look, "side", "composition",
                ("Where in the picture is {n} placed?", "On which side of the picture is {n}?",
                 "Does {n} stand in the middle of the picture or to one side?")[: 2 if look.side != "middle" else 1],
                ("{N} is placed {x}.", "{S} can be found {x}.", "The figure is {x}."), x=look.sided,
            )
        )  # fmt: skip
    bare = look.framing in ("half", "close") and not re.search(
        r"\b(?:feet|foot|boots?|shoes?|legs?|sandals)\b", look.told
    )
    if bare:
        how = "as" if re.search(r"\bfigure\b", look.framed) else "in"
        asks.append(
            ask(
                look, "unseen", "composition",
                ("What does {n} have on {p} feet?", "How are {n}'s feet placed?"),
                ("That cannot be told, as {n} is shown {h} {x}.", "The feet are out of sight: {n} is shown {h} {x}.",
                 "Nothing can be said of the feet, for the picture shows {o} {h} {x}."),
                polarity="unanswerable", h=how, x=look.framed,
            )
        )  # fmt: skip
    return asks


def style(look: Look, known: Known) -> list[Ask]:
    """Ask how the picture is made."""
    if "style" not in look.known:
        return []
    return [
        ask(
            look, "style", "style",
            ("In what style is the picture made?", "Of what kind is the picture?", "How is the picture made?"),
            ("It is {x}.", "The picture is {x}.", "One would call it {x}.")
            if re.match(r"an? |the ", with_article(look.known["style"])) else ("The style is {x}.", "It is kept in {x} style."),
            x=with_article(look.known["style"]),
        )
    ]  # fmt: skip


def counted(look: Look, known: Known) -> list[Ask]:
    """Ask how many there are of what the note counts."""
    return [
        ask(
            look, "count" if number == 0 else f"count {number}", "count",
            ("How many {k} can be seen?", "How many {k} does the picture show?", "What is the number of {k} in the picture?"),
            ("There are {x} {k}.", "{X} {k} can be seen.", "It shows {x} {k}.", "One can count {x} {k}."), k=things, x=count,
        )
        for number, (count, things) in enumerate(look.counts[:2])
    ]  # fmt: skip


def whole(look: Look, known: Known) -> list[Ask]:
    """Sentences of the note as they are: they were written to describe."""
    asks: list[Ask] = []
    if look.people:
        told = _safe(look.people).rstrip(".")
        whom = (
            "Who is to be seen in the picture?",
            "Whom does the picture show?",
            "Which people are in the picture?",
            "Can you name those in the picture?",
        )
        sentence = f"{told}." if re.search(r"\b(?:is|are)\b", told) else f"{told} can be seen."
        asks.append(ask(look, "people", "", whom, (sentence,)))
    if look.notes:
        questions = (
            "What does the picture show?",
            "How would you sum up the picture?",
            "In one sentence, what is to be seen?",
            "Somebody cannot see the picture: what do you say?",
        )
        asks.append(ask(look, "whole", "", questions, (_safe(look.notes[0]),)))
    if len(look.notes) > 1:
        further = (
            "What more can be made out in the picture?",
            "Which further details are there to see?",
            "Looking longer, what else does one find?",
        )
        asks.append(ask(look, "more", "", further, tuple(_safe(note) for note in reversed(look.notes[1:]))))
    return asks


def _safe(text: str) -> str:
    return text.replace("{", "(").replace("}", ")")
