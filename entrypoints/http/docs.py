"""The documentation pages, served from files of ours: a browser loads nothing from anybody else."""

import html
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from quart import Quart, Response
from quart.utils import run_sync

from entrypoints.http import errors
from entrypoints.http.openapi import openapi
from entrypoints.http.operation import Operation

PREFIX = "/api/v1"
REDOC = Path(__file__).with_name("static") / "redoc"
# Inline styles and data: images are what the two viewers need; scripts come from here alone.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; "
    "base-uri 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY}

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>{head}</head>
<body>{body}</body>
</html>
"""
SWAGGER_START = """window.addEventListener("load", () => SwaggerUIBundle({
  url: "openapi.json", dom_id: "#viewer", deepLinking: true, presets: [SwaggerUIBundle.presets.apis],
}));
"""
SWAGGER = PAGE.format(
    title="Knowledge Graph Lab API",
    head='<link rel="stylesheet" href="docs/swagger-ui.css">'
    '<script src="docs/swagger-ui-bundle.js"></script><script src="docs/start.js"></script>',
    body='<div id="viewer"></div>',
)
REDOC_PAGE = PAGE.format(
    title="Knowledge Graph Lab API",
    head="",
    body='<redoc spec-url="openapi.json"></redoc><script src="docs/redoc.standalone.js"></script>',
)


def swagger_files() -> Path:
    """Where the package with Swagger UI keeps its files; found without importing the package."""
    spec = importlib.util.find_spec("flask_swagger_ui")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the package flask-swagger-ui is not installed")
    return Path(spec.submodule_search_locations[0]) / "dist"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file a page loads."""

    path: Path
    content_type: str


def assets() -> dict[str, Asset]:
    """What the pages load, by the name they use."""
    swagger = swagger_files()
    script, style = "text/javascript; charset=utf-8", "text/css; charset=utf-8"
    return {
        "swagger-ui.css": Asset(swagger / "swagger-ui.css", style),
        "swagger-ui-bundle.js": Asset(swagger / "swagger-ui-bundle.js", script),
        "redoc.standalone.js": Asset(REDOC / "redoc.standalone.js", script),
    }


def problem_page(slug: str) -> str | None:
    """What one problem type means and what to do about it; None for a type we never send."""
    kinds = [kind for kind in errors.TABLE.values() if kind.slug == slug]
    if not kinds:
        return None
    kind = kinds[0]
    body = f"<h1>{html.escape(kind.title)} ({kind.status})</h1><p>{html.escape(kind.advice)}</p>"
    return PAGE.format(title=html.escape(kind.title), head="", body=body)


def register_docs(app: Quart, operations: Sequence[Operation[Any, Any]], version: str) -> None:
    """Adds the pages, their files, the document and the problem types."""
    document = msgspec.json.encode(openapi(operations, version))
    files = assets()

    async def show_document() -> Response:
        return Response(document, content_type="application/json")

    async def show_swagger() -> Response:
        return Response(SWAGGER, headers=HEADERS, content_type="text/html; charset=utf-8")

    async def show_redoc() -> Response:
        return Response(REDOC_PAGE, headers=HEADERS, content_type="text/html; charset=utf-8")

    async def show_start() -> Response:
        return Response(SWAGGER_START, headers=HEADERS, content_type="text/javascript; charset=utf-8")

    async def show_asset(name: str) -> Response:
        asset = files.get(name)
        if asset is None:
            raise errors.NoSuchRoute
        content = await run_sync(asset.path.read_bytes)()
        headers = {**HEADERS, "Cache-Control": "public, max-age=86400"}
        return Response(content, headers=headers, content_type=asset.content_type)

    async def show_problem(slug: str) -> Response:
        page = problem_page(slug)
        if page is None:
            raise errors.NoSuchRoute
        return Response(page, headers=HEADERS, content_type="text/html; charset=utf-8")

    for rule, view in (
        ("/openapi.json", show_document),
        ("/docs", show_swagger),
        ("/docs/start.js", show_start),
        ("/redoc", show_redoc),
        ("/docs/<name>", show_asset),
        ("/problems/<slug>", show_problem),
    ):
        app.add_url_rule(
            PREFIX + rule, endpoint=rule, view_func=view, methods=["GET"], provide_automatic_options=False
        )
