"""Files that people edit (prompts, blueprints, thresholds), found in the wheel, the checkout, or an overlay."""

from pathlib import Path
from typing import Literal

from rolescape_data.errors import SettingsError

AssetFolder = Literal["prompts", "qa", "schemas"]

_PACKAGE = Path(__file__).resolve().parent


def shipped(folder: AssetFolder) -> Path:
    """Return the shipped folder: inside the installed package first, else in the checkout.

    Raises:
        SettingsError: neither is there, so the installation is broken.
    """
    installed = _PACKAGE / "_assets" / folder
    checkout = _PACKAGE.parent / folder
    for place in (installed, checkout):
        if place.is_dir():
            return place
    raise SettingsError(
        f"The shipped folder '{folder}' is neither in the package ({installed}) nor in a checkout ({checkout}). "
        "Install rolescape-data again."
    )


def find(folder: AssetFolder, name: str, overlay: Path | None = None) -> Path:
    """Return the file `name` of `folder`, from `overlay` when it holds one, file by file.

    Raises:
        SettingsError: no such file; the known ones are listed.
    """
    for place in (overlay, shipped(folder)):
        if place is not None and (place / name).is_file():
            return place / name
    known = names(folder, Path(name).suffix, overlay)
    raise SettingsError(f"There is no '{name}' in {folder}/. Known: {', '.join(known)}.")


def names(folder: AssetFolder, suffix: str, overlay: Path | None = None) -> list[str]:
    """List the files of `folder` and its overlay by relative POSIX name, sorted."""
    places = [shipped(folder), *([overlay] if overlay is not None else [])]
    return sorted(
        {
            path.relative_to(place).as_posix()
            for place in places
            for path in place.rglob(f"*{suffix}")
            if path.is_file()
        }
    )
