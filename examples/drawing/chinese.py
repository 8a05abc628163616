"""The plan of the starter set -> notes and annotations in Chinese, for the same pictures.

`python -m examples.drawing.chinese` writes them again. What is noted is what the plan had drawn, element by element.
"""

import json
from pathlib import Path
from typing import Any

from examples.drawing.plan import PLAN
from examples.drawing.vocabulary import INDOORS, Character, PictureSpec

FOLDER = Path(__file__).resolve().parent.parent / "starter_zh"
NAMES: dict[Character, tuple[str, str, str]] = {
    "oda-wren": ("欧妲", "守灯人", "一件红色油布雨衣，铜色长辫"),
    "tobin-ash": ("托宾", "钟表匠的学徒", "一条芥末黄围巾，黄铜护目镜"),
}
PLACES = {
    "pier": "长堤的木板道上，两边是灰绿色的海水",
    "lamp_room": "圆形的灯室里，身旁是巨大的玻璃透镜",
    "workshop": "挂满时钟的钟表作坊里",
    "market": "条纹遮阳棚下的鱼市",
    "salt_flats": "堆着白色盐堆的盐田",
    "office": "挂着海图的港务所里",
    "stairs": "高房子之间狭窄的石阶街",
    "ferry": "渡船的甲板上，白色栏杆旁挂着救生圈",
    "clock_tower": "钟楼里，背后是发光的大钟面",
}
SHORT_PLACES = {
    "pier": "长堤", "lamp_room": "灯室", "workshop": "钟表作坊", "market": "鱼市", "salt_flats": "盐田", "office": "港务所",
    "stairs": "石阶街", "ferry": "渡船", "clock_tower": "钟楼",
}  # fmt: skip
LIGHTS = {
    "dawn": "粉红色的晨光", "noon": "正午明亮的阳光", "golden": "金色的夕阳", "moonlight": "清冷的月光", "storm": "暴风雨前的灰暗天光",
    "lamplight": "琥珀色的灯光",
}  # fmt: skip
COLOURS = {
    "dawn": "柔和的粉色和淡紫色", "noon": "鲜亮的蓝色和白色", "golden": "温暖的橙色和金色", "moonlight": "深蓝色和银色",
    "storm": "灰色和青绿色", "lamplight": "琥珀色和深紫色",
}  # fmt: skip
WEATHERS = {
    "clear": "空气清朗", "mist": "薄雾弥漫", "rain": "大雨斜落", "snow": "雪花飘落", "leaves": "落叶飞舞", "petals": "花瓣飘飞",
}  # fmt: skip
POSES = {
    "standing": "笔直地站着", "walking": "迈步往前走", "sitting": "安静地坐着", "kneeling": "单膝跪着", "pointing": "伸手指向旁边",
    "lifting": "把一只手高高举过头顶", "hugging": "双臂抱在胸前",
}  # fmt: skip
EXPRESSIONS = {
    "smiling": "温和地微笑", "laughing": "张嘴大笑", "proud": "得意地扬着眉毛", "surprised": "惊讶地睁大眼睛", "worried": "担心地皱着眉头",
    "sad": "难过地垂着眼睛", "angry": "生气地紧皱眉头", "sleepy": "困倦地半闭着眼睛",
}  # fmt: skip
PROPS = {
    "lantern": "一盏点亮的黄铜提灯", "clockwork_bird": "一只铜翅膀的发条鸟", "whistle": "一只系着红绳的大铜哨", "ledger": "一本厚厚的蓝色账本",
    "spyglass": "一支长长的黄铜望远镜", "fish": "一条银色的大鱼", "umbrella": "一把撑开的红白条纹伞", "key": "一把巨大的铁钥匙",
    "teapot": "一只带蓝点的白茶壶", "letter": "一封盖着红蜡的信",
}  # fmt: skip
FRAMINGS = {"full": "全身", "half": "半身", "close": "近景"}
SIDES = {"left": "人物在画面左边", "centre": "人物在画面中间", "right": "人物在画面右边"}
STYLE = "带纸张纹理的扁平绘本插画"


def note_of(file: str, spec: PictureSpec) -> dict[str, Any]:
    """Return one line of a notes file."""
    name, _, outfit = NAMES[spec.character]
    air = "" if spec.place in INDOORS else f"，{WEATHERS[spec.weather]}"
    note = (
        f"{name}在{PLACES[spec.place]}，{POSES[spec.pose]}，{EXPRESSIONS[spec.expression]}，带着{PROPS[spec.prop]}。"
        f"{LIGHTS[spec.light]}照着画面{air}。画面是{FRAMINGS[spec.framing]}，{SIDES[spec.side]}。"
    )
    attributes = {
        "expression": EXPRESSIONS[spec.expression],
        "pose": POSES[spec.pose],
        "setting": PLACES[spec.place],
        "style": STYLE,
        "lighting": LIGHTS[spec.light] + air,
        "colour": COLOURS[spec.light],
        "composition": f"{FRAMINGS[spec.framing]}，{SIDES[spec.side]}",
        "prop": PROPS[spec.prop],
        "outfit": outfit,
    }
    return {"image": file, "note": note, "attributes": attributes}


def annotation_of(file: str, spec: PictureSpec) -> dict[str, str]:
    """Return MMRole's three fields."""
    name, work, outfit = NAMES[spec.character]
    return {
        "image": file,
        "role_info": f"{name}，{work}，{outfit}。",
        "place_info": f"盐沼港的{SHORT_PLACES[spec.place]}",
        "scene_info": f"{LIGHTS[spec.light]}里，{name}{POSES[spec.pose]}，{EXPRESSIONS[spec.expression]}，带着{PROPS[spec.prop]}。",
    }


def ship_notes(folder: Path = FOLDER) -> list[Path]:
    """Write notes and annotations of both characters; return their paths."""
    written: list[Path] = []
    for character in NAMES:
        notes = [note_of(picture.file, picture.spec) for picture in PLAN[character]]
        told = [annotation_of(picture.file, picture.spec) for picture in PLAN[character]]
        lines = "".join(json.dumps(note, ensure_ascii=False) + "\n" for note in notes)
        written += [folder / f"{character}-notes.jsonl", folder / f"{character}-annotations.json"]
        written[-2].write_text(lines, encoding="utf-8")
        written[-1].write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return written


if __name__ == "__main__":
    print(f"{len(ship_notes())} files in {FOLDER}")
