"""A visitor of the app without a browser: Streamlit's own messages over a websocket, so what is timed is the server.

A visit is one run of a page's script in a session: from the moment it is asked for until the server says that the
script has finished, with every message of the page received. What a browser then draws is not in it.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from voc.errors import InputError

_SECONDS = 600.0
Parameters = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Visit:
    """One page as it was delivered: seconds until the server had finished, elements and bytes of it, and what of it is
    HTML: texts in which words are marked."""

    page: str
    seconds: float
    elements: int
    size: int
    html: tuple[str, ...]


class Visitor:
    """One session, for as long as its context lasts; pages are visited one after the other."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._left = ExitStack()

    def __enter__(self) -> Self:
        self._socket = self._left.enter_context(
            connect(
                f"ws://{self._address}/_stcore/stream", max_size=None, compression=None, open_timeout=_SECONDS,
                ping_interval=None, proxy=None,
            )
        )  # fmt: skip
        return self

    def __exit__(self, *error: object) -> None:
        self._left.close()

    def visit(self, page: str, parameters: Parameters) -> Visit:
        """Open a page by its place in the URL ("": the first). Raises InputError where it shows an error instead."""
        question = BackMsg()
        question.rerun_script.page_name = page.partition(" ")[0]
        question.rerun_script.query_string = urlencode(parameters, doseq=True)
        question.rerun_script.context_info.timezone = "Europe/Zagreb"
        question.rerun_script.context_info.locale = "en-GB"
        question.rerun_script.context_info.url = "http://localhost/" + page.partition(" ")[0]
        sent = question.SerializeToString()
        begin, size, deltas = time.perf_counter(), 0, []
        self._socket.send(sent)
        while True:
            told = self._socket.recv(timeout=_SECONDS)
            size += len(told)
            message = ForwardMsg.FromString(told if isinstance(told, bytes) else told.encode())
            kind = message.WhichOneof("type")
            if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                deltas.append(message.delta.new_element)
            elif kind == "page_not_found":
                raise InputError(f"page {page!r}: expected one of the app's, got none")
            elif kind == "script_finished":
                if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                    break
                if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    deltas.clear()  # a page that sends to another
                    continue
                raise InputError(f"page {page!r}: expected it to run, got an error; look at the server's log")
        seconds = time.perf_counter() - begin
        if any(each.WhichOneof("type") == "exception" for each in deltas):
            raise InputError(f"page {page!r} with {question.rerun_script.query_string}: expected it, got an exception")
        html = tuple(each.html.body for each in deltas if each.WhichOneof("type") == "html")
        return Visit(page, seconds, len(deltas), size, html)
