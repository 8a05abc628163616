"""Scenes that two characters of one script share -> their talks beside a picture; the other one opens (MMRole)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rolescape_data.materials import Line, Material
from rolescape_data.providers.base import Outcome
from rolescape_data.records import CharacterProfile, ImageRecord, InterRoleDialogue, Rejected, Turn
from rolescape_data.records.answers import InterRoleAnswer
from rolescape_data.stages.base import (
    Result,
    Setting,
    character_block,
    common_fields,
    gate_context,
    image_block,
    numbered,
    read_answer,
    request,
    scene_of,
    shows,
    spoken,
)
from rolescape_data.stages.beside import cells_beside, in_turn, one_each

MIN_MESSAGES = 5
MAX_MESSAGES = 26

Place = tuple[ImageRecord, CharacterProfile, list[Line]]


def partners_of(material: Material, cast: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the ids of those whom the character may talk with, sorted.

    Args:
        material: the character's.
        cast: names of the other characters of its script, by id.

    Returns:
        Whoever speaks in a scene that shows one of the character's pictures; all of the cast when there is no such
        scene. Only their profiles count for what is built, so nobody else's document makes it out of date.
    """
    spoken_by: set[str] = set()
    for passage in _scenes(material).values():
        mine = {name.casefold() for name in material.names}
        own = [line for line in passage if line.speaker.casefold() in mine and line.image]
        if any(shows(line, picture.path) for line in own for picture in material.pictures):
            spoken_by |= {line.speaker.casefold() for line in passage}
    met = [one for one, names in cast.items() if {name.casefold() for name in names} & spoken_by]
    return sorted(met or cast)


def inter_role_dialogues(
    setting: Setting,
    profile: CharacterProfile,
    images: Sequence[ImageRecord],
    partners: Sequence[CharacterProfile],
    *,
    generic: Sequence[ImageRecord] = (),
) -> Result:
    """Make the talks that the contract asks for: so many, or one beside each picture; and one beside each generic one.

    Scenes come first that show a picture, and have a partner, not talked with yet. Without scenes every picture is asked
    about with the partners in turn, which the offline writer leaves open.
    """
    places = _places(setting, images, partners)
    linked = [profile.id, *(image.id for image in [*images, *generic])]
    context = gate_context(setting, [*linked, *(partner.id for partner in partners)])
    # Two pictures of one scene may lead to the same talk.
    told: set[tuple[str, ...]] = set()

    def make(name: str, place: Place, outcome: Outcome) -> InterRoleDialogue | str | None:
        image, partner, _ = place
        answer, reason = read_answer(setting, outcome)
        if not isinstance(answer, InterRoleAnswer):
            return reason
        words = tuple(message.text for message in answer.messages)
        if words in told:
            return None
        told.add(words)
        speakers = {"partner": partner.character_id, "character": setting.material.id}
        return InterRoleDialogue(
            id=name,
            image_id=image.id,
            partner_id=partner.character_id,
            messages=[
                Turn(
                    speaker=speakers[message.speaker],
                    text=message.text,
                    evidence=next(iter(spoken(setting, message.text)), None),
                )
                for message in answer.messages
            ],
            **common_fields(setting, outcome, [profile.id, image.id, partner.id]),
        )

    def each(pictures: Sequence[ImageRecord], kept: Sequence[InterRoleDialogue]) -> Any:
        """One talk beside each picture, in its own scene where it has one, the partners in turn where it has none."""
        chosen: dict[str, Place] = {}
        for place in places:
            chosen.setdefault(place[0].id, place)
        for number, image in enumerate(pictures):
            chosen.setdefault(image.id, (image, partners[number % len(partners)], []))
        return one_each(
            setting,
            pictures,
            ask=lambda image: request(setting, _block(setting, profile, chosen[image.id]), images=[image]),
            make=lambda name, image, outcome: make(name, chosen[image.id], outcome),
            kept=kept,
            context=context,
        )

    kept: list[InterRoleDialogue] = []
    more: list[InterRoleDialogue] = []
    rejects: list[Rejected] = []
    bad: list[Rejected] = []
    if partners and setting.contract.per_image:
        kept, rejects = each(images, [])
    elif partners:
        kept, rejects = in_turn(
            setting,
            places,
            wanted=setting.contract.cells()["count"],
            ask=lambda place: request(setting, _block(setting, profile, place), images=[place[0]]),
            make=make,
            context=context,
        )
    if partners:
        more, bad = each(generic, kept)
    note = (
        "no further scene shows a picture of the character while it and one other of the set take turns"
        if partners
        else "no other character of its script has a profile to talk with"
    )
    return Result(
        numbered([*kept, *more], f"{setting.material.id}_inter"),
        rejects + bad,
        cells_beside(setting, len(images), len(kept), len(more), note),
    )


def _block(setting: Setting, profile: CharacterProfile, place: Place) -> dict[str, Any]:
    image, partner, passage = place
    return {
        "character": character_block(setting),
        "description": profile.description,
        "personality": profile.personality,
        "speech_style": profile.speech_style,
        "partner": {
            "name": partner.name,
            "aliases": list(partner.aliases),
            "description": partner.description,
            "personality": partner.personality,
            "speech_style": partner.speech_style,
        },
        "image": image_block(image),
        "passage": [{"speaker": line.speaker, "text": line.text, "image": line.image} for line in passage],
        "min_messages": MIN_MESSAGES,
        "max_messages": MAX_MESSAGES,
    }


def _scenes(material: Material) -> dict[str, list[Line]]:
    scenes: dict[str, list[Line]] = {}
    for line in material.lines:
        scenes.setdefault(scene_of(line), []).append(line)
    return scenes


def _places(
    setting: Setting, images: Sequence[ImageRecord], partners: Sequence[CharacterProfile]
) -> list[Place]:
    """Return who may talk beside which picture in which scene, pictures and partners in fair turns."""
    mine = {name.casefold() for name in setting.material.names}
    free: list[Place] = []
    for passage in _scenes(setting.material).values():
        own = [line for line in passage if line.speaker.casefold() in mine]
        # A scene may show several pictures, and hold a talk beside each.
        shown = {image.id: image for line in own for image in images if shows(line, image.path)}
        speakers = {line.speaker.casefold() for line in passage}
        for partner in partners:
            if {name.casefold() for name in (partner.name, *partner.aliases)} & speakers:
                free += [(image, partner, passage) for image in shown.values()]
    if not free and partners:
        return [(image, partners[place % len(partners)], []) for place, image in enumerate(images)]
    seen: Counter[str] = Counter()
    ordered: list[Place] = []
    while free:
        best = min(free, key=lambda place: (seen[place[0].id], seen[place[1].id]))
        free.remove(best)
        ordered.append(best)
        seen.update((best[0].id, best[1].id))
    return ordered
