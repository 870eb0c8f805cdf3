// A server by itself: answers its requests together once so many have come, "at once" or "one by one". Started by
// test/integration/answers-at-once.test.ts; prints its port.
const [, , way = "", countText] = process.argv;
const count = Number(countText);
const waiting: (() => void)[] = [];

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch() {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length === count) setTimeout(answerAll, 100);
    });
    return new Response("", { status: 503 });
  },
});
console.log(server.port);

function answerAll(): void {
  for (const resolve of waiting) {
    if (way === "at once") resolve();
    else setImmediate(resolve);
  }
}
