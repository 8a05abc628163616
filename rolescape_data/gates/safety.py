"""Words that no set should teach: profanity by a list that people edit, and sexual content with minors.

The list is qa/flagged_words.txt; the bound of its ratio is data-juicer's.
"""

import re
from functools import lru_cache
from pathlib import Path

from rolescape_data.errors import SettingsError
from rolescape_data.gates.base import Context, all_texts, measured, plain
from rolescape_data.records import Measurement, Record
from rolescape_data.spans import words

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

_SEXUAL = re.compile(
    r"\b(?:sex|sexual(?:ly|ized|ised)?|sexy|erotic(?:a|ally)?|porn\w*|nudes?|lewd|lust(?:ful|fully)?|seduc(?:e|es|ed|ing|tive)|"
    r"aroused|orgasm\w*|genitals?|naked bod(?:y|ies)|intercourse|rap(?:e|es|ed|ing)|molest\w*|fondl\w+|hentai|loli(?:con)?|"
    r"shota(?:con)?)\b|性爱|性交|色情|裸体|做爱|强奸|猥亵",
    re.IGNORECASE,
)
_MINOR = re.compile(
    r"\b(?:child(?:ren)?|kids?|minors?|under-?age[d]?|toddlers?|infants?|bab(?:y|ies)|pre-?teens?|school-?(?:girl|boy|child)\w*|"
    r"little (?:girl|boy)s?|young (?:girl|boy)s?|teen-?age(?:r|rs|d)?|lolis?|loli(?:con)?|shota(?:con)?)\b|"
    r"\b(?:[1-9]|1[0-7])[- ]?years?[- ]old\b|\baged? (?:[1-9]|1[0-7])\b(?!\d)|"
    r"\b(?:four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)[- ]years?[- ]old\b|"
    r"未成年|儿童|孩子|小孩|幼女|女童|男童|小女孩|小男孩",
    re.IGNORECASE,
)
# "the sex of the child", "sexual reproduction" and the like tell biology.
_BIOLOGY = re.compile(
    r"\b(?:the |either |opposite |same |other |fair(?:er)? )sex\b|\bsexual (?:reproduction|dimorphism)\b",
    re.I,
)
_SENTENCE = re.compile(r"[^.!?。！？\n]+")


def load_flagged_words(path: Path) -> frozenset[str]:
    """Read a list of flagged words: one to a line, '#' starts a comment, a last '*' stands for any ending.

    Raises:
        SettingsError: the file is not UTF-8, or a line holds more than one word or a '*' elsewhere than at its end.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as fault:
        raise SettingsError(f"{path} is not UTF-8 text (byte {fault.start}). Save it as UTF-8.") from fault
    found: set[str] = set()
    for number, line in enumerate(lines, 1):
        word = line.split("#", 1)[0].strip().casefold()
        if not word:
            continue
        if len(word.split()) > 1 or "*" in word[:-1] or word == "*":
            raise SettingsError(
                f"{path}, line {number}: '{word}' is not one word with at most one '*' at its end. Write one word a line."
            )
        found.add(word)
    return frozenset(found)


def flagged_words(record: Record, context: Context) -> list[Measurement]:
    """Measure the share of a text's words that stand in the list of flagged words: the worst text counts.

    Words inside phrases that the set allows for the character are not counted. Silent without a list.
    """
    if not context.flagged_words:
        return []
    pattern = _listed(context.flagged_words)
    worst, told = 0.0, ""
    for name, text in all_texts(record).items():
        flat = plain(text).casefold()
        for phrase in context.allow.get(record.character_id, ()):
            flat = flat.replace(plain(phrase).casefold(), " ") if phrase.strip() else flat
        hits = pattern.findall(flat)
        count = sum(len(hit) if _CJK.search(hit) else 1 for hit in hits)
        share = count / max(len(words(text)), 1)
        if share > worst:
            worst, told = share, f"{name}: {', '.join(dict.fromkeys(hits))}"
    return [measured(record, "flagged_words", min(worst, 1.0), told)]


@lru_cache(maxsize=8)
def _listed(listed: frozenset[str]) -> re.Pattern[str]:
    spelled = [
        # Chinese has no spaces: an entry counts wherever it stands.
        re.escape(word)
        if _CJK.search(word)
        else rf"(?<!\w){re.escape(word.removesuffix('*'))}" + (r"\w*" if word.endswith("*") else r"(?!\w)")
        for word in sorted(listed, key=lambda word: (-len(word), word))
    ]
    return re.compile("|".join(spelled))


def minors_sexual(record: Record, context: Context) -> list[Measurement]:
    """Count sentences that speak of minors and of sex both. No list of allowed phrases lifts it."""
    found: list[str] = []
    for name, text in all_texts(record).items():
        for sentence in _SENTENCE.findall(_BIOLOGY.sub(" ", plain(text))):
            if _SEXUAL.search(sentence) and _MINOR.search(sentence):
                found.append(name)
    # The words themselves stay out of reports.
    return [measured(record, "minors_sexual", len(found), ", ".join(dict.fromkeys(found)))]
