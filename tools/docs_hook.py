"""For mkdocs: what a document links to outside of docs/ is a file of the repository. The site names it, and a missing one is a warning,
which `sh tools/docs` ends with."""

import logging
import pathlib
import re

log = logging.getLogger("mkdocs")
ROOT = pathlib.Path(__file__).resolve().parent.parent


def on_page_markdown(markdown, page, **_):
    def name(match):
        text, path = match.groups()
        if not (ROOT / "docs" / path).exists():
            log.warning("%s links to %s, which does not exist", page.file.src_path, path)
        return text

    return re.sub(r"\[([^]]*)\]\((\.\./[^)#]*)\)", name, markdown)
