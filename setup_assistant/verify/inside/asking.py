"""The cases: asked one by one, and judged by what is known about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inside import judge, memory
from inside.explain import explain
from inside.lines import JSON, Fault
from inside.loopback import Loopback

if TYPE_CHECKING:
    from inside.chat import Chat
    from torch import Tensor


class Asker:
    """Asks a loaded model the cases of a request."""

    def __init__(self, request: JSON, chat: Chat, reference: dict[str, Tensor]) -> None:
        self.request = request
        self.chat = chat
        self.reference = reference
        self.decoder_fault: Fault | None = None
        self.server: Loopback | None = None

    def ask(self, case: JSON) -> JSON:
        """Ask one question and return the fields of its check.

        Raises:
            Fault: it could not be asked, or the answer is not right.
        """
        device = self.chat.device
        memory.reset(device)
        before = self._serve(case)
        files = self._urls(case) or case["files"]
        try:
            answer, tokens, logits = self.chat.ask(
                case["kind"],
                files,
                case["question"],
                max_new_tokens=self.request["max_new_tokens"],
                limits=case.get("limits") or {},
                within=case.get("within") or {},
            )
        except Exception as error:
            raise self._why(case, error) from error
        fields: JSON = {
            "answer": answer,
            "device": device,
            "dtype": self.chat.dtype,
            "peak_memory_bytes": memory.peak_bytes(device),
            "evidence": [f"fetched {url}" for url in self._urls(case)],
            "values": self._held(len(tokens)),
        }
        self._must_have_been_fetched(case, before)
        try:
            fields.update(self._judge(case, answer, tokens, logits))
        except Fault as fault:
            evidence = [*fields["evidence"], *fault.evidence]
            values = {**fields["values"], **fault.values}
            fault.fields = {**fields, **fault.fields, "evidence": evidence, "values": values}
            raise
        return fields

    def _held(self, new_tokens: int) -> JSON:
        """Return what the memory can be predicted from, and what the allocator held for it."""
        held = memory.reserved_bytes(self.chat.device)
        more = {} if held is None else {"reserved_bytes": held}
        return {**self.chat.seen, "new_tokens": new_tokens, **more}

    def close(self) -> None:
        """Stop the loopback server, if one was needed."""
        if self.server:
            self.server.close()

    def _serve(self, case: JSON) -> int:
        if not case.get("served"):
            return 0
        self.server = self.server or Loopback(self.request["served"])
        return self.server.served

    def _urls(self, case: JSON) -> list[str]:
        return [self.server.url(path) for path in case.get("served") or () if self.server]

    def _must_have_been_fetched(self, case: JSON, before: int) -> None:
        if case.get("served") and self.server and self.server.served == before:
            raise Fault(
                "url-failed",
                "the loopback server was not asked",
                url=self._urls(case)[0],
                detail="a proxy or a cache answered instead",
            )

    def _judge(self, case: JSON, answer: str, tokens: list[int], logits: Tensor) -> JSON:
        if case.get("answer") is None:
            return judge.real(case, answer, tokens, logits)
        others = {
            other["answer"]: other["case"]
            for other in self.request["cases"]
            if other.get("answer") not in (None, case["answer"]) and _alike(other, case)
        }
        return judge.exact(
            case,
            answer,
            logits,
            reference=self.reference.get(case["case"]),
            tolerance=self._tolerance(),
            others=others,
        )

    def _tolerance(self) -> float:
        """Return the allowed difference of logits on this device in this dtype."""
        table = self.request["tolerance"]
        return table.get(f"{self.chat.device}-{self.chat.dtype}", table[self.chat.dtype])

    def _why(self, case: JSON, error: Exception) -> Fault:
        """Return the fault behind a question that could not be asked."""
        if isinstance(error, Fault):
            return error
        names = ", ".join(case["files"])
        fault = explain(
            error,
            check=case["name"],
            file=names,
            url=names if case.get("own") else "127.0.0.1",
        )
        if not fault.cause.startswith("decoder-"):
            return fault
        if self.decoder_fault is not None:
            known = self.decoder_fault
            return Fault(known.cause, *fault.evidence, **known.values)
        # The built-in clip was read, so the decoder works: it is this file.
        return Fault("input-unreadable", *fault.evidence, **fault.values)


def spec(case: JSON) -> JSON:
    """Return the fields of a case that are known before it is asked."""
    words = " + ".join("/".join(group) for group in case.get("words") or ())
    return {
        "name": case["name"],
        "kind": case["kind"],
        "language": case["language"],
        "case": case.get("case"),
        "question": case["question"],
        "files": case["files"],
        "expected": case.get("answer") or words or None,
    }


def _alike(one: JSON, other: JSON) -> bool:
    """Whether two cases are of one kind, by file or by URL, in one language."""
    kinds = {case["kind"].replace("-url", "") for case in (one, other)}
    return len(kinds) == 1 and one["language"] == other["language"]
