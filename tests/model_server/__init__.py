"""A model server on the loopback interface, in a process of its own, for tests and benchmarks.

It speaks OpenAI's chat completions (with files and batches) and Gemini's generateContent, counts what it is
asked and what it would charge, refuses what the real servers refuse, and breaks down on demand. By hand:

    python -m tests.model_server --port 8111 --mode first_500 --latency 0.2

In a test:

    with ModelServer(latency_s=0.2) as server:
        client = OpenAIClient("test-model", base_url=server.openai_url)
        ...
        assert server.counters()["ok"] == 20

Its answers are made up (`source="seeded"`) or the offline writer's (`source="offline"`). Neither can be reached
as a writer of the factory.
"""

from .launch import ModelServer
from .settings import CORRUPTIONS, MODES, Settings

__all__ = ["CORRUPTIONS", "MODES", "ModelServer", "Settings"]
