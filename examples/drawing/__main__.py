"""`python -m examples.drawing`: draw every picture of the starter set again, its pool of scenes included."""

from examples.drawing.scenes import ship_scenes
from examples.drawing.shipping import PICTURES, ship_all

if __name__ == "__main__":
    files = [*ship_all(PICTURES), *ship_scenes()]
    total = sum(file.stat().st_size for file in files)
    print(f"{len(files)} pictures, {total / 1e6:.1f} MB, in {PICTURES}")
