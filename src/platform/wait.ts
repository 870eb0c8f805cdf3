/** Whether the work is done within that time; it goes on either way. Rejects if the work does. */
export async function withinMs(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  const done = await Promise.race([work.then(() => true as const), deadline]);
  clearTimeout(timer);
  return done;
}
