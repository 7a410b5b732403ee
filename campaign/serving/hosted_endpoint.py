"""/m/<placement>/: the hosted page with its form, the message in a frame, and the pages behind it."""

import json
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode

from campaign.assignment.receipts import SECONDS_PER_HOUR, Receipt, ReceiptExpired, ReceiptInvalid
from campaign.outcomes import REPORTED, WITHDRAWAL, read_form
from campaign.placements.tag_check import TagCheckChannel
from campaign.serving.assets import takes_gzip
from campaign.serving.decision import MessageRequest, count_served, decide
from campaign.serving.exit_without_script import BLANK_PAGE, follows_exit_link, with_exit_link
from campaign.serving.hosted_pages import PAGE_SECTIONS, insert_sections, page_of_no_placement
from campaign.serving.http import Headers, Refusal, Reply, Request, read_body, refusal_reply
from campaign.serving.locales import interface_language
from campaign.serving.page_bytes import compress_page, inline_sources, with_styles
from campaign.serving.page_paths import page_at, page_path
from campaign.serving.privacy_signals import has_privacy_signal
from campaign.serving.routing import OutcomeEvent, PendingReply, Route, ServingContext
from campaign.serving.snapshot_entries import PlacementEntry
from campaign.uncounted import UncountedReason

_BODY_LIMIT = 4096
_REDIRECT_LENGTH = 2_000  # of target and body together
_GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
_FRAME = (
    b'<!doctype html><html lang="%b"><meta charset="utf-8"><meta name="color-scheme" content="%b">'
    b'<title>\xe2\x80\xa6</title><body data-placement="%b" data-answer="%b">'
    b'<script src="/static/campaign/frame.js"></script>'
)
FRAME_SANDBOX = "allow-scripts allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
_FRAME_POLICY = (
    f"sandbox {FRAME_SANDBOX}; default-src 'none'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors"
)
_NOWHERE_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_NOBODY = "'none'"


def handle_hosted(request: Request, context: ServingContext) -> Reply | PendingReply:
    """Answer /m/<placement>/ and the paths below it. A visitor always gets a page, even if counting fails."""
    key, _, path = request.path[3:].partition("/")
    placement = context.snapshot().placements.get(key)
    if placement is None:
        return _nowhere_reply(request)
    method = request.method
    if method == "POST" and path == "":
        return _handle_form(request, context, placement)
    if method not in ("GET", "HEAD"):
        allow = "GET, HEAD, POST" if path == "" else "GET, HEAD"
        return refusal_reply(Refusal(405, "method_not_allowed", f"This address answers {allow}."), [("Allow", allow)])
    if path == "frame":
        return _handle_frame(request, context, placement)
    if path == "seen.gif":
        return _handle_seen_image(request, context, placement)
    if follows_exit_link(request):
        return _page_reply(request, 200, BLANK_PAGE, placement, interface_language(_wanted_locale(request)))
    if path == "":
        return _handle_message(request, context, placement)
    return _follow_up_reply(request, placement, path)


def _handle_message(request: Request, context: ServingContext, placement: PlacementEntry) -> Reply:
    """Decide, count, reply; without a receipt the page counts nothing."""
    preview = _parse_form(request.query).get("preview", [None])[0]
    fields = MessageRequest(placement.key, locale=_wanted_locale(request), preview=preview)
    is_countable = not has_privacy_signal(request)
    try:
        decision = decide(placement, fields, context, channel=TagCheckChannel.HOSTED, is_countable=is_countable)
    except Refusal:
        return _follow_up_reply(request, placement, "unavailable")
    rendition = decision.rendition
    if decision.uncounted is UncountedReason.PREVIEW:
        page = placement.insert_key(rendition.preview_page)
        return _message_reply(request, page, placement, rendition.language, choices={})
    receipt = decision.receipt
    if request.method == "GET":
        receipt = count_served(decision, request, placement, context, from_browser=True).receipt
    parts = rendition.page if receipt else (rendition.uncounted_page,)
    page = receipt.join(map(placement.insert_key, parts))
    return _message_reply(request, page, placement, rendition.language, receipt)


def _handle_frame(request: Request, context: ServingContext, placement: PlacementEntry) -> Reply:
    """The message for a frame in a partner's page, or why there is none: frame.js shows it and tells that page.

    The page is in a sandbox whatever frames it, so its script reads nothing of ours and nothing of the partner's. What
    is written into it has one length, and no character that HTML knows.
    """
    fields = MessageRequest(placement.key, locale=_wanted_locale(request))
    is_countable = not has_privacy_signal(request)
    status, language = 200, interface_language(fields.locale)
    try:
        decision = decide(placement, fields, context, channel=TagCheckChannel.HOSTED, is_countable=is_countable)
        if request.method == "GET":
            decision = count_served(decision, request, placement, context, from_browser=True)
        language = decision.rendition.language
        receipt = json.dumps(decision.receipt.decode() or None).encode()
        answer = b'{"message":%s,"receipt":%s}' % (placement.insert_key(decision.rendition.message_json), receipt)
    except Refusal as refusal:
        status, answer = refusal.status, json.dumps({"error": refusal.as_dict()}).encode()
    answer = answer.ljust(placement.lengths[language].message)
    scheme = b"light dark" if "dark" in _parse_form(request.query) else b"light"
    page = _FRAME % (language.encode(), scheme, placement.key.encode(), b64encode(answer))
    return _html_reply(status, page, f"{_FRAME_POLICY} {' '.join(sorted(placement.origins)) or _NOBODY}")


def _handle_form(request: Request, context: ServingContext, placement: PlacementEntry) -> Reply | PendingReply:
    """Record which button of the page's form was pressed and redirect, whether or not it counts."""
    try:
        fields = _parse_form(read_body(request, _BODY_LIMIT).decode("ascii", "replace"))
    except Refusal:
        fields = {}
    if (locale := fields.get("locale", [""])[0]) in placement.choices:
        return _show_in_language(request, placement, locale, fields.get("receipt", [""])[0], context)
    outcome, value = read_form(fields)
    # Origin is not checked: our own Referrer-Policy makes browsers send "null" here. The receipt is the proof.
    reply = _redirect(_redirect_target(request, placement, outcome))
    receipt = fields.get("receipt", [""])[0]
    if outcome == WITHDRAWAL.key and receipt:
        too_late = _redirect(page_path(placement.key, "too-late", _wanted_locale(request) or ""))
        return _record_outcome(context, placement, receipt, outcome, None, reply, refused=too_late)
    if outcome not in REPORTED or has_privacy_signal(request):
        return reply
    return _record_outcome(context, placement, receipt, outcome, value, reply)


def _redirect(target: str) -> Reply:
    filler = b"".ljust(_REDIRECT_LENGTH - len(target))  # the body nobody sees: all answers have one length
    return Reply(303, [("Location", target), ("Cache-Control", "no-store")], filler)


def _show_in_language(
    request: Request, placement: PlacementEntry, locale: str, receipt: str, context: ServingContext
) -> Reply:
    """The text of this receipt in another language of the campaign: the same view, under the same receipt.

    Without a valid receipt, or if the text is not shown any more, the page in that language, drawn anew.
    """
    view = _verified_receipt(context, placement, receipt)
    texts = placement.served_texts() if view else ()
    wanted = view and (view.arm, view.text, locale)
    text = next((each for each in texts if (each.arm, each.text, each.locale) == wanted and not each.paused), None)
    if text is None:
        target = f"/m/{placement.key}/?{urlencode({'locale': locale})}"
        return Reply(303, [("Location", target), ("Cache-Control", "no-store")], b"".ljust(_REDIRECT_LENGTH))
    parts = (text.rendition.uncounted_page,) if has_privacy_signal(request) else text.rendition.page
    page = receipt.encode().join(map(placement.insert_key, parts))
    return _message_reply(request, page, placement, text.rendition.language, receipt.encode())


def _handle_seen_image(request: Request, context: ServingContext, placement: PlacementEntry) -> Reply | PendingReply:
    """The image in <noscript>: the message is on screen in a browser without JavaScript."""
    receipt = _parse_form(request.query).get("receipt", [""])[0]
    reply = Reply(200, [("Content-Type", "image/gif"), ("Cache-Control", "no-store")], _GIF)
    if request.method != "GET" or has_privacy_signal(request):
        return reply
    return _record_outcome(context, placement, receipt, "exposed", None, reply)


def _record_outcome(
    context: ServingContext,
    placement: PlacementEntry,
    text: str,
    outcome: str,
    value: int | None,
    reply: Reply,
    refused: Reply | None = None,
) -> Reply | PendingReply:
    """This reply, after the outcome is on disk; `refused`, or the same, if it is not or the receipt does not permit."""
    refused = refused or reply
    receipt = _verified_receipt(context, placement, text)
    if receipt is None:
        return refused
    return PendingReply([OutcomeEvent(receipt, outcome, value)], lambda results: refused if any(results) else reply)


def _verified_receipt(context: ServingContext, placement: PlacementEntry, text: str) -> Receipt | None:
    """A receipt of this placement that still counts, or None."""
    try:
        receipt = context.receipt_signer.verify(text, hour=int(context.clock()) // SECONDS_PER_HOUR)
    except (ReceiptInvalid, ReceiptExpired):
        return None
    return receipt if receipt.placement == placement.id else None


def _redirect_target(request: Request, placement: PlacementEntry, outcome: str) -> str:
    """Where a pressed button leads, in the language of the page."""
    action = REPORTED[outcome].action if outcome in REPORTED else None
    if action and action.placement_url and (url := getattr(placement, action.placement_url)):
        return str(url)
    page = (action and action.page) or "thanks"
    return page_path(placement.key, page, _wanted_locale(request) or "")


def _follow_up_reply(request: Request, placement: PlacementEntry, path: str) -> Reply:
    """One of the pages behind the message, in the language that the address or the browser asks for."""
    language = interface_language(_wanted_locale(request))
    name = page_at(path)
    parts = placement.pages[f"{language}:{name or 'unavailable'}"]
    return _page_reply(request, 200 if name else 404, placement.insert_key(parts), placement, language)


def _nowhere_reply(request: Request) -> Reply:
    """The answer where there is no placement, and so no length to keep."""
    if follows_exit_link(request):
        return _html_reply(200, BLANK_PAGE, _NOWHERE_POLICY)
    page = page_of_no_placement(interface_language(_wanted_locale(request)))
    return _html_reply(404, with_styles(with_exit_link(page, request)), f"{_NOWHERE_POLICY}; {inline_sources()}")


def _wanted_locale(request: Request) -> str | None:
    """The language in the address, then those that the browser asks for, as a list by weight; it is not stored."""
    chosen = _parse_form(request.query).get("locale", [])[:1]
    return ",".join([*chosen, request.header("accept-language") or ""]).strip(",") or None


def _parse_form(text: str) -> dict[str, list[str]]:
    """Form or query fields; none at all if they are more or longer than any of our pages sends."""
    if len(text) > _BODY_LIMIT:
        return {}
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=8)
    except ValueError:
        return {}


def _message_reply(
    request: Request,
    page: bytes,
    placement: PlacementEntry,
    language: str,
    receipt: bytes = b"",
    choices: Mapping[str, bytes] | None = None,
) -> Reply:
    sections = placement.insert_key(placement.pages[f"{language}:{PAGE_SECTIONS}"])
    page = insert_sections(page, sections, placement.choices if choices is None else choices)
    return _page_reply(request, 200, page, placement, language, receipt)


def _page_reply(
    request: Request, status: int, page: bytes, placement: PlacementEntry, language: str, receipt: bytes = b""
) -> Reply:
    """A page of this placement, as long as all of them in its language."""
    page = with_exit_link(page, request)
    length = placement.lengths[language].page
    policy = f"{placement.content_security_policy}; {inline_sources()}"
    if takes_gzip(request) and (smaller := compress_page(with_styles(page), receipt, length)):
        return _html_reply(status, smaller, policy, [("Content-Encoding", "gzip")])
    return _html_reply(status, with_styles(page.ljust(length)), policy)


def _html_reply(status: int, body: bytes, policy: str, more: Headers | None = None) -> Reply:
    return Reply(
        status,
        [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", policy),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Robots-Tag", "noindex"),
            *(more or []),
        ],
        body,
    )


HOSTED_ROUTE = Route(handle_hosted, _BODY_LIMIT, reads_query=True)
