"""Accepted replies -> pairs whose rejected side fails exactly one named gate and whose chosen side fails none.

Made by rule: the reply is kept word for word as the chosen side, and spoilt in one way for the rejected one. Both are
held against every gate of their kind, and a pair whose rejected side fails another gate too, or none, is not kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from rolescape_data.blueprints import KindContract
from rolescape_data.gates import measure_records
from rolescape_data.gates.decide import Thresholds, decide
from rolescape_data.materials import Material
from rolescape_data.records import Cell, PreferencePair, Provenance, TextDialogue, Verdict
from rolescape_data.records.training import Axis, Fault
from rolescape_data.spans import words
from rolescape_data.stages.base import Result, context_for

RULE = "rule:preference"


@dataclass(frozen=True, slots=True)
class Spoiling:
    """How a reply is spoilt: the gate that must notice it, and what kind of quality it lacks then."""

    fault: Fault
    gate: str
    axis: Axis
    spoil: Callable[[str, str, str], str]


def preferences(
    material: Material,
    contract: KindContract,
    thresholds: Thresholds,
    dialogues: Sequence[TextDialogue],
    *,
    others: Mapping[str, tuple[str, ...]],
) -> Result:
    """Fill the contract of preference pairs, fault by fault; every reply serves once.

    Args:
        material: the character's.
        contract: a mix of faults.
        thresholds: of the gates that both sides are held against.
        dialogues: accepted single exchanges.
        others: names and aliases of the set's other characters, by id: their voice is not this one's.
    """
    cells: list[Cell] = []
    records: list[PreferencePair] = []
    free = list(dialogues)
    for fault, wanted in contract.cells().items():
        made = 0
        spoiling = SPOILINGS.get(fault)
        for dialogue in list(free):
            if made == wanted or spoiling is None:
                break
            pair = _pair(material, thresholds, dialogue, spoiling, others)
            if pair is not None:
                records.append(pair)
                free.remove(dialogue)
                made += 1
        note = (
            "no further reply fails that gate alone once it is spoilt"
            if spoiling
            else "no rule makes this fault"
        )
        cells.append(
            Cell(
                character_id=material.id,
                kind=PreferencePair.kind,
                cell=fault,
                wanted=wanted,
                found=made,
                note=note if made < wanted else "",
            )
        )
    return Result(records, [], cells)


def _pair(
    material: Material,
    thresholds: Thresholds,
    dialogue: TextDialogue,
    spoiling: Spoiling,
    others: Mapping[str, tuple[str, ...]],
) -> PreferencePair | None:
    """Return the pair, or None when the gates do not see it as it is meant."""
    other = next((names[0] for _, names in sorted(others.items())), "")
    rejected = spoiling.spoil(dialogue.response, dialogue.lang, other)
    # Evidence belongs to the reply as it was; spoilt words stand in no source.
    spoilt = dialogue.model_copy(update={"response": rejected, "evidence": []})
    sound = _noticed(material, thresholds, dialogue, others)
    wrong = _noticed(material, thresholds, spoilt, others)
    if sound or set(wrong) != {spoiling.gate}:
        return None
    return PreferencePair(
        id=f"{dialogue.id}_{spoiling.fault}",
        character_id=dialogue.character_id,
        lang=dialogue.lang,
        license=dialogue.license,
        source=dialogue.source,
        provenance=Provenance(source_kind="rule", writer=RULE, parents=[dialogue.id]),
        prompt=dialogue.user_text,
        chosen=dialogue.response,
        rejected=rejected,
        margin=_margin(wrong[spoiling.gate]),
        axis=spoiling.axis,
        fault=spoiling.fault,
        gate=spoiling.gate,
        source_record_id=dialogue.id,
    )


def _noticed(
    material: Material, thresholds: Thresholds, dialogue: TextDialogue, others: Mapping[str, tuple[str, ...]]
) -> dict[str, Verdict]:
    """Return the gates of single records that a reply does not pass; of a warning only one that a pair may name."""
    context = context_for(material, thresholds, dialogue.provenance.parents)
    context = replace(context, names={**others, **context.names})
    measured = measure_records([dialogue], context)
    return {
        verdict.gate: verdict
        for verdict in decide(measured, thresholds)
        if verdict.status == "fail" or (verdict.status == "warn" and verdict.gate in _GATES)
    }


def _margin(verdict: Verdict) -> float:
    """Return how far the rejected side is over its bound, in the gate's own unit."""
    bound = next((float(part) for part in verdict.threshold.split() if part.replace(".", "").isdigit()), 0.0)
    return max(abs(verdict.value - bound), 1.0)


def _ai_tone(reply: str, lang: str, other: str) -> str:
    return (
        f"作为一个人工智能语言模型，{reply}"
        if lang == "zh"
        else f"As an AI language model, I should tell you this. {reply}"
    )


def _meta_talk(reply: str, lang: str, other: str) -> str:
    return (
        f"{reply}剧本里写着我该这么说。" if lang == "zh" else f"{reply} That is what the script says, anyway."
    )


def _stage_direction(reply: str, lang: str, other: str) -> str:
    return f"（微笑着点头）{reply}" if lang == "zh" else f"*smiles and nods slowly* {reply}"


def _wrong_voice(reply: str, lang: str, other: str) -> str:
    return f"{other}: {reply}"


def _over_length(reply: str, lang: str, other: str) -> str:
    """Go on and on: the same reply, with ever the same assurance, until nobody would listen."""
    more = _ASSURANCES["zh" if lang == "zh" else "en"]
    text, turn = reply, 0
    while len(words(text)) <= LONG:
        text += ("" if lang == "zh" else " ") + more[turn % len(more)]
        turn += 1
    return text


# Above the bound of 80 words by a clear margin.
LONG = 100
_ASSURANCES = {
    "en": (
        "And there is more to it than that, as I could go on telling you for as long as you care to listen.",
        "One thing leads to the next, and the next to another, and none of them is ever quite the last.",
        "You may ask why it should take so many words, and I would need many more to answer even that.",
        "But where was I, and where were you, and had we not come to the end of it a good while ago?",
        "Let it be said once again in another way, so that nothing at all of it is left out today.",
    ),
    "zh": (
        "而且这件事还远远没有说完，只要你愿意听，我就可以一直这样讲下去。",
        "一件事总会牵出另一件事，另一件又牵出下一件，哪一件都算不上最后一件。",
        "你也许要问为什么用得着这么多话，可单是回答这个问题，我就还得再讲上许久。",
        "不过我刚才讲到哪里了，你又听到哪里了，我们不是早就该讲完了吗？",
    ),
}

SPOILINGS: dict[str, Spoiling] = {
    "ai_tone": Spoiling("ai_tone", "ai_tone", "tone", _ai_tone),
    "meta_talk": Spoiling("meta_talk", "meta_talk", "style", _meta_talk),
    "stage_direction": Spoiling("stage_direction", "stage_directions", "format", _stage_direction),
    "wrong_character_voice": Spoiling(
        "wrong_character_voice", "explanatory_prefix", "personality", _wrong_voice
    ),
    "over_length": Spoiling("over_length", "response_words", "style", _over_length),
}
_GATES = frozenset(spoiling.gate for spoiling in SPOILINGS.values())
