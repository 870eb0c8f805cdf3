/**
 * A body that is made while it is being sent: the next piece only when the client has taken those before. A client that
 * hangs up ends the making. A first piece that can't be made rejects, so that there is still an answer; a later one
 * breaks the connection off, so that nobody takes a part for the whole.
 */
export async function streamOf(pieces: AsyncGenerator<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
  let next: Promise<IteratorResult<Uint8Array>> | null = Promise.resolve(await pieces.next());
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await (next ?? pieces.next());
      next = null;
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}
