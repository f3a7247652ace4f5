"""Build the API reference, one page for each public face of the package, with pdoc.

    python docs/build_api.py                # to site/api; open site/api/index.html
    python docs/build_api.py -o FOLDER

A page shows what the face exports (`__all__`) with docstrings and source. A new face is a new line
in FACES; tests/docs holds that every public name is on its page.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
import warnings
from pathlib import Path

import pdoc
from numpy.typing import ArrayLike
from pdoc import doc, doc_ast, render, render_helpers

FACES = (
    "rcrlib",
    "rcrlib.data",
    "rcrlib.data.annotations",
    "rcrlib.data.fetch",
    "rcrlib.flow",
    "rcrlib.models",
    "rcrlib.models.fast",
    "rcrlib.pseudo",
    "rcrlib.train",
    "rcrlib.predict",
    "rcrlib.metrics",
    "rcrlib.metrics.torchmetrics",
    "rcrlib.evaluation",
    "rcrlib.experiments",
    "rcrlib.show",
    "rcrlib.keyframes",
    "rcrlib.course",
    "rcrlib.course.widgets",
)
"""In the order in which data flow through them, as the navigation lists them."""

SOURCE = "https://github.com/rcrlib/rcrlib/blob/main/"


def nested(annotation: object) -> str:
    """Return a pattern for the text of a type within another one, which may differ from its own."""
    return re.escape(inspect.formatannotation(list[annotation])[len("list[") : -1])  # type: ignore[valid-type]


SHORT = (
    (nested(ArrayLike | None), "ArrayLike | None"),
    (nested(ArrayLike), "ArrayLike"),
    (re.escape(inspect.formatannotation(ArrayLike)), "ArrayLike"),
    (
        r"numpy\.ndarray\[(?:tuple\[.+?\.\.\.\]|typing\.Any), numpy\.dtype\[(.+?)\]\]",
        r"NDArray[\1]",
    ),
    (r"torch\.nn\.modules\.module\.", "nn."),
    (r"~(?=[A-Z])", ""),  # a TypeVar
    (r"ForwardRef\('(.+?)'\)", r"\1"),
    (r"\b(?:torch|pathlib|typing|collections\.abc)\.(?=[A-Z])", ""),
)
"""Patterns in the types of signatures, and what is shown for them."""


def short(text: str) -> str:
    """Return the text of a type as the source spells it."""
    for pattern, replacement in SHORT:
        text = re.sub(pattern, replacement, text)
    return text


class ShortType:
    """A type in a signature, whose text is short."""

    def __init__(self, annotation: object) -> None:
        self.text = short(inspect.formatannotation(annotation))

    def __repr__(self) -> str:
        return self.text


def format_signature(signature: inspect.Signature, colon: bool) -> str:
    """Return a signature as HTML, as pdoc does, but with short types."""

    def shown(annotation: object) -> object:
        return annotation if annotation is inspect.Parameter.empty else ShortType(annotation)

    parameters = [p.replace(annotation=shown(p.annotation)) for p in signature.parameters.values()]
    returned = shown(signature.return_annotation)
    return render_helpers.format_signature(
        signature.replace(parameters=parameters, return_annotation=returned), colon
    )


def face(name: str) -> doc.Module:
    """Return what pdoc knows of a face, with the docstrings of the constants that it exports.

    pdoc looks for the text below a constant in the face only, not where the constant is from; and
    for names in the module's dictionary only, where a lazily imported one is not yet.
    """
    module = doc.Module.from_name(name)
    for public in module.obj.__all__:
        vars(module.obj)[public] = getattr(module.obj, public)
    for constant in module.variables:
        for other, content in list(sys.modules.items()):
            if other.startswith("rcrlib.") and not constant.docstring:
                constant.docstring = doc_ast.walk_tree(content).var_docstrings.get(
                    constant.name, ""
                )
    return module


def build(out: Path) -> None:
    """Write the pages, their index and the index of their search box into the folder `out`."""
    render.configure(
        docformat="google",
        edit_url_map={"rcrlib": f"{SOURCE}rcrlib/"},
        footer_text=f"rcrlib {doc.Module.from_name('rcrlib').obj.__version__}",
        template_directory=Path(__file__).parent / "templates",
    )
    render.env.filters.update(short=short, format_signature=format_signature)
    # A NamedTuple's types are texts, which are shown as they stand.
    warnings.filterwarnings("ignore", "Error parsing type annotation ForwardRef")
    modules = {name: face(name) for name in FACES}
    for name, module in modules.items():
        page = out / f"{name.replace('.', '/')}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(render.html_module(module, modules), encoding="utf-8")
    (out / "index.html").write_text(render.html_index(modules), encoding="utf-8")
    (out / "search.js").write_text(render.search_index(modules), encoding="utf-8")


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description="Build the API reference.")
    parser.add_argument("-o", "--out", type=Path, default=Path("site/api"), metavar="FOLDER")
    out: Path = parser.parse_args().out
    build(out)
    print(f"{out / 'index.html'}: {len(FACES)} pages (pdoc {pdoc.__version__})")


if __name__ == "__main__":
    main()
