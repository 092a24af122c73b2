"""What the model itself cannot do, said so that nobody takes it for an install fault."""

from __future__ import annotations

from setup_assistant.messages import Message, msg

# Source: the limits named on the Qwen2-VL model cards (all sizes).
LIMITS: tuple[Message, ...] = (
    msg("It does not hear: the sound of a video is not read."),
    msg("Its knowledge ends in June 2023."),
    msg("It is weak at recognising people and brands."),
    msg("It can lose its way in instructions of many steps."),
    msg("It counts unreliably, above all in crowded scenes."),
    msg("It is weak at positions and distances in three-dimensional space."),
)
