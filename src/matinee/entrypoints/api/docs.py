"""The API's reference pages at `/docs`, from our own assets: nothing is loaded from elsewhere."""

import html
import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from matinee.kernel.errors import MatineeError

router = APIRouter(include_in_schema=False)
_STYLE = """body { font: 15px/1.45 system-ui; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
summary { padding: .35rem 0; cursor: pointer }
span { color: #666 }
code { font-size: .9em }
td { padding: .1rem .8rem .1rem 0; vertical-align: top }
"""


@router.get("/docs/style.css")
async def style() -> Response:
    """Beside the pages, since no page may hold a style of its own."""
    return Response(_STYLE, media_type="text/css")


@router.get("/docs")
async def reference(request: Request) -> HTMLResponse:
    """Every operation with its permission, parameters and answers, as one plain page."""
    document: dict[str, Any] = request.app.openapi()
    parts = []
    for path, operations in sorted(document["paths"].items()):
        for method, operation in operations.items():
            rows = "".join(
                f"<tr><td>{html.escape(p['name'])}</td><td>{p['in']}</td>"
                f"<td><code>{html.escape(json.dumps(p.get('schema', {})))}</code></td></tr>"
                for p in operation.get("parameters", [])
            )
            parts.append(
                f"<details><summary><b>{method.upper()}</b> <code>{html.escape(path)}</code>"
                f" <span>{html.escape(operation.get('x-permission', ''))}</span></summary>"
                f"<p>{html.escape(operation.get('description', operation.get('summary', '')))}</p>"
                f"<table>{rows}</table></details>"
            )
    lead = (
        "<p>The machine-readable document is <a href=/api/v1/openapi.json>/api/v1/openapi.json</a>;"
        " <a href=/docs/errors>these</a> are the codes of what can be refused.</p>"
    )
    return _page("Matinee API", lead + "".join(parts))


@router.get("/docs/errors")
async def errors() -> HTMLResponse:
    """Every stable error code with its sentence: where the `type` of a problem leads."""
    rows = "".join(
        f"<tr id={html.escape(code)}><td><code>{html.escape(code)}</code></td><td>{html.escape(sentence)}</td></tr>"
        for code, sentence in sorted(_codes(MatineeError).items())
    )
    return _page("Errors", f"<table>{rows}</table>")


def _codes(family: type[MatineeError]) -> dict[str, str]:
    found = {family.code: family.sentence}
    for member in family.__subclasses__():
        found |= _codes(member)
    return found


def _page(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
        "<link rel=stylesheet href=/docs/style.css>"
        f"<main><h1>{title}</h1>{body}</main>"
    )
