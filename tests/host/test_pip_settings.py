"""What the person told pip reaches uv; what they told uv wins."""

from pathlib import Path

import pytest

from setup_assistant.host import pip_settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(pip_settings.sys, "prefix", str(tmp_path / "no-site"))
    monkeypatch.setattr(pip_settings, "ETC", tmp_path / "etc")
    return {"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path / "none")}


def _conf(tmp_path: Path, text: str) -> Path:
    path = tmp_path / ".config" / "pip" / "pip.conf"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def test_a_company_index_reaches_uv(tmp_path: Path, home: dict[str, str]) -> None:
    _conf(tmp_path, "[global]\nindex-url = https://me:pw@pypi.corp/simple\ncert = /ca.pem\n"
                    "proxy = http://proxy.corp:3128\ntrusted-host = pypi.corp\n")  # fmt: skip
    found = pip_settings.uv_environment(home)
    assert found["UV_DEFAULT_INDEX"] == "https://me:pw@pypi.corp/simple"
    assert found["SSL_CERT_FILE"] == "/ca.pem"
    assert found["HTTPS_PROXY"] == "http://proxy.corp:3128"
    assert found["UV_INSECURE_HOST"] == "pypi.corp"


def test_additional_indexes_reach_uv(tmp_path: Path, home: dict[str, str]) -> None:
    _conf(tmp_path, "[global]\nextra-index-url =\n  https://a/simple\n  https://b/simple\n")
    found = pip_settings.uv_environment(home)
    assert found["UV_INDEX"].split() == ["https://a/simple", "https://b/simple"]


def test_variables_win_over_files_and_install_over_global(
    tmp_path: Path, home: dict[str, str]
) -> None:
    _conf(tmp_path, "[global]\nindex-url = https://g\n[install]\nindex-url = https://i\n")
    assert pip_settings.uv_environment(home)["UV_DEFAULT_INDEX"] == "https://i"
    home["PIP_INDEX_URL"] = "https://env"
    assert pip_settings.uv_environment(home)["UV_DEFAULT_INDEX"] == "https://env"


def test_what_was_said_to_uv_wins(tmp_path: Path, home: dict[str, str]) -> None:
    _conf(tmp_path, "[global]\nindex-url = https://pip\n")
    home["UV_DEFAULT_INDEX"] = "https://uv"
    assert "UV_DEFAULT_INDEX" not in pip_settings.uv_environment(home)


def test_wheel_folders_that_are_gone_are_left_out(tmp_path: Path, home: dict[str, str]) -> None:
    (tmp_path / "wheels").mkdir()
    home["PIP_FIND_LINKS"] = f"{tmp_path}/wheels {tmp_path}/gone file://{tmp_path}/gone-too"
    assert pip_settings.uv_environment(home)["UV_FIND_LINKS"] == f"{tmp_path}/wheels"


def test_a_damaged_file_is_no_reason_to_stop(tmp_path: Path, home: dict[str, str]) -> None:
    _conf(tmp_path, "not an ini file\n[global\n")
    assert pip_settings.uv_environment(home) == {}


def test_the_persons_proxy_variables_win(tmp_path: Path, home: dict[str, str]) -> None:
    _conf(tmp_path, "[global]\nproxy = http://from-pip\n")
    home["https_proxy"] = "http://mine"
    assert "HTTPS_PROXY" not in pip_settings.uv_environment(home)


def test_what_would_install_something_else_is_left_out(home: dict[str, str]) -> None:
    sources = {"PIP_INDEX_URL": "https://i", "UV_DEFAULT_INDEX": "https://u", "PATH": "/bin"}
    choices = {"PIP_TARGET": "/t", "PIP_CONSTRAINT": "c", "UV_OVERRIDE": "o", "UV_PYTHON": "3.8",
               "PIP_USER": "1"}  # fmt: skip
    kept = pip_settings.without_choices({**sources, **choices})
    assert kept == {**sources, "PIP_USER": "0"}


@pytest.mark.parametrize(
    ("pip", "uv", "found"),
    [
        ({"TIMEOUT": "7"}, {}, {"UV_HTTP_TIMEOUT": "7"}),
        ({"DEFAULT_TIMEOUT": "9"}, {}, {"UV_HTTP_TIMEOUT": "9"}),
        ({"CERT": "/c.pem"}, {}, {"SSL_CERT_FILE": "/c.pem"}),
        ({"CERT": "/c.pem"}, {"SSL_CERT_FILE": "/mine"}, {}),
        ({"TRUSTED_HOST": "a b"}, {}, {"UV_INSECURE_HOST": "a b"}),
        ({"INDEX_URL": "https://i"}, {"UV_INDEX_URL": "https://u"}, {}),
        ({"INDEX_URL": " "}, {}, {}),
        ({"EXTRA_INDEX_URL": "https://i"}, {"UV_EXTRA_INDEX_URL": "https://u"}, {}),
        ({"EXTRA_INDEX_URL": "https://i https://j"}, {}, {"UV_INDEX": "https://i https://j"}),
        ({"NO_INDEX": "on"}, {}, {"UV_NO_INDEX": "1"}),
        ({"NO_INDEX": "0"}, {}, {}),
    ],
)  # fmt: skip
def test_each_setting_has_its_name_at_uv(
    home: dict[str, str], pip: dict[str, str], uv: dict[str, str], found: dict[str, str]
) -> None:
    said = {f"PIP_{name}": value for name, value in pip.items()}
    assert pip_settings.uv_environment({**home, **said, **uv}) == found
