// Reads how loud an MP3 is without decoding it: from the header and the side information of each frame (ISO/IEC 11172-3
// and 13818-3, layer III), which say how finely the frame was quantised and which tables its numbers needed.

/** A part of the recording with one value. */
export type Frame = { seconds: number; amplitude: number };

type Header = {
  byteCount: number;
  sampleRate: number;
  sampleCount: number;
  isMpeg1: boolean;
  channels: 1 | 2;
  sideAt: number;
};

/** In kbit/s, from index 1; of MPEG-1, and of MPEG-2 and 2.5. */
const BIT_RATES_1 = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const BIT_RATES_2 = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/** In Hz, by the version's two bits: MPEG-2.5, reserved, MPEG-2, MPEG-1. */
const SAMPLE_RATES = [[11_025, 12_000, 8_000], [], [22_050, 24_000, 16_000], [44_100, 48_000, 32_000]];
const MPEG_1 = 3;
const MONO = 3;

/** The longest frame (320 kbit/s at 32 kHz), and the header behind it. */
const LOOK_BYTES = 1_441 + 4;
const HEADER_BYTES = 4;
/** With a checksum, the side information of two channels, and the mark of a frame that holds no sound. */
const FRAME_BYTES_MIN = HEADER_BYTES + 2 + 32 + 4;
const TAG_BYTES = 10;

/** The bits of one granule of one channel. */
const GRANULE_BITS_1 = 59;
const GRANULE_BITS_2 = 63;

const LINBITS = [1, 2, 3, 4, 6, 8, 10, 13, 4, 5, 6, 7, 8, 9, 11, 13];
/** The largest value that each Huffman table can write: an encoder takes the smallest table that will do. */
const LARGEST = [0, 1, 2, 2, 0, 3, 3, 5, 5, 5, 7, 7, 7, 15, 0, 15, ...LINBITS.map((bits) => 14 + 2 ** bits)];
/** The quantiser's step is in quarter powers of two; this one is 1. */
const GAIN_OF_ONE = 210;

/** Takes a recording piece by piece and gives its frames. */
export function createFrameReader(take: (frame: Frame) => void) {
  let rest = new Uint8Array(0);
  let skipBytes = 0;
  /** The frame before was one: what looks like a header here is one. */
  let isInSync = false;
  let isAtStart = true;

  /** Returns how many bytes are done. */
  function readAt(bytes: Uint8Array, at: number, isEnd: boolean): number {
    if (isAtStart) {
      const tagBytes = tagBytesAt(bytes, at);
      if (tagBytes > 0) return tagBytes;
    }
    const header = headerAt(bytes, at);
    if (header === null || !isConfirmed(bytes, at, header, isEnd)) {
      isInSync = false;
      isAtStart = false;
      return 1;
    }
    const isSilentInfo = isAtStart && isInfoFrame(bytes, at, header);
    if (!isSilentInfo) {
      take({ seconds: header.sampleCount / header.sampleRate, amplitude: amplitudeOf(bytes, at, header) });
    }
    isInSync = true;
    isAtStart = false;
    return header.byteCount;
  }

  /** Sound holds what looks like a header: one that stands alone counts only if another follows. */
  function isConfirmed(bytes: Uint8Array, at: number, header: Header, isEnd: boolean): boolean {
    if (isInSync) return true;
    const nextAt = at + header.byteCount;
    if (isEnd && nextAt + HEADER_BYTES > bytes.length) return isAtStart;
    return headerAt(bytes, nextAt)?.sampleRate === header.sampleRate;
  }

  function read(bytes: Uint8Array, isEnd: boolean): void {
    let at = 0;
    const lookBytes = isEnd ? FRAME_BYTES_MIN : LOOK_BYTES;
    while (at + lookBytes <= bytes.length) at += readAt(bytes, at, isEnd);
    skipBytes = Math.max(0, at - bytes.length);
    rest = bytes.slice(at);
  }

  return {
    push(piece: Uint8Array): void {
      const skipped = Math.min(skipBytes, piece.length);
      skipBytes -= skipped;
      const fresh = piece.subarray(skipped);
      read(rest.length === 0 ? fresh : joined(rest, fresh), false);
    },
    end: () => read(rest, true),
  };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

const byteAt = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;

/** The length of an ID3v2 tag, which may hold pictures; 0 if there is none. */
function tagBytesAt(bytes: Uint8Array, at: number): number {
  if (byteAt(bytes, at) !== 0x49 || byteAt(bytes, at + 1) !== 0x44 || byteAt(bytes, at + 2) !== 0x33)
    return 0;
  const size = [6, 7, 8, 9].reduce((sum, place) => sum * 128 + (byteAt(bytes, at + place) & 0x7f), 0);
  return TAG_BYTES + size;
}

/** null if there is no header of layer III, or one of a form that no call has. */
function headerAt(bytes: Uint8Array, at: number): Header | null {
  const [second, third] = [byteAt(bytes, at + 1), byteAt(bytes, at + 2)];
  if (byteAt(bytes, at) !== 0xff || (second & 0xe6) !== 0xe2) return null;
  const version = (second >> 3) & 3;
  const isMpeg1 = version === MPEG_1;
  const sampleRate = SAMPLE_RATES[version]?.[(third >> 2) & 3];
  const bitRate = (isMpeg1 ? BIT_RATES_1 : BIT_RATES_2)[(third >> 4) - 1];
  if (sampleRate === undefined || bitRate === undefined) return null;
  const sampleCount = isMpeg1 ? 1152 : 576;
  const padding = (third >> 1) & 1;
  const hasChecksum = (second & 1) === 0;
  return {
    byteCount: Math.floor((sampleCount * 125 * bitRate) / sampleRate) + padding,
    sampleRate,
    sampleCount,
    isMpeg1,
    channels: byteAt(bytes, at + 3) >> 6 === MONO ? 1 : 2,
    sideAt: HEADER_BYTES + (hasChecksum ? 2 : 0),
  };
}

/** Encoders put numbers about the file into a first frame without sound, which players leave out. */
function isInfoFrame(bytes: Uint8Array, at: number, { isMpeg1, channels, sideAt }: Header): boolean {
  const sideBytes = isMpeg1 ? 15 * channels + 2 : 8 * channels + 1;
  const markAt = at + sideAt + sideBytes;
  const mark = String.fromCharCode(...bytes.subarray(markAt, markAt + 4));
  return mark === "Xing" || mark === "Info";
}

/** The largest amplitude that the numbers of a frame can stand for. */
function amplitudeOf(bytes: Uint8Array, at: number, { isMpeg1, channels, sideAt }: Header): number {
  const sideBit = (at + sideAt) * 8;
  const firstBit = isMpeg1 ? 9 + (channels === 1 ? 5 : 3) + 4 * channels : 8 + channels;
  const granuleBits = isMpeg1 ? GRANULE_BITS_1 : GRANULE_BITS_2;
  const count = channels * (isMpeg1 ? 2 : 1);
  let largest = 0;
  for (let granule = 0; granule < count; granule += 1) {
    const bit = sideBit + firstBit + granule * granuleBits;
    largest = Math.max(largest, granuleAmplitude(bytes, bit, isMpeg1));
  }
  return largest;
}

function granuleAmplitude(bytes: Uint8Array, bit: number, isMpeg1: boolean): number {
  const dataBits = bitsAt(bytes, bit, 12);
  const bigValues = bitsAt(bytes, bit + 12, 9);
  if (dataBits === 0 || bigValues === 0) return 0;
  const gain = bitsAt(bytes, bit + 21, 8);
  const switchBit = bit + (isMpeg1 ? 33 : 38);
  const isSwitched = bitsAt(bytes, switchBit, 1) === 1;
  // Behind the switch stand either three tables, or a kind of block and two.
  const tablesBit = switchBit + (isSwitched ? 4 : 1);
  let largest = 0;
  for (let table = 0; table < (isSwitched ? 2 : 3); table += 1) {
    largest = Math.max(largest, LARGEST[bitsAt(bytes, tablesBit + 5 * table, 5)] ?? 0);
  }
  return largest ** (4 / 3) * 2 ** ((gain - GAIN_OF_ONE) / 4);
}

/** At most 16 bits as a number. */
function bitsAt(bytes: Uint8Array, bit: number, count: number): number {
  const at = bit >> 3;
  const three = (byteAt(bytes, at) << 16) | (byteAt(bytes, at + 1) << 8) | byteAt(bytes, at + 2);
  return (three >> (24 - (bit & 7) - count)) & ((1 << count) - 1);
}
