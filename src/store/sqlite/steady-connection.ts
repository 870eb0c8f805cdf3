import type { Log } from "../../platform/log.ts";
import type { Connection } from "./connection.ts";

/** The connection that is written to: another one after each failure of the disk. */
export function createSteadyConnection(options: {
  connection: Connection;
  connect: () => Connection;
  log: Log;
}) {
  const { connect, log } = options;
  let { connection } = options;
  let isFailing = false;

  /**
   * After a failed flush the kernel may have dropped the pages: only what is read back from a new connection counts. And
   * what was refused is in the log, perhaps up to its last page, and a start after a kill would take it for committed:
   * the write on the new connection goes over it. So the old connection is closed last: if it were the last one to be
   * open, the new one would read the log as such a start does.
   */
  function reconnect(): void {
    const fresh = connect();
    try {
      fresh.probe();
    } catch (error) {
      fresh.close();
      throw error;
    }
    connection.close();
    connection = fresh;
    isFailing = false;
    log.info("The database takes writes again");
  }

  return {
    /** @throws while the database takes no writes; asking tries again */
    usable(): Connection {
      if (isFailing) reconnect();
      return connection;
    },
    fail(): void {
      isFailing = true;
    },
    isFailing: (): boolean => isFailing,
    close: (): void => connection.close(),
  };
}
