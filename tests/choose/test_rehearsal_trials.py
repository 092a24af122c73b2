"""What a rehearsal asks fills the plan's caps and stays below them."""

import pytest

from setup_assistant.choose.rehearsal_trials import trials
from tests.choose.described import known

VISIONS = {m.family: m.vision for m in known().models if "Instruct" in m.id}


@pytest.mark.parametrize("family", sorted(VISIONS))
@pytest.mark.parametrize(("picture", "video"), [(250_880, 1_003_520), (5_017_600, 60_211_200)])
def test_each_trial_fills_its_cap(family: str, picture: int, video: int) -> None:
    vision = VISIONS[family]
    made = trials(vision, max_pixels=picture, total_pixels=video, text_tokens=9, new_tokens=5,
                  pictures=3)  # fmt: skip
    patch = vision.factor // vision.merge
    pixels = {t.name: sum(g.patches for g in t.work.grids) * patch**2 for t in made}
    caps = {"image": picture, "3-images": 3 * picture, "video": video}
    assert pixels.keys() == caps.keys()
    assert all(0.95 * caps[name] < pixels[name] <= caps[name] for name in caps)
