"""Which language a text is in, and letters of a foreign script in it.

py3langid (BSD-3-Clause, naive Bayes over 139 languages, its model inside the package) names the language without a
network; 0.15 ms a text. On 1,848 English and Chinese texts of MMRole, RoleScape-20 and a game script it was never
sure (0.8) of a wrong language, but unsure of 68 right ones, so only a sure disagreement counts.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Any

from rolescape_data.gates.base import Context, asked_texts, measured, spoken_texts, written_texts
from rolescape_data.records import Measurement, Record

# Shorter texts ("Hm. Aye.") are too short to tell; data-juicer's bound of 0.8 is for whole paragraphs.
SHORTEST = 20

# Names and list items, in which nothing of a language need stand; what ties two people may be a list of pupils.
_NO_PROSE = re.compile(r"^(?:option |catchphrase |relationship |answer$|generation_instruction$)")

# Close relatives that a short text of the language is often taken for.
_KIN: dict[str, frozenset[str]] = {
    "en": frozenset(["pcm", "sco"]),
    "zh": frozenset(["wuu", "yue", "lzh", "gan", "hak", "nan"]),
    "es": frozenset(["ext", "gl", "an", "ast"]),
    "fr": frozenset(["oc", "wa", "gcf", "frp"]),
    "de": frozenset(["lb", "nds", "gsw", "bar"]),
    "ru": frozenset(["be", "uk", "bg"]),
    "uk": frozenset(["be", "ru"]),
    "pt": frozenset(["gl"]),
    "it": frozenset(["scn", "lmo", "vec", "co"]),
    "nl": frozenset(["af", "li", "vls"]),
    "da": frozenset(["nb", "nn", "no"]),
    "nb": frozenset(["da", "nn", "no"]),
    "no": frozenset(["da", "nb", "nn"]),
    "id": frozenset(["ms"]),
    "ms": frozenset(["id"]),
    "hr": frozenset(["bs", "sr"]),
    "sr": frozenset(["bs", "hr"]),
    "cs": frozenset(["sk"]),
    "sk": frozenset(["cs"]),
}

_LATIN = frozenset(["LATIN"])
_SCRIPTS: dict[str, frozenset[str]] = {
    "zh": frozenset(["CJK"]),
    "ja": frozenset(["CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"]),
    "ko": frozenset(["HANGUL", "CJK"]),
    "el": frozenset(["GREEK"]),
    "he": frozenset(["HEBREW"]),
    "hi": frozenset(["DEVANAGARI"]),
    "th": frozenset(["THAI"]),
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk"), frozenset(["CYRILLIC"])),
    "sr": frozenset(["CYRILLIC", "LATIN"]),
    **dict.fromkeys(("ar", "fa", "ur"), frozenset(["ARABIC"])),
}
# Letters of these look alike, so a word of two of them is a misprint or a disguise.
_ALIKE = frozenset(["LATIN", "CYRILLIC", "GREEK"])
_LETTERS = re.compile(r"[^\W\d_]+")


def language(record: Record, context: Context) -> list[Measurement]:
    """Measure how sure it is that a text is in another language than the record's: the worst text counts.

    The value is 0 when the most likely language is the record's own, or kin to it; otherwise the probability of that
    other language. Texts below 20 characters, names and lists of phrases are not looked at.
    """
    texts = {**asked_texts(record), **spoken_texts(record), **written_texts(record)}
    looked = [
        (*foreign(text, record.lang), name)
        for name, text in texts.items()
        if len(text) >= SHORTEST and not _NO_PROSE.match(name)
    ]
    if not looked or record.lang not in _identifier().labels:
        return []
    sure, other, where = max(looked)
    return [measured(record, "language", sure, f"{where} looks like '{other}'" if other else "")]


def foreign(text: str, lang: str) -> tuple[float, str]:
    """Return how likely `text` is in the language it looks most like, and that language; (0, '') when it is `lang`."""
    found, probability = _identifier().classify(text)
    if found == lang or found in _KIN.get(lang, ()):
        return 0.0, ""
    return float(probability), str(found)


def mixed_scripts(record: Record, context: Context) -> list[Measurement]:
    """Measure the share of letters of scripts that the record's language is not written in: the worst text counts.

    The value is 1 for a text with a word of letters of two scripts that look alike (a Cyrillic "а" in "lаmp").
    """
    texts = {**asked_texts(record), **spoken_texts(record), **written_texts(record)}
    worst, where = 0.0, ""
    for name, text in texts.items():
        if (share := foreign_letters(text, record.lang)) > worst:
            worst, where = share, name
    return [measured(record, "mixed_scripts", worst, where)]


def foreign_letters(text: str, lang: str) -> float:
    """Return the share of the letters of `text` that `lang` is not written with, 1 for a word of two alike scripts."""
    own = _SCRIPTS.get(lang, _LATIN)
    total = strange = 0
    for word in _LETTERS.findall(text):
        if word.isascii() and own is _LATIN:
            total += len(word)
            continue
        scripts = [_script(letter) for letter in word]
        if len(set(scripts) & _ALIKE) > 1:
            return 1.0
        total += len(scripts)
        strange += sum(script not in own for script in scripts)
    return strange / total if total else 0.0


def _script(letter: str) -> str:
    name = unicodedata.name(letter, "")
    # "FULLWIDTH LATIN ...", "MODIFIER LETTER ..." and the like belong to no script of their own.
    return "LATIN" if "LATIN" in name or not name else name.split()[0]


@lru_cache(maxsize=1)
def _identifier() -> Any:
    # Loading takes half a second, and a set of pictures alone needs none of it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
