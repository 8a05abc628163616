"""Phrases that people type of a picture -> what sort of face, pose, light, framing or place they tell of.

Every sort is a list of words: "standing with one arm stretched out to point" stands and points. No match means unknown.
"""

import hashlib
import re

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.phrases import with_article
from rolescape_data.spans import words

MOODS = {
    "worry": r"worr|anxious|concern|uneasy|afraid|frighten|fear",
    "sorrow": r"\bsad|\btears?\b|weep|sorrow|crying|mourn|grie[fv]",
    "anger": r"angr|scowl|\bglar|furious|fierce|rebuke|\brage|bitter|bared teeth",
    "surprise": r"startl|surpris|astonish|shock|\bgape|amaz|stunned",
    "weariness": r"sleep|drows|yawn|tired|weary",
    "mirth": r"laugh|mirth|giggl",
    "pride": r"proud|smirk|smug|haughty",
    "good will": r"smil|\bgrin|pleased|friendly|cheerful",
    "calm": r"calm|serene|grave|watchful|stern|searching|earnest|thoughtful",
}


POSTURES = {
    "kneeling": r"kneel|on (?:one|both|his|her|its) knees?\b",
    "crouching": r"crouch|hunker|squat",
    "sitting": r"\bsit(?:s|ting)?\b|seated|perche[sd]|perching|enthroned",
    "walking": r"walk|strid|stalk|mid-step|march|\brun(?:s|ning)?\b",
    "lying down": r"\blying\b|\blies\b|reclin",
    "standing": r"\bst(?:ands?|anding|ood)\b|upright|braced|on one leg|single leg",
}


GESTURES = {
    "point": r"\bpoint",
    "raise": r"\b(?:rais|lift|reach|thrust)\w*(?: up)? (?:one|a|an|both|his|her|its|up)\b|overhead|above (?:the|his|her|its) head|aloft",
    "chest": r"\bchest\b|\bbreast\b|gathered",
    "balance": r"on one leg|single leg",
    "hip": r"\bhips?\b",
    "rest": r"at ease|at the side|facing us|relaxed|lowered arms",
}


TIMES = {
    "early morning": r"dawn|sunrise|morning",
    "midday": r"\bnoon|midday",
    "dusk": r"\bdusk|twilight",
    "night": r"\bnight|moon|midnight",
    "evening": r"evening|sunset|golden hour",
}


WEATHERS = {
    "rainy": r"\brain",
    "snowy": r"\bsnow",
    "stormy": r"\bstorm",
    "misty": r"\bmist|\bfog",
    "clear": r"clear sky",
}


# Where things are to be found; what tells of two sorts belongs to both ("a bridge over the river").
PLACES = {
    "indoors": r"\b(?:rooms?|halls?|kitchens?|offices?|workshops?|stud(?:y|io)|librar(?:y|ies)|cells?|cellars?|attics?|bedrooms?|bathrooms?"
    r"|corridors?|chapels?|shops?|caf[eé]s?|taverns?|sofas?|couch(?:es)?|armchairs?|beds?|carpets?|rugs?|floors?|indoors|inside|ceilings?|cars?|tunnels?|caves?|caverns?)\b",
    "green": r"\b(?:grass(?:y|es)?|lawns?|meadows?|fields?|parks?|gardens?|yards?|forests?|woods?|woodland|trees?|bush(?:es)?|hedges?|pastures?)\b",
    "water": r"\b(?:sea|shores?|coasts?|beach(?:es)?|piers?|quays?|harbou?rs?|docks?|jett(?:y|ies)|rivers?|lakes?|ponds?|boats?|ships?|ferry|decks?|waves?|sand|flats|pools?)\b",
    "built": r"\b(?:streets?|roads?|alleys?|lanes?|pavements?|sidewalks?|squares?|markets?|stalls?|towns?|cit(?:y|ies)|stairs?|steps|courtyards?|paths?|paving|bridges?|ramparts?)\b",
    "high": r"\b(?:towers?|roofs?|hills?|mountains?|cliffs?|peaks?|balcon(?:y|ies)|scaffold\w*|ridges?)\b",
}  # fmt: skip


FRAMINGS = {
    "full": r"full figure|whole figure|from head to foot|full-length",
    "three-quarter": r"three-quarter figure|three-quarter view",
    "half": r"half figure|waist-up|hips up|half-length",
    "close": r"\bclose\b|close-up|portrait|head and (?:chest|shoulders)|\bbust\b",
}


_SIDE = re.compile(
    r"(?:set to|placed to|on|at) the (?P<at>left|right)\b|(?P<of>left|right) of (?:the )?(?:middle|centre|center)"
    r"|(?:in|at) the (?P<mid>middle|centre|center)\b|\b(?P<centred>centred|centered)\b"
)


STOP = (
    lex.PREPOSITIONS
    | lex.POSSESSIVES
    | lex.BE
    | frozenset(
        [
            "a",
            "an",
            "the",
            "and",
            "or",
            "one",
            "two",
            "three",
            "up",
            "down",
            "out",
            "as",
            "that",
            "which",
            "very",
        ]
    )
)


def stable(*texts: str) -> int:
    """Return the same large number for the same texts, on every machine."""
    return int.from_bytes(hashlib.sha256("\x1f".join(texts).encode()).digest()[:8], "big")


def class_of(phrase: str, classes: dict[str, str]) -> str:
    """Return the first class whose words stand in the phrase, '' for none."""
    return next((name for name, pattern in classes.items() if re.search(pattern, phrase, re.IGNORECASE)), "")


def mood_of(phrase: str) -> str:
    """Return the feeling that an expression shows, '' where the words name none."""
    return class_of(phrase, MOODS)


def posture_of(phrase: str) -> str:
    """Return how a body is held: standing, sitting ..., '' where the words do not say."""
    return class_of(phrase, POSTURES)


def gesture_of(phrase: str) -> str:
    """Return what arms or legs do: point, raise ..., '' where the words do not say."""
    return class_of(phrase, GESTURES)


def time_of(phrase: str) -> str:
    """Return the time of day that a light tells of, '' where the words do not say."""
    return class_of(phrase, TIMES)


def places_of(phrase: str) -> frozenset[str]:
    """Return every sort of place that the words tell of; what stands in no list tells of none."""
    return frozenset(name for name, pattern in PLACES.items() if re.search(pattern, phrase, re.IGNORECASE))


def framing_of(phrase: str) -> tuple[str, str]:
    """Return how much is shown and on which side, '' for unknown."""
    framed, _, side = framing_parts(phrase)
    return class_of(framed, FRAMINGS), side


def framing_parts(composition: str) -> tuple[str, str, str]:
    """Return what is shown ("a waist-up view"), where it stands ("left of the middle"), and its side."""
    match = _SIDE.search(composition)
    framed = composition
    sided = side = ""
    if match:
        side = match["at"] or match["of"] or "middle"
        sided = re.sub(r"^(?:set|placed) ", "", match.group()).replace("centred", "in the centre")
        sided = re.sub(r"^to the", "on the", sided).replace("centered", "in the centre")
        # "half figure on the left, the staff on the right" places the figure by its first words alone.
        framed = composition[: match.start()].rstrip(" ,") or composition
    framed = framed.split(", ")[0]
    return (with_article(framed) if class_of(framed, FRAMINGS) else ""), sided, side


def content(phrase: str) -> frozenset[str]:
    """Return the words that carry meaning, without plural endings."""
    found = (word for token in words(phrase.casefold()) for word in token.split("-"))
    return frozenset(word.removesuffix("s") for word in found if word not in STOP and len(word) > 2)


def brief(light: str) -> str:
    """Return the light without what is in the air: "pink dawn light through drifting sea mist" -> "pink dawn light"."""
    return re.split(r" (?:through|with|among|in|under|against) ", light)[0]


_IN_THE_AIR = re.compile(
    r"\b(rain|drizzle|sleet|hail|snow(?:flakes)?|mist|fog|smoke|petals|(?:autumn )?leaves|sparks)\b"
)


def with_air(light: str) -> str:
    """Return the light with what is in the air in one word: "pink dawn light with mist"; the light alone in clear air."""
    lead = brief(light)
    air = _IN_THE_AIR.search(light.removeprefix(lead))
    return f"{lead} with {air[1]}" if air else lead


def place_head(setting: str) -> str:
    """Return the place without what stands in it: "the round lamp room beside its lens" -> "the round lamp room"."""
    head = re.split(
        r",| with | above | beside | behind | below | under | between | before | in front of | crowded | dotted | full of ",
        setting,
    )[0]
    return head if head.strip() else setting


def backdrop(setting: str) -> str:
    """Return the backdrop that stands for a place ("a plain white background"), '' where a place is told of."""
    if not re.search(
        r"\b(?:backgrounds?|backdrops?|mattes?|cut-?out)\b|(?:before|against|in front of) (?:an? )?(?:plain|blank|empty) \w+$",
        setting,
    ):
        return ""
    return re.sub(r"^(?:before|against|in front of|on|with) ", "", setting)


def place_noun(setting: str) -> str:
    """Return the noun to look a place up by: "lamp room", "pier", "salt flats"; '' for an empty background."""
    if backdrop(setting) or re.match(r"(?:before|against|in front of) a", setting):
        return ""
    head = re.sub(r"^(?:inside|in|on|at|behind|under|near|by) ", "", place_head(setting))
    head = re.sub(r"^(?:the )?(?:end|edge|foot|top|deck|middle|plank walk) of ", "", head)
    tokens = [token for token in words(head) if token.lower() not in STOP]
    if not tokens:
        return ""
    broad = {
        "room",
        "street",
        "office",
        "tower",
        "house",
        "place",
        "face",
        "flats",
        "market",
        "stall",
        "deck",
        "hall",
    }
    return " ".join(tokens[-2:]) if tokens[-1].lower() in broad and len(tokens) > 1 else tokens[-1]


_HUE_WORDS = {
    "blue": r"blue|sky|navy", "warm": r"orange|gold|amber|honey|brown|copper|russet|mustard", "grey": r"grey|gray|slate|lead|silver|white|sunlit|cream",
    "green": r"green", "pink": r"pink|rose|lilac", "violet": r"violet|purple|lilac", "red": r"red|crimson|scarlet|russet", "black": r"black|dark",
    "yellow": r"yellow|mustard|gold|amber",
}  # fmt: skip


def hues_of(phrase: str) -> set[str]:
    """Return the families of colour that a phrase names; what two eyes may call one colour shares a family."""
    return {hue for hue, pattern in _HUE_WORDS.items() if re.search(pattern, phrase)}
