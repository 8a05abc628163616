"""One picture and what is known of it -> open questions with short answers (VisualQAAnswer).

What the attributes and notes do not say is not asked; what can be asked in several wordings differs from picture to
picture, so that a character's pictures do not all ask in the same words.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from rolescape_data.providers.offline.material import Seen
from rolescape_data.providers.offline.pictures.ask import Ask, Known, worded
from rolescape_data.providers.offline.pictures.denials import denied
from rolescape_data.providers.offline.pictures.elements import face, outfit, place, place_alone, pose, thing
from rolescape_data.providers.offline.pictures.links import linked
from rolescape_data.providers.offline.pictures.look import Look, look_of
from rolescape_data.providers.offline.pictures.parts import attributes_of
from rolescape_data.providers.offline.pictures.reasons import subjective
from rolescape_data.providers.offline.pictures.views import colours, counted, frame, light, style, whole
from rolescape_data.spans import folded

LINKED = 3  # questions that join picture and profile


DOUBTS = 3  # negative and unanswerable ones of 15


PER_ELEMENT = 3


_FIRST = ("expression", "pose", "setting", "prop", "outfit", "lighting", "count", "framing")


_LAST = frozenset({"whole", "more"})


# The same thing asked for with yes and with no: one of the two is enough.
_TWINS = {
    "no pose": "posture", "no expression": "feeling", "no lighting": "time", "no composition": "side", "no style": "style",
    "weather": "air", "no outfit": "colour",
}  # fmt: skip


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
    taken = [str(question) for question in block.get("used") or []]
    seen, used = Seen(taken), {folded(question) for question in taken}
    wanted = [key for key in keys if key.startswith("objective_")]
    written = dict(zip(wanted, _objective(look, known, seen, used, len(wanted)), strict=False))
    wanted = [key for key in keys if key.startswith("subjective_")]
    written |= dict(zip(wanted, subjective(look, block, seen, used, len(wanted)), strict=False))
    return {key: written[key] for key in keys if key in written} or None


def _objective(look: Look, known: Known, seen: Seen, used: set[str], count: int) -> Iterator[dict[str, Any]]:
    """Choose by need: the plain elements first, then some negatives and links, then what is left."""
    spent: Counter[str] = Counter()
    twins: set[str] = set()
    yielded = 0
    for ask in _in_order(look, known):
        doubtful, linked = ask.polarity != "positive", "profile" in ask.grounding
        full = (
            spent[ask.element] >= PER_ELEMENT
            or (doubtful and spent["-"] >= DOUBTS)
            or (linked and spent["+"] >= LINKED)
        )
        twin = _TWINS.get(ask.topic, ask.topic)
        # A round before has asked for it in other words already.
        full = full or any(folded(question) in used for question in ask.questions)
        item = None if full or yielded == count or twin in twins else worded(look, ask, seen)
        if item is None:
            continue
        spent.update([ask.element, *(["-"] if doubtful else []), *(["+"] if linked else [])])
        twins.add(twin)
        yielded += 1
        yield item


def _in_order(look: Look, known: Known) -> list[Ask]:
    """The elements in their order, then a negative, a link and a count, then the rest as the picture's seed says."""
    makers: tuple[Callable[[Look, Known], list[Ask]], ...] = (
        face, pose, place, thing, outfit, light, colours, frame, style, counted, linked, denied, whole,
    )  # fmt: skip
    if not look.own:
        makers = (place_alone, light, colours, style, counted, whole)
    asks = [ask for maker in makers for ask in maker(look, known)]
    first = [topic for topic in _FIRST if any(ask.topic == topic for ask in asks)]
    doubts = sorted((a for a in asks if a.polarity != "positive"), key=lambda a: look.seed("doubt", a.topic))
    links = sorted((a for a in asks if "profile" in a.grounding), key=lambda a: look.seed("link", a.topic))
    early = [a for topic in first for a in asks if a.topic == topic] + doubts[:2] + links[:2]
    late = sorted(
        (a for a in asks if a not in early), key=lambda a: (a.topic in _LAST, look.seed("rest", a.topic))
    )
    return early + late
