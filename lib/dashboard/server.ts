/**
 * The dashboard's server: one page about one run, for this machine's own users only.
 *
 * @module
 */
import { runPaths } from "../run/run_folder.ts";
import { answer, randomToken, refusal, safeHeaders } from "./gate.ts";
import { LivePage, type Wait } from "./live_page.ts";
import { dashboardPage, pagePolicy } from "./page.ts";
import { RunReader } from "./run_reader.ts";

/** What is served, and where. */
export interface DashboardOptions {
  /** The run's folder; need not exist yet. */
  readonly runDir: string;
  /** The port on 127.0.0.1; 0 is any free one. */
  readonly port: number;
  /** Whether this process is the one that works on the run. */
  readonly isOwnRun: boolean;
}

/** A dashboard that is served; dispose it to end it. */
export interface Dashboard extends AsyncDisposable {
  /** The page's address, with its token: whoever has it sees the run. */
  readonly url: string;
}

/** How long open connections may take to end. */
const patienceMs = 1000;

/**
 * Serves the page about a run on 127.0.0.1. Needs permission to listen there, and to read the run's folder (to write
 * it too, as SQLite asks for it; nothing in it is changed). The folder is read only while a page is open.
 *
 * @throws {RangeError} If the port is taken, or none of 0 to 65535.
 * @throws {Deno.errors.PermissionDenied} If this process may not listen there.
 */
export function serveDashboard({ runDir, port, isOwnRun }: DashboardOptions): Dashboard {
  const reader = new RunReader(runDir);
  const live = new LivePage({ reader, isOwnRun, wait, nowMs: Date.now });
  const token = randomToken();
  const server = listen(port, (request, own) => refusal(request, own, token) ?? serve(request, live, runDir));
  return {
    url: `http://127.0.0.1:${server.addr.port}/?token=${token}`,
    [Symbol.asyncDispose]: async () => {
      await live.close();
      const isDown = new AbortController();
      await Promise.race([server.shutdown().then(() => isDown.abort()), wait(patienceMs, isDown.signal)]);
    },
  };
}

type Serve = (request: Request, port: number) => Response | Promise<Response>;

function listen(port: number, serve: Serve): Deno.HttpServer<Deno.NetAddr> {
  if (!(Number.isInteger(port) && port >= 0 && port <= 65535)) {
    throw new RangeError(`Cannot serve the dashboard on port ${port}: wanted 0 to 65535`);
  }
  try {
    const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {}, onError: () => answer(500, "The page failed.") },
      (request) => serve(request, server.addr.port),
    );
    return server;
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AddrInUse)) throw cause;
    throw new RangeError(
      `Cannot serve the dashboard on port ${port} as it is taken: name another with --dashboard-port, or none for ` +
        "any free one",
      { cause },
    );
  }
}

async function serve(request: Request, live: LivePage, runDir: string): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  if (pathname === "/") return htmlPage(runDir, search);
  if (pathname === "/events") return live.isFull ? answer(503, "Too many pages are open.") : events(live);
  if (pathname === "/report.html") return await reportPage(runPaths(runDir).report);
  return answer(404, "There is no such page.");
}

function htmlPage(runDir: string, query: string): Response {
  const nonce = randomToken();
  const headers = {
    ...safeHeaders,
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": pagePolicy(nonce),
  };
  return new Response(dashboardPage(runDir, query, nonce), { headers });
}

function events(live: LivePage): Response {
  return new Response(live.open(), { headers: { ...safeHeaders, "content-type": "text/event-stream" } });
}

async function reportPage(path: string): Promise<Response> {
  try {
    const html = await Deno.readTextFile(path);
    return new Response(html, { headers: { ...safeHeaders, "content-type": "text/html; charset=utf-8" } });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return answer(404, "The run has no report yet.");
  }
}

const wait: Wait = (ms, signal) => {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
};
