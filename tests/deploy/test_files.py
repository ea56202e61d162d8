"""What is in `deploy/`, judged by the tools that will read it, and held against the project it deploys."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import compose_spec
import kubernetes_validate
import pytest
import yaml
from django.core.management import get_commands

from hazesite import settings as site
from tests.serving import ROOT

DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
VARIABLES = set(re.findall(r"^#?\s?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
PROBES = {"startupProbe": "/health/live", "livenessProbe": "/health/live", "readinessProbe": "/health/ready"}
CURRENT = "1.31"


def documents() -> list[tuple[str, dict[str, Any]]]:
    return [
        (path.name, document)
        for path in sorted(KUBERNETES.glob("*.yaml"))
        for document in yaml.safe_load_all(path.read_text())
    ]


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [document for _file, document in documents() if document["kind"] == kind]


def pods() -> list[dict[str, Any]]:
    return [one["spec"]["template"]["spec"] for one in (*of_kind("Deployment"), *of_kind("Job"))]


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yml").read_text())
    return found


def is_command(words: list[str]) -> bool:
    return words[0] in get_commands()


# --- the image


def test_the_dockerfile_has_no_faults_and_no_root():
    done = subprocess.run(
        [str(Path(sys.executable).parent / "hadolint"), "Dockerfile"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    text = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert "/health/live" in re.search(r"^HEALTHCHECK .*$", text, re.MULTILINE)[0]
    assert re.search(r"^CMD \[\"serve\"\]$", text, re.MULTILINE)


def test_no_secret_and_no_test_gets_into_the_image():
    left_out = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".env", ".git", "data", "tests", "deploy"} <= set(left_out)


@pytest.mark.server
@pytest.mark.workers
def test_what_is_in_the_image_writes_to_its_data_folder_and_to_nowhere_else(tmp_path):
    """So its file system may be read-only. The same steps as in the Dockerfile, without an engine."""
    from tests.serving import PASSWORDS, free_port

    app, home, temporary, data = (tmp_path / name for name in ("app", "home", "tmp", "data"))
    for folder in (home, temporary):
        folder.mkdir()
    left_out = shutil.ignore_patterns(*(ROOT / ".dockerignore").read_text().replace("**/", "").splitlines())
    shutil.copytree(ROOT, app, ignore=left_out)
    program = [sys.executable, "manage.py"]
    port = free_port()
    surroundings = {
        "PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(temporary), "DATA_DIR": str(data),
        "ENVIRONMENT": "production", "HOST": "127.0.0.1", "API_PORT": str(port),
        "SECRET_KEY": "k" * 20 + "9f8e7d6c5b4a39281706", "API_ADMIN_PASS": PASSWORDS["ada"],
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    collect = [*program, "collectstatic", "--noinput", "-v0"]
    subprocess.run(collect, cwd=app, env={**surroundings, "ENVIRONMENT": "development"}, check=True)

    def everything() -> dict[str, int]:
        roots = (app, home, temporary)
        return {str(path): path.stat().st_mtime_ns for root in roots for path in root.rglob("*")}

    before = everything()
    subprocess.run([*program, "prepare"], cwd=app, env=surroundings, check=True, timeout=90)
    web = subprocess.Popen([*program, "web"], cwd=app, env=surroundings)
    try:
        use(port, PASSWORDS["ada"])
    finally:
        web.terminate()
        web.wait(20)
    assert everything() == before
    assert (data / "hazebot.sqlite3").exists()


def use(port: int, password: str) -> None:
    """Whatever may write: an upload that is too large for memory, a page, a sign-in."""
    import time

    import httpx

    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=15) as client:
        for _ in range(300):
            try:
                if client.get("/health/ready").status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        signed_in = client.post("/api/auth/login", json={"username": "admin", "password": password})
        client.headers["Authorization"] = f"Bearer {signed_in.raise_for_status().json()['token']}"
        ticket = client.post("/api/tickets", json={"subject": "A file", "description": "Here it comes."})
        where = f"/api/tickets/{ticket.raise_for_status().json()['ticket_id']}/attachments"
        large = {"file": ("a.txt", b"a" * 3 * 2**20, "text/plain")}
        client.post(where, files=large).raise_for_status()
        page = client.get("/admin/login/").raise_for_status()
        styles = re.search(r'href="(/static/[^"]+\.css)"', page.text)
        assert styles and client.get(styles[1]).status_code == 200


# --- compose


def test_the_compose_file_is_one():
    def value(found: re.Match[str]) -> str:
        return found[2] if found[1] == ":-" else "given"

    text = re.sub(r"\$\{\w+(?:(:[-?])([^}]*))?\}", value, (ROOT / "compose.yml").read_text())
    found = compose_spec.PyOptions(apply_merge=True).from_yaml(text)
    assert found.validate() is None
    broken = text.replace("restart: unless-stopped", "restart: whenever", 1)
    with pytest.raises(ValueError, match="whenever"):
        compose_spec.PyOptions(apply_merge=True).from_yaml(broken)


def test_compose_runs_what_exists_and_mounts_what_is_there():
    services = compose()["services"]
    assert {
        "hazebot-api",
        "worker",
        "checker",
        "bot",
        "prepare",
        "postgres",
        "redis",
        "nginx",
        "certbot",
    } == set(services)
    assert services["hazebot-api"]["deploy"]["replicas"] == 2
    ours = [one for one in services.values() if one["image"].startswith("hazebot-server:")]
    assert len(ours) == 5
    for service in ours:
        assert is_command(service["command"])
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert set(service["environment"]) <= VARIABLES
    for volume in services["nginx"]["volumes"]:
        if volume.startswith("./"):
            assert (ROOT / volume.partition(":")[0]).exists(), volume
    assert os.access(DEPLOY / "nginx/90-reload.sh", os.X_OK), (
        "the image's entry point skips what it cannot run"
    )


def test_compose_gives_nginx_every_value_its_configuration_asks_for():
    template = (DEPLOY / "nginx/api-haze-pro.conf.template").read_text()
    asked = set(re.findall(r"\$\{(\w+)\}", template))
    assert asked == set(compose()["services"]["nginx"]["environment"])
    assert {"api-haze-pro-access.log", "api-haze-pro-error.log"} == set(
        re.findall(r"[\w-]+\.log\b", template)
    )


def test_the_limit_of_the_proxy_is_above_the_one_of_the_site():
    from tickets.services.attachments import MAX_BYTES_AT_ONCE

    template = (DEPLOY / "nginx/api-haze-pro.conf.template").read_text()
    small, large = (int(found) * 2**20 for found in re.findall(r"client_max_body_size (\d+)m;", template))
    assert small > 2**20 and large >= MAX_BYTES_AT_ONCE + 2**20


# --- systemd


def programs_exist(text: str) -> str:
    """The units as they are, but for where the program is: it is not installed here."""
    return text.replace("/opt/hazebot/.venv/bin/python", sys.executable).replace("/opt/hazebot", str(ROOT))


@pytest.mark.systemd
def test_systemd_understands_the_units(tmp_path):
    for path in (DEPLOY / "systemd").iterdir():
        (tmp_path / path.name).write_text(programs_exist(path.read_text()))
    (tmp_path / "hazebot.env.example").unlink()
    names = sorted(path.name for path in tmp_path.iterdir())
    done = subprocess.run(["systemd-analyze", "verify", *names], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_units_run_commands_that_exist_as_somebody_without_rights():
    assert {f"hazebot-{name}.service" for name in ("api", "worker", "checker", "bot")} < {
        one.name for one in UNITS
    }
    for path in UNITS:
        unit = path.read_text()
        (line,) = re.findall(r"^ExecStart=(.+)$", unit, re.MULTILINE)
        python, manage, *command = shlex.split(line)
        assert (python, manage) == ("/opt/hazebot/.venv/bin/python", "manage.py")
        assert is_command(command), line
        for rule in ("User=hazebot", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="):
            assert f"\n{rule}\n" in unit, (path.name, rule)


def test_each_timer_has_its_service_and_each_example_names_real_variables():
    for timer in (DEPLOY / "systemd").glob("*.timer"):
        assert timer.with_suffix(".service").exists()
    named = re.compile(r"^#?\s?([A-Z][A-Z_]+)=", re.MULTILINE)
    of_compose = {"SERVER_NAME", "POSTGRES_PASSWORD", "COMPOSE_PROFILES"}
    for example, more in (("systemd/hazebot.env.example", set()), ("compose.env.example", of_compose)):
        assert set(named.findall((DEPLOY / example).read_text())) <= VARIABLES | more


# --- Kubernetes


@pytest.mark.parametrize(
    ("file", "document"), documents(), ids=lambda one: one if isinstance(one, str) else one["kind"]
)
def test_manifests_are_valid(file, document):
    if document["apiVersion"].startswith(("monitoring.coreos.com", "kustomize.")):
        assert {"kind", "apiVersion"} <= set(document)  # not Kubernetes' own: there is no schema of them
        return
    kubernetes_validate.validate(document, CURRENT, strict=True)


def test_pods_run_what_exists_as_nobody_special_and_write_nowhere_else():
    assert len(pods()) == 5
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] and pod["automountServiceAccountToken"] is False
        (container,) = pod["containers"]
        assert is_command(container["args"]) and container["image"].startswith("hazebot-server:")
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/data", "/tmp"}
        sources = [next(iter(one)) for one in container["envFrom"]]
        assert sources == ["configMapRef", "secretRef"]


def test_the_web_has_the_documented_probes():
    (web,) = [one for one in of_kind("Deployment") if one["metadata"]["name"] == "hazebot-api"]
    (container,) = web["spec"]["template"]["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": site.API_PORT if "API_PORT" not in os.environ else 5070}
    for probe, path in PROBES.items():
        assert container[probe]["httpGet"] == {"path": path, "port": "http"}
    # The pause before and the draining after must fit.
    assert web["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > 5 + 12


def test_names_that_manifests_call_each_other_by_are_there():
    (configuration,), (secret,) = of_kind("ConfigMap"), of_kind("Secret")
    assert set(configuration["data"]) | set(secret["stringData"]) <= VARIABLES
    assert "UPLOADS_URL" in secret["stringData"], "pods share no disk"
    services = {one["metadata"]["name"]: one["spec"]["selector"] for one in of_kind("Service")}
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in of_kind("Deployment")]
    assert services["hazebot-api"] in labels and services["hazebot-nobody"] not in labels
    for ingress in of_kind("Ingress"):
        for path in ingress["spec"]["rules"][0]["http"]["paths"]:
            assert path["backend"]["service"]["name"] in services
    (scaler,) = of_kind("HorizontalPodAutoscaler")
    target = scaler["spec"]["scaleTargetRef"]["name"]
    assert target in {one["metadata"]["name"] for one in of_kind("Deployment")}
    (listed,) = of_kind("Kustomization")
    there = {path.name for path in KUBERNETES.iterdir()} | {"secret.yaml"}
    assert set(listed["resources"]) <= there
    (scraped,) = of_kind("ServiceMonitor")
    assert scraped["spec"]["selector"]["matchLabels"] == services["hazebot-api"]
    assert [(one["path"], one["port"]) for one in scraped["spec"]["endpoints"]] == [("/metrics", "http")]


# --- Prometheus and Grafana


@pytest.mark.promtool
def test_prometheus_takes_the_rules_and_the_configuration():
    for kind, file in (("rules", "hazebot-rules.yml"), ("config", "prometheus.yml")):
        command = ["promtool", "check", kind, file]
        done = subprocess.run(command, cwd=DEPLOY / "prometheus", capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def expressions() -> list[str]:
    rules = yaml.safe_load((DEPLOY / "prometheus/hazebot-rules.yml").read_text())
    dashboard = json.loads((DEPLOY / "grafana/hazebot-dashboard.json").read_text())
    found = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    return found + [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def test_every_figure_that_rules_and_dashboard_ask_for_is_described():
    described = set(re.findall(r"hazebot_\w+", (ROOT / "docs/health.md").read_text()))
    described |= {f"{name}_bucket" for name in described}
    asked = {name for one in expressions() for name in re.findall(r"\bhazebot_\w+", one)}
    assert len(asked) > 15
    assert asked <= described


def test_each_alert_says_how_bad_it_is_and_what_to_do():
    rules = yaml.safe_load((DEPLOY / "prometheus/hazebot-rules.yml").read_text())
    alerts = [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    assert len(alerts) > 8
    for alert in alerts:
        assert alert["labels"]["severity"] in ("critical", "warning")
        assert alert["annotations"].keys() == {"summary", "description"}


def test_the_dashboard_asks_one_data_source_and_its_panels_do_not_overlap():
    dashboard = json.loads((DEPLOY / "grafana/hazebot-dashboard.json").read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}
    assert all("hazebot" in expression or "up{" in expression for expression in expressions())
