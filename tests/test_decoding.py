"""Decoding: any picture file -> the pixels a person would see, or one clear refusal."""

import io
import re
import resource
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile
from PIL.PngImagePlugin import PngInfo

from rolescape_data.errors import InputError
from rolescape_data.vision.decode import Decoded, decode
from rolescape_data.vision.png import png_bytes

MATTE = (10, 200, 30)


def picture(width: int = 40, height: int = 24) -> Image.Image:
    """Smooth colours with a red square in the upper left corner, so that every turn can be told apart."""
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([60 + 2 * x, 40 + 3 * y, 220 - 2 * x - y], axis=-1).clip(0, 255).astype(np.uint8)
    pixels[: height // 4, : width // 4] = (250, 10, 10)
    return Image.fromarray(pixels)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def seen(data: bytes, name: str = "a.png", **options: int) -> Decoded:
    return decode(data, name=name, matte=MATTE, **options)


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


def refusal(data: bytes, name: str = "a.png", **options: int) -> str:
    with pytest.raises(InputError) as caught:
        seen(data, name, **options)
    return str(caught.value)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(size: tuple[int, int], depth: int, colour: int, rows: bytes, *extra: bytes) -> bytes:
    """A PNG made by hand, for depths and transparency that Pillow does not write."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + body + chunk(b"IEND", b"")


WHOLE_COLOUR = {
    "png": {},
    "bmp": {},
    "tiff": {},
    "ppm": {},
    "webp": {"lossless": True},
    "jpeg": {"quality": 95, "subsampling": 0},
    "jpeg2000": {},
    "avif": {"quality": 95},
}


@pytest.mark.parametrize("kind", WHOLE_COLOUR)
def test_each_format_gives_its_pixels_as_rgb_and_its_name_in_lower_case(kind):
    suffix = {"jpeg2000": "jp2", "tiff": "tif", "jpeg": "jpg"}.get(kind, kind)
    result = seen(saved(picture(), kind, **WHOLE_COLOUR[kind]), f"a.{suffix}")
    assert (result.image.mode, result.original_format, result.steps) == ("RGB", kind, ())
    assert np.abs(pixels(result.image) - pixels(picture())).mean() < 3


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_grey_two_coloured_and_palette_pictures_become_rgb_without_a_step(mode):
    image = picture().convert(mode)
    result = seen(saved(image, "PNG"))
    assert result.image.mode == "RGB"
    assert result.steps == ()
    assert np.array_equal(pixels(result.image), pixels(image.convert("RGB")))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparency_shows_the_matte_and_the_step_names_it(mode):
    image = picture().convert("L").convert(mode) if mode == "LA" else picture().convert(mode)
    alpha = Image.new("L", image.size, 255)
    alpha.paste(0, (0, 0, 10, 10))
    alpha.paste(128, (10, 0, 20, 10))
    image.putalpha(alpha)
    result = seen(saved(image, "TIFF" if mode == "PA" else "PNG"), "a.tif" if mode == "PA" else "a.png")
    assert result.steps == ("transparency laid on the matte #0ac81e",)
    assert result.image.getpixel((2, 2)) == MATTE
    under = np.array(image.convert("RGB").getpixel((15, 5)))
    assert np.abs(np.array(result.image.getpixel((15, 5))) - (under + MATTE) / 2).max() <= 2


def test_an_opaque_alpha_channel_is_no_step():
    result = seen(saved(picture().convert("RGBA"), "PNG"))
    assert result.steps == ()
    assert np.array_equal(pixels(result.image), pixels(picture()))


@pytest.mark.parametrize("transparency", [3, bytes([255, 255, 255, 0, 255])], ids=["one colour", "table"])
def test_a_transparent_palette_entry_shows_the_matte(transparency):
    image = Image.new("P", (8, 8), 1)
    image.putpalette([value for index in range(6) for value in (index * 40, 90, 20)])
    image.paste(3, (0, 0, 4, 8))
    result = seen(saved(image, "PNG", transparency=transparency))
    assert result.image.getpixel((1, 1)) == MATTE
    assert result.image.getpixel((6, 6)) == (40, 90, 20)


@pytest.mark.parametrize(
    ("depth", "colour", "row", "key", "behind"),
    [
        (1, 0, b"\x40", (0,), (255, 255, 255)),
        (2, 0, b"\x9b", (2,), (85, 85, 85)),
        (4, 0, b"\x7b\xbb", (7,), (187, 187, 187)),
        (8, 0, b"\x07\x60\x60\x60", (7,), (96, 96, 96)),
        (16, 0, b"\x12\x34\x60\x00\x60\x00\x60\x00", (0x1234,), (96, 96, 96)),
        (8, 2, b"\x01\x02\x03" + b"\x60\x60\x60" * 3, (1, 2, 3), (96, 96, 96)),
        (16, 2, b"\x00\x01\x00\x02\xff\x03" + b"\x60\x00" * 9, (1, 2, 0xFF03), (96, 96, 96)),
    ],
)
def test_a_single_transparent_colour_shows_the_matte_at_every_depth(depth, colour, row, key, behind):
    data = png((4, 1), depth, colour, b"\0" + row, chunk(b"tRNS", struct.pack(f">{len(key)}H", *key)))
    result = seen(data)
    assert result.image.getpixel((0, 0)) == MATTE
    assert result.image.getpixel((1, 0)) == behind


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_scaled_by_its_whole_range_and_not_clipped(kind):
    deep = np.array([[0, 257, 32_896, 65_535]], dtype=np.uint16)
    result = seen(saved(Image.fromarray(deep), kind), "a.png" if kind == "PNG" else "a.tif")
    assert pixels(result.image)[0, :, 0].tolist() == [0, 1, 128, 255]
    assert result.steps == ("deep grey scaled to 8 bits (65535 is white)",)


def test_a_dark_sixteen_bit_picture_stays_dark():
    result = seen(saved(Image.fromarray(np.full((4, 4), 2_000, dtype=np.uint16)), "PNG"))
    assert result.image.getpixel((0, 0)) == (8, 8, 8)


@pytest.mark.parametrize("colour", [2, 6], ids=["RGB", "RGBA"])
def test_sixteen_bit_colour_is_reduced_and_said_so(colour):
    pixel = struct.pack(">4H", 0, 0x8080, 0xFFFF, 0xFFFF)[: 6 if colour == 2 else 8]
    result = seen(png((2, 1), 16, colour, b"\0" + pixel * 2))
    assert result.image.getpixel((1, 0)) == (0, 128, 255)
    assert result.steps == ("16-bit colour reduced to 8 bits",)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (np.array([[0, 65_535, 32_768]], dtype=np.int32), [0, 255, 128]),
        (np.array([[0, 1.0, 0.5]], dtype=np.float32), [0, 255, 128]),
        (np.array([[0, 65_535, float("nan")]], dtype=np.float32), [0, 255, 0]),
    ],
)
def test_integer_and_floating_grey_are_scaled_and_not_clipped(values, wanted):
    result = seen(saved(Image.fromarray(values), "TIFF"), "a.tif")
    assert pixels(result.image)[0, :, 0].tolist() == wanted


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_becomes_srgb(kind):
    data = saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), kind)
    result = seen(data, "a.jpg" if kind == "JPEG" else "a.tif")
    red, green, blue = result.image.getpixel((8, 8))
    assert red > 200
    assert max(green, blue) < 60
    assert result.steps == ("CMYK converted to sRGB without a colour profile",)


def test_an_embedded_profile_that_says_srgb_changes_nothing():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    result = seen(saved(picture(), "PNG", icc_profile=profile))
    assert result.steps == ()
    assert np.array_equal(pixels(result.image), pixels(picture()))


def test_an_embedded_profile_with_other_colours_is_converted_to_srgb():
    result = seen(saved(picture(), "PNG", icc_profile=_swapped_profile()))
    assert result.steps == ("RGB converted to sRGB by its colour profile",)
    assert result.image.getpixel((2, 2))[2] > 200, "red and blue change places in this profile"


def _swapped_profile() -> bytes:
    """The sRGB profile with its red and blue primaries exchanged in the table of tags."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"tmpX").replace(b"bXYZ", b"rXYZ").replace(b"tmpX", b"bXYZ")


def test_transparency_and_colour_profile_go_together():
    image = picture().convert("RGBA")
    image.putalpha(Image.new("L", image.size, 0))
    result = seen(saved(image, "PNG", icc_profile=_swapped_profile()))
    assert result.image.getpixel((5, 5)) == MATTE, "the matte is sRGB already"


@pytest.mark.parametrize("profile", [b"no profile", b""], ids=["broken", "empty"])
def test_a_broken_colour_profile_is_ignored(profile):
    result = seen(saved(picture(), "PNG", icc_profile=profile))
    assert np.array_equal(pixels(result.image), pixels(picture()))
    assert result.steps == (("unusable colour profile ignored",) if profile else ())


def test_a_profile_for_other_channels_is_ignored_and_noted():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    result = seen(saved(picture(), "PNG", icc_profile=profile))
    assert result.steps == ("unusable colour profile ignored",)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "MPO"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_the_picture_stands_upright_whatever_exif_says(kind, orientation):
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    lying = picture().transpose(Image.Transpose(undo))
    exif = Image.Exif()
    exif[0x0112] = orientation
    result = seen(saved(lying, kind, exif=exif), f"a.{kind.lower().replace('mpo', 'jpg')}")
    assert result.image.size == picture().size
    assert np.abs(pixels(result.image) - pixels(picture())).mean() < 6
    assert result.steps[-1] == f"turned upright (EXIF orientation {orientation})"


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_a_damaged_exif_block_leaves_the_picture_as_it_lies():
    data = saved(picture(), "JPEG", exif=b"Exif\0\0MM\0\x2a\xff\xff\xff\xff")
    assert seen(data, "a.jpg").image.size == picture().size


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_gives_its_first_frame_and_says_so(kind):
    frames = [Image.new("RGB", (12, 12), colour) for colour in ("red", "blue", "green")]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
    result = seen(data, f"a.{kind.lower()}")
    red, _, blue = result.image.getpixel((6, 6))
    assert red > 240
    assert blue < 10
    assert result.steps == ("first frame of an animation",)


@pytest.mark.parametrize(("kind", "suffix"), [("TIFF", "tif"), ("MPO", "jpg")])
def test_a_file_of_several_pictures_gives_the_first_and_says_so(kind, suffix):
    pair = [Image.new("RGB", (12, 12), colour) for colour in ("red", "blue")]
    result = seen(saved(pair[0], kind, save_all=True, append_images=pair[1:]), f"a.{suffix}")
    assert result.image.getpixel((6, 6))[0] > 240
    assert result.original_format == kind.lower()
    assert result.steps == ("first picture of several in the file",)


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("a.png", "named .png, is jpeg"),
        ("a", "named without a suffix, is jpeg"),
        ("a.JPG", None),
        ("a.jpeg", None),
    ],
)
def test_a_suffix_that_says_another_format_is_noted(name, step):
    assert seen(saved(picture(), "JPEG"), name).steps == ((step,) if step else ())


FOREIGN = [
    (b"", "empty"),
    (b"A portrait of the queen.\n", "text"),
    (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    (b"\xef\xbb\xbf  <svg width='4' height='4'></svg>", "SVG"),
    (b"\0\0\0\x18ftypheic" + b"\0" * 40, "HEIC"),
    (b"\0\0\0\x18ftypisom" + b"\0" * 40, "video"),
    (b"%PDF-1.7\n", "PDF"),
    (b"\x7fELF" + bytes(60), "no format that is read"),
]


@pytest.mark.parametrize(("data", "word"), FOREIGN, ids=[word for _, word in FOREIGN])
def test_what_is_no_picture_is_refused_with_its_name_and_a_next_step(data, word):
    message = refusal(data, "queen.jpg")
    assert re.fullmatch(r"Picture 'queen\.jpg' [^\n]+: [^\n]+\.", message)
    assert word in message


SIZES = [(20_000, 20_000), (60_000, 60_000), (40_000, 10), (10, 32_769), (9_000, 9_000)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["png", "gif", "bmp", "webp"])
def test_a_header_that_claims_too_much_is_refused_before_room_is_made(kind, size):
    width, height = size
    data = {
        "png": png(size, 8, 2, b"\0"),
        "gif": b"GIF89a"
        + struct.pack("<HHBBB", width, height, 0, 0, 0)
        + b","
        + struct.pack("<HHHHB", 0, 0, width, height, 0)
        + b"\x08\x02\x4c\x01\0;",
        "bmp": b"BM"
        + struct.pack("<IHHIIiiHHIIIIII", 60, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 1, 1, 0, 0),
        "webp": b"RIFF\x30\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0"
        + (width - 1).to_bytes(3, "little")
        + (height - 1).to_bytes(3, "little")
        + bytes(32),
    }[kind]
    with warnings.catch_warnings(), no_room_beyond(200_000_000):
        warnings.simplefilter("error")
        message = refusal(data)
    assert f"{width} x {height} pixels" in message
    assert "scale it down" in message


@contextmanager
def no_room_beyond(extra: int) -> Iterator[None]:
    """Let this process take so many bytes more and no more, decoders included."""
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (taken + extra, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def test_the_pixel_limit_is_the_callers():
    data = saved(picture(40, 24), "PNG")
    assert seen(data, max_pixels=960).image.size == (40, 24)
    assert "at most 959" in refusal(data, max_pixels=959)


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0)])
def test_a_picture_without_area_is_refused(size):
    refusal(png(size, 8, 2, b"\0"))


NOISE = Image.fromarray(np.random.default_rng(5).integers(0, 255, (48, 48, 3), dtype=np.uint8))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "AVIF", "PPM", "JPEG2000", "WEBP"])
@pytest.mark.parametrize("part", [0.02, 0.1, 0.3, 0.6, 0.9])
def test_a_file_that_is_cut_off_is_refused(kind, part):
    data = saved(NOISE, kind)
    message = refusal(data[: int(len(data) * part)], "cut.png")
    assert message.startswith("Picture 'cut.png' ")
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_a_jpeg_without_its_last_two_bytes_is_refused_as_cut_off():
    assert "is cut off" in refusal(saved(NOISE, "JPEG")[:-2])


def test_a_png_that_lacks_only_its_end_mark_is_read_and_the_lack_is_noted():
    data = saved(NOISE, "PNG")[:-12]
    result = seen(data)
    assert result.steps == ("the end of the file is missing, all pixels are there",)
    assert np.array_equal(pixels(result.image), pixels(NOISE))


SAMPLES = [saved(picture(), kind) for kind in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "AVIF")]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=400))
@example(data=b"P5 1 1 255 ")
@example(data=b"P7\n")
@example(data=b"BM")
@example(data=b"\x89PNG\r\n\x1a\n")
def test_random_bytes_raise_nothing_but_input_errors(data):
    try:
        seen(data)
    except InputError as error:
        assert str(error)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    sample=st.sampled_from(SAMPLES),
    edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    keep=st.floats(0.1, 1),
)
@pytest.mark.filterwarnings("ignore")
def test_damaged_pictures_raise_nothing_but_input_errors(sample, edits, keep):
    damaged = bytearray(sample)
    for place, value in edits:
        damaged[int(place * len(damaged))] = value
    try:
        result = decode(bytes(damaged[: int(keep * len(damaged))]), name="a", matte=MATTE, max_pixels=100_000)
    except InputError as error:
        assert str(error)
    else:
        assert result.image.mode == "RGB"


def _with_place() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 1
    exif.get_ifd(0x8825)[1] = "N"
    return exif


def _with_text() -> PngInfo:
    info = PngInfo()
    info.add_text("Comment", "taken at home")
    return info


PRIVATE = [
    ("PNG", {"exif": _with_place()}),
    ("PNG", {"pnginfo": _with_text()}),
    ("JPEG", {"exif": _with_place()}),
    ("JPEG", {"comment": b"taken at home"}),
    ("JPEG", {"xmp": b"<x:xmpmeta/>"}),
    ("WEBP", {"exif": _with_place()}),
    ("WEBP", {"xmp": b"<x:xmpmeta/>"}),
]


@pytest.mark.parametrize(("kind", "options"), PRIVATE, ids=[f"{kind} {next(iter(o))}" for kind, o in PRIVATE])
def test_a_file_with_metadata_is_stored_as_its_pixels_alone(kind, options):
    data = saved(picture(), kind, **options)
    result = seen(data, f"a.{kind.lower()}")
    stored = png_bytes(result.image)
    again = Image.open(io.BytesIO(stored))
    assert again.info == {}
    assert not again.getexif()
    assert np.array_equal(pixels(again), pixels(result.image))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_bytes_after_the_picture_are_not_kept(kind):
    data = saved(picture(), kind) + b"a film with its place and time"
    stored = png_bytes(seen(data, f"a.{kind.lower()}").image)
    assert b"a film" not in stored


def test_a_progressive_jpeg_is_read():
    data = saved(NOISE, "JPEG", progressive=True, restart_marker_blocks=2)
    assert seen(data, "a.jpg").steps == ()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_all_formats_are_stored_as_png_with_the_same_pixels(kind):
    data = saved(picture(), kind)
    result = seen(data, f"a.{kind.lower()}")
    stored = png_bytes(result.image)
    assert np.array_equal(pixels(Image.open(io.BytesIO(stored))), pixels(result.image))


def test_the_same_pixels_are_stored_as_the_same_bytes():
    first = saved(picture(), "PNG", pnginfo=_with_text())
    second = saved(picture(), "TIFF")
    assert png_bytes(seen(first).image) == png_bytes(seen(second, "a.tif").image)


def test_the_decoded_picture_carries_no_metadata():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = saved(picture(), "PNG", exif=_with_place(), icc_profile=profile, dpi=(300, 300))
    assert seen(data).image.info == {}
