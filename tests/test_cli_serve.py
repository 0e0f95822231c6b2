"""`tertulia serve` and `tertulia token`: settings from three places, how it ends, tokens that work."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from pathlib import Path

import click
import httpx
import pytest

from tertulia.app import Settings
from tertulia.cli.serving import allow_files
from tertulia.cli.serving import command as serve
from tertulia.cli.settings import settings_of
from tests.commands import said, tertulia
from tests.servers import Server

MakeServer = Callable[..., Server]


def settings(*arguments: str, environment: dict[str, str] | None = None) -> Settings:
    """What `serve` would be started with."""
    with pytest.MonkeyPatch.context() as world:
        for name, value in (environment or {}).items():
            world.setenv(name, value)
        return settings_of(serve.make_context("serve", list(arguments)).params)


def test_serving_raises_the_limit_of_open_files_as_far_as_it_may() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 1_000), hard))
        assert allow_files(900) == ""
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (1_100, hard)
        assert allow_files(100) == "", "enough is left as it is"
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (1_100, hard)
        if hard != resource.RLIM_INFINITY:
            assert f"LimitNOFILE={hard + 200}" in allow_files(hard)
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_defaults_are_those_of_the_settings() -> None:
    assert settings() == Settings(data=Path("data"))


def test_the_command_line_goes_before_the_environment_before_the_file(tmp_path: Path) -> None:
    config = tmp_path / "tertulia.toml"
    config.write_text('host = "0.0.0.0"\nport = 1\ndata = "from-file"\norigins = ["https://a.example"]\n')
    chosen = settings(
        "--config", str(config), "--port", "3", environment={"TERTULIA_PORT": "2", "TERTULIA_DATA": "env"}
    )
    assert (chosen.host, chosen.port, chosen.data) == ("0.0.0.0", 3, Path("env"))
    assert chosen.origins == ("https://a.example",)


def test_every_setting_has_an_option_a_variable_and_a_key(tmp_path: Path) -> None:
    """Set each in turn by environment and by file, and look whether it arrives."""
    values = {
        "host": "127.0.0.2", "port": 4000, "data": "elsewhere", "log": "sqlite:///x",
        "log_replica": "postgresql://y", "bus": "redis://x",
        "origins": ["https://a.example", "https://b.example"], "public_url": "https://c.example",
        "secret_file": "mine.key", "connections_max": 7, "rate_limits": False, "metrics_token": "m",
        "drain_window_s": 1.5, "workers": 3, "worker_port": 4001,
    }  # fmt: skip
    assert set(values) == set(Settings.__slots__)
    assert {parameter.name for parameter in serve.params} == {*values, "config"}
    expected = settings_of({**values, "data": Path("elsewhere"), "secret_file": Path("mine.key")})
    config = tmp_path / "all.toml"
    config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
    assert settings("--config", str(config)) == expected
    environment = {
        f"TERTULIA_{name.upper()}": " ".join(value) if isinstance(value, list) else str(value)
        for name, value in values.items()
    }
    assert settings(environment=environment) == expected


def test_keys_may_be_written_with_dashes(tmp_path: Path) -> None:
    config = tmp_path / "dashes.toml"
    config.write_text('public-url = "https://school.example"\n')
    assert settings("--config", str(config)).public_url == "https://school.example"


def test_it_says_where_it_serves_and_ends_in_order(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server(environment={"TERTULIA_METRICS_TOKEN": "secret-of-mine"})
    server.start()
    assert f"serves {server.url}" in server.output
    assert str(server.data) in server.output
    assert httpx.get(f"{server.url}/metrics").status_code == 401
    bearer = {"Authorization": "Bearer secret-of-mine"}
    assert httpx.get(f"{server.url}/metrics", headers=bearer).status_code == 200
    assert server.stop() == 0
    assert "Traceback" not in server.output
    assert not list(server.data.glob("*-wal")), "a log that was closed in order leaves nothing beside it"


def test_a_secret_file_is_used_by_server_and_tokens(make_server: MakeServer, tmp_path: Path) -> None:
    key = tmp_path / "mine.key"
    key.write_text("k" * 64)
    key.chmod(0o600)
    server = make_server(options=["--secret-file", str(key)])
    server.start()
    assert not (server.data / "secret.key").exists()
    token = said("token", "--secret-file", key, "--cohort", "c", "--name", "Olga", "--role", "owner", folder=tmp_path)
    me = httpx.get(f"{server.url}/api/me", headers={"Authorization": f"Bearer {token.strip()}"}).json()
    assert (me["name"], me["role"], me["cohort"]) == ("Olga", "owner", "c")


@pytest.mark.parametrize("role", ["owner", "instructor", "ta", "learner", "observer", "bot"])
def test_a_token_for_each_role_is_good_at_once(role: str, shared_server: Server, tmp_path: Path) -> None:
    def tell(name: str, role: str) -> dict[str, object]:
        options = ["--data", shared_server.data, "--cohort", f"roles-{tmp_path.name[-6:].strip('-_').lower()}"]
        printed: dict[str, object] = json.loads(
            said("token", *options, "--name", name, "--role", role, "--json", folder=tmp_path)
        )
        return printed

    owner, issued = tell("Olga", "owner"), tell("Ana", role)
    for told in (owner, issued):
        answer = httpx.get(f"{shared_server.url}/api/me", headers={"Authorization": f"Bearer {told['token']}"})
        assert answer.status_code == 200, answer.text
        assert (answer.json()["person"], answer.json()["role"]) == (told["person"], told["role"])
    renewed = httpx.post(f"{shared_server.url}/api/refresh", json={"refresh": issued["refresh"]}).json()
    assert (renewed["person"], renewed["name"]) == (issued["person"], "Ana")


def test_the_same_name_is_the_same_person_and_stdout_is_the_token_alone(shared_server: Server, tmp_path: Path) -> None:
    options = ["token", "--data", shared_server.data, "--cohort", "c", "--name", "  Ana   Lima "]
    printed = said(*options, folder=tmp_path)
    assert printed.count("\n") == 1
    assert printed.count(".") == 2
    one, other = (json.loads(said(*options, "--json", folder=tmp_path)) for _ in range(2))
    assert one["person"] == other["person"]
    assert one["name"] == "Ana Lima"
    assert one["token"] != other["token"]


def test_an_invite_lets_people_in(shared_server: Server, tmp_path: Path) -> None:
    options = ["--data", shared_server.data, "--cohort", "invited", "--uses", "1"]
    link = said("invite", *options, "--url", shared_server.url, folder=tmp_path).strip()
    assert link.startswith(f"{shared_server.url}/join#invite=")
    body = {"invite": link.partition("#invite=")[2], "name": "Nia"}
    joined = httpx.post(f"{shared_server.url}/api/join", json=body).json()
    assert (joined["name"], joined["role"], joined["cohort"]) == ("Nia", "learner", "invited")
    assert httpx.post(f"{shared_server.url}/api/join", json={**body, "name": "Noa"}).json()["code"] == "invite_invalid"


def test_an_invite_from_the_folder_works_when_the_server_starts(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server()
    server.data.mkdir(parents=True)
    options = ["--data", server.data, "--cohort", "c", "--role", "ta", "--public-url", "https://school.example"]
    link = said("invite", *options, folder=tmp_path).strip()
    assert link.startswith("https://school.example/join#invite=")
    server.start()
    body = {"invite": link.partition("#invite=")[2], "name": "Nia"}
    assert httpx.post(f"{server.url}/api/join", json=body).json()["role"] == "ta"


def test_help_names_every_command_and_exit_code(tmp_path: Path) -> None:
    text = said("--help", folder=tmp_path)
    for name in (
        "serve",
        "demo",
        "token",
        "invite",
        "import",
        "export",
        "carry",
        "tail",
        "migrate",
        "rebuild",
        "doctor",
    ):
        assert f"\n  {name} " in text
        assert "Usage: tertulia " + name in said(name, "--help", folder=tmp_path)
    assert all(f"\n    {code}  " in text for code in range(6))
    assert click.unstyle(text) == text
    assert tertulia("--version", folder=tmp_path).stdout.startswith("tertulia, version ")
