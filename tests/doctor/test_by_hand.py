"""Packages that a person changed since the environment was finished are a warning."""

from __future__ import annotations

import json
from typing import Any

import pytest

from setup_assistant.doctor.finding import Finding
from setup_assistant.host import prefix
from tests.doctor.body import Body


def record(body: Body, **more: Any) -> None:
    site = body.folder
    value = {"packages": prefix.packages(body.env), "site": str(site), "engine": "uv", **more}
    (body.env / ".setup-assistant.json").write_text(json.dumps(value))


def change(body: Body) -> None:
    """Change one, remove one, add one; pip is everybody's to renew."""
    body.remove("accelerate*")
    body.install("mine", "mine", "1.5")
    body.install("pip", "pip", "99.0")
    (info,) = body.packages.glob("idna-*.dist-info")
    info.rename(info.with_name("idna-9.9.dist-info"))


def finding(body: Body) -> Finding:
    return next(f for f in body.diagnose().findings if f.id == "packages-by-hand")


def test_each_change_is_named_with_what_puts_it_back(body: Body) -> None:
    body.install("idna", "idna", "3.1")
    assert finding(body).status == "skipped"
    record(body)
    body.install("mine", "mine", "1.5")
    assert finding(body).status == "ok"
    was = prefix.packages(body.env)["accelerate"]
    change(body)
    found = finding(body)
    assert found.status == "warn"
    shown = f"accelerate {was} → -, idna 3.1 → 9.9, mine - → 1.5"
    assert shown in str(found.cause)
    assert found.fix is not None
    assert found.fix.commands == (f"setup-assistant up --yes --site {body.folder}",)
    record_of = json.loads((body.env / ".setup-assistant.json").read_text())
    record(body, packages=record_of["packages"],
           kept={"accelerate": None, "idna": "9.9", "mine": "1.5"})  # fmt: skip
    assert finding(body).status == "ok"


@pytest.mark.parametrize("more", [{"engine": "adopted"}, {"site": "/nowhere"}])
def test_nothing_is_put_back_into_what_somebody_else_made(body: Body, more: dict[str, str]) -> None:
    record(body, **more)
    body.remove("accelerate*")
    found = finding(body)
    assert found.status == "warn"
    assert found.fix is not None
    assert found.fix.commands == ()
