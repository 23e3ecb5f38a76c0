"""How Sphinx builds the site (``make site``): Markdown pages as they are, and the public door from its docstrings.

Nothing is fetched: links to other sites are listed in ``external-links.txt`` of the site, and not followed.
"""

import sys
from pathlib import Path

from docutils.nodes import document, reference
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

sys.path.insert(0, str(Path(__file__).parent / "site"))
from door import fill_in

import commonweal

project, author = "Commonweal", "The Commonweal contributors"
version = release = commonweal.__version__
project_copyright = f"2026, {author}"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
root_doc, source_suffix = "index", {".md": "markdown"}
exclude_patterns = ["images", "examples", "site"]
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
smartquotes = False  # commands and code are shown as they are typed
highlight_language = "text"  # of blocks that name none: commands, with what they do beside them
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": False, "inherited-members": False}
python_use_unqualified_type_names = True
napoleon_google_docstring, napoleon_numpy_docstring = True, False
copybutton_selector = "div.highlight-python pre, div.highlight-toml pre, div.highlight-text pre, div.highlight-bash pre"
html_theme = "furo"
html_title = "Commonweal"
html_static_path = ["site/static"]
html_css_files = ["commonweal.css"]
html_copy_source = html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}


def external_links(app: Sphinx) -> set[str]:
    """Every address of another site that a page links to."""
    return app.env.__dict__.setdefault("commonweal_links", set())


def collect(app: Sphinx, tree: document) -> None:
    """Remember a page's links to other sites."""
    external_links(app).update(
        node["refuri"] for node in tree.findall(reference) if node.get("refuri", "").startswith(("http:", "https:"))
    )


def merge(app: Sphinx, env: BuildEnvironment, names: list[str], other: BuildEnvironment) -> None:
    """Add what another process has read."""
    external_links(app).update(getattr(other, "commonweal_links", set()))


def list_links(app: Sphinx, failure: Exception | None) -> None:
    """Write the links to other sites, one a line."""
    if failure is None and app.builder.format == "html":
        links = sorted(external_links(app))
        (Path(app.outdir) / "external-links.txt").write_text("\n".join(links) + "\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect what is done while pages are read."""
    app.connect("source-read", fill_in)
    app.connect("doctree-read", collect)
    app.connect("env-merge-info", merge)
    app.connect("build-finished", list_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
