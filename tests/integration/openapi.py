"""docs/openapi.yaml as tests need it: its operations, and whether an answer is what a schema says."""

import yaml

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "number": (int, float),
    "integer": int,
}


class OpenApi:
    def __init__(self, text):
        self.document = yaml.safe_load(text)

    def resolve(self, node):
        while "$ref" in node:
            target = self.document
            for name in node["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            node = target
        return node

    def operations(self):
        """{(METHOD, path): {status: response}}; "default" is left out."""
        found = {}
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    responses = item[method]["responses"]
                    statuses = {int(s): self.resolve(r) for s, r in responses.items() if s != "default"}
                    found[method.upper(), path] = statuses
        return found

    def faults(self, schema, value, where="answer"):
        """What of `value` is not as the schema says, in words."""
        schema = self.resolve(schema)
        if "const" in schema and value != schema["const"]:
            return [f"{where} is {value!r}, not {schema['const']!r}"]
        if "enum" in schema and value not in schema["enum"]:
            return [f"{where} is {value!r}, none of {schema['enum']}"]
        found = []
        if "oneOf" in schema and all(self.faults(option, value, where) for option in schema["oneOf"]):
            found.append(f"{where} is none of its {len(schema['oneOf'])} forms")
        for part in schema.get("allOf", []):
            found += self.faults(part, value, where)
        types = schema.get("type", [])
        types = [types] if isinstance(types, str) else types
        fits = [name for name in types if isinstance(value, TYPES[name]) and (value is not True or name == "boolean")]
        if types and not fits:
            return [*found, f"{where} is {value!r}, not of type {types}"]
        if isinstance(value, dict):
            found += self._object_faults(schema, value, where)
        if isinstance(value, list) and "items" in schema:
            for index, item in enumerate(value):
                found += self.faults(schema["items"], item, f"{where}[{index}]")
        return found

    def _object_faults(self, schema, value, where):
        found = [f"{where} has no {name}" for name in schema.get("required", []) if name not in value]
        properties = schema.get("properties", {})
        for name, member in value.items():
            if name in properties:
                found += self.faults(properties[name], member, f"{where}.{name}")
            elif schema.get("additionalProperties") is False:
                found.append(f"{where}.{name} is not documented")
        return found
