import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { bodyPath } from "../../src/model/body.ts";
import type { Store } from "../../src/store/port.ts";
import { put, sha256Of } from "./store.ts";
import type { Opened } from "./store.ts";

const DAY = "2026/11/02";
const NAMES = [`${DAY}/conv_1.mp3`, `${DAY}/conv_1-0123456789ab.mp3`];

/** What stores blobs, on data of its own. */
export type OpenedBlobs = Pick<Opened, "end"> & {
  store: BlobStore;
  reopen: (options?: { keepsRecordings?: boolean }) => Promise<unknown>;
};

type BlobStore = Pick<Store, "bodies" | "recordings" | "newRecordings">;

/** What Blobs and a BlobIntake do. */
export function testBlobs(open: () => Promise<OpenedBlobs>): void {
  let opened: OpenedBlobs;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(() => opened.end());

  const keep = (content: string) => put(opened.store.newRecordings, content, NAMES);
  const read = async (blobs: "recordings" | "bodies", name: string) =>
    (await opened.store[blobs].open(name))?.text();

  const kinds: [string, (store: BlobStore) => [Store["recordings"], Store["newRecordings"]], string][] = [
    ["recordings", (store) => [store.recordings, store.newRecordings], `${DAY}/conv_1.mp3`],
    ["bodies", (store) => [store.bodies, store.bodies], bodyPath(sha256Of("content"))],
  ];

  describe.each(kinds)("%s", (_kind, of, asked) => {
    test("are whole under their names, and outlive a stop", async () => {
      const [blobs, intake] = of(opened.store);
      expect([await blobs.open(asked), await blobs.stat(asked), await blobs.list()]).toEqual([
        null,
        null,
        [],
      ]);
      const name = await put(intake, "content", [asked]);
      expect(name).toStartWith(asked.slice(0, asked.lastIndexOf(".")));
      await opened.reopen();
      const [again] = of(opened.store);
      expect(await again.list()).toEqual([name]);
      expect(await again.stat(name)).toMatchObject({ byteCount: 7, modifiedAtMs: expect.any(Number) });
      const content = await again.open(name);
      expect([content?.size, await content?.text(), await content?.slice(3, 5).text()]).toEqual([
        7,
        "content",
        "te",
      ]);
    });

    test("are read in parts, as a stream too, and never beyond their ends", async () => {
      const [blobs, intake] = of(opened.store);
      const bytes = "0123456789".repeat(250_000);
      const content = await blobs.open(await put(intake, bytes, [asked]));
      if (content === null) throw new Error("there is none");
      const part = content.slice(1_048_570, 2_097_160);
      expect([content.size, part.size, part.slice(6, 1000).size]).toEqual([2_500_000, 1_048_590, 994]);
      expect(await part.text()).toBe(bytes.slice(1_048_570, 2_097_160));
      expect(await new Response(content.stream()).text()).toBe(bytes);
      expect(await new Response(part.slice(6, 1000).stream()).text()).toBe(bytes.slice(1_048_576, 1_049_570));
      expect(Buffer.from(await content.slice(2_499_995, 9_999_999).bytes()).toString()).toBe("56789");
      expect(await content.slice(2_500_000, 2_500_010).text()).toBe("");
    });

    test("that are not complete have no name, and are gone after a stop", async () => {
      const [, intake] = of(opened.store);
      const file = await intake?.create();
      file?.write(Buffer.from("half"));
      expect(await of(opened.store)[0].list()).toBeEmpty();
      await opened.reopen();
      expect(await of(opened.store)[0].list()).toBeEmpty();
      await file?.discard();
    });

    test("of the same content are the same", async () => {
      const [blobs, intake] = of(opened.store);
      const names = await Promise.all([1, 2, 3].map(() => put(intake, "content", [asked])));
      expect(await blobs.list()).toEqual([...new Set(names)]);
      expect(new Set(names).size).toBe(1);
    });

    test("are removed, once and again", async () => {
      const [blobs, intake] = of(opened.store);
      const name = await put(intake, "content", [asked]);
      await blobs.remove(name);
      await blobs.remove(name);
      expect([await blobs.open(name), await blobs.list()]).toEqual([null, []]);
      expect(await put(intake, "content", [asked])).toBe(name);
    });

    test.each([
      "../a.mp3",
      "/etc/passwd",
      `${DAY}/../02/conv_1.mp3`,
      "",
      "quarantine/x.body",
      `${DAY}/a/b.mp3`,
    ])("under the name %j are none", async (odd) => {
      const [blobs] = of(opened.store);
      expect([await blobs.open(odd), await blobs.stat(odd)]).toEqual([null, null]);
      await blobs.remove(odd);
    });
  });

  test("another recording of the same conversation gets another name, and replaces none", async () => {
    const kept = await Promise.all([keep("one"), keep("two")]);
    expect(new Set(kept).size).toBe(2);
    expect(await Promise.all(kept.map((name) => read("recordings", name)))).toEqual(["one", "two"]);
    const third = await keep("three").catch(String);
    expect(await Promise.all(kept.map((name) => read("recordings", name)))).toEqual(["one", "two"]);
    // Names that hold the whole hash are never used up.
    const isKept = (await opened.store.recordings.list()).includes(third);
    expect(isKept || third.endsWith("are those of other files")).toBe(true);
  });

  test("a body that is damaged is replaced", async () => {
    const name = bodyPath(sha256Of("content"));
    await put(opened.store.bodies, "damaged", [name]);
    expect(await put(opened.store.bodies, "content", [name])).toBe(name);
    expect(await read("bodies", name)).toBe("content");
  });

  test("recordings that are no longer taken in are still there", async () => {
    const name = await keep("content");
    await opened.reopen({ keepsRecordings: false });
    expect(opened.store.newRecordings).toBeNull();
    expect(await read("recordings", name)).toBe("content");
  });
}
