"""The routes: a request in, an answer, a refusal or a breakdown out."""

import asyncio
import json
import signal
from collections.abc import Callable
from typing import Any

from aiohttp import web

from . import damage, faults, gemini_wire, openai_wire, seeded, tokens
from .asked import Asked, RefusalError
from .batch_routes import add_batches
from .batches import Desk
from .settings import Settings
from .state import State

STATE = web.AppKey("state", State)
DESK = web.AppKey("desk", Desk)
Wire = Any  # openai_wire or gemini_wire: both have reply()


def application(settings: Settings) -> web.Application:
    """Return the server's application."""
    app = web.Application(client_max_size=256 * 1024 * 1024)
    app[STATE] = State(settings)
    app.router.add_post("/v1/chat/completions", _chat)
    app.router.add_post("/{version:v1beta|v1alpha|v1}/models/{model}:generateContent", _generate)
    app[DESK] = Desk(app[STATE], compose)
    add_batches(app, app[STATE], app[DESK])
    app.router.add_get("/_counters", _counters)
    app.router.add_post("/_configure", _configure)
    app.router.add_post("/_reset", _reset)
    return app


async def serve(settings: Settings, port: int) -> None:
    """Serve until interrupted; print the address once it is open."""
    tokens.vocabulary()
    runner = web.AppRunner(application(settings), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=2048)
    await site.start()
    assert site._server is not None
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    print(f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}", flush=True)  # type: ignore[attr-defined]
    await ended.wait()
    await runner.cleanup()


async def _chat(request: web.Request) -> web.StreamResponse:
    state = request.app[STATE]
    data = await request.read()

    def read() -> Asked:
        return openai_wire.asked(data, state, request.headers.get("authorization", ""))

    def refusal(found: RefusalError, wait_s: float | None) -> web.Response:
        return web.json_response(
            openai_wire.error(found), status=found.status, headers=openai_wire.headers(state.settings, wait_s)
        )

    return await _answer(request, read, refusal, openai_wire, tokens.openai_picture)


async def _generate(request: web.Request) -> web.StreamResponse:
    state = request.app[STATE]
    data = await request.read()

    def read() -> Asked:
        key = request.headers.get("x-goog-api-key", "")
        return gemini_wire.asked(data, request.match_info["model"], state, key)

    def refusal(found: RefusalError, wait_s: float | None) -> web.Response:
        return web.json_response(gemini_wire.error(found, state.settings, wait_s), status=found.status)

    return await _answer(request, read, refusal, gemini_wire, tokens.gemini_picture)


async def _answer(
    request: web.Request,
    read: Callable[[], Asked],
    refusal: Callable[[RefusalError, float | None], web.Response],
    wire: Wire,
    picture_tokens: Callable[[Any], int],
) -> web.StreamResponse:
    state = request.app[STATE]
    settings = state.settings
    state.see()
    state.in_flight += 1
    state.most_in_flight = max(state.most_in_flight, state.in_flight)
    try:
        wait_s = faults.refuse_early(state)
        if wait_s > 0:
            state.done("rate_limit", 429)
            said = wait_s if settings.mode == "all_429" else max(wait_s, settings.retry_after_s)
            return refusal(RefusalError("rate_limit", 429, "Rate limit reached for requests."), said)
        if settings.mode == "hang":
            state.done("hang", 0)
            while request.transport is not None and not request.transport.is_closing():
                await asyncio.sleep(0.05)
            return web.Response(status=499)
        if settings.mode == "no_html":
            state.done("no_html", 502)
            return web.Response(status=502, text="<html>Bad gateway</html>", content_type="text/html")
        asked = read()
        tries = state.tries[asked.row]
        state.tries[asked.row] += 1
        faults.refuse(asked, state, tries)
        if settings.latency_s:
            await asyncio.sleep(settings.latency_s)
        return await _send(request, wire, *compose(asked, state, tries, picture_tokens))
    except RefusalError as found:
        state.done(found.kind, found.status)
        return refusal(found, settings.retry_after_s if found.status == 429 else None)
    finally:
        state.in_flight -= 1


def compose(
    asked: Asked,
    state: State,
    tries: int,
    picture_tokens: Callable[[Any], int],
    *,
    price: float = 1.0,
) -> tuple[Asked, str, str, str, tuple[int, int]]:
    """Write the answer and charge for it: (asked, fault, text, finish, (input, output) tokens)."""
    settings = state.settings
    mark = f"{settings.seed}:{asked.row}:{asked.model}"
    if settings.source == "offline":
        from . import offline

        found = offline.answer(asked)
    else:
        found = seeded.answer(asked.schema, seeded.data_block(asked.user), mark)
    fault = faults.damage(asked, state, tries)
    finish = "stop"
    if fault in ("bad_json", "always_bad"):
        text = damage.damaged(found, settings.corruption, f"{mark}:{tries}")
    else:
        text = json.dumps(found, ensure_ascii=False)
    if fault == "truncated":
        text, finish = text[: len(text) // 2], "length"
    if fault in ("refusal", "content_filter"):
        text, finish = "", fault
    given = tokens.text_tokens(asked.system) + tokens.text_tokens(asked.user) + 8
    if asked.schema_name != "in words":  # those stand in the system text already
        given += tokens.text_tokens(json.dumps(asked.schema))
    given += sum(picture_tokens(picture) for picture in asked.pictures)
    made = tokens.text_tokens(text) if text else 12
    if made > asked.max_tokens:
        text, finish, made = text[: 3 * asked.max_tokens], "length", asked.max_tokens
    state.charge(asked, given, made, share=price)
    return asked, fault, text, finish, (given, made)


async def _send(
    request: web.Request, wire: Wire, asked: Asked, fault: str, text: str, finish: str, used: tuple[int, int]
) -> web.StreamResponse:
    state = request.app[STATE]
    settings = state.settings
    body = json.dumps(wire.reply(asked, text, finish, used), ensure_ascii=False).encode()
    kind = "ok" if fault in ("ok", "slow_drip") else fault
    headers = openai_wire.headers(settings, None) if wire is openai_wire else {}
    if fault not in ("slow_drip", "dropped"):
        state.done(kind, 200)
        return web.Response(body=body, content_type="application/json", headers=headers)
    response = web.StreamResponse(headers={**headers, "Content-Length": str(len(body))})
    response.content_type = "application/json"
    await response.prepare(request)
    if fault == "dropped":
        await response.write(body[: len(body) // 2])
        state.done(kind, 200)
        assert request.transport is not None
        request.transport.abort()
        return response
    steps = 20
    size = -(-len(body) // steps)
    for at in range(0, len(body), size):
        await response.write(body[at : at + size])
        await asyncio.sleep(settings.seconds / steps)
    state.done(kind, 200)
    return response


async def _counters(request: web.Request) -> web.Response:
    return web.json_response(request.app[STATE].counters())


async def _configure(request: web.Request) -> web.Response:
    state = request.app[STATE]
    changes = await request.json()
    try:
        state.settings.update(changes)
    except ValueError as fault:
        return web.Response(status=400, text=str(fault))
    if state.settings.release:
        request.app[DESK].release()
        state.settings.release = False
    if "mode" in changes or "seconds" in changes:
        state.mode_since = None
        state.level_at = 0.0
    return web.json_response(state.counters())


async def _reset(request: web.Request) -> web.Response:
    old = request.app[STATE]
    fresh = State(old.settings, started=old.started, in_flight=old.in_flight)
    for name in State.__slots__:
        setattr(old, name, getattr(fresh, name))
    return web.json_response(old.counters())
