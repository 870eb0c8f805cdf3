import { startForwarder } from "../forwarder.ts";
import type { Forwarder, ForwarderOptions } from "../forwarder.ts";
import { openForwardData } from "./data.ts";

/** Forwards what is in a SQLite file. @throws ForwardFileError; SQLiteError */
export async function runEmbedded(databasePath: string, options: ForwarderOptions): Promise<Forwarder> {
  const data = openForwardData(databasePath);
  const { done, stop } = await startForwarder({ ...options, data });
  return { done, stop: () => stop().finally(data.close) };
}
