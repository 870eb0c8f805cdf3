/** The body of a request as text; null if it is larger, and then the rest of it is not waited for. */
export async function textOfBody(request: Request, bytesMax: number): Promise<string | null> {
  const pieces: Uint8Array[] = [];
  let byteCount = 0;
  for await (const piece of request.body ?? []) {
    byteCount += piece.byteLength;
    if (byteCount > bytesMax) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
