"""The plan of the starter set: eighteen pictures for each of three characters, as (file name, spec)."""

from dataclasses import dataclass
from typing import cast

from examples.drawing.vocabulary import (
    Character,
    Expression,
    Framing,
    Light,
    PictureSpec,
    Place,
    Pose,
    Prop,
    Side,
    Weather,
)

SHIPPED_SIZE = 672
"""Edge of the shipped pictures in pixels."""


@dataclass(frozen=True, slots=True)
class PlannedPicture:
    """A picture of the starter set and the name of its file within the character's folder."""

    file: str
    spec: PictureSpec


# number, format, place, light, weather, pose, expression, prop, framing, side. Seated, kneeling and walking
# figures are shown whole, because a cropped picture would not show what its description says.
ODA = """
01 png  pier        dawn      mist   standing smiling   lantern        full  left
02 png  lamp_room   lamplight clear  lifting  proud     lantern        half  right
03 png  stairs      noon      petals walking  laughing  fish           full  centre
04 png  ferry       storm     rain   pointing worried   spyglass       half  left
05 jpg  salt_flats  golden    clear  kneeling surprised key            full  right
06 png  market      noon      clear  hugging  laughing  teapot         close centre
07 png  office      lamplight snow   sitting  sleepy    ledger         full  left
08 png  workshop    golden    clear  standing surprised clockwork_bird half  right
09 webp pier        moonlight snow   hugging  sad       letter         half  centre
10 png  clock_tower noon      clear  pointing angry     key            full  left
11 png  ferry       dawn      mist   sitting  smiling   teapot         full  right
12 png  lamp_room   storm     rain   hugging  worried   lantern        close left
13 png  market      golden    leaves lifting  proud     fish           full  centre
14 jpg  stairs      moonlight clear  walking  worried   lantern        full  right
15 png  salt_flats  dawn      petals standing sad       umbrella       half  left
16 png  clock_tower moonlight clear  standing sleepy    letter         close right
17 png  pier        storm     rain   lifting  angry     whistle        full  right
18 png  office      noon      clear  pointing laughing  umbrella       half  right
"""
TOBIN = """
01 png  workshop    lamplight clear  standing smiling   clockwork_bird half  left
02 png  clock_tower golden    clear  lifting  surprised clockwork_bird full  right
03 png  pier        noon      clear  walking  laughing  clockwork_bird full  left
04 jpg  stairs      golden    leaves sitting  sleepy    letter         full  centre
05 png  market      dawn      mist   pointing surprised fish           half  right
06 png  salt_flats  noon      clear  kneeling proud     spyglass       full  left
07 png  lamp_room   moonlight clear  pointing worried   key            half  centre
08 png  ferry       golden    clear  hugging  smiling   letter         close right
09 png  office      storm     rain   hugging  sad       ledger         half  left
10 webp workshop    noon      clear  kneeling angry     teapot         full  right
11 png  stairs      moonlight snow   lifting  laughing  lantern        full  left
12 png  pier        storm     rain   standing worried   umbrella       half  right
13 png  clock_tower dawn      clear  hugging  sleepy    teapot         close left
14 jpg  market      lamplight clear  walking  smiling   umbrella       full  centre
15 png  ferry       moonlight mist   sitting  sad       whistle        full  left
16 png  salt_flats  golden    petals pointing proud     key            half  right
17 png  lamp_room   dawn      clear  standing angry     spyglass       full  right
18 png  office      lamplight snow   lifting  laughing  whistle        close centre
"""
QUILL = """
01 png  office      noon      clear  standing proud     ledger         full  left
02 png  pier        golden    clear  pointing angry     whistle        half  right
03 png  market      storm     rain   hugging  surprised fish           half  left
04 png  ferry       noon      clear  walking  proud     spyglass       full  right
05 jpg  lamp_room   dawn      mist   sitting  sleepy    teapot         full  centre
06 png  stairs      golden    leaves lifting  worried   umbrella       full  left
07 png  salt_flats  moonlight clear  standing sad       lantern        half  right
08 png  clock_tower lamplight clear  pointing surprised clockwork_bird half  left
09 png  workshop    dawn      clear  hugging  laughing  clockwork_bird close right
10 png  pier        moonlight snow   kneeling sleepy    key            full  centre
11 webp office      golden    clear  hugging  worried   letter         close left
12 png  market      noon      petals lifting  smiling   whistle        full  right
13 jpg  ferry       storm     rain   lifting  angry     ledger         half  centre
14 png  stairs      dawn      mist   walking  smiling   letter         full  right
15 png  salt_flats  noon      clear  kneeling laughing  umbrella       full  left
16 png  lamp_room   lamplight snow   standing sad       spyglass       close right
17 png  workshop    moonlight clear  sitting  angry     key            full  right
18 png  clock_tower storm     rain   walking  smiling   lantern        full  left
"""


def rows(character: Character, prefix: str, table: str, first_seed: int) -> tuple[PlannedPicture, ...]:
    """Turn one character's table into planned pictures named `PREFIX-NUMBER-PLACE-LIGHT.FORMAT`."""
    planned: list[PlannedPicture] = []
    for row in table.split("\n"):
        if not row:
            continue
        number, kind, place, light, weather, pose, expression, prop, framing, side = row.split()
        spec = PictureSpec(
            character=character,
            pose=cast(Pose, pose),
            expression=cast(Expression, expression),
            place=cast(Place, place),
            prop=cast(Prop, prop),
            light=cast(Light, light),
            weather=cast(Weather, weather),
            framing=cast(Framing, framing),
            side=cast(Side, side),
            seed=first_seed + int(number),
        )
        planned.append(PlannedPicture(f"{prefix}-{number}-{place.replace('_', '-')}-{light}.{kind}", spec))
    return tuple(planned)


PLAN: dict[Character, tuple[PlannedPicture, ...]] = {
    "oda-wren": rows("oda-wren", "oda", ODA, 100),
    "tobin-ash": rows("tobin-ash", "tobin", TOBIN, 200),
    "quill": rows("quill", "quill", QUILL, 300),
}
