import type { Parsed } from "../platform/parsed.ts";
import { besideOf } from "./data.ts";
import type { DataConfig, ObjectsPlace } from "./data.ts";
import type { ObjectsConfig } from "./objects.ts";
import { options } from "./options.ts";
import type { Values } from "./options.ts";
import { isGiven } from "./sources.ts";
import type { Setting } from "./sources.ts";

/** The settings that say where data are. */
export const dataKeys = [
  "databasePath",
  "audioFolder",
  "databaseUrl",
  "awsKeyId",
  "awsSecret",
  "awsToken",
  "awsRegion",
  "awsEndpoint",
  "spoolFolder",
] as const;

export type DataKey = (typeof dataKeys)[number];
type DataValues = Pick<Values, DataKey>;
export type DataSettings = { [K in DataKey]: Setting<Values[K]> };

export function isOfData(key: string): boolean {
  return dataKeys.some((known) => known === key);
}

/** What is wrong with a setting, or with several together. */
export type SettingFault = { name: string; text: string };

export function textOf({ name, text }: SettingFault): string {
  return `${name}: ${text}`;
}

/** Where data are, or every fault of the settings that say so. */
export function readData(settings: DataSettings): Parsed<DataConfig, SettingFault[]> {
  const values: Partial<Record<DataKey, unknown>> = {};
  const problem: SettingFault[] = [];
  for (const key of dataKeys) {
    const { parsed } = settings[key];
    if (parsed.ok) values[key] = parsed.value;
    else problem.push({ name: options[key].name, text: parsed.problem });
  }
  if (problem.length > 0) return { ok: false, problem };
  // The loop has gone over all of them.
  return combine(values as DataValues, isGiven(settings.databasePath));
}

/** The path that names of files beside the data begin with; empty if nobody knows it. */
export function besideSettings(settings: DataSettings): string {
  const found = readData(settings);
  return found.ok ? besideOf(found.value) : "";
}

function combine(values: DataValues, namesDatabase: boolean): Parsed<DataConfig, SettingFault[]> {
  const { databasePath, audioFolder: place, databaseUrl, spoolFolder } = values;
  const { audioFolder, databaseUrl: database } = options;
  if (databaseUrl === null) {
    if (place.kind === "folder")
      return { ok: true, value: { kind: "embedded", databasePath, recordingsFolder: place.path } };
    const text = `a bucket needs ${database.name} beside it: set it, or name a folder`;
    return { ok: false, problem: [{ name: audioFolder.name, text }] };
  }
  const problem: SettingFault[] = [];
  if (namesDatabase) {
    const text = `it is set and so is ${database.name}: remove one of them`;
    problem.push({ name: options.databasePath.name, text });
  }
  if (place.kind === "folder") {
    const text = `with ${database.name}, recordings have to be within reach of every receiver: set it to s3://bucket/prefix, or to the address of a container of Azure Blob Storage with its SAS`;
    return { ok: false, problem: [...problem, { name: audioFolder.name, text }] };
  }
  const objects = objectsOf(place, values);
  if (!objects.ok) return { ok: false, problem: [...problem, ...objects.problem] };
  if (problem.length > 0) return { ok: false, problem };
  return { ok: true, value: { kind: "shared", databaseUrl, objects: objects.value, spoolFolder } };
}

/** The bucket with what gives access to it. What is wrong with a key is told without quoting it. */
function objectsOf(place: ObjectsPlace, values: DataValues): Parsed<ObjectsConfig, SettingFault[]> {
  if (place.kind === "azure") return { ok: true, value: place };
  const { awsKeyId, awsSecret, awsToken, awsRegion: region, awsEndpoint } = values;
  const endpoint = awsEndpoint === "" ? null : awsEndpoint.replace(/\/+$/, "");
  const problem: SettingFault[] = [
    ...faultsOfKey(options.awsKeyId, awsKeyId, "needed"),
    ...faultsOfKey(options.awsSecret, awsSecret, "needed"),
    ...faultsOfKey(options.awsToken, awsToken, "for temporary keys"),
  ];
  if (!/^[a-z0-9-]+$/.test(region))
    problem.push({ name: options.awsRegion.name, text: `"${region}" is not a region such as eu-central-1` });
  if (endpoint !== null && !isPlainAddress(endpoint))
    problem.push({
      name: options.awsEndpoint.name,
      text: "it is not an address such as https://s3.example.com",
    });
  if (problem.length > 0) return { ok: false, problem };
  const sessionToken = awsToken === "" ? null : awsToken;
  const keys = { accessKeyId: awsKeyId, secretAccessKey: awsSecret, sessionToken };
  return { ok: true, value: { ...place, region, endpoint, ...keys } };
}

function faultsOfKey(
  { name }: { name: string },
  key: string,
  use: "needed" | "for temporary keys",
): SettingFault[] {
  if (key === "" && use === "needed")
    return [{ name, text: `not set, and ${options.audioFolder.name} is s3://…: set it` }];
  if (/^[!-~]*$/.test(key)) return [];
  return [{ name, text: "a key has no spaces and only plain characters, copy it again" }];
}

function isPlainAddress(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.search === "";
}
