"""The API's reference page at `/docs`, from our own assets: nothing is loaded from elsewhere."""

import html
import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)


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
    body = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Matinee API</title>"
        "<style>body{font:15px/1.45 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "summary{padding:.35rem 0;cursor:pointer}span{color:#666}code{font-size:.9em}"
        "td{padding:.1rem .8rem .1rem 0;vertical-align:top}</style>"
        "<main><h1>Matinee API</h1><p>The machine-readable document is"
        " <a href=/api/v1/openapi.json>/api/v1/openapi.json</a>.</p>" + "".join(parts) + "</main>"
    )
    return HTMLResponse(body)
