"""The parameters of a call, however they are sent: query, form, multipart or JSON."""

import json
from typing import Any

from aiohttp import web

from tests.bot_api.refusals import bad_request

_PLAIN = frozenset(
    {"action", "callback_query_id", "caption", "file_id", "language_code", "parse_mode", "text", "url"}
)
"""Strings that are taken as they are; every other parameter is JSON where it can be read as such."""

Upload = tuple[str, bytes]


async def read_parameters(request: web.Request) -> dict[str, Any]:
    """The parameters by name; an uploaded file is a pair of its name and its bytes. Raises Refusal."""
    query = {name: _decoded(name, value) for name, value in request.query.items()}
    if request.content_type == "application/json":
        return query | await _json_body(request)
    form = await request.post()
    uploads: dict[str, Upload] = {}
    fields: dict[str, Any] = {}
    for name, value in form.items():
        if isinstance(value, web.FileField):
            uploads[name] = (value.filename, value.file.read())
        else:
            fields[name] = _decoded(name, str(value))
    return query | {name: _attached(value, uploads) for name, value in fields.items()} | uploads


async def _json_body(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise bad_request("can't parse JSON object") from error
    # Values may be JSON inside JSON, as a client may encode each of them on its own.
    return {name: _decoded(name, value) if isinstance(value, str) else value for name, value in body.items()}


def _attached(value: Any, uploads: dict[str, Upload]) -> Any:
    """An `attach://` address names one of the uploads."""
    if isinstance(value, str) and value.startswith("attach://"):
        return uploads.get(value.removeprefix("attach://"), value)
    return value


def _decoded(name: str, value: str) -> Any:
    if name in _PLAIN:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
