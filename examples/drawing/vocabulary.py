"""The closed vocabulary of the starter pictures: what a spec may ask for, and how each choice is said in English.

A sample spec and some of its attributes:

    PictureSpec("quill", "pointing", "angry", "market", "whistle", "noon", seed=4)
    {"expression": "an angry glare under slanting brow feathers", "prop": "a brass whistle on a cord", ...}
"""

import random
from dataclasses import dataclass
from typing import Literal, get_args

Character = Literal["oda-wren", "tobin-ash", "quill"]
Pose = Literal["standing", "walking", "sitting", "kneeling", "pointing", "lifting", "hugging"]
Expression = Literal["smiling", "laughing", "worried", "angry", "surprised", "sad", "sleepy", "proud"]
Place = Literal[
    "pier", "lamp_room", "workshop", "market", "salt_flats", "office", "stairs", "ferry", "clock_tower"
]
Prop = Literal[
    "lantern",
    "clockwork_bird",
    "whistle",
    "ledger",
    "spyglass",
    "fish",
    "umbrella",
    "key",
    "teapot",
    "letter",
]
Light = Literal["dawn", "noon", "golden", "moonlight", "storm", "lamplight"]
Accent = Literal["red", "mustard", "navy", "green", "violet", "cream", "teal", "pink"]
Weather = Literal["clear", "mist", "rain", "snow", "leaves", "petals"]
Framing = Literal["full", "half", "close"]
Side = Literal["left", "centre", "right"]

CHARACTERS: tuple[Character, ...] = get_args(Character)
POSES: tuple[Pose, ...] = get_args(Pose)
EXPRESSIONS: tuple[Expression, ...] = get_args(Expression)
PLACES: tuple[Place, ...] = get_args(Place)
PROPS: tuple[Prop, ...] = get_args(Prop)
LIGHTS: tuple[Light, ...] = get_args(Light)
ACCENTS: tuple[Accent, ...] = get_args(Accent)
WEATHERS: tuple[Weather, ...] = get_args(Weather)
FRAMINGS: tuple[Framing, ...] = get_args(Framing)
SIDES: tuple[Side, ...] = get_args(Side)

OWN_ACCENT: dict[Character, Accent] = {"oda-wren": "red", "tobin-ash": "mustard", "quill": "navy"}
INDOORS: frozenset[Place] = frozenset({"lamp_room", "workshop", "office", "clock_tower"})


@dataclass(frozen=True, slots=True)
class PictureSpec:
    """One picture, said completely: the same spec gives the same pixels.

    `accent` is the colour of Oda's coat, of Tobin's scarf or of Quill's cap; None is the character's own.
    """

    character: Character
    pose: Pose
    expression: Expression
    place: Place
    prop: Prop
    light: Light
    accent: Accent | None = None
    weather: Weather = "clear"
    framing: Framing = "half"
    side: Side = "centre"
    seed: int = 0

    @property
    def worn_accent(self) -> Accent:
        """The accent colour that is drawn: the one asked for, or the character's own."""
        return self.accent or OWN_ACCENT[self.character]


PERSON_EXPRESSIONS: dict[Expression, tuple[str, ...]] = {
    "smiling": (
        "a warm closed-lip smile",
        "a soft smile with friendly eyes",
        "smiling gently, cheeks lifted",
    ),
    "laughing": (
        "laughing with an open mouth and eyes squeezed shut",
        "a wide open laugh, eyes shut with joy",
    ),
    "worried": (
        "a worried frown with raised inner brows",
        "a worried look, brows tilted up and mouth wavering",
    ),
    "angry": ("an angry scowl under lowered brows", "an angry face with bared teeth and slanting brows"),
    "surprised": (
        "surprised, with wide eyes and a round mouth",
        "a startled look, eyes wide and mouth in an O",
    ),
    "sad": ("a sad face with a tear on one cheek", "sad, mouth turned down and a tear rolling"),
    "sleepy": ("sleepy, with heavy half-closed eyelids", "a sleepy face with drooping lids and a small yawn"),
    "proud": (
        "a proud smirk with closed eyes and one raised brow",
        "looking proud, eyes shut and lips in a smirk",
    ),
}
BIRD_EXPRESSIONS: dict[Expression, tuple[str, ...]] = {
    "smiling": ("a pleased smile at the corners of the beak", "smiling with a curled beak and friendly eyes"),
    "laughing": ("laughing with the beak wide open and eyes shut", "a wide-beaked laugh, eyes squeezed shut"),
    "worried": (
        "a worried look with raised inner brow feathers",
        "worried, brow feathers tilted up in the middle",
    ),
    "angry": ("an angry glare under slanting brow feathers", "an angry stare, beak half open in a rebuke"),
    "surprised": (
        "surprised, with huge round eyes and an open beak",
        "a startled stare with the beak dropped open",
    ),
    "sad": ("a sad look with a tear under one eye", "sad, brow feathers drooping and a tear falling"),
    "sleepy": ("sleepy, with heavy half-closed eyelids", "a drowsy look, lids drooping over both eyes"),
    "proud": (
        "a proud look with closed eyes and the beak held high",
        "proud, eyes shut and one brow feather raised",
    ),
}
PERSON_POSES: dict[Pose, tuple[str, ...]] = {
    "standing": ("standing upright and facing us", "standing at ease with one arm at the side"),
    "walking": ("walking with a long stride", "striding along in mid-step"),
    "sitting": ("sitting on a wooden crate", "seated on a crate with both knees forward"),
    "kneeling": ("kneeling with one knee on the ground", "down on one knee"),
    "pointing": (
        "pointing to the side with an outstretched arm",
        "standing with one arm stretched out to point",
    ),
    "lifting": ("lifting one hand high overhead", "reaching up with one arm raised above the head"),
    "hugging": ("holding both arms close to the chest", "standing with both hands gathered at the chest"),
}
BIRD_POSES: dict[Pose, tuple[str, ...]] = {
    "standing": ("standing on one leg, the other tucked up", "balanced on a single leg"),
    "walking": ("stalking along on long legs", "striding with one thin leg lifted in mid-step"),
    "sitting": ("perched on a wooden crate", "sitting on a crate with both legs dangling"),
    "kneeling": ("crouching low with folded legs", "hunkered down close to the ground"),
    "pointing": ("pointing to the side with one wing", "standing with one wing stretched out to point"),
    "lifting": ("raising one wing high overhead", "reaching up with one wing above the head"),
    "hugging": ("holding both wings close to the breast", "standing with both wings folded at the breast"),
}
CROPPED_POSES: dict[Pose, tuple[str, ...]] = {
    "walking": ("walking, with the legs out of the picture", "in mid-step, cut off above the legs"),
    "sitting": ("sitting, with the legs out of the picture", "seated, cut off above the knees"),
    "kneeling": ("kneeling, with the legs out of the picture", "down low, cut off above the knees"),
}
SETTINGS: dict[Place, tuple[str, ...]] = {
    "pier": (
        "the end of the long pier above grey-green water",
        "the plank walk of the long pier, sea on both sides",
    ),
    "lamp_room": (
        "the lamp room in front of the great ringed lens",
        "the round lamp room beside its giant glass lens",
    ),
    "workshop": (
        "the clock workshop, its wall full of clocks",
        "a wooden workshop crowded with clocks and gears",
    ),
    "market": ("the fish market under striped awnings", "a fish stall with crates and a striped awning"),
    "salt_flats": (
        "the salt flats with white salt cones",
        "the wide cracked salt flats dotted with salt heaps",
    ),
    "office": (
        "the harbour office with its sea chart and pigeonholes",
        "the green harbour office below a wall chart",
    ),
    "stairs": (
        "a narrow stair street between tall houses",
        "the steep stair street with washing hung across",
    ),
    "ferry": (
        "the ferry deck beside a white rail and lifebuoys",
        "the deck of the ferry, its striped funnel behind",
    ),
    "clock_tower": (
        "the clock tower behind its great glowing dial",
        "inside the tower, behind the huge clock face",
    ),
}
PROP_WORDS: dict[Prop, tuple[str, ...]] = {
    "lantern": ("a glowing brass lantern", "a brass lantern with a lit flame"),
    "clockwork_bird": (
        "a clockwork bird with copper wings",
        "a small copper clockwork bird with a winding key",
    ),
    "whistle": ("a big brass whistle on a red cord", "a shiny brass whistle with a red cord"),
    "ledger": ("a thick blue ledger with a gold clasp", "a heavy blue ledger with gold corners"),
    "spyglass": ("a long brass spyglass", "a brass and leather spyglass"),
    "fish": ("a large silver fish", "a fat silver fish with a forked tail"),
    "umbrella": ("an open striped umbrella", "a red-and-white striped umbrella, open"),
    "key": ("an oversized iron key", "a huge black iron key"),
    "teapot": ("a round white teapot with blue dots", "a steaming white teapot with blue dots"),
    "letter": ("a cream letter with a red wax seal", "a sealed letter with red wax"),
}
LIGHTINGS: dict[Light, tuple[str, ...]] = {
    "dawn": ("pink dawn light", "the rosy light of early morning"),
    "noon": ("clear noon light", "bright midday sun"),
    "golden": ("golden evening light", "low orange evening sun"),
    "moonlight": ("cold blue moonlight", "the silver-blue light of a full moon"),
    "storm": ("dim grey-green storm light", "dark storm light under heavy clouds"),
    "lamplight": ("warm lamplight in deep dusk", "amber lamplight against a violet night"),
}
WEATHER_WORDS: dict[Weather, tuple[str, ...]] = {
    "clear": ("in clear air", "with a clear sky"),
    "mist": ("through drifting sea mist", "with pale mist hanging low"),
    "rain": ("through slanting rain", "with rain coming down"),
    "snow": ("among falling snowflakes", "with snow drifting down"),
    "leaves": ("among blowing autumn leaves", "with orange autumn leaves in the wind"),
    "petals": ("among drifting pink petals", "with spring petals on the breeze"),
}
ACCENT_WORDS: dict[Accent, tuple[str, str]] = {
    "red": ("red", "bright red"),
    "mustard": ("mustard-yellow", "mustard"),
    "navy": ("navy", "navy-blue"),
    "green": ("green", "leaf-green"),
    "violet": ("violet", "deep violet"),
    "cream": ("cream", "cream-white"),
    "teal": ("teal", "blue-green teal"),
    "pink": ("pink", "rose-pink"),
}
OUTFITS: dict[Character, tuple[str, ...]] = {
    "oda-wren": (
        "a long {accent} oilskin coat with brass buttons, copper hair in one braid",
        "a buttoned {accent} oilskin coat, with a copper braid over one shoulder",
    ),
    "tobin-ash": (
        "a {accent} scarf, grey waistcoat and rolled sleeves, brass goggles on dark curls",
        "brass goggles pushed up into dark curls, a {accent} scarf and a grey waistcoat",
    ),
    "quill": (
        "blue-grey feathers and a {accent} captain's cap with a gold band",
        "a gold-banded {accent} captain's cap above blue-grey feathers",
    ),
}
ACCENT_PIECES: dict[Character, str] = {"oda-wren": "coat", "tobin-ash": "scarf", "quill": "cap"}
LIGHT_COLOURS: dict[Light, tuple[str, ...]] = {
    "dawn": ("rose and pale blue", "soft pinks and lilac"),
    "noon": ("clear sky blue and cream", "fresh blues and sunlit white"),
    "golden": ("orange and honey gold", "amber and warm brown"),
    "moonlight": ("deep blue and silver", "cold blues"),
    "storm": ("slate grey and sea green", "dull green and lead grey"),
    "lamplight": ("amber glow and dark violet", "violet shadow and amber"),
}
COMPOSITIONS: dict[Framing, tuple[str, ...]] = {
    "full": ("full figure, {side}", "the whole figure from head to foot, {side}"),
    "half": ("half figure from the hips up, {side}", "a waist-up view, {side}"),
    "close": ("close portrait, {side}", "a close view of head and chest, {side}"),
}
SIDE_WORDS: dict[Side, tuple[str, ...]] = {
    "left": ("left of the middle", "set to the left"),
    "centre": ("in the middle", "centred"),
    "right": ("right of the middle", "set to the right"),
}
STYLES: tuple[str, ...] = (
    "storybook poster in layered gouache shapes",
    "flat storybook illustration with paper grain",
    "painted poster with soft edges and paper texture",
)


def describe(spec: PictureSpec) -> dict[str, str]:
    """Say in plain English what a picture shows.

    Args:
        spec: the picture; its seed chooses between two or three wordings of each item.

    Returns:
        One phrase each for expression, pose, setting, style, lighting, colour, composition, prop and outfit.
    """

    def say(slot: str, wordings: tuple[str, ...]) -> str:
        return random.Random(f"{spec.seed}/{spec.character}/{slot}").choice(wordings)

    bird = spec.character == "quill"
    expressions = BIRD_EXPRESSIONS if bird else PERSON_EXPRESSIONS
    poses = BIRD_POSES if bird else PERSON_POSES
    if spec.framing != "full":
        poses = poses | CROPPED_POSES
    accent = say("accent", ACCENT_WORDS[spec.worn_accent])
    side = say("side", SIDE_WORDS[spec.side])
    return {
        "expression": say("expression", expressions[spec.expression]),
        "pose": say("pose", poses[spec.pose]),
        "setting": say("setting", SETTINGS[spec.place]),
        "style": say("style", STYLES),
        "lighting": f"{say('light', LIGHTINGS[spec.light])} {say('weather', WEATHER_WORDS[spec.weather])}",
        "colour": f"a {accent} {ACCENT_PIECES[spec.character]} against {say('colours', LIGHT_COLOURS[spec.light])}",
        "composition": say("framing", COMPOSITIONS[spec.framing]).format(side=side),
        "prop": say("prop", PROP_WORDS[spec.prop]),
        "outfit": say("outfit", OUTFITS[spec.character]).format(accent=accent),
    }
