"""What is known of one picture, ready to be asked about: who, face, pose, place, light, thing, clothes, framing, counts.

Nothing is seen here: every word comes from the attributes, the annotation or the note.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from rolescape_data.providers.offline.english.names import Name, names_of
from rolescape_data.providers.offline.phrases import capital, lead_of, placed, shape_of, with_article
from rolescape_data.providers.offline.pictures.kinds import (
    FRAMINGS,
    GESTURES,
    MOODS,
    POSTURES,
    TIMES,
    WEATHERS,
    class_of,
    content,
    framing_parts,
    mood_of,
    place_noun,
    places_of,
    stable,
)
from rolescape_data.providers.offline.pictures.parts import (
    Piece,
    Thing,
    attributes_of,
    counts_of,
    pieces_of,
    thing_of,
)
from rolescape_data.providers.offline.profile import plain
from rolescape_data.spans import sentences, words


@dataclass(frozen=True, slots=True)
class Look:
    """One picture, taken apart. Unknown parts are ''."""

    name: Name
    she: str
    her: str
    hers: str
    known: dict[str, str]
    notes: tuple[str, ...]
    file: str
    own: bool
    thing: Thing | None
    pieces: tuple[Piece, ...]
    mood: str
    posture: str
    gesture: str
    time: str
    weather: str
    framing: str
    framed: str
    side: str
    sided: str
    people: str = ""
    counts: tuple[tuple[str, str], ...] = field(default=())

    def seed(self, *texts: str) -> int:
        """Return a stable number for this picture and these texts; those who share a picture ask in words of their own."""
        return stable(self.file, *texts) if self.own else stable(self.file, self.name.full, *texts)

    @property
    def told(self) -> str:
        """Every word that is known of the picture, in lower case."""
        return " ".join([*self.known.values(), *self.notes]).casefold()

    def fill(self, frame: str, **given: str) -> str:
        """Fill a frame: {n} name, {s}/{S} subject, {o} object, {p}/{P} owner, and what else is given ({x}, {X} ...)."""
        fields = {"n": self.name.short, "s": self.she, "o": self.her, "p": self.hers, **given}
        fields |= {key.upper(): capital(value) for key, value in fields.items() if len(key) == 1}
        # A quotation that ends in a mark of its own needs no full stop after it.
        return re.sub(r"([?!…]”)\.$", r"\1", frame.format(**fields))


def look_of(block: dict[str, Any]) -> Look:
    """Take apart the picture of a request's block; `shows` there says whether it belongs to this character alone."""
    character, image = block["character"], block["image"]
    notes = _notes(image)
    facts = [str(fact["text"]) for fact in block.get("facts") or []]
    texts = [str(block.get("description") or ""), str(block.get("personality") or ""), *facts, *notes]
    name = names_of(character, texts)
    she, her, hers = _pronouns(name)
    known = attributes_of(image.get("attributes") or {}, image.get("annotation") or {})
    note = " ".join(notes)
    framed, sided, side = framing_parts(known.get("composition", ""))
    pose = known.get("pose", "")
    light = " ".join(known.get(key, "") for key in ("lighting", "setting"))
    return Look(
        name=name,
        she=she,
        her=her,
        hers=hers,
        known=known,
        notes=tuple(notes),
        file=str(image["file"]),
        own=block.get("shows", "character") == "character",
        thing=thing_of(known.get("prop", ""), notes),
        pieces=pieces_of(known.get("outfit", "")),
        mood=class_of(known.get("expression", ""), MOODS),
        posture=class_of(pose, POSTURES),
        gesture=class_of(pose, GESTURES),
        time=class_of(known.get("lighting", ""), TIMES),
        weather=class_of(light, WEATHERS),
        framing=class_of(framed, FRAMINGS),
        framed=framed,
        side=side,
        sided=sided,
        # A written role_info repeats the note; only without one does it tell anything new.
        people=""
        if image.get("note")
        else str((image.get("annotation") or {}).get("role_info") or "").strip(),
        counts=tuple(counts_of(note)),
    )


def clothes(look: Look) -> str:
    """Return what is worn as one phrase; '' where only hair or feathers are known."""
    worn = [piece.phrase for piece in look.pieces if not piece.body]
    if not any(piece.body for piece in look.pieces):
        whole = look.known.get("outfit", "")
        lead, comma, last = whole.rpartition(", ")
        bare = comma and not re.match(r"(?:and|with|in|over|under) ", last) and " and " not in last
        return f"{lead}, and {last}" if bare else whole
    if len(worn) < 2:
        return worn[0] if worn else ""
    return ", ".join(worn[:-1]) + f" and {worn[-1]}"


def looks(look: Look) -> Piece | None:
    """Return the hair, feathers or the like, if the outfit tells of them."""
    return next((piece for piece in look.pieces if piece.body), None)


def face_clause(look: Look, *, short: bool = False) -> str:
    """Return the expression as a clause: "she has a proud smirk", "he looks sad"; '' when unknown.

    Args:
        look: the picture.
        short: leave out what follows a comma or "with", unless nothing of the feeling would be left.
    """
    phrase = look.known.get("expression", "")
    if not phrase:
        return ""
    head = re.split(r" (?:with|(?:from )?under) ", lead_of(phrase))[0]
    face = with_article(head if short and mood_of(head) == look.mood else phrase)
    verb = {"noun": "has", "doing": "is", "place": "is", "quality": "looks"}[shape_of(face)]
    return f"{look.she} {verb} {face}"


def pose_clause(look: Look) -> str:
    """Return the pose so that "is" can stand before it; '' when unknown."""
    phrase = with_article(look.known.get("pose", ""))
    return f"in {phrase}" if phrase and shape_of(phrase) == "noun" else phrase


def place_clause(look: Look) -> str:
    """Return where it is: "in the round lamp room"; '' when unknown."""
    return placed(look.known["setting"]) if "setting" in look.known else ""


def elsewhere(look: Look, setting: str) -> bool:
    """Whether another picture's place cannot be this one's: other words, and of another sort (a lawn is grass)."""
    here = look.known.get("setting", "")
    sorts = places_of(look.told)
    others = places_of(setting)
    if not place_noun(setting) or content(setting) & content(f"{here} {look.told}"):
        return False
    return bool(others) and bool(places_of(here)) and not others & sorts


def quote(text: str, prefer: str = "", limit: int = 14, *, nth: int = 0) -> str:
    """Return one whole short sentence of what is said, in quotation marks; '' if none is short.

    Args:
        text: what is said.
        prefer: the sentence that shares most words with it comes first, then the one with more to say.
        limit: words at most.
        nth: 1 for the second best, so that two questions need not quote the same words.
    """
    clean = re.sub(r"[“”\"]", "'", " ".join(text.split()))
    whole = [s.text for s in sentences(clean) if len(words(s.text)) >= 3]
    short = [text for text in whole if len(words(text)) <= limit] or (
        [clean] if 0 < len(words(clean)) <= limit else []
    )
    # Rather one that is a little long than none, and never a part of one.
    short = short or sorted((text for text in whole if len(words(text)) <= limit + 6), key=len)[:1]
    if not short:
        return ""
    wanted = content(prefer)
    ranked = sorted(
        short, key=lambda one: (-len(content(one) & wanted), -min(len(words(one)), 6), short.index(one))
    )
    return f"“{ranked[nth % len(ranked)].rstrip('.')}”"


def _notes(image: dict[str, Any]) -> list[str]:
    # What an annotation tells of the scene stands in for a note.
    text = str(image.get("note") or (image.get("annotation") or {}).get("scene_info") or "")
    found = [plain(s.text) for s in sentences(text) if s.kind == "statement"]
    return list(dict.fromkeys(found))


def _pronouns(name: Name) -> tuple[str, str, str]:
    if "she" in name.pronouns:
        return "she", "her", "her"
    if "he" in name.pronouns:
        return "he", "him", "his"
    return name.short, name.short, f"{name.short}'s"
