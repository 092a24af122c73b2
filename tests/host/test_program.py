"""Commands in sentences can be pasted where they are read."""

from setup_assistant.host.program import spell


def test_commands_are_spelled_for_a_checkout() -> None:
    assert spell("Run: setup-assistant up --help") == "Run: python3 -m setup_assistant up --help"


def test_paths_schemas_and_prose_are_left_alone() -> None:
    for text in ("setup-assistant/plan/1", "~/.cache/setup-assistant logs", "setup-assistant"):
        assert spell(text) == text
