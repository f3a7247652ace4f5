"""The package's floors: a module imports only from floors below its own."""

from __future__ import annotations

import ast
import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rcrlib
from rcrlib import predict

PACKAGE = Path(rcrlib.__file__).parent
ROOT = PACKAGE.parent
MODULES = sorted(PACKAGE.rglob("*.py"))

FLOORS = (
    # the cellar: what everything stands on
    ("errors",),
    ("files", "background", "lock", "signals", "variants"),
    ("work_folder",),
    # the ground floor: four rooms that know nothing of each other
    ("models", "flow", "data", "metrics"),
    # the mezzanine: where the rooms meet
    ("runtime", "triplets"),
    # the first floor: what the method does; nothing here knows the rest but for show's pictures
    ("show",),
    ("train", "pseudo", "predict", "evaluation", "keyframes"),
    # how fast all of it is
    ("bench",),
    # the paper's tables and figures
    ("experiments",),
    # the top: everything at once, the lessons on it, and the command
    ("demo",),
    ("course",),
    ("cli",),
    # what a user starts from: `rcrlib.Saliency` and `python -m rcrlib`
    ("__init__", "__main__"),
)
"""From the lowest up; a module imports from its own room and from lower rows, never across."""

FACES = sorted(
    ".".join(path.parent.relative_to(ROOT).parts)
    for path in MODULES
    if path.name == "__init__.py" and path.parent != PACKAGE
)
"""Packages: their modules are their own business, and others import what `__init__` exports."""

SCRIPTS = ("notebooks/source", "docs", "benchmarks", "data_scripts")
"""Folders beside the package whose files import it."""

LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}

DISTRIBUTIONS = {
    "cv2": "opencv-python",
    "IPython": "ipython",
    "PIL": "pillow",
    "lightning_fabric": "lightning-fabric",
    "loguru": "ptlflow",  # ptlflow's own logger, imported to quiet it
    "traitlets": "ipython",  # its settings
    "typing_extensions": "torch",  # for the type checker only
}
"""Which package brings a module, where their names differ."""

STANDARD = set(sys.stdlib_module_names)


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


each_module = pytest.mark.parametrize("path", MODULES, ids=name_of)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything that is imported anywhere in a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: a relative import; write it out"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_used(path: Path) -> set[str]:
    """Return the rooms that a module imports from, its own aside."""
    names = (name.split(".") for name in imports(path))
    rooms = {parts[1] for parts in names if parts[0] == "rcrlib" and len(parts) > 1}
    return rooms - {room_of(path), "__version__"}


def test_every_room_has_its_floor():
    assert {room_of(path) for path in MODULES} == set(LEVEL)


def test_importing_the_package_runs_no_other_module_of_it_and_no_library():
    """What `rcrlib` offers beside its version is imported when it is first asked for."""
    code = "import sys; before = set(sys.modules); import rcrlib; print(*set(sys.modules) - before)"
    env = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    loaded = {name for name in done.stdout.split() if name.split(".")[0] not in STANDARD}
    assert loaded == {"rcrlib"}


def test_what_the_package_offers_is_there_when_asked_for():
    assert rcrlib.__all__ == ["Saliency"]
    assert rcrlib.Saliency is predict.Saliency
    assert "Saliency" in dir(rcrlib)
    with pytest.raises(AttributeError, match=r"module 'rcrlib' has no attribute 'Saliancy'"):
        rcrlib.Saliancy  # noqa: B018


@each_module
def test_a_module_imports_only_from_floors_below_its_own(path):
    level = LEVEL[room_of(path)]
    assert {room for room in rooms_used(path) if LEVEL[room] >= level} == set()


def test_what_this_file_sees_of_imports(tmp_path):
    """Imports in functions and under TYPE_CHECKING count, names in texts do not."""
    (tmp_path / "one.py").write_text(
        "import rcrlib.cli.main as m\nfrom rcrlib import train, __version__\n"
        "def f():\n    from rcrlib.data.video import Video\n    'import rcrlib.flow'\n"
    )
    names = set(imports(tmp_path / "one.py"))
    assert names == {
        "rcrlib.cli.main", "rcrlib.train", "rcrlib.__version__", "rcrlib.data.video.Video"
    }  # fmt: skip


def imports_past_a_face(path: Path) -> set[str]:
    """Return the dotted names that a file imports from inside a package that it is not in."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return {name for name in imports(path) if _is_past_a_face(name, module)}


def _is_past_a_face(name: str, module: str) -> bool:
    """Tell whether a name is from inside a package, or is none that its `__init__` exports.

    Where packages are nested, the innermost one counts. A lesson exports nothing: its files are for
    itself and for its notebook.
    """
    faces = [face for face in FACES if name.startswith(f"{face}.")]
    if not faces or name in FACES:
        return False
    face = max(faces, key=len)
    lesson = module.replace("notebooks.source.", "rcrlib.course.lessons.l")
    if module.startswith(f"{face}.") or face == lesson:
        return False
    exported = getattr(importlib.import_module(face), "__all__", ())
    return name.removeprefix(f"{face}.") not in exported


def test_a_room_is_imported_through_its_face():
    scripts = [path for folder in SCRIPTS for path in sorted((ROOT / folder).glob("*.py"))]
    past = {
        path.relative_to(ROOT).as_posix(): imports_past_a_face(path)
        for path in [*MODULES, *scripts]
    }
    assert {name: names for name, names in past.items() if names} == {}


@pytest.mark.parametrize(
    ("name", "module", "past"),
    [
        ("rcrlib.data.load", "rcrlib.train.fit", False),
        ("rcrlib.data.masks.read_mask", "rcrlib.train.fit", True),
        ("rcrlib.data.masks", "rcrlib.train.fit", True),
        ("rcrlib.data.masks.read_mask", "rcrlib.data.fetch.prepare", False),
        ("rcrlib.show.bars", "rcrlib.train.fit", False),  # the function, which is exported
        ("rcrlib.show.bars.bars", "rcrlib.train.fit", True),
        ("rcrlib.data.fetch", "rcrlib.cli.get", False),
        ("rcrlib.data.fetch.get", "rcrlib.cli.get", False),
        ("rcrlib.data.fetch.prepare.get", "rcrlib.data.own_video", True),
        ("rcrlib.models.fast.head.tiled_head", "rcrlib.models.decoder", True),
        ("rcrlib.models.layers.upsample", "rcrlib.models.fast.head", False),
        ("rcrlib.triplets.image_tensor", "rcrlib.train.fit", False),  # a module of no package
        ("rcrlib.course.lessons.l06_fgplg.small_unet.fit", "notebooks.source.06_fgplg", False),
        ("rcrlib.course.lessons.l06_fgplg.small_unet.fit", "notebooks.source.07_semi", True),
        ("rcrlib.course.lessons.l06_fgplg.LESSON", "rcrlib.course.lessons.l07_semi.widget", True),
        ("rcrlib.course.figures.heat", "notebooks.source.06_fgplg", True),
    ],
)
def test_what_is_past_a_face(name, module, past):
    assert _is_past_a_face(name, module) == past


def test_every_import_is_of_a_declared_dependency():
    """Another package may stop to bring it along."""
    text = (PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8")
    declared = {name.lower() for name in re.findall(r'"([A-Za-z][\w-]*)>=', text)}
    used = {name.split(".")[0] for path in MODULES for name in imports(path)}
    foreign = used - STANDARD - {"rcrlib"}
    needed = {DISTRIBUTIONS.get(name, name).lower() for name in foreign}
    assert needed - declared == set()


FILE = r"[\w*]+(?:\.\w+)+|\w+/"


def files_on_map(docstring: str) -> set[str]:
    """Return the files and folders that stand at the beginning of a docstring's lines."""
    lines = re.findall(rf"^ *((?:{FILE})(?:, (?:{FILE}))*) +\S", docstring, flags=re.MULTILINE)
    return {name for line in lines for name in line.split(", ")}


MAPS = {
    path.parent: names
    for path in MODULES
    if path.name == "__init__.py"
    if (names := files_on_map(ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""))
}
"""Packages whose docstring says what each of their files is for."""


def test_what_counts_as_a_map():
    text = "What it is.\n\none.py, two.py  both\n    three/   a folder\nSee four.py for more.\n"
    assert files_on_map(text) == {"one.py", "two.py", "three/"}


@pytest.mark.parametrize("folder", MAPS, ids=name_of)
def test_a_map_names_every_file_and_no_other(folder):
    modules = {path.name for path in folder.glob("*.py")} - {"__init__.py"}
    packages = {f"{path.parent.name}/" for path in folder.glob("*/__init__.py")}
    assert (modules | packages) - MAPS[folder] == set(), "not on the map"
    assert {name for name in MAPS[folder] if not (folder / name).exists()} == set(), "not there"


@each_module
def test_everything_public_says_what_it_is(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    places = [tree, *(c for c in classes if not c.name.startswith("_"))]
    public = [
        node
        for place in places
        for node in place.body
        if isinstance(node, kinds) and not node.name.startswith("_") and not _is_overload(node)
    ]
    assert ast.get_docstring(tree), "the module says nothing"
    assert [node.name for node in public if not ast.get_docstring(node)] == []


def _is_overload(node: ast.AST) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any(isinstance(d, ast.Name) and d.id == "overload" for d in decorators)
