"""What `voc app` serves: the pages behind the gate. `streamlit run` finds `app` here."""

import os
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from voc.app.gate import Gate
from voc.app.launch import WORKSPACE_VARIABLE
from voc.app.oidc import secrets

app = st.App(
    Path(__file__).with_name("main.py"),
    secrets=secrets(Path(os.environ.get(WORKSPACE_VARIABLE, "."))),
    middleware=[Middleware(Gate)],
)
