"""A character: facts with their exact source, and the profile made from them.

Field names follow MMRole's profiles (arXiv 2408.04203) and RoleScape-20's description (arXiv 2605.08129);
MMRole's own keys are introduction, personality, experience, relationship and catchphrase.
"""

from typing import ClassVar, Literal, get_args

from pydantic import Field

from rolescape_data.records.base import Evidence, Model, OptionalText, Record, Text

Aspect = Literal[
    "background",
    "personality",
    "abilities",
    "relationships",
    "preferences",
    "appearance",
    "history",
    "quotes",
    "goals",
    "miscellaneous",
]
ASPECTS: tuple[str, ...] = get_args(Aspect)

Category = Literal["fictional", "historical_public", "hypothetical", "animal", "anime"]


class Fact(Model):
    """One atomic statement that a document makes about the character."""

    fact_id: Text
    text: Text
    aspect: Aspect
    evidence: Evidence
    visibility: Literal["public", "private"] = "public"


class Relationship(Model):
    """Somebody the character knows, and what the documents say of it."""

    name: Text
    relation: OptionalText = ""
    note: Text


class CharacterProfile(Record):
    """Who the character is. Empty text means that the material says nothing of it."""

    kind: ClassVar[str] = "profile"

    name: Text
    aliases: list[Text] = Field(default_factory=list)
    category: Category | None = Field(description="null when a data set made elsewhere does not say")
    script: OptionalText = Field("", description="franchise, era or group")
    split_role: Literal["id", "ood"] = "id"
    description: OptionalText = Field(description="30-80 words; RoleScape's short description")
    opening: OptionalText = ""
    brief_introduction: OptionalText
    personality: OptionalText
    life_story: OptionalText
    relationships: list[Relationship]
    catchphrases: list[Text]
    speech_style: OptionalText
    background: OptionalText = ""
    motivation: OptionalText = ""
    appearance: OptionalText = ""
    facts: list[Fact]


class MetaInformation(Record):
    """The seed of an invented character (MMRole's hypothetical people): what its profile is expanded from."""

    kind: ClassVar[str] = "meta_information"

    name: Text
    gender: Text
    age: Text = Field(description="a number or a word, as MMRole writes it: text")
    origin: Text
    personality: Text
    experience: Text


class DetailedProfile(Record):
    """MMRole's detailed profile: exactly five parts, plain text each."""

    kind: ClassVar[str] = "detailed_profile"

    introduction: Text
    personality: Text
    experience: Text
    relationship: Text
    catchphrase: Text


class ProfileText(Record):
    """A profile as a model reads it: one text.

    `full` is RoleScape's long profile, `personality` its extract of manner and temper, `short` MMRole's Markdown of five
    sections.
    """

    kind: ClassVar[str] = "profile_text"

    form: Literal["full", "short", "personality"]
    text: Text
