"""Cases of the gates of speech, safety, names, pictures and counts: gate, sound record, faulty one, what it gets."""

from typing import Any

from gates_samples import COMMON, caption, dialogue, image, image_dialogue, mcq, profile, qa, talk

from rolescape_data.records import ASPECTS, Annotation, Record
from rolescape_data.records.visual import ImageAnnotation

PLAN = caption().thinking_process
INSTRUCTION = "a lighthouse keeper, red coat, steady smile, lamp room, warm lamplight"


def annotation(**changes: Any) -> ImageAnnotation:
    fields = {
        "id": "mira-h_annotation_001",
        "image_id": "mira-h_image_001",
        "role_info": "Mira Holt",
        "supplied": True,
    }
    return ImageAnnotation(**{**COMMON, **fields, **changes})


def said(gate: str, sound: str, faulty: str, status: str) -> tuple[str, Record, Record, str]:
    return gate, dialogue(response=sound), dialogue(response=faulty), status


def shown(
    gate: str, sound: dict[str, Any], faulty: dict[str, Any], status: str
) -> tuple[str, Record, Record, str]:
    return gate, image(**sound), image(**faulty), status


FURTHER_RECORD_CASES: list[tuple[str, Record, Record, str]] = [
    said(
        "meta_talk",
        "I was born for the camera, and every frame in this hall is crooked.",
        "As the camera pans away I keep my lamp lit, as the script says.",
        "fail",
    ),
    said("meta_talk", "Make no scene, friend.", "I must stay in character, friend.", "fail"),
    said("meta_talk", "剧本写得真好看。", "我只是一个虚构的角色。", "fail"),
    (
        "meta_talk",
        talk("Is it late?", "Late, and a fine scene the harbour makes."),
        talk("Is it late?", "This role-play is over."),
        "warn",
    ),
    (
        "meta_talk",
        image_dialogue(response="The whole town came to the scene of the fire."),
        image_dialogue(response="In the next scene I shall light the lamp."),
        "warn",
    ),
    said(
        "picture_talk",
        "Take a picture of the lamp, and send it to my aunt.",
        "The man in this picture keeps no lamp of mine.",
        "warn",
    ),
    said("stage_directions", "That is *my* lamp, and *nobody* else's.", "*sighs* That lamp again.", "warn"),
    said("stage_directions", "He said no (and who would blame him).", "(looks at the sea) No.", "warn"),
    said("stage_directions", "It was *excellently* done.", "It was done (softly).", "warn"),
    said(
        "stage_directions", 'She said, "go home", and I went.', '"Go home," she whispered, "at once."', "warn"
    ),
    said("stage_directions", "灯（老的那一盏）还亮着。", "（叹气）灯灭了。", "warn"),
    said(
        "language",
        "I have kept this lamp since the great storm, and I shall keep it.",
        "Ich halte diese Lampe seit dem großen Sturm, und ich behalte sie.",
        "fail",
    ),
    said(
        "language",
        "Aye. Hm. Well.",
        "我每天晚上都点亮灯塔里的灯，自从那场大风暴以来，从来没有停过一天。",
        "fail",
    ),
    (
        "language",
        dialogue(
            lang="zh",
            user_text="谁来点亮今晚的灯？",
            response="我每天晚上都点亮灯塔里的灯，自从那场大风暴以来从没停过。",
        ),
        dialogue(
            lang="zh", user_text="谁来点亮今晚的灯？", response="I have kept this lamp since the great storm."
        ),
        "fail",
    ),
    said("mixed_scripts", "The café keeps a naïve clock.", "The lаmp is lit.", "warn"),  # a Cyrillic а
    said(
        "mixed_scripts",
        "He calls it ἀρετή and means his own good manners.",
        "灯塔 is my home, 大风暴 is not.",
        "warn",
    ),
    (
        "mixed_scripts",
        dialogue(
            lang="zh",
            user_text="谁来点灯？",
            response="我来点灯，每天晚上都是我，自从那场风暴以来，他们叫我 Mira。",
        ),
        dialogue(lang="zh", user_text="谁来点灯？", response="点灯 is what I do."),
        "warn",
    ),
    said("flagged_words", "Damn the tide, you knave.", "You blighters, get off my pier.", "warn"),
    said("flagged_words", "灯亮着，别担心。", "你这个坏蛋，快走开。", "warn"),
    said(
        "minors_sexual",
        "The doctor told us the sex of the child in the morning.",
        "There was a nude photograph of a child in the drawer.",
        "fail",
    ),
    said(
        "minors_sexual",
        "She is twelve years old. Lust is for sailors.",
        "An erotic tale of a 12-year-old.",
        "fail",
    ),
    said(
        "pii",
        "Write to me at keeper@example.org, or call 555-0142.",
        "Write to mira.holt@saltby-post.net.",
        "fail",
    ),
    said(
        "pii",
        "It cost 1,250 crowns in 1914-1918, on 1970-05-29.",
        "Call +44 20 7946 1234 after dark.",
        "fail",
    ),
    said("pii", "My number is four, as the door says.", "Phone: (212) 736-5000.", "fail"),
    said(
        "pii", "DE89 3704 0044 0532 0130 01 is no account.", "Pay it to DE89 3704 0044 0532 0130 00.", "fail"
    ),
    said("pii", "The plate reads 4111 1111 1111 1112.", "Take 4111 1111 1111 1111 for the oil.", "fail"),
    said("pii", "The password: whisper it.", "The key is AKIA" + "Q7" * 8 + ".", "fail"),
    said("pii", "I sk-ip the stairs.", "api_key=" + "9f8e7d6c5b4a", "fail"),
    ("pii", profile(), profile(life_story="Her friends reach her by mail: mira@saltby.co.uk."), "fail"),
    said(
        "street_address", "He lives in 2 rooms on High Street.", "He lives at 14 Old Harbour Street.", "fail"
    ),
    said("street_address", "The road has 40 lamps.", "Sie wohnt in der Hafenstraße 12 in Bremen.", "fail"),
    ("street_address", qa(), qa(answer="At 7 Quay Road, Saltby."), "fail"),
    ("instruction_names", caption(), caption(generation_instruction=f"Mira Holt, {INSTRUCTION}"), "warn"),
    (
        "instruction_names",
        caption(generation_instruction=f"a long light, jon boats, {INSTRUCTION}"),
        caption(generation_instruction=f"poster of The Long Light, {INSTRUCTION}"),
        "warn",
    ),
    (
        "thinking_copies_reply",
        caption(thinking_process=f"{PLAN} She has trimmed the wick, and she waits until the boats are in."),
        caption(thinking_process=f"{PLAN} It says: I have trimmed the wick, and I shall wait here."),
        "warn",
    ),
    shown("picture_side", {"height": 600, "width": 512}, {"height": 600, "width": 511}, "warn"),
    shown("picture_side", {"height": 512}, {"height": 255}, "fail"),
    shown("picture_ratio", {"height": 512, "width": 1536}, {"height": 512, "width": 1540}, "fail"),
    shown("picture_ratio", {"height": 1536, "width": 512}, {"height": 1540, "width": 512}, "fail"),
    shown("picture_brightness", {"brightness": 30.0}, {"brightness": 15.0}, "warn"),
    shown("picture_brightness", {"brightness": 255.0}, {"brightness": 2.0}, "fail"),
    shown("picture_sharpness", {"sharpness": 219.0}, {"sharpness": 17.0}, "warn"),
    shown(
        "role_names",
        {
            "annotation": Annotation(
                role_info="From left to right are Mira Holt, Jon and an old man of Saltby."
            )
        },
        {"annotation": Annotation(role_info="From left to right are Mira Holt and Captain Ahab.")},
        "warn",
    ),
    shown(
        "role_names",
        {"annotation": Annotation(role_info="Asta Vee"), "characters_present": ["Asta Vee"]},
        {"annotation": Annotation(role_info="Asta Vee")},
        "warn",
    ),
    (
        "role_names",
        annotation(role_info="Keepers stand by Dr. Pell."),
        annotation(role_info="Asta Vee"),
        "warn",
    ),
]


def _asked(*aspects: str, make: Any = qa) -> list[Record]:
    return [make(id=f"mira-h_q_{number:03d}", aspect=aspect) for number, aspect in enumerate(aspects, 1)]


FURTHER_SET_CASES: list[tuple[str, list[Record], list[Record], list[str]]] = [
    (
        "aspect_coverage",
        _asked(*ASPECTS, make=mcq),
        _asked(*ASPECTS[:7], ASPECTS[0], make=mcq),
        ["warn"],
    ),
    ("aspect_share", _asked(*ASPECTS * 2), _asked(*ASPECTS * 2, *["goals"] * 5), ["warn"]),
]
