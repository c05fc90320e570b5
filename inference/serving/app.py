"""The routes of `voc serve`."""

import asyncio
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException as AnyHTTPException

from voc.config import ServingSettings
from voc.inference.serving.batching import Batcher, BusyError
from voc.inference.serving.door import DESCRIPTION, LIVE, METRICS, READY, SCORE, Door
from voc.inference.serving.metrics import Metrics
from voc.inference.serving.schema import QUESTIONS, Answer, Problem, Question, ScoredContact, beyond_limits, mistakes
from voc.inference.serving.scorer import Scorer
from voc.inference.serving.tokens import Tokens

_Question = Annotated[
    Question,
    Body(openapi_examples={f"synthetic {number}": {"value": value} for number, value in enumerate(QUESTIONS, 1)}),
]
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "No token, or one that is not known"},
    413: {"model": Problem, "description": "The body is too large"},
    422: {"model": Problem, "description": "A field is not as expected"},
    429: {"model": Problem, "description": "Too many requests; Retry-After says when to come again"},
    503: {"model": Problem, "description": "Too many contacts wait; Retry-After says when to come again"},
}


def serving_app(scorer: Scorer, batcher: Batcher, settings: ServingSettings, tokens: Tokens, metrics: Metrics) -> Door:
    """The ASGI app. `batcher` is running; its caller ends it."""
    # Pages that show a description are left out: they fetch scripts from elsewhere.
    app = FastAPI(
        title="voc", version="1", docs_url=None, redoc_url=None, openapi_url=DESCRIPTION,
        description="What a contact is about, how the customer feels, and whether he says that he leaves. "
        f"A request has at most {settings.max_body_bytes:,} bytes and {settings.max_contacts:,} contacts of at most "
        f"{settings.max_characters:,} characters; {settings.requests_per_minute:,} requests a minute.",
    )  # fmt: skip

    said = Depends(HTTPBearer(auto_error=False))  # for the description: the door checks it

    @app.exception_handler(RequestValidationError)
    async def wrong(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"error": mistakes(error.errors())}, 422)

    @app.exception_handler(AnyHTTPException)
    async def refused(request: Request, error: AnyHTTPException) -> JSONResponse:
        return JSONResponse({"error": str(error.detail)}, error.status_code, error.headers)

    @app.exception_handler(Exception)
    async def ours(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": "an error of ours; the log says where"}, 500)

    @app.post(SCORE, responses=_PROBLEMS, summary="Score contacts", dependencies=[said])
    async def score(question: _Question) -> Answer:
        if (wrong := beyond_limits(question, settings)) is not None:
            raise HTTPException(422, wrong)
        try:
            coming = batcher.submit([contact.asked for contact in question.contacts])
        except BusyError:
            raise HTTPException(
                503, f"expected at most {settings.most_waiting:,} waiting contacts, got more", {"Retry-After": "1"}
            ) from None
        answers = await asyncio.gather(*map(asyncio.wrap_future, coming))
        return Answer(
            model_version=scorer.facts.version,
            precision=scorer.precision,
            contacts=tuple(
                ScoredContact(id=contact.id, **answer)
                for contact, answer in zip(question.contacts, answers, strict=True)
            ),
        )

    @app.get(LIVE, summary="The process answers")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.get(
        READY, summary="There is room for contacts, and somebody to score them", responses={503: {"model": Problem}}
    )
    async def ready() -> dict[str, str]:
        if not batcher.ready:
            raise HTTPException(503, "expected room for contacts, got none")
        return {"status": "ready", "model_version": scorer.facts.version}

    @app.get(METRICS, summary="Figures for Prometheus", dependencies=[said], response_class=PlainTextResponse)
    async def figures() -> PlainTextResponse:
        metrics.waiting.set(batcher.waiting)
        return PlainTextResponse(metrics.text(), media_type="text/plain; version=0.0.4")

    return Door(app, settings, tokens, metrics)
