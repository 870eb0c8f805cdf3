/** The first number of every advisory lock of this program: "elwb" in ASCII. */
export const LOCK_CLASS = 0x65_6c_77_62;

/** The second numbers. Instances of all versions share them: a number is never given another meaning. */
export const locks = {
  /** Around each group of events and around what erases: ids become visible in their order. */
  writes: 1,
  migrations: 2,
  searchIndexer: 7,
} as const;

export type Lock = keyof typeof locks;

/** SQL that waits for a lock until the end of the transaction. */
export const lockSql = (lock: Lock): string => `SELECT pg_advisory_xact_lock(${LOCK_CLASS}, ${locks[lock]})`;

/** SQL that takes a lock until the end of the transaction if it is free, and says so in `taken`. */
export const tryLockSql = (lock: Lock): string =>
  `SELECT pg_try_advisory_xact_lock(${LOCK_CLASS}, ${locks[lock]}) AS taken`;
