"""Speech that steps out of the talk: about the production, about a picture nobody sees, and stage directions.

RoleScape-20's replies say camera, scene or script 57 times in 4,197, mostly in innocence ("Bo was born for the
camera"), so a word alone is never counted: only a construction that speaks of the story as a made thing.
"""

import re

from rolescape_data.gates.base import Context, asked_texts, measured, name_pattern, plain, spoken_texts
from rolescape_data.gates.text import hits
from rolescape_data.records import Measurement, Record

_FLAGS = re.IGNORECASE | re.MULTILINE

META = tuple(
    re.compile(rf"(?<![A-Za-z0-9_])(?:{pattern})(?![A-Za-z0-9_])", _FLAGS)
    for pattern in (
        r"(?:the|this|my|our) (?:script|screenplay|stage directions?) (?:says?|said|calls?|demands?|requires?|tells?|reads?|"
        r"wants?|has me|has us)",
        r"(?:according to|as per|per|following|in|from) (?:the|my|this|our) (?:script|screenplay)",
        r"(?:in|from|until|after) (?:the|our) (?:next|previous|last|opening|final|following) scene",
        r"the camera (?:slowly |then )?(?:pans?|zooms?|cuts?|focus(?:es)?|lingers?|tracks?|tilts?|pulls? (?:back|in|out)|"
        r"fades?|follows)",
        r"(?:cut|fade|dissolve) to (?:black|the next scene|a close-?up|credits)|end (?:of )?scene|scene \d+",
        r"(?:this|the|our|your) role-?play(?:ing)?(?: (?:session|scenario|game|exercise))?",
        r"(?:the|your|this|my) (?:system )?prompt (?:says?|asks?|wants?|requires?|tells?)",
        r"as an? (?:fictional )?character (?:in|of|from) (?:this|the|a) (?:story|book|novel|film|movie|series|show|scene|game)",
        r"(?:i(?:'m| am)|he is|she is) (?:just |only |merely )?a(?: purely)? fictional character",
        r"(?:stay|staying|remain|remaining|break|breaking) (?:in |out of )?character",
        r"the fourth wall",
        r"(?:my|our) (?:screenwriter|scriptwriter|author|writer)s? (?:wrote|wants?|decided|made me|gave me|intended)",
        r"(?:dear|the) (?:viewers?|readers?) (?:can|will|may|might) (?:see|notice|remember|recall|know)",
    )
) + tuple(
    re.compile(pattern)
    for pattern in (
        r"剧本(?:里|中|上)(?:写|说)|剧本要求",
        r"镜头(?:拉|推|转|切|对准)",
        r"虚构(?:的)?(?:角色|人物)",
        r"第四面墙",
        r"(?:扮演|保持|跳出)(?:我的)?角色",
    )
)

PICTURE = tuple(
    re.compile(pattern, _FLAGS)
    for pattern in (
        r"\b(?:this|in the|in that) (?:image|picture|photo|photograph|video|clip|frame|screenshot)\b",
        r"\bin (?:this|the) (?:scene|shot)\b(?! of the crime)",
        r"\bthe (?:image|picture|photo|photograph|video|scene) (?:shows?|depicts?|captures?|portrays?|before (?:me|us))\b",
        r"(?:这|此)(?:张|幅)?(?:图片|照片|图像|画面)",
    )
)

_VERBS = frozenset(
    # What stage directions tell, as the verb itself; "sighs" and "sighing" are made of it.
    ["sigh", "smile", "grin", "smirk", "laugh", "chuckle", "giggle", "snicker", "nod", "shrug", "frown", "wink", "blink", "gasp", "groan", "growl", "grunt", "gulp", "sniff", "sniffle", "snort", "sob", "cry", "weep", "yawn", "cough", "pant", "whisper", "mutter", "murmur", "mumble", "shout", "scream", "pause", "glance", "gaze", "stare", "glare", "look", "turn", "lean", "bow", "kneel", "sit", "stand", "step", "walk", "point", "wave", "gesture", "motion", "shake", "tilt", "raise", "lower", "lift", "adjust", "stroke", "pat", "scratch", "wag", "purr", "bark", "hiss", "blush", "shiver", "tremble", "clear", "cross", "fold", "clench", "roll", "rub", "tap", "hug", "reach", "stretch", "hesitate", "release", "clap", "sing", "hum", "whistle", "stammer", "stutter", "beam", "pout", "swallow", "exhale", "inhale", "wince", "flinch", "salute", "think", "facepalm"]
)  # fmt: skip
_MANNER = re.compile(
    r"^(?:hushed|exhausted|shocked|confused|angry|sarcastic|quiet|silence|beat|aside|off ?-?screen|offstage)$"
)
_SPOKEN_WORDS = frozenset(
    ["this", "his", "hers", "its", "ours", "yours", "always", "perhaps", "besides", "sometimes", "thus", "plus", "less", "unless", "across", "whose", "nothing", "something", "everything", "anything", "king", "being", "during", "morning", "evening", "yes", "was", "has", "does", "as", "is", "us"]
)  # fmt: skip
_OBJECTS = frozenset(
    ["his", "her", "their", "at", "back", "up", "down", "away", "into", "towards", "toward", "around", "over", "off", "out"]
)  # fmt: skip
_MARKED = re.compile(
    r"\*+(?P<star>[^*\s][^*\n]*?[^*\s])\*+|[(（](?P<round>[^()（）\n]{2,})[)）]|\[(?P<square>[^\[\]\n]{3,})\]"
)
_CHINESE_ACT = re.compile(
    r"^(?:[他她]?(?:微微|轻轻|缓缓)?)(?:笑|大笑|微笑|苦笑|冷笑|叹|沉默|点头|摇头|皱眉|轻声|低声|挥手|拱手|转身|沉思)"
)
_SAID = r"said|says|replied|replies|asked|asks|whispered|whispers|muttered|murmured|answered|exclaimed|shouted|added"


def meta_phrases(text: str) -> list[str]:
    """List the places where `text` speaks of script, camera, roles or readers as makers of a film do."""
    return [match.group() for pattern in META for match in pattern.finditer(plain(text))]


def meta_talk(record: Record, context: Context) -> list[Measurement]:
    """Count constructions in which the character speaks of its story as a made thing."""
    found = hits(record, context, spoken_texts(record), META)
    return [measured(record, "meta_talk", len(found), "; ".join(found))]


def picture_talk(record: Record, context: Context) -> list[Measurement]:
    """Count mentions of "this picture" or "in this scene" where the talk is not about a picture.

    Commentaries and talks about a picture name it rightly (44 % of MMRole's commentaries do) and are not measured.
    """
    found = hits(record, context, spoken_texts(record), PICTURE)
    return [measured(record, "picture_talk", len(found), "; ".join(found))]


def stage_marks(text: str, names: tuple[str, ...] = ()) -> list[str]:
    """List stage directions: *sighs*, (looks back at the mountain), "...," she whispered.

    Emphasis (*wrong*), speaker labels (**Joey:**) and asides (and believe me, they shrink) are none.
    """
    flat = plain(text)
    found = [
        match.group()
        for match in _MARKED.finditer(flat)
        if _is_act(match["star"] or match["round"] or match["square"], stressed=bool(match["star"]))
    ]
    teller = rf"(?:he|she|they|{name_pattern(names)})"
    found += [
        match.group()
        for match in re.finditer(
            rf"[\"”]\s*,?\s*{teller}\s+(?:{_SAID})\b|\b{teller} (?:{_SAID})(?: \w+ly)?[,:] [\"“]", flat
        )
    ]
    return found


def stage_directions(record: Record, context: Context) -> list[Measurement]:
    """Count stage directions in what is said by anybody; RoleScape-20 has them in 409 of 4,197 replies."""
    names = tuple(name for known in context.names.values() for name in known)
    found = [
        f'{field}: "{mark}"'
        for field, text in {**asked_texts(record), **spoken_texts(record)}.items()
        for mark in stage_marks(text, names)
    ]
    return [measured(record, "stage_directions", len(found), "; ".join(found))]


def _is_act(inside: str, *, stressed: bool) -> bool:
    """Say whether the words between marks tell an action rather than stress a word or add a thought.

    Between asterisks ("*excellently* behaved") a manner is stress; between brackets ("(softly)") it is acted.
    """
    if _CHINESE_ACT.match(inside):
        return True
    tokens = re.findall(r"[A-Za-z']+", inside.casefold())
    if not tokens or inside.rstrip().endswith(":"):
        return False
    if tokens[0] in ("he", "she", "they") or (tokens[0].endswith("ly") and len(tokens) > 1):
        tokens = tokens[1:]
    first = tokens[0]
    if len(tokens) == 1 and (_MANNER.match(first) or (first.endswith("ly") and len(first) > 4)):
        return not stressed and inside.islower()
    if first in _SPOKEN_WORDS or "'" in first:
        return False
    if _stems(first) & _VERBS:
        # "(look at that)" is said aloud; "(looks at that)" is done.
        return first not in _VERBS or len(tokens) == 1
    # An unknown verb counts only where it is one by its form and something follows it.
    return len(tokens) > 1 and inside[:1].islower() and first.endswith("s") and tokens[1] in _OBJECTS


def _stems(word: str) -> set[str]:
    stems = {word}
    for ending in ("s", "es", "ed", "ing", "d"):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            stem = word[: -len(ending)]
            stems |= {stem, stem + "e"}
            if len(stem) > 2 and stem[-1] == stem[-2]:
                stems.add(stem[:-1])
            if stem.endswith("i"):
                stems.add(stem[:-1] + "y")
    return stems
