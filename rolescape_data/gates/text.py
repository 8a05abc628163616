"""Text hygiene: an assistant's tone, prefixes that explain an answer, and residue of prompts.

Patterns are bounded by words and narrow on purpose. Characters say "I can't help it", "Sure, pal" and "Here is
a sight!", and a loose pattern with "can't help" alone rejects 1 % of MMRole's 73,644 good replies
(arXiv 2408.04203, counted); these reject none of its reference answers.
"""

import re
from collections.abc import Iterable, Iterator

from rolescape_data.gates.base import (
    Context,
    all_texts,
    measured,
    name_pattern,
    plain,
    spoken_texts,
    written_texts,
)
from rolescape_data.records import Measurement, Record

_FLAGS = re.IGNORECASE | re.MULTILINE

# Latin letters only: between Chinese characters there is no word boundary to stop at.
_START, _END = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"

AI_TONE = tuple(
    re.compile(f"{_START}(?:{pattern}){_END}", _FLAGS)
    for pattern in (
        # People may work "as an AI researcher".
        r"as an? (?:ai(?![- ](?:researcher|engineer|scientist|expert|developer|specialist|ethicist|professor|student))|"
        r"artificial intelligence|chat ?bot|virtual assistant|language model)",
        r"(?:large )?language models?",
        r"i(?:'m| am) (?:just |only |merely )?an? (?:ai|artificial intelligence|chat ?bot|virtual assistant|"
        r"digital assistant|text-based (?:ai|model))",
        # An inventor may build "an AI assistant"; only who is one says "your AI assistant".
        r"ai language model|(?<=your |this )(?:(?:friendly|helpful|personal|humble) )?ai (?:assistant|model)",
        r"i(?:'m| am) sorry,? but (?:i can(?:'t|not| not)|i(?:'m| am) (?:unable|not able|not allowed|not programmed))",
        r"i(?:'m| am)(?: \w+)? (?:unable|not able) to (?:assist|fulfil|comply|provide|generate)",
        r"i can(?:'t|not| not) (?:assist|help)(?: you)? with (?:that|this)",
        r"i (?:don't|do not) have (?:any )?personal (?:opinions?|feelings?|beliefs?|experiences?|preferences?)",
        r"my (?:training data|knowledge cut-?off|programming does not allow)",
        r"openai|chatgpt|gpt-?[345]",
        r"(?:violates?|against) (?:my|our|the|openai's) (?:content |usage )?(?:policy|policies|guidelines)",
    )
) + tuple(
    re.compile(pattern, _FLAGS)
    for pattern in (
        r"作为(?:一个|一名|一款)?\s*(?:AI(?![A-Za-z])|人工智能|(?:大型)?语言模型|虚拟助手)",
        r"我(?:只)?是(?:一个|一名|一款)?\s*(?:AI(?![A-Za-z])|人工智能|(?:大型)?语言模型|虚拟助手)",
        r"(?:大型)?语言模型",
        r"(?:很抱歉|对不起|抱歉)[,,。 ]*(?:但)?我(?:无法|不能)(?:提供|协助|回答|满足|生成|处理)",
    )
)

_WORK = (
    r"response|reply|dialogue|conversation|caption|json|rewrit\w+|revised|simplified|summary|translation|profile|"
    r"description|version"
)
EXPLAINING = tuple(
    re.compile(pattern, _FLAGS)
    for pattern in (
        r"\A\W*(?:sure|certainly|of course|absolutely|okay|ok|great)[,!.]*\s+"
        r"(?:here(?:'s| is| are)|below is|i(?:'d| would) be (?:happy|glad) to (?:help|assist|provide)|"
        r"i can (?:help|assist)(?: you)? with (?:that|this)|let me (?:help|assist) you with)\b",
        rf"\A\W*(?:here(?:'s| is| are)|below (?:is|are))\b[^.!?\n]{{0,80}}?\b(?:{_WORK})\b[^.!?\n]{{0,80}}:",
        r"\A\W*(?:here(?:'s| is| are)|below (?:is|are))\b[^:\n]{0,120}:[ \t]*\n",
        r"\A\W*here(?:'s| is)\b[^.!?\n]{0,60}\bin the (?:voice|style|tone|manner) of\b",
        r"\A\W*(?:response|reply|answer|output|assistant|user|human|ai|caption)\s*\**\s*:",
        r"```",
        r"\blet me know if (?:you(?:'d| would)? (?:need|have|want|like) (?:any )?(?:anything else|me to|more|other|further|"
        r"another|additional|questions|changes|adjustments)|there(?:'s| is) anything else)\b[^\n]*\Z",
        r"\bi hope (?:this|that) helps\W*\Z",
        r"\b(?:please )?feel free to (?:ask|reach out)\b[^.!?\n]*[.!]?\s*\Z",
        r"\bis there anything else i can (?:help|assist)(?: you)? with\b[^\n]*\Z",
    )
)

_ODD_ID = re.compile(r"[-_0-9]")
_KEYS = r"user_text|response|question|answer|thinking_process|generation_instruction|t2i_caption|answer_key|rationale"
RESIDUE = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"\{[^{}\n]{0,200}\}|\{\{|\}\}|\{%|%\}",
        r"(?i)\[(?:the |your |insert |other |another )*(?:character|char|user|human|role|partner|speaker|name|"
        r"placeholder|response|reply|insert)\b[^\]\n]{0,40}\]",
        r"(?i)</?(?:image|img|audio|video|think|gen|answer|vision|perception|system|user|assistant|human|bot|pad|unk|"
        r"s|eos|bos)\b[^<>\n]{0,60}>",
        r"<\|[A-Za-z_]{1,30}\|>|\[/?INST\]",
        r"\b(?:TODO|FIXME|TBD)\b",
        r"(?i)\blorem\b",
        rf'"(?:{_KEYS})"\s*:',
    )
)


def ai_tone(record: Record, context: Context) -> list[Measurement]:
    """Count phrases of an AI assistant in what the character or the writer says (not in the human's words).

    A human may well ask "Are you a language model?"; the character must not answer as one.
    """
    found = hits(record, context, {**spoken_texts(record), **written_texts(record)}, AI_TONE)
    return [measured(record, "ai_tone", len(found), "; ".join(found))]


def explanatory_prefix(record: Record, context: Context) -> list[Measurement]:
    """Count openings and endings that talk about the answer instead of giving it.

    Beside fixed phrases it counts a speaker's label ("Socrates:", "**Plato** (smiling):") at the start of a line,
    for names of the set alone: "I would say this: ..." is legal speech.
    """
    talk = all_texts(record) if spoken_texts(record) else {}
    names = tuple(name for known in context.names.values() for name in known)
    # One line, one label: a name that opens a line and is followed by a colon.
    label = re.compile(
        rf"^[\s\W]{{0,3}}{name_pattern(names)}\W{{0,3}}(?:\([^()\n]{{1,40}}\)\W{{0,2}})?:", _FLAGS
    )
    found = hits(record, context, all_texts(record), EXPLAINING) + hits(record, context, talk, (label,))
    return [measured(record, "explanatory_prefix", len(found), "; ".join(found))]


def residue(record: Record, context: Context) -> list[Measurement]:
    """Count placeholders, tags and keys of prompts, and ids of characters.

    An id counts only when it cannot be a word or a name: it holds '-', '_' or a digit and is nobody's name.
    """
    names = {plain(name) for known in context.names.values() for name in known}
    ids = tuple(
        sorted(known for known in context.character_ids if _ODD_ID.search(known) and known not in names)
    )
    patterns = RESIDUE + ((re.compile(rf"(?<![\w-]){name_pattern(ids)}(?![\w-])"),) if ids else ())
    found = hits(record, context, all_texts(record), patterns)
    return [measured(record, "residue", len(found), "; ".join(found))]


def hits(
    record: Record, context: Context, texts: dict[str, str], patterns: Iterable[re.Pattern[str]]
) -> list[str]:
    """List 'field: "what was found"' for every hit that no allowed phrase covers; overlapping hits count once."""
    allowed = [
        plain(phrase).casefold() for phrase in context.allow.get(record.character_id, ()) if phrase.strip()
    ]
    found: list[str] = []
    for name, text in texts.items():
        flat = plain(text)
        legal = list(_places(flat.casefold(), allowed))
        spans = sorted(
            (match.start(), -match.end())
            for pattern in patterns
            for match in pattern.finditer(flat)
            if match.group()
        )
        reached = 0
        for start, minus_end in spans:
            end = -minus_end
            if start >= reached and not any(first <= start and end <= last for first, last in legal):
                found.append(f'{name}: "{flat[start:end].strip()[:80]}"')
                reached = end
    return found


def _places(text: str, phrases: Iterable[str]) -> Iterator[tuple[int, int]]:
    for phrase in phrases:
        at = text.find(phrase)
        while at >= 0:
            yield at, at + len(phrase)
            at = text.find(phrase, at + 1)
