import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../src/config/config.ts";
import { options } from "../../src/config/options.ts";
import { SECRET } from "../helpers/deliveries.ts";

const folder = join(import.meta.dir, "../../scripts/deploy");

type Variable = {
  name: string;
  value?: string;
  secretRef?: string;
  valueFrom?: { secretKeyRef: { name: string } };
};
type Container = { env: Variable[] };
type AzureApp = {
  properties: {
    configuration: { secrets: { name: string; value: string }[] };
    template: { containers: Container[] };
  };
};
type CloudRun = { spec: { template: { spec: { containers: Container[] } } } };
type Compose = { services: { "elevenlabs-webhook": { environment: Record<string, string> } } };
type Kubernetes = { kind: string; data?: Record<string, string>; stringData?: Record<string, string> };

function read<Document>(name: string): Document {
  const text = readFileSync(join(folder, name), "utf8");
  return Bun.YAML.parse(text.replaceAll("${POSTGRES_PASSWORD:?}", "password")) as Document;
}

/** What the operator puts into the secrets of a platform. */
const secrets: Record<string, string> = {
  ELEVENLABS_WEBHOOK_SECRET: SECRET,
  DATABASE_URL: "postgres://user:password@db.example.com/webhook",
  AWS_ACCESS_KEY_ID: "key",
  AWS_SECRET_ACCESS_KEY: "secret",
};

const examples: Record<string, () => Record<string, string>> = {
  "kubernetes.yaml": () =>
    Object.assign(
      {},
      ...read<Kubernetes[]>("kubernetes.yaml").map(({ data, stringData }) => data ?? stringData ?? {}),
    ),
  "container-app.yaml": () => {
    const { configuration, template } = read<AzureApp>("container-app.yaml").properties;
    const values = new Map(configuration.secrets.map(({ name, value }) => [name, value]));
    const variables = template.containers.flatMap(({ env }) => env);
    return Object.fromEntries(
      variables.map(({ name, value, secretRef = "" }) => [
        name,
        value ?? values.get(secretRef) ?? `no secret ${secretRef}`,
      ]),
    );
  },
  "cloud-run.yaml": () => {
    const variables = read<CloudRun>("cloud-run.yaml").spec.template.spec.containers.flatMap(
      ({ env }) => env,
    );
    return Object.fromEntries(
      variables.map(({ name, value }) => [name, value ?? secrets[name] ?? "no such secret"]),
    );
  },
  "compose-postgres.yaml": () => ({
    ...secrets,
    AUDIO_STORAGE_PATH: "s3://bucket/prefix",
    ...read<Compose>("compose-postgres.yaml").services["elevenlabs-webhook"].environment,
  }),
};

test.each(Object.entries(examples))(
  "%s names settings that there are, with values that are accepted",
  (_, settings) => {
    const known = new Set(Object.values(options).map(({ name }) => name));
    const environment = settings();
    expect(Object.keys(environment).filter((name) => !known.has(name))).toEqual([]);
    const result = loadConfig({
      flags: {},
      environment: { ...environment, ELEVENLABS_WEBHOOK_SECRET: SECRET },
      folder: "/",
      readText: () => "",
      nowMs: Date.now(),
    });
    expect(result).toMatchObject({ kind: "valid", config: { data: { kind: "shared" } } });
  },
);
