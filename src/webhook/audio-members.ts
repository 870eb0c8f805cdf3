/** Where the text of a JSON string stands in a body, without its quotes: the first byte, and the one after the last. */
export type Span = { start: number; end: number };

const AUDIO_NAMES = ["full_audio", "audio_base64"];

/** An object whose members are watched. */
type Level = { isObject: boolean; expectsKey: boolean; name: string | null; audio: Map<string, Span> };

const newLevel = (): Level => ({ isObject: false, expectsKey: false, name: null, audio: new Map() });

/**
 * Knows, while a body is being read, whether the string that begins is one that can hold the recording: a member
 * `full_audio` or `audio_base64` of the object at the top or of the one in its member `data`.
 */
export class AudioMembers {
  depthMax = 0;
  #depth = 0;
  readonly #top = newLevel();
  readonly #data = newLevel();

  openContainer(isObject: boolean): void {
    this.#depth += 1;
    this.depthMax = Math.max(this.depthMax, this.#depth);
    if (this.#depth > 2) return;
    const isWatched = this.#depth === 1 || (this.#top.isObject && this.#top.name === "data");
    const level = this.#depth === 1 ? this.#top : this.#data;
    level.isObject = isObject && isWatched;
    level.expectsKey = level.isObject;
    level.name = null;
  }

  closeContainer(): void {
    const level = this.#level();
    if (level !== null) level.isObject = false;
    this.#depth -= 1;
  }

  /** After a comma a name follows, after a colon a value. */
  expectKey(expectsKey: boolean): void {
    const level = this.#level();
    if (level !== null) level.expectsKey = expectsKey;
  }

  /** Whether the string that begins now is a member's name, may be the recording, or is of no interest. */
  nextString(): "name" | "audio" | "other" {
    const level = this.#level();
    if (level === null) return "other";
    if (level.expectsKey) return "name";
    return level.name !== null && AUDIO_NAMES.includes(level.name) ? "audio" : "other";
  }

  /** @param name null for one that is none of ours */
  enterMember(name: string | null): void {
    const level = this.#level();
    if (level === null) return;
    level.name = name;
    // JSON.parse takes the last of repeated members: what an earlier one held no longer counts.
    if (name !== null) level.audio.delete(name);
    if (level === this.#top && name === "data") this.#data.audio.clear();
  }

  foundAudio(span: Span): void {
    const level = this.#level();
    if (level !== null && level.name !== null) level.audio.set(level.name, span);
  }

  inData(): Span | null {
    return firstOf(this.#data.audio);
  }

  atTop(): Span | null {
    return firstOf(this.#top.audio);
  }

  #level(): Level | null {
    if (this.#depth === 1) return this.#top.isObject ? this.#top : null;
    if (this.#depth === 2) return this.#data.isObject ? this.#data : null;
    return null;
  }
}

/** Of both names, the current one counts. */
function firstOf(audio: Map<string, Span>): Span | null {
  for (const name of AUDIO_NAMES) {
    const span = audio.get(name);
    if (span !== undefined) return span;
  }
  return null;
}
