"""The addresses of files and batches."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from . import gemini_wire, openai_wire
from .asked import RefusalError
from .batches import Desk, Job
from .state import State

Route = Callable[[web.Request, Desk], Awaitable[web.Response]]


def add_batches(app: web.Application, state: State, desk: Desk) -> None:
    """Add the routes of both providers' batches; Google's SDK uses /v1 as well and is told by its key's header."""

    def add(method: str, path: str, openai: Route | None, gemini: Route | None = None) -> None:
        app.router.add_route(method, path, _guarded(state, desk, openai, gemini))

    add("POST", "/v1/files", _keep_file)
    add("GET", "/v1/files/{name}/content", _content)
    add("POST", "/v1/batches", _start)
    add("POST", "/v1/batches/{name}/cancel", _cancel)
    version = "/{version:v1beta|v1alpha|v1}"
    add("POST", f"/upload{version}/files", None, _open_upload)
    # The address of an upload is its own permission: the SDK sends no key with the bytes.
    app.router.add_post("/_upload", lambda request: _upload(request, desk))
    add("GET", f"{version}/files/{{name}}:download", None, _content)
    add("GET", f"{version}/batches", _list, _list_gemini)
    add("GET", f"{version}/batches/{{name}}", _show, _show_gemini)
    add("POST", f"{version}/models/{{model}}:batchGenerateContent", None, _start_gemini)
    add("POST", f"{version}/batches/{{name}}:cancel", None, _cancel_gemini)


def _guarded(
    state: State, desk: Desk, openai: Route | None, gemini: Route | None
) -> Callable[[web.Request], Any]:
    """Return a route with the key checked, and refusals in its provider's form."""

    async def run(request: web.Request) -> web.StreamResponse:
        google = "x-goog-api-key" in request.headers
        route = gemini if google else openai
        try:
            if route is None:
                raise RefusalError("not_found", 404, "There is nothing here.")
            if google:
                gemini_wire.check_key(state.settings, request.headers["x-goog-api-key"])
            else:
                openai_wire.check_key(state.settings, request.headers.get("authorization", ""))
            return await route(request, desk)
        except RefusalError as refusal:
            body = gemini_wire.error(refusal, state.settings, None) if google else openai_wire.error(refusal)
            return web.json_response(body, status=refusal.status)

    return run


def _job(request: web.Request, desk: Desk) -> Job:
    job = desk.jobs.get(request.match_info["name"])
    if job is None:
        raise RefusalError("not_found", 404, f"No batch found with id '{request.match_info['name']}'.")
    return job


async def _keep_file(request: web.Request, desk: Desk) -> web.Response:
    form = await request.post()
    if form.get("purpose") != "batch":
        raise RefusalError("bad_request", 400, "This server keeps files for batches only.", param="purpose")
    sent = form["file"]
    assert isinstance(sent, web.FileField)
    return web.json_response(desk.keep_file(sent.file.read()))


async def _content(request: web.Request, desk: Desk) -> web.Response:
    data = desk.files.get(request.match_info["name"])
    if data is None:
        raise RefusalError("not_found", 404, "No such File object.")
    return web.Response(body=data, content_type="application/octet-stream")


async def _open_upload(request: web.Request, desk: Desk) -> web.Response:
    if request.headers.get("X-Goog-Upload-Protocol") != "resumable":
        raise RefusalError("bad_request", 400, "This server takes resumable uploads only.")
    return web.json_response({}, headers={"X-Goog-Upload-URL": f"http://{request.host}/_upload"})


async def _upload(request: web.Request, desk: Desk) -> web.Response:
    """Take one piece of a file; one upload at a time, which is all that a test needs."""
    desk.uploading += await request.read()
    if "finalize" not in request.headers["X-Goog-Upload-Command"]:
        return web.json_response({}, headers={"X-Goog-Upload-Status": "active"})
    data, desk.uploading = desk.uploading, b""
    name = desk.keep_file(data)["id"]
    about = {"name": f"files/{name}", "sizeBytes": str(len(data)), "state": "ACTIVE"}
    return web.json_response({"file": about}, headers={"X-Goog-Upload-Status": "final"})


async def _start(request: web.Request, desk: Desk) -> web.Response:
    job = desk.start_openai(await request.json())
    _lose(request, desk)
    return web.json_response(desk.shown_openai(job))


def _lose(request: web.Request, desk: Desk) -> None:
    """Break the connection where the answer is to be lost."""
    if desk.settings.batch_lost:
        assert request.transport is not None
        request.transport.abort()


async def _list(request: web.Request, desk: Desk) -> web.Response:
    jobs = [job for job in desk.listed() if not job.model]
    names = [job.name for job in jobs]
    after = request.query.get("after", "")
    start = names.index(after) + 1 if after in names else 0
    limit = int(request.query.get("limit", "20"))
    page = [desk.shown_openai(job) for job in jobs[start : start + limit]]
    ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {}
    return web.json_response({"object": "list", "data": page, "has_more": start + limit < len(names), **ends})


async def _show(request: web.Request, desk: Desk) -> web.Response:
    return web.json_response(desk.shown_openai(_job(request, desk)))


async def _cancel(request: web.Request, desk: Desk) -> web.Response:
    job = _job(request, desk)
    job.cancelled = job.cancelled or not job.ended()
    return web.json_response(desk.shown_openai(job))


async def _start_gemini(request: web.Request, desk: Desk) -> web.Response:
    job = desk.start_gemini(request.match_info["model"], await request.json())
    _lose(request, desk)
    return web.json_response(desk.shown_gemini(job))


async def _list_gemini(request: web.Request, desk: Desk) -> web.Response:
    jobs = [job for job in desk.listed() if job.model]
    start = int(request.query.get("pageToken") or 0)
    size = int(request.query.get("pageSize") or 50)
    more = {"nextPageToken": str(start + size)} if start + size < len(jobs) else {}
    return web.json_response(
        {"operations": [desk.shown_gemini(job) for job in jobs[start : start + size]], **more}
    )


async def _show_gemini(request: web.Request, desk: Desk) -> web.Response:
    return web.json_response(desk.shown_gemini(_job(request, desk)))


async def _cancel_gemini(request: web.Request, desk: Desk) -> web.Response:
    job = _job(request, desk)
    job.cancelled = job.cancelled or not job.ended()
    return web.json_response({})
