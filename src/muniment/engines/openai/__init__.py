"""Engines behind an OpenAI-compatible address: vLLM first."""

from muniment.engines.openai.answers import (
    Broken,
    Busy,
    Completion,
    Deadly,
    EngineTrouble,
    Loading,
    Refused,
    TooLong,
    Unreachable,
)
from muniment.engines.openai.client import ChatClient, Served
from muniment.engines.openai.endpoint import Endpoint
from muniment.engines.openai.replicas import ModelServer, Replicas
from muniment.engines.openai.request import ChatRequest

__all__ = [
    "Broken",
    "Busy",
    "ChatClient",
    "ChatRequest",
    "Completion",
    "Deadly",
    "Endpoint",
    "EngineTrouble",
    "Loading",
    "ModelServer",
    "Refused",
    "Replicas",
    "Served",
    "TooLong",
    "Unreachable",
]
