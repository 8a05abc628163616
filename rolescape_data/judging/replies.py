"""One reply as a judge is shown it: who speaks, what was asked, what was answered, and the reference where there is one."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rolescape_data.records.image import Annotation
from rolescape_data.records.instruction import Said


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply with all that a judge is told of it.

    Args:
        target: id of what is judged, a record's or a sample's.
        record: id of the record that it comes from.
        role: name of who speaks.
        profile: who that is, in words.
        asked: what is answered; empty where the role opens the talk.
        words: the reply to be judged.
        reference: the reply that it is held against, in pairs.
        other: name of whom the role talks with; empty: a curious human.
        image: what names the picture where it is at hand; empty without one.
    """

    target: str
    record: str
    character_id: str
    lang: str
    license: str
    source: str
    role: str
    script: str
    profile: str
    asked: str
    words: str
    reference: str = ""
    other: str = ""
    other_profile: str = ""
    annotation: Annotation = field(default_factory=Annotation)
    history: Sequence[Said] = ()
    image: str = ""
