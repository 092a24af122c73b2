"""What the tests of the steps share."""

from tests.hub.fixtures import hub, model_folder

__all__ = ["hub", "model_folder"]
