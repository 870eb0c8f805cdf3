/** A proxy that has a receiver below a path, and nothing else. */
export function startPrefixProxy(receiverUrl: string, prefix: string) {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const { pathname, search } = new URL(request.url);
      if (!pathname.startsWith(`${prefix}/`)) return new Response("Not here", { status: 404 });
      const target = receiverUrl + pathname.slice(prefix.length) + search;
      const { method, headers, body } = request;
      return fetch(target, { method, headers, body, decompress: false, redirect: "manual" });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}${prefix}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
