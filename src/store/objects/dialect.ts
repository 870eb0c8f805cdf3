/** What a bucket is asked. */
export type Ask = {
  method: "GET" | "PUT" | "DELETE";
  /** Below the prefix; null: the bucket itself. */
  key: string | null;
  query?: Readonly<Record<string, string>>;
  /** The bytes that are wanted, the last one included. */
  range?: { first: number; last: number };
  upload?: Upload;
};

/** The body of a PUT, which may be sent again. */
export type Upload = {
  byteCount: number;
  /** Lower-case hex. */
  sha256: string;
  pieces: () => AsyncIterable<Uint8Array>;
};

/** An object as a list or a stat shows it. */
export type ObjectFacts = { name: string; byteCount: number; modifiedAtMs: number };

/** How one kind of bucket is spoken to. */
export type Dialect = {
  /** Where objects are, in words for messages: without a secret. */
  place: string;
  /** What its operator sets, for remedies. */
  settings: { keys: string; rights: string };
  /** When what gives access ends, in Unix ms; null: never, or nobody knows. */
  endsAtMs: number | null;
  request: (ask: Ask, nowMs: number) => Promise<{ url: string; headers: Record<string, string> }>;
  /** Asks for a page of names that begin with a prefix. */
  list: (prefix: string, next: string | null, countMax: number) => Ask;
  /** Reads a page of a list; `next` is null at the end. */
  readPage: (xml: string) => { objects: ObjectFacts[]; next: string | null };
  /** Whether what is overwritten or deleted stays as an old version, by the answers to a PUT and to a DELETE. */
  keepsVersions: (put: Headers, removed: Headers) => boolean;
};

/** A small body. */
export function uploadOf(bytes: Uint8Array): Upload {
  const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  const pieces = async function* () {
    yield bytes;
  };
  return { byteCount: bytes.byteLength, sha256, pieces };
}
