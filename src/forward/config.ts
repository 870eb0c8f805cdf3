import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { options } from "../config/options.ts";
import { errorCode } from "../platform/errors.ts";
import type { Parsed } from "../platform/parsed.ts";
import { sizeText } from "../platform/text.ts";
import { isObject } from "../vendor/json-value.ts";
import { isName, readDestination } from "./members.ts";
import type { Destination } from "./destination.ts";

const FILE_BYTES_MAX = 64 * 1024;
const DESTINATIONS_MAX = 16;
/** Read or write by everybody, and write by the group: a group may read it, as it may a TLS key. */
const TOO_OPEN = 0o026;

/** Every problem with its place in the file. None quotes a secret, a path or query of an address, or a header. */
type Read = Parsed<readonly Destination[], readonly string[]>;

/** Reads the file of destinations. Without a path, and of an empty file, there are none. */
export function readForwardConfig(path: string | null): Read {
  if (path === null) return { ok: true, value: [] };
  const text = readPrivateText(path);
  return text.ok ? parseForwardConfig(text.value) : { ok: false, problem: [text.problem] };
}

/** Reads the destinations from the file's text. */
export function parseForwardConfig(text: string): Read {
  if (text.trim() === "") return { ok: true, value: [] };
  const { name } = options.forwardConfig;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Without the parser's message: it quotes what it stumbled over, which may be a secret.
    return fault(`${name}: the file is not JSON: "jq empty FILE" names the line`);
  }
  if (!isObject(parsed) || !Array.isArray(parsed.destinations)) {
    return fault(`${name}: the file has to be {"destinations": [...]}`);
  }
  const list: unknown[] = parsed.destinations;
  if (list.length > DESTINATIONS_MAX) {
    return fault(`${name}: ${list.length} destinations are more than ${DESTINATIONS_MAX}`);
  }
  const problems = Object.keys(parsed)
    .filter((member) => member !== "destinations")
    .map(() => "the file: it has a member beside destinations");
  const destinations: Destination[] = [];
  for (const [index, member] of list.entries()) {
    const read = readDestination(member);
    if (!read.ok) {
      const place = placeOf(index, member);
      problems.push(...read.problem.map((problem) => `${place}${problem}`));
    } else if (destinations.some((other) => other.name === read.value.name)) {
      problems.push(`${placeOf(index, member)}.name: another destination has this name`);
    } else {
      destinations.push(read.value);
    }
  }
  if (problems.length === 0) return { ok: true, value: destinations };
  return { ok: false, problem: problems.map((problem) => `${name}: ${problem}`) };
}

function placeOf(index: number, member: unknown): string {
  const name = isObject(member) ? member.name : null;
  // A name that could not be one is not shown: something else may have been put in its place.
  return `destinations[${index}]${isName(name) ? ` (${name})` : ""}`;
}

function readPrivateText(path: string): Parsed<string> {
  const { name } = options.forwardConfig;
  let file: number;
  try {
    // Without O_NONBLOCK, to open a named pipe would wait for somebody who writes to it.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return {
      ok: false,
      problem: `${name}: ${path} can't be read (${errorCode(error)}): correct its name, or give this user the right to read it`,
    };
  }
  try {
    const found = fstatSync(file);
    const { mode, size } = found;
    if (!found.isFile()) return { ok: false, problem: `${name}: ${path} is not a file` };
    if ((mode & TOO_OPEN) !== 0) {
      return {
        ok: false,
        problem: `${name}: ${path} holds secrets and addresses, and other users may read or change it: take that right away: chmod 600 ${path}`,
      };
    }
    if (size > FILE_BYTES_MAX) {
      return { ok: false, problem: `${name}: ${path} is larger than ${sizeText(FILE_BYTES_MAX)}` };
    }
    return { ok: true, value: new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file)) };
  } catch (error) {
    return { ok: false, problem: `${name}: ${path} is not a file of UTF-8 text (${errorCode(error)})` };
  } finally {
    closeSync(file);
  }
}

function fault(problem: string): Read {
  return { ok: false, problem: [problem] };
}
