"""The rule of a bucket that lets pages of the house send parts to it. Never touches the rules of others."""

import base64
import hashlib
import json
from collections.abc import Sequence
from xml.etree import ElementTree as Xml

import httpx

from matinee.infra.storage.s3_access import Bucket
from matinee.infra.storage.s3_multipart import Multipart
from matinee.kernel.errors import NotFound, Unavailable

RULE_ID = "matinee-uploads"
MAX_AGE_S = 3600
_ASK_S = 10.0
_SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


async def allow_pages(multipart: Multipart, origins: Sequence[str]) -> bool:
    """Let pages of `origins`, and of no others by our rule, PUT to the bucket; whether that had to be written.
    Raises `Unavailable`, also for a store that has no such rules."""
    rules = await _rules(multipart)
    wanted = _rule(origins)
    if any(_facts(rule) == _facts(wanted) for rule in rules):
        return False
    others = [rule for rule in rules if _id(rule) != RULE_ID]
    root = Xml.Element(f"{{{_SPACE}}}CORSConfiguration")
    root.extend([*others, wanted])
    Xml.register_namespace("", _SPACE)
    body = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    headers = {"content-type": "application/xml", "content-md5": digest}
    await multipart.send("PUT", multipart.bucket.url(cors=""), body, headers=headers)
    if all(_facts(rule) != _facts(wanted) for rule in await _rules(multipart)):
        raise Unavailable("The store took the rule and does not show it: it may have no rules for pages.")
    return True


async def _rules(multipart: Multipart) -> list[Xml.Element]:
    try:
        answer = await multipart.send("GET", multipart.bucket.url(cors=""))
    except NotFound:
        return []
    try:
        root = Xml.fromstring(answer.content)  # noqa: S314 - of the store that was chosen; expat bounds entities
    except Xml.ParseError:
        raise Unavailable("The store gave an answer that nobody can read.") from None
    return [child for child in root if _name(child) == "CORSRule"]


def _rule(origins: Sequence[str]) -> Xml.Element:
    rule = Xml.Element(f"{{{_SPACE}}}CORSRule")
    for name, value in (
        ("ID", RULE_ID),
        *(("AllowedOrigin", origin) for origin in origins),
        ("AllowedMethod", "PUT"),
        ("AllowedHeader", "*"),
        ("MaxAgeSeconds", str(MAX_AGE_S)),
    ):
        Xml.SubElement(rule, f"{{{_SPACE}}}{name}").text = value
    return rule


def _facts(rule: Xml.Element) -> set[tuple[str, str]]:
    """What a rule allows, whatever it is called: some stores forget that."""
    return {(_name(child), (child.text or "").strip()) for child in rule if _name(child) != "ID"}


def _id(rule: Xml.Element) -> str:
    return next((child.text or "" for child in rule if _name(child) == "ID"), "")


def _name(element: Xml.Element) -> str:
    return element.tag.rpartition("}")[2]


async def pages_allowed(bucket: Bucket, origin: str) -> bool:
    """Whether the store lets a page of `origin` PUT, asked as its browser will. Raises `Unavailable`."""
    words = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    try:
        async with httpx.AsyncClient(timeout=_ASK_S, follow_redirects=False) as client:
            answer = await client.options(bucket.url("blobs"), headers=words)
    except httpx.HTTPError:
        raise Unavailable("The store cannot be reached at the address for browsers.") from None
    allowed = answer.headers.get("access-control-allow-origin")
    methods = answer.headers.get("access-control-allow-methods", "")
    return answer.is_success and allowed in ("*", origin) and "PUT" in methods.upper().replace("*", "PUT")


def rule_as_json(origins: Sequence[str]) -> str:
    """The same rule as most stores' own tools take it."""
    rule = {
        "ID": RULE_ID,
        "AllowedOrigins": list(origins),
        "AllowedMethods": ["PUT"],
        "AllowedHeaders": ["*"],
        "MaxAgeSeconds": MAX_AGE_S,
    }
    return json.dumps({"CORSRules": [rule]}, indent=1)
