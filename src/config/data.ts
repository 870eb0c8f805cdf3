/** Where data are. */
export type DataConfig = EmbeddedData;

/** In a SQLite file and a folder of recordings. */
export type EmbeddedData = { kind: "embedded"; databasePath: string; recordingsFolder: string };

/** Tells data apart: those of two processes are the same if their names are. */
export function nameOf(data: DataConfig): string {
  return data.databasePath;
}

/** Where things go, for people. */
export function placesOf(data: DataConfig): { events: string; recordings: string } {
  return { events: data.databasePath, recordings: data.recordingsFolder };
}
