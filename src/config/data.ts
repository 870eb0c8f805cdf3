import { join } from "node:path";
import type { ObjectsConfig } from "./objects.ts";

const ACCESS_NOTICE_MS = 14 * 86_400_000;

/** Where data are: on this machine, or where several instances share them. */
export type DataConfig = EmbeddedData | SharedData;

/** In a SQLite file and a folder of recordings. */
export type EmbeddedData = { kind: "embedded"; databasePath: string; recordingsFolder: string };

/** In Postgres and a bucket. */
export type SharedData = {
  kind: "shared";
  databaseUrl: string;
  objects: ObjectsConfig;
  /** Of files on their way, and of the control socket: nothing that has to stay. */
  spoolFolder: string;
};

/** Where things go, for people: without a secret. */
export function placesOf(data: DataConfig): { events: string; recordings: string } {
  if (data.kind === "embedded") return { events: data.databasePath, recordings: data.recordingsFolder };
  return { events: shownDatabase(data.databaseUrl), recordings: shownObjects(data.objects) };
}

/** Why a command that works on a machine's own data does nothing. */
export function notOfOneMachine(does: string): string {
  return `${does} data on this machine, and these are in Postgres and a bucket: back them up with pg_dump and by replication of the bucket; docs/scale.md tells how to run with them`;
}

/** What is soon to be done about the access to the bucket; null if nothing is, or nobody knows. */
export function accessEnding(data: DataConfig, nowMs: number): { what: string; remedy: string } | null {
  if (data.kind === "embedded" || data.objects.kind === "s3") return null;
  const endsAtMs = Date.parse(new URLSearchParams(data.objects.sas).get("se") ?? "");
  // NaN: a policy at Azure has the date.
  if (!(endsAtMs - nowMs < ACCESS_NOTICE_MS)) return null;
  return {
    what: `The SAS of ${shownObjects(data.objects)} ends at ${new Date(endsAtMs).toISOString()}: no recording is stored from then on`,
    remedy: "Make a new one, set AUDIO_STORAGE_PATH to it, and reload.",
  };
}

/** Tells data apart: those of two processes are the same if their names are. */
export function nameOf(data: DataConfig): string {
  const { events, recordings } = placesOf(data);
  return data.kind === "embedded" ? events : `${events} ${recordings}`;
}

/** The path that names of files beside the data begin with. */
export function besideOf(data: DataConfig): string {
  return data.kind === "embedded" ? data.databasePath : join(data.spoolFolder, "receiver");
}

/** Host and database of an address of Postgres. */
export function shownDatabase(text: string): string {
  const url = new URL(text);
  const host = url.searchParams.get("host") ?? url.host;
  return `postgres://${host}${url.pathname}`;
}

/** A bucket's name or address. */
export function shownObjects(place: ObjectsPlace): string {
  if (place.kind === "azure") return place.containerUrl;
  return `s3://${place.bucket}${place.prefix === "" ? "" : `/${place.prefix}`}`;
}

/** What AUDIO_STORAGE_PATH says of a bucket. */
export type ObjectsPlace =
  | Pick<Extract<ObjectsConfig, { kind: "s3" }>, "kind" | "bucket" | "prefix">
  | Extract<ObjectsConfig, { kind: "azure" }>;
