"""One character's records -> what its part of the page shows of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from rolescape_data.records import Evidence, ImageRecord, ProbeInput, Provenance, Record, Verdict
from rolescape_data.report.data import CharacterPage, ReportData
from rolescape_data.report.further import FURTHER
from rolescape_data.report.pictures import Thumbnail, thumbnail

PICTURE_SIDE = 320
SMALL_SIDE = 144

# A page is read by people: whole sets of thousands of pictures are not put into it.
MOST_PICTURES = 600
MOST_RECORDS = 6000

# So much is in sight; the rest is a click away.
FIRST_PICTURES = 4
FIRST_TALKS = 1
FIRST_DIALOGUES = 6
FIRST_QUESTIONS = 6
FIRST_CHOICES = 4
FIRST_VISUAL_CHOICES = 1

# What stands beside one picture is cut as well, but never below this.
LEAST_BESIDE = 4

PROBES: tuple[str, ...] = get_args(ProbeInput.model_fields["probe"].annotation)

BESIDE = (
    "image_dialogue",
    "caption",
    "annotation",
    "commentary",
    "visual_mcq",
    "visual_qa",
    "t2i_form",
)
SPLITS = {"train": "train", "val": "validation", "test_id": "test", "test_ood": "test, held out"}


@dataclass(frozen=True, slots=True)
class Badge:
    """A small label and the sentence behind it."""

    label: str
    style: str
    told: str
    key: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A record with what is known about it besides its own fields. `warnings`: verdicts that warned or failed."""

    record: Any
    split: Badge
    written: Badge
    warnings: Sequence[Verdict]

    @property
    def states(self) -> str:
        """What the page's filter asks a record for: 'train offline noted thinking_copies_reply'."""
        gates = dict.fromkeys(one.gate for one in self.warnings)
        return " ".join([self.split.key, self.written.key, "noted" if gates else "quiet", *gates])


@dataclass(frozen=True, slots=True)
class Listed:
    """Records of one kind: some in sight, some folded away, the others only counted."""

    first: Sequence[Any]
    rest: Sequence[Any]
    unshown: int

    @property
    def count(self) -> int:
        return len(self.first) + len(self.rest) + self.unshown


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with everything that belongs to it."""

    shown: Shown
    thumbnail: Thumbnail | None
    alt: str
    exchanges: Sequence[Shown]
    captions: Sequence[Shown]
    annotations: Sequence[Shown]
    commentaries: Sequence[Shown]
    choices: Listed
    questions: Listed
    forms: Listed

    @property
    def attributes(self) -> Sequence[tuple[str, str]]:
        """The picture's single elements that are known, each with its name."""
        return [(name, text) for name, text in self.shown.record.attributes if text]


@dataclass(frozen=True, slots=True)
class Talk:
    """A longer talk, beside the picture it is about."""

    shown: Shown
    thumbnail: Thumbnail | None
    alt: str


@dataclass(frozen=True, slots=True)
class Person:
    """One character's part of the page.

    `anchor` is safe in an address whatever the character is called; `asked`: a model was asked for some of it;
    `ids` are the records that can be linked to.
    """

    anchor: str
    page: CharacterPage
    portrait: Thumbnail | None
    profiles: Sequence[Shown]
    pictures: Listed
    talks: Listed
    joint_talks: Listed
    dialogues: Listed
    questions: Listed
    choices: Listed
    probes: Mapping[str, Listed]
    further: Mapping[str, Listed]
    records: int
    asked: bool
    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Desk:
    """What is looked up for every record, and how much of each character is shown."""

    splits: Mapping[str, str]
    warnings: Mapping[str, Sequence[Verdict]]
    blobs: Path
    pictures: int
    records: int
    ids: set[str] = field(default_factory=set)

    def show(self, record: Record) -> Shown:
        self.ids.add(record.id)
        return Shown(
            record,
            split_badge(self.splits.get(record.id)),
            written_badge(record.provenance),
            self.warnings.get(record.id, ()),
        )

    def listed(self, records: Sequence[Record], first: int, most: int | None = None) -> Listed:
        shown = [self.show(record) for record in records[: self.records if most is None else most]]
        return Listed(shown[:first], shown[first:], len(records) - len(shown))


def people(data: ReportData) -> list[Person]:
    """Lay out every character; the more there are, the fewer records of each are shown."""
    warnings: dict[str, list[Verdict]] = {}
    for verdict in data.verdicts:
        if verdict.status in ("warn", "fail"):
            warnings.setdefault(verdict.record_id, []).append(verdict)
    number = max(len(data.characters), 1)
    desk = _Desk(
        splits={row.record_id: row.split for row in data.splits},
        warnings=warnings,
        blobs=data.blob_folder,
        pictures=max(MOST_PICTURES // number, 4),
        records=max(MOST_RECORDS // number // 4, 10),
    )
    return [
        _person(replace(desk, ids=set()), page, f"c{place}") for place, page in enumerate(data.characters, 1)
    ]


def _portrait(images: Sequence[ImageRecord], name: str) -> ImageRecord | None:
    """Choose the picture that stands for a character: one of its own, or one that names it, before one that it shares."""
    ranked = sorted(
        images, key=lambda image: (image.owner != "character", name not in image.annotation.role_info)
    )
    return ranked[0] if ranked else None


def split_badge(split: str | None) -> Badge:
    """Return the badge of a split; None is a record that was not divided yet."""
    if split is None:
        return Badge(
            "no split yet", "none", "The set was not divided since this record was made.", "undivided"
        )
    style = "train" if split == "train" else "test"
    return Badge(SPLITS.get(split, split), style, f"Split: {split}", split)


def written_badge(provenance: Provenance) -> Badge:
    """Return the badge that says who wrote a record, so that an extract is never taken for a model's words."""
    if provenance.source_kind == "rule":
        told = f"Taken from the material by rule, without a model ({provenance.writer})"
        return Badge("offline extract", "offline", told, "offline")
    if provenance.source_kind in ("llm", "vlm"):
        return Badge(
            f"model-written: {provenance.writer}", "model", f"Written by {provenance.writer}", "model"
        )
    return Badge("given in the set", "given", f"Given by a person ({provenance.writer})", "given")


def asked_a_model(page: CharacterPage) -> bool:
    """Tell whether any request went to a model: the rule-based writer's requests stand in the same ledger."""
    rows = (record for table in page.tables.values() for record in table)
    return page.spent.sent > 0 or any(record.provenance.source_kind in ("llm", "vlm") for record in rows)


def alt_text(image: ImageRecord, name: str) -> str:
    """Return what a picture shows, for those who do not see it: its note, else its scene, else its place."""
    place = f"{name}, {image.annotation.place_info}" if image.annotation.place_info else ""
    file = image.path.rsplit("/", 1)[-1]
    return (
        image.note
        or image.annotation.scene_info
        or place
        or f"A picture of {name} without a note, file {file}"
    )


def places(spans: Sequence[Evidence]) -> list[str]:
    """Name where words were found, each source once: ['lines.jsonl#dawn, lines 1, 2', 'profile.md']."""
    lines: dict[str, list[str]] = {}
    for span in spans:
        source, number = span.source, ""
        if "#" in source and "/" in source.partition("#")[2]:
            source, _, number = source.rpartition("/")
        found = lines.setdefault(source, [])
        if number and number not in found:
            found.append(number)
    return [
        f"{source}, {'line' if len(numbers) == 1 else 'lines'} {', '.join(numbers)}" if numbers else source
        for source, numbers in lines.items()
    ]


def _person(desk: _Desk, page: CharacterPage, anchor: str) -> Person:
    images = [record for record in page.tables.get("image", ()) if isinstance(record, ImageRecord)]
    face = _portrait(images, page.name)
    portrait = thumbnail(desk.blobs, face.blob, SMALL_SIDE) if face else None
    seen = images[: desk.pictures]
    beside = {kind: _by_image(page.tables.get(kind, ())) for kind in BESIDE}
    most = max(desk.records // max(len(seen), 1), LEAST_BESIDE)
    pictures = [_picture(desk, page, image, beside, most) for image in seen]
    by_id = {image.id: image for image in images}
    probes: dict[str, list[Record]] = {name: [] for name in PROBES}
    for record in page.tables.get("probe", ()):
        if isinstance(record, ProbeInput):
            probes[record.probe].append(record)
    return Person(
        anchor=anchor,
        page=page,
        portrait=portrait,
        profiles=[desk.show(record) for record in page.tables.get("profile", ())],
        pictures=Listed(pictures[:FIRST_PICTURES], pictures[FIRST_PICTURES:], len(images) - len(pictures)),
        talks=_talks(desk, page, "human_role_dialogue", by_id),
        joint_talks=_talks(desk, page, "inter_role_dialogue", by_id),
        dialogues=desk.listed(page.tables.get("text_dialogue", ()), FIRST_DIALOGUES),
        questions=desk.listed(page.tables.get("text_qa", ()), FIRST_QUESTIONS),
        choices=desk.listed(page.tables.get("text_mcq", ()), FIRST_CHOICES),
        probes={name: desk.listed(rows, 0) for name, rows in probes.items() if rows},
        further={
            title: desk.listed(rows, 0)
            for kind, title in FURTHER.items()
            if (rows := page.tables.get(kind, ()))
        },
        records=sum(len(rows) for rows in page.tables.values()),
        asked=asked_a_model(page),
        ids=frozenset(desk.ids),
    )


def _picture(
    desk: _Desk,
    page: CharacterPage,
    image: ImageRecord,
    beside: Mapping[str, Mapping[str, Sequence[Record]]],
    most: int,
) -> Picture:
    own = {kind: rows.get(image.id, ()) for kind, rows in beside.items()}
    return Picture(
        shown=desk.show(image),
        thumbnail=thumbnail(desk.blobs, image.blob, PICTURE_SIDE),
        alt=alt_text(image, page.name),
        exchanges=[desk.show(record) for record in own["image_dialogue"]],
        captions=[desk.show(record) for record in own["caption"]],
        annotations=[desk.show(record) for record in own["annotation"]],
        commentaries=[desk.show(record) for record in own["commentary"]],
        choices=desk.listed(own["visual_mcq"], FIRST_VISUAL_CHOICES, most),
        questions=desk.listed(own["visual_qa"], 0, most),
        forms=desk.listed(own["t2i_form"], 0, most),
    )


def _by_image(records: Sequence[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(_beside(record), []).append(record)
    return found


def _talks(desk: _Desk, page: CharacterPage, kind: str, images: Mapping[str, ImageRecord]) -> Listed:
    held = page.tables.get(kind, ())
    talks = [_talk(desk, page, record, images) for record in held[: desk.pictures]]
    return Listed(talks[:FIRST_TALKS], talks[FIRST_TALKS:], len(held) - len(talks))


def _talk(desk: _Desk, page: CharacterPage, record: Record, images: Mapping[str, ImageRecord]) -> Talk:
    image = images.get(_beside(record))
    if image is None:
        return Talk(desk.show(record), None, "")
    return Talk(desk.show(record), thumbnail(desk.blobs, image.blob, SMALL_SIDE), alt_text(image, page.name))


def _beside(record: Record) -> str:
    return str(getattr(record, "image_id", ""))
