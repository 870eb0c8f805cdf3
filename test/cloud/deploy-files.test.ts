import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installBeside } from "../helpers/install-beside.ts";

setDefaultTimeout(300_000);

const root = join(import.meta.dir, "../..");

/** Kubernetes' own schemas, Knative's, of which Cloud Run's are, and those of Azure's API, as packages hold them. */
const packages = {
  kubernetes: ["kubernetes-models", "5.1.0"],
  knative: ["@kubernetes-models/knative", "4.0.0"],
  azure: ["@azure/arm-appcontainers", "4.0.0"],
} as const;

type Resource = { apiVersion: string; kind: string };

/** The documents of a file. */
function read<Document>(name: string): Document[] {
  const text = readFileSync(join(root, "scripts/deploy", name), "utf8");
  return [Bun.YAML.parse(text)].flat() as Document[];
}

/** What a compiler says of values as literals of types: it also refuses members that there are not. */
function faultsOf(folder: string, literals: { from: string; type: string; value: unknown }[]): string {
  const own = mkdtempSync(join(folder, "literals-"));
  const lines = literals.map(
    ({ from, type, value }, index) =>
      `import type { ${type} as T${index} } from "${from}";\nexport const v${index}: T${index} = ${JSON.stringify(value)};\n`,
  );
  writeFileSync(join(own, "literals.ts"), lines.join(""));
  const how = "--noEmit --strict --skipLibCheck --target esnext --module esnext --moduleResolution bundler";
  const tsc = join(root, "node_modules/.bin/tsc");
  const { stdout } = Bun.spawnSync([tsc, ...how.split(" "), "literals.ts"], { cwd: own });
  rmSync(own, { recursive: true });
  return stdout.toString();
}

/** Has a package's model judge a document by its schema. @throws what is wrong */
async function validate(folder: string, path: string, document: Resource): Promise<void> {
  const models = (await import(
    join(folder, "node_modules", path, document.apiVersion, "index.js")
  )) as Record<string, new (document: Resource) => { validate: () => void }>;
  const Model = models[document.kind];
  if (Model === undefined) throw new Error(`there is no ${document.kind}`);
  new Model(document).validate();
}

function folderOf(which: keyof typeof packages): string | null {
  const [name, version] = packages[which];
  return installBeside("an example to deploy", name, version);
}

describe("kubernetes.yaml", () => {
  const folder = folderOf("kubernetes");

  test.skipIf(folder === null)("is what Kubernetes' schemas allow, and nothing else", async () => {
    const documents = read<Resource>("kubernetes.yaml");
    expect(documents.map(({ kind }) => kind)).toEqual([
      "Secret",
      "ConfigMap",
      "Deployment",
      "PodDisruptionBudget",
      "Service",
    ]);
    for (const document of documents) await validate(folder ?? "", "kubernetes-models", document);
    const literals = documents.map((value) => ({
      from: `kubernetes-models/${value.apiVersion}`,
      type: `I${value.kind}`,
      value,
    }));
    expect(faultsOf(folder ?? "", literals)).toBe("");
    // A misspelt member would be found.
    const misspelt = {
      from: "kubernetes-models/v1",
      type: "ISecret",
      value: { ...documents[0], strings: {} },
    };
    expect(faultsOf(folder ?? "", [misspelt])).toContain("strings");
  });
});

describe("cloud-run.yaml", () => {
  const folder = folderOf("knative");

  test.skipIf(folder === null)("is what Knative's schemas allow, and nothing else", async () => {
    const [service] = read<Resource>("cloud-run.yaml");
    if (service === undefined) throw new Error("it is empty");
    await validate(folder ?? "", "@kubernetes-models/knative", service);
    const from = `@kubernetes-models/knative/${service.apiVersion}`;
    expect(faultsOf(folder ?? "", [{ from, type: "IService", value: service }])).toBe("");
  });
});

describe("container-app.yaml", () => {
  const folder = folderOf("azure");

  test.skipIf(folder === null)("is what the types of Azure's API allow, and nothing else", () => {
    const [app] = read<{ properties: { configuration: unknown; template: unknown } }>("container-app.yaml");
    const from = "@azure/arm-appcontainers";
    const literals = [
      { from, type: "Configuration", value: app?.properties.configuration },
      { from, type: "Template", value: app?.properties.template },
    ];
    expect(faultsOf(folder ?? "", literals)).toBe("");
  });
});
