import { findFile } from "../input.ts";
import type { CommandContext } from "../../platform/process.ts";
import type { Parsed } from "../../platform/parsed.ts";
import { freshIds } from "../../samples/sample.ts";
import { findSample, sampleBody } from "../../samples/samples.ts";
import type { NextBody } from "../../sender/deliver.ts";
import tone from "../../samples/tone.mp3" with { type: "file" };

/** Base64 makes it a third larger; no receiver takes a larger one. */
const AUDIO_BYTES_MAX = 512 * 1024 ** 2;
/** Larger files are not parsed, only looked at. */
const PARSED_BYTES_MAX = 32 * 1024 ** 2;

type Source = { file?: string; sample?: string; audio?: string; isRaw: boolean };

/** Finds what to send, or why it can't be sent. */
export async function findBody(source: Source, context: CommandContext): Promise<Parsed<NextBody>> {
  const { file, sample, audio, isRaw } = source;
  if (file !== undefined && (sample !== undefined || audio !== undefined)) {
    return { ok: false, problem: `name either the file ${file} or a sample, not both` };
  }
  if (file !== undefined) return bodyOfFile(file, isRaw, context);
  if (sample === undefined && audio === undefined) {
    return { ok: false, problem: "name a file to send, or --sample NAME (send --list shows them)" };
  }
  return bodyOfSample(sample ?? "audio", audio, context);
}

async function bodyOfFile(name: string, isRaw: boolean, context: CommandContext): Promise<Parsed<NextBody>> {
  const found = findFile(name, context);
  if (!found.ok) return found;
  const { path, byteCount } = found.value;
  const content = Bun.file(path);
  if (!isRaw && !(await looksLikeJson(content, byteCount))) {
    return { ok: false, problem: `${name} is not JSON: send it anyway with --raw` };
  }
  return { ok: true, value: () => ({ content, byteCount, about: name }) };
}

async function looksLikeJson(file: Bun.BunFile, byteCount: number): Promise<boolean> {
  if (byteCount > PARSED_BYTES_MAX) {
    const [start, end] = await Promise.all([file.slice(0, 64).text(), file.slice(byteCount - 64).text()]);
    return /^\s*\{/.test(start) && /\}\s*$/.test(end);
  }
  try {
    await file.json();
    return true;
  } catch {
    return false;
  }
}

async function bodyOfSample(
  name: string,
  audio: string | undefined,
  context: CommandContext,
): Promise<Parsed<NextBody>> {
  const sample = findSample(name);
  if (!sample.ok) return sample;
  if (audio !== undefined && sample.value.name !== "audio") {
    return { ok: false, problem: `--audio goes with --sample audio, not with ${sample.value.name}` };
  }
  const recording: ReturnType<typeof findFile> =
    audio === undefined ? { ok: true, value: { path: tone, byteCount: 0 } } : findFile(audio, context);
  if (!recording.ok) return recording;
  if (recording.value.byteCount > AUDIO_BYTES_MAX)
    return { ok: false, problem: `${audio} is larger than 512 MiB` };
  const base64 = (await Bun.file(recording.value.path).bytes()).toBase64();
  return {
    ok: true,
    value: () => {
      const fresh = freshIds(context.clock.nowMs(), base64);
      const text = sampleBody(sample.value, fresh);
      const content = Buffer.from(text);
      const about = text.includes(fresh.conversationId)
        ? `${sample.value.type} ${fresh.conversationId}`
        : sample.value.type;
      return { content, byteCount: content.byteLength, about };
    },
  };
}
