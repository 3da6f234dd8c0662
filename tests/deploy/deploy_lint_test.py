"""What lies in deploy/, looked at by the linters of what it is written for. Nothing is deployed.

The chart is rendered by chart.go, for Helm is in no package registry; images are not built, for that needs a registry of
images.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HERE, DEPLOY = ROOT / "tests" / "deploy", ROOT / "deploy"
CHART = DEPLOY / "helm" / "samcache"
sys.path.insert(0, str(ROOT / "tests" / "integration"))

IDENTITY = "00000000-0000-0000-0000-000000000001"
# The least that an installation says, and installations that use everything.
LEAST = {
    "image": {"repository": "registry.example.org/samcache"},
    "database": {"existingSecret": "samcache-database"},
    "stores": {"persistent": "azure://account/encodings"},
    "ingress": {"host": "samcache.example.org"},
}
GPUS = {
    "image": {"cudaRepository": "registry.example.org/samcache-cuda", "pullSecrets": [{"name": "registry"}]},
    "azureWorkloadIdentity": {"clientId": IDENTITY},
    "serviceAccount": {"annotations": {"example.org/owner": "annotation"}},
    "stores": {"shared": "redis://redis/0", "images": "azure://account/pictures", "existingSecret": "storage"},
    "model": {"volume": {"persistentVolumeClaim": {"claimName": "sam3"}}, "subPath": "released"},
    "serve": {"trustedProxies": ["10.244.0.0/16"], "autoscaling": {"enabled": True}, "extraArgs": ["--io-threads=2"]},
    "worker": {
        "gpus": 1,
        "precision": "bf16",
        "nodeSelector": {"accelerator": "nvidia"},
        "tolerations": [{"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}],
        "autoscaling": {"kind": "keda", "minReplicas": 0, "prometheusAddress": "http://prometheus.monitoring:9090"},
    },
    "ingress": {"tlsSecret": "samcache-tls", "annotations": {"example.org/class": "public"}},
    "monitoring": {"serviceMonitor": True, "rules": True, "tokenSecret": "samcache-metrics", "labels": {"release": "prometheus"}},
}
PLAIN = {
    "serviceAccount": {"create": False, "name": "existing"},
    "worker": {"autoscaling": {"kind": "hpa"}},
    "ingress": {"enabled": False},
    "networkPolicy": {"enabled": False},
    "podDisruptionBudget": {"enabled": False},
}


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, **options)


def values_schema():
    return json.loads((CHART / "values.schema.json").read_text())


class Linted(unittest.TestCase):
    maxDiff = None

    def assert_clean(self, done):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="samcache-deploy-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class Chart(Linted):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="samcache-chart-")
        cls.addClassCleanup(folder.cleanup)
        cls.renderer = pathlib.Path(folder.name) / "chart"
        go = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "", "GOCACHE": f"{folder.name}/cache"}
        done = run("go", "build", "-o", cls.renderer, HERE / "chart.go", env=go)
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    def render(self, *values):
        paths = []
        for i, each in enumerate(values):
            paths.append(self.folder / f"values{i}.json")
            paths[-1].write_text(json.dumps(each))
        return run(self.renderer, CHART, "shared-samcache", "annotation", *paths)

    def manifests(self, *values):
        done = self.render(LEAST, *values)
        self.assert_clean(done)
        documents = [document for document in yaml.safe_load_all(done.stdout) if document]
        return {(document["kind"], document["metadata"]["name"]): document for document in documents}

    def problems(self, *rendered):
        paths = [self.folder / f"rendered{i}.yaml" for i in range(len(rendered))]
        for path, text in zip(paths, rendered):
            path.write_text(text)
        return run("node", HERE / "manifests.mjs", *paths)

    def test_its_manifests_are_what_kubernetes_takes(self):
        for values, count in (({}, 8), (GPUS, 13), (PLAIN, 4)):
            self.assertEqual(len(self.manifests(values)), count)
        self.assert_clean(self.problems(*(self.render(LEAST, values).stdout for values in ({}, GPUS, PLAIN))))

    def test_a_misspelt_field_of_a_manifest_is_noticed(self):
        text = self.render(LEAST).stdout
        for right, wrong in {"readinessProbe:": "readynessProbe:", "containerPort: 8080": "containerPort: http"}.items():
            self.assertIn(right, text)
            found = self.problems(text.replace(right, wrong))
            self.assertEqual(found.returncode, 1, wrong)
            self.assertIn(wrong.split(":")[0], found.stdout)

    def test_selectors_find_the_pods_they_mean(self):
        found = self.manifests(GPUS)
        for component in ("serve", "worker"):
            deployment = found[("Deployment", f"shared-samcache-{component}")]["spec"]
            labels = deployment["template"]["metadata"]["labels"]
            self.assertEqual(deployment["selector"]["matchLabels"].items() - labels.items(), set())
            budget = found[("PodDisruptionBudget", f"shared-samcache-{component}")]["spec"]["selector"]["matchLabels"]
            self.assertEqual(budget.items() - labels.items(), set())
        service = found[("Service", "shared-samcache")]
        serve = found[("Deployment", "shared-samcache-serve")]["spec"]["template"]["metadata"]["labels"]
        self.assertEqual(service["spec"]["selector"].items() - serve.items(), set())
        monitored = found[("ServiceMonitor", "shared-samcache")]["spec"]["selector"]["matchLabels"]
        self.assertEqual(monitored.items() - service["metadata"]["labels"].items(), set())

    def test_gpu_workers_ask_for_gpus_and_the_image_that_uses_them(self):
        pod = self.manifests(GPUS)[("Deployment", "shared-samcache-worker")]["spec"]["template"]["spec"]
        (worker,) = pod["containers"]
        self.assertEqual(worker["resources"]["limits"]["nvidia.com/gpu"], 1)
        self.assertEqual(worker["image"], "registry.example.org/samcache-cuda:0.1.0")
        environment = {variable["name"]: variable.get("value") for variable in worker["env"]}
        self.assertEqual(environment["SAMCACHE_DEVICE"], "cuda")
        self.assertEqual(
            environment["SAMCACHE_STORE"],
            "memory:2GiB file:///var/lib/samcache/near?max=40GiB redis://redis/0 azure://account/encodings",
        )
        self.assertEqual(pod["nodeSelector"], {"accelerator": "nvidia"})

    def test_every_variable_it_sets_is_one_of_the_program(self):
        known = set(re.findall(r"`(SAMCACHE_\w+)`", (ROOT / "docs" / "configuration.md").read_text()))
        for values in (GPUS, PLAIN):
            for (kind, _), manifest in self.manifests(values).items():
                if kind == "Deployment":
                    (container,) = manifest["spec"]["template"]["spec"]["containers"]
                    ours = {each["name"] for each in container["env"] if each["name"].startswith("SAMCACHE_")}
                    self.assertEqual(ours - known, set())

    def test_values_that_are_missing_are_asked_for_by_name(self):
        for section, key in (("database", "existingSecret"), ("stores", "persistent"), ("ingress", "host")):
            values = json.loads(json.dumps(LEAST))
            values[section][key] = ""
            done = self.render(values)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{section}.{key}", done.stderr)

    def test_its_schema_takes_these_values_and_no_misspelt_ones(self):
        schema = values_schema()
        jsonschema.Draft7Validator.check_schema(schema)
        for values in (yaml.safe_load((CHART / "values.yaml").read_text()), LEAST, GPUS, PLAIN):
            jsonschema.validate(values, schema)
        for wrong in (
            {"replicas": 3},
            {"serve": {"replica": 3}},
            {"serve": {"trustedProxies": ["proxy.example.org"]}},
            {"worker": {"gpus": "one"}},
            {"stores": {"persistent": "s3://bucket"}},
            {"profile": "trunk detector"},
        ):
            with self.assertRaises(jsonschema.ValidationError, msg=wrong):
                jsonschema.validate(wrong, schema)

    def test_its_schema_names_every_value(self):
        def keys(value, path=""):
            for key, inner in value.items() if isinstance(value, dict) else ():
                yield path + key
                yield from keys(inner, f"{path}{key}.")

        def described(schema, path=""):
            for key, inner in schema.get("properties", {}).items():
                yield path + key
                yield from described(inner, f"{path}{key}.")

        values = yaml.safe_load((CHART / "values.yaml").read_text())
        known = set(described(values_schema())) - {"global"}
        ours = {key for key in keys(values) if ".resources." not in key}
        self.assertEqual({key for key in known if ".resources." not in key and not key.endswith("pullSecrets.name")}, ours)


class Containers(Linted):
    def test_dockerfiles_are_clean(self):
        lint = HERE / "node_modules" / "dockerfile-utils" / "bin" / "dockerfile-utils"
        for name in ("Dockerfile", "Dockerfile.cuda"):
            done = run("node", lint, "lint", DEPLOY / name)
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""), name)
        wrong = self.folder / "Dockerfile"
        wrong.write_text("FROM debian:12\nRUNN true\n")
        self.assertNotEqual(run("node", lint, "lint", wrong).stdout, "")

    def test_images_do_not_run_as_root_and_say_how_they_are(self):
        for name in ("Dockerfile", "Dockerfile.cuda"):
            last_stage = (DEPLOY / name).read_text().rsplit("\nFROM ", 1)[1]
            self.assertRegex(last_stage, r"\nUSER 10001:10001\n")
            self.assertRegex(last_stage, r"\nHEALTHCHECK ")

    def test_the_compose_file_is_one(self):
        compose = shutil.which("docker-compose")
        environment = {**os.environ, "POSTGRES_PASSWORD": "secret"}
        done = run(compose, "-f", DEPLOY / "compose.yaml", "config", env=environment)
        self.assert_clean(done)
        services = yaml.safe_load(done.stdout)["services"]
        self.assertLessEqual({"serve-1", "serve-2", "worker", "nginx", "postgres"}, set(services))
        self.assertEqual(services["serve-2"]["environment"]["SAMCACHE_DATABASE"], "postgresql://samcache:secret@postgres/samcache")
        environment.pop("POSTGRES_PASSWORD")
        self.assertIn("POSTGRES_PASSWORD", run(compose, "-f", DEPLOY / "compose.yaml", "config", env=environment).stderr)


class Files(Linted):
    def test_yaml_is_clean(self):
        rules = "{extends: default, rules: {line-length: {max: 140}, document-start: disable, braces: {max-spaces-inside: 0}, comments: {min-spaces-from-content: 2}}}"
        files = [DEPLOY / "compose.yaml", CHART / "Chart.yaml", CHART / "values.yaml", CHART / "files" / "alerts.yaml"]
        self.assert_clean(run("yamllint", "--strict", "-d", rules, *files))

    def test_alerts_are_rules_on_metrics_that_there_are(self):
        alerts = CHART / "files" / "alerts.yaml"
        self.assert_clean(run("promtool", "check", "rules", alerts))
        source = "".join(path.read_text() for path in (ROOT / "src" / "api" / "metrics").glob("*.cpp"))
        named = set(re.findall(r"samcache_\w+", alerts.read_text()))
        self.assertGreater(len(named), 5)
        for name in named:
            self.assertIn(f'"{name.removesuffix("_bucket")}"', source)

    def test_every_alert_is_explained(self):
        manual = (ROOT / "docs" / "operations.md").read_text()
        for name in re.findall(r"alert: (\w+)", (CHART / "files" / "alerts.yaml").read_text()):
            self.assertIn(f"`{name}`", manual)

    def test_nginx_takes_its_configuration(self):
        from nginx import AROUND, make_certificate, site

        certificate, key = make_certificate(self.folder)
        (self.folder / "samcache.conf").write_text(site([8080, 8081], 8443, 8000, certificate, key))
        configuration = self.folder / "nginx.conf"
        configuration.write_text(AROUND.format(folder=self.folder, processes=1))
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        self.assert_clean(run(nginx, "-t", "-c", configuration, "-p", self.folder, "-e", self.folder / "error.log"))

    def test_systemd_takes_the_unit(self):
        unit = (DEPLOY / "samcache.service").read_text()
        installed = self.folder / "samcache.service"  # what it starts must be there
        installed.write_text(re.sub(r"ExecStart=\S+", f"ExecStart={shutil.which('true')}", unit))
        self.assert_clean(run("systemd-analyze", "verify", installed))


if __name__ == "__main__":
    unittest.main()
